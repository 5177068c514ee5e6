"""Is a deal open, won, lost, without decision or disqualified, and when was it closed.

A status column goes before the stage; a stage is judged by its name, then by a probability of 100 or 0 on all its
deals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from salessim.crm.mapping import Wishes
from salessim.crm.profiles import header_key, load_data, split_unit
from salessim.crm.report import ReportBuilder
from salessim.crm.schema import STATUSES
from salessim.errors import CrmError, explain, nearest

__all__ = ["Closing", "decide_closing", "decide_status", "stage_classes", "with_status_events"]

MOSTLY = 0.98  # share from which a column is taken to behave the same way throughout
ASK_FROM = 5  # deals of an unknown stage that all have a closing date before the user is asked about it


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    return {header_key(word): status for status, words in load_data("values")["statuses"].items() for word in words}


def _class_of(text: str, wishes: Wishes) -> str | None:
    """Status a word stands for; ``None`` for a word that is no status."""
    if text in wishes.stages:
        return wishes.stages[text]
    words = _words()
    return words.get(header_key(text)) or words.get(header_key(split_unit(text)[0]))


def stage_classes(texts: pd.Series, wishes: Wishes) -> pd.Series:
    """Status each stage means, missing where its name does not say."""
    return _classes(texts, wishes)


def _classes(texts: pd.Series, wishes: Wishes) -> pd.Series:
    """Status each cell stands for, missing where it is no status."""
    return texts.map({text: _class_of(text, wishes) for text in texts.dropna().unique()}).astype("str")


def decide_status(deals: pd.DataFrame, wishes: Wishes, log: ReportBuilder) -> pd.Series:
    """Status of each deal.

    Parameters
    ----------
    deals : pandas.DataFrame
        With ``stage`` or ``status`` or both; ``probability`` (0 to 1) and ``closed_at`` help where they are there.
    wishes : Wishes
        `stages` says what a stage or status means.
    log : ReportBuilder

    Returns
    -------
    pandas.Series of str
        open, won, lost, no_decision or disqualified.

    Raises
    ------
    CrmError
        If a stage that nobody knows looks closed (all its deals have a closing date), or a stage named in the mapping
        does not occur.
    """
    written = deals["status"] if "status" in deals else pd.Series(np.nan, index=deals.index, dtype="str")
    stages = deals["stage"] if "stage" in deals else pd.Series(np.nan, index=deals.index, dtype="str")
    seen = {*written.dropna().unique(), *stages.dropna().unique()}
    for wish in wishes.stages:
        if wish not in seen:
            raise CrmError(
                explain(
                    "no deal has this stage or status", where="mapping, stages", value=wish, remedy=nearest(wish, seen)
                )
            )
    status = _classes(written, wishes)
    unknown = written.notna() & status.isna()
    if unknown.any():
        log.add("status_unknown", column="status", count=int(unknown.sum()), words=_list(written[unknown]))
    status = _by_flags(deals, status, _classes(stages, wishes))
    status = status.fillna(_classes(stages, wishes))
    status = status.fillna(_by_dates(deals, stages))
    undecided = status.isna() & stages.notna()
    if undecided.any():
        status = status.fillna(_by_probability(deals, stages, undecided, log))
        undecided = status.isna() & stages.notna()
        _ask_about_closed(deals, stages, status, undecided)
    nothing = status.isna() & stages.isna()
    if nothing.any():
        log.add("status_missing", column="stage", records=deals.loc[nothing])
    status = status.fillna("open")
    if not (status != "open").any():
        log.add(
            "nothing_closed", column="stage", count=len(deals), words=_list(stages if stages.notna().any() else written)
        )
    elif not (status == "won").any():
        log.add("nothing_won", column="stage", words=_list(stages if stages.notna().any() else written))
    return status


def _by_flags(deals: pd.DataFrame, status: pd.Series, by_stage: pd.Series) -> pd.Series:
    """Status from columns such as Closed and Won; how a deal was lost is left to its stage."""

    def flag(name: str) -> pd.Series:
        return deals[name] if name in deals else pd.Series(pd.NA, index=deals.index, dtype="boolean")

    won, lost, closed = flag("is_won"), flag("is_lost"), flag("is_closed")
    ended = by_stage.where(by_stage.isin(["lost", "no_decision", "disqualified"]), "lost")
    status = status.astype("str").fillna(_word("won", won.fillna(False).astype(bool)))
    gone = lost.fillna(False).astype(bool) | (closed.fillna(False).astype(bool) & ~won.fillna(True).astype(bool))
    status = status.mask(status.isna() & gone, ended)
    return status.fillna(_word("open", ~closed.fillna(True).astype(bool)))


def _word(word: str, where: pd.Series) -> pd.Series:
    """A word where a condition holds, missing elsewhere."""
    return pd.Series(word, index=where.index, dtype="str").where(where)


def _by_dates(deals: pd.DataFrame, stages: pd.Series) -> pd.Series:
    """Status where nothing but a date of winning or losing says it."""
    status = pd.Series(np.nan, index=deals.index, dtype="str")
    for column, verdict in (("won_at", "won"), ("lost_at", "lost")):
        if column in deals:
            status = status.fillna(_word(verdict, stages.isna() & deals[column].notna()))
    return status


def _by_probability(deals: pd.DataFrame, stages: pd.Series, undecided: pd.Series, log: ReportBuilder) -> pd.Series:
    """Won or lost for stages all of whose deals have a probability of 100 or 0."""
    verdicts: dict[str, str] = {}
    if "probability" in deals:
        chances = deals.loc[undecided, "probability"].groupby(stages[undecided]).agg(["min", "max"])
        for verdict, chance in (("won", 1.0), ("lost", 0.0)):
            names = [str(name) for name in chances.index[(chances["min"] == chance) & (chances["max"] == chance)]]
            count = int((undecided & stages.isin(names)).sum())
            if count:
                verdicts |= dict.fromkeys(names, verdict)
                log.add("stage_by_probability", column="stage", count=count, words=", ".join(names), status=verdict)
    return stages.where(undecided).map(verdicts).astype("str")


def _ask_about_closed(deals: pd.DataFrame, stages: pd.Series, status: pd.Series, undecided: pd.Series) -> None:
    if "closed_at" not in deals:
        return
    dates = deals["closed_at"]
    dated = dates[undecided].notna().groupby(stages[undecided]).agg(["mean", "size"])
    names = [str(name) for name in dated.index[(dated["mean"] >= MOSTLY) & (dated["size"] >= ASK_FROM)]]
    if not names:
        return
    # Where the column holds expected dates, every open deal has one and some lie behind the last deal created.
    undated = (dates.isna() & (undecided | (status == "open"))).any()
    ahead = "created_at" in deals and bool((dates[undecided & stages.isin(names)] > deals["created_at"].max()).any())
    if undated or not ahead:
        name, size = names[0], int(dated["size"].to_dict()[names[0]])
        raise CrmError(
            explain(
                f"the stage {name!r} is not known, yet its {size:,} deals have a closing date",
                where="deals, column stage",
                value=", ".join(names),
                allowed=", ".join(STATUSES),
                remedy=f'Say what it means: mapping={{"stages": {{"{name}": "won"}}}}',
            )
        )


def _list(texts: pd.Series, most: int = 8) -> str:
    names = texts.value_counts().index
    return ", ".join(str(name) for name in names[:most]) + (", …" if len(names) > most else "")


@dataclass(frozen=True)
class Closing:
    """Dates of closing.

    Attributes
    ----------
    closed_at : pandas.Series of datetime64
        NaT for open deals.
    expected_close : pandas.Series of datetime64
    weak : pandas.Series of bool
        The closing date is only the expected date or the day of the last change.
    """

    closed_at: pd.Series
    expected_close: pd.Series
    weak: pd.Series


def decide_closing(deals: pd.DataFrame, events: pd.DataFrame | None, wishes: Wishes, log: ReportBuilder) -> Closing:
    """When each closed deal was closed, and when each open one is expected to be.

    The ladder: the closing date of the file; the last stage event into a closed stage; the last change of stage; the
    expected date; the last change of anything. The last two are weak and only used where the export has no closing
    dates.

    Parameters
    ----------
    deals : pandas.DataFrame
        With ``deal_id``, ``status`` and whatever dates the export has.
    events : pandas.DataFrame or None
        Stage events with ``deal_id``, ``stage``, ``entered_at``.
    """
    nothing = pd.Series(np.datetime64("NaT"), index=deals.index, dtype="datetime64[us]")
    is_open = deals["status"] == "open"
    closed, expected = nothing, deals.get("expected_close", nothing)
    for column in ("closed_at", "close_date"):
        if column not in deals or deals[column].isna().all():
            continue
        dates = deals[column]
        on_open = float(dates[is_open].notna().mean()) if is_open.any() else 0.0
        if (
            on_open > 1 - MOSTLY
        ):  # a date while the deal is open is the expected one; it becomes the real one on closing
            log.add("close_date_both", column=column, count=int(dates[is_open].notna().sum()), share=on_open)
            expected = expected.fillna(dates.where(is_open))
        elif (stray := is_open & dates.notna()).any():
            log.add("open_with_closing_date", column=column, records=deals.loc[stray])
            expected = expected.fillna(dates.where(stray))
        closed = closed.fillna(dates.where(~is_open))
    for column, statuses in (("won_at", ("won",)), ("lost_at", ("lost", "no_decision", "disqualified"))):
        if column in deals:
            closed = closed.fillna(deals[column].where(deals["status"].isin(statuses)))
    had_dates = closed.notna().any()
    weak = pd.Series(False, index=deals.index)
    rungs: list[tuple[str, pd.Series, bool]] = []
    if events is not None and {"stage", "entered_at"} <= set(events):
        rungs.append(("stage_events", _closed_by_event(deals, events, wishes), False))
    rungs.append(("stage_changed_at", deals.get("stage_changed_at", nothing), False))
    if not had_dates:
        rungs.append(("expected_close", deals.get("expected_close", nothing), True))
        rungs.append(("modified_at", deals.get("modified_at", nothing), True))
    for name, dates, is_weak in rungs:
        filled = ~is_open & closed.isna() & dates.notna()
        if filled.any():
            closed = closed.where(~filled, dates)
            weak |= filled & is_weak
            log.add(
                "closing_weak" if is_weak else "closing_from", column="closed_at", count=int(filled.sum()), source=name
            )
    missing = ~is_open & closed.isna()
    if missing.any():
        log.add("closing_missing", column="closed_at", records=deals.loc[missing])
    return Closing(closed, expected, weak)


def with_status_events(events: pd.DataFrame | None, closings: pd.DataFrame | None) -> pd.DataFrame | None:
    """Stage events and logged changes of status in one frame: both may say when a deal was closed."""
    if closings is None:
        return events
    as_events = closings.rename(columns={"status": "stage", "changed_at": "entered_at"})
    return as_events if events is None else pd.concat([events, as_events], ignore_index=True)


def _closed_by_event(deals: pd.DataFrame, events: pd.DataFrame, wishes: Wishes) -> pd.Series:
    """Date of the last event into a stage that means won, lost, no decision or disqualified."""
    classes = _classes(events["stage"], wishes)
    closing = events.loc[classes.notna() & (classes != "open")].groupby("deal_id")["entered_at"].max()
    return pd.Series(closing.reindex(deals["deal_id"]).to_numpy(), index=deals.index, dtype="datetime64[us]")
