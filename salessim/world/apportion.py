"""Dividing whole people: seats by largest remainder, people to groups by fitness."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import ModelError, explain

__all__ = ["apportion", "match_groups"]

Ints = NDArray[np.int64]


def apportion(total: int, weights: ArrayLike, minimum: int = 1) -> Ints:
    """Divide `total` reps over groups in proportion to `weights`, by largest remainder, each at least `minimum`.

    Raises
    ------
    ModelError
        If there are too few reps for the groups.

    Examples
    --------
    >>> apportion(10, [5.0, 3.0, 0.1]).tolist()
    [6, 3, 1]
    """
    share = np.asarray(weights, dtype=np.float64)
    if total < minimum * len(share):
        raise ModelError(
            explain("there are fewer reps than groups", value=total, allowed=f"{minimum * len(share)} or more")
        )
    size = np.full(len(share), minimum, dtype=np.int64)
    rest = total - int(size.sum())
    if share.sum() <= 0:
        share = np.ones(len(share))
    wanted = np.maximum(share / share.sum() * total - size, 0.0)
    if wanted.sum() > 0:
        exact = wanted / wanted.sum() * rest
        size += np.floor(exact).astype(np.int64)
        for k in np.argsort(-(exact - np.floor(exact)), kind="stable")[: total - int(size.sum())]:
            size[k] += 1
    else:
        size[0] += rest
    return size


def match_groups(fitness: ArrayLike, sizes: ArrayLike) -> Ints:
    """Assign every rep to a group of given size so that total fitness is largest.

    Examples
    --------
    >>> match_groups([[0.9, 0.1], [0.2, 0.8], [0.5, 0.6]], [1, 2]).tolist()
    [0, 1, 1]
    """
    from scipy.optimize import linear_sum_assignment

    table, size = np.asarray(fitness, dtype=np.float64), np.asarray(sizes, dtype=np.int64)
    seat = np.repeat(np.arange(len(size)), size)
    rows, columns = linear_sum_assignment(-table[:, seat])
    group = np.empty(len(table), dtype=np.int64)
    group[rows] = seat[columns]
    return group
