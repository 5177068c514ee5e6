"""The pay slip of one rep, and who is on the payroll when: a statement as the person reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from salessim.errors import explain, nearest
from salessim.model.pay import PayError
from salessim.pay.quotas import to_cents
from salessim.pay.statement import Statement
from salessim.words import label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Served", "for_days_served", "pay_slip"]

Served = Mapping[str, tuple[dt.date | None, dt.date | None]]
"""First and last day on the payroll, by rep; None: before the months begin, after they end."""

_HEADINGS = {
    "month": "pay.month", "kind": "study.pay_line", "title": "pay.title", "deal": "column.deal",
    "credit": "study.pay_credit", "money": "pay.amount",
}  # fmt: skip


def pay_slip(statement: Statement, rep: str, month: int | None = None, language: str | None = None) -> pd.DataFrame:
    """Return what one rep is paid, line by line, traced deal by deal: month, kind, title, deal, credit, money.

    Parameters
    ----------
    statement : Statement
    rep : str
    month : int, optional
        One month, counted from 0; all of them where left out.
    language : {"en", "zh"}, optional
        Put kinds and headings into a language; without one they stay names.

    Raises
    ------
    PayError
        For somebody who is not on the statement; the nearest is named.

    Examples
    --------
    >>> import pandas as pd
    >>> from salessim.model.pay import Component, Pay, Tier
    >>> from salessim.pay.statement import make_statement
    >>> plan = Pay(salary=0, components=[Component(title="commission", period="month", tiers=[Tier(rate=0.1)])])
    >>> events = pd.DataFrame({"deal": ["d1"], "rep": ["ann"], "date": ["2026-02-03"], "revenue": [123.45]})
    >>> table = pay_slip(make_statement(plan, events, dt.date(2026, 1, 1)), "ann", 1)
    >>> table[["title", "deal", "credit", "money"]].to_numpy().tolist()
    [['salary', '', 0.0, 0.0], ['commission', 'd1', 123.45, 12.35]]
    """
    lines = statement.lines
    known = sorted(set(lines["rep"]))
    if rep not in known:
        raise PayError(explain("nobody of this name is on the statement", value=rep, remedy=nearest(rep, known)))
    table = lines[lines["rep"] == rep]
    if month is not None:
        table = table[table["month"] == month]
    table = table.assign(money=table["cents"] / 100.0)[list(_HEADINGS)].reset_index(drop=True)
    if language is None:
        return table
    table["kind"] = [label(f"pay.{kind}", language) for kind in table["kind"]]
    return table.rename(columns={name: label(term, language) for name, term in _HEADINGS.items()})


def for_days_served(statement: Statement, served: Served) -> Statement:
    """Return a statement with salaries for the days on the payroll only, in proportion within a month.

    Who is not in `served` is paid for all months.
    """
    lines = statement.lines
    salaries = np.flatnonzero(((lines["kind"] == "salary") & lines["rep"].isin(list(served))).to_numpy())
    if not len(salaries):
        return statement
    firsts = np.datetime64(statement.start).astype("datetime64[M]") + np.arange(statement.months + 1)
    edges = firsts.astype("datetime64[D]") + np.timedelta64(statement.start.day - 1, "D")
    cents = lines["cents"].to_numpy(copy=True)
    for i in salaries:
        since, until = served[lines["rep"].iloc[i]]
        opens, ends = edges[lines["month"].iloc[i]], edges[lines["month"].iloc[i] + 1]
        come = opens if since is None else max(np.datetime64(since), opens)
        gone = ends if until is None else min(np.datetime64(until) + 1, ends)
        there = max(int((gone - come).astype(np.int64)), 0)
        cents[i] = int(to_cents(cents[i] * there / int((ends - opens).astype(np.int64)) / 100.0))
    return replace(statement, lines=lines.assign(cents=cents))
