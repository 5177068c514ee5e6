"""Outliers and level shifts: false alarms and power over 300 seasonal series of 60 months with noise of 10 %."""

from __future__ import annotations

import numpy as np
import pytest

from salessim.forecast.anomalies import find_anomalies

MONTH = np.arange(60)
SEASON = 100 * (1 + 0.2 * np.sin(MONTH * np.pi / 6))


def rate(spoil: object, kind: str, places: set[int] | None, times: int = 300) -> float:
    rng = np.random.default_rng(12)
    hits = 0
    for _ in range(times):
        y = SEASON * np.exp(rng.normal(0, 0.1, 60))
        found = find_anomalies(spoil(y), 12)  # type: ignore[operator]
        hits += any(one.kind == kind and (places is None or one.place in places) for one in found)
    return hits / times


def times_at(place: int, factor: float, after: bool) -> object:
    end = None if after else place + 1
    return lambda y: np.concatenate([y[:place], y[place:end] * factor, y[end:] if end else y[:0]])


@pytest.mark.parametrize(("kind", "most"), [("outlier", 0.10), ("level shift", 0.03)])
def test_series_without_anomalies_rarely_raise_an_alarm(kind: str, most: float) -> None:
    # A rate of 10 % in 300 series has a standard error of 1.7 points.
    assert rate(lambda y: y, kind, None) <= most


def test_an_outlier_of_2_2_times_is_found() -> None:
    assert rate(times_at(25, 2.2, after=False), "outlier", {25}) >= 0.95


def test_a_shift_by_60_percent_is_found_within_a_month() -> None:
    assert rate(times_at(35, 1.6, after=True), "level shift", {34, 35, 36}) >= 0.6


def test_a_trend_is_no_shift() -> None:
    assert rate(lambda y: y * 1.015**MONTH, "level shift", None) <= 0.1


def test_short_constant_and_empty_series_have_none() -> None:
    for y in (np.arange(10.0), np.full(60, 5.0), np.zeros(60)):
        assert find_anomalies(y, 12) == ()
