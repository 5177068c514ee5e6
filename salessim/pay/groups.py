"""Who is credited with what: the events of a component, by payee and period, and the curve that pays for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import explain
from salessim.model.pay import Component, Pay, PayError
from salessim.pay.curve import Curves, compile_component, stack
from salessim.pay.events import credit_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Groups", "People", "component_groups", "member_weights", "months_of"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class People:
    """Who belongs to whom.

    Attributes
    ----------
    teams, roles, managers : mapping
        Team, role and manager of a rep; where left out everybody is a ``rep`` of one team without a manager.
    hired : mapping
        Day of hiring, for guarantees.
    """

    teams: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    managers: Mapping[str, str] = field(default_factory=dict)
    hired: Mapping[str, dt.date] = field(default_factory=dict)


@dataclass(frozen=True)
class Groups:
    """The credited rows of a component, and the group (payee and period) that each belongs to."""

    rows: NDArray[np.int64]
    credit: NDArray[np.int64]
    unit: int
    group: NDArray[np.int64]
    payee: list[str]
    period: NDArray[np.int64]
    month: NDArray[np.int64]
    curves: Curves


def component_groups(
    pay: Pay,
    part: Component,
    table: pd.DataFrame,
    start: dt.date,
    months: int,
    names: Sequence[str],
    who: People,
    quotas: Mapping[str, Mapping[str, ArrayLike]] | None,
    market_size: float | None = None,
    managed: bool = False,
) -> Groups:
    """Return which events count for a component, for whom, in which period, against which payout curve."""
    credit, days, unit = credit_of(table, part.measure, pay.credit, market_size)
    first = np.datetime64(start)
    month = months_of(days, start)
    counts = ~np.isnat(days) & (days >= first) & (month >= 0) & (month < months)
    if part.products:
        counts &= table["product"].isin(part.products).to_numpy()
    if part.segments:
        counts &= table["segment"].isin(part.segments).to_numpy()
    reps = table["rep"].to_numpy()
    if managed:
        payee = np.array([who.managers.get(rep, "") for rep in reps], dtype=object)
        counts &= payee != ""
    elif part.counts == "team":
        payee = np.array([who.teams.get(rep, "team") for rep in reps], dtype=object)
    else:
        payee = np.array(reps, dtype=object)
    rows = np.flatnonzero(counts)
    period = (days[rows] - first).astype(np.int64) if part.period == "day" else month[rows] // _MONTHS[part.period]
    keys = sorted(set(zip(payee[rows], period.tolist(), strict=True)))
    number = {key: i for i, key in enumerate(keys)}
    group = np.array([number[key] for key in zip(payee[rows], period.tolist(), strict=True)], dtype=np.int64)
    curves = [compile_component(part, _quota_of(part, quotas, name, int(p))) for name, p in keys]
    due = np.zeros(len(keys), dtype=np.int64)
    due[group] = month[rows]
    if part.period != "day":
        length = _MONTHS[part.period]
        due = np.array([min((p + 1) * length - 1, months - 1) for _, p in keys], dtype=np.int64)
    return Groups(
        rows, credit[rows], unit, group, [name for name, _ in keys], np.array([p for _, p in keys], dtype=np.int64),
        due, stack(curves),
    )  # fmt: skip


def _quota_of(
    part: Component, quotas: Mapping[str, Mapping[str, ArrayLike]] | None, name: str, period: int
) -> float | None:
    if part.basis == "amount" or quotas is None or part.title not in quotas:
        return part.quota
    given = quotas[part.title].get(name)
    if given is None:
        return part.quota
    values = np.atleast_1d(np.asarray(given, dtype=np.float64))
    if len(values) > 1 and period >= len(values):
        raise PayError(
            explain("there are fewer quotas than periods", where=f"quotas, {part.title}, {name}", value=len(values),
                    allowed=f"{period + 1} or more, or one for all")
        )  # fmt: skip
    return float(values[period if len(values) > 1 else 0])


def member_weights(part: Component, members: Sequence[str], who: People) -> NDArray[np.int64]:
    """Return the weight of each member of a team: his role's share, divided equally among those in it."""
    if not part.team_share:
        return np.ones(len(members), dtype=np.int64)
    roles = [who.roles.get(name, "rep") for name in members]
    shares = [part.team_share.get(role, 0.0) / roles.count(role) for role in roles]
    return np.round(np.array(shares) * 1e9).astype(np.int64)


def months_of(days: NDArray[np.datetime64], start: dt.date) -> NDArray[np.int64]:
    """Return the month of each day, 0 for the month that begins with `start`: months begin on its day of the month.

    As a run counts them; from the first of a month they are those of the calendar.

    Examples
    --------
    >>> days = np.array(["2026-02-14", "2026-02-15"], dtype="datetime64[D]")
    >>> months_of(days, dt.date(2026, 1, 15)).tolist(), months_of(days, dt.date(2026, 1, 1)).tolist()
    ([0, 1], [1, 1])
    """
    first = np.datetime64(start).astype("datetime64[M]").astype(np.int64)
    moved = days - np.timedelta64(start.day - 1, "D")
    return np.asarray(moved.astype("datetime64[M]").astype(np.int64) - first)
