"""Every lever there is, read from the model's own fields: what kind it is, its range, unit, group and where it starts.

Nothing is listed by hand but what stands in front: a new setting of a plan or a market becomes a lever by being
declared. Names and explanations come from the words, ranges and sources from the assumption register.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from salessim.errors import StudyError, explain, nearest
from salessim.model.assumption import OURS, Assumption, assumptions_of
from salessim.model.change import Change
from salessim.model.market import Market
from salessim.model.part import Part
from salessim.model.pay import Pay
from salessim.model.pay_files import PAY_PRESETS
from salessim.model.plan import Plan
from salessim.widgets.texts import TEXTS, text
from salessim.words import definition, has_term, label, sentence

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = [
    "FRONT", "GIVEN", "Lever", "Start", "all_levers", "choice_tooltip", "choice_words", "lever", "levers_named",
    "name_of", "started", "tooltip",
]  # fmt: skip

FRONT = (
    "structure", "reps", "coverage", "prospecting", "selling_time", "complexity", "difference", "distance", "growth",
)  # fmt: skip
"""The levers in sight; the rest is folded into groups."""

GIVEN = "given"
"""The choice of a pay plan that leaves the plan's own."""

_FACTS = frozenset({"distance_assumed"})
"""What is known or not, and no choice or condition to try out."""
_UNKNOWN = {"quota_rule": ("last_year", "bottom_up"), "structure": ("today",)}
"""Choices that need what a run does not know: results and proposals of the year before; of a made market, owners."""
_LAST_MONTH = 24
_DEALS = 40.0  # deals a rep and year, more than any: how far the target reaches
_PERCENT = frozenset({"share", "share of effort", "share of revenue", "per year"})
_STEPS = 50
_WIDEST_KM = 1000.0

Kind = Literal["choice", "switch", "count", "number"]
Start = float | int | str | bool | None
Home = Literal["setting", "change", "pay"]


@dataclass(frozen=True)
class Lever:
    """One lever.

    Attributes
    ----------
    name : str
        The setting it moves.
    owner : {"plan", "market"}
        Whose setting: of the plan that is compared, or of the world under all plans.
    home : {"setting", "change", "pay"}
        What of the plan or market it sets: itself, how the plan changes in time, or its pay plan.
    group : str
        The part of the model it belongs to; "plan" for the plan's own.
    kind : {"choice", "switch", "count", "number"}
    choices : tuple of str
        Of a choice.
    low, high, step : float
        Of a number or count; NaN where they follow from market and plan.
    unit : str
        Key of the unit in the words, or empty.
    assumption : Assumption or None
        Its entry in the register.
    start : str, bool, int, float or None
        Where it stands before it is moved; None: not known yet.
    """

    name: str
    owner: Literal["plan", "market"]
    group: str
    kind: Kind
    choices: tuple[str, ...] = ()
    low: float = math.nan
    high: float = math.nan
    step: float = 1.0
    unit: str = ""
    assumption: Assumption | None = None
    start: Start = None
    home: Home = "setting"

    @property
    def term(self) -> str:
        """Key of its words."""
        return f"{self.home}.{self.name}"

    @property
    def decimals(self) -> int:
        """Decimals of its step."""
        return max(0, -math.floor(math.log10(self.step) + 1e-9))

    def rounded(self, value: Start) -> Start:
        """Return a value as its widget means it: sliders hand over what is a last bit beside their steps.

        Examples
        --------
        >>> lever("selling_time").rounded(0.6000000000000001), lever("reps").rounded(12)
        (0.6, 12)
        """
        if self.kind != "number" or not isinstance(value, int | float):
            return value
        return round(float(value), self.decimals)

    @property
    def percent(self) -> bool:
        """Whether its values are written in per cent."""
        return self.unit in _PERCENT


@cache
def all_levers() -> tuple[Lever, ...]:
    """Return every lever of the model, those of the plan first, in the order of the model's fields.

    Examples
    --------
    >>> [one.name for one in all_levers() if one.kind == "choice"][:4]
    ['structure', 'open_deals', 'coverage', 'routing']
    """
    found = [*_of(Plan, "plan", "plan"), *_of(Change, "plan", "change", "change")]
    found.append(Lever("pay", "plan", "pay", "choice", choices=(GIVEN, *PAY_PRESETS)))
    found += [*_of(Pay, "plan", "pay", "pay"), *_of(Market, "market", "market")]
    # what a plan and its pay plan, or its change, have both is one lever, which sets both
    return tuple({one.name: one for one in reversed(found)}[name] for name in dict.fromkeys(one.name for one in found))


def lever(name: str) -> Lever:
    """Return the lever of a name.

    Raises
    ------
    StudyError
        For a lever that does not exist; the nearest is named.

    Examples
    --------
    >>> lever("prospecting").owner, lever("prospecting").high, lever("speed").group
    ('plan', 0.5, 'travelling')
    """
    known = {one.name: one for one in all_levers()}
    if name not in known:
        raise StudyError(explain("there is no such lever", value=name, remedy=nearest(name, known)))
    return known[name]


def levers_named(names: Sequence[str]) -> tuple[Lever, ...]:
    """Return the levers of these names, the plan's before the market's; errors as in `lever`."""
    found = [lever(name) for name in dict.fromkeys(names)]
    return tuple(sorted(found, key=lambda one: one.owner == "market"))


def started(one: Lever, market: Market, plan: Plan) -> Lever:
    """Return a lever with where it stands on this market and plan, and a range that reaches there.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> reps = started(lever("reps"), market, plan)
    >>> reps.start, reps.low, reps.high
    (8, 1.0, 18.0)
    """
    if one.name == "reps":
        most = float(max(2 * plan.headcount, plan.headcount + 10))
        return replace(one, start=plan.headcount, low=1.0, high=most)
    if one.name in _UNKNOWN and not (one.name == "structure" and len(market.today.owners)):
        one = replace(one, choices=tuple(name for name in one.choices if name not in _UNKNOWN[one.name]))
    if one.name == "pay":
        return replace(one, start=GIVEN)
    if one.name == "target":
        most = _nice(_DEALS * plan.headcount * float(market.products["price"].mean()))
        start = 0.0 if plan.target is None else plan.target
        return replace(one, start=start, low=0.0, high=max(most, 2.0 * start), step=_nice(most / _STEPS))
    if one.home == "change":
        return replace(one, start=_default(Change, one.name))
    if one.home == "pay":
        value = _value(plan.pay, one.name) if plan.pay is not None else _default(Pay, one.name)
    else:
        value = _value(plan if one.owner == "plan" else market, one.name)
    if one.name == "distance":
        from salessim.study.position import width

        value = width(market, plan)
        one = replace(one, low=10.0, high=max(_WIDEST_KM, 2.0 * value))
    elif one.name == "complexity" and value is None:
        from salessim.study.position import mean_complexity

        value = mean_complexity(market)
    if one.kind != "number":
        return replace(one, start=value)
    nearest_step = round(round(float(value) / one.step) * one.step, 10)
    return replace(one, start=nearest_step, low=min(one.low, nearest_step), high=max(one.high, nearest_step))


def tooltip(one: Lever, language: str = "en") -> str:
    """Say what a lever is, its plausible range and on whose word.

    Examples
    --------
    >>> print(tooltip(lever("call_gap")))
    Shortest time between two calls on one account. Plausible range: 1 to 30 (days); source: ours, unsourced.
    """
    said = definition(one.term, language)
    entry = one.assumption
    if entry is None:
        return said
    unit = label(f"unit.{entry.unit}", language)
    source = sentence("ours unsourced", language) if entry.source == OURS else entry.source
    ends = {"low": f"{entry.low:,g}", "high": f"{entry.high:,g}"}
    return sentence("lever tooltip", language, definition=said, unit=unit, source=source, **ends)


def name_of(one: Lever, language: str = "en") -> str:
    """Return the name of a lever.

    Examples
    --------
    >>> name_of(lever("reps")), name_of(lever("keep")), name_of(lever("over_assignment"))
    ('sales force size', 'who keeps an account', 'over-assignment')
    """
    return label(one.term, language)


def choice_words(one: Lever, choice: str, language: str = "en") -> str:
    """Return the name of a choice of a lever.

    Examples
    --------
    >>> choice_words(lever("structure"), "hybrid"), choice_words(lever("pay"), "capped")
    ('hybrid', 'capped plan')
    """
    own = f"{one.name} {choice}"
    return text(own, language) if own in TEXTS[language] else label(_choice(one, choice), language)


def choice_tooltip(one: Lever, choice: str, language: str = "en") -> str:
    """Say what a choice of a lever is."""
    own = f"{one.name} {choice} tip"
    return text(own, language) if own in TEXTS[language] else definition(_choice(one, choice), language)


def _choice(one: Lever, choice: str) -> str:
    own = f"{one.name}.{choice}"
    return own if has_term(own) else f"{one.home}.{choice}"


def _of(part: type[Part], owner: Literal["plan", "market"], group: str, home: Home = "setting") -> Iterator[Lever]:
    entries = {entry.name: entry for entry in assumptions_of(part)}
    for name, field in part.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Part):
            yield from _of(kind, owner, name, home)
        elif name not in _FACTS:
            found = _declared(name, field, entries.get(name), owner, group)
            if found is not None:
                yield replace(found, home=home)


def _declared(
    name: str, field: FieldInfo, entry: Assumption | None, owner: Literal["plan", "market"], group: str
) -> Lever | None:
    """Return the lever that a field declares, None for tables, names and dates."""
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return Lever(name, owner, group, "choice", choices=get_args(annotation))
    if annotation is bool:
        return Lever(name, owner, group, "switch")
    if name == "reps":
        return Lever(name, owner, group, "count")
    if entry is not None:
        step = _nice((entry.high - entry.low) / _STEPS)
        return Lever(name, owner, group, "number", (), entry.low, entry.high, step, entry.unit, entry)
    if name == "distance":
        return Lever(name, owner, group, "number", step=10.0)
    if name == "target":
        return Lever(name, owner, group, "number")
    low, high = _bounds(field)
    if name == "month":
        low, high = 0, _LAST_MONTH
    if annotation in (int, int | None) and low is not None and high is not None:
        return Lever(name, owner, group, "count", (), float(low), float(high))
    if annotation in (float, float | None) and low is not None and high is not None:
        return Lever(name, owner, group, "number", (), float(low), float(high), _nice((high - low) / _STEPS))
    return None


def _bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    low = next((getattr(one, key) for one in field.metadata for key in ("ge", "gt") if hasattr(one, key)), None)
    high = next((getattr(one, key) for one in field.metadata for key in ("le", "lt") if hasattr(one, key)), None)
    return low, high


def _value(part: Any, name: str) -> Any:
    """Return the value of a setting of a part or of one of its parts."""
    if name in type(part).model_fields:
        return getattr(part, name)
    for key in type(part).model_fields:
        inner = getattr(part, key)
        if isinstance(inner, Part) and name in set(type(inner).names()):
            return _value(inner, name)
    raise KeyError(name)


def _default(part: type[Part], name: str) -> Any:
    """Return the default of a setting of a part or of one of its parts; 0 where it has none."""
    for key, field in part.model_fields.items():
        kind = field.annotation
        if key == name:
            return 0 if field.default is None or field.is_required() else field.default
        if isinstance(kind, type) and issubclass(kind, Part) and name in set(kind.names()):
            return _default(kind, name)
    raise KeyError(name)


def _nice(step: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is no larger."""
    power = 10.0 ** math.floor(math.log10(step) + 1e-9)
    return float(f"{max(m for m in (1, 2, 5) if m * power <= step * (1 + 1e-9)) * power:.1g}")
