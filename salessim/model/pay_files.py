"""Pay plans as YAML, with the line of what is wrong; and the plans that every textbook has, ready made."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from salessim.errors import ModelError, explain, nearest
from salessim.model.files import dump
from salessim.model.pay import Bonus, Component, Contest, Pay, PayError, PayPart, Quotas, Spiff, Tier

__all__ = ["PAY_PRESETS", "dump_pay", "load_pay", "pay_preset"]

_PARTS: dict[str, type[PayPart]] = {
    "tiers": Tier, "bonuses": Bonus, "components": Component, "manager_components": Component, "spiffs": Spiff,
    "contests": Contest, "quotas": Quotas,
}  # fmt: skip


def dump_pay(pay: Pay, path: str | Path | None = None) -> str:
    """Write a pay plan as YAML (to `path`, where one is given); settings at their defaults included.

    Examples
    --------
    >>> load_pay(dump_pay(pay_preset("bonus"))) == pay_preset("bonus")
    True
    """
    return dump(pay, path)


def load_pay(source: str | Path) -> Pay:
    """Read a pay plan from a YAML file (a `Path`, or a string ending in .yaml/.yml) or from YAML text.

    Raises
    ------
    ModelError
        What is wrong, with file and line, what would be allowed and what to do.

    Examples
    --------
    >>> load_pay('''salary: 60000
    ... components:
    ... - title: commission
    ...   tiers:
    ...   - {above: 100, rate: 0.05}
    ...   - {above: 50, rate: 0.08}
    ... ''')
    Traceback (most recent call last):
    ...
    salessim.errors.ModelError: text, line 6: component 'commission', tiers 2, above: thresholds of tiers must rise.
    Found: 50.0. Allowed: more than 100, where the tier before begins. Put the tiers in rising order.
    """
    is_file = isinstance(source, Path) or ("\n" not in source and source.strip().endswith((".yaml", ".yml")))
    name, text = (str(source), "") if is_file else ("text", str(source))
    if is_file:
        path = Path(source)
        if not path.is_file():
            raise ModelError(explain("there is no such file", where=str(path), remedy="Check the path"))
        text = path.read_text(encoding="utf-8")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}, line {mark.line + 1}" if mark else name
        remedy = str(getattr(error, "problem", "") or "Check the indentation")
        raise ModelError(explain("this is not valid YAML", where=where, remedy=remedy)) from None
    if not isinstance(node, yaml.MappingNode):
        raise ModelError(explain("a pay plan in YAML is a mapping of settings", where=name, value=str(values)[:60]))
    made = _make(Pay, node, values, name)
    assert isinstance(made, Pay)
    return made


def _make(kind: type[PayPart], node: yaml.MappingNode, values: dict[str, Any], name: str) -> PayPart:
    """Build a part from the inside out, so that the first complaint comes from the part that is wrong."""
    built: dict[str, Any] = {}
    for key, child in node.value:
        setting = str(key.value)
        if setting not in kind.model_fields:
            problem = explain(
                f"a {kind.__name__.lower()} has no setting of this name", where=setting,
                remedy=nearest(setting, kind.model_fields),
            )  # fmt: skip
            raise _at(name, key, problem)
        if setting in built:
            problem = explain("this setting stands twice, and one would be ignored", where=setting,
                              remedy="Delete one of the two lines")  # fmt: skip
            raise _at(name, key, problem)
        inner, value = _PARTS.get(setting), values[setting]
        if inner is not None and isinstance(child, yaml.SequenceNode) and isinstance(value, list):
            value = [
                _make(inner, item, given, name) if isinstance(item, yaml.MappingNode) else given
                for item, given in zip(child.value, value, strict=True)
            ]
        elif inner is not None and isinstance(child, yaml.MappingNode):
            value = _make(inner, child, value, name)
        built[setting] = value
    try:
        return kind(**built)
    except PayError as error:
        raise _at(name, _follow(node, error.path), str(error)) from None


def _follow(node: yaml.Node, path: tuple[str | int, ...]) -> yaml.Node:
    """Return the node at the end of `path`, or the last one that exists on the way."""
    for step in path:
        if isinstance(node, yaml.MappingNode):
            inside = {str(key.value): value for key, value in node.value}
            if str(step) not in inside:
                return node
            node = inside[str(step)]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            return node
    return node


def _at(name: str, node: yaml.Node, problem: str) -> ModelError:
    return ModelError(f"{name}, line {node.start_mark.line + 1}: {problem}")


# ---- presets: on-target earnings of 150,000 a year; money and quotas are orders of magnitude, replace by your own ----
_QUOTA = 750_000.0  # five times on-target earnings (vendors: 4-7)


def _salary(quota: float) -> Pay:
    return Pay(salary=150_000)


def _commission(quota: float) -> Pay:
    straight = Component(title="commission", period="month", tiers=(Tier(rate=150_000 / quota),))
    return Pay(salary=0, components=(straight,), target_variable=150_000)


def _accelerator(quota: float) -> Pay:
    """Average pay mix 60:40 (Zoltners et al. 2017); 1.5 times above quota, twice above 125 % (vendors)."""
    tiers = (Tier(rate=1.0), Tier(above=1.0, rate=1.5), Tier(above=1.25, rate=2.0))
    part = Component(title="quota", basis="attainment", quota=quota, target_pay=60_000, tiers=tiers)
    return Pay(salary=90_000, components=(part,), target_variable=60_000)


def _bonus(quota: float) -> Pay:
    steps = (Bonus(at=0.8, pays=5_000), Bonus(at=1.0, pays=10_000), Bonus(at=1.2, pays=5_000))
    quarterly = Component(
        title="quarterly bonus", period="quarter", basis="attainment", quota=quota / 4, bonuses=steps
    )
    return Pay(salary=90_000, components=(quarterly,), target_variable=60_000)


def _capped(quota: float) -> Pay:
    part = Component(
        title="quota", basis="attainment", quota=quota, target_pay=60_000, threshold=0.5, cap=90_000,
        tiers=(Tier(rate=1.0),),
    )  # fmt: skip
    return Pay(salary=90_000, components=(part,), target_variable=60_000)


def _commission_and_bonus(quota: float) -> Pay:
    """提成 on cash collected (回款) every month, 季度奖金 for reaching the quarter's quota."""
    commission = Component(title="提成", measure="cash_collected", period="month", tiers=(Tier(rate=45_000 / quota),))
    bonus = Component(
        title="季度奖金", measure="cash_collected", period="quarter", basis="attainment", quota=quota / 4,
        bonuses=(Bonus(at=1.0, pays=7_500),),
    )  # fmt: skip
    return Pay(salary=75_000, components=(commission, bonus), target_variable=75_000)


PAY_PRESETS: dict[str, Callable[[float], Pay]] = {
    "salary": _salary,
    "commission": _commission,
    "accelerator": _accelerator,
    "bonus": _bonus,
    "capped": _capped,
    "commission_and_bonus": _commission_and_bonus,
}
"""Straight salary, straight commission, 60:40 with accelerators, bonus steps, capped plan, 提成+季度奖金."""


def pay_preset(name: str, quota: float = _QUOTA) -> Pay:
    """Return a ready-made pay plan, scaled so that who sells `quota` earns the same whatever that is.

    Parameters
    ----------
    name : str
        A key of `PAY_PRESETS`.
    quota : float
        What a rep sells in a year, in the currency of the market.

    Raises
    ------
    ModelError
        For a name that does not exist (the nearest is named), or a quota that is not above 0.

    Examples
    --------
    >>> pay_preset("capped").components[0].cap
    90000.0
    >>> pay_preset("commission", quota=1_500_000).components[0].tiers[0].rate
    0.1
    """
    if name not in PAY_PRESETS:
        raise ModelError(explain("there is no such pay plan", value=name, remedy=nearest(name, PAY_PRESETS)))
    if not (math.isfinite(quota) and quota > 0):
        raise ModelError(explain("a quota of zero cannot be attained or missed", where="quota", value=quota,
                                 allowed="more than 0"))  # fmt: skip
    return PAY_PRESETS[name](quota)
