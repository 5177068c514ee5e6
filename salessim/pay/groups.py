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
from salessim.pay.curve import Curves, add_curves, compile_component, stack
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
    teams, managers : mapping
        Team and manager of a rep: a name, or one for each month where they change; an empty name is none. Where left
        out everybody is of one team, without a manager.
    roles : mapping
        Role of a rep; where left out ``rep``.
    hired : mapping
        Day of hiring, for guarantees.
    """

    teams: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    managers: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    hired: Mapping[str, dt.date] = field(default_factory=dict)

    def team(self, rep: str, month: int) -> str:
        """Return the team of a rep in a month.

        Examples
        --------
        >>> People(teams={"ann": ["east", "west"]}).team("ann", 1), People().team("ann", 1)
        ('west', 'team')
        """
        return _in_month(self.teams.get(rep, "team"), month)

    def manager(self, rep: str, month: int) -> str:
        """Return the manager of a rep in a month; an empty name where he has none."""
        return _in_month(self.managers.get(rep, ""), month)

    def members(self, team: str, names: Sequence[str], first: int, last: int) -> list[str]:
        """Return who shares what a team has earned in the months from `first` to `last`.

        Those who are in it in the last month; where it has ended before, in the last in which it had anybody.
        """
        for month in range(last, first - 1, -1):
            found = [name for name in names if self.team(name, month) == team]
            if found:
                return found
        return []

    def leaders(self) -> list[str]:
        """Return all managers, sorted."""
        every = {name for given in self.managers.values() for name in ((given,) if isinstance(given, str) else given)}
        return sorted(every - {""})


def _in_month(given: str | Sequence[str], month: int) -> str:
    return given if isinstance(given, str) else given[min(max(month, 0), len(given) - 1)]


@dataclass(frozen=True)
class Groups:
    """The credited rows of a component, and the group (payee and period) that each belongs to.

    Of each group: `payee`, number of the `period`, its `first` month and the `month` in which it is paid, counted from
    the start of the run, its payout curve, and the `part` of the period in which the pay plan is in force.
    """

    rows: NDArray[np.int64]
    credit: NDArray[np.int64]
    unit: int
    group: NDArray[np.int64]
    payee: list[str]
    period: NDArray[np.int64]
    first: NDArray[np.int64]
    month: NDArray[np.int64]
    curves: Curves
    part: NDArray[np.float64]


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
    since: int = 0,
    cut: bool = False,
) -> Groups:
    """Return which events count for a component, for whom, in which period, against which payout curve.

    The plan is in force for `months` months from month `since` on, counted from `start`; `cut` tells that another plan
    follows, so that the period it ends in counts in part.
    """
    credit, days, unit = credit_of(table, part.measure, pay.credit, market_size)
    month = months_of(days, start) - since
    counts = ~np.isnat(days) & (days >= np.datetime64(start)) & (month >= 0) & (month < months)
    if part.products:
        counts &= table["product"].isin(part.products).to_numpy()
    if part.segments:
        counts &= table["segment"].isin(part.segments).to_numpy()
    reps = table["rep"].to_numpy()
    if managed or part.counts == "team":
        belongs = who.manager if managed else who.team
        payee = np.array([belongs(rep, since + int(m)) for rep, m in zip(reps, month, strict=True)], dtype=object)
        counts &= payee != ""
    else:
        payee = np.array(reps, dtype=object)
    rows = np.flatnonzero(counts)
    daily = part.period == "day"
    if daily:
        first = (np.datetime64(start, "M") + since).astype("datetime64[D]") + (start.day - 1)
        period = (days[rows] - first).astype(np.int64)
    else:
        period = month[rows] // _MONTHS[part.period]
    keys = sorted(set(zip(payee[rows], period.tolist(), strict=True)))
    number = {key: i for i, key in enumerate(keys)}
    group = np.array([number[key] for key in zip(payee[rows], period.tolist(), strict=True)], dtype=np.int64)
    curves = [compile_component(part, _quota_of(part, quotas, name, int(p))) for name, p in keys]
    periods = np.array([p for _, p in keys], dtype=np.int64)
    share = np.ones(len(keys))
    if daily:
        due = np.zeros(len(keys), dtype=np.int64)
        due[group] = month[rows]
        opens = due
    else:
        length = _MONTHS[part.period]
        opens, due = periods * length, np.minimum((periods + 1) * length, months) - 1
        if cut:
            share = (due + 1 - opens) / length
    return Groups(
        rows, credit[rows], unit, group, [name for name, _ in keys], periods, since + opens, since + due,
        stack(curves or [add_curves([], [])]),
        share,
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
