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
from salessim.model.market import Market
from salessim.model.part import Part
from salessim.model.plan import Plan
from salessim.words import definition, label, sentence

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["FRONT", "Lever", "Start", "all_levers", "lever", "levers_named", "started", "tooltip"]

FRONT = (
    "structure", "reps", "coverage", "prospecting", "selling_time", "complexity", "difference", "distance", "growth",
)  # fmt: skip
"""The levers in sight; the rest is folded into groups."""

_FACTS = frozenset({"distance_assumed"})
"""What is known or not, and no choice or condition to try out."""
_PERCENT = frozenset({"share", "share of effort", "share of revenue", "per year"})
_STEPS = 50
_WIDEST_KM = 1000.0

Kind = Literal["choice", "switch", "count", "number"]
Start = float | int | str | bool | None


@dataclass(frozen=True)
class Lever:
    """One lever.

    Attributes
    ----------
    name : str
        The setting it moves.
    owner : {"plan", "market"}
        Whose setting: of the plan that is compared, or of the world under all plans.
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
    return (*_of(Plan, "plan", "plan"), *_of(Market, "market", "market"))


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
    if one.name == "structure" and not len(market.today.owners):
        one = replace(one, choices=tuple(name for name in one.choices if name != "today"))
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
    said = definition(f"setting.{one.name}", language)
    entry = one.assumption
    if entry is None:
        return said
    unit = label(f"unit.{entry.unit}", language)
    source = sentence("ours unsourced", language) if entry.source == OURS else entry.source
    ends = {"low": f"{entry.low:,g}", "high": f"{entry.high:,g}"}
    return sentence("lever tooltip", language, definition=said, unit=unit, source=source, **ends)


def _of(part: type[Part], owner: Literal["plan", "market"], group: str) -> Iterator[Lever]:
    entries = {entry.name: entry for entry in assumptions_of(part)}
    for name, field in part.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Part):
            yield from _of(kind, owner, name)
        elif name not in _FACTS:
            found = _declared(name, field, entries.get(name), owner, group)
            if found is not None:
                yield found


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
    low, high = _bounds(field)
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


def _nice(step: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is no larger."""
    power = 10.0 ** math.floor(math.log10(step) + 1e-9)
    return float(f"{max(m for m in (1, 2, 5) if m * power <= step * (1 + 1e-9)) * power:.1g}")
