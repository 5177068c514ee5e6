"""Money, plain numbers, percentages and yes/no: one decision per column.

Money comes as ``45000``, ``45,000.00``, ``1.234,56``, ``$ 80,000.00``, ``$342.09K``, ``￥12,000.00``, ``12万``,
``CNY 1,000`` and ``(500)``. Which mark separates the decimals is decided once for the column; the currency is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from salessim.crm.profiles import load_data

__all__ = ["NumberReading", "currency_code", "read_booleans", "read_numbers", "unit_currency", "unit_factor"]

LONGEST_NUMBER = 100  # characters of a number with its currency and blanks
_BLANKS = re.compile(r"[\s\u00a0\u202f'’]")
_DIGITS = re.compile(r"[+-]?[\d.,]*\d[\d.,]*")


@dataclass(frozen=True)
class NumberReading:
    """Outcome for the distinct texts of one column.

    Attributes
    ----------
    values : numpy.ndarray of float
        One per text, NaN where the text is no number.
    decimal : str
        Mark that separates the decimals.
    sure : bool
        False where the texts can be read both ways (``1.234`` everywhere) and the decimal point was assumed.
    currencies : list of str
        Currency written with each number, empty where there is none.
    """

    values: np.ndarray
    decimal: str
    sure: bool
    currencies: list[str]


@lru_cache(maxsize=1)
def _currency_words() -> dict[str, str]:
    return {word.casefold(): code for code, words in load_data("values")["currencies"].items() for word in words}


@lru_cache(maxsize=1)
def _affix() -> re.Pattern[str]:
    words = sorted((re.escape(word) for word in _currency_words()), key=len, reverse=True)
    return re.compile("|".join(words))


def currency_code(text: str) -> str:
    """ISO code of a currency as CRMs write it; empty if unknown.

    Examples
    --------
    >>> currency_code("CNY - 人民币"), currency_code("€"), currency_code("US Dollar (USD)"), currency_code("chf")
    ('CNY', 'EUR', 'USD', 'CHF')
    """
    plain = unicodedata.normalize("NFKC", text[:LONGEST_NUMBER]).strip()
    known = _currency_words().get(plain.casefold())
    if known:
        return known
    code = re.match(r"([A-Za-z]{3})(?:\s*[-–(/]|$)", plain) or re.search(r"\(([A-Z]{3})\)", plain)
    return code[1].upper() if code else ""


def unit_currency(unit: str) -> str:
    """Currency named in the unit of a header; empty if none is.

    Examples
    --------
    >>> unit_currency("kEUR"), unit_currency("万元"), unit_currency("in $"), unit_currency("converted")
    ('EUR', 'CNY', 'USD', '')
    """
    plain = unicodedata.normalize("NFKC", unit[:LONGEST_NUMBER]).casefold()
    found = re.search(rf"(?<![a-z])[km]?({_affix().pattern})(?![a-z])", plain)
    return _currency_words()[found[1]] if found else ""


def unit_factor(unit: str, kind: str) -> float:
    """What a header's unit multiplies the numbers by: 万元 -> 10000, "k EUR" -> 1000, seconds (for minutes) -> 1/60.

    Examples
    --------
    >>> unit_factor("万元", "money"), unit_factor("USD k", "money"), unit_factor("in seconds", "minutes") * 60
    (10000.0, 1000.0, 1.0)
    """
    plain = unicodedata.normalize("NFKC", unit).casefold().strip()
    if kind == "minutes":
        return float(load_data("values")["minutes"].get(plain, 1.0))
    rest = re.sub(r"[\s元圆.]+", "", _affix().sub("", plain)) if plain else ""
    return float(load_data("values")["multipliers"].get(rest, 1.0))


def read_numbers(texts: list[str], counts: np.ndarray, *, decimal: str = "", european: bool = False) -> NumberReading:
    """Read the distinct texts of a column of money or numbers.

    Parameters
    ----------
    texts : list of str
        The distinct, non-missing cells.
    counts : numpy.ndarray
        How many cells hold each text.
    decimal : str
        Decimal mark prescribed by the user; empty: to be found out.
    european : bool
        The file separates its cells by ``;``, so where both readings are possible the comma is the decimal mark.

    Examples
    --------
    >>> import numpy as np
    >>> read_numbers(["$ 80,000.00", "$342.09K", "(500)"], np.ones(3, int)).values.tolist()
    [80000.0, 342090.0, -500.0]
    >>> read_numbers(["1.234,56", "12,5"], np.ones(2, int)).values.tolist()
    [1234.56, 12.5]
    >>> read_numbers(["12万", "￥1.2亿"], np.ones(2, int)).currencies
    ['', 'CNY']
    """
    try:  # the common case: plain numbers
        if decimal != ",":
            values = np.array(texts, dtype=float) if texts else np.zeros(0)
            if not european or not any("." in text for text in texts):
                sure = bool(decimal) or not _thousand_like(texts, ".")
                return NumberReading(np.where(np.isfinite(values), values, np.nan), ".", sure, [""] * len(texts))
    except ValueError:
        pass
    parts = [_take_apart(text) for text in texts]
    digits = [part[0] for part in parts]
    mark, sure = (decimal, True) if decimal else _decimal_mark(digits, counts, european)
    values = np.array([_value(number, mark) * factor for number, factor, _ in parts], dtype=float)
    return NumberReading(values, mark, sure, [currency for _, _, currency in parts])


def _take_apart(text: str) -> tuple[str, float, str]:
    """Digits with marks and sign, factor, currency; empty digits for what is no number."""
    if len(text) > LONGEST_NUMBER:  # the patterns below take long over long texts
        return "", 1.0, ""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    sign = 1.0
    bracketed = re.fullmatch(r"(.*)\((.*)\)(.*)", plain)
    if bracketed:
        plain, sign = "".join(bracketed.groups()), -1.0
    if plain.endswith("-"):
        plain, sign = plain[:-1], -sign
    currency = ""
    plain = _BLANKS.sub("", plain).replace("−", "-")
    found = _affix().search(plain)
    if found:
        currency = _currency_words()[found[0]]
        plain = _affix().sub("", plain)
    number = _DIGITS.search(plain)
    if not number:
        return "", 1.0, ""
    rest = plain[: number.start()] + plain[number.end() :]
    if rest.startswith("-") and number.start() > 0:
        rest, sign = rest[1:], -sign
    factor = load_data("values")["multipliers"].get(rest, None) if rest else "1"
    if factor is None:
        return "", 1.0, ""
    return number[0], sign * float(factor), currency


def _thousand_like(texts: list[str], mark: str) -> bool:
    """Whether every number with the mark has it once, exactly three digits behind and one to three before it."""
    escaped = re.escape(mark)
    with_mark = [text for text in texts if mark in text]
    if not with_mark or not all(
        re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}{escaped}\d{{3}}", text.strip()) for text in with_mark
    ):
        return False
    # A number from 1,000 up without any mark shows that thousands are not separated in this column.
    return not any(re.fullmatch(r"[+-]?\d{4,}", text.strip()) for text in texts)


def _decimal_mark(digits: list[str], counts: np.ndarray, european: bool) -> tuple[str, bool]:
    """The decimal mark of a column, and whether that is sure."""
    votes = {".": 0, ",": 0}
    for number, count in zip(digits, counts.tolist(), strict=True):
        point, comma = number.rfind("."), number.rfind(",")
        if point >= 0 and comma >= 0:
            votes["." if point > comma else ","] += count
        elif number.count(".") > 1:
            votes[","] += count
        elif number.count(",") > 1:
            votes["."] += count
        elif comma >= 0 and not re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", number):
            votes[","] += count
        elif point >= 0 and not re.fullmatch(r"[+-]?[1-9]\d{0,2}\.\d{3}", number):
            votes["."] += count
    if votes["."] != votes[","]:
        return (".", True) if votes["."] > votes[","] else (",", True)
    marks = {mark for mark in ".," if any(mark in number for number in digits)}
    if marks == {","}:  # 1,234 everywhere: thousands, but not sure where the comma is the usual decimal mark
        return (",", False) if european else (".", True)
    if marks == {"."}:
        unseparated = any(re.fullmatch(r"[+-]?\d{4,}", number) for number in digits)
        return (",", False) if european and not unseparated else (".", unseparated)
    return (",", not marks) if european else (".", not marks)


def _value(number: str, mark: str) -> float:
    other = "," if mark == "." else "."
    if not number or number.count(mark) > 1:
        return float("nan")
    whole, _, decimals = number.partition(mark)
    groups = whole.lstrip("+-").split(other)
    if other in decimals or (len(groups) > 1 and not all(2 <= len(group) <= 4 for group in groups[1:])):
        return float("nan")
    try:
        return float(whole.replace(other, "") + "." + (decimals or "0"))
    except ValueError:
        return float("nan")


def read_booleans(texts: list[str]) -> np.ndarray:
    """Yes/no words as 1.0 and 0.0, NaN for what is neither.

    Examples
    --------
    >>> read_booleans(["是", "No", "TRUE", "perhaps"]).tolist()
    [1.0, 0.0, 1.0, nan]
    """
    words: Mapping[str, list[str]] = load_data("values")["booleans"]
    value = {word: 1.0 for word in words["true"]} | {word: 0.0 for word in words["false"]}
    return np.array(
        [value.get(unicodedata.normalize("NFKC", text).strip().casefold(), np.nan) for text in texts], dtype=float
    )
