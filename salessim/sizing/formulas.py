"""Closed forms of sizing, deployment and structure: small, exact, and what the simulation is held against."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import StudyError, explain

__all__ = [
    "break_even_ratio",
    "capacity_with_vacancies",
    "effort_budget_share",
    "flatness",
    "imbalance_loss",
    "long_run_elasticity",
    "optimal_size",
    "ramp_loss",
    "retained",
    "share_late_in_queue",
    "share_lost_in_queue",
    "specialist_time_ratio",
    "specialist_uplift",
    "three_year_roi",
]

Floats = NDArray[np.float64]


def optimal_size(margin: float, elasticity: float, scale: float, cost: float) -> float:
    """Return the size that maximises ``margin * scale * n**elasticity - cost * n``.

    At this size selling cost over gross margin equals the elasticity.

    Parameters
    ----------
    margin : float
        Gross margin, share of sales.
    elasticity : float
        Of sales to size, above 0 and below 1.
    scale : float
        Sales at size 1.
    cost : float
        Of one rep, in the period of the sales.

    Examples
    --------
    >>> optimal_size(1.0, 0.5, 1_000_000.0, 100_000.0)
    25.0
    """
    _inside("elasticity", elasticity, 0.0, 1.0)
    _above("cost", cost)
    return (margin * elasticity * scale / cost) ** (1.0 / (1.0 - elasticity))


def flatness(elasticity: float, change: ArrayLike) -> Floats:
    """Return the share of the best contribution that is lost at a size off the optimum by the share `change`, exactly.

    For sales of constant elasticity e: ``1 - ((1 + x)**e - e (1 + x)) / (1 - e)``, to second order ``e x**2 / 2``.

    Examples
    --------
    >>> round(float(flatness(0.3, 0.2)), 4)
    0.0054
    """
    _inside("elasticity", elasticity, 0.0, 1.0)
    size = 1.0 + np.asarray(change, dtype=np.float64)
    result: Floats = 1.0 - (size**elasticity - elasticity * size) / (1.0 - elasticity)
    return result


def effort_budget_share(effort_elasticity: float, price_elasticity: float) -> float:
    """Return the best share of sales to spend on effort: the ratio of the elasticities (Dorfman & Steiner 1954).

    Examples
    --------
    >>> round(effort_budget_share(0.12, -2.62), 4)
    0.0458
    """
    _above("size of the price elasticity", abs(price_elasticity))
    return effort_elasticity / abs(price_elasticity)


def long_run_elasticity(elasticity: float, carry_over: float) -> float:
    """Return the elasticity once all carry-over has worked: ``elasticity / (1 - carry_over)``.

    Examples
    --------
    >>> long_run_elasticity(0.3, 0.5)
    0.6
    """
    _inside("carry_over", carry_over, 0.0, 1.0, low_too=True)
    return elasticity / (1.0 - carry_over)


def break_even_ratio(first_year_sales: ArrayLike, cost: ArrayLike, margin: ArrayLike) -> Floats:
    """Return what a further rep sells in the first year over what pays for him: ``I / B`` with ``B = C / M``.

    Parameters
    ----------
    first_year_sales : float or array
        Incremental sales I of one rep in the first year.
    cost : float or array
        Yearly cost C of the rep.
    margin : float or array
        Gross margin M, share of sales.

    Notes
    -----
    Zoltners, Sinha & Lorimer (2006), *Harvard Business Review* 84(7/8), 81-89.

    Examples
    --------
    >>> float(break_even_ratio(300_000.0, 150_000.0, 0.5))
    1.0
    """
    result: Floats = np.asarray(first_year_sales, dtype=np.float64) * np.asarray(margin) / np.asarray(cost)
    return result


def three_year_roi(ratio: ArrayLike, second: ArrayLike, third: ArrayLike | None = None) -> Floats:
    """Return the return of a rep over three years: ``ratio * (1 + K2 + K3) - 1``.

    Between 0.5 and 1.5 a sales force is right-sized; below it is too large, above too small.

    Parameters
    ----------
    ratio : float or array
        Break-even ratio of the first year.
    second, third : float or array
        Share of the first year's incremental sales that remain in years 2 and 3 without further effort; the third by
        default is the second squared.

    Notes
    -----
    Zoltners, Sinha & Lorimer (2006), ``[M_R I (1 + K2 + K3) - C] / C``.

    Examples
    --------
    >>> float(three_year_roi(1.0, 0.5))
    0.75
    """
    k2 = np.asarray(second, dtype=np.float64)
    k3 = k2**2 if third is None else np.asarray(third, dtype=np.float64)
    result: Floats = np.asarray(ratio) * (1.0 + k2 + k3) - 1.0
    return result


def retained(fade: float) -> tuple[float, float]:
    """Return what remains in years 2 and 3 of the effect of a year of even effort whose goodwill fades.

    Goodwill of effort 1 a year that stops after a year is ``(1 - exp(-f t)) / f`` in the first and falls as
    ``exp(-f t)`` afterwards. Each year's effect is its integral; small changes, so that saturation does not matter.

    Parameters
    ----------
    fade : float
        Per day.

    Returns
    -------
    tuple of float
        K2 and K3, shares of the first year's effect.

    Examples
    --------
    >>> [round(k, 3) for k in retained(0.012)]
    [0.287, 0.004]
    """
    _above("fade", fade)
    f = 365.0 * fade
    left = -math.expm1(-f)
    second = left**2 / (f - left)
    return second, second * math.exp(-f)


def imbalance_loss(elasticity: float, variation: ArrayLike) -> Floats:
    """Return the share of sales lost because territories differ in potential: ``1 - exp(-e (1 - e) s**2 / 2)``.

    Territory sales are ``potential**(1 - e) * effort**e``, efforts alike, potential lognormal with coefficient of
    variation v; ``s**2 = log(1 + v**2)``. What balancing gains is ``loss / (1 - loss)``.

    Examples
    --------
    >>> [round(100 * float(x), 2) for x in imbalance_loss(0.3, [0.5, 1.0])]
    [2.32, 7.02]
    """
    spread = np.log1p(np.asarray(variation, dtype=np.float64) ** 2)
    result: Floats = -np.expm1(-elasticity * (1.0 - elasticity) * spread / 2.0)
    return result


def specialist_time_ratio(travel: ArrayLike, talk: ArrayLike, products: ArrayLike) -> Floats:
    """Return the productive time of specialists over that of generalists: ``(t + k h) / (k (t + h))``.

    Parameters
    ----------
    travel, talk : float or array
        Hours of travel per visit, and of talk per product.
    products : int or array
        Products k that a generalist sells in one visit, and a specialist force each.

    Examples
    --------
    >>> round(float(specialist_time_ratio(1.0, 0.5, 2)), 4)
    0.6667
    """
    t, h, k = (np.asarray(x, dtype=np.float64) for x in (travel, talk, products))
    result: Floats = (t + k * h) / (k * (t + h))
    return result


def specialist_uplift(travel: ArrayLike, talk: ArrayLike, products: ArrayLike, elasticity: float) -> Floats:
    """Return how much better specialists must be to break even, as a share: ``ratio**(-elasticity) - 1``.

    Examples
    --------
    >>> round(100 * float(specialist_uplift(1.0, 0.5, 2, 0.3)), 2)
    12.93
    """
    result: Floats = specialist_time_ratio(travel, talk, products) ** (-elasticity) - 1.0
    return result


def capacity_with_vacancies(quit_rate: ArrayLike, fill_years: ArrayLike) -> Floats:
    """Return the share of posts that are filled: ``1 / (1 + q t)`` for q quits per filled post a year, t years to fill.

    Examples
    --------
    >>> round(float(capacity_with_vacancies(0.2, 2 / 12)), 3)
    0.968
    """
    result: Floats = 1.0 / (1.0 + np.asarray(quit_rate, dtype=np.float64) * np.asarray(fill_years))
    return result


def ramp_loss(quit_rate: ArrayLike, ramp_years: ArrayLike, start: ArrayLike) -> Floats:
    """Return the share of capacity lost to newcomers on the way to full productivity: ``q * tau * (1 - start)``.

    Parameters
    ----------
    quit_rate : float or array
        Newcomers per post a year.
    ramp_years : float or array
        Time constant of an exponential ramp; half of its length for a straight one.
    start : float or array
        Productivity of the first day as a share of the full one.

    Examples
    --------
    >>> round(float(ramp_loss(0.2, 5 / 24, 0.2)), 4)
    0.0333
    """
    lost = np.asarray(quit_rate, dtype=np.float64) * np.asarray(ramp_years) * (1.0 - np.asarray(start))
    result: Floats = np.asarray(lost)
    return result


def share_late_in_queue(arrivals: float, service: float, deadline: float) -> float:
    """Return the share of leads that wait longer than a deadline at one rep, if they all stay: M/M/1.

    ``rho * exp(-(mu - lambda) * d)``.

    Examples
    --------
    >>> round(share_late_in_queue(0.8, 1.0, 5.0), 4)
    0.2943
    """
    if arrivals >= service:
        return 1.0
    return arrivals / service * math.exp(-(service - arrivals) * deadline)


def share_lost_in_queue(arrivals: float, service: float, deadline: float) -> float:
    """Return the share of leads lost at one rep where a lead leaves unserved after waiting for `deadline`: M/M/1 + D.

    With ``z = exp(-(mu - lambda) d)``: ``rho (1 - rho) z / (1 - rho**2 z)``, and ``1 / (2 + lambda d)`` at rho = 1.

    Parameters
    ----------
    arrivals, service : float
        Per unit of time.
    deadline : float
        Same unit.

    Notes
    -----
    Barrer (1957), *Operations Research* 5(5), 650-656: customers who wait at most a fixed time for service to begin.

    Examples
    --------
    >>> round(share_lost_in_queue(0.8, 1.0, 5.0), 4)
    0.077
    """
    rho = arrivals / service
    if abs(rho - 1.0) < 1e-9:
        return 1.0 / (2.0 + arrivals * deadline)
    z = math.exp(-(service - arrivals) * deadline)
    return rho * (1.0 - rho) * z / (1.0 - rho**2 * z)


def _inside(name: str, value: float, low: float, high: float, *, low_too: bool = False) -> None:
    if not (low < value < high or (low_too and value == low)):
        raise StudyError(explain("this value cannot be", where=name, value=value, allowed=f"{low:g} to {high:g}"))


def _above(name: str, value: float) -> None:
    if not value > 0:
        raise StudyError(explain("this value must be above 0", where=name, value=value))
