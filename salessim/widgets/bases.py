"""What a cockpit stands on before any lever is moved: a preset, a firm made of answers, or a user's own company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from salessim.model.presets import PRESETS, preset
from salessim.words import label

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.start.firm import Firm

__all__ = ["Base", "base_named", "base_of", "base_of_firm"]

Kind = Literal["preset", "firm", "own"]


@dataclass(frozen=True, eq=False)
class Base:
    """A market and the plan of today, with how to find them again; equal to itself alone.

    Attributes
    ----------
    kind : {"preset", "firm", "own"}
    name : str
        Of the preset; else of the market.
    market : Market
    plan : Plan
        The baseline.
    firm : Firm or None
        The answers it was made of.
    """

    kind: Kind
    name: str
    market: Market
    plan: Plan
    firm: Firm | None = None

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of market and plan: says to another machine whether it has the same."""
        from salessim.model.fingerprint import fingerprint

        return fingerprint(self.market, self.plan)

    @cached_property
    def answers(self) -> Mapping[str, object]:
        """The answers of its firm that differ from the defaults."""
        if self.firm is None:
            return {}
        fields = type(self.firm).model_fields
        found = {name: getattr(self.firm, name) for name in fields}
        return {name: value for name, value in found.items() if value != fields[name].default}

    def is_same(self, other: Base) -> bool:
        """Say whether it is the same preset, or made of the same answers."""
        if self is other:
            return True
        known = (self.kind == "preset" and self.name == other.name) or (self.kind == "firm" and self.firm == other.firm)
        return self.kind == other.kind and known

    def words(self, language: str) -> str:
        """Say in a few words what firm it is."""
        from salessim.widgets.texts import text

        key = f"firm {self.name}" if self.kind == "preset" else f"firm of {self.kind}"
        return text(
            key, language, reps=f"{self.plan.headcount:,}", accounts=f"{len(self.market.accounts):,}",
            structure=label(f"structure.{self.plan.structure}", language),
        )  # fmt: skip


def base_named(name: str) -> Base:
    """Return a preset.

    Raises
    ------
    ModelError
        For a preset that does not exist.

    Examples
    --------
    >>> base_named("small").words("en")
    'Small firm: 8 reps, 150 accounts'
    """
    return Base("preset", name, *preset(name))


def base_of_firm(firm: Firm) -> Base:
    """Return the market and plan that the answers of a firm make.

    Raises
    ------
    ModelError
        Where the answers contradict one another.
    """
    return Base("firm", "firm", *firm.models(), firm)


def base_of(market: Market, plan: Plan) -> Base:
    """Return a market and plan as a base; a preset is known again, so that its share codes hold everywhere.

    Examples
    --------
    >>> base_of(*preset("small")).kind, base_of(preset("small")[0], preset("small")[1].but(reps=9)).kind
    ('preset', 'own')
    """
    for name in PRESETS:
        if market.name == "made market" and f"{len(market.accounts):,} accounts" in PRESETS[name]:
            found = base_named(name)
            if found.plan == plan and found.market == market:
                return found
    return Base("own", market.name, market, plan)
