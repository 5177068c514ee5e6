"""The profit and loss account, line by line, against the baseline."""

from __future__ import annotations

from salessim.show.page import png
from salessim.show.profit_figure import profit_alt_text, profit_figure, profits_of
from salessim.widgets.views.replayed import Replayed, looks
from salessim.widgets.views.view import Drawn, Scene
from salessim.words import sentence

__all__ = ["Profit"]


class Profit(Replayed):
    """The account of the run."""

    name = "profit"

    def draw(self, scene: Scene) -> Drawn:
        """Draw the account of the baseline and of the plan, and their difference."""
        facts, language, currency = self.facts(scene), scene.language, scene.study.market.currency
        found = profits_of([[one.account for one in plan] for plan in facts])
        figure = profit_figure(
            found, scene.labels, looks(scene), currency, language, width=scene.width, height=scene.height
        )
        note = "profit note" if len(facts) > 1 else "profit note alone"
        return Drawn(
            png(figure, scene.fine), key=sentence(note, language, n=len(facts[0])),
            alt=profit_alt_text(found, scene.labels, currency, language, live=scene.live),
        )  # fmt: skip
