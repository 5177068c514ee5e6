"""Which structure wins where: a map over product complexity, customer difference and distance."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain
from salessim.measures import MEASURES, measure
from salessim.study.replay import Replay

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from salessim.model.market import Market
    from salessim.model.plan import Plan, Structure
    from salessim.world.alignment import Alignment

__all__ = ["PhaseMap", "phase_map"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PhaseMap:
    """The winner at every point of a grid.

    Attributes
    ----------
    structures : tuple of str
    distances, complexities, differences : tuple of float
    values : (distances, complexities, differences, replications, structures) array
        The measure in every replication.
    measure_name : str
    """

    structures: tuple[str, ...]
    distances: tuple[float, ...]
    complexities: tuple[float, ...]
    differences: tuple[float, ...]
    values: Floats
    measure_name: str

    @property
    def means(self) -> Floats:
        """Mean over replications, shape (distances, complexities, differences, structures)."""
        return self.values.mean(axis=3)

    @property
    def winner(self) -> NDArray[np.int64]:
        """Place of the structure with the best mean, shape (distances, complexities, differences)."""
        sign = -1.0 if measure(self.measure_name).better == "down" else 1.0
        return np.argmax(sign * self.means, axis=3)

    @property
    def lead(self) -> Floats:
        """Lead of the winner over the second, as a share of the second."""
        sign = -1.0 if measure(self.measure_name).better == "down" else 1.0
        ordered = np.sort(sign * self.means, axis=3)
        return (ordered[..., -1] - ordered[..., -2]) / np.where(ordered[..., -2] != 0, np.abs(ordered[..., -2]), 1.0)

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Whether the winner's lead over every other structure exceeds twice its standard error (paired)."""
        n = self.values.shape[3]
        best = np.take_along_axis(self.values, self.winner[..., None, None], axis=4)
        gap = best - self.values
        mean, error = gap.mean(axis=3), gap.std(axis=3, ddof=1) / np.sqrt(n) if n > 1 else np.inf
        others = np.arange(len(self.structures)) != self.winner[..., None]
        return np.asarray(np.where(others, mean > 2.0 * error, True).all(axis=3))

    def frame(self) -> pd.DataFrame:
        """Return one row per point: distance, complexity, difference, winner, lead, sure."""
        import pandas as pd

        rows = [
            (d, c, f, self.structures[self.winner[i, j, k]], self.lead[i, j, k], bool(self.sure[i, j, k]))
            for i, d in enumerate(self.distances)
            for j, c in enumerate(self.complexities)
            for k, f in enumerate(self.differences)
        ]
        return pd.DataFrame(rows, columns=["distance", "complexity", "difference", "winner", "lead", "sure"])

    def plot(self, language: str = "en") -> Figure:
        """Draw the map, one panel per distance."""
        from salessim.show.phase_figure import phase_figure

        return phase_figure(self, language)


def phase_map(
    market: Market,
    plan: Plan,
    *,
    complexities: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9),
    differences: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9),
    distances: Sequence[float] = (150.0, 600.0),
    structures: Sequence[Structure] = ("territory", "product", "customer"),
    months: int = 24,
    replications: int = 4,
    seed: int = 1,
    measure_name: str = "revenue",
    executor: Executor | None = None,
) -> PhaseMap:
    """Map the winning structure over complexity, difference and distance.

    Parameters
    ----------
    market, plan : Market, Plan
        The firm; its complexity, difference and distance are replaced point by point, everything else stays.
    complexities, differences : sequences in 0-1
    distances : sequence, km across the area
    structures : sequence of str
    months, replications, seed : int
        The same replications everywhere, so that neighbouring points differ by the model and not by luck.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> point = {"complexities": [0.5], "differences": [0.5], "distances": [200.0]}
    >>> found = phase_map(market, plan, months=2, replications=1, **point)
    >>> found.values.shape
    (1, 1, 1, 1, 3)
    """
    if not (len(complexities) and len(differences) and len(distances) and len(structures)):
        raise StudyError(explain("a map needs at least one point on every axis and one structure"))
    place = [entry.name for entry in MEASURES].index(measure(measure_name).name)
    own = executor or ThreadPoolExecutor()
    shape = (len(distances), len(complexities), len(differences), replications, len(structures))
    values = np.empty(shape)
    alignments: dict[tuple[int, int], Alignment] = {}

    def fill(i: int, j: int, k: int, s: int) -> None:
        here = market.but(distance=float(distances[i]), complexity=complexities[j], difference=differences[k])
        replay = Replay(here, plan.but(structure=structures[s]), months, seed, alignments.get((i, s)))
        for n in range(replications):
            outcome = replay.outcome(n)
            if outcome is not None:
                values[i, j, k, n, s] = outcome.measures[place]

    try:
        for i, distance in enumerate(distances):
            for s, structure in enumerate(structures):
                # an alignment depends on places and workloads only
                here = market.but(distance=float(distance))
                alignments[i, s] = Replay(here, plan.but(structure=structure), 1, seed).alignment
        jobs = [own.submit(fill, *point) for point in np.ndindex(*shape[:3], shape[4])]
        for job in jobs:
            job.result()
    finally:
        if executor is None:
            own.shutdown(wait=True, cancel_futures=True)
    return PhaseMap(
        tuple(structures), tuple(map(float, distances)), tuple(map(float, complexities)),
        tuple(map(float, differences)), values, measure_name,
    )  # fmt: skip
