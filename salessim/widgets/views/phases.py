"""The map of structures: which one wins where, made point by point behind all else, with the firm's own place."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from salessim.measures import MEASURES
from salessim.show.page import png
from salessim.show.phase_figure import phase_counts, phase_figure, phase_finding
from salessim.study.phase_map import PhaseMap
from salessim.study.phrases import phrase
from salessim.study.position import Position, position
from salessim.study.replay import Replay
from salessim.study.wording import capital
from salessim.widgets.answer import words_html
from salessim.widgets.views.view import Drawn, Scene, View
from salessim.words import sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from salessim.model.market import Market
    from salessim.model.plan import Plan, Structure
    from salessim.study.study import Study
    from salessim.world.alignment import Alignment

    Flag = NDArray[np.int64]
    Point = tuple[int, int, int]

__all__ = ["Phases"]

_STRUCTURES: tuple[Structure, ...] = ("territory", "product", "customer")
_DISTANCES = (150.0, 600.0)
_LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
_REPLICATIONS = 4
_THREADS = 2
_KEPT = 4


class _Map:
    """A map in the making, of one firm, length of run and seed."""

    def __init__(self, market: Market, plan: Plan, months: int, seed: int) -> None:
        self.market, self.plan, self.months, self.seed = market, plan, months, seed
        shape = (len(_DISTANCES), len(_LEVELS), len(_LEVELS))
        self.values = np.full((*shape, _REPLICATIONS, len(_STRUCTURES)), np.nan)
        self.known = np.zeros(shape, dtype=bool)
        self._alignments: dict[tuple[int, int], Alignment] = {}

    def result(self, measure_name: str) -> PhaseMap:
        return PhaseMap(_STRUCTURES, _DISTANCES, _LEVELS, _LEVELS, self.values, measure_name)

    def todo(self, here: Position) -> list[Point]:
        """Return the points that are not found, those around the firm first."""
        points = product(range(len(_DISTANCES)), range(len(_LEVELS)), range(len(_LEVELS)))
        missing = [point for point in points if not self.known[point]]
        return sorted(missing, key=lambda point: _away(point, here))

    def fill(self, point: Point, place: int, stop: Flag | None) -> bool:
        """Find one point; return False where it was stopped before."""
        with ThreadPoolExecutor(_THREADS, "salessim view") as pool:
            found = list(pool.map(lambda s: self._means(point, s, place, stop), range(len(_STRUCTURES))))
        if None in found:
            return False
        self.values[point] = np.array(found).T
        self.known[point] = True
        return True

    def _means(self, point: Point, s: int, place: int, stop: Flag | None) -> list[float] | None:
        i, j, k = point
        here = self.market.but(distance=_DISTANCES[i], complexity=_LEVELS[j], difference=_LEVELS[k])
        plan = self.plan.but(structure=_STRUCTURES[s])
        replay = Replay(here, plan, self.months, self.seed, self._alignments.get((i, s)))
        self._alignments[i, s] = replay.alignment  # depends on places and workloads only
        found = []
        for n in range(_REPLICATIONS):
            outcome = None if stop is not None and stop[0] else replay.outcome(n, stop)
            if outcome is None:
                return None
            found.append(float(outcome.measures[place]))
        return found


class Phases(View):
    """The map of the plan's own firm, whatever its structure, complexity, difference and distance are now."""

    name = "phases"
    patient = True

    def __init__(self) -> None:
        self._maps: OrderedDict[int, _Map] = OrderedDict()
        self._next = 0
        self._last: tuple[Study, _Map, Position] | None = None
        self._drawn: tuple[object, Drawn] | None = None

    def prepare(self, scene: Scene, stop: Flag | None) -> Iterator[None]:
        """Find the points that are missing, one at a time; every one is worth drawing."""
        found, here = self._firm(scene)
        place = [entry.name for entry in MEASURES].index(scene.study.measure_name)
        for point in found.todo(here):
            if not found.fill(point, place, stop):
                return
            yield

    def draw(self, scene: Scene) -> Drawn:
        """Draw the map as far as it is known; in words before the first point."""
        (found, here), language = self._firm(scene), scene.language
        if not found.known.any():
            return Drawn(html=words_html([sentence("phases wait", language, all=found.known.size)]))
        key = (id(found), int(found.known.sum()), here, language, scene.fine, scene.width, scene.height)
        if self._drawn is None or self._drawn[0] != key:  # a hundred words take longer to draw than any other view
            self._drawn = (key, self._picture(scene, found, here))
        return self._drawn[1]

    def _picture(self, scene: Scene, found: _Map, here: Position) -> Drawn:
        language = scene.language
        result = found.result(scene.study.measure_name)
        figure = phase_figure(result, language, here=here, known=found.known, width=scene.width,
                              height=scene.height)  # fmt: skip
        unsure = int((~result.sure & found.known).sum())
        counts = capital(phase_counts(result, language, known=found.known))
        note = sentence("phases note", language, counts=counts, unsure=unsure)
        if not found.known.all():
            note = sentence("phases growing", language, left=int((~found.known).sum()), note=note)
            return Drawn(png(figure, scene.fine), key=note, alt=note)
        said = phase_finding(result, language)
        futures = sentence("phases futures", language, replications=_REPLICATIONS)
        return Drawn(png(figure, scene.fine), key=note, alt=phrase(language, "space").join([said, note, futures]))

    def _firm(self, scene: Scene) -> tuple[_Map, Position]:
        """Return the map of the firm of a scene, and where the firm stands on it."""
        pair = scene.stage.pair
        if self._last is None or self._last[0] is not pair:
            self._last = (pair, self._map(scene), position(pair.market, list(pair.plans.values())[1]))
        return self._last[1:]

    def _map(self, scene: Scene) -> _Map:
        """Return the map of the firm, begun where there is none; what the axes replace does not tell firms apart."""
        study, plan = scene.stage.pair, list(scene.stage.pair.plans.values())[1]
        market = study.market.but(distance=_DISTANCES[0], complexity=0.5, difference=0.5)
        plan = plan.but(structure=_STRUCTURES[0], changes=())
        for key, found in self._maps.items():
            alike = (found.months, found.seed, found.plan) == (study.months, study.seed, plan)
            if alike and found.market == market:
                self._maps.move_to_end(key)
                return found
        self._maps[self._next] = made = _Map(market, plan, study.months, study.seed)
        self._next += 1
        while len(self._maps) > _KEPT:
            self._maps.popitem(last=False)
        return made


def _away(point: Point, here: Position) -> tuple[float, float]:
    """Return how far a point is from the firm: panels first, then cells."""
    i, j, k = point
    return abs(_DISTANCES[i] - here.distance), max(abs(_LEVELS[j] - here.complexity), abs(_LEVELS[k] - here.difference))
