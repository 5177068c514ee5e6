"""Response curves: what selling effort sells, as concave power, ADBUDG (S-shaped or concave) or modified exponential.

Every parameter is a number or an array with one entry per item (product, account, territory); effort is an array whose
last axis runs over the items. So one object holds the curves of all items, and everything is vectorised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import StudyError, explain

__all__ = ["Adbudg", "Exponential", "Power", "Response", "fit_adbudg"]

Floats = NDArray[np.float64]


class Response(Protocol):
    """What a response curve can tell: sales, slope and elasticity at an effort."""

    def sales(self, effort: ArrayLike) -> Floats:
        """Return sales at this effort."""
        ...

    def slope(self, effort: ArrayLike) -> Floats:
        """Return the sales that one further unit of effort brings."""
        ...

    def elasticity(self, effort: ArrayLike) -> Floats:
        """Return the per cent of sales that one per cent of effort brings."""
        ...


class _Curve:
    """What all curves share."""

    def sales(self, effort: ArrayLike) -> Floats:
        raise NotImplementedError

    def slope(self, effort: ArrayLike) -> Floats:
        raise NotImplementedError

    def elasticity(self, effort: ArrayLike) -> Floats:
        """Return the per cent of sales that one per cent of effort brings: effort * slope / sales."""
        x, sales = _effort(effort), self.sales(effort)
        return np.divide(x * self.slope(x), sales, out=np.zeros(np.shape(sales)), where=sales > 0)


@dataclass(frozen=True, eq=False)
class Power(_Curve):
    """Constant elasticity: ``scale * effort**exponent``, concave for an exponent between 0 and 1.

    The aggregate form of econometric studies (Albers, Mantrala & Sridhar 2010: mean exponent 0.34).

    Parameters
    ----------
    scale : float or array
        Sales at effort 1.
    exponent : float or array
        The elasticity, above 0 and below 1.

    Raises
    ------
    StudyError
        For an exponent outside that range.

    Examples
    --------
    >>> Power(100.0, 0.5).sales([0.0, 1.0, 4.0]).tolist()
    [0.0, 100.0, 200.0]
    """

    scale: ArrayLike
    exponent: ArrayLike

    def __post_init__(self) -> None:
        if not bool(((np.asarray(self.exponent) > 0) & (np.asarray(self.exponent) < 1)).all()):
            raise StudyError(
                explain(
                    "a concave response needs an elasticity between 0 and 1",
                    where="exponent",
                    value=np.asarray(self.exponent).tolist(),
                    allowed="above 0, below 1",
                )
            )

    def sales(self, effort: ArrayLike) -> Floats:
        """Return sales at this effort."""
        result: Floats = np.asarray(self.scale) * _effort(effort) ** np.asarray(self.exponent)
        return result

    def slope(self, effort: ArrayLike) -> Floats:
        """Return the sales of one further unit of effort; infinite at 0."""
        exponent = np.asarray(self.exponent)
        with np.errstate(divide="ignore"):
            result: Floats = np.asarray(self.scale) * exponent * _effort(effort) ** (exponent - 1.0)
        return result


@dataclass(frozen=True, eq=False)
class Exponential(_Curve):
    """Modified exponential: ``floor + scale * (1 - exp(-rate * effort))`` (Mantrala, Sinha & Zoltners 1992).

    The form of the simulation's own response to goodwill.

    Parameters
    ----------
    scale : float or array
        Sales that effort can add.
    rate : float or array
        How fast it does.
    floor : float or array, optional
        Sales without any effort.

    Examples
    --------
    >>> round(float(Exponential(100.0, 0.5).slope(0.0)), 6)
    50.0
    """

    scale: ArrayLike
    rate: ArrayLike
    floor: ArrayLike = 0.0

    def sales(self, effort: ArrayLike) -> Floats:
        """Return sales at this effort."""
        gained = -np.expm1(-np.asarray(self.rate) * _effort(effort))
        result: Floats = np.asarray(self.floor) + np.asarray(self.scale) * gained
        return result

    def slope(self, effort: ArrayLike) -> Floats:
        """Return the sales of one further unit of effort."""
        rate = np.asarray(self.rate)
        result: Floats = np.asarray(self.scale) * rate * np.exp(-rate * _effort(effort))
        return result


@dataclass(frozen=True, eq=False)
class Adbudg(_Curve):
    """Little's ADBUDG: ``low + (high - low) * x**shape / (half + x**shape)``, S-shaped where shape exceeds 1.

    Parameters
    ----------
    low, high : float or array
        Sales at no effort and at saturation.
    shape : float or array
        Above 1 S-shaped, else concave.
    half : float or array
        Effort to the power of shape at which half of what effort can add is there.

    Notes
    -----
    Little (1970), *Management Science* 16(8), B466-B485; for sales forces Lodish, Curtis, Ness & Simpson (1988),
    *Interfaces* 18(1), 5-20.

    Examples
    --------
    >>> Adbudg(0.5, 1.5, 2.0, 1.0).sales([0.0, 1.0]).tolist()
    [0.5, 1.0]
    """

    low: ArrayLike
    high: ArrayLike
    shape: ArrayLike
    half: ArrayLike

    def sales(self, effort: ArrayLike) -> Floats:
        """Return sales at this effort."""
        power = _effort(effort) ** np.asarray(self.shape)
        low, half = np.asarray(self.low), np.asarray(self.half)
        result: Floats = low + (np.asarray(self.high) - low) * power / (half + power)
        return result

    def slope(self, effort: ArrayLike) -> Floats:
        """Return the sales of one further unit of effort; infinite at 0 for a shape below 1."""
        x, shape, half = _effort(effort), np.asarray(self.shape), np.asarray(self.half)
        with np.errstate(divide="ignore"):
            rise = shape * x ** (shape - 1.0) * half / (half + x**shape) ** 2
        result: Floats = (np.asarray(self.high) - np.asarray(self.low)) * rise
        return result

    @property
    def steepest(self) -> Floats:
        """Effort at which the curve is steepest: 0 where it is concave."""
        shape = np.asarray(self.shape, dtype=np.float64)
        inner = np.maximum(shape - 1.0, 0.0) / (shape + 1.0)
        result: Floats = (np.asarray(self.half) * inner) ** (1.0 / shape)
        return result


def fit_adbudg(
    zero: ArrayLike, half: ArrayLike, more: ArrayLike, saturation: ArrayLike, *, current: ArrayLike = 1.0
) -> Adbudg:
    """Fit ADBUDG curves to the four judgements of Lodish's decision calculus, one curve per entry.

    Experts judge the sales index (today = 1) at no effort, half of today's, one and a half times today's and at
    saturation. Both ends are taken as judged and the curve passes through today exactly, which leaves the shape:
    by least squares on the points at half and at one and a half.

    Parameters
    ----------
    zero, half, more, saturation : float or array
        Sales at 0, 0.5, 1.5 and unlimited times today's effort, ascending.
    current : float or array, optional
        Sales today, between `half` and `more`.

    Returns
    -------
    Adbudg
        Of effort as a multiple of today's.

    Raises
    ------
    StudyError
        Where the judgements do not rise.

    Examples
    --------
    >>> curve = fit_adbudg(0.47, 0.68, 1.26, 1.52)  # Naprosyn, Syntex Laboratories
    >>> round(float(curve.shape), 2), round(float(curve.half), 4), round(float(curve.elasticity(1.0)), 3)
    (2.28, 0.9811, 0.599)
    """
    points = np.broadcast_arrays(*(np.asarray(p, dtype=np.float64) for p in (zero, half, current, more, saturation)))
    table = np.stack(points)
    rising = (np.diff(table, axis=0) > 0).all(axis=0) & np.isfinite(table).all(axis=0)
    if not bool(rising.all()):
        bad = table.reshape(5, -1)[:, int(np.argmin(rising))]
        raise StudyError(
            explain(
                "judged sales must rise from no effort to saturation",
                where="response judgements",
                value=bad.tolist(),
                allowed="zero < half < current < more < saturation",
            )
        )
    low, at_half, now, at_more, high = table
    d = (high - now) / (now - low)

    def miss(shape: Floats) -> Floats:
        curve = Adbudg(low, high, shape, d)
        result: Floats = (curve.sales(0.5) - at_half) ** 2 + (curve.sales(1.5) - at_more) ** 2
        return result

    shape = _least(miss, np.full(low.shape, 0.05), np.full(low.shape, 20.0))
    return Adbudg(low, high, shape, d)


def _least(miss: Callable[[Floats], Floats], low: Floats, high: Floats, rounds: int = 90) -> Floats:
    """Return where a function with one minimum per entry is least: golden section on all entries at once."""
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    for _ in range(rounds):
        left, right = high - golden * (high - low), low + golden * (high - low)
        below = miss(left) < miss(right)
        low, high = np.where(below, low, left), np.where(below, right, high)
    result: Floats = (low + high) / 2.0
    return result


def _effort(effort: ArrayLike) -> Floats:
    x = np.asarray(effort, dtype=np.float64)
    if not bool((x >= 0).all()):
        raise StudyError(
            explain("effort cannot be negative", where="effort", value=float(np.nanmin(x)), allowed="0 or more")
        )
    return x
