"""Bands of a share of intervals that cover, with companies as what is independent."""

from __future__ import annotations

import numpy as np
from scipy import stats


def effective(held: np.ndarray, of: np.ndarray, truth: float) -> float:
    """Return how many independent intervals these are worth: their number over the design effect (at least 1)."""
    excess = held - truth * of
    design = float((excess**2).sum()) / (truth * (1.0 - truth) * float(of.sum()))
    return float(of.sum()) / max(design, 1.0)


def band(held: np.ndarray, of: np.ndarray, truth: float, level: float = 0.99) -> tuple[float, float]:
    """Return the exact binomial band of the share of `of` intervals that hold, if each holds with chance `truth`.

    Parameters
    ----------
    held, of : arrays
        Per company: intervals that hold, intervals.
    """
    n = int(effective(held, of, truth))
    tail = (1.0 - level) / 2.0
    return float(stats.binom.ppf(tail, n, truth)) / n, float(stats.binom.ppf(1.0 - tail, n, truth)) / n


def interval(held: np.ndarray, of: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of the share that hold (companies resampled would give about the same): Wilson's."""
    share = float(held.sum()) / float(of.sum())
    n = effective(held, of, float(np.clip(share, 0.01, 0.99)))
    z = float(stats.norm.ppf(0.5 + level / 2.0))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return middle - half, middle + half
