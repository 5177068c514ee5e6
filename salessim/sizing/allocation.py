"""Allocation: where a fixed selling effort goes, and how much effort there should be in all.

Two ways, for two kinds of problem:

`deployments` is exact for curves of any form, S-shaped ones included, on a grid of whole steps of effort: a dynamic
programme over the items that gives the best split of *every* total at once. S-curves are all or nothing at low effort,
which is where gradient methods stop at a wrong answer.

`split_by_price` is for many items and continuous effort: one price of effort at which every item takes what it is worth
(the Lagrangian). Exact for concave curves; for S-curves items lie on the concave envelope, and the answer comes with
the upper bound that no split can exceed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import StudyError, explain
from salessim.sizing.response import Adbudg, Exponential, Power, Response

__all__ = ["Deployments", "Split", "best_size", "deployments", "gains_of", "split_by_price", "split_two_exponentials"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Deployments:
    """The best split of every total effort over the items.

    Attributes
    ----------
    step : float
        Effort of one step of the grid.
    value : (steps + 1,) array
        The most that a total of 0, 1, 2 … steps can bring; totals need not be used up.
    choice : (items, steps + 1) array
        Steps that item i gets of each total shared by items 0 to i.
    """

    step: float
    value: Floats
    choice: Ints

    @property
    def totals(self) -> Floats:
        """The total efforts, shape (steps + 1,)."""
        result: Floats = self.step * np.arange(len(self.value), dtype=np.float64)
        return result

    def split(self, total: float) -> Floats:
        """Return the effort of every item at the best split of a total, which is rounded down to whole steps.

        Raises
        ------
        StudyError
            For a total beyond the grid.
        """
        left = int(np.floor(total / self.step + 1e-9))
        if not 0 <= left < len(self.value):
            raise StudyError(
                explain(
                    "this total is not on the grid", where="total", value=total, allowed=f"0 to {self.totals[-1]:g}"
                )
            )
        steps = np.zeros(len(self.choice), dtype=np.int64)
        for item in range(len(self.choice) - 1, -1, -1):
            steps[item] = self.choice[item, left]
            left -= steps[item]
        result: Floats = self.step * steps.astype(np.float64)
        return result


def gains_of(response: Response, weight: ArrayLike, step: float, steps: int) -> Floats:
    """Return the table of what every item brings at 0, 1, 2 … steps of effort, shape (items, steps + 1).

    Parameters
    ----------
    response : Response
        Of all items, effort in the same unit as `step`.
    weight : float or array
        What one unit of sales of an item is worth (its margin, say).
    step : float
    steps : int
    """
    effort = step * np.arange(steps + 1)
    table = response.sales(effort[:, None]) * np.asarray(weight, dtype=np.float64)
    result: Floats = np.ascontiguousarray(np.atleast_2d(table.T))
    return result


def deployments(gains: ArrayLike, step: float = 1.0) -> Deployments:
    """Find the best split of every total over items with any curves: dynamic programming, exact on its grid.

    Parameters
    ----------
    gains : (items, steps + 1) array
        What every item brings at 0, 1, 2 … steps of effort, as `gains_of` tabulates it; it may fall.
    step : float, optional
        Effort of one step.

    Returns
    -------
    Deployments

    Notes
    -----
    Time grows with items x steps squared: 7 items and 600 steps take a few milliseconds.

    Examples
    --------
    >>> found = deployments([[0.0, 1.0, 9.0], [0.0, 4.0, 5.0]])  # the first is all or nothing
    >>> found.value.tolist(), found.split(1).tolist(), found.split(2).tolist()
    ([0.0, 4.0, 9.0], [0.0, 1.0], [2.0, 0.0])
    """
    table = np.asarray(gains, dtype=np.float64)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise StudyError(
            explain(
                "a deployment needs a table of finite gains, one row per item and one column per step of effort",
                where="gains", value=f"shape {table.shape}",
            )
        )  # fmt: skip
    items, size = table.shape
    choice = np.zeros((items, size), dtype=np.int64)
    best = np.full(size, -np.inf)
    best[:] = np.maximum.accumulate(table[0])
    choice[0] = _places_of_running_best(table[0])
    for item in range(1, items):
        more = np.full(size, -np.inf)
        for steps in range(size):
            tried = best[: size - steps] + table[item, steps]
            better = tried > more[steps:]
            more[steps:][better] = tried[better]
            choice[item, steps:][better] = steps
        best = more
    return Deployments(float(step), best, choice)


def best_size(found: Deployments, cost: float) -> tuple[float, float]:
    """Return the total effort at which gains less ``cost * effort`` are greatest, and that greatest contribution.

    Parameters
    ----------
    found : Deployments
    cost : float
        Of one unit of effort, in the unit of the gains.

    Examples
    --------
    >>> best_size(deployments([[0.0, 1.0, 9.0], [0.0, 4.0, 5.0]]), cost=2.0)
    (2.0, 5.0)
    """
    net = found.value - cost * found.totals
    place = int(np.argmax(net))
    return float(found.totals[place]), float(net[place])


@dataclass(frozen=True, eq=False)
class Split:
    """A split of effort over items at one price.

    Attributes
    ----------
    effort : (items,) array
    price : float
        What the last unit of effort brings at every item that gets any.
    value : float
        What the split brings.
    bound : float
        What no split can exceed: equal to `value` for concave curves.
    """

    effort: Floats
    price: float
    value: float
    bound: float


def split_by_price(response: Power | Exponential | Adbudg, weight: ArrayLike, total: float) -> Split:
    """Split a total effort over many items so that the last unit brings the same everywhere.

    Parameters
    ----------
    response : Power, Exponential or Adbudg
        Of all items.
    weight : float or array
        What one unit of sales of an item is worth.
    total : float

    Returns
    -------
    Split
        Where an S-curve would take only part of what its envelope asks for, it gets nothing and what is left goes to
        the others; `bound` then says how far from the best this can be.

    Examples
    --------
    >>> found = split_by_price(Exponential([100.0, 60.0], [0.5, 1.0]), 1.0, 4.0)
    >>> [round(float(x), 6) for x in found.effort], round(found.price, 6)
    ([2.545119, 1.454881], 14.005688)
    """
    if not total > 0:
        raise StudyError(explain("there is no effort to split", where="total", value=total, allowed="more than 0"))
    arrays = [np.asarray(x, dtype=np.float64) for x in (*vars(response).values(), weight)]
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    *parameters, worth = (np.atleast_1d(np.broadcast_to(x, shape)) for x in arrays)
    curves = type(response)(*parameters)
    starts = _envelope_start(curves, worth)
    wanted = _Wanted(curves, worth, *starts)
    low, high = _brackets(wanted, total)
    for _ in range(200):
        middle = float(np.sqrt(low * high))
        if not low < middle < high:
            break
        low, high = (low, middle) if wanted(middle).sum() <= total else (middle, high)
    effort = wanted(high)
    bound = float((curves.sales(wanted(low)) * worth).sum() - low * (wanted(low).sum() - total))
    left = total - effort.sum()
    open_ = effort > 0
    if left > 0 and bool(open_.any()):
        # rounding, or an S-curve that would take more than is left: spread it where effort is already
        effort = effort + open_ * left * effort / effort.sum()
    return Split(effort, high, float((curves.sales(effort) * worth).sum()), bound)


def split_two_exponentials(scale: ArrayLike, rate: ArrayLike, total: float) -> tuple[float, float]:
    """Return the best split of a total over two items of modified exponential response: a closed form.

    ``x1 = [b2 R + log(k1 b1 / (k2 b2))] / (b1 + b2)``, kept between 0 and R (Mantrala, Sinha & Zoltners 1992).

    Examples
    --------
    >>> [round(x, 6) for x in split_two_exponentials([100.0, 60.0], [0.5, 1.0], 4.0)]
    [2.545119, 1.454881]
    """
    k, b = np.asarray(scale, dtype=np.float64), np.asarray(rate, dtype=np.float64)
    first = (b[1] * total + np.log(k[0] * b[0] / (k[1] * b[1]))) / b.sum()
    first = float(np.clip(first, 0.0, total))
    return first, total - first


class _Wanted:
    """Effort that every item takes at a price: where its envelope is as steep as the price."""

    def __init__(self, curves: Power | Exponential | Adbudg, worth: Floats, start: Floats, steepest: Floats) -> None:
        self.curves = curves
        self.worth = worth
        self.start = start
        self.steepest = steepest

    def __call__(self, price: float) -> Floats:
        curves, worth = self.curves, self.worth
        if isinstance(curves, Power):
            scale, exponent = np.asarray(curves.scale), np.asarray(curves.exponent)
            power: Floats = (worth * scale * exponent / price) ** (1.0 / (1.0 - exponent))
            return power
        if isinstance(curves, Exponential):
            rate = np.asarray(curves.rate)
            first = worth * np.asarray(curves.scale) * rate
            exponential: Floats = np.log(np.maximum(first / price, 1.0)) / rate
            return exponential
        low, high = self.start.copy(), np.maximum(self.start, 1e-12)
        inside = self.steepest > price
        while bool((too_steep := (curves.slope(high) * worth > price) & inside).any()):
            high = np.where(too_steep, 2.0 * high, high)
        for _ in range(100):
            middle = (low + high) / 2.0
            steep = curves.slope(middle) * worth > price
            low, high = np.where(steep, middle, low), np.where(steep, high, middle)
        result: Floats = np.where(inside, (low + high) / 2.0, 0.0)
        return result


def _envelope_start(curves: Power | Exponential | Adbudg, worth: Floats) -> tuple[Floats, Floats]:
    """Return the effort at which the line from no effort touches the curve, and the steepness of that line."""
    zero = np.zeros(worth.shape)
    if not isinstance(curves, Adbudg):
        return zero, np.full(worth.shape, np.inf)
    # The line touches where the mean gain equals the slope: half + x^c = c half, that is x^c = (c - 1) half.
    shape, half = np.asarray(curves.shape), np.asarray(curves.half)
    touch = (np.maximum(shape - 1.0, 0.0) * half) ** (1.0 / shape)
    concave = shape <= 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = worth * (curves.sales(touch) - curves.sales(zero)) / touch
    first = worth * curves.slope(zero)
    return np.where(concave, 0.0, touch), np.where(concave, first, mean)


def _brackets(wanted: _Wanted, total: float) -> tuple[float, float]:
    """Return a price at which too much is wanted and one at which no more than there is."""
    low = high = 1.0
    while wanted(low).sum() <= total:
        low /= 4.0
        if low < 1e-200:
            raise StudyError(
                explain("no item gains from so much effort", where="total", value=total, remedy="Give less effort")
            )
    while wanted(high).sum() > total:
        high *= 4.0
    return low, high


def _places_of_running_best(gains: Floats) -> Ints:
    """Return for every total at which step not above it the gain is greatest."""
    best = np.maximum.accumulate(gains)
    first = np.concatenate([[True], best[1:] > best[:-1]])
    places: Ints = np.maximum.accumulate(np.where(first, np.arange(len(gains)), 0))
    return places
