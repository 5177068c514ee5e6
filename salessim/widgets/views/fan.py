"""Revenue over time, and the lead over the baseline: fan charts that follow the hand."""

from __future__ import annotations

from typing import ClassVar, Literal

from salessim.show.fan_figure import FanChart, fan_alt_text
from salessim.widgets.views.view import Drawn, Scene, View
from salessim.words import sentence

__all__ = ["Lead", "Revenue"]


class Revenue(View):
    """Revenue per month of every plan."""

    name = "revenue"
    show: ClassVar[Literal["revenue", "lead"]] = "revenue"

    def __init__(self) -> None:
        self._chart: FanChart | None = None

    def draw(self, scene: Scene) -> Drawn:
        """Draw the fan chart, on the canvas kept from the last time."""
        if self._chart is None or self._chart.size != (scene.width, scene.height):
            self._chart = FanChart(scene.width, scene.height)
        picture = self._chart.png(
            scene.study, scene.labels, scene.language, show=self.show, bands=scene.live + 1, fine=scene.fine
        )
        alt = fan_alt_text(scene.study, scene.labels, scene.language, show=self.show)
        return Drawn(picture, key=sentence("fan note", scene.language), alt=alt)


class Lead(Revenue):
    """What every plan has sold since the start beyond the baseline."""

    name = "lead"
    show = "lead"
