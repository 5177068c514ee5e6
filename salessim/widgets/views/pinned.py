"""The comparison: the plan and up to four pinned plans against the baseline, as a table."""

from __future__ import annotations

from salessim.widgets import answer
from salessim.widgets.views.view import Drawn, Scene, View

__all__ = ["Pinned"]


class Pinned(View):
    """A table of plans: values, differences with intervals, verdicts."""

    name = "pinned"

    def draw(self, scene: Scene) -> Drawn:
        """Write the table."""
        stage, language = scene.stage, scene.language
        table = answer.table_html(stage.whole, answer.Named("", scene.names), language)
        return Drawn(html=table, key=answer.key_text(stage.pair, self.name, language))
