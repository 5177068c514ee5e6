"""Where the levers stand, as one frozen value from which market and plan follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from salessim.widgets.catalogue import Start, lever

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Levers"]


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

    def plan(self, plan: Plan) -> Plan:
        """Return the plan with these levers; errors as in `market`. One that changes nothing is the plan itself."""
        changes: dict[str, Any] = dict(self.of("plan").items)
        changed = plan.but(**changes) if changes else plan
        return plan if changed == plan else changed
