"""The difference from the baseline in every single future."""

from __future__ import annotations

from salessim.show.page import png
from salessim.study.incremental import readings
from salessim.widgets import answer
from salessim.widgets.picture import interval_figure
from salessim.widgets.texts import text
from salessim.widgets.views.view import Drawn, Scene, View

__all__ = ["Futures", "dots_of"]

_MONEY = ("revenue", "contribution")


class Futures(View):
    """A dot for every future, and the interval of the mean."""

    name = "futures"

    def draw(self, scene: Scene) -> Drawn:
        """Draw the dots; without another plan than the baseline there are none."""
        if scene.stage.same:
            return Drawn(html=answer.words_html([text("same plan", scene.language)]))
        pair = scene.stage.pair
        said = answer.verdict_text(pair, answer.Named("", scene.names[:2]), scene.language)
        return Drawn(dots_of(scene), key=answer.key_text(pair, self.name, scene.language), alt=" ".join(said))


def dots_of(scene: Scene) -> bytes:
    """Draw the differences in money of the live plan from the baseline, future by future."""
    pair = scene.stage.pair
    found = readings(pair, _MONEY)
    return png(interval_figure(pair, found, scene.language, width=scene.width, height=scene.height), scene.fine)
