"""Shrinkage for thin cells: empirical Bayes for rates and for chances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["shrunk_chances", "shrunk_rates"]

Floats = NDArray[np.float64]


def shrunk_rates(counts: Floats, expected: Floats) -> Floats:
    """Shrink observed-to-expected ratios towards 1 (gamma-Poisson, prior strength by the method of moments).

    Parameters
    ----------
    counts, expected : arrays of one shape
        Events seen and events expected where every cell is like the average.

    Returns
    -------
    array
        ``(counts + k) / (expected + k)``; `k` grows as the cells differ less than chance allows.

    Examples
    --------
    >>> shrunk_rates(np.array([0.0, 100.0]), np.array([1.0, 50.0])).round(1).tolist()
    [0.5, 2.0]
    """
    counts, expected = np.asarray(counts, float), np.asarray(expected, float)
    seen = expected > 0
    if not seen.any():
        return np.ones_like(expected)
    ratio = np.divide(counts, expected, out=np.ones_like(expected), where=seen)
    # var(ratio) = tau^2 + 1 / expected: DerSimonian-Laird moments with weights `expected`
    weight = expected[seen]
    excess = float((weight * (ratio[seen] - 1.0) ** 2).sum()) - (seen.sum() - 1)
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    # a spread of more than 100 % between cells is not believed from moments alone
    tau2 = min(max(excess / scale if scale > 0 else 0.0, 1e-6), 1.0)
    k = 1.0 / tau2
    return np.where(seen, (counts + k) / (expected + k), 1.0)


def shrunk_chances(wins: Floats, trials: Floats) -> Floats:
    """Shrink win shares towards their common mean (beta-binomial, prior strength by the method of moments).

    Examples
    --------
    >>> shrunk_chances(np.array([1.0, 300.0, 500.0]), np.array([1.0, 1000.0, 1000.0])).round(2).tolist()
    [0.45, 0.3, 0.5]
    """
    wins, trials = np.asarray(wins, float), np.asarray(trials, float)
    total = trials.sum()
    if total <= 0:
        return np.full_like(trials, 0.5)
    mean = float(np.clip(wins.sum() / total, 1e-6, 1 - 1e-6))
    seen = trials > 0
    share = np.divide(wins, trials, out=np.full_like(trials, mean), where=seen)
    n = int(seen.sum())
    if n < 2:
        return np.full_like(trials, mean)
    # Kleinman (1973): weighted between-cell variance against the binomial one
    spread = float((trials[seen] * (share[seen] - mean) ** 2).sum())
    scale = float(total - (trials**2).sum() / total)
    between = max((spread - (n - 1) * mean * (1 - mean)) / scale if scale > 0 else 0.0, 1e-9)
    k = max(mean * (1 - mean) / between - 1.0, 1.0)
    return (wins + k * mean) / (trials + k)
