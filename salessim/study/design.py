"""Draws of the assumptions that fill their ranges, and what the answer hangs on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from salessim.errors import StudyError, explain, nearest
from salessim.study.critical import Floats

__all__ = ["Importance", "centred_discrepancy", "importance", "latin_hypercube"]

#: Element operations spent on choosing the most even of several hypercubes, and the most of these.
_BUDGET, _MOST_CANDIDATES = 1e8, 50
#: Importance needs this many draws; its regression this many degrees of freedom to estimate the noise.
_FEWEST_DRAWS, _FEWEST_FREEDOM = 12, 9
#: Probability with which any factor is named although none matters.
_FALSE_ALARM = 0.05


class Importance(NamedTuple):
    """How much of the variation of an outcome one factor explains by itself.

    `share`: first-order share of the variance, 0 where it cannot be told from noise. `direction`: ``"up"`` (the
    outcome rises with the factor), ``"down"``, ``"mixed"`` (a hump or a valley) or ``"none"``.
    """

    name: str
    share: float
    direction: str


def latin_hypercube(
    names: Sequence[str],
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    n: int,
    seed: int,
    *,
    log: Sequence[str] = (),
    defaults: npt.ArrayLike | None = None,
) -> Floats:
    """Draw points that fill the ranges of several factors evenly.

    Each factor's range is cut into as many equal strata as points are drawn, and each stratum is met exactly once
    (McKay, Beckman and Conover 1979, Technometrics 21:239-245); of up to 50 such designs the one of least centred
    discrepancy is taken. The draws of a factor hang on its name and the seed, so the order of factors is immaterial.

    Parameters
    ----------
    names : sequence of str, length k
        Factors, all different.
    low, high : array_like, shape (k,)
        Ranges, ``low <= high``; equal bounds keep a factor fixed.
    n : int
        Points, at least 1.
    seed : int
        Not negative.
    log : sequence of str
        Factors spread evenly over the logarithm; their ranges must be above 0.
    defaults : array_like, shape (k,), optional
        Inside the ranges; becomes the first of the `n` points.

    Returns
    -------
    ndarray, shape (n, k)
        Values within ``[low, high]``, bounds included.

    Raises
    ------
    StudyError
        A range or default that cannot be, an unknown name, no points.

    Examples
    --------
    >>> x = latin_hypercube(["travel", "complexity"], [10, 0.1], [1000, 0.9], n=5, seed=1, log=["travel"])
    >>> x.shape, sorted(np.floor((x[:, 1] - 0.1) / 0.16).astype(int).tolist())
    ((5, 2), [0, 1, 2, 3, 4])
    """
    lower, upper = _ranges(names, low, high)
    _check_whole(n, "n", 1)
    _check_whole(seed, "seed", 0)
    logarithmic = np.array([name in set(log) for name in names], dtype=bool)
    for name in log:
        if name not in names:
            raise StudyError(explain("no such factor", where="log", value=name, remedy=nearest(name, names)))
    for j in np.flatnonzero(logarithmic & (lower <= 0)):
        raise StudyError(
            explain(
                "a logarithmic range must be above 0", where=names[int(j)], value=(float(lower[j]), float(upper[j]))
            )
        )
    first = np.zeros((0, len(names)))
    if defaults is not None:
        first = _vector(defaults, "defaults", names)[None, :]
        for j in np.flatnonzero((first[0] < lower) | (first[0] > upper)):
            raise StudyError(
                explain(
                    "a default lies outside its range",
                    where=names[int(j)],
                    value=float(first[0, j]),
                    allowed=f"{lower[j]:g} to {upper[j]:g}",
                )
            )
    unit = _even_hypercube(names, n - len(first), seed)
    values = lower + unit * (upper - lower)
    some = np.flatnonzero(logarithmic)
    start, end = np.log(lower[some]), np.log(upper[some])
    values[:, some] = np.exp(start + unit[:, some] * (end - start))
    return np.concatenate([first, np.clip(values, lower, upper)])


def importance(names: Sequence[str], design: npt.ArrayLike, outcome: npt.ArrayLike) -> list[Importance]:
    """Say which factors an outcome hangs on, most important first.

    Each factor enters as a parabola in its rank (so a logarithmic scale changes nothing), all factors together in
    one regression; its share is the variance of its parabola less what noise alone would give, over the variance of
    the outcome. What the shares leave to 1 is interaction, finer shape and Monte-Carlo error. Factors are named only
    if an F test with Holm's correction (5 % for the whole list) tells them from noise. Outcomes beyond 5 robust
    standard deviations from the median are drawn in to there, so that one run gone wild does not decide. With too
    few draws for parabolas, straight lines are used, then one factor at a time.

    Parameters
    ----------
    names : sequence of str, length k
        Factors.
    design : array_like, shape (n, k)
        Points, such as those of `latin_hypercube`.
    outcome : array_like, shape (n,)
        One figure per point, such as the difference between two plans.

    Raises
    ------
    StudyError
        Shapes that do not fit, a value that is no finite number, fewer than 12 points.

    Examples
    --------
    >>> x = latin_hypercube(["travel", "complexity", "price"], [0, 0, 0], [1, 1, 1], n=100, seed=3)
    >>> for factor in importance(["travel", "complexity", "price"], x, 3 * x[:, 1] - x[:, 0]):
    ...     print(factor.name, round(factor.share, 2), factor.direction)
    complexity 0.88 up
    travel 0.1 down
    price 0.0 none
    """
    x, y = _checked_design(names, design, outcome)
    k = x.shape[1]
    y = _drawn_in(y)
    variance = float(y.var(ddof=1))
    ranks = _ranks(x)
    moving = [j for j in range(k) if float(np.ptp(x[:, j])) > 0]
    if variance <= (1e-12 * float(np.abs(y).max())) ** 2 or not moving:
        return [Importance(name, 0.0, "none") for name in sorted(names)]
    bases = {j: _parabola(ranks[:, j]) for j in moving}
    fits = _joint(bases, y) or _joint({j: basis[:, :1] for j, basis in bases.items()}, y)
    if fits is None:
        alone = [_joint({j: basis}, y) or {} for j, basis in bases.items()]
        fits = {j: fit for one in alone for j, fit in one.items()}
    named = _holm({j: fit[2] for j, fit in fits.items()})
    shares = {j: min(max(fits[j][0] / variance, 0.0), 1.0) for j in named}
    excess = max(sum(shares.values()), 1.0)
    found = [
        Importance(names[j], shares[j] / excess, fits[j][1])
        if shares.get(j, 0.0) > 0
        else Importance(names[j], 0.0, "none")
        for j in range(k)
    ]
    return sorted(found, key=lambda factor: (-factor.share, factor.name))


def centred_discrepancy(unit: Floats) -> float:
    """Return the squared centred L2 discrepancy of points in the unit cube (Hickernell 1998, Math. Comp. 67:299-322).

    Examples
    --------
    >>> round(centred_discrepancy(np.array([[0.5]])), 4)  # 13/12 - 2 + 1
    0.0833
    """
    n, k = unit.shape
    z = np.abs(unit - 0.5)
    single = np.prod(1.0 + 0.5 * z - 0.5 * z * z, axis=1)
    double = np.ones((n, n))
    for j in range(k):
        column = unit[:, j]
        double *= 1.0 + 0.5 * (z[:, j, None] + z[None, :, j] - np.abs(column[:, None] - column[None, :]))
    return float((13.0 / 12.0) ** k - 2.0 * single.mean() + double.mean())


def _even_hypercube(names: Sequence[str], n: int, seed: int) -> Floats:
    """Return the most even of several hypercubes in the unit cube, shape (n, k)."""
    if n == 0:
        return np.zeros((0, len(names)))
    candidates = int(min(max(_BUDGET / (n * n * len(names)), 1), _MOST_CANDIDATES))
    keys = [list(hashlib.blake2b(name.encode(), digest_size=16).digest()) for name in names]
    # The score must not hang on the order of factors by rounding either, so columns are scored in order of name.
    order = np.argsort(np.array(names))
    best, least = np.zeros((n, len(names))), math.inf
    for candidate in range(candidates):
        unit = np.empty((n, len(names)))
        for j, key in enumerate(keys):
            rng = np.random.default_rng([seed, candidate, *key])
            unit[:, j] = (rng.permutation(n) + rng.random(n)) / n
        if candidates == 1:
            return unit
        score = centred_discrepancy(unit[:, order])
        if score < least:
            best, least = unit, score
    return best


def _joint(bases: dict[int, Floats], y: Floats) -> dict[int, tuple[float, str, float]] | None:
    """Fit all bases together; return per factor the variance it explains, its direction and its p value.

    None where there are too few draws, or where factors cannot be told apart.
    """
    from scipy import special

    n = len(y)
    columns = np.concatenate(list(bases.values()), axis=1)
    freedom = n - 1 - columns.shape[1]
    if freedom < _FEWEST_FREEDOM or np.linalg.cond(columns) > 1e6:
        return None
    target = y - y.mean()
    inverse = np.linalg.inv(columns.T @ columns)
    beta = inverse @ (columns.T @ target)
    noise = float(((target - columns @ beta) ** 2).sum()) / freedom
    noise = max(noise, 1e-24 * float(target @ target) / n)
    result, start = {}, 0
    for j, basis in bases.items():
        part = slice(start, start + basis.shape[1])
        start = part.stop
        curve = basis @ beta[part]
        gram = basis.T @ basis / (n - 1)
        explained = float(curve @ curve) / (n - 1)
        bias = noise * float(np.trace(inverse[part, part] @ gram))
        ratio = float(beta[part] @ np.linalg.solve(inverse[part, part], beta[part])) / (noise * basis.shape[1])
        straight = float(beta[part][0] ** 2 * gram[0, 0])
        direction = "mixed" if straight < 0.5 * explained else "up" if beta[part][0] > 0 else "down"
        result[j] = (explained - bias, direction, float(special.fdtrc(basis.shape[1], freedom, ratio)))
    return result


def _holm(p_values: dict[int, float]) -> list[int]:
    """Return the factors that Holm's step-down test tells from noise (Holm 1979, Scand. J. Statist. 6:65-70)."""
    named: list[int] = []
    for step, (j, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        if p > _FALSE_ALARM / (len(p_values) - step):
            break
        named.append(j)
    return named


def _ranks(x: Floats) -> Floats:
    """Return ranks per column, ties averaged, scaled to (-1, 1)."""
    n = len(x)
    below = np.stack([np.searchsorted(np.sort(column), column, "left") for column in x.T], axis=1)
    up_to = np.stack([np.searchsorted(np.sort(column), column, "right") for column in x.T], axis=1)
    ranks: Floats = (below + up_to) / n - 1.0
    return ranks


def _parabola(rank: Floats) -> Floats:
    """Return the centred line and the centred parabola orthogonal to it; the line alone for two-valued factors."""
    line = rank - rank.mean()
    bow = line**2 - (line**2).mean()
    bow = bow - line * float(bow @ line) / float(line @ line)
    flat = float(bow @ bow) <= 1e-12 * float(line @ line)
    return line[:, None] if flat else np.stack([line, bow], axis=1)


def _drawn_in(y: Floats) -> Floats:
    """Draw outcomes beyond 5 robust standard deviations from the median in to there."""
    median = float(np.median(y))
    spread = 1.4826 * float(np.median(np.abs(y - median)))
    return np.clip(y, median - 5 * spread, median + 5 * spread) if spread > 0 else y


def _checked_design(names: Sequence[str], design: npt.ArrayLike, outcome: npt.ArrayLike) -> tuple[Floats, Floats]:
    _check_names(names)
    try:
        x, y = np.array(design, dtype=np.float64), np.array(outcome, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StudyError(explain("the design and its outcome must be numbers", where="design, outcome")) from error
    if x.ndim != 2 or x.shape[1] != len(names) or y.shape != (len(x),):
        raise StudyError(
            explain(
                "the design needs one column per factor and the outcome one figure per row of it",
                where="design, outcome",
                value=(x.shape, y.shape),
                allowed=f"(n, {len(names)}) and (n,)",
            )
        )
    if len(x) < _FEWEST_DRAWS:
        raise StudyError(
            explain(
                "too few draws of the assumptions to say what the outcome hangs on",
                where="design",
                value=len(x),
                allowed=f"{_FEWEST_DRAWS} or more, at best 3 times the number of factors",
                remedy="Draw more points",
            )
        )
    bad = np.flatnonzero(~np.isfinite(x).all(axis=1) | ~np.isfinite(y))
    if bad.size:
        raise StudyError(
            explain(
                f"{bad.size} draws of the assumptions hold a value that is not a finite number",
                where=f"draw {int(bad[0])}",
                remedy="Run these draws again, or leave them out and say so",
            )
        )
    return x, y


def _check_names(names: Sequence[str]) -> None:
    if not names or len(set(names)) != len(names):
        raise StudyError(explain("every factor needs a name of its own", where="names", value=list(names)))


def _ranges(names: Sequence[str], low: npt.ArrayLike, high: npt.ArrayLike) -> tuple[Floats, Floats]:
    _check_names(names)
    lower, upper = _vector(low, "low", names), _vector(high, "high", names)
    for j in np.flatnonzero(lower > upper):
        raise StudyError(
            explain(
                "a range must not end before it begins",
                where=names[int(j)],
                value=(float(lower[j]), float(upper[j])),
                remedy="Swap the two bounds",
            )
        )
    return lower, upper


def _vector(values: npt.ArrayLike, where: str, names: Sequence[str]) -> Floats:
    try:
        vector = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StudyError(explain("the ranges of the factors must be numbers", where=where, value=values)) from error
    if vector.shape != (len(names),):
        raise StudyError(
            explain("one figure per factor is needed", where=where, value=vector.shape, allowed=f"{len(names)} figures")
        )
    for j in np.flatnonzero(~np.isfinite(vector)):
        raise StudyError(
            explain("a range needs finite bounds", where=f"{names[int(j)]}, {where}", value=float(vector[j]))
        )
    return vector


def _check_whole(value: int, where: str, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise StudyError(explain("a whole number is needed", where=where, value=value, allowed=f"{least} or more"))
