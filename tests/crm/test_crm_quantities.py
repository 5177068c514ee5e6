"""Money, numbers, percentages and yes/no."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salessim.crm.quantities import currency_code, read_booleans, read_numbers, unit_factor


def read(*texts: str, **options: object):
    return read_numbers(list(texts), np.ones(len(texts), dtype=np.int64), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("45000", 45_000, ""),
        ("45,000.00", 45_000, ""),
        ("$ 80,000.00", 80_000, "USD"),
        ("$342.09K", 342_090, "USD"),
        ("￥12,000.00", 12_000, "CNY"),
        ("¥5", 5, "CNY"),
        ("12万", 120_000, ""),
        ("1.2亿元", 120_000_000, "CNY"),
        ("CNY 1,000", 1_000, "CNY"),
        ("1.000 EUR", 1, "EUR"),
        ("(500)", -500, ""),
        ("-$5.5", -5.5, "USD"),
        ("500-", -500, ""),
        ("US$ 3.50", 3.5, "USD"),
        ("HK$1,200", 1_200, "HKD"),
        ("1'234.50", 1_234.5, ""),
        ("1\u00a0234.50", 1_234.5, ""),
        ("2.5M", 2_500_000, ""),
        ("1e5", 100_000, ""),
        ("－７", -7, ""),
    ],
)
def test_ways_to_write_money(text: str, value: float, currency: str) -> None:
    reading = read(text)
    assert reading.values.tolist() == [value]
    assert reading.currencies == [currency]


@pytest.mark.parametrize(
    "text", ["abc", "12 apples", "1.2.3,4,5", "--", "nan", "inf", "2024-03-05", "5 per month", "1,2,3"]
)
def test_what_is_no_number(text: str) -> None:
    assert math.isnan(read(text).values[0])


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("", "."), ("'", ".")]),
    st.sampled_from(["{}", "€ {}", "{} EUR", "${}"]),
)
def test_cents_survive_every_notation(cents: list[int], marks: tuple[str, str], frame: str) -> None:
    thousands, decimal = marks
    texts = []
    for cent in cents:
        whole, rest = divmod(abs(cent), 100)
        text = f"{whole:,}".replace(",", thousands) + f"{decimal}{rest:02d}"
        texts.append(frame.format("-" + text if cent < 0 else text))
    reading = read(*texts)
    assert reading.decimal == decimal and reading.sure
    assert reading.values.tolist() == pytest.approx([cent / 100 for cent in cents], abs=1e-6)


def test_one_mark_for_the_column() -> None:
    odd = read("1.234,56", "2.345,67", "12.5").values
    assert odd[:2].tolist() == [1234.56, 2345.67] and math.isnan(odd[2]), "12.5 is no number where the comma decides"
    assert read("1.234", "1.234.567").values.tolist() == [1_234, 1_234_567]
    assert read("1,234", "1,234,567").values.tolist() == [1_234, 1_234_567]
    assert read("1,234", "5,5").values.tolist() == [1.234, 5.5]


@pytest.mark.parametrize(
    ("texts", "european", "first", "sure"),
    [
        (["1.234", "2.500"], False, 1.234, False),
        (["1.234", "2.500"], True, 1234.0, False),
        (["1.234", "2500"], False, 1.234, True),
        (["1.234", "2500"], True, 1.234, True),
        (["1,234", "2,500"], False, 1234.0, True),
        (["1,234", "2,500"], True, 1.234, False),
        (["0.234", "0.500"], False, 0.234, True),
        (["1.5", "2"], True, 1.5, True),
        (["12", "7"], False, 12.0, True),
    ],
)
def test_what_can_be_read_two_ways(texts: list[str], european: bool, first: float, sure: bool) -> None:
    reading = read(*texts, european=european)
    assert (reading.values[0], reading.sure) == (first, sure)


def test_prescribed_decimal() -> None:
    assert read("1.234", decimal=",").values.tolist() == [1234.0]
    assert read("1,234", decimal=",").values.tolist() == [1.234]
    assert read("1,234", decimal=".").values.tolist() == [1234.0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CNY - 人民币", "CNY"),
        ("€", "EUR"),
        ("US Dollar (USD)", "USD"),
        ("chf", "CHF"),
        ("人民币", "CNY"),
        ("XAF", "XAF"),
        ("5", ""),
    ],
)
def test_currency_codes(text: str, code: str) -> None:
    assert currency_code(text) == code


def test_units_of_headers() -> None:
    assert unit_factor("万元", "money") == 10_000
    assert unit_factor("kEUR", "money") == 1_000
    assert unit_factor("USD", "money") == unit_factor("本位币", "money") == unit_factor("", "money") == 1
    assert unit_factor("in seconds", "minutes") == pytest.approx(1 / 60)
    assert unit_factor("小时", "minutes") == 60


def test_booleans() -> None:
    assert read_booleans(["1", "TRUE", "Yes", "是"]).tolist() == [1.0] * 4
    assert read_booleans(["0", "false", "No", "否"]).tolist() == [0.0] * 4
    assert math.isnan(read_booleans(["perhaps"])[0])
