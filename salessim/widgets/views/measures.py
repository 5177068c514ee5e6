"""Every measure of the plan and the baseline, with its formula one hover away."""

from __future__ import annotations

from salessim.measures import MEASURES
from salessim.widgets.answer import measures_html
from salessim.widgets.views.view import Drawn, Scene, View
from salessim.words import sentence

__all__ = ["Measures"]


class Measures(View):
    """The table of all measures."""

    name = "measures"

    def draw(self, scene: Scene) -> Drawn:
        """Write the table."""
        stage = scene.stage
        table = measures_html(stage.pair, [entry.name for entry in MEASURES], scene.language, same=stage.same)
        return Drawn(html=table, key=sentence("measures note", scene.language))
