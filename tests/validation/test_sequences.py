"""Does the confidence sequence cover at all looks together, where an ordinary interval does not?"""

from __future__ import annotations

import numpy as np
import pytest
from validation.bounds import file_error, lower
from validation.synthetic import shape
from validation.table import record

from salessim.study.critical import t_quantile, with_skew
from salessim.study.sequences import sequence_critical

PATHS, LONGEST = 6_000, 600


def moments_as_they_grow(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, standard error and skewness after every replication from the third on."""
    n = np.arange(1, x.shape[1] + 1)
    first, second, third = (np.cumsum(x**power, axis=1) / n for power in (1, 2, 3))
    variance = np.maximum(second - first**2, 1e-300)
    central = third - 3 * first * second + 2 * first**3
    with np.errstate(divide="ignore", invalid="ignore"):
        skewness = central / variance**1.5 * np.sqrt(n * (n - 1.0)) / (n - 2.0)
        error = np.sqrt(variance / (n - 1.0))
    return first[:, 2:], error[:, 2:], skewness[:, 2:]


@pytest.mark.parametrize(("name", "log_sd"), [("normal", None), ("skewness 0.5", 0.16), ("skewness 0.95", 0.3)])
def test_at_all_looks_together(name: str, log_sd: float | None) -> None:
    mean, error, skewness = moments_as_they_grow(
        shape(np.random.default_rng(len(name)).standard_normal((PATHS, LONGEST)), log_sd)
    )
    looks = range(3, LONGEST + 1)
    bare = np.array([sequence_critical(n) for n in looks])
    usual = np.array([t_quantile(0.975, n - 1) for n in looks])
    guarded = np.stack(
        [with_skew(c, n, skewness[:, i]) if np.isfinite(c) else np.full(PATHS, c)
         for i, (n, c) in enumerate(zip(looks, bare, strict=True))], axis=1,
    )  # fmt: skip
    t = np.abs(mean) / error
    misses = int((t > guarded).any(axis=1).sum())
    over = [file_error("sequences", f"{name}: misses at any of 598 looks", misses, PATHS, bar=0.05)]
    if log_sd is None:
        exact = int((t > bare).any(axis=1).sum())
        over.append(file_error("sequences", "normal, without skew part: misses at any look", exact, PATHS, bar=0.05))
        peeking = int((t > usual).any(axis=1).sum())
        floor = lower(peeking, PATHS)
        record("sequences", "normal, ordinary 95 % interval: misses at any look", bar=">= 0.3",
               value=peeking / PATHS, bound=floor, n=PATHS)  # fmt: skip
        assert floor >= 0.3
    assert max(over) <= 0
