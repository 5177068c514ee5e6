"""What is odd in the history of a funnel: stages skipped, turned back, renamed, updated in bulk; deals handed over."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from salessim.crm.report import ReportBuilder
from salessim.crm.stage_log import StageLog, read_log

__all__ = ["look_at_stages"]

BULK_EVENTS, BULK_TIMES = 20, 10  # changes of stage on one day, and how often the usual day, that mean a bulk update
RENAMED = 20  # times a stage was entered before its end and another's beginning mean anything
SAME_PLACE = 0.5  # difference of the mean place up to which two stages stand at the same place of the funnel
HANDED_OVER = 5  # deals that change from one owner on one day
_SHOWN = 4


def look_at_stages(tables: Mapping[str, pd.DataFrame], log: ReportBuilder) -> None:
    """Go through the history of stages and of owners, and tell what is odd."""
    events = tables["stage_events"]
    if len(events):
        history = read_log(events, _told(tables["stages"], events))
        _order(history, log)
        _bulk(history.frame, log)
        _renamed(history.frame, log)
    _handed_over(tables["changes"], log)


def _told(stages: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    """The funnel as a table of stages has it, where it knows every stage that occurs."""
    known = stages.dropna(subset=["stage", "order"]).sort_values("order", kind="stable")["stage"]
    if known.empty or not set(events["stage"].dropna()) <= set(known) or len(set(stages["pipeline"])) > 1:
        return []
    return list(dict.fromkeys(known))


def _order(history: StageLog, log: ReportBuilder) -> None:
    stays = history.frame
    for code, odd in (
        ("stages_backward", stays["next_rank"] < stays["rank"]),
        ("stages_skipped", stays["next_rank"] > stays["rank"] + 1),
    ):
        count = int(stays.loc[odd, "deal_id"].nunique())
        if count:
            log.add(code, column="stage", count=count, of=int(stays["deal_id"].nunique()))


def _bulk(stays: pd.DataFrame, log: ReportBuilder) -> None:
    """Days on which far more deals change their stage than usually: somebody tidied up, customers did not decide."""
    moved = stays.loc[stays["place"] > 0, "entered"].dt.floor("D")
    counts = moved.value_counts()
    days = counts.index[(counts >= BULK_EVENTS) & (counts >= BULK_TIMES * counts.median())].sort_values()
    if len(days):
        words = ", ".join(day.date().isoformat() for day in days[:_SHOWN]) + (", …" if len(days) > _SHOWN else "")
        log.add("stages_bulk", column="entered_at", count=int(counts[days].sum()), words=words)


def _renamed(stays: pd.DataFrame, log: ReportBuilder) -> None:
    """Pairs of stages at the same place of the funnel, one of which ends when the other begins."""
    use = stays.groupby("stage").agg(
        first=("entered", "min"), last=("entered", "max"), place=("place", "mean"), count=("entered", "size")
    )
    use = use[use["count"] >= RENAMED]
    pairs = [
        f"{old} → {new}"
        for old, before in use.iterrows()
        for new, after in use.iterrows()
        if before["last"] < after["first"] and abs(before["place"] - after["place"]) <= SAME_PLACE
    ]
    if pairs:
        log.add("stage_renamed", column="stage", count=len(pairs), words="; ".join(pairs[:_SHOWN]))


def _handed_over(changes: pd.DataFrame, log: ReportBuilder) -> None:
    moved = changes[(changes["field"] == "owner_id") & changes["changed_at"].notna() & changes["old"].notna()]
    counts = moved.groupby([moved["old"], moved["changed_at"].dt.floor("D")])["deal_id"].nunique()
    many = counts[counts >= HANDED_OVER]
    if len(many):
        people = int(many.index.get_level_values(0).nunique())
        log.add("handed_over", column="owner_id", count=int(np.asarray(many).sum()), names=people)
