"""The assumption register: every default of market and plan with unit, range, source and evidence, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salessim.model.assumption import Assumption, assumptions_of
from salessim.model.market import Market
from salessim.model.part import Part
from salessim.model.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["off_values", "register", "register_frame", "structural_assumptions"]


def register() -> list[Assumption]:
    """List every assumption of the model, market first, in the order of the parts.

    Examples
    --------
    >>> [entry.name for entry in register() if entry.part == "coordination"]
    ['coordination_effect', 'coordination_time', 'handoff_loss']
    """
    found: list[Assumption] = []
    for owner in (Market, Plan):
        found.extend(assumptions_of(owner))
        for field in owner.model_fields.values():
            if isinstance(field.annotation, type) and issubclass(field.annotation, Part):
                found.extend(assumptions_of(field.annotation))
    return found


def off_values(*parts: str) -> dict[str, float]:
    """Return the settings of some parts of the model at which their mechanisms do nothing.

    Parameters
    ----------
    *parts
        Parts by name, as in the register: ``people``, ``management``, ``travel`` …

    Examples
    --------
    >>> off_values("coordination")
    {'coordination_effect': 0.0, 'coordination_time': 0.0, 'handoff_loss': 0.0}
    """
    return {entry.name: entry.off for entry in register() if entry.part in parts and entry.off is not None}


def structural_assumptions() -> list[Assumption]:
    """List the assumptions that the choice of a structure turns on: those the second line of a verdict varies."""
    return [entry for entry in register() if entry.structural]


def register_frame() -> pd.DataFrame:
    """Return the register as a data frame, one row per assumption."""
    import dataclasses

    import pandas as pd

    return pd.DataFrame([dataclasses.asdict(entry) for entry in register()])
