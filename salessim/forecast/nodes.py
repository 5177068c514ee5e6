"""Base forecasts: every node of a hierarchy fitted on its own record, or on that of its nearest ancestor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from salessim.forecast.combination import Combination, Forecaster
from salessim.forecast.joint import aligned
from salessim.forecast.sparse import Shared, fit_shared
from salessim.forecast.steps import Vector
from salessim.forecast.values import fit_members, fit_values, is_dense

__all__ = ["Nodes", "fit_nodes", "node_values", "record"]


@dataclass(frozen=True, eq=False)
class Nodes:
    """All nodes of a hierarchy, fitted.

    Attributes
    ----------
    fits : tuple of Forecaster
    borrowed : tuple of int
        For each node the number of the ancestor whose profile it has, or -1.
    values : numpy.ndarray
        Nodes × periods; NaN before a node begins.
    period : int
    """

    fits: tuple[Forecaster, ...]
    borrowed: tuple[int, ...]
    values: Vector
    period: int

    def means(self, horizon: int) -> Vector:
        """Point forecasts (nodes × steps), not yet coherent."""
        return np.array([fit.mean(horizon) for fit in self.fits])

    def errors(self) -> Vector:
        """Errors one step ahead in sample (periods × nodes)."""
        return aligned([fit.errors for fit in self.fits], self.values.shape[1])

    def sizes(self) -> Vector:
        """Mean absolute value of each node."""
        sizes: Vector = np.nanmean(np.abs(self.values), axis=1)
        return sizes

    def extended(self, values: Vector) -> Nodes:
        """The same fits run on through new periods, without fitting again."""
        fits: list[Forecaster] = []
        for node, fit in enumerate(self.fits):
            longer = fit.update(record(values[node]))
            fits.append(longer)
        for node, above in enumerate(self.borrowed):
            fit, ancestor = fits[node], fits[above] if above >= 0 else None
            if isinstance(fit, Shared) and isinstance(ancestor, Combination):
                own = record(values[node])
                fits[node] = fit_shared(np.maximum(own, 0.0), ancestor, record(values[above])[-len(own) :])
        return Nodes(tuple(fits), self.borrowed, values, self.period)


def node_values(summing: Any, bottom: Vector) -> Vector:
    """Values of all nodes (nodes × periods) from those of the bottom; NaN before the first part of a node begins."""
    there = summing @ (~np.isnan(bottom)).astype(float)
    whole: Vector = np.where(there > 0, summing @ np.nan_to_num(bottom), np.nan)
    return whole


def record(values: Vector) -> Vector:
    """A node's values from its first period on."""
    return values[int(np.argmax(~np.isnan(values))) :]


def fit_nodes(values: Vector, inside: Any, period: int, model: str, like: Nodes | None = None) -> Nodes:
    """Fit every node; the short and the mostly empty ones take the profile of their nearest dense ancestor.

    Parameters
    ----------
    values : numpy.ndarray
        Nodes × periods.
    inside : numpy.ndarray of bool
        Nodes × nodes: whether the column contains the row (`Hierarchy.ancestors`).
    period : int
    model : {"default", "accurate"}
    like : Nodes, optional
        Of a longer record of the same nodes: its kinds of model are taken.
    """
    count = len(values)
    records = [record(row) for row in values]
    fits: list[Forecaster | None] = [None] * count
    for node, own in enumerate(records):
        if is_dense(own) or own.min() < 0:
            before = like.fits[node] if like is not None else None
            similar = before if isinstance(before, Combination) else None
            fits[node] = fit_members(own, period, model, similar)
    sizes = np.array([np.nansum(np.abs(row)) for row in values])
    borrowed = [-1] * count
    done: list[Forecaster] = []
    for node, own in enumerate(records):
        fit = fits[node]
        if fit is None:
            above = _nearest(inside[node], fits, records, sizes, len(own), period)
            ancestor = fits[above] if above >= 0 else None
            borrowed[node] = above
            if isinstance(ancestor, Combination):
                fit = fit_shared(np.maximum(own, 0.0), ancestor, records[above][-len(own) :])
            else:
                fit = fit_values(own, period, model)
        done.append(fit)
    return Nodes(tuple(done), tuple(borrowed), values, period)


def _nearest(
    above: Any, fits: Sequence[Forecaster | None], records: Sequence[Vector], sizes: Vector, length: int, period: int
) -> int:
    """The smallest ancestor with a fit of its own, if there is one long enough to show a season; -1 for none."""
    able = [
        node
        for node in map(int, np.flatnonzero(above))
        if isinstance(fits[node], Combination) and len(records[node]) >= length
    ]
    seasoned = [node for node in able if len(records[node]) >= 2 * period + 5]
    able = seasoned or able
    return int(min(able, key=lambda node: sizes[node])) if able else -1
