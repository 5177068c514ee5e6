"""Statements: what each rep is paid for each period, traced deal by deal, adding up to the cent.

The cents rule. Credit is counted in whole hundredths. The pay of a component for a period is the payout of the
period's credit, rounded once to whole cents, half away from zero. A deal is traced as the rise of the *rounded* payout
when it is added to those before it (by date, then deal): so the deals of a period add up to its pay exactly, and a
deal that crosses a quota shows the bonus it earned. What is divided among people is divided by largest remainder.

Months are settled in this order: variable pay due, clawback, guarantee, draw, and a debt that is left is carried on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from salessim.model.pay import Component, Contest, Pay
from salessim.pay.curve import payouts
from salessim.pay.events import checked_events
from salessim.pay.groups import Groups, People, component_groups, member_weights, months_of
from salessim.pay.quotas import largest_remainder, to_cents
from salessim.pay.settling import settle_month

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Line", "Statement", "make_statement", "winners_and_losers"]


class Line(NamedTuple):
    """One line of a statement; see `Statement.lines`."""

    rep: str
    month: int
    kind: str
    title: str
    deal: str
    credit: float
    cents: int


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
    quotas: Mapping[str, Mapping[str, ArrayLike]] | None = None,
    market_size: float | None = None,
) -> Statement:
    """Return what a plan pays for credited events; events outside the months are left out.

    Parameters
    ----------
    pay : Pay
    events : DataFrame
        See `salessim.pay.events.checked_events`.
    start : date
        First day of the first month; pay periods are counted from it.
    months : int
    reps : sequence of str, optional
        Who is on the plan, also without a deal; everybody with a deal where left out.
    people : People, optional
    quotas : mapping, optional
        Money: by title of a component, then by rep (team, manager), the quota of each period; else the component's.
    market_size : float, optional
        Market in one period, for components on market_share.

    Raises
    ------
    PayError
        Unknown columns or roles, a missing quota or market size.

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
    lines: list[Line] = _salaries(pay, [*names, *sorted(set(who.managers.values()) - set(names))], months)
    earned: list[Line] = []
    for part, managed in [(c, False) for c in pay.components] + [(c, True) for c in pay.manager_components]:
        groups = component_groups(pay, part, table, start, months, names, who, quotas, market_size, managed)
        earned += _component_lines(part, groups, table, names, who)
    earned += _spiffs(pay, table, start, months)
    for contest in pay.contests:
        earned += _contest(contest, pay, table, start, months, names, who)
    earned += _clawbacks(pay, table, earned, start, months)
    lines += earned
    lines += _settled(pay, lines, names, start, months, who)
    frame = pd.DataFrame(lines, columns=list(Line._fields))
    frame = frame.astype({"month": np.int64, "credit": np.float64, "cents": np.int64})
    return Statement(frame.sort_values(["rep", "month"], kind="stable").reset_index(drop=True), start, months)


def winners_and_losers(before: Statement, after: Statement) -> pd.DataFrame:
    """Return what a change of plan means for each rep: before, after, change (cents), largest gain first.

    A `change` above 0 is a winner.
    """
    import pandas as pd

    table = pd.DataFrame({"before": before.totals(), "after": after.totals()}).fillna(0).astype(np.int64)
    table["change"] = table["after"] - table["before"]
    return table.sort_values(["change"], ascending=False, kind="stable")


def _component_lines(
    part: Component, groups: Groups, table: pd.DataFrame, names: Sequence[str], who: People
) -> list[Line]:
    order = np.argsort(groups.group, kind="stable")  # events are in order of date within each group
    group, credit = groups.group[order], groups.credit[order]
    if not len(group):
        return []
    running = np.cumsum(credit)
    opens = np.r_[True, np.diff(group) != 0]
    before_group = np.maximum.accumulate(np.where(opens, np.arange(len(group)), 0))
    running -= (running - credit)[before_group]
    cents = to_cents(payouts(groups.curves, group, running / groups.unit))  # a bonus at 0 goes to the first deal
    rise = np.where(opens, cents, cents - np.r_[0, cents[:-1]])
    deals = table["deal"].to_numpy()[groups.rows[order]]
    found: list[Line] = []
    for k in range(len(group)):
        payee, month = groups.payee[group[k]], int(groups.month[group[k]])
        share = credit[k] / groups.unit
        if part.counts == "own":
            found.append(Line(payee, month, "component", part.title, deals[k], share, int(rise[k])))
            continue
        members = [name for name in names if who.teams.get(name, "team") == payee]
        parts = largest_remainder([int(rise[k])], member_weights(part, members, who))[0]
        found += [
            Line(name, month, "component", part.title, deals[k], share, int(part_cents))
            for name, part_cents in zip(members, parts, strict=True)
        ]
    return found


def _salaries(pay: Pay, names: Sequence[str], months: int) -> list[Line]:
    year = largest_remainder([int(to_cents(pay.salary))], np.ones(12, dtype=np.int64))[0]
    return [Line(name, m, "salary", "salary", "", 0.0, int(year[m % 12])) for name in names for m in range(months)]


def _spiffs(pay: Pay, table: pd.DataFrame, start: dt.date, months: int) -> list[Line]:
    found: list[Line] = []
    once = table.drop_duplicates(["deal", "rep"])
    days = once["date"].to_numpy(dtype="datetime64[D]")
    at = months_of(days, start)
    inside = (at >= 0) & (at < months)
    for spiff in pay.spiffs:
        fits = inside & (days >= np.datetime64(spiff.first)) & (days <= np.datetime64(spiff.last))
        if spiff.product:
            fits &= (once["product"] == spiff.product).to_numpy()
        for i in np.flatnonzero(fits):
            event = once.iloc[i]
            cents = int(to_cents(spiff.amount * pay.credit.get(event["role"], 0.0)))
            title = f"SPIFF {spiff.product}".strip()
            found.append(Line(event["rep"], int(at[i]), "spiff", title, event["deal"], 0.0, cents))
    return found


def _contest(
    contest: Contest, pay: Pay, table: pd.DataFrame, start: dt.date, months: int, names: Sequence[str], who: People
) -> list[Line]:
    """Prizes by rank; those who tie divide the prizes of their ranks, and who has nothing wins nothing."""
    as_part = Component(
        title=contest.title, measure=contest.measure, period=contest.period,
        counts="own" if contest.between == "reps" else "team",
    )  # fmt: skip
    groups = component_groups(pay, as_part, table, start, months, names, who, None)
    score = np.zeros(len(groups.payee), dtype=np.int64)
    np.add.at(score, groups.group, groups.credit)
    prizes = to_cents(contest.prizes)
    found: list[Line] = []
    for period in np.unique(groups.period):
        inside = np.flatnonzero((groups.period == period) & (score > 0))
        rank = 0
        for value in sorted(set(score[inside].tolist()), reverse=True):
            tied = [i for i in inside if score[i] == value]
            purse = int(prizes[rank : rank + len(tied)].sum())
            rank += len(tied)
            for i, cents in zip(tied, largest_remainder([purse], np.ones(len(tied), np.int64))[0], strict=True):
                payee = groups.payee[i]
                winners = [payee] if contest.between == "reps" else [
                    name for name in names if who.teams.get(name, "team") == payee
                ]  # fmt: skip
                for name, part in zip(
                    winners, largest_remainder([int(cents)], np.ones(len(winners), np.int64))[0], strict=True
                ):
                    if part:
                        line = Line(
                            name, int(groups.month[i]), "contest", contest.title, "", value / groups.unit, int(part)
                        )
                        found.append(line)
    return found


def _clawbacks(pay: Pay, table: pd.DataFrame, earned: list[Line], start: dt.date, months: int) -> list[Line]:
    """Take back what a deal that is lost or unpaid within the window had earned, in the month that shows it."""
    failed: dict[str, tuple[int, str]] = {}
    signed = table["date"].to_numpy(dtype="datetime64[D]")
    for reason in ("lost", "unpaid"):
        day = table[f"{reason}_on"].to_numpy(dtype="datetime64[D]")
        known = np.flatnonzero(~np.isnat(day))
        late = (day[known] - signed[known]).astype(np.int64)
        for i, month, after in zip(known, months_of(day[known], start), late, strict=True):
            if 0 <= after <= pay.clawback_days:
                failed.setdefault(table["deal"].iloc[i], (int(month), reason))
    due: dict[tuple[str, str], int] = {}
    for line in earned:
        if line.deal in failed:
            due[line.rep, line.deal] = due.get((line.rep, line.deal), 0) + line.cents
    found = []
    for (rep, deal), cents in due.items():
        month, reason = failed[deal]
        back = int(to_cents(pay.clawback_share * cents / 100))
        if month < months and back:
            found.append(Line(rep, max(month, 0), "clawback", reason, deal, 0.0, -back))
    return found


def _settled(pay: Pay, lines: list[Line], names: Sequence[str], start: dt.date, months: int, who: People) -> list[Line]:
    """Return guarantee, draw and debt of each rep, month by month."""
    due: dict[tuple[str, int], int] = {}
    for line in lines:
        if line.kind != "salary":
            due[line.rep, line.month] = due.get((line.rep, line.month), 0) + line.cents
    found: list[Line] = []
    floor = int(to_cents(pay.guarantee_share * pay.target_variable / 12))
    draw = int(to_cents(pay.draw))
    payees = [*names, *sorted({rep for rep, _ in due} - set(names))]
    for name in payees:
        hired = who.hired.get(name)
        since = None if hired is None else int(months_of(np.array([hired], dtype="datetime64[D]"), start)[0])
        owed = debt = 0  # owed: draw to be recovered; debt: negative pay carried on
        for m in range(months):
            guaranteed = since is not None and 0 <= m - since < pay.guarantee_months
            before = debt
            guarantee, drawn, back, carried, owed, debt = settle_month(
                due.get((name, m), 0), floor if guaranteed else -1, draw, pay.draw_recoverable, owed, debt
            )
            for kind, title, cents in (
                ("carried", "carried from the month before", -before), ("guarantee", "guarantee", guarantee),
                ("draw", "draw", drawn), ("draw", "draw paid back", -back),
                ("carried", "carried to the next month", carried),
            ):  # fmt: skip
                if cents:
                    found.append(Line(name, m, kind, title, "", 0.0, cents))
    return found
