"""What a view is: a name, what it needs beyond the study, and the picture or the HTML for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from salessim.study.wording import capital
from salessim.words import definition, label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from salessim.study.study import Study
    from salessim.widgets.replaying import Stage
    from salessim.widgets.views.facts import Kept

    Flag = NDArray[np.int64]

__all__ = ["Drawn", "Scene", "View", "view_name", "view_tip", "with_plans"]

_SHARP, _QUICK = 2.0, 1.0  # dots per pixel: a preview is gone in a moment, and a quarter of the dots draws sooner


class Drawn(NamedTuple):
    """What a view shows: a picture or HTML, a line below, and what a picture says to those who cannot see it."""

    picture: bytes | None = None
    html: str = ""
    key: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Scene:
    """What there is to draw.

    Attributes
    ----------
    stage : Stage
        The answer as far as it is known.
    names : tuple of str
        The plans of ``stage.whole`` in words: baseline, live plan, pinned plans.
    heading : str
        What is compared, on which market.
    language : {"en", "zh"}
    width, height : int
        Of a picture, in pixels.
    kept : Kept
        What single futures left behind.
    """

    stage: Stage
    names: tuple[str, ...]
    heading: str
    language: str
    width: int
    height: int
    kept: Kept

    @property
    def fine(self) -> float:
        """Dots of a picture per pixel of the page."""
        return _SHARP if self.stage.final else _QUICK

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The plans of ``stage.whole`` that differ: all, but not the live plan where it is the baseline."""
        first = (0,) if self.stage.same else (0, 1)
        return (*first, *range(2, len(self.stage.whole.names)))

    @cached_property
    def study(self) -> Study:
        """``stage.whole`` with the plans of `places`."""
        return with_plans(self.stage.whole, self.places)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The plans of `study` in words."""
        return tuple(self.names[place] for place in self.places)

    @property
    def live(self) -> int:
        """Place of the live plan in `study`."""
        return 0 if self.stage.same else 1


class View:
    """One view. A subclass says what it needs and draws it; an instance belongs to one cockpit and one thread.

    Attributes
    ----------
    name : str
        Its key: ``view.<name>`` in the words says what it is called and what it shows.
    patient : bool
        Whether it is prepared last, after audit and assumptions, because that takes seconds.
    """

    name: ClassVar[str]
    patient: ClassVar[bool] = False

    def ready(self, scene: Scene) -> bool:
        """Say whether there is something to draw before anything is prepared."""
        return True

    def prepare(self, scene: Scene, stop: Flag | None) -> Iterator[None]:
        """Find what is missing; every step that is worth drawing is yielded. Ends early where `stop` was set."""
        return iter(())

    def draw(self, scene: Scene) -> Drawn:
        """Draw what there is."""
        raise NotImplementedError


def view_name(name: str, language: str = "en") -> str:
    """Return what a view is called on its button.

    Examples
    --------
    >>> view_name("funnel"), view_name("funnel", "zh")
    ('Funnel', '漏斗')
    """
    return capital(label(f"view.{name}", language))


def view_tip(name: str, language: str = "en") -> str:
    """Return what a view shows, in a sentence."""
    return definition(f"view.{name}", language)


def with_plans(study: Study, places: Sequence[int]) -> Study:
    """Return a study with some of its plans only; the first of them is the baseline."""
    names = [study.names[place] for place in places]
    if names == list(study.names):
        return study
    return replace(
        study, plans={name: study.plans[name] for name in names}, baseline=0, table=study.table[:, places],
        monthly=study.monthly[:, places], earned=study.earned[:, places],
        moved={name: study.moved[name] for name in names},
    )  # fmt: skip
