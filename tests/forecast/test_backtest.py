"""Backtests: nothing of the future is used, scores are right, and the report says whom to trust."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from forecast.sales import AS_OF, Vector, company

from salessim.forecast import Backtest, ForecastError, backtest
from salessim.forecast.panel import Panel

HOW = {"horizon": 3, "hierarchy": ["region", "product"], "as_of": AS_OF, "origins": 4, "paths": 100}


@pytest.fixture(scope="module")
def looked_back() -> Backtest:
    return backtest(company(), **HOW)  # type: ignore[arg-type]


def spoiled(sales: pd.DataFrame, after: str) -> pd.DataFrame:
    """The same sales, nonsense after a month: a forecast made then cannot know."""
    rng = np.random.default_rng(9)
    later = sales["date"] > after
    return sales.assign(revenue=sales["revenue"].where(~later, rng.uniform(1e3, 1e5, len(sales))))


def leaks(refit: bool) -> bool:
    """Whether forecasts of the first origin change with what came after it."""
    sales = company()
    first = "2025-06"
    made = [
        backtest(table, **HOW | {"refit": refit})  # type: ignore[arg-type]
        for table in (sales, spoiled(sales, "2025-06-15"))
    ]
    columns = ["forecast", "lower_80", "upper_80", "naive", "naive2", "scale"]
    tables = [one.cases[one.cases["origin"] == first][columns].to_numpy() for one in made]
    assert len(tables[0]) == 27
    return not np.array_equal(*tables)


@pytest.mark.parametrize("refit", [True, False])
def test_no_forecast_knows_what_came_after_its_origin(refit: bool) -> None:
    assert not leaks(refit)


def test_the_test_above_would_see_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(self: Panel, periods: int) -> Panel:
        """As `until`, but every series is scaled by its mean over all time: a classic."""
        found = honest(self, periods)
        return Panel(found.frequency, found.periods, found.keys, found.values * np.nanmean(self.values), 0, 0)

    honest = Panel.until
    monkeypatch.setattr(Panel, "until", careless)
    assert leaks(True)


def test_cases_hold_what_came(looked_back: Backtest) -> None:
    sales = company()
    cases = looked_back.cases
    assert looked_back.origins == ("2025-06", "2025-07", "2025-08", "2025-09")
    row = cases[(cases["origin"] == "2025-07") & (cases["series"] == "region=R1") & (cases["step"] == 2)].iloc[0]
    there = sales[(sales["region"] == "R1") & (sales["date"] == "2025-09-01")]
    assert row["actual"] == pytest.approx(there["revenue"].sum())


def test_scores_are_those_of_the_cases(looked_back: Backtest) -> None:
    cases = looked_back.cases[looked_back.cases["level"] == "total"]
    row = looked_back.scores().set_index("level").loc["total"]
    miss = (cases["actual"] - cases["forecast"]).abs()
    assert row["wape"] == pytest.approx(miss.sum() / cases["actual"].sum())
    assert row["mase"] == pytest.approx((miss / cases["scale"]).mean())
    assert row["coverage_80"] == pytest.approx(cases["actual"].between(cases["lower_80"], cases["upper_80"]).mean())
    assert row["bias"] == pytest.approx((cases["forecast"] - cases["actual"]).sum() / cases["actual"].sum())
    assert len(looked_back.scores(["level", "step"])) == 4 * 3
    assert looked_back.errors("total").shape == (4, 3)


def test_running_on_is_nearly_as_good_as_fitting_again(looked_back: Backtest) -> None:
    run_on = backtest(company(), **HOW | {"refit": False})  # type: ignore[arg-type]
    both = [one.scores().set_index("level")["mase"] for one in (looked_back, run_on)]
    assert (both[1] < 1.25 * both[0] + 0.05).all()
    assert "run on" in run_on.report() and "顺延" in run_on.report("zh")


def test_the_report_trusts_a_forecast_that_deserves_it() -> None:
    def growing(values: Vector) -> Vector:
        return np.asarray(values * 1.03 ** np.arange(len(values)))

    found = backtest(company(months=72, noise=0.03, shape=growing), **HOW | {"origins": 8})  # type: ignore[arg-type]
    assert (found.against_naive()["statistic"] < 0).all()
    assert "total: trust the forecast" in found.report()
    assert "total：各步均可信赖本预测" in found.report("zh") or "total：第" in found.report("zh")
    assert "{" not in found.report() + found.report("zh")


def test_the_report_does_not_trust_what_is_worse_than_last_year(looked_back: Backtest) -> None:
    cases = looked_back.cases
    poor = cases.assign(forecast=cases["actual"] + 2.0 * (cases["naive"] - cases["actual"]))
    report = replace(looked_back, cases=poor).report()
    assert "trust the forecast" not in report and "use it, and look again" not in report
    assert "no better than last year's values" in report or "trust last year's values again" in report


def test_series_that_begin_later_count_in_the_levels_above() -> None:
    sales = company(months=60)
    late = (sales["product"] == "P1") & (sales["region"] == "R1") & (sales["date"] < "2025-08-01")
    for refit in (True, False):
        found = backtest(sales[~late], **HOW | {"refit": refit})  # type: ignore[arg-type]
        cases = found.cases[(found.cases["origin"] == "2025-06") & (found.cases["step"] == 3)].set_index("series")
        whole = sales[(sales["date"] == "2025-09-01")]["revenue"].sum()
        assert cases.loc["total", "actual"] == pytest.approx(whole)
        assert "region=R1, product=P1" not in cases.index


def test_a_record_too_short_is_refused() -> None:
    with pytest.raises(ForecastError, match=r"too short to look back.*37 or more"):
        backtest(company(months=30), **HOW)  # type: ignore[arg-type]


def test_unknown_groupings_and_series_are_refused(looked_back: Backtest) -> None:
    with pytest.raises(ForecastError, match="Scores go by"):
        looked_back.scores(["region"])
    with pytest.raises(ForecastError, match="no such series"):
        looked_back.errors("region=R7")
    chinese = looked_back._repr_html_("zh")
    assert "落入80%区间" in chinese and "层级" in chinese and "trust" not in chinese
    assert "<table" in looked_back._repr_html_() and "4 origins" in repr(looked_back)
