"""How figures are written in a report: signs, scales, units, and the words of settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from salessim.measures import Measure
from salessim.model.part import Part
from salessim.model.pay import Component, Pay
from salessim.study.phrases import phrase, quantity
from salessim.study.wording import clean, currency_label, scale
from salessim.words import has_term, label, sentence

__all__ = [
    "Unit", "figure", "market_label", "money_unit", "pay_words", "plain", "plus_minus", "rounded", "setting_words",
    "signed", "unit_of",
]  # fmt: skip

_LEAST_SHARE = 0.5
_MADE = {"made market": "report made market", "fitted market": "report fitted market"}
"""Names that this package gives to markets, and what a reader calls them."""

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


def plus_minus(gap: float, half: float, decimals: int, language: str) -> str:
    """Write a difference and half its interval: a bare 0 where neither shows, and never a half that reads as certain.

    Examples
    --------
    >>> plus_minus(-0.31, 0.12, 2, "en"), plus_minus(-0.31, 0.001, 2, "en"), plus_minus(0.001, 0.001, 2, "en")
    ('−0.31 ± 0.12', '−0.31 ± <0.01', '0')
    """
    if round(gap, decimals) == 0.0 and round(half, decimals) == 0.0:
        return "0"
    if half == 0.0:
        return signed(gap, decimals)
    least = 10.0**-decimals
    said = plain(half, decimals)
    if round(half, decimals) == 0.0:
        said = sentence("report less than", language, value=plain(least, decimals))
    return sentence("report plus minus", language, value=signed(gap, decimals), half=said)


def rounded(value: float, digits: int = 3) -> float:
    """Round to as many digits as a reader can use.

    Examples
    --------
    >>> rounded(-3302751.0), rounded(0.0), rounded(12.0)
    (-3300000.0, 0.0, 12.0)
    """
    if value == 0.0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def market_label(name: str, language: str) -> str:
    """Return what a market is called: the user's own name, or in words what this package has made.

    Examples
    --------
    >>> market_label("fitted market", "zh"), market_label("Miller & Sons", "zh")
    ('按数据拟合的市场', 'Miller & Sons')
    """
    return sentence(_MADE[name], language) if name in _MADE else clean(name)


def money_unit(largest: float, currency: str, language: str, gap: float = math.inf) -> Unit:
    """Return in what unit amounts up to `largest` are written, whose differences are up to `gap`.

    A unit that swallows the differences gives way to the next smaller one, down to the one above a bare amount.

    Examples
    --------
    >>> money_unit(1.6e8, "CNY", "zh")[1], money_unit(1.6e8, "CNY", "zh", gap=6e6)[1]
    ('亿元', '万元')
    >>> money_unit(2e6, "CNY", "en", gap=1.0)[1]
    'million CNY'
    """
    named = currency_label(currency, language)
    factor, unit = scale(largest, named, language)
    if gap < _LEAST_SHARE * factor:
        smaller, name = scale(0.99 * factor, named, language)
        if smaller > 1.0:
            factor, unit = smaller, name
    return factor, unit, "#,##0;-#,##0;0"


def unit_of(entry: Measure, largest: float, currency: str, language: str, gap: float = math.inf) -> Unit:
    """Return in what unit a measure is written; `largest` of its values, `gap` the greatest of its differences."""
    if entry.unit == "share":
        return 0.01, sentence("percent sign", language), "0.0%"
    if entry.unit == "currency":
        return money_unit(largest, currency, language, gap)
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


def pay_words(pay: Pay, language: str) -> str:
    """Write a pay plan as a list of what a rep may earn by it.

    Examples
    --------
    >>> from salessim.model.pay_files import pay_preset
    >>> pay_words(pay_preset("accelerator"), "en")
    'base salary 90,000, target variable pay 60,000, revenue per year (rate 1× / 1.5× / 2×)'
    """
    parts = [_part(f"pay.{name}", figure(getattr(pay, name)), language) for name in ("salary", "target_variable")
             if getattr(pay, name)]  # fmt: skip
    parts += [_component(one, language) for one in pay.components]
    parts += [_part(f"pay.{name}", str(len(getattr(pay, name))), language)
              for name in ("manager_components", "spiffs", "contests") if getattr(pay, name)]  # fmt: skip
    parts += [_part("pay.draw", figure(pay.draw), language)] if pay.draw else []
    return phrase(language, "comma").join(parts)


def _component(one: Component, language: str) -> str:
    facts = []
    if one.tiers:
        facts.append(_part("pay.rate", " / ".join(_rate(one, tier.rate, language) for tier in one.tiers), language))
    if one.bonuses:
        facts.append(_part("pay.pays", " / ".join(figure(bonus.pays) for bonus in one.bonuses), language))
    if one.threshold:
        facts.append(_part("pay.threshold", figure(one.threshold), language))
    if one.cap is not None:
        facts.append(_part("pay.cap", figure(one.cap), language))
    measure, period = (label(f"pay.{name}", language) for name in (one.measure, one.period))
    said = phrase(language, "comma").join(facts) or "–"
    return sentence("report pay part", language, measure=measure, period=period, facts=said)


def _rate(one: Component, rate: float, language: str) -> str:
    """Write a rate: a multiple of the pay at target, a share of money, or money for each unit or customer."""
    if one.target_pay is not None:
        return f"{figure(rate)}×"
    counts = one.basis == "attainment" or one.measure in ("units", "new_customers", "market_share")
    return figure(rate) if counts else quantity(rate, language, relative=True)


def _part(term: str, value: str, language: str) -> str:
    return sentence("report in short part", language, name=label(term, language), value=value)


def _value(name: str, value: Any, language: str) -> str:
    if value is None:
        return sentence("report none", language)
    if isinstance(value, Pay):
        return pay_words(value, language)
    if isinstance(value, bool):
        return sentence("report yes" if value else "report no", language)
    if isinstance(value, str):
        return label(f"{name}.{value}", language) if has_term(f"{name}.{value}") else clean(value)
    if isinstance(value, int | float):
        return figure(float(value))
    if isinstance(value, Mapping):
        return phrase(language, "comma").join(f"{clean(str(key))} {clean(str(one))}" for key, one in value.items())
    if isinstance(value, tuple | list):
        return phrase(language, "comma").join(_value(name, one, language) for one in value) or "–"
    if isinstance(value, Part):  # a part of a plan that has no words of its own yet: its settings, by their labels
        own = {key: getattr(value, key) for key in type(value).model_fields if has_term(f"setting.{key}")}
        return setting_words(own, language)
    return clean(str(value))
