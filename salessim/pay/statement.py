"""Statements: what each rep is paid for each period, traced deal by deal, adding up to the cent.

The cents rule. Credit is counted in whole hundredths. The pay of a component for a period is the payout of the
period's credit, rounded once to whole cents, half away from zero. A deal is traced as the rise of the *rounded* payout
when it is added to those before it (by date, then deal): so the deals of a period add up to its pay exactly, and a
deal that crosses a quota shows the bonus it earned. What is divided among people is divided by largest remainder, a
team's pay once a period: its deals show the rise of each member's part.

Months are settled in this order: variable pay due, clawback, guarantee, draw, and a debt that is left is carried on.
Draw and guarantee are for reps; managers have neither. Pay for a deal is taken back line by line, in the month in which
the deal fails or, where it is paid only later, in the month in which it is paid.

A later plan opens periods of its own. The period that it cuts short counts in part: see `salessim.pay.settling`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from salessim.errors import explain
from salessim.model.pay import Component, Contest, Pay, PayError
from salessim.pay.events import checked_events
from salessim.pay.groups import Groups, People, component_groups, member_weights, months_of
from salessim.pay.quotas import largest_remainder, to_cents
from salessim.pay.settling import cents_of, fill_paid, prizes_won, settle_month, taken_back

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LaterPlan", "Line", "Statement", "make_statement", "winners_and_losers"]

_Quotas = Mapping[str, Mapping[str, ArrayLike]]


class Line(NamedTuple):
    """One line of a statement; see `Statement.lines`."""

    rep: str
    month: int
    kind: str
    title: str
    deal: str
    credit: float
    cents: int


class LaterPlan(NamedTuple):
    """A pay plan that takes over: from which month on (counted from the start), and its quotas by title and payee."""

    month: int
    pay: Pay
    quotas: _Quotas | None = None


class _Force(NamedTuple):
    """A plan in force: its first month, the month before which it ends, whether another plan ends it."""

    pay: Pay
    quotas: _Quotas | None
    first: int
    end: int
    cut: bool


@dataclass(frozen=True)
class Statement:
    """What a plan pays.

    Attributes
    ----------
    lines : DataFrame
        rep, month (from 0), kind (salary, component, spiff, contest, clawback, guarantee, draw, carried), title, deal,
        credit (in the measure), cents.
    start : date
    months : int
    """

    lines: pd.DataFrame
    start: dt.date
    months: int

    def totals(self) -> pd.Series:
        """Return the cents of each rep over all months."""
        found: pd.Series = self.lines.groupby("rep", sort=True)["cents"].sum()
        return found

    def by_month(self) -> pd.DataFrame:
        """Return cents by rep (rows) and month (columns)."""
        table = self.lines.pivot_table(index="rep", columns="month", values="cents", aggfunc="sum", fill_value=0)
        return table.reindex(columns=range(self.months), fill_value=0).astype(np.int64)

    def of_deal(self, deal: str) -> pd.DataFrame:
        """Return every line a deal has led to."""
        return self.lines[self.lines["deal"] == deal].reset_index(drop=True)


def make_statement(
    pay: Pay,
    events: pd.DataFrame,
    start: dt.date,
    months: int = 12,
    *,
    reps: Sequence[str] | None = None,
    people: People | None = None,
    quotas: _Quotas | None = None,
    market_size: float | None = None,
    later: Sequence[LaterPlan] = (),
) -> Statement:
    """Return what a plan pays for credited events; events outside the months are left out.

    Parameters
    ----------
    pay : Pay
    events : DataFrame
        See `salessim.pay.events.checked_events`.
    start : date
        First day of the first month; months and pay periods are counted from it.
    months : int
    reps : sequence of str, optional
        Who is on the plan, also without a deal; everybody with a deal where left out.
    people : People, optional
    quotas : mapping, optional
        Money: by title of a component, then by rep (team, manager), the quota of each period; else the component's.
    market_size : float, optional
        Market in one period, for components on market_share.
    later : sequence of LaterPlan
        Plans that take over on the way, in the order of their months.

    Raises
    ------
    PayError
        Unknown columns or roles, a missing quota or market size, later plans out of order.

    Examples
    --------
    >>> import pandas as pd
    >>> from salessim.model.pay import Tier
    >>> plan = Pay(salary=0, components=[Component(title="commission", period="month", tiers=[Tier(rate=0.1)])])
    >>> events = pd.DataFrame({"deal": ["d1"], "rep": ["ann"], "date": ["2026-02-03"], "revenue": [123.45]})
    >>> make_statement(plan, events, dt.date(2026, 1, 1)).totals().to_dict()
    {'ann': 1235}
    """
    import pandas as pd

    who = People() if people is None else people
    table = checked_events(events)
    names = sorted(set(table["rep"]) if reps is None else {*reps, *table["rep"]})
    managers = sorted(set(who.leaders()) - set(names))
    lines: list[Line] = []
    earned: list[Line] = []
    failed = _failures(table, start)
    plans = _in_force(pay, quotas, later, months)
    for plan in plans:
        lines += _salaries(plan, [*names, *managers])
        found: list[Line] = []
        for part, managed in [(c, False) for c in plan.pay.components] + [
            (c, True) for c in plan.pay.manager_components
        ]:
            groups = component_groups(
                plan.pay, part, table, start, plan.end - plan.first, names, who, plan.quotas, market_size, managed,
                plan.first, plan.cut,
            )  # fmt: skip
            found += _component_lines(part, groups, table, names, who, managed)
        found += _spiffs(plan, table, start)
        for contest in plan.pay.contests:
            found += _contest(contest, plan, table, start, names, who, market_size)
        earned += [*found, *_clawbacks(plan.pay, found, failed, months)]
    lines += earned
    lines += _settled(plans, lines, names, start, months, who)
    frame = pd.DataFrame(lines, columns=list(Line._fields))
    frame = frame.astype({"month": np.int64, "credit": np.float64, "cents": np.int64})
    return Statement(frame.sort_values(["rep", "month"], kind="stable").reset_index(drop=True), start, months)


def _in_force(pay: Pay, quotas: _Quotas | None, later: Sequence[LaterPlan], months: int) -> list[_Force]:
    begins = [0, *(plan.month for plan in later)]
    if any(a >= b for a, b in pairwise(begins)):
        raise PayError(
            explain("later pay plans take over one after another", where="later, month",
                    value=", ".join(str(month) for month in begins[1:]), allowed="rising months, 1 or more")
        )  # fmt: skip
    plans = [LaterPlan(0, pay, quotas), *later]
    found = []
    for k, plan in enumerate(plans):
        end = min(begins[k + 1], months) if k + 1 < len(plans) else months
        if plan.month < end:
            cut = k + 1 < len(plans) and begins[k + 1] < months
            found.append(_Force(plan.pay, plan.quotas, plan.month, end, cut))
    return found


def winners_and_losers(before: Statement, after: Statement) -> pd.DataFrame:
    """Return what a change of plan means for each rep: before, after, change (cents), largest gain first.

    A `change` above 0 is a winner.
    """
    import pandas as pd

    table = pd.DataFrame({"before": before.totals(), "after": after.totals()}).fillna(0).astype(np.int64)
    table["change"] = table["after"] - table["before"]
    return table.sort_values(["change"], ascending=False, kind="stable")


def _component_lines(
    part: Component, groups: Groups, table: pd.DataFrame, names: Sequence[str], who: People, managed: bool
) -> list[Line]:
    order = np.argsort(groups.group, kind="stable")  # events are in order of date within each group
    group, credit = groups.group[order], groups.credit[order]
    if not len(group):
        return []
    running = np.cumsum(credit)
    opens = np.r_[True, np.diff(group) != 0]
    before_group = np.maximum.accumulate(np.where(opens, np.arange(len(group)), 0))
    running -= (running - credit)[before_group]
    cents = np.zeros(len(group), dtype=np.int64)
    fill_paid(groups.curves, group, running / groups.unit, groups.part[group], cents)
    before = np.where(opens, 0, np.r_[0, cents[:-1]])  # a bonus at 0 goes to the first deal
    deals = table["deal"].to_numpy()[groups.rows[order]]
    found: list[Line] = []
    for k in range(len(group)):
        g = int(group[k])
        payee, month = groups.payee[g], int(groups.month[g])
        share = credit[k] / groups.unit
        if part.counts == "own" or managed:
            found.append(Line(payee, month, "component", part.title, deals[k], share, int(cents[k] - before[k])))
            continue
        members = who.members(payee, names, int(groups.first[g]), month)
        had, has = largest_remainder([int(before[k]), int(cents[k])], member_weights(part, members, who))
        found += [
            Line(name, month, "component", part.title, deals[k], share, int(more))
            for name, more in zip(members, has - had, strict=True)
        ]
    return found


def _salaries(plan: _Force, names: Sequence[str]) -> list[Line]:
    year = largest_remainder([int(to_cents(plan.pay.salary))], np.ones(12, dtype=np.int64))[0]
    return [
        Line(name, m, "salary", "salary", "", 0.0, int(year[m % 12]))
        for name in names for m in range(plan.first, plan.end)
    ]  # fmt: skip


def _spiffs(plan: _Force, table: pd.DataFrame, start: dt.date) -> list[Line]:
    found: list[Line] = []
    once = table.drop_duplicates(["deal", "rep", "role"])
    days = once["date"].to_numpy(dtype="datetime64[D]")
    at = months_of(days, start)
    inside = (days >= np.datetime64(start)) & (at >= plan.first) & (at < plan.end)
    for spiff in plan.pay.spiffs:
        fits = inside & (days >= np.datetime64(spiff.first)) & (days <= np.datetime64(spiff.last))
        if spiff.product:
            fits &= (once["product"] == spiff.product).to_numpy()
        for i in np.flatnonzero(fits):
            event = once.iloc[i]
            cents = int(to_cents(spiff.amount * plan.pay.credit.get(event["role"], 0.0)))
            title = f"SPIFF {spiff.product}".strip()
            found.append(Line(event["rep"], int(at[i]), "spiff", title, event["deal"], 0.0, cents))
    return found


def _contest(
    contest: Contest, plan: _Force, table: pd.DataFrame, start: dt.date, names: Sequence[str], who: People,
    market_size: float | None,
) -> list[Line]:  # fmt: skip
    """Prizes by rank; those who tie divide the prizes of their ranks, and who has nothing wins nothing."""
    as_part = Component(
        title=contest.title, measure=contest.measure, period=contest.period,
        counts="own" if contest.between == "reps" else "team",
    )  # fmt: skip
    groups = component_groups(
        plan.pay, as_part, table, start, plan.end - plan.first, names, who, None, market_size, False, plan.first,
        plan.cut,
    )  # fmt: skip
    score = np.zeros(len(groups.payee), dtype=np.int64)
    np.add.at(score, groups.group, groups.credit)
    found: list[Line] = []
    for period in np.unique(groups.period):
        inside = np.flatnonzero(groups.period == period)
        won = np.zeros(len(inside), dtype=np.int64)
        share = float(groups.part[inside[0]])
        prizes = np.array([cents_of(share * prize / 100.0) for prize in to_cents(contest.prizes)], dtype=np.int64)
        prizes_won(score[inside], prizes, won)
        for i, purse in zip(inside, won, strict=True):
            payee, month = groups.payee[i], int(groups.month[i])
            winners = [payee] if contest.between == "reps" else who.members(payee, names, int(groups.first[i]), month)
            parts = largest_remainder([int(purse)], np.ones(len(winners), np.int64))[0]
            found += [
                Line(name, month, "contest", contest.title, "", score[i] / groups.unit, int(part))
                for name, part in zip(winners, parts, strict=True) if part
            ]  # fmt: skip
    return found


def _failures(table: pd.DataFrame, start: dt.date) -> dict[str, tuple[int, int, str]]:
    """Return of each deal that was lost or stayed unpaid: the month that shows it, days after signing, and reason."""
    failed: dict[str, tuple[int, int, str]] = {}
    signed = table["date"].to_numpy(dtype="datetime64[D]")
    for reason in ("lost", "unpaid"):
        day = table[f"{reason}_on"].to_numpy(dtype="datetime64[D]")
        known = np.flatnonzero(~np.isnat(day))
        late = (day[known] - signed[known]).astype(np.int64)
        for i, month, after in zip(known, months_of(day[known], start), late, strict=True):
            deal = table["deal"].iloc[i]
            if after >= 0 and (deal not in failed or after < failed[deal][1]):
                failed[deal] = (int(month), int(after), reason)
    return failed


def _clawbacks(pay: Pay, earned: list[Line], failed: Mapping[str, tuple[int, int, str]], months: int) -> list[Line]:
    """Take back what a deal that fails within the window had earned, in the month that shows it or, later, of pay."""
    due: dict[tuple[str, str, int], int] = {}
    for line in earned:
        if line.deal in failed and failed[line.deal][1] <= pay.clawback_days:
            key = (line.rep, line.deal, max(failed[line.deal][0], line.month))
            due[key] = due.get(key, 0) + taken_back(pay.clawback_share, line.cents)
    return [
        Line(rep, month, "clawback", failed[deal][2], deal, 0.0, -back)
        for (rep, deal, month), back in due.items() if back and month < months
    ]  # fmt: skip


def _settled(
    plans: Sequence[_Force], lines: list[Line], names: Sequence[str], start: dt.date, months: int, who: People
) -> list[Line]:
    """Return guarantee, draw and debt of each rep, month by month."""
    due: dict[tuple[str, int], int] = {}
    for line in lines:
        if line.kind != "salary":
            due[line.rep, line.month] = due.get((line.rep, line.month), 0) + line.cents
    found: list[Line] = []
    pay = {m: plan.pay for plan in plans for m in range(plan.first, plan.end)}
    floors = {m: int(to_cents(p.guarantee_share * p.target_variable / 12)) for m, p in pay.items()}
    draws = {m: int(to_cents(p.draw)) for m, p in pay.items()}
    for name in [*names, *sorted({rep for rep, _ in due} - set(names))]:
        hired = who.hired.get(name)
        since = None if hired is None else int(months_of(np.array([hired], dtype="datetime64[D]"), start)[0])
        owed = debt = 0  # owed: draw to be recovered; debt: negative pay carried on
        is_rep = name in names
        for m in range(months):
            guaranteed = is_rep and since is not None and 0 <= m - since < pay[m].guarantee_months
            before = debt
            guarantee, drawn, back, carried, owed, debt = settle_month(
                due.get((name, m), 0), floors[m] if guaranteed else -1, draws[m] if is_rep else 0,
                pay[m].draw_recoverable, owed, debt,
            )  # fmt: skip
            for kind, title, cents in (
                ("carried", "carried from the month before", -before), ("guarantee", "guarantee", guarantee),
                ("draw", "draw", drawn), ("draw", "draw paid back", -back),
                ("carried", "carried to the next month", carried),
            ):  # fmt: skip
                if cents:
                    found.append(Line(name, m, kind, title, "", 0.0, cents))
    return found
