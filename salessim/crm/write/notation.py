"""Dates and money in the notations in which they occur."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from salessim.errors import CrmError, explain

__all__ = ["DATES", "MONEY", "date_texts", "in_utc", "money_texts", "number_texts", "refuse_zone"]

_SYMBOL = {"CNY": "￥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥"}
_ORIGIN = pd.Timestamp("1899-12-30")
_OWN_OFFSET = ("offset", "zulu", "epoch", "epoch seconds")


def in_utc(dates: pd.Series, zone: str) -> pd.Series:
    """Return moments of a zone in UTC; a moment that the clocks skip or repeat is taken as the earlier one.

    Examples
    --------
    >>> str(in_utc(pd.Series(pd.to_datetime(["2024-03-05 14:30"])), "Asia/Shanghai")[0])
    '2024-03-05 06:30:00'
    """
    twice = np.ones(len(dates), dtype=bool)
    instants = dates.dt.tz_localize(ZoneInfo(zone or "UTC"), ambiguous=twice, nonexistent="shift_forward")
    return instants.dt.tz_convert("UTC").dt.tz_localize(None)


def refuse_zone(zone: str, notation: str) -> None:
    """Refuse a zone that does not exist, and one for dates that carry an offset of their own.

    Raises
    ------
    CrmError
    """
    if notation in _OWN_OFFSET:
        free = [name for name in DATES if name not in _OWN_OFFSET]
        raise CrmError(
            explain("these dates say themselves where the clock stood", where="dates", value=notation,
                    allowed=", ".join(free), remedy="Leave time_zone out")
        )  # fmt: skip
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise CrmError(
            explain("there is no such time zone", where="time_zone", value=zone, allowed="names such as Asia/Shanghai")
        ) from None


def _epoch(dates: pd.Series, zone: str, per_second: int) -> pd.Series:
    since = (in_utc(dates, zone) - pd.Timestamp(0)).dt.total_seconds()
    return (since * per_second).round()


def _serial(dates: pd.Series) -> pd.Series:
    days = (dates - _ORIGIN) / pd.Timedelta(days=1)
    return days.map(lambda day: str(int(day)) if day == int(day) else f"{day:.8f}")


# Notation -> (pattern with a clock, pattern of a bare date)
DATES: dict[str, tuple[str, str]] = {
    "iso": ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"),
    "minutes": ("%Y-%m-%d %H:%M", "%Y-%m-%d"),
    "day first": ("%d/%m/%Y %H:%M", "%d/%m/%Y"),
    "month first": ("%m/%d/%Y %I:%M %p", "%m/%d/%Y"),
    "slashes": ("%Y/%m/%d %H:%M", "%Y/%m/%d"),
    "month name": ("%d %b, %Y %H:%M:%S", "%d %b, %Y"),
    "chinese": ("%Y年%m月%d日 %H:%M", "%Y年%m月%d日"),
    "offset": ("%Y-%m-%dT%H:%M:%S+08:00", "%Y-%m-%d"),
    "zulu": ("%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%d"),
    "epoch": ("", ""),  # milliseconds
    "epoch seconds": ("", ""),
    "serial": ("", ""),
}

MONEY: dict[str, Callable[[float, str], str]] = {
    "plain": lambda value, currency: f"{value:.10g}" if abs(value) < 1e9 else f"{value:.2f}",
    "thousands": lambda value, currency: f"{value:,.2f}",
    "symbol": lambda value, currency: f"{_SYMBOL.get(currency, currency)} {value:,.2f}",
    "comma": lambda value, currency: f"{value:,.2f}".translate(str.maketrans(",.", ".,")),
    "code": lambda value, currency: f"{currency} {value:,.2f}",
    "hundred millions": lambda value, currency: f"{value / 1e8:.13g}亿",
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
    if notation in ("epoch", "epoch seconds"):
        texts = _epoch(dates.dropna(), zone, 1000 if notation == "epoch" else 1).astype("int64").astype("str")
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
