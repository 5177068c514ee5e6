r"""Hazards of deals: how often, per week at risk, a deal of an age in a stage moves on, is won, or is lost.

Time at risk is counted in person-weeks: for every week of age, month of the quarter, stage, product and rep, the weeks
that deals spent there and what happened to them. Given the counts, each cause has a log-linear (piecewise
exponential) hazard, which a Poisson regression with the weeks as exposure fits (Holford 1980; Laird & Olivier 1981);
causes compete. Effects of products, reps and of each month of the quarter at each age are random: shrunken to none
by a variance that is estimated too.

.. math:: \log \lambda_c = f_c(\text{age}) + s_c[\text{stage}] + q_c[\text{month, age}] + p_c + r_c
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salessim.forecast.pipeline_snapshot import Snapshot
from salessim.forecast.steps import Numbers, Vector

__all__ = ["CAUSES", "Days", "Hazards", "Weeks", "fit_hazards", "month_of_quarter", "person_weeks"]

CAUSES = ("moved", "won", "lost")
_WEEK = 7.0
_SHORTEST = 0.5  # days at risk of a deal that ends on the day it begins
_CUT = 0.995  # quantile of the ages of won deals beyond which a deal counts as never closing
_BANDS = 6  # of age, by wins, each with its own months of the quarter
_KNOTS = 6  # of the spline of age
_WEAK = 1e-3  # ridge on what is not random: keeps empty cells finite
_ROUNDS = 4  # of estimating the variances of the random effects
_NEWTON = 12
_LOWEST = -16.0


@dataclass(frozen=True, eq=False)
class Days:
    """The days at risk behind the cells of `Weeks`.

    Attributes
    ----------
    cell, spell : (n,) int64
        Cell of each day at risk, and row of its spell.
    spent : (n,) float64
        Weeks of it.
    """

    cell: Numbers
    spell: Numbers
    spent: Vector


@dataclass(frozen=True, eq=False)
class Weeks:
    """Person-weeks, added up in cells.

    Attributes
    ----------
    age, month, stage, product, rep : (n,) int64
        Week of age from 0, month of the quarter 0 to 2, and numbers of the names.
    weeks : (n,) float64
        At risk.
    counts : (3, n) float64
        What happened, by `CAUSES`.
    stages, products, reps : tuple of str
    moves : (stages, stages) float64
        Where deals moved from each stage, shares of a row.
    cut : int
        Week of age from which on deals count as never closing (zombies), learnt from the ages of won deals.
    living : (n,) float64 or None
        At risk, where some deals may never move or close at any age; all of `weeks` if not given.
    days : Days or None
    """

    age: Numbers
    month: Numbers
    stage: Numbers
    product: Numbers
    rep: Numbers
    weeks: Vector
    counts: Vector
    stages: tuple[str, ...]
    products: tuple[str, ...]
    reps: tuple[str, ...]
    moves: Vector
    cut: int
    living: Vector | None = None
    days: Days | None = None


def month_of_quarter(day: Vector) -> Numbers:
    """Month of its quarter, 0 to 2, that each day since the epoch lies in.

    Examples
    --------
    >>> month_of_quarter(np.array([0.0, 31.0, 60.0, 90.0])).tolist()
    [0, 1, 2, 0]
    """
    month = np.floor(np.asarray(day)).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(month % 3, dtype=np.int64)


def person_weeks(snapshot: Snapshot) -> Weeks:
    """Count the time at risk and what happened in it, from the first closing on record to the day of the snapshot."""
    deals, spells = snapshot.deals, snapshot.spells
    stages, stage = np.unique(spells["stage"].to_numpy(dtype=str), return_inverse=True)
    products, product = np.unique(deals["product"].to_numpy(dtype=str), return_inverse=True)
    reps, rep = np.unique(deals["rep"].to_numpy(dtype=str), return_inverse=True)
    deal = spells["deal"].to_numpy(dtype=np.int64)
    created = deals["created"].to_numpy()[deal]
    left = spells["left"].to_numpy()
    begin = np.maximum(spells["entered"].to_numpy(), np.floor(snapshot.begun))
    stop = np.where(left > begin, left, begin + _SHORTEST)
    seen = left >= np.floor(snapshot.begun)
    to = spells["to"].to_numpy(dtype=object)
    won = deals[deals["status"] == "won"]
    cut = int(np.quantile((won["closed"] - won["created"]).to_numpy(), _CUT) // _WEEK) + 1
    rows = np.flatnonzero(seen)
    days = np.ceil(stop[rows]).astype(np.int64) - np.floor(begin[rows]).astype(np.int64)
    of = np.repeat(rows, days)
    within = np.arange(len(of)) - np.repeat(np.cumsum(days) - days, days)
    day = np.floor(begin[of]) + within
    spent = (np.minimum(day + 1.0, stop[of]) - np.maximum(day, begin[of])) / _WEEK
    age = np.minimum(np.maximum(day - np.floor(created[of]), 0.0) // _WEEK, cut).astype(np.int64)
    shape = (cut + 1, 3, len(stages), len(products), len(reps))
    cell = np.ravel_multi_index((age, month_of_quarter(day), stage[of], product[deal[of]], rep[deal[of]]), shape)
    cells, at = np.unique(cell, return_inverse=True)
    last = np.flatnonzero(np.r_[of[1:] != of[:-1], True])
    cause = np.where(to[of[last]] == "won", 1, np.where(to[of[last]] == "lost", 2, 0))
    happened = to[of[last]] != ""
    counts = np.zeros((3, len(cells)))
    np.add.at(counts, (cause[happened], at[last][happened]), 1.0)
    moves = np.zeros((len(stages), len(stages)))
    named = {str(name): number for number, name in enumerate(stages)}
    moved = np.array([named.get(str(name), -1) for name in to], dtype=np.int64)
    moved[np.isin(to, ("won", "lost", ""))] = -1
    np.add.at(moves, (stage[moved >= 0], moved[moved >= 0]), 1.0)
    moves /= np.maximum(moves.sum(axis=1, keepdims=True), 1.0)
    ages, months, *numbers = (np.asarray(part, dtype=np.int64) for part in np.unravel_index(cells, shape))
    weeks = np.asarray(np.bincount(at, spent, minlength=len(cells)), dtype=np.float64)
    rows_of = Days(np.asarray(at, dtype=np.int64), of, spent)
    return Weeks(
        ages, months, numbers[0], numbers[1], numbers[2], weeks, counts,
        tuple(stages.tolist()), tuple(products.tolist()), tuple(reps.tolist()), moves, cut,
        days=rows_of,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Hazards:
    """Fitted hazards per week, as tables of logarithms.

    Attributes
    ----------
    clock : (3, cut + 1, 3) float64
        By cause, week of age and month of the quarter; the last age is for zombies.
    stage, product, rep : (3, …) float64
        What is added.
    moves : (stages, stages) float64
    stages, products, reps : tuple of str
    spread : dict of str to (3,) float64
        Estimated standard deviations of the random effects, by cause.
    found : tuple of (coefficients, standard deviations)
        By cause, as they were fitted: where a fit to nearly the same weeks may begin.
    """

    clock: Vector
    stage: Vector
    product: Vector
    rep: Vector
    moves: Vector
    stages: tuple[str, ...]
    products: tuple[str, ...]
    reps: tuple[str, ...]
    spread: dict[str, Vector]
    found: tuple[tuple[Vector, Vector], ...] = ()

    @property
    def cut(self) -> int:
        """Week of age from which on deals count as never closing."""
        return self.clock.shape[1] - 1

    def leaving(self, weeks: Weeks) -> Vector:
        """Hazard a week of leaving the stage, whatever for, in each cell."""
        log = self.clock[:, weeks.age, weeks.month] + self.stage[:, weeks.stage]
        return np.asarray(np.exp(log + self.product[:, weeks.product] + self.rep[:, weeks.rep]).sum(axis=0))

    def won_by(
        self, created: Vector, stage: Numbers, product: Numbers, rep: Numbers, start: Vector, days: int,
        lives: Vector | float = 1.0,
    ) -> Vector:  # fmt: skip
        """Chance that each deal is won by the end of each day after `start` (deals × days).

        Days more than `days` after the earliest start are not looked at.

        Parameters
        ----------
        created, start : (n,) float64
            Days since the epoch: of creation, and from which on (a deal to come starts when it is created).
        stage, product, rep : (n,) int64
            Numbers of the names at the start; −1 for one never seen.
        lives : (n,) float64
            Share that goes on from every stage it enters later.
        days : int
        """
        count, stages = len(created), len(self.stages)
        now = np.zeros((count, stages))
        now[np.arange(count), np.maximum(stage, 0)] = 1.0
        own = np.exp(_picked(self.product, product) + _picked(self.rep, rep)) / _WEEK  # causes × deals
        clock, place = np.exp(self.clock), np.exp(self.stage)
        share = np.broadcast_to(np.asarray(lives, dtype=np.float64), count)
        won = np.zeros((count, days))
        total = np.zeros(count)
        for step in range(days):
            day = start + step
            live = np.flatnonzero(day < start.min() + days)
            age = np.clip((day[live] - np.floor(created[live])) // _WEEK, 0, self.cut).astype(np.int64)
            base = clock[:, age, month_of_quarter(day[live])] * own[:, live]
            rate = base[:, :, None] * place[:, None, :]  # causes × deals × stages
            every = rate.sum(axis=0)
            out = rate * (-np.expm1(-every) / np.maximum(every, 1e-300) * now[live])
            total[live] += out[1].sum(axis=1)
            won[:, step] = total
            moved = out[0] @ self.moves
            now[live] += moved * share[live, None] - out.sum(axis=0)
        return won


def fit_hazards(weeks: Weeks, like: Hazards | None = None) -> Hazards:
    """Fit the hazards of each cause.

    Parameters
    ----------
    weeks : Weeks
    like : Hazards, optional
        Of the same cells with other weeks at risk of closing: where to begin.

    Examples
    --------
    A hazard of 0.2 a week, whatever the age:

    >>> rng = np.random.default_rng(1)
    >>> age = np.arange(12)
    >>> none = np.zeros(12, dtype=np.int64)
    >>> wins = rng.poisson(0.2 * 500.0, 12).astype(float)
    >>> weeks = Weeks(age, none, none, none, none, np.full(12, 500.0), np.array([0 * wins, wins, 0 * wins]),
    ...     ("all",), ("A",), ("R",), np.zeros((1, 1)), 11)
    >>> found = fit_hazards(weeks)
    >>> others = found.stage[1] + found.product[1] + found.rep[1]
    >>> bool(np.all(np.abs(np.exp(found.clock[1, :11, 0] + others) - 0.2) < 0.04))
    True
    """
    from scipy import sparse

    cut = weeks.cut
    young = weeks.age < cut
    basis = _spline(cut, np.bincount(weeks.age[young], weeks.counts[1, young], minlength=cut))
    wins = np.bincount(weeks.age[young], weeks.counts[1, young] + 1e-9, minlength=cut).cumsum()
    band = np.minimum((wins / wins[-1] * _BANDS - 1e-9).astype(np.int64), _BANDS - 1)
    sizes = {"stage": len(weeks.stages), "month": 3 * (_BANDS + 1), "product": len(weeks.products),
             "rep": len(weeks.reps)}  # fmt: skip
    age = weeks.age[young]
    seasons = np.zeros((len(age), sizes["month"]))
    seasons[np.arange(len(age)), weeks.month[young]] = 1.0
    seasons[np.arange(len(age)), 3 + 3 * band[age] + weeks.month[young]] = 1.0
    blocks = [basis[age], _one_hot(weeks.stage[young], sizes["stage"]), seasons,
              _one_hot(weeks.product[young], sizes["product"]), _one_hot(weeks.rep[young], sizes["rep"])]  # fmt: skip
    design = sparse.hstack([sparse.csr_array(block) for block in blocks], format="csr")
    group = np.repeat(np.arange(len(blocks)), [block.shape[1] for block in blocks])
    stale = ~young
    clock = np.full((3, cut + 1, 3), _LOWEST)
    tables: dict[str, list[Vector]] = {"stage": [], "product": [], "rep": []}
    spread: dict[str, list[float]] = {"month": [], "product": [], "rep": []}
    found = []
    for cause in range(3):
        exposed = weeks.weeks if weeks.living is None else weeks.living
        begin = None if like is None else like.found[cause]
        beta, sd = _fitted(design, exposed[young], weeks.counts[cause, young], group, begin)
        found.append((beta, sd))
        if not weeks.counts[cause].any():
            beta = np.zeros_like(beta)
            beta[group == 0] = _LOWEST
        season = beta[group == 2]
        for month in range(3):
            clock[cause, :cut, month] = basis @ beta[group == 0] + season[month] + season[3 + 3 * band + month]
        at_risk = float(weeks.weeks[stale].sum())
        if at_risk > 0 and weeks.counts[cause, stale].any():
            clock[cause, cut] = np.log(weeks.counts[cause, stale].sum() / at_risk)
        for name, number in (("stage", 1), ("product", 3), ("rep", 4)):
            tables[name].append(beta[group == number])
        for name, number in (("month", 2), ("product", 3), ("rep", 4)):
            spread[name].append(sd[number])
    return Hazards(
        clock, np.array(tables["stage"]), np.array(tables["product"]), np.array(tables["rep"]), weeks.moves,
        weeks.stages, weeks.products, weeks.reps, {name: np.array(values) for name, values in spread.items()},
        tuple(found),
    )  # fmt: skip


def _fitted(
    design: Any, weeks: Vector, counts: Vector, group: Numbers, begin: tuple[Vector, Vector] | None = None
) -> tuple[Vector, Vector]:
    """Poisson regression; groups 2 and up are random effects whose variances are estimated (EM on Laplace's)."""
    width = design.shape[1]
    total = counts.sum()
    if begin is None:
        sd = np.where(np.arange(group.max() + 1) >= 2, 0.5, np.inf)
        beta = np.zeros(width)
        beta[group == 0] = np.log(max(total, 0.5) / max(weeks.sum(), 1e-9))
    else:
        beta, sd = begin[0].copy(), begin[1].copy()
    inverse = np.eye(width)
    across, weighted, entries = design.T.tocsr(), design.copy(), np.diff(design.indptr)
    for _ in range(_ROUNDS if total and begin is None else 1):
        ridge = np.where(np.isfinite(sd[group]), 1.0 / np.maximum(sd[group], 0.02) ** 2, _WEAK)
        centre = np.where(group == 0, np.log(max(total, 0.5) / max(weeks.sum(), 1e-9)), 0.0)
        for _ in range(_NEWTON):
            mean = weeks * np.exp(np.clip(design @ beta, -30.0, 10.0))
            score = across @ (counts - mean) - ridge * (beta - centre)
            weighted.data = design.data * np.repeat(mean, entries)
            information = (across @ weighted).toarray()
            information[np.diag_indices(width)] += ridge
            step = np.linalg.solve(information, score)
            beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
            if np.abs(step).max() < 1e-3:
                break
        inverse = np.linalg.inv(information)
        for number in range(2, len(sd)):
            mine = group == number
            sd[number] = np.sqrt(np.mean(beta[mine] ** 2 + np.diag(inverse)[mine]))
    return beta, sd


def _spline(weeks: int, events: NDArray[Any]) -> Vector:
    """Cubic B-splines of the week of age (weeks × functions), knots where the wins are."""
    from scipy.interpolate import BSpline

    at = np.arange(weeks, dtype=float)
    if weeks < _KNOTS:
        return np.eye(weeks)
    share = np.cumsum(events + 0.25) / np.sum(events + 0.25)
    inner = np.unique(np.interp(np.linspace(0, 1, _KNOTS + 2)[1:-1], share, at))
    knots = np.r_[[at[0]] * 4, inner[(inner > 0) & (inner < at[-1])], [at[-1]] * 4]
    return np.asarray(BSpline.design_matrix(at, knots, 3).toarray())


def _one_hot(numbers: NDArray[np.int64], size: int) -> Vector:
    found = np.zeros((len(numbers), size))
    found[np.arange(len(numbers)), numbers] = 1.0
    return found


def _picked(table: Vector, number: Numbers) -> Vector:
    """Effects by number; a name never seen has the average one."""
    widened = np.concatenate([table, np.mean(table, axis=1, keepdims=True)], axis=1)
    return np.asarray(widened[:, number])
