"""Read the cells of one column, all of them the same way: text, dates, money, numbers, percentages, yes/no.

Only the distinct texts of a column are looked at, so a column of a million cells costs what its distinct values cost.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pandas as pd

from salessim.crm.dates import EARLIEST, FITS, LATEST, DateReading, in_zone, read_dates, zone_of
from salessim.crm.mapping import Wishes
from salessim.crm.plain import arrow, has_offset, plain_dates, plain_numbers, plain_texts
from salessim.crm.profiles import header_key, load_data
from salessim.crm.quantities import currency_code, read_booleans, read_numbers, unit_currency, unit_factor
from salessim.errors import CrmError, explain

__all__ = ["ColumnContext", "OrderUnknownError", "Reading", "read_column", "read_date_columns"]

TEXT_KINDS = ("id", "name", "text", "label", "currency")
_POWER = re.compile(r"\d[.,]?\d*[eE]\+?\d+")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


@dataclass(frozen=True)
class ColumnContext:
    """Where a column stands, for messages, and what the user decided about it."""

    file: str
    table: str
    header: str
    canonical: str
    kind: str
    unit: str
    separator: str
    rows: np.ndarray
    wishes: Wishes

    @property
    def where(self) -> str:
        """File and column as an error message names them."""
        return f"{self.file}, column {self.header!r}"


@dataclass(frozen=True)
class Reading:
    """A column read.

    Attributes
    ----------
    values : pandas.Series
        str, float64, boolean or datetime64[us]; missing where the cell is empty or does not fit.
    format : str
        The format chosen; empty for text.
    odd : numpy.ndarray of bool
        Cells that hold something the format does not fit; they are missing in `values`.
    examples : tuple of str
        A few of those cells.
    currencies : pandas.Series or None
        Currency written with each amount.
    notes : mapping
        Code of a finding -> number of cells, for the report.
    """

    values: pd.Series
    format: str = ""
    odd: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    examples: tuple[str, ...] = ()
    currencies: pd.Series | None = None
    notes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Distinct:
    """A column as codes into its distinct texts; -1 is a missing cell."""

    codes: np.ndarray
    texts: list[str]
    counts: np.ndarray

    def spread(self, values: np.ndarray, missing: object) -> np.ndarray:
        """`values`, one per distinct text, back to one per cell."""
        padded = np.empty(len(values) + 1, dtype=values.dtype)
        padded[:-1], padded[-1] = values, missing
        return padded[self.codes]


class OrderUnknownError(CrmError):
    """Day and month cannot be told apart in this file; another file of the same export may tell."""


def read_column(cells: pd.Series, context: ColumnContext) -> Reading:
    """Read one column of any kind but dates (see `read_date_columns`).

    Raises
    ------
    CrmError
        If more than 2 % of the filled cells do not fit the kind of the column.
    """
    if context.kind in TEXT_KINDS:
        tidy = plain_texts(cells, context.kind, _nulls(context.kind)) if context.kind != "currency" else None
        return _read_text(cells, context) if tidy is None else _plain(tidy, "")
    if context.kind in ("money", "number") and not context.unit and context.separator != ";":
        numbers = plain_numbers(cells, _nulls(context.kind)) if context.wishes.decimal != "," else None
        if numbers is not None:
            return _plain(numbers, "decimal .")
    distinct = _distinct(cells, context.kind)
    if context.kind == "boolean":
        values, style = read_booleans(distinct.texts), "yes/no"
    else:
        return _read_quantity(distinct, context)
    odd = distinct.spread(np.isnan(values), False)
    _refuse_misfit(distinct, np.isnan(values), odd, context, "yes or no", "")
    flags = pd.Series(distinct.spread(values, np.nan)).astype("Float64").astype("boolean")
    return Reading(flags, style, odd, _examples(distinct, np.isnan(values)))


def _plain(values: pd.Series, style: str) -> Reading:
    return Reading(values, style, np.zeros(len(values), dtype=bool))


def _read_text(cells: pd.Series, context: ColumnContext) -> Reading:
    distinct = _distinct(cells, context.kind)
    notes: dict[str, int] = {}
    texts = distinct.texts
    if context.kind == "currency":
        texts = [currency_code(text) or text.upper() for text in texts]
    if context.kind == "id" and texts:
        if all(re.fullmatch(r"\d+\.0", text) for text in texts):
            texts = [text[:-2] for text in texts]
            notes["id_decimals"] = int(distinct.counts.sum())
        damaged = np.array([_POWER.fullmatch(text) is not None for text in texts], dtype=bool)
        if damaged.any():
            notes["id_damaged"] = int(distinct.counts[damaged].sum())
        rounded = np.array([text.endswith("000") and len(text) > 15 and text.isdigit() for text in texts], dtype=bool)
        if rounded.sum() > 0.1 * len(texts):  # by chance one in a thousand
            notes["id_rounded"] = int(distinct.counts[rounded].sum())
    values = distinct.spread(np.array(texts, dtype=object), np.nan)
    return Reading(pd.Series(values, dtype="str"), "", np.zeros(len(cells), dtype=bool), (), None, notes)


def _read_quantity(distinct: _Distinct, context: ColumnContext) -> Reading:
    position = context.kind in ("latitude", "longitude")
    decimal = context.wishes.decimal
    if position and not decimal:  # degrees have no thousands
        decimal = "," if any("," in text for text in distinct.texts) else "."
    texts = [text.replace("%", "").strip() for text in distinct.texts] if context.kind == "percent" else distinct.texts
    reading = read_numbers(texts, distinct.counts, decimal=decimal, european=context.separator == ";")
    values = reading.values
    notes: dict[str, int] = {}
    if position:
        limit = 90.0 if context.kind == "latitude" else 180.0
        values = np.where(np.abs(values) <= limit, values, np.nan)
    misfit = np.isnan(values)
    odd = distinct.spread(misfit, False)
    _refuse_misfit(distinct, misfit, odd, context, f"numbers with {reading.decimal!r} before the decimals", "decimal")
    style = f"decimal {reading.decimal}"
    if not reading.sure and context.kind == "money":
        notes["decimal_assumed"] = int(distinct.counts.sum())
    if context.kind == "percent":
        known = values[~misfit]
        small = bool(known.size) and known.max() <= 1 and not any("%" in text for text in distinct.texts)
        fraction = small and not set(np.unique(known)) <= {0.0, 1.0}
        if small and not fraction and known.max() == 1:
            notes["percent_unclear"] = int(distinct.counts.sum())
        style = "fraction" if fraction else "per cent"
        values = values if fraction else values / 100
    elif context.kind in ("money", "minutes", "number"):
        factor = unit_factor(context.unit, context.kind)
        if factor != 1.0:
            style += f", × {factor:g} ({context.unit})"
            values = values * factor
    currencies = None
    if context.kind == "money":
        from_header = unit_currency(context.unit)
        written = [code or from_header for code in reading.currencies]
        if any(written):
            spread = distinct.spread(np.array([code or np.nan for code in written], dtype=object), np.nan)
            currencies = pd.Series(spread, dtype="str")
    return Reading(
        pd.Series(distinct.spread(values, np.nan)), style, odd, _examples(distinct, misfit), currencies, notes
    )


def read_date_columns(columns: list[tuple[pd.Series, ColumnContext]]) -> list[Reading]:
    """Read all date columns of one file together: one of them may settle day-first or month-first for the others.

    Raises
    ------
    CrmError
        If no format fits more than 98 % of a column, or day and month cannot be told apart.
    """
    readings: dict[int, Reading] = {}
    for at, (cells, context) in enumerate(columns):
        written = {header_key(header) for header in context.wishes.date_formats}
        if header_key(context.header) not in written:
            dates = plain_dates(cells, _nulls(context.kind), context.wishes.time_zone, (EARLIEST, LATEST))
            if dates is not None:
                shifted = not context.wishes.time_zone and has_offset(cells)
                notes = {"date_offset": int(dates.notna().sum())} if shifted else {}
                readings[at] = Reading(dates, "ISO", np.zeros(len(dates), dtype=bool), (), None, notes)
    rest = [at for at in range(len(columns)) if at not in readings]
    for at, reading in zip(rest, _read_dates_by_text([columns[at] for at in rest]), strict=True):
        readings[at] = reading
    return [_of_header_zone(readings[at], *columns[at]) for at in range(len(columns))]


def _of_header_zone(reading: Reading, cells: pd.Series, context: ColumnContext) -> Reading:
    """Times under a header that names their zone, as ``Created Time (UTC)``, in the zone of the mapping."""
    ahead = zone_of(context.unit)
    times = reading.values
    bare = bool((times.dropna() == times.dropna().dt.floor("D")).all())  # dates without a clock have no zone
    if ahead is None or bare or reading.format.startswith("epoch") or has_offset(cells):
        return reading
    if not context.wishes.time_zone:
        return replace(reading, notes={**reading.notes, "date_offset": int(times.notna().sum())})
    return replace(
        reading,
        values=in_zone(times, ahead, context.wishes.time_zone),
        format=f"{reading.format}, {context.unit} -> {context.wishes.time_zone}",
    )


def _read_dates_by_text(columns: list[tuple[pd.Series, ColumnContext]]) -> list[Reading]:
    prepared = [(_distinct(cells, context.kind), context) for cells, context in columns]
    first = [_dates_of(distinct, context, context.wishes.day_first) for distinct, context in prepared]
    proven = {reading.order for reading in first if reading.order in ("day first", "month first")}
    readings = []
    for (distinct, context), reading in zip(prepared, first, strict=True):
        if reading.both_ways and reading.order == "" and len(proven) == 1:
            reading = _dates_of(distinct, context, proven == {"day first"})
        readings.append(_date_reading(distinct, context, reading))
    return readings


def _dates_of(distinct: _Distinct, context: ColumnContext, day_first: bool | None) -> DateReading:
    styles = {header_key(header): style for header, style in context.wishes.date_formats.items()}
    style = styles.get(header_key(context.header), "")
    return read_dates(
        distinct.texts, distinct.counts, day_first=day_first, style=style, time_zone=context.wishes.time_zone
    )


def _date_reading(distinct: _Distinct, context: ColumnContext, reading: DateReading) -> Reading:
    if reading.both_ways and reading.order == "":
        raise OrderUnknownError(
            explain(
                "day and month cannot be told apart: no value of this file is above 12 in either place",
                where=f"{context.where}, row {_first_rows(distinct, reading.placeholder | True, context)[0][0]}",
                value=distinct.texts[0],
                remedy='Say which comes first: read_crm(..., mapping={"day_first": True}) or False',
            )
        )
    misfit = np.isnat(reading.values) & ~reading.placeholder
    odd = distinct.spread(misfit, False)
    tried = ", ".join(reading.tried)
    if reading.order == "mixed":
        misfit_share = "day-first and month-first dates are mixed in this column"
        raise CrmError(_misfit_text(distinct, misfit, context, misfit_share, f"one of {tried}", "date_formats"))
    _refuse_misfit(distinct, misfit, odd, context, f"dates; formats tried: {tried}", "date_formats")
    values = pd.Series(distinct.spread(reading.values, np.datetime64("NaT")), dtype="datetime64[us]")
    notes = {}
    if reading.placeholder.any():
        notes["date_placeholder"] = int(distinct.counts[reading.placeholder].sum())
    if reading.offset and not context.wishes.time_zone:
        notes["date_offset"] = int(distinct.counts.sum())
    return Reading(values, reading.format, odd, _examples(distinct, misfit), None, notes)


def _refuse_misfit(
    distinct: _Distinct, misfit: np.ndarray, odd: np.ndarray, context: ColumnContext, allowed: str, key: str
) -> None:
    filled = int(distinct.counts.sum())
    if filled and 1 - odd.sum() / filled <= FITS:
        what = f"{int(odd.sum()):,} of {filled:,} cells do not fit what this column should hold"
        raise CrmError(_misfit_text(distinct, misfit, context, what, allowed, key))


def _misfit_text(
    distinct: _Distinct, misfit: np.ndarray, context: ColumnContext, what: str, allowed: str, key: str
) -> str:
    bad = _first_rows(distinct, misfit, context)
    leave_out = f'mapping={{"columns": {{"{context.table}": {{"{context.header}": None}}}}}} to leave the column out'
    examples = {
        "date_formats": f'mapping={{"date_formats": {{"{context.header}": "%d.%m.%y"}}}} to name its format, or ',
        "decimal": 'mapping={"decimal": ","} to name the decimal mark, or ',
    }
    return explain(
        what,
        where=f"{context.where} (read as {context.canonical}), rows {', '.join(str(row) for row, _ in bad)}",
        value=", ".join(text for _, text in bad),
        allowed=allowed,
        remedy=f"Correct the cells, or call read_crm with {examples.get(key, '')}{leave_out}",
    )


def _first_rows(distinct: _Distinct, which: np.ndarray, context: ColumnContext) -> list[tuple[int, str]]:
    """Spreadsheet rows and texts of the first three cells whose text is marked in `which`."""
    marked = np.flatnonzero(distinct.spread(which, False))[:3]
    return [(int(context.rows[at]), distinct.texts[distinct.codes[at]]) for at in marked]


def _examples(distinct: _Distinct, which: np.ndarray) -> tuple[str, ...]:
    return tuple(distinct.texts[at] for at in np.flatnonzero(which)[:3])


@cache
def _nulls(kind: str) -> frozenset[str]:
    words = load_data("values")["nulls"]
    group = {"label": "label", "id": "id"}.get(kind, "")
    extra = words.get(group, []) if kind in TEXT_KINDS else words["value"]
    return frozenset(word.casefold() for word in (*words["any"], *extra)) | {""}


def clean_text(text: str) -> str:
    r"""A text without HTML entities, invisible characters, line breaks and blanks at the ends.

    Examples
    --------
    >>> clean_text(" R&amp;D\u00a0\n Brokerage\u200b ")
    'R&D Brokerage'
    >>> clean_text("'=1+1")
    '=1+1'
    """
    if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
        text = text[1:]
    if "&" in text:
        text = html.unescape(text)
    return " ".join((text if text.isascii() else text.translate(_INVISIBLE)).split())


def _half_width(text: str) -> str:
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def _distinct(cells: pd.Series, kind: str) -> _Distinct:
    encoded = arrow(cells).dictionary_encode()
    raw_codes, raw = encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()
    nulls = _nulls(kind)
    longest = max(map(len, nulls))
    clean = clean_text if kind in TEXT_KINDS else _half_width
    plain = [clean(text) for text in raw]
    place: dict[str, int] = {}
    where = np.empty(len(plain) + 1, dtype=np.int64)
    where[-1] = -1
    for at, text in enumerate(plain):
        missing = len(text) <= longest and text.casefold() in nulls
        where[at] = -1 if missing else place.setdefault(text, len(place))
    codes = where[raw_codes]
    counts = np.bincount(codes[codes >= 0], minlength=len(place))
    return _Distinct(codes, list(place), counts)
