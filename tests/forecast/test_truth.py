"""Forecasts of 100 simulated companies, whose next quarter is known: do intervals and chances keep their word?"""

from __future__ import annotations

import pytest
from scipy import stats
from validation.forecast_truth import DAILY, company, excess, inside, outside, slope


@pytest.mark.slow
def test_intervals_of_100_companies_hold_what_they_promise() -> None:
    # Exact band of 99 %: a right interval fails once in a hundred sets of seeds, one that covers 60 % nearly always.
    cases = [company(number) for number in range(DAILY)]
    low, high = stats.binom.interval(0.99, DAILY, 0.8)
    assert low <= inside([case.place for case in cases], 0.8) <= high
    value, error = slope(cases)
    assert abs(value - 1.0) <= 2.58 * error
    assert outside(cases) == 0
    assert excess(cases) <= 0.02
