"""How figures are written in a report: signs, scales, units, and the words of settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from salessim.measures import Measure
from salessim.study.phrases import phrase
from salessim.study.wording import clean, currency_label, scale
from salessim.words import has_term, label, sentence

__all__ = ["Unit", "figure", "money_unit", "plain", "setting_words", "signed", "unit_of"]

#: factor to divide by, name of what remains, format of a spreadsheet for the undivided figure
Unit = tuple[float, str, str]


def signed(value: float, decimals: int = 0) -> str:
    """Write a difference: with a sign, and a true minus.

    Examples
    --------
    >>> signed(-0.004, 1), signed(1234.5, 1), signed(float("nan"))
    ('0.0', '+1,234.5', '–')
    """
    if not math.isfinite(value):
        return "–"
    text = f"{value:+,.{decimals}f}"
    return text[1:] if not text.strip("+-0.,") else text.replace("-", "−")


def plain(value: float, decimals: int = 0) -> str:
    """Write an amount with a true minus.

    Examples
    --------
    >>> plain(-1234.56, 1)
    '−1,234.6'
    """
    if not math.isfinite(value):
        return "–"
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def money_unit(largest: float, currency: str, language: str) -> Unit:
    """Return in what unit amounts up to `largest` are written."""
    factor, unit = scale(largest, currency_label(currency, language), language)
    return factor, unit, "#,##0;-#,##0;0"


def unit_of(entry: Measure, largest: float, currency: str, language: str) -> Unit:
    """Return in what unit a measure is written; `largest` is the greatest of its values."""
    if entry.unit == "share":
        return 0.01, sentence("percent sign", language), "0.0%"
    if entry.unit == "currency":
        return money_unit(largest, currency, language)
    if entry.unit == "count":
        return 1.0, sentence("number of", language), "#,##0.0"
    return 1.0, label(f"unit.{entry.unit}", language), "#,##0.0"


def figure(value: float) -> str:
    """Write a setting with as many digits as it has, at most four after the point.

    Examples
    --------
    >>> figure(0.05), figure(120000.0), figure(-0.12345)
    ('0.05', '120,000', '−0.1235')
    """
    text = plain(value, 4)
    return text.rstrip("0").rstrip(".") if "." in text else text


def setting_words(settings: Mapping[str, Any], language: str) -> str:
    """Write settings as a list: name and value of each.

    Examples
    --------
    >>> setting_words({"structure": "customer", "reps": 12}, "en")
    'structure: customer, sales force size: 12'
    """
    parts = [
        sentence("report setting", language, name=label(f"setting.{name}", language),
                 value=_value(name, value, language))
        for name, value in settings.items()
    ]  # fmt: skip
    return phrase(language, "comma").join(parts)


def _value(name: str, value: Any, language: str) -> str:
    if isinstance(value, bool):
        return sentence("report yes" if value else "report no", language)
    if isinstance(value, str):
        return label(f"{name}.{value}", language) if has_term(f"{name}.{value}") else clean(value)
    if isinstance(value, int | float):
        return figure(float(value))
    if isinstance(value, Mapping):
        return phrase(language, "comma").join(f"{clean(str(key))} {clean(str(one))}" for key, one in value.items())
    return clean(str(value))
