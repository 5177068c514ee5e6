"""The verdict on the simulator itself: thousands of studies cut from one long run whose mean differences are known.

Three structures on the preset "small", 3 months, 67,500 paired replications. A study is a block of 45 of them that no
other study uses. What is true is the difference over all replications (a study has about 1 in 1,500 of them, so its own
part does not matter). Adding a constant to a plan moves its true difference to 0 or to delta, and leaves shape,
skewness and correlation as the simulator made them. Delta is 8 % of the baseline, as 3 months of a small firm are
noisy: the stopping rule then ends between 15 and 45.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from validation.bounds import file_error
from validation.synthetic import answer
from validation.table import record

from salessim.measures import MEASURES
from salessim.model.presets import preset
from salessim.study.judgement import Kind
from salessim.study.tasks import make_task, run_task

STUDIES, FIRST, MONTHS, DELTA = 1_500, 15, 3, 0.08


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """Revenue of every replication and plan."""
    market, plan = preset("small")
    plans = [plan, plan.but(structure="customer"), plan.but(structure="hybrid")]
    tasks = [make_task(market, each, MONTHS, seed=11) for each in plans]
    place = [entry.name for entry in MEASURES].index("revenue")
    found = np.empty((STUDIES * 3 * FIRST, len(tasks)))
    for n in range(len(found)):
        for j, task in enumerate(tasks):
            outcome = run_task(task, n)
            assert outcome is not None
            found[n, j] = outcome.measures[place]
    return found


def test_verdicts_on_the_simulator(values: np.ndarray) -> None:
    base, difference = values[:, 0].mean(), values[:, 1:] - values[:, :1]
    skewness = float(np.abs(stats.skew(difference)).max())
    error = float(difference.std(axis=0).max() / np.sqrt(len(values)) / base)
    known = {"standard error of the true differences, shares": (error, 0.001), "largest skewness": (skewness, 0.5)}
    for figure, (value, bar) in known.items():
        record("simulator", figure, bar=f"<= {bar}", value=value, bound=value, n=len(values))
    over = [error - 0.001, skewness - 0.5]
    for truth in (0.0, DELTA, -DELTA):
        moved = values.copy()
        moved[:, 1:] += truth * base - difference.mean(axis=0)
        misses = better = equal = 0
        for block in moved.reshape(STUDIES, 3 * FIRST, -1):
            found = answer(block, FIRST, DELTA)
            d = found.differences
            misses += not np.all((d.relative_low <= truth + 1e-12) & (d.relative_high >= truth - 1e-12))
            kinds = {j.kind for j in found.judgements}
            better += bool(kinds & {Kind.BETTER, Kind.WORSE})
            equal += Kind.PRACTICALLY_EQUAL in kinds
        family = f"3 structures, true difference {truth:+.2f}"
        over.append(file_error("simulator", f"{family}: interval of the share misses", misses, STUDIES))
        if truth == 0:
            over.append(file_error("simulator", f"{family}: false better or worse", better, STUDIES))
        else:
            over.append(file_error("simulator", f"{family}: false practically equal", equal, STUDIES))
    assert max(over) <= 0
