"""The funnel: what reaches each stage, and what goes on, plan by plan."""

from __future__ import annotations

from salessim.show.page import png
from salessim.show.stage_figure import funnels_of, stage_alt_text, stage_figure
from salessim.widgets.views.replayed import Replayed, looks
from salessim.widgets.views.view import Drawn, Scene
from salessim.words import sentence

__all__ = ["Funnel"]


class Funnel(Replayed):
    """Volumes and conversion, stage by stage."""

    name = "funnel"

    def draw(self, scene: Scene) -> Drawn:
        """Draw the funnels of all plans."""
        facts, language = self.facts(scene), scene.language
        stages = [str(stage) for stage in scene.study.market.stages["stage"]]
        found = funnels_of(stages, [[one.stages for one in plan] for plan in facts])
        figure = stage_figure(found, scene.labels, looks(scene), language, width=scene.width, height=scene.height)
        key = sentence("funnel note", language, n=len(facts[0]))
        return Drawn(
            png(figure, scene.fine), key=key, alt=stage_alt_text(found, scene.labels, language, live=scene.live)
        )
