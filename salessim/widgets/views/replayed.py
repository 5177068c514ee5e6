"""What views have in common that need more of the futures than a study keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from salessim.widgets.views.view import Scene, View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from salessim.show.style import Look
    from salessim.widgets.views.facts import Facts

    Flag = NDArray[np.int64]

__all__ = ["Replayed", "looks"]


_FEWEST = 2  # futures that an interval takes


class Replayed(View):
    """A view of what the futures of the study left behind: as many as are known of every plan, growing to all."""

    def ready(self, scene: Scene) -> bool:
        """Say whether there are futures enough for a first picture."""
        return scene.kept.known(scene.study) >= _FEWEST

    def prepare(self, scene: Scene, stop: Flag | None) -> Iterator[None]:
        """Run the futures of the study that are not kept."""
        return scene.kept.extend(scene.study, stop=stop)

    def facts(self, scene: Scene) -> list[list[Facts]]:
        """Return what is kept of every plan of the scene."""
        return scene.kept.facts(scene.study)


def looks(scene: Scene) -> list[Look]:
    """Return how every plan of a scene is drawn."""
    from salessim.show.style import looks_of

    return list(looks_of(scene.study.plans).values())
