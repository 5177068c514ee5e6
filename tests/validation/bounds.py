"""One-sided 99 % Clopper-Pearson bounds of a share, and filing an error rate that has to stay below a bar."""

from __future__ import annotations

from scipy import stats
from validation.table import record

ERROR_BAR = 0.065
"""Of an error rate that is meant to be 5 % at most: its upper bound."""


def upper(count: int, n: int) -> float:
    return 1.0 if count == n else float(stats.beta.ppf(0.99, count + 1, n - count))


def lower(count: int, n: int) -> float:
    return 0.0 if count == 0 else float(stats.beta.ppf(0.01, count, n - count + 1))


def file_error(study: str, figure: str, count: int, n: int, bar: float = ERROR_BAR) -> float:
    """File an error rate and return how far its upper bound lies above the bar (not positive: it holds)."""
    bound = upper(count, n)
    record(study, figure, bar=f"<= {bar}", value=count / n, bound=bound, n=n)
    return bound - bar
