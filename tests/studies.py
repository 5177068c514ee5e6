"""Small studies made by hand for tests of words and figures: no clock runs.

Tests import it as ``from studies import ...`` (``pythonpath = ["tests"]`` of pytest).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.measures import MEASURES
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.study.assumptions import draw_assumptions
from salessim.study.study import Assumed, Study

PLACE = {entry.name: place for place, entry in enumerate(MEASURES)}


@cache
def small() -> tuple[Market, Plan]:
    return preset("small")


def study_of(
    values: ArrayLike,
    structures: Mapping[str, str],
    *,
    measure: str = "revenue",
    monthly: NDArray[np.float64] | None = None,
    gaps: ArrayLike | None = None,
    points: NDArray[np.float64] | None = None,
    factors: Sequence[str] = ("travel", "learning"),
    market: Market | None = None,
    audited: bool | None = True,
    moved: int = 0,
    baseline: int = 0,
    delta: float = 0.01,
    months: int = 12,
    others: float = 0.5,
) -> Study:
    """Return a study in which one measure has these values (replications x plans) and every other one is constant."""
    data = np.asarray(values, dtype=np.float64)
    n, k = data.shape
    table = np.full((n, k, len(MEASURES)), others)
    table[:, :, PLACE[measure]] = data
    if monthly is None:
        monthly = np.repeat(data[:, :, None] / months, months, axis=2)
    assumed = None
    if gaps is not None:
        share = np.asarray(gaps, dtype=np.float64)
        design = points if points is not None else np.arange(2.0 * len(share)).reshape(len(share), 2)
        assumed = Assumed(tuple(factors), design, share)
    own_market, plan = small()
    plans = {name: plan.but(structure=structure) for name, structure in structures.items()}
    return Study(
        market=market or own_market, plans=plans, months=months, seed=7, baseline=baseline, measure_name=measure,
        delta=delta, table=table, monthly=monthly, earned=0.4 * monthly, assumed=assumed, audited=audited,
        moved={name: 0 if place == baseline else moved for place, name in enumerate(plans)},
    )  # fmt: skip


def random_study(
    structures: Mapping[str, str],
    gains: Sequence[float],
    *,
    n: int = 20,
    months: int = 24,
    draws: int = 30,
    noise: float = 0.02,
    spread: float = 0.05,
    base: float = 5e5,
    measure: str = "revenue",
    moved: int = 90,
    seed: int = 1,
) -> Study:
    """Return a study whose plans earn the revenue of the baseline times 1 + gain, with noise and varied assumptions."""
    rng = np.random.default_rng(seed)
    k, time = len(gains), np.arange(months)
    luck = rng.gamma(20.0, 0.05, (n, 1, months))
    effect = np.asarray(gains)[None, :, None] * np.clip(time / 6.0, 0.0, 1.0)
    monthly = base * luck * (1.0 + effect + noise * rng.normal(size=(n, k, months)) * (np.arange(k) > 0)[None, :, None])
    gaps = points = None
    names: list[str] = []
    if draws:
        names, points = draw_assumptions(small()[0], draws, seed)
        score = (points - points.mean(axis=0)) / points.std(axis=0)
        slope = np.linspace(0.0, spread, k)
        gaps = (
            np.asarray(gains)
            + slope * (score[:, [0]] - 0.6 * score[:, [4]])
            + 0.1 * slope * rng.normal(size=(draws, k))
        )
    values = (
        monthly.sum(axis=2)
        if measure == "revenue"
        else 50.0 * (1.0 + np.asarray(gains) + noise * rng.normal(size=(n, k)))
    )
    return study_of(
        values, structures, measure=measure, monthly=monthly, gaps=gaps, points=points, factors=names, moved=moved,
        months=months,
    )  # fmt: skip
