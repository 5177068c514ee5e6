"""Where the levers stand, as one frozen value from which market and plan follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from salessim.errors import ModelError, explain
from salessim.model.change import Change
from salessim.model.pay import Pay
from salessim.model.pay_files import pay_preset
from salessim.widgets.catalogue import GIVEN, Start, lever

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Levers"]

_FROM_THE_START = frozenset({"selling_time", "leave", "target"})
"""Settings of a plan that hold for the whole run and cannot change on the way; so do those of a pay plan."""


@dataclass(frozen=True)
class Levers:
    """The levers that are moved, with where they stand; a lever that is not among them is as market or plan say.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> levers = Levers().but(structure="product", distance=400.0)
    >>> levers.plan(plan).structure, levers.market(market).travelling.distance, Levers().plan(plan) is plan
    ('product', 400.0, True)
    >>> levers.but(structure=None).moved
    mappingproxy({'distance': 400.0})
    """

    items: tuple[tuple[str, Start], ...] = ()

    @property
    def moved(self) -> Mapping[str, Start]:
        """Name and value of every lever that is moved, in alphabetical order."""
        return MappingProxyType(dict(self.items))

    def but(self, **changes: Start) -> Levers:
        """Return a copy with some levers moved; None puts one back.

        Raises
        ------
        StudyError
            For a lever that does not exist.
        """
        for name in changes:
            lever(name)
        values = dict(self.items) | changes
        return Levers(tuple(sorted((name, value) for name, value in values.items() if value is not None)))

    def of(self, owner: str) -> Levers:
        """Return the levers of the plan alone, or of the market alone."""
        return Levers(tuple(item for item in self.items if lever(item[0]).owner == owner))

    def market(self, market: Market) -> Market:
        """Return the market with these levers.

        Raises
        ------
        ModelError
            For a value that cannot be.
        """
        changes: dict[str, Any] = dict(self.of("market").items)
        return market.but(**changes) if changes else market

    def plan(self, plan: Plan, usual: Callable[[], float] | None = None) -> Plan:
        """Return the plan with these levers; errors as in `market`. One that changes nothing is the plan itself.

        Where the levers of a change say a month, what else is moved of the plan happens then; otherwise from the
        start. A target that is moved is divided into quotas, whatever quotas a pay plan had of its own.

        Parameters
        ----------
        plan : Plan
        usual : callable, optional
            Returns what a rep sells in a year under `plan`; a ready-made pay plan is scaled to it.
        """
        mine = dict(self.of("plan").items)
        if not mine:
            return plan
        homes: dict[str, dict[str, Any]] = {"setting": {}, "change": {}, "pay": {}}
        for name, value in mine.items():
            homes["pay" if name == "pay" else lever(name).home][name] = value
        settings, change = homes["setting"], homes["change"]
        if "target" in settings:
            settings["target"] = settings["target"] or None
        pay = _pay(plan, homes["pay"], "target" in settings, usual)
        whole = _FROM_THE_START if pay is None else _FROM_THE_START | set(Pay.names())
        first = {name: settings.pop(name) for name in whole & set(settings)}
        made = plan.but(pay=pay).but(**first)
        month = change.pop("month", 0)
        if month:
            stay = {"open_deals": settings.pop("open_deals", plan.open_deals)}
            changes = (Change(month=month, to=settings, **change, **stay),) if settings else ()
            made = made.but(changes=changes)
        elif settings:
            made = made.but(**settings)
        return plan if made == plan else made


def _pay(plan: Plan, moved: dict[str, Any], divided: bool, usual: Callable[[], float] | None) -> Pay | None:
    """Return the pay plan that the levers make of that of a plan."""
    chosen = moved.pop("pay", GIVEN)
    scaled = {} if usual is None or chosen == GIVEN else {"quota": usual()}
    pay = plan.pay if chosen == GIVEN else pay_preset(chosen, **scaled)
    if pay is None:
        if moved:
            raise ModelError(
                explain("the plan has no pay plan of its own, so there is nothing that this lever could set",
                        where=", ".join(moved), remedy="Choose a pay plan first, or put the lever back")
            )  # fmt: skip
        return None
    if moved:
        pay = pay.but(**moved)
    if divided:
        parts = tuple(part.but(quota=None) if part.basis == "attainment" else part for part in pay.components)
        pay = pay.but(components=parts)
    return pay
