"""The months ahead: what a forecast makes of the record of one future, beside what the replay says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from salessim.show.outlook_figure import Ahead, ahead_of, outlook_alt_text, outlook_figure
from salessim.show.page import png
from salessim.widgets.answer import words_html
from salessim.widgets.views.replayed import looks
from salessim.widgets.views.view import Drawn, Scene, View, with_plans
from salessim.words import sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from salessim.study.study import Study

    Flag = NDArray[np.int64]

__all__ = ["Forecast"]

_MONTHS = 6
_FUTURES = 12


class Forecast(View):
    """Futures of the plan run on for half a year, and the forecast of it that the record of the first would give."""

    name = "forecast"
    patient = True

    def __init__(self) -> None:
        self._last: tuple[object, Ahead | str] | None = None

    def prepare(self, scene: Scene, stop: Flag | None) -> Iterator[None]:
        """Run the futures of the plan on; drawn once, because every drawing forecasts anew."""
        alone, whole = _alone(scene), _whole(scene)
        if scene.kept.known(alone, whole) < min(_FUTURES, alone.replications):
            for _ in scene.kept.extend(alone, stop=stop, months=whole, most=_FUTURES):
                pass
            yield

    def draw(self, scene: Scene) -> Drawn:
        """Draw record, forecast and replay; in words where there is none yet, or none can be."""
        language, alone = scene.language, _alone(scene)
        if scene.kept.known(alone, _whole(scene)) < 2:
            return Drawn(html=words_html([sentence("outlook wait", language, months=_MONTHS)]))
        found = self._found(scene, alone)
        if isinstance(found, str):
            return Drawn(html=words_html([sentence("outlook refused", language, message=found)]))
        name, currency = scene.labels[scene.live], alone.market.currency
        figure = outlook_figure(
            found, name, looks(scene)[scene.live], currency, language, width=scene.width, height=scene.height
        )
        return Drawn(
            png(figure, scene.fine), key=sentence("outlook note", language),
            alt=outlook_alt_text(found, name, currency, language),
        )  # fmt: skip

    def _found(self, scene: Scene, alone: Study) -> Ahead | str:
        """Return the forecast beside the replay, or why there is none; the last one is kept."""
        from salessim.forecast.errors import ForecastError

        facts = scene.kept.facts(alone, _whole(scene))[0]
        monthly = np.array([one.monthly for one in facts])
        key = (monthly.tobytes(), alone.months)
        if self._last is None or self._last[0] != key:
            try:
                self._last = (key, ahead_of(monthly, alone.months, alone.market.start))
            except ForecastError as error:
                self._last = (key, str(error))
        return self._last[1]


def _alone(scene: Scene) -> Study:
    """Return the study with the live plan only."""
    return with_plans(scene.study, [scene.live])


def _whole(scene: Scene) -> int:
    return scene.study.months + _MONTHS
