"""Forecasts of a company: every sum holds, futures are joint, what is short borrows, effects are found."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from forecast.sales import AS_OF, Vector, company

import salessim as ss
from salessim.forecast import Forecast, ForecastError
from salessim.forecast.calendar import BY


@pytest.fixture(scope="module")
def found() -> Forecast:
    return ss.forecast(company(regions=3), horizon=12, hierarchy=["region", "product"], as_of=AS_OF)


def test_tables_say_what_they_hold(found: Forecast) -> None:
    table = found.table()
    assert list(table.columns) == [
        "level", "series", "region", "product", "period", "whole", "mean", "lower_80", "upper_80", "lower_95",
        "upper_95",
    ]  # fmt: skip
    assert len(table) == 12 * 12 and table["whole"].all()
    assert (table["lower_95"] <= table["lower_80"]).all() and (table["upper_80"] <= table["upper_95"]).all()
    assert (table["lower_80"] < table["mean"]).all() and (table["mean"] < table["upper_80"]).all()
    assert table[table["level"] == "total"]["region"].isna().all()


def test_every_level_adds_up_in_every_period(found: Forecast) -> None:
    for by in BY:
        table = found.table(by=by)
        total = table[table["level"] == "total"]["mean"].to_numpy()
        for level in found.hierarchy.levels[1:]:
            sums = table[table["level"] == level].groupby("period", sort=False)["mean"].sum().to_numpy()
            np.testing.assert_allclose(sums, total, rtol=1e-9, atol=1e-9)


def test_cells_weeks_months_quarters_and_years_agree(found: Forecast) -> None:
    whole = found.bottom.sum()
    for by in BY:
        table = found.table("total", by=by)
        assert table["mean"].sum() == pytest.approx(whole, rel=1e-9)
    months = found.table("total")["mean"].to_numpy()
    np.testing.assert_allclose(found.table("total", by="month")["mean"], months, rtol=1e-9)
    np.testing.assert_allclose(found.table("total", by="quarter")["mean"], months.reshape(4, 3).sum(axis=1), rtol=1e-9)
    cells = found.table("total", by="cell")
    by_month = cells.groupby(cells["period"].str[:7])["mean"].sum().to_numpy()
    np.testing.assert_allclose(by_month, months, rtol=1e-9)


def test_only_whole_weeks_are_kept_where_asked_for(found: Forecast) -> None:
    weeks = found.table("total", by="week", whole=True)
    assert weeks["whole"].all() and len(weeks) == 51  # 2026 begins on a Thursday and ends on one


def test_futures_add_up_and_are_joint(found: Forecast) -> None:
    regions = [found.paths(f"region=R{number}") for number in range(3)]
    np.testing.assert_allclose(sum(regions), found.paths("total"), rtol=1e-9)
    # The common shock of the company makes regions move together: independent ones would be within 0.13 of 0.
    first = [region[:, 0] for region in regions]
    assert np.corrcoef(first)[0, 1] > 0.15


def test_a_sum_is_wider_than_of_independent_parts(found: Forecast) -> None:
    table = found.table().query("period == '2026-01'").set_index("series")
    width = table["upper_80"] - table["lower_80"]
    parts = width[[f"region=R{number}, product=P{p}" for number in range(3) for p in range(2)]]
    assert width["total"] > 1.1 * np.sqrt((parts**2).sum())


def test_nothing_is_negative() -> None:
    def fading(values: Vector) -> Vector:
        return np.asarray(np.maximum(values * np.linspace(1.0, 0.02, len(values)), 0.0))

    table = ss.forecast(company(shape=fading), horizon=12, hierarchy=["region", "product"], as_of=AS_OF).table()
    assert (table[["mean", "lower_80", "lower_95"]] >= 0).all().all()


def test_weeks_are_forecast_and_add_up_to_months() -> None:
    weeks = pd.date_range(end="2025-12-22", periods=170, freq="W-MON")
    values = 100 + 20 * np.sin(np.arange(170) * 2 * np.pi / 52)
    sales = pd.DataFrame({"date": weeks, "revenue": values + np.random.default_rng(1).normal(0, 3, 170)})
    found = ss.forecast(sales, freq="week", horizon=13, as_of=AS_OF)
    truth = 100 + 20 * np.sin(np.arange(170, 183) * 2 * np.pi / 52)
    assert np.abs(found.bottom[0] / truth - 1).max() < 0.15
    months = found.table(by="month")
    assert months["mean"].sum() == pytest.approx(found.bottom.sum(), rel=1e-9)
    cells = found.table(by="cell")
    assert len(cells) == 13 + 3  # the weeks of 1 January, 1 February and 1 March lie in two months each


def test_quarters_are_forecast() -> None:
    sales = company(months=96, products=1, regions=1)
    sales["quarter"] = pd.PeriodIndex(sales["date"], freq="Q-DEC").to_timestamp()
    found = ss.forecast(sales, freq="quarter", horizon=4, date="quarter", rows="orders", as_of=AS_OF)
    assert [str(period) for period in found.periods] == ["2026Q1", "2026Q2", "2026Q3", "2026Q4"]


def test_the_same_seed_gives_the_same_forecast() -> None:
    first, second = (
        ss.forecast(company(), horizon=3, hierarchy=["region"], rows="orders", as_of=AS_OF) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.table(), second.table())


def test_order_of_rows_changes_nothing() -> None:
    sales = company()
    first = ss.forecast(sales, horizon=3, hierarchy=["region", "product"], as_of=AS_OF)
    mixed = sales.sample(frac=1.0, random_state=3)
    second = ss.forecast(mixed, horizon=3, hierarchy=["region", "product"], as_of=AS_OF)
    pd.testing.assert_frame_equal(first.table(), second.table())


def test_outliers_and_level_shifts_are_reported_and_left() -> None:
    def spoilt(values: Vector) -> Vector:
        values = values.copy()
        values[20] *= 3.0
        values[44:] *= 2.0
        return values

    sales = company(regions=1, products=1, noise=0.03, shape=spoilt)
    found = ss.forecast(sales, horizon=3, as_of=AS_OF)
    assert set(zip(found.anomalies["kind"], found.anomalies["period"], strict=True)) >= {
        ("outlier", "2022-09"), ("level shift", "2024-09"),
    }  # fmt: skip
    assert found.history().iloc[20] == sales["revenue"].iloc[20]
    assert "2022-09" in found.report() and "离群值" in found.report("zh")


def test_reports_of_clean_sales_say_so() -> None:
    found = ss.forecast(company(noise=0.05, regions=1, products=1), horizon=3, as_of=AS_OF)
    assert "No outliers" in found.report() and "未发现" in found.report("zh")
    assert "{" not in found.report() + found.report("zh")


def test_a_short_record_says_that_bands_were_not_checked() -> None:
    found = ss.forecast(company(months=12, regions=1, products=1), horizon=3, as_of=AS_OF)
    assert not found.calibration.origins and "too short to check the bands" in found.report()


# ---------------------------------------------------------------------------------------------------------- regressors


def promoted(effect: float = 0.25) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sales of one series with a campaign that multiplies them, and the campaign with its next three months."""
    rng = np.random.default_rng(8)
    campaign = (rng.random(63) < 0.3).astype(float)
    campaign[60:] = [1.0, 0.0, 1.0]
    dates = pd.date_range("2021-01-01", periods=63, freq="MS")
    sales = company(regions=1, products=1, noise=0.03)
    sales["revenue"] *= np.exp(np.log1p(effect) * campaign[:60])
    return sales, pd.DataFrame({"date": dates, "campaign": campaign})


def test_the_effect_of_a_campaign_is_found_and_forecast() -> None:
    sales, campaign = promoted()
    found = ss.forecast(sales, horizon=3, regressors=campaign, as_of=AS_OF)
    row = found.effects.iloc[0]
    assert row["lower_95"] < 0.25 < row["upper_95"] and row["upper_95"] - row["lower_95"] < 0.15
    without = ss.forecast(sales, horizon=3, as_of=AS_OF)
    jump = found.bottom[0] / found.bottom[0, 1]
    assert jump[0] > 1.15 and jump[2] > 1.15
    assert abs(without.bottom[0, 0] / without.bottom[0, 1] - 1) < 0.25
    assert "Effect of campaign on total" in found.report() and "campaign对total的影响" in found.report("zh")


def test_chinese_new_year_moves_with_the_calendar() -> None:
    months = pd.date_range("2014-01-01", "2025-12-01", freq="MS")
    share = ss.forecast.chinese_new_year(pd.PeriodIndex(months, freq="M"))
    rng = np.random.default_rng(3)
    sales = pd.DataFrame({"date": months, "revenue": 1000 * np.exp(-0.4 * share + rng.normal(0, 0.02, len(months)))})
    found = ss.forecast(sales, horizon=3, regressors=["chinese_new_year"], as_of=AS_OF)
    assert found.effects["effect"].iloc[0] == pytest.approx(np.expm1(-0.4), abs=0.04)
    # The new year of 2026 is on 17 February: all of the dip is there, none in January.
    assert found.bottom[0, 1] < 0.75 * found.bottom[0, 0]


def test_days_of_the_chinese_new_year_are_those_of_a_lunisolar_calendar() -> None:
    from salessim.forecast.regress import NEW_YEARS

    days = np.array(NEW_YEARS)
    assert len(days) == 41
    assert set(np.diff(days).astype(int)) <= {353, 354, 355, 383, 384, 385}
    in_year = (days - days.astype("datetime64[Y]")).astype(int)
    assert in_year.min() >= 20 and in_year.max() <= 51  # 21 January to 21 February
    # New moons are 29.530588 days apart; the first of these days is one (5 February 2000, 13:03 UT).
    moons = (days - days[0]).astype(int) / 29.530588
    assert np.abs(moons - moons.round()).max() < 0.035


def test_a_regressor_that_never_moved_has_no_effect() -> None:
    sales, campaign = promoted()
    campaign["campaign"] = np.r_[np.zeros(60), 1.0, 1.0, 1.0]
    found = ss.forecast(sales, horizon=3, regressors=campaign, as_of=AS_OF)
    assert (found.effects["effect"] == 0).all() and "never changed in the past" in found.report()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drop": [61]}, "to come.*2026-02"),
        ({"drop": [5]}, "of the past.*2021-06"),
        ({"double": True}, "a period stands twice"),
        ({"names": ["moon"]}, "no such calendar regressor"),
        ({"columns": True}, "need a column date"),
    ],
)
def test_regressors_that_do_not_do_are_refused(change: Mapping[str, object], words: str) -> None:
    sales, campaign = promoted()
    given: object = campaign.drop(index=change.get("drop", []))  # type: ignore[arg-type]
    if "double" in change:
        given = pd.concat([campaign, campaign.iloc[[3]]])
    if "columns" in change:
        given = campaign[["campaign"]]
    with pytest.raises(ForecastError, match=words):
        ss.forecast(sales, horizon=3, regressors=change.get("names", given), as_of=AS_OF)  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------------------------- updates


def test_a_new_month_is_taken_in_without_fitting_again() -> None:
    sales = company(months=61)
    before = sales[sales["date"] < "2025-12-01"]
    made = ss.forecast(before, horizon=6, hierarchy=["region", "product"], as_of=AS_OF)
    moved = made.update(sales, as_of=AS_OF)
    assert str(moved.periods[0]) == "2026-01" and len(moved.periods) == 6
    assert moved.methods == made.methods
    again = made.update(before, as_of=AS_OF)
    np.testing.assert_allclose(again.bottom, made.bottom, rtol=1e-9)


def test_an_update_with_other_series_is_refused() -> None:
    made = ss.forecast(company(), horizon=3, hierarchy=["region", "product"], as_of=AS_OF)
    with pytest.raises(ForecastError, match="do not continue"):
        made.update(company(regions=3), as_of=AS_OF)


# ---------------------------------------------------------------------------------------------------------------- shown


def test_plots_and_html(found: Forecast) -> None:
    for language, title in (("en", "total: sales and forecast"), ("zh", "总计：销售额与预测")):
        figure = found.plot("total", language)
        axes = figure.axes[0]
        assert len(axes.lines) == 2 and len(axes.collections) == 2
        assert axes.get_title(loc="left").startswith(title)
        # The fan opens where the past ends.
        assert axes.lines[0].get_ydata()[-1] == axes.lines[1].get_ydata()[0]
        figure.savefig(io.BytesIO())  # a glyph that the font has not is a warning, and a warning is an error here
    assert "<table" in found._repr_html_() and "Method:" in found._repr_html_()
    chinese = found._repr_html_("zh")
    assert "80%区间" in chinese and "方法：" in chinese and "forecast" not in chinese


def test_bands_of_the_total_are_those_of_its_futures(found: Forecast) -> None:
    # So a chance of reaching a target agrees with the band beside it; what is left are the two intervals' factors.
    table = found.table("total")
    low, high = np.quantile(found.paths("total"), [0.1, 0.9], axis=0)
    band = (table["upper_80"] - table["lower_80"]).to_numpy()
    np.testing.assert_allclose(band, high - low, rtol=0.25)
    assert found.calibration.factors[0].mean() == pytest.approx(1.0, abs=0.12)
    assert (found.calibration.factors > 0.4).all() and (found.calibration.factors < 2.5).all()
    assert "12 series on 4 levels" in repr(found)


def test_unknown_series_levels_and_periods_are_refused(found: Forecast) -> None:
    with pytest.raises(ForecastError, match=r"no such series.*Did you mean 'region=R"):
        found.paths("region=R9")
    with pytest.raises(ForecastError, match="no such level"):
        found.table("regio")
    with pytest.raises(ForecastError, match="by: there is no such choice"):
        found.table(by="day")


def test_a_forecast_cannot_be_changed(found: Forecast) -> None:
    with pytest.raises(AttributeError):
        found.levels = (50,)  # type: ignore[misc]


def test_won_deals_of_an_export_are_sales(tmp_path_factory: pytest.TempPathFactory) -> None:
    from salessim.forecast import won_sales

    folder = tmp_path_factory.mktemp("export")
    ss.write_sample(folder)
    crm = ss.read_crm(folder)
    sales = won_sales(crm)
    won = crm.deals[crm.deals["status"] == "won"]
    assert len(sales) + sales.attrs["left_out"] == len(won)
    made = ss.forecast(crm, horizon=3, hierarchy=["region"])
    assert made.periods[0].start_time.date() <= crm.as_of + datetime.timedelta(days=31)
    assert made.bottom.sum() > 0
