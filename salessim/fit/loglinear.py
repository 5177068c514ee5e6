"""A log-linear model of counts by segment, region, product and month, from its margins alone.

The mean of a cell is ``size[s, r] * days[m] * exp(level[s, p] + region[r] + trend * year[m] + season[phase[m]])``. So
the sums that a Newton step needs are products of small tables: the work grows with segments times products, not with
the cells of all four, and a million deals cost no more than a thousand. Estimates are those of a Poisson generalised
linear model. Where counts vary by more, the covariance is that of a quasi-likelihood with the variance of a negative
binomial, ``mean + alpha * mean**2`` (McCullagh & Nelder 1989, Generalized Linear Models, chapter 9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Counts", "LogLinear", "fit_counts"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_ROUNDS = 60
_CLOSE = 1e-10
_CHANCE = 0.01
"""p-value below which counts are taken to vary by more than a Poisson's."""


class Counts(NamedTuple):
    """Counts and what they are exposed to.

    Attributes
    ----------
    segment, region, product, month : (n,) int arrays
        Of each event, from 0.
    size : (segments, regions) array
        Exposure of all accounts there; 0 where there are none.
    products : int
    days : (months,) array
        Exposure of each month.
    phase : (months,) int array
        Which effect of time a month has, from 0: each has its own, or all Januaries share one.
    trend : (months,) array or None
        Years from the middle, where there is growth besides.
    """

    segment: Codes
    region: Codes
    product: Codes
    month: Codes
    size: Floats
    products: int
    days: Floats
    phase: Codes
    trend: Floats | None = None

    @property
    def time(self) -> Floats:
        """Columns of the design in time: the trend, and phases after the first less the first."""
        phases = np.arange(1, int(self.phase.max()) + 1)
        contrasts = (self.phase[:, None] == phases).astype(float) - (self.phase[:, None] == 0)
        return contrasts if self.trend is None else np.column_stack([self.trend, contrasts])


@dataclass(frozen=True, eq=False)
class LogLinear:
    """Estimates of the model.

    Attributes
    ----------
    beta : (k,) array
        Levels by segment and product (segments outermost), regions after the first, trend, phases after the first
        (effects of phases sum to 0).
    covariance : (k, k) array
    alpha : float
        Variance beyond a Poisson's; 0 where chance alone explains the counts.
    """

    beta: Floats
    covariance: Floats
    alpha: float


def fit_counts(counts: Counts) -> LogLinear:
    """Estimate the model.

    Cells of segment and product, regions and phases in which nothing was ever seen say only that their rate is low:
    half an event keeps them finite.

    Examples
    --------
    >>> none = np.zeros(25, dtype=np.int64)
    >>> month = np.repeat([0, 1], [5, 20])
    >>> found = fit_counts(Counts(none, none, none, month, np.ones((1, 1)), 1, np.ones(2), np.arange(2)))
    >>> np.exp(found.beta).round(3).tolist()
    [10.0, 2.0]
    """
    from scipy import linalg, stats

    n_s, n_r = counts.size.shape
    design = counts.time
    n_p, n_q, n_m = counts.products, design.shape[1], len(counts.days)
    seen = np.zeros((n_s, n_p))
    np.add.at(seen, (counts.segment, counts.product), 1.0)
    by_region = np.bincount(counts.region, minlength=n_r).astype(float)
    by_month = np.bincount(counts.month, minlength=n_m).astype(float)
    half = np.where(seen == 0.0, 0.5, 0.0)
    spread = half.sum(axis=1)[:, None] * counts.size / np.maximum(counts.size.sum(axis=1), 1e-300)[:, None]
    target = seen + half
    by_region = np.maximum(by_region + spread.sum(axis=0), 0.5)
    by_month = by_month + half.sum() * counts.days / counts.days.sum()
    by_phase = np.bincount(counts.phase, by_month)
    by_month += (np.maximum(0.5 - by_phase, 0.0) / np.bincount(counts.phase))[counts.phase]

    level = np.log(target / np.maximum(counts.size.sum(axis=1), 1e-300)[:, None] / counts.days.sum())
    region, time = np.zeros(n_r), np.zeros(n_q)
    n_cells = n_s * n_p
    hessian = np.eye(n_cells + n_r - 1 + n_q)
    for _ in range(_ROUNDS):
        parts = _Parts(counts, design, level, region, time)
        score = np.concatenate(
            [
                (target - parts.cells).ravel(),
                (by_region - parts.regions)[1:],
                (by_month - parts.months) @ design,
            ]
        )
        hessian = parts.information()
        step = linalg.solve(hessian, score, assume_a="pos")
        damp = min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        step = damp * step
        level = level + step[:n_cells].reshape(n_s, n_p)
        region = region + np.concatenate([[0.0], step[n_cells : n_cells + n_r - 1]])
        time = time + step[n_cells + n_r - 1 :]
        if float(np.abs(step).max()) < _CLOSE:
            break
    parts = _Parts(counts, design, level, region, time)
    covariance = np.asarray(linalg.inv(parts.information()))
    alpha = 0.0
    squares, beyond, per_mean = _squares(counts, parts)
    full = float((counts.size > 0).sum()) * n_p * n_m
    total = float(target.sum())
    pearson = squares - 2.0 * float(seen.sum()) + total
    # Pearson's statistic of sparse counts varies by 2 + 1 / mean per cell, not by 2
    excess = (pearson - (full - len(score))) / float(np.sqrt(2.0 * full + per_mean))
    if stats.norm.sf(excess) < _CHANCE:
        twice = _Parts(counts, design, level, region, time, power=2)
        alpha = max((beyond - total + float(twice.cells.sum())) / float(twice.cells.sum()), 1e-6)
        covariance = covariance + alpha * covariance @ twice.information() @ covariance
    return LogLinear(np.concatenate([level.ravel(), region[1:], time]), covariance, alpha)


class _Parts:
    """Sums of the means (to a power) over all but some of segment, region, product and month."""

    def __init__(
        self, counts: Counts, design: Floats, level: Floats, region: Floats, time: Floats, power: int = 1
    ) -> None:
        self.design = design
        self.place = counts.size**power * np.exp(power * region)[None, :]  # segment, region
        self.kind = np.exp(power * level)  # segment, product
        self.when = (counts.days * np.exp(design @ time)) ** power
        self.total = float(self.when.sum())
        self.by_place = self.place.sum(axis=1)
        self.by_kind = self.kind.sum(axis=1)
        self.cells = self.kind * self.by_place[:, None] * self.total
        self.regions = (self.place * self.by_kind[:, None]).sum(axis=0) * self.total
        self.months = self.when * float((self.by_place * self.by_kind).sum())

    def information(self) -> Floats:
        """Sum over all cells of the mean times the outer product of the design's row."""
        n_s, n_p = self.kind.shape
        n_r, n_q = self.place.shape[1], self.design.shape[1]
        n_cells = n_s * n_p
        found = np.zeros((n_cells + n_r - 1 + n_q,) * 2)
        at = np.arange(n_cells)
        found[at, at] = self.cells.ravel()
        r, q = slice(n_cells, n_cells + n_r - 1), slice(n_cells + n_r - 1, None)
        found[:n_cells, r] = (self.kind[:, :, None] * self.place[:, None, 1:]).reshape(n_cells, n_r - 1) * self.total
        time = self.when @ self.design
        found[:n_cells, q] = (self.cells.ravel() / self.total)[:, None] * time[None, :]
        rows = np.arange(n_cells, n_cells + n_r - 1)
        found[rows, rows] = self.regions[1:]
        found[r, q] = (self.regions[1:] / self.total)[:, None] * time[None, :]
        found[q, q] = (self.design.T * self.months) @ self.design
        found[r, :n_cells] = found[:n_cells, r].T
        found[q, :n_cells] = found[:n_cells, q].T
        found[q, r] = found[r, q].T
        return found


def _squares(counts: Counts, parts: _Parts) -> tuple[float, float, float]:
    """Return sums over cells: of ``y**2 / mean``, of ``y**2 - 2 * y * mean``, and of ``1 / mean``."""
    n_r, n_p, n_m = counts.size.shape[1], counts.products, len(counts.days)
    code = ((counts.segment * n_r + counts.region) * n_p + counts.product) * n_m + counts.month
    cell, y = np.unique(code, return_counts=True)
    month, rest = cell % n_m, cell // n_m
    product, place = rest % n_p, rest // n_p
    mean = parts.place.ravel()[place] * parts.kind[place // n_r, product] * parts.when[month]
    there = parts.place > 0
    inverse = np.where(there, 1.0 / np.where(there, parts.place, 1.0), 0.0).sum(axis=1)
    per_mean = float((inverse * (1.0 / parts.kind).sum(axis=1)).sum()) * float((1.0 / parts.when).sum())
    return float((y**2 / mean).sum()), float((y**2 - 2.0 * y * mean).sum()), per_mean
