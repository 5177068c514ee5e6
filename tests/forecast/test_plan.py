"""Plans: every level and period adds up to the cent, people carry what they can, chances come from the futures."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from forecast.sales import AS_OF, company
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salessim.forecast import Forecast, ForecastError, PipelineForecast, SalesPlan, forecast, plan
from salessim.forecast.combining import Mixed
from salessim.forecast.hierarchy import build_hierarchy
from salessim.forecast.plan_pipeline import with_pipeline
from salessim.forecast.plan_result import PERIODS
from salessim.model.market import Calendar
from salessim.model.pay import Quotas
from salessim.pay.quotas import allocate_quotas, spread

TARGET = 9_000.0


@pytest.fixture(scope="module")
def made() -> Forecast:
    found = forecast(company(), horizon=12, hierarchy=["region", "product"], as_of=AS_OF, paths=200)
    assert isinstance(found, Forecast)
    return found


@pytest.fixture(scope="module")
def year(made: Forecast) -> SalesPlan:
    return plan(made, target=TARGET, periods=("week", "month"), budget=1_000.0)


def cents(values: pd.Series) -> int:
    """Sum in whole cents."""
    return int(np.round(values.to_numpy() * 100.0).sum())


# ------------------------------------------------------------------------------------------------------- it adds up


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.integers(100, 10**11).map(lambda whole: whole / 100.0),
    over=st.floats(1.0, 1.25),
    seats=st.lists(st.sampled_from([0.0, 0.3, 1.0, 2.5]), min_size=3, max_size=3),
    ramp=st.integers(0, 12),
    starts=st.integers(0, 300),
    budget=st.integers(0, 10**10).map(lambda whole: whole / 100.0),
    weight=st.floats(0.0, 0.9),
)
def test_every_level_and_period_adds_up_to_the_cent(
    made: Forecast, target: float, over: float, seats: list[float], ramp: int, starts: int, budget: float, weight: float
) -> None:
    people = pd.DataFrame(
        {
            "region": ["R0", "R0", "R1"],
            "product": ["P0", "P1", "P0"],
            "seats": seats,
            "potential": [10.0, 500.0, 0.0],
            "ramp_months": [0, ramp, 0],
            "starts": [None, AS_OF + dt.timedelta(days=starts), None],
        }
    )
    found = plan(made, target=target, over_assignment=over, people=people, potential_weight=weight, budget=budget)
    whole = round(target * 100)
    for level in found.levels:
        for period in PERIODS:
            table = found.table(level, period)
            assert cents(table["target"]) == whole
            assert cents(table["quota"]) == int(found.quotas.sum())
            assert cents(table["budget"]) == round(budget * 100)
            if level != "total":  # and each series adds up to itself a year, whatever the period
                names = list(found.by[: found.by.index(level) + 1])
                assert np.allclose(
                    table.groupby(names, sort=False)["target"].sum(), found.table(level, "year")["target"], atol=1e-6
                )
    assert abs(found.quotas.sum() - target * over * 100) <= 1.0


def test_inner_levels_add_up_to_outer_ones(year: SalesPlan) -> None:
    inner, outer = year.table("product", "month"), year.table("region", "month")
    sums = inner.groupby(["region", "first_day"], sort=False)["quota"].sum().reset_index()
    np.testing.assert_allclose(sums["quota"], outer["quota"], atol=1e-9)


def test_quotas_are_those_of_pay(made: Forecast, year: SalesPlan) -> None:
    sales = made.bottom.sum(axis=1)
    capacity = np.ones(len(sales))
    mine = allocate_quotas(
        TARGET,
        {"potential": sales / sales.sum(), "ramp": capacity},
        Quotas(quota_rule="potential", over_assignment=1.05),
    )
    assert np.array_equal(year.quotas.sum(axis=1), mine)
    assert np.array_equal(year.quotas, spread(mine, year.cells))


def test_500_reps_and_52_weeks_take_less_than_a_second() -> None:
    found = many_reps(500)
    joins = [AS_OF + dt.timedelta(days=n % 300) for n in range(500)]
    people = pd.DataFrame({"rep": [f"P{n:03d}" for n in range(500)], "starts": joins, "ramp_months": 6})
    begin = time.process_time()
    year = plan(found, target=5e8, people=people, periods=("week",))
    table = year.table("rep", "week")
    assert time.process_time() - begin < 1.0
    assert len(table) == 500 * 53 and cents(table["target"]) == 5e10


def many_reps(count: int) -> Forecast:
    """A forecast of many reps, without fitting one."""
    base = forecast(company(regions=1, products=1), horizon=12, as_of=AS_OF, paths=100)
    keys = pd.DataFrame({"rep": [f"P{n:03d}" for n in range(count)]})
    tree = build_hierarchy(keys, ["rep"])
    size = np.random.default_rng(1).lognormal(0.0, 0.5, count)
    panel = replace(base.panel, keys=keys, values=np.outer(size, base.panel.values[0]))
    return replace(
        base, panel=panel, hierarchy=tree, bottom=np.outer(size, base.bottom[0]),
        futures=size[:, None, None] * base.futures,
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------- shares, people


def test_shares_and_months_are_those_of_the_forecast(made: Forecast, year: SalesPlan) -> None:
    means = made.table("region × product")["mean"].to_numpy().reshape(4, 12).sum(axis=1)
    got = year.table("product", "year")["target"].to_numpy()
    np.testing.assert_allclose(got / TARGET, means / means.sum(), rtol=1e-3)
    months = made.table("total")["mean"].to_numpy()
    np.testing.assert_allclose(year.table("total", "month")["target"] / TARGET, months / months.sum(), rtol=1e-3)


def test_weeks_follow_working_days(made: Forecast) -> None:
    closed = tuple(dt.date(2026, 2, day) for day in range(16, 23))  # a week of holidays
    weeks = plan(made, target=TARGET, calendar=Calendar(holidays=closed)).table("total", "week")
    assert weeks.loc[weeks["first_day"] == "2026-02-16", "target"].item() == 0.0
    assert weeks["target"].gt(0).sum() == len(weeks) - 1


def test_potential_moves_the_shares(made: Forecast) -> None:
    people = pd.DataFrame({"region": ["R0", "R1"], "potential": [300.0, 100.0]})
    by = ("region",)
    alone = plan(made, target=TARGET, by=by, people=people, potential_weight=1.0).table("region")["target"]
    assert alone.tolist() == [6_750.0, 2_250.0]
    mixed = plan(made, target=TARGET, by=by, people=people, potential_weight=0.5).table("region")["target"]
    forecast_only = plan(made, target=TARGET, by=by).table("region")["target"]
    np.testing.assert_allclose(mixed, (alone + forecast_only) / 2, rtol=1e-4)


def test_a_vacancy_is_carried_by_the_others(made: Forecast, year: SalesPlan) -> None:
    people = pd.DataFrame({"region": ["R0"], "product": ["P0"], "seats": [0.0]})
    found = plan(made, target=TARGET, people=people)
    table = found.table("product")
    assert table["target"].iloc[0] == 0.0
    assert (table["target"].iloc[1:].to_numpy() > year.table("product")["target"].iloc[1:].to_numpy()).all()
    assert "carry nothing: 1" in found.report()


def test_who_joins_in_july_and_ramps_up_has_no_quota_before(made: Forecast, year: SalesPlan) -> None:
    people = pd.DataFrame({"region": ["R0"], "product": ["P0"], "starts": ["2026-07-01"], "ramp_months": [3.0]})
    months = plan(made, target=TARGET, people=people).table("product", "month")["quota"].to_numpy()[:12]
    full = year.table("product", "month")["quota"].to_numpy()[:12]
    assert (months[:6] == 0).all()
    share = months[6:] / full[6:]
    assert share[0] < share[1] < share[3] and share[3] == pytest.approx(share[5], rel=0.01)


# ---------------------------------------------------------------------------------------------------- chances, goals


def test_chances_are_those_of_the_joint_futures(made: Forecast, year: SalesPlan) -> None:
    total = made.futures.sum(axis=0).sum(axis=1)
    middle = float(np.median(total))
    assert year.chance(target=middle) == pytest.approx(0.5, abs=0.03)
    assert year.chance(target=0.0) == 1.0 and year.chance(target=10 * middle) == 0.0
    easy = plan(made, target=0.5 * middle)
    assert easy.chance() > 0.95 > plan(made, target=1.3 * middle).chance()
    table = year.table("region", "quarter", chances=True)
    assert table["forecast"].sum() == pytest.approx(float(total.mean()), rel=0.01)
    assert year.chance("region=R0") == year.goals("region")["chance"].iloc[0]


def test_goals_are_said_in_both_languages(year: SalesPlan) -> None:
    for language in ("en", "zh"):
        goals = year.goals("product", language)
        assert goals["share"].sum() == pytest.approx(1.0)
        for row in goals.itertuples():
            assert f"{row.target:,.2f}" in row.goal and "2026-12-31" in row.goal and row.region in row.goal
    assert "配额" in year.report("zh") and "quotas" in year.report()
    assert "<table" in year._repr_html_()


def test_the_workbook_holds_what_the_tables_say(year: SalesPlan, tmp_path: Path) -> None:
    path = year.to_excel(tmp_path / "plan.xlsx", language="zh")
    sheets = pd.read_excel(path, sheet_name=None, engine="openpyxl")
    assert {"goals total", "region month", "product week"} <= set(sheets)
    assert cents(sheets["product week"]["target"]) == round(TARGET * 100)
    assert cents(sheets["total month"]["budget"]) == 100_000


def test_a_budget_by_name(made: Forecast) -> None:
    found = plan(made, target=TARGET, by=("region",), budget={"R0": 70.0, "R1": 30.01})
    assert found.table("region")["budget"].tolist() == [70.0, 30.01]


# ------------------------------------------------------------------------------------------------------- the pipeline


def seen_ahead(made: Forecast, horizon: tuple[int, ...] = (31, 59, 90), lift: float = 1.2) -> PipelineForecast:
    """A pipeline forecast that expects `lift` times what the series does: only what a plan looks at."""
    rng = np.random.default_rng(7)
    months = made.bottom.sum(axis=0)[:3].cumsum()
    futures = lift * months * rng.lognormal(0.0, 0.1, (300, 1))
    ones = np.ones(len(horizon))
    combination = Mixed({"series": 0 * ones, "pipeline": ones, "call": 0 * ones}, futures.mean(axis=0), futures, ones)
    look = SimpleNamespace(origin=AS_OF - dt.timedelta(days=1))
    now = SimpleNamespace(look=look, mixed=combination)
    return PipelineForecast(None, now, (), horizon, (80,))  # type: ignore[arg-type]


def test_the_first_quarter_is_that_of_the_combination_and_the_rest_is_as_it_was(made: Forecast) -> None:
    pipeline = seen_ahead(made)
    found = with_pipeline(made, pipeline)
    mixed = pipeline.now.mixed
    np.testing.assert_allclose(found.bottom.sum(axis=0)[:3].cumsum(), mixed.mean, rtol=1e-9)
    np.testing.assert_allclose(found.bottom[:, 3:], made.bottom[:, 3:])
    np.testing.assert_allclose(found.futures[:, :, 3:], made.futures[:, :, 3:])
    # shares of the series stay, future by future
    np.testing.assert_allclose(found.futures[0, :, 0] / found.futures[:, :, 0].sum(axis=0),
                               made.futures[0, :, 0] / made.futures[:, :, 0].sum(axis=0))  # fmt: skip
    year = plan(made, target=TARGET, pipeline=pipeline)
    quarter = year.table("total", "quarter", chances=True)
    assert quarter["forecast"].iloc[0] == pytest.approx(mixed.mean[-1], rel=0.02)
    assert quarter["target"].iloc[0] > plan(made, target=TARGET).table("total", "quarter")["target"].iloc[0]
    assert cents(year.table("product", "week")["target"]) == round(TARGET * 100)
    assert "first 90 days" in year.report() and "前90天" in year.report("zh")


def test_the_chance_of_a_quarter_is_that_of_the_combination(made: Forecast) -> None:
    pipeline = seen_ahead(made)
    futures = pipeline.now.mixed.futures[:, -1]
    year = plan(made, target=TARGET, pipeline=pipeline)
    ahead = year._futures("total", "quarter")[0, :, 0]
    for part in (0.1, 0.3, 0.5, 0.7, 0.9):
        assert np.mean(ahead < np.quantile(futures, part)) == pytest.approx(part, abs=0.03)


def test_a_pipeline_of_another_day_is_told(made: Forecast) -> None:
    pipeline = seen_ahead(made)
    late = replace(pipeline, now=SimpleNamespace(look=SimpleNamespace(origin=AS_OF), mixed=pipeline.now.mixed))  # type: ignore[arg-type]
    with pytest.raises(ForecastError, match="end on the same day"):
        plan(made, target=TARGET, pipeline=late)
    with pytest.raises(ForecastError, match="further ahead"):
        plan(made, target=TARGET, pipeline=replace(pipeline, horizon=(30, 60, 400)))
    with pytest.raises(ForecastError, match="takes a pipeline forecast"):
        plan(made, target=TARGET, pipeline=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_picture_shows_target_and_chances(made: Forecast, year: SalesPlan, language: str) -> None:
    left, right = year.plot(language).axes
    target = next(line for line in left.lines if line.get_label() in ("target", "目标"))
    assert target.get_ydata()[-1] == pytest.approx(TARGET)
    chances = sorted(year.goals("region")["chance"], reverse=True)
    assert [text.get_text() for text in right.texts] == [f"{chance:.0%}" for chance in chances]
    assert plan(made, target=TARGET, by=()).plot(language).axes


# ------------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"target": 0.0}, "target: a number in its range"),
        ({"target": "9"}, "target: a number in its range"),
        ({"over_assignment": 0.9}, "over_assignment: a number"),
        ({"potential_weight": 1.1}, "potential_weight: a number"),
        ({"periods": ("day",)}, "periods: there is no such period"),
        ({"by": ("regio",)}, "Did you mean 'region'"),
        ({"start": dt.date(2026, 1, 2)}, "a plan begins with a month"),
        ({"start": dt.date(2026, 3, 1)}, "does not cover the twelve months"),
        ({"budget": {"P9": 1.0}}, "budget: no series has this name"),
        ({"budget": -1.0}, "budget: a number"),
        ({"people": pd.DataFrame({"who": ["R0"]})}, "people need a column of the plan"),
        ({"people": pd.DataFrame({"region": ["R7"], "seats": [1.0]})}, "row 1 .R7.: no series"),
        ({"people": pd.DataFrame({"region": ["R0", "R0"], "seats": [1.0, 1.0]})}, "two rows are for the same"),
        ({"people": pd.DataFrame({"region": ["R0"], "seats": [-1.0]})}, "seats: a number"),
        ({"people": pd.DataFrame({"region": ["R0"], "starts": ["2026-05-01"], "leaves": ["2026-02-01"]})}, "leaves"),
        ({"people": pd.DataFrame({"region": ["R0", "R1"], "seats": [0.0, 0.0]})}, "nobody is left"),
    ],
)  # fmt: skip
def test_wishes_that_cannot_be_met_are_told(made: Forecast, how: dict[str, Any], told: str) -> None:
    with pytest.raises(ForecastError, match=told):
        plan(made, **{"target": TARGET, **how})


def test_questions_that_have_no_answer_are_told(made: Forecast, year: SalesPlan) -> None:
    with pytest.raises(ForecastError, match="a plan is made of a forecast"):
        plan(3, target=1.0)  # type: ignore[arg-type]
    with pytest.raises(ForecastError, match="no such level"):
        year.table("rep")
    with pytest.raises(ForecastError, match="no such period"):
        year.table("region", "day")
    with pytest.raises(ForecastError, match="from the outermost column on"):
        year.chance("product=P0")
    with pytest.raises(ForecastError, match="no such series"):
        year.chance("region=R9")
    with pytest.raises(ForecastError, match="a workbook"):
        year.to_excel("plan.csv")
