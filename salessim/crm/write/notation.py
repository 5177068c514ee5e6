"""Dates and money in the notations in which they occur."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

__all__ = ["DATES", "MONEY", "date_texts", "money_texts", "number_texts"]

_SYMBOL = {"CNY": "￥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥"}
_ORIGIN = pd.Timestamp("1899-12-30")


def _epoch(dates: pd.Series, zone: str) -> pd.Series:
    instants = dates.dt.tz_localize(ZoneInfo(zone or "UTC"), ambiguous="NaT", nonexistent="shift_forward")
    return (instants.dt.tz_convert("UTC").dt.tz_localize(None) - pd.Timestamp(0)) // pd.Timedelta(milliseconds=1)


def _serial(dates: pd.Series) -> pd.Series:
    days = (dates - _ORIGIN) / pd.Timedelta(days=1)
    return days.map(lambda day: str(int(day)) if day == int(day) else f"{day:.8f}")


# Notation -> (pattern with a clock, pattern of a bare date)
DATES: dict[str, tuple[str, str]] = {
    "iso": ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"),
    "minutes": ("%Y-%m-%d %H:%M", "%Y-%m-%d"),
    "day first": ("%d/%m/%Y %H:%M", "%d/%m/%Y"),
    "month first": ("%m/%d/%Y %I:%M %p", "%m/%d/%Y"),
    "month name": ("%d %b, %Y %H:%M:%S", "%d %b, %Y"),
    "chinese": ("%Y年%m月%d日 %H:%M", "%Y年%m月%d日"),
    "offset": ("%Y-%m-%dT%H:%M:%S+08:00", "%Y-%m-%d"),
    "zulu": ("%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%d"),
    "epoch": ("", ""),
    "serial": ("", ""),
}

MONEY: dict[str, Callable[[float, str], str]] = {
    "plain": lambda value, currency: f"{value:.10g}" if abs(value) < 1e9 else f"{value:.2f}",
    "thousands": lambda value, currency: f"{value:,.2f}",
    "symbol": lambda value, currency: f"{_SYMBOL.get(currency, currency)} {value:,.2f}",
    "comma": lambda value, currency: f"{value:,.2f}".translate(str.maketrans(",.", ".,")),
    "ten thousands": lambda value, currency: f"{value / 10_000:.10g}万",
}


def date_texts(dates: pd.Series, notation: str, *, clock: bool, zone: str = "") -> list[str]:
    """Dates as text; a missing one is empty.

    Parameters
    ----------
    dates : Series of datetime64
    notation : str
        A key of `DATES`.
    clock : bool
        Whether the column has a time of day.
    zone : str
        Zone in which the dates are meant, for instants (``epoch``); empty: UTC.

    Examples
    --------
    >>> date_texts(pd.Series(pd.to_datetime(["2024-03-05 14:30"])), "day first", clock=True)
    ['05/03/2024 14:30']
    """
    if notation == "epoch":
        texts = _epoch(dates.dropna(), zone).astype("int64").astype("str")
    elif notation == "serial":
        texts = _serial((dates if clock else dates.dt.floor("D")).dropna()).astype("str")
    else:
        texts = dates.dropna().dt.strftime(DATES[notation][0 if clock else 1]).astype("str")
    return texts.reindex(dates.index).fillna("").tolist()


def money_texts(amounts: pd.Series, currencies: pd.Series | None, notation: str) -> list[str]:
    """Amounts as text; a missing one is empty."""
    write = MONEY[notation]
    codes = currencies.fillna("").tolist() if currencies is not None else [""] * len(amounts)
    return ["" if np.isnan(value) else write(value, code) for value, code in zip(amounts.tolist(), codes, strict=True)]


def number_texts(numbers: pd.Series) -> list[str]:
    """Plain numbers as text; a missing one is empty."""
    return ["" if np.isnan(value) else f"{value:.10g}" for value in numbers.astype("float64").tolist()]
