"""The territory map: who serves whom, and what everybody's selling time goes into."""

from __future__ import annotations

from salessim.show.map_figure import ground_of, map_alt_text, map_figure
from salessim.show.page import png
from salessim.widgets.views.replayed import Replayed, looks
from salessim.widgets.views.view import Drawn, Scene
from salessim.words import sentence

__all__ = ["Territories"]


class Territories(Replayed):
    """The map of the baseline and of the plan."""

    name = "map"

    def draw(self, scene: Scene) -> Drawn:
        """Draw both maps, with the hours of everybody."""
        facts, language = self.facts(scene), scene.language
        grounds = [
            ground_of(alignment, [one.hours for one in plan])
            for alignment, plan in zip(scene.kept.alignments(scene.study), facts, strict=True)
        ]
        figure = map_figure(grounds, scene.labels, looks(scene), language, width=scene.width, height=scene.height)
        alt = map_alt_text(grounds, scene.labels, language)
        return Drawn(png(figure, scene.fine), key=sentence("map note", language), alt=alt)
