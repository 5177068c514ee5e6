"""The textbook's map of structures, from the mechanisms.

Citation: standard teaching on sales force structure (Ingram et al.; Johnston & Marshall; Spiro, Stanton & Rich;
Zoltners, Sinha & Lorimer 2006, HBR 84(7/8), pages 65-66): territory for simple, alike and dispersed customers, product
for complex lines, customer for distinct needs; specialists must cover larger distances.
Evidence: textbook pattern, read in summaries; no published effect size exists for structure against structure.
Class: CAL. The worth of skill and insight, coordination and the visits of a trip are chosen so that the map exists with
default dials; that it exists is therefore no prediction. What is reported beside it is the share of draws of the
register's ranges that keep it.
Band: ordinal, over paired replications (sign in at least 95 % of them).
"""

from __future__ import annotations

import numpy as np
import pytest

from salessim.model.market import Market
from salessim.model.presets import make_market, make_plan
from salessim.model.register import off_values
from salessim.study.assumptions import draw_assumptions
from salessim.study.phase_map import PhaseMap, phase_map

NEAR, FAR = 100.0, 800.0
STRUCTURES = ("territory", "product", "customer")
MARKET, PLAN = make_market(400).but(**off_values("people")), make_plan(20)


def corner(
    complexity: float, difference: float, distance: float, replications: int, market: Market | None = None
) -> np.ndarray:
    """Revenue of each structure in each replication at one corner, shape (replications, structures)."""
    found = phase_map(
        market or MARKET, PLAN, complexities=[complexity], differences=[difference], distances=[distance],
        structures=STRUCTURES, replications=replications,
    )  # fmt: skip
    return found.values[0, 0, 0]


def wins(values: np.ndarray, structure: str) -> np.ndarray:
    """In which replications the structure beats every other."""
    return values.argmax(axis=1) == STRUCTURES.index(structure)


@pytest.mark.calibrated
@pytest.mark.slow
@pytest.mark.parametrize(
    ("complexity", "difference", "distance", "structure"),
    [
        (0.1, 0.1, FAR, "territory"),
        (0.9, 0.1, NEAR, "product"),
        (0.1, 0.9, NEAR, "customer"),
    ],
)
def test_corner(complexity: float, difference: float, distance: float, structure: str) -> None:
    # 20 paired replications: a true share of 80 % passes with probability 0.07, one of 99 % fails with 0.02
    assert wins(corner(complexity, difference, distance, 20), structure).mean() >= 0.95


@pytest.mark.predicted
@pytest.mark.slow
def test_territory_wins_more_of_the_map_at_longer_distance() -> None:
    grid = (0.1, 0.5, 0.9)
    found: PhaseMap = phase_map(
        MARKET, PLAN, complexities=grid, differences=grid, distances=[NEAR, 300.0, FAR], replications=6
    )
    cells = (found.winner == STRUCTURES.index("territory")).sum(axis=(1, 2))
    assert cells[0] < cells[1] <= cells[2]
    # and replication by replication, so that one lucky future does not decide it
    for n in range(6):
        winner = found.values[:, :, :, n].argmax(axis=3)
        per_distance = (winner == STRUCTURES.index("territory")).sum(axis=(1, 2))
        assert per_distance[0] < per_distance[2]


@pytest.mark.slow
def test_share_of_assumptions_that_keep_the_map(record_property: pytest.RecordProperty) -> None:
    names, points = draw_assumptions(MARKET, 24, seed=5)
    kept = []
    for row in points:
        changes = {name: value for name, value in zip(names, row.tolist(), strict=True) if name != "difference"}
        market = MARKET.but(**changes)
        kept.append(
            wins(corner(0.1, 0.1, FAR, 1, market), "territory")[0]
            and wins(corner(0.9, 0.1, NEAR, 1, market), "product")[0]
            and wins(corner(0.1, 0.9, NEAR, 1, market), "customer")[0]
        )
    share = float(np.mean(kept))
    record_property("share_of_draws_that_keep_the_map", share)
    print(f"\nshare of register draws that keep all three corners: {share:.0%} of {len(kept)}")
    # a calibration that only one point of the ranges keeps would not deserve to be a default
    assert share >= 0.3
