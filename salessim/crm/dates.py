"""Dates: one format per column, never one per cell.

Shapes that occur: ISO (with or without time and offset), ``2024/3/5``, ``2024年3月5日 14:30``,
``15 Apr, 2021 00:02:00``, ``Apr 15, 2021``, ``31/12/2024`` and ``12/31/2024``, ``20240305``, epoch seconds and
milliseconds, spreadsheet serial days. Day-first and month-first look alike; which one holds is decided by values above
12, over the whole file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import pandas as pd

from salessim.crm.profiles import load_data

__all__ = ["EARLIEST", "FITS", "LATEST", "DateReading", "in_zone", "read_dates", "zone_of"]

FITS = 0.98  # share of the cells one format must fit
EARLIEST, LATEST = (
    np.datetime64("1980-01-02", "us"),
    np.datetime64("2100-01-01", "us"),
)  # outside: placeholders like 1900-01-01
_SAMPLE = 400
LONGEST_DATE = 64  # characters of a date with its clock

_OFFSET = re.compile(r"\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$")
_ISO_SHAPE = re.compile(r"[\d-]{8,10}(?:[T\s]+[\d:.,]+)?")
_CLOCK = r"(?:[T,\s]+(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.\d+)?)?\s*(?P<half>AM|PM)?)?$"
_NUMERIC = re.compile(
    r"^(?P<a>\d{1,4})\s*[-/.年]\s*(?P<b>\d{1,2})\s*[-/.月]\s*(?P<c>\d{1,4})\s*日?" + _CLOCK, re.IGNORECASE
)
_DAY_NAME = re.compile(r"^(?P<d>\d{1,2})[\s-]+(?P<mon>[A-Za-z]{3,9})[.,\s-]+(?P<y>\d{4}|\d{2})" + _CLOCK, re.IGNORECASE)
_NAME_DAY = re.compile(r"^(?P<mon>[A-Za-z]{3,9})[.\s-]+(?P<d>\d{1,2})[,\s-]+(?P<y>\d{4})" + _CLOCK, re.IGNORECASE)


@dataclass(frozen=True)
class DateReading:
    """Outcome for the distinct texts of one column.

    Attributes
    ----------
    format : str
        Name of the format that fits best; empty if none fits a single cell.
    values : numpy.ndarray of datetime64[us]
        One per text, NaT where the text does not fit or lies outside 1980-2099.
    placeholder : numpy.ndarray of bool
        Texts that fit but lie outside 1980-2099, such as 1900-01-01 or 9999-12-31: they stand for "no date".
    share : float
        Share of the cells that fit, 0 to 1.
    both_ways : bool
        Day-first and month-first both fit and would give different dates.
    order : str
        "day first" or "month first" where the column proves it, else empty.
    offset : bool
        Whether texts carry a time offset or are epoch numbers.
    tried : tuple of str
        Formats tried.
    """

    format: str
    values: np.ndarray
    placeholder: np.ndarray
    share: float
    both_ways: bool
    order: str
    offset: bool
    tried: tuple[str, ...]


def read_dates(
    texts: list[str], counts: np.ndarray, *, day_first: bool | None = None, style: str = "", time_zone: str = ""
) -> DateReading:
    """Find the one date format of a column and read its distinct texts with it.

    Parameters
    ----------
    texts : list of str
        The distinct, non-missing cells of the column.
    counts : numpy.ndarray
        How many cells hold each text.
    day_first : bool or None
        Order of 03/04/2024 where known; ``None``: to be found out.
    style : str
        A `strptime` format that the user prescribes; nothing else is tried then.
    time_zone : str
        Zone in which instants (texts with an offset, epoch numbers) are shown. Without it the clock time is taken as
        written and epoch numbers are UTC.

    Examples
    --------
    >>> import numpy as np
    >>> reading = read_dates(["13/02/2024", "01/03/2024"], np.array([1, 1]))
    >>> reading.format, str(reading.values[1])[:10]
    ('d/m/y', '2024-03-01')
    """
    texts = [text if len(text) <= LONGEST_DATE else "" for text in texts]  # patterns take long over long texts
    texts = [(text if text.isascii() else unicodedata.normalize("NFKC", text)).strip() for text in texts]
    texts = [_half(text) if "午" in text else text for text in texts]
    readers: dict[str, Callable[[list[str]], np.ndarray]]
    if style:
        readers = {
            style: lambda some: _micro(pd.to_datetime(pd.Series(some, dtype="str"), format=style, errors="coerce"))
        }
    else:
        readers = _readers(time_zone)
        if day_first is not None:
            readers.pop("m/d/y" if day_first else "d/m/y")
    total = max(int(counts.sum()), 1)
    found: dict[str, tuple[float, np.ndarray]] = {}
    for name in _promising(texts, readers):
        values = readers[name](texts)
        found[name] = (float(counts[~np.isnat(values)].sum()) / total, values)
        if name == "ISO" and found[name][0] == 1.0:
            break
    if not found:
        nothing = np.full(len(texts), "NaT", "datetime64[us]")
        return DateReading("", nothing, np.zeros(len(texts), dtype=bool), 0.0, False, "", False, tuple(readers))
    best = max(found, key=lambda name: found[name][0])
    both_ways, order = False, ""
    if best in ("d/m/y", "m/d/y"):
        best, both_ways, order = _order(best, found, texts, counts)
    share, raw = found[best]
    values = _sane(raw)
    placeholder = ~np.isnat(raw) & np.isnat(values)
    offset = best.startswith("epoch") or any(map(_has_offset, texts[:_SAMPLE]))
    return DateReading(best, values, placeholder, share, both_ways, order, offset, tuple(readers))


def zone_of(unit: str) -> timedelta | None:
    """How far ahead of UTC the zone is that a header names, as in ``Created Time (GMT+8)``; None: it names no zone.

    Examples
    --------
    >>> zone_of("UTC"), zone_of("GMT+8"), zone_of("UTC-03:30") == -timedelta(hours=3.5), zone_of("converted")
    (datetime.timedelta(0), datetime.timedelta(seconds=28800), True, None)
    """
    found = re.fullmatch(r"(?:UTC|GMT)\s*(?:([+-])(\d{1,2})(?::?(\d{2}))?)?", unit.strip(), re.IGNORECASE)
    if found is None:
        return None
    ahead = timedelta(hours=int(found[2] or 0), minutes=int(found[3] or 0))
    return -ahead if found[1] == "-" else ahead


def in_zone(times: pd.Series, ahead: timedelta, time_zone: str) -> pd.Series:
    """Return clock times of a zone that is ahead of UTC as those of another zone."""
    instants = (times - pd.Timedelta(ahead)).dt.tz_localize("UTC")
    return instants.dt.tz_convert(time_zone).dt.tz_localize(None).astype("datetime64[us]")


def _promising(texts: list[str], readers: Mapping[str, Callable[[list[str]], np.ndarray]]) -> list[str]:
    """Formats that fit at least one of some texts spread over the column, in the order of `readers`."""
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    if "ISO" in readers and not np.isnat(readers["ISO"](sample)).any():
        return ["ISO"] if sample else []
    return [name for name, reader in readers.items() if not np.isnat(reader(sample)).all()]


def _order(
    best: str, found: Mapping[str, tuple[float, np.ndarray]], texts: list[str], counts: np.ndarray
) -> tuple[str, bool, str]:
    """Decide between d/m/y and m/d/y on the cells that only one of them can read."""
    words = {"d/m/y": "day first", "m/d/y": "month first"}
    if len(found.keys() & words.keys()) == 1:
        return best, False, words[best]
    (_, day), (_, month) = found["d/m/y"], found["m/d/y"]
    only_day = int(counts[~np.isnat(day) & np.isnat(month)].sum())
    only_month = int(counts[np.isnat(day) & ~np.isnat(month)].sum())
    if only_day == only_month == 0:
        if all("." in text for text in texts):
            return "d/m/y", False, "day first"  # points are only written in day-first countries
        return "d/m/y", bool((day != month).any()), ""
    best = "d/m/y" if only_day > only_month else "m/d/y"
    if max(only_day, only_month) < FITS * (only_day + only_month):
        return best, True, "mixed"
    return best, False, words[best]


def _readers(time_zone: str) -> dict[str, Callable[[list[str]], np.ndarray]]:
    return {
        "ISO": lambda texts: _iso(texts, time_zone),
        "y/m/d": lambda texts: _numeric(texts, "ymd"),
        "d/m/y": lambda texts: _numeric(texts, "dmy"),
        "m/d/y": lambda texts: _numeric(texts, "mdy"),
        "d Mon y": lambda texts: _named(texts, _DAY_NAME),
        "Mon d, y": lambda texts: _named(texts, _NAME_DAY),
        "epoch milliseconds": lambda texts: _epoch(texts, 13, "ms", time_zone),
        "epoch seconds": lambda texts: _epoch(texts, 10, "s", time_zone),
        "spreadsheet serial day": _serial,
    }


def _has_offset(text: str) -> bool:
    return (":" in text or "T" in text) and _OFFSET.search(text) is not None


def _half(text: str) -> str:
    # 上午/下午 stand before or behind the clock; the patterns expect AM or PM behind it.
    found = re.fullmatch(r"(.*?)\s*(上午|下午)\s*(.*)", text)
    return f"{found[1]} {found[3]}".rstrip() + (" PM" if found[2] == "下午" else " AM") if found else text


def _micro(stamps: pd.Series | pd.DatetimeIndex) -> np.ndarray:
    return np.asarray(stamps, dtype="datetime64[us]")


def _sane(values: np.ndarray) -> np.ndarray:
    return np.where((values >= EARLIEST) & (values < LATEST), values, np.datetime64("NaT", "us"))


def _iso(texts: list[str], time_zone: str) -> np.ndarray:
    fit = (len(text) >= 8 and (not text[4].isdigit() or (len(text) == 8 and text.isdigit())) for text in texts)
    taken = [text if good else "" for text, good in zip(texts, fit, strict=True)]
    taken = [text if _ISO_SHAPE.fullmatch(_OFFSET.sub("", text)) else "" for text in taken]
    if not any(taken):
        return _nothing(texts)
    zoned = np.array([_has_offset(text) for text in taken], dtype=bool)
    if not zoned.any():
        return _micro(pd.to_datetime(pd.Series(taken, dtype="str"), format="ISO8601", errors="coerce"))
    if time_zone:
        instants = pd.to_datetime(pd.Series(taken, dtype="str"), format="ISO8601", errors="coerce", utc=True)
        local = _micro(instants.dt.tz_convert(time_zone).dt.tz_localize(None))
    else:
        local = np.full(len(taken), "NaT", "datetime64[us]")
    clock = [_OFFSET.sub("", text) if has else text for text, has in zip(taken, zoned, strict=True)]
    written = _micro(pd.to_datetime(pd.Series(clock, dtype="str"), format="ISO8601", errors="coerce"))
    return np.where(zoned, local, written) if time_zone else written


def _fields(texts: list[str], pattern: re.Pattern[str]) -> pd.DataFrame:
    names = list(pattern.groupindex)
    found = [pattern.match(text) for text in texts]
    return pd.DataFrame([match.groups() if match else (None,) * len(names) for match in found], columns=names)


def _nothing(texts: list[str]) -> np.ndarray:
    return np.full(len(texts), "NaT", "datetime64[us]")


def _numeric(texts: list[str], order: str) -> np.ndarray:
    if not any(map(_NUMERIC.match, texts)):
        return _nothing(texts)
    fields = _fields(texts, _NUMERIC)
    parts = dict(zip(order, (fields["a"], fields["b"], fields["c"]), strict=True))
    length = parts["y"].str.len() if len(texts) else pd.Series(dtype=float)
    year = pd.to_numeric(parts["y"])
    if order == "ymd":
        year = year.where(length == 4)
    else:
        year = year.where((length == 4) | (length == 2))
        year = year.where(length != 2, year + np.where(year < 70, 2000, 1900))
    return _assemble(year, pd.to_numeric(parts["m"]), pd.to_numeric(parts["d"]), fields)


def _named(texts: list[str], pattern: re.Pattern[str]) -> np.ndarray:
    if not any(map(pattern.match, texts)):
        return _nothing(texts)
    fields = _fields(texts, pattern)
    number = {name: i + 1 for i, name in enumerate(load_data("values")["months"])}
    year = pd.to_numeric(fields["y"])
    year = year.where(fields["y"].str.len() != 2, year + np.where(year < 70, 2000, 1900))
    month = fields["mon"].str.lower().str[:3].map(number)
    return _assemble(year, month, pd.to_numeric(fields["d"]), fields)


def _assemble(year: pd.Series, month: pd.Series, day: pd.Series, fields: pd.DataFrame) -> np.ndarray:
    hour, minute, second = (pd.to_numeric(fields[name]).fillna(0) for name in "hms")
    half = fields["half"].str.upper()
    hour = hour.where(half.isna(), hour % 12 + np.where(half == "PM", 12, 0))
    parts = pd.DataFrame({"year": year, "month": month, "day": day, "hour": hour, "minute": minute, "second": second})
    whole = parts.notna().all(axis=1)
    values = np.full(len(parts), "NaT", "datetime64[us]")
    values[whole.to_numpy()] = _micro(pd.to_datetime(parts[whole].astype("int64"), errors="coerce"))
    return values


def _digits(texts: list[str], low: float, high: float, length: int | None) -> np.ndarray:
    plain = [
        text if re.fullmatch(r"\d+(?:\.\d+)?", text) and (length is None or len(text.split(".")[0]) == length) else ""
        for text in texts
    ]
    if not any(plain):
        return np.full(len(texts), np.nan)
    numbers = pd.to_numeric(pd.Series(plain, dtype="str"), errors="coerce").to_numpy(dtype=float)
    return np.where((numbers >= low) & (numbers < high), numbers, np.nan)


def _epoch(texts: list[str], length: int, unit: Literal["s", "ms"], time_zone: str) -> np.ndarray:
    numbers = pd.Series(_digits(texts, 0, 10.0**length, length))
    if numbers.isna().all():
        return _nothing(texts)
    instants = pd.to_datetime(numbers, unit=unit, errors="coerce", utc=True)
    shown = instants.dt.tz_convert(time_zone) if time_zone else instants
    return _micro(shown.dt.tz_localize(None))


def _serial(texts: list[str]) -> np.ndarray:
    days = _digits(texts, 29_221, 73_051, 5)  # 1980-01-01 … 2100-01-01, counted from 1899-12-30
    seconds = np.round(np.nan_to_num(days) * 86_400).astype("int64")
    values = np.datetime64("1899-12-30", "us") + seconds * np.timedelta64(1_000_000, "us")
    return np.where(np.isnan(days), np.datetime64("NaT", "us"), values)
