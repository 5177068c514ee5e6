"""How many reps each group gets, and which reps: seats by largest remainder, people by total fitness."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import ModelError, explain

__all__ = ["apportion", "match_groups"]


def apportion(total: int, weights: ArrayLike, minimum: int = 1) -> NDArray[np.int64]:
    """Divide `total` reps among groups in proportion to weights, by largest remainder (Hamilton, Hare-Niemeyer).

    A group whose proportional share is below `minimum` gets `minimum`; the others divide what is left. Reps that
    rounding down leaves over go to the largest remainders; of equal ones to the larger weight, then to the earlier
    group. The arithmetic is exact.

    Parameters
    ----------
    total : int
        Reps to divide.
    weights : (G,)
        Work, potential or accounts of each group, 0 or more. If all are 0, groups count alike.
    minimum : int
        Least number of each group, 0 or more.

    Returns
    -------
    (G,) int
        Reps of each group; they sum to `total`.

    Raises
    ------
    ModelError
        Fewer reps than the minimum of all groups takes; a weight that is negative or missing.

    Examples
    --------
    >>> apportion(10, [60, 30, 10]).tolist()
    [6, 3, 1]
    >>> apportion(7, [97, 2, 1]).tolist()
    [5, 1, 1]
    >>> apportion(2, [1, 1, 1])
    Traceback (most recent call last):
        ...
    salessim.errors.ModelError: total: there are fewer reps than the groups need. Found: 2. Allowed: 3 or more
    (3 groups, at least 1 each). Add reps, or have fewer groups.
    """
    shares = np.array(weights, dtype=np.float64)
    if shares.ndim != 1:
        raise ModelError(
            explain(
                "there must be one weight for each group",
                where="weights",
                value=f"shape {shares.shape}",
                allowed="a list of numbers",
            )
        )
    bad = ~(np.isfinite(shares) & (shares >= 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise ModelError(
            explain(
                "not a weight", where=f"weights, row {row}", value=float(shares[row]), allowed="a number, 0 or more"
            )
        )
    groups = len(shares)
    if minimum < 0:
        raise ModelError(explain("must not be negative", where="minimum", value=minimum, allowed="0 or more"))
    if total < minimum * groups:
        raise ModelError(
            explain(
                "there are fewer reps than the groups need",
                where="total",
                value=total,
                allowed=f"{minimum * groups} or more ({groups} groups, at least {minimum} each)",
                remedy="Add reps, or have fewer groups",
            )
        )
    if groups == 0:
        if total:
            raise ModelError(
                explain("there is no group to take the reps", where="weights", value=[], allowed="1 or more")
            )
        return np.zeros(0, np.int64)
    exact = [Fraction(share) for share in shares.tolist()] if shares.any() else [Fraction(1)] * groups
    seats = [minimum] * groups
    open_groups = list(range(groups))
    left = total
    while open_groups:
        weight = sum(exact[g] for g in open_groups)
        quota = {g: left * exact[g] / weight if weight else Fraction(left, len(open_groups)) for g in open_groups}
        small = {g for g in open_groups if quota[g] < minimum}
        if not small:
            break
        left -= minimum * len(small)
        open_groups = [g for g in open_groups if g not in small]
    for g in open_groups:
        seats[g] = int(quota[g])
    spare = left - sum(seats[g] for g in open_groups)
    by_remainder = sorted(open_groups, key=lambda g: (-(quota[g] - seats[g]), -exact[g], g))
    for g in by_remainder[:spare]:
        seats[g] += 1
    return np.array(seats, dtype=np.int64)


def match_groups(fitness: ArrayLike, sizes: ArrayLike) -> NDArray[np.int64]:
    """Put reps into groups of given sizes so that total fitness is greatest.

    The assignment problem, each group as many columns as it has places (Jonker-Volgenant in `scipy`; 2,000 reps take
    about 0.3 s, 5,000 about 2 s and 200 MB). Of reps between whom it makes no difference, because their rows differ by
    a constant, the earlier row goes to the earlier group.

    Parameters
    ----------
    fitness : (R, G)
        How well each rep suits each group, in any unit, larger is better.
    sizes : (G,) int
        Reps in each group; their sum is R.

    Returns
    -------
    (R,) int
        Group of each rep.

    Raises
    ------
    ModelError
        Sizes that do not sum to the number of reps; a fitness that is missing or infinite.

    Examples
    --------
    >>> match_groups([[5, 1], [4, 3], [4, 3]], [1, 2]).tolist()
    [0, 1, 1]
    >>> match_groups([[1, 1], [1, 1], [1, 1]], [2, 1]).tolist()
    [0, 0, 1]
    """
    from scipy.optimize import linear_sum_assignment

    table = np.array(fitness, dtype=np.float64)
    places = np.asarray(sizes)
    if places.ndim != 1 or (places.size and places.dtype.kind not in "iu") or (places < 0).any():
        raise ModelError(
            explain("one whole number for each group", where="sizes", value=places.tolist(), allowed="0 or more each")
        )
    if table.size == 0:
        table = table.reshape(int(places.sum()) if table.ndim != 2 else table.shape[0], len(places))
    if table.ndim != 2 or table.shape[1] != len(places):
        raise ModelError(
            explain(
                "there must be one column for each group",
                where="fitness",
                value=f"shape {table.shape}",
                allowed=f"shape (n, {len(places)})",
            )
        )
    reps = len(table)
    if int(places.sum()) != reps:
        raise ModelError(
            explain("must sum to the number of reps", where="sizes", value=int(places.sum()), allowed=str(reps))
        )
    bad = ~np.isfinite(table).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise ModelError(
            explain("must be finite", where=f"fitness, row {row}", value=table[row].tolist(), allowed="numbers")
        )
    group = np.empty(reps, np.int64)
    if reps == 0:
        return group
    column = np.repeat(np.arange(len(places)), places)
    rows, columns = linear_sum_assignment(table[:, column], maximize=True)
    group[rows] = column[columns]
    _, kind = np.unique(table - table[:, :1], axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    by_row = np.argsort(kind, kind="stable")
    by_group = np.lexsort((group, kind))
    group[by_row] = group[by_group]
    return group
