"""What is assumed, and on whose word: default, unit, plausible range, source and strength of evidence of a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

__all__ = ["OURS", "Assumption", "assumption", "assumptions_of"]

Evidence = Literal["published", "recalled", "practice", "ours", "fitted"]

OURS = "ours, unsourced"
"""The source of a default nobody has published. Shown as it is to the user."""


@dataclass(frozen=True)
class Assumption:
    """One entry of the register.

    Attributes
    ----------
    name, part : str
        The setting and the part of the model it belongs to.
    default, low, high : float
        Default and plausible range, in `unit`. The range feeds the sensitivity study.
    unit, meaning, source : str
        Unit, one sentence, and where the default comes from.
    evidence : str
        ``published``, ``recalled`` (not re-checked against the work), ``practice``, ``ours`` or ``fitted``.
    off : float or None
        The value at which the mechanism does nothing: its dial at zero.
    structural : bool
        Whether the choice of a structure turns on it, so that the second line of a verdict varies it.
    """

    name: str
    part: str
    default: float
    low: float
    high: float
    unit: str
    meaning: str
    source: str
    evidence: Evidence
    off: float | None
    structural: bool


def assumption(
    default: float,
    low: float,
    high: float,
    *,
    unit: str,
    meaning: str,
    source: str = OURS,
    evidence: Evidence = "ours",
    off: float | None = None,
    structural: bool = False,
    ge: float = 0.0,
    le: float | None = None,
) -> Any:
    """Declare a setting of a `Part` together with its entry in the assumption register.

    `ge` and `le` are what is *possible* (refused outside), `low` and `high` what is *plausible*.
    """
    entry: JsonDict = {
        "low": low,
        "high": high,
        "unit": unit,
        "meaning": meaning,
        "source": source,
        "evidence": evidence,
        "off": off,
        "structural": structural,
    }
    return Field(default, ge=ge, le=le, description=meaning, json_schema_extra={"assumption": entry})


def assumptions_of(part: type[Any]) -> list[Assumption]:
    """List the register entries declared by the fields of one `Part` class, in the order of its fields."""
    found = []
    for name, field in part.model_fields.items():
        entry = _entry(field)
        if entry is not None:
            found.append(Assumption(name=name, part=part.__name__.lower(), default=float(field.default), **entry))
    return found


def _entry(field: FieldInfo) -> dict[str, Any] | None:
    extra = field.json_schema_extra
    return dict(extra["assumption"]) if isinstance(extra, dict) and "assumption" in extra else None  # type: ignore[arg-type]
