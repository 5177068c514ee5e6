"""Intervals and chances of 2,000 simulated companies, whose next quarter is known: see `validation.forecast_truth`."""

from __future__ import annotations

import pytest
from validation.forecast_truth import (
    COVERAGE,
    FIRST,
    SLOPE,
    STUDY,
    excess,
    file_all,
    file_of_study,
    gathered,
    inside,
    outside,
    slope,
)


@pytest.mark.validation
def test_intervals_and_chances_of_2000_companies() -> None:
    cases = gathered(range(FIRST, FIRST + STUDY), file_of_study())
    file_all(cases)
    assert COVERAGE[0] <= inside([case.place for case in cases], 0.8) / STUDY <= COVERAGE[1]
    assert SLOPE[0] <= slope(cases)[0] <= SLOPE[1]
    assert outside(cases) == 0
    assert excess(cases) <= 0.01
