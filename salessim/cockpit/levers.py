"""The levers: what a planner can move, as one frozen value from which market and plan follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Levers"]


@dataclass(frozen=True)
class Levers:
    """Where the levers stand. An empty one leaves what the market or the plan says.

    Attributes
    ----------
    structure : str or None
    reps : int or None
    complexity, difference : float or None
        0 to 1.
    distance : float or None
        Kilometres across the area.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> levers = Levers().but(structure="product", distance=400.0)
    >>> levers.plan(plan).structure, levers.market(market).travelling.distance, Levers().plan(plan) is plan
    ('product', 400.0, True)
    """

    structure: str | None = None
    reps: int | None = None
    complexity: float | None = None
    difference: float | None = None
    distance: float | None = None

    def but(self, **changes: Any) -> Levers:
        """Return a copy with some levers moved."""
        return replace(self, **changes)

    def market(self, market: Market) -> Market:
        """Return the market with these levers."""
        return market.but(**self._given("complexity", "difference", "distance")) if self.moves_market else market

    def plan(self, plan: Plan) -> Plan:
        """Return the plan with these levers.

        Raises
        ------
        ModelError
            For a structure or a number of reps that cannot be.
        """
        changes = {
            name: value
            for name, value in self._given("structure", "reps").items()
            if value != (plan.headcount if name == "reps" else plan.structure)
        }
        return plan.but(**changes) if changes else plan

    @property
    def moves_market(self) -> bool:
        """Whether a lever of the market is moved."""
        return bool(self._given("complexity", "difference", "distance"))

    def _given(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}
