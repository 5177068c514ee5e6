"""Dates: one format per column, decided on the whole file."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salessim.crm.dates import read_dates

MOMENTS = st.datetimes(min_value=datetime(1980, 1, 3), max_value=datetime(2099, 12, 30)).map(
    lambda moment: moment.replace(microsecond=0)
)
STYLES = {
    "%Y-%m-%d": "ISO",
    "%Y-%m-%d %H:%M": "ISO",
    "%Y-%m-%dT%H:%M:%S": "ISO",
    "%Y/%m/%d": "y/m/d",
    "%Y年%m月%d日": "y/m/d",
    "%Y年%m月%d日 %H:%M:%S": "y/m/d",
    "%d %b, %Y %H:%M:%S": "d Mon y",
    "%d-%B-%Y": "d Mon y",
    "%b %d, %Y": "Mon d, y",
    "%d.%m.%Y": "d/m/y",
    "%d/%m/%Y %H:%M": "d/m/y",
    "%m/%d/%Y %I:%M:%S %p": "m/d/y",
    "%m-%d-%Y": "m/d/y",
    "%Y%m%d": "ISO",
}


def read(*texts: str, **options: object):
    return read_dates(list(texts), np.ones(len(texts), dtype=np.int64), **options)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(st.sampled_from(sorted(STYLES)), st.lists(MOMENTS, min_size=1, max_size=30))
def test_every_style_gives_back_what_was_written(style: str, moments: list[datetime]) -> None:
    moments.append(datetime(2024, 3, 25))  # tells day from month
    texts = [moment.strftime(style) for moment in moments]
    reading = read(*texts)
    assert reading.format == STYLES[style]
    assert reading.share == 1.0 and not reading.both_ways
    for value, text in zip(reading.values, texts, strict=True):
        assert pd.Timestamp(value).to_pydatetime() == datetime.strptime(text, style)


@settings(max_examples=40)
@given(st.lists(MOMENTS, min_size=1, max_size=20))
def test_epochs_and_serial_days(moments: list[datetime]) -> None:
    late = [moment for moment in moments if moment.year > 2001] or [datetime(2024, 3, 5, 12)]
    for factor, name in ((1, "epoch seconds"), (1000, "epoch milliseconds")):
        reading = read(*[str(int(pd.Timestamp(moment).timestamp()) * factor) for moment in late])
        assert reading.format == name
        assert [pd.Timestamp(value).to_pydatetime() for value in reading.values] == late
    serial = read(*[str((moment - datetime(1899, 12, 30)).days) for moment in moments])
    assert serial.format == "spreadsheet serial day"
    assert [pd.Timestamp(value).date() for value in serial.values] == [moment.date() for moment in moments]


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["2024/3/5", "2024/12/25 14:30"], "2024-03-05"),
        (["2024年3月5日", "2024年12月5日 下午3:30"], "2024-03-05"),
        (["15 Apr, 2021 00:02:00"], "2021-04-15T00:02"),
        (["5/13/24", "1/2/24"], "2024-05-13"),
        (["01.02.69", "31.12.99"], "2069-02-01"),
        (["２０２４－０３－０５"], "2024-03-05"),
        (["45356.75"], "2024-03-05T18:00"),
        (["2024-03-05 14:30:00 UTC"], "2024-03-05T14:30"),
    ],
)
def test_shapes(texts: list[str], first: str) -> None:
    assert read(*texts).values[0] == np.datetime64(first)


@pytest.mark.parametrize(
    "texts", [["01-May", "May-20"], ["2024-03"], ["2024"], ["soon"], ["2024-13-45"], ["31/02/2024"], ["12.5"]]
)
def test_what_is_no_date(texts: list[str]) -> None:
    assert np.isnat(read(*texts).values).all()


def test_day_or_month_is_asked_and_decided() -> None:
    unclear = read("01/02/2024", "03/04/2024")
    assert unclear.both_ways and unclear.order == ""
    assert not read("01/01/2024", "02/02/2024").both_ways, "both readings give the same dates"
    assert not read("01.02.2024").both_ways, "points are day-first"
    assert read("01/02/2024", "13/02/2024").order == "day first"
    assert read("01/02/2024", "02/13/2024").order == "month first"
    assert read("01/02/2024", day_first=True).values[0] == np.datetime64("2024-02-01")
    assert read("01/02/2024", day_first=False).values[0] == np.datetime64("2024-01-02")


def test_mixed_orders_are_no_format() -> None:
    assert read("31/12/2020", "12/31/2020", "01/02/2020").order == "mixed"
    mostly = read_dates(["31/12/2020", "12/31/2020"], np.array([999, 1]))
    assert mostly.order == "day first" and np.isnat(mostly.values[1]) and mostly.share == 0.999


def test_offsets() -> None:
    texts = ("2024-03-05T22:30:11Z", "2024-03-05T14:30:11+08:00")
    written = read(*texts)
    assert written.offset and [str(value)[:16] for value in written.values] == ["2024-03-05T22:30", "2024-03-05T14:30"]
    shown = read(*texts, time_zone="Asia/Shanghai")
    assert [str(value)[:16] for value in shown.values] == ["2024-03-06T06:30", "2024-03-05T14:30"]
    assert str(read("1709649011000", time_zone="Asia/Shanghai").values[0])[:16] == "2024-03-05T22:30"
    assert not read("2024-03-05").offset


def test_offsets_of_a_clock_without_colons() -> None:
    texts = ["2024-06-18T00:00:00Z", "2024-06-19T0000Z", "2024-06-20T0830+0800"]
    for zone, last in (("", "2024-06-20T08:30"), ("UTC", "2024-06-20T00:30")):
        reading = read_dates(texts, np.ones(3, dtype=int), time_zone=zone)
        assert reading.format == "ISO" and reading.offset
        assert str(reading.values[2])[:16] == last


def test_placeholders_fit_and_are_missing() -> None:
    reading = read("1900-01-01", "9999-12-31", "0001-01-01", "1970-01-01", "2024-03-05")
    assert reading.share == 1.0
    assert reading.placeholder.tolist() == [True, True, True, True, False]
    assert np.isnat(reading.values[:4]).all()


def test_prescribed_style() -> None:
    reading = read("05032024", "06032024", style="%d%m%Y")
    assert reading.format == "%d%m%Y" and reading.values[0] == np.datetime64("2024-03-05")


def test_nothing_to_read() -> None:
    assert read().share == 0.0
