"""Codes of a CRM and the labels they stand for: defaults of the profile, and what descriptions in the export say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from salessim.crm.profiles import Profile, header_key
from salessim.crm.report import ReportBuilder

__all__ = ["apply_codes", "collect_codes", "relabel"]

Codes = dict[str, dict[str, str]]
# Column whose codes are listed under another name: the same word means other things there.
_CODED: tuple[tuple[str, str, str], ...] = (
    ("deals", "stage", "stage"),
    ("stage_events", "stage", "stage"),
    ("stage_events", "stage_from", "stage"),
    ("stage_events", "moved_to", "stage"),
    ("deals", "status", "status"),
    ("deals", "pipeline", "pipeline"),
    ("deals", "type", "type"),
    ("deals", "source", "source"),
    ("deals", "lost_reason", "lost_reason"),
    ("deals", "product", "product"),
    ("leads", "status", "lead_status"),
    ("leads", "source", "lead_source"),
    ("accounts", "segment", "segment"),
    ("activities", "type", "activity_type"),
)


def collect_codes(profile: Profile, described: Mapping[str, Mapping[str, str]], stages: pd.DataFrame | None) -> Codes:
    """Codes of each column; what the export says goes before the defaults of the CRM.

    Parameters
    ----------
    profile : Profile
    described : mapping
        Field as the CRM names it -> {code: label}.
    stages : pandas.DataFrame or None
        A table of stages with ``code`` and ``stage``.
    """
    codes: Codes = {column: dict(labels) for column, labels in profile.codes.items()}
    for field, labels in described.items():
        for table, column, name in _CODED:
            spec = profile.tables.get(table)
            known = spec.known.get(header_key(field)) if spec else None
            if known is not None and known[0] == column:
                codes[name] = {**codes.get(name, {}), **labels}
    if stages is not None and {"code", "stage"} <= set(stages):
        pairs = stages[["code", "stage"]].dropna()
        codes["stage"] = {**codes.get("stage", {}), **dict(zip(pairs["code"], pairs["stage"], strict=True))}
    return codes


def relabel(values: pd.Series, labels: Mapping[str, str]) -> pd.Series:
    """A column with its codes replaced; what is no code stays.

    Examples
    --------
    >>> relabel(pd.Series(["1", "Won", None], dtype="str"), {"1": "Offer"}).tolist()
    ['Offer', 'Won', nan]
    """
    codes, distinct = pd.factorize(values)
    named = np.array([labels.get(str(value), value) for value in distinct] + [np.nan], dtype=object)
    return pd.Series(named[codes], index=values.index, dtype="str")


def apply_codes(frames: Mapping[str, pd.DataFrame], codes: Codes, log: ReportBuilder) -> None:
    """Replace the codes of every coded column, and tell."""
    for table, column, name in _CODED:
        frame, labels = frames.get(table), codes.get(name)
        if frame is None or column not in frame or not labels:
            continue
        hit = frame[column].isin(list(labels))
        if hit.any():
            frame[column] = relabel(frame[column], labels)
            log.add("codes_read", column=f"{table}.{column}", count=int(hit.sum()))
