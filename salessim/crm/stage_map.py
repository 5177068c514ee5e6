"""What Salesforce's own description of its stages says: ``OpportunityStage.standardValueSet-meta.xml``."""

from __future__ import annotations

from xml.etree import ElementTree

from salessim.crm.limits import MAX_RECORD, refuse_declarations, refused
from salessim.errors import CrmError, explain

__all__ = ["is_stage_map", "read_stage_map"]


def is_stage_map(raw: bytes) -> bool:
    """Whether a file is such a description."""
    return b"StandardValueSet" in raw[:4096]


def read_stage_map(raw: bytes, name: str) -> dict[str, str]:
    """Stage -> open, won or lost.

    Raises
    ------
    CrmError
        If it is no XML, or declares entities.
    """
    refuse_declarations(raw, name)
    if len(raw) > MAX_RECORD:
        raise refused("the description of stages is far too long", name, len(raw), f"{MAX_RECORD:,} bytes")
    try:
        root = ElementTree.fromstring(raw)
    except (ElementTree.ParseError, LookupError, ValueError) as trouble:
        raise CrmError(explain(f"this is no whole XML ({trouble})", where=name, remedy="Export it again")) from None
    classes = {}
    for value in root.iter():
        if value.tag.rpartition("}")[2] != "standardValue":
            continue
        about = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in value}
        stage = about.get("label") or about.get("fullName")
        if stage:
            closed, won = about.get("closed") == "true", about.get("won") == "true"
            classes[stage] = "won" if won else "lost" if closed else "open"
    return classes
