"""Bad input: each kind is refused in words that say where and what to do; nothing is repaired in silence."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from forecast.sales import AS_OF, company

import salessim as ss
from salessim.errors import SalesSimError
from salessim.forecast import ForecastError


def refused(sales: object, words: str, **how: object) -> None:
    how_ = {"hierarchy": ["region", "product"], "horizon": 3, "as_of": AS_OF} | how
    with pytest.raises(ForecastError, match=f"(?i){words}") as found:
        ss.forecast(sales, **how_)  # type: ignore[arg-type]
    assert isinstance(found.value, SalesSimError)


def test_gaps() -> None:
    sales = company().drop(index=[10, 11])
    refused(sales, r"region=R0, product=P0.*2 months.*2021-11, 2021-12.*gaps=\"zero\"")


def test_a_series_that_stops() -> None:
    sales = company()
    refused(sales[~((sales["region"] == "R1") & (sales["date"] >= "2025-10-01"))], "region=R1.*no row.*2 series")


def test_duplicates() -> None:
    sales = company()
    refused(pd.concat([sales, sales.iloc[[5]]]), r"region=R0, product=P0, 2021-06.*duplicates.*rows=\"orders\"")


def test_negative_sales() -> None:
    sales = company()
    sales.loc[7, "revenue"] = -50.0
    refused(sales, r"1 of 240 rows have negative sales.*region=R0, product=P0.*Found: -50.0.*returns")


def test_mixed_frequencies_finer() -> None:
    sales = company()
    weeks = sales[(sales["region"] == "R0")].assign(date=lambda x: x["date"] + pd.Timedelta(days=7))
    refused(pd.concat([sales, weeks]), "a mixed or finer frequency than months")


def test_mixed_frequencies_coarser() -> None:
    sales = company()
    quarters = (sales["region"] == "R1") & ~sales["date"].dt.month.isin([1, 4, 7, 10])
    refused(sales[~quarters], "region=R1.*3 months apart: a mixed or coarser frequency")


def test_one_observation() -> None:
    sales = company()
    refused(sales[sales["date"] == sales["date"].max()], "only one observation.*2025-12")


def test_all_zeros() -> None:
    refused(company().assign(revenue=0.0), "all sales are zero")


def test_dates_in_the_future() -> None:
    refused(company(), "12 rows are dated after 2025-09-30.*2025-12-01", as_of=datetime.date(2025, 9, 30))


def test_a_month_that_is_not_over() -> None:
    refused(company(), "the last month is not over on 2025-12-10", as_of=datetime.date(2025, 12, 10))


def test_today_is_the_day_where_none_is_given() -> None:
    sales = company()
    sales["date"] = sales["date"] + pd.DateOffset(years=200)
    refused(sales, "dated after", as_of=None)


def test_a_hierarchy_that_does_not_nest() -> None:
    sales = company()
    refused(sales, "product does not nest in region: 2 of 2.*product=P0 in R0, R1", hierarchy=["region/product"])


def test_a_column_named_twice() -> None:
    refused(company(), "names each column once", hierarchy=["region", "region/product"])


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("date", "soon", "date: in 1 of 240 rows it cannot be read as a date, the first is row 3"),
        ("revenue", np.nan, "revenue: in 1 of 240 rows it is missing or not a number"),
        ("region", None, "region: in 1 of 240 rows it is missing"),
    ],
)
def test_cells_that_cannot_be_read(column: str, value: object, words: str) -> None:
    sales = company().astype({"date": object, "region": object})
    sales.loc[3, column] = value
    refused(sales, words)


@pytest.mark.parametrize(
    ("column", "change", "words"),
    [
        ("date", lambda dates: dates.dt.tz_localize("Asia/Shanghai"), "carry a time zone.*tz_convert"),
        ("date", lambda dates: dates.dt.year, "numbers and not dates.*Found: '?2021"),
        ("revenue", lambda values: values > 300, "yes and no and not amounts"),
        (
            "revenue",
            lambda values: values.map("{:,.0f}".format) + ",000",
            "240 of 240 rows it is missing",
        ),
        ("revenue", lambda values: values * np.inf, "240 of 240 rows it is missing"),
    ],
)
def test_columns_of_another_kind(column: str, change: Callable[[Any], Any], words: str) -> None:
    sales = company()
    sales[column] = change(sales[column])
    refused(sales, words)


def test_months_as_quarters() -> None:
    refused(company(), 'finer frequency than quarters.*choose freq="month"', freq="quarter")


def test_one_column_as_two_things() -> None:
    refused(company(), "cannot be two things", value="date")
    refused(company(), "cannot be two things", hierarchy=["region", "revenue"])
    sales = company()
    refused(pd.concat([sales, sales[["region"]]], axis=1), "several columns of one name.*region")


def test_unknown_columns_and_choices() -> None:
    refused(company().rename(columns={"revenue": "revenu"}), "no such column.*'revenu'")
    refused(company(), "Did you mean 'region'", hierarchy=["regoin"])
    for wish in ({"freq": "day"}, {"rows": "sums"}, {"gaps": "fill"}, {"negatives": "drop"}, {"reconcile": "ols"}):
        refused(company(), f"{next(iter(wish))}: there is no such choice", **wish)
    refused(company(), "horizon", horizon=0)
    refused(company(), "paths", paths=10)
    refused([1, 2, 3], "must be a table")
    refused(company().iloc[:0], "no rows")


def test_what_a_user_decides_is_done_and_said() -> None:
    sales = company().drop(index=[10, 11])
    found = ss.forecast(sales, horizon=3, as_of=AS_OF, hierarchy=["region"], rows="orders")
    assert found.panel.filled == 0  # the other product sold in these months
    assert found.history("total").sum() == pytest.approx(sales["revenue"].sum())
    kept = ss.forecast(sales, horizon=3, as_of=AS_OF, hierarchy=["region", "product"], gaps="zero")
    assert kept.panel.filled == 2 and "asked for: 2." in kept.report() and "2个期间" in kept.report("zh")


def test_a_late_beginning_is_no_gap() -> None:
    sales = company()
    late = (sales["product"] == "P1") & (sales["date"] < "2025-07-01")
    found = ss.forecast(sales[~late], horizon=3, as_of=AS_OF, hierarchy=["region", "product"])
    assert "season and growth come from an ancestor (3)" in found.report()
    table = found.table("region × product").set_index("series")["mean"]
    assert (table["region=R0, product=P1"] > 150).all()


def test_the_table_given_is_left_as_it_is() -> None:
    sales = company()
    before = sales.copy()
    ss.forecast(sales, horizon=2, as_of=AS_OF, hierarchy=["region"], rows="orders")
    pd.testing.assert_frame_equal(sales, before)
