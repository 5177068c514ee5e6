"""What would last year have paid? A pay plan on the deals of a CRM export or a run, next year beside it, who gains.

The replay of last year holds behaviour fixed, and so do P50 and P95 of next year drawn from it: that is what vendors
of incentive software show. With a market and a plan, next year is simulated as well, with reps who answer to the plan.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from salessim.clocks.paid import events_of_run, statement_of_run
from salessim.clocks.run import Run
from salessim.errors import StudyError, explain
from salessim.model.pay import Component, Pay, Tier
from salessim.pay.events import checked_events, credited_events
from salessim.pay.groups import People, months_of
from salessim.pay.outlook import PayOutlook, pay_outlook
from salessim.pay.slip import Served, for_days_served
from salessim.pay.statement import Statement, make_statement, winners_and_losers
from salessim.study.replay import Replay

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["CrmTables", "PayReplay", "pay_of", "replay_pay", "statement"]

_YEAR = 12
_RISK = 0.95


class CrmTables(Protocol):
    """What is read of a CRM export: tables as `salessim.crm.read_crm` gives them."""

    @property
    def deals(self) -> pd.DataFrame:
        """Deals, with deal_id, account_id, owner_id, product, status, amount and closed_at."""

    @property
    def accounts(self) -> pd.DataFrame:
        """Accounts, with account_id and segment."""

    @property
    def products(self) -> pd.DataFrame:
        """Products, with product, list_price and unit_cost."""

    @property
    def users(self) -> pd.DataFrame:
        """People, with user_id, team, manager, hired_at and left_at."""

    @property
    def as_of(self) -> dt.date:
        """The date of the snapshot."""


def pay_of(plan: Plan) -> Pay:
    """Return the pay plan of a plan; without one the salary and the commission of its management, month by month.

    Such a commission is not taken back, whatever becomes of the deal.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> pay = pay_of(plan)
    >>> pay.salary == plan.management.salary, pay.components[0].tiers[0].rate == plan.management.commission
    (True, True)
    """
    setting = plan.phases[0][0]
    if setting.pay is not None:
        return setting.pay
    how = setting.management
    commission = Component(title="commission", period="month", tiers=(Tier(rate=how.commission),))
    return Pay(salary=how.salary, components=(commission,) if how.commission else (), clawback_share=0.0)


def statement(
    source: CrmTables | Run | pd.DataFrame,
    pay: Pay | None = None,
    *,
    start: dt.date | None = None,
    months: int | None = None,
    people: People | None = None,
    quotas: Mapping[str, Mapping[str, ArrayLike]] | None = None,
    market_size: float | None = None,
) -> Statement:
    """Return what each rep is paid for each month, deal by deal, to the cent.

    Parameters
    ----------
    source : CRM tables, Run or DataFrame
        An export from `read_crm`, a run from `simulate`, or credited events (deal, rep, date, revenue; see
        `salessim.pay.events.checked_events`).
    pay : Pay, optional
        The plan; may be left out for a run that has one.
    start, months : date, int, optional
        First day and number of months. Left out: the last twelve whole months of an export, all of a run; for events
        `start` is needed.
    people, quotas, market_size
        As in `salessim.pay.statement.make_statement`; teams, managers and dates of hiring of an export are read from
        it where `people` is left out.

    Raises
    ------
    StudyError
        No plan, no start, or nothing sold in the months.
    PayError
        A quota that is missing, a role without a share of the credit.

    Examples
    --------
    >>> import pandas as pd
    >>> plan = Pay(salary=0, components=[Component(title="commission", tiers=[Tier(rate=0.1)])])
    >>> events = pd.DataFrame({"deal": ["d1"], "rep": ["ann"], "date": ["2026-02-03"], "revenue": [123.45]})
    >>> statement(events, plan, start=dt.date(2026, 1, 1)).totals().to_dict()
    {'ann': 1235}
    """
    if isinstance(source, Run) and start is None and months is None and quotas is None:
        own = source.plan.phases[0][0].pay
        if pay is None or pay == own:
            return statement_of_run(source)
    if pay is None:
        raise StudyError(explain("a statement needs a pay plan", where="pay", remedy="Give pay=…, or a run with one"))
    read = _read(source, start, months)
    found = make_statement(
        pay, read.events, read.first, read.months, reps=read.reps, people=people or read.people, quotas=quotas,
        market_size=market_size,
    )  # fmt: skip
    return for_days_served(found, read.served)


@dataclass(frozen=True, eq=False)
class PayReplay:
    """What a plan would have paid last year, what it may pay next year, and who gains and loses.

    Attributes
    ----------
    pay : Pay
    statement : Statement
        Last year under this plan, deal by deal.
    before : Statement or None
        Last year under the plan it is compared with.
    outlook : PayOutlook
        Next year with behaviour as it was: every deal of last year happens a Poisson number of times.
    ahead : DataFrame or None
        Next year as simulated, with reps who answer to the plan: rep, p50, p95 (money).
    ahead_total : (futures,) float
        Cost of pay in each simulated year, ascending; empty where nothing was simulated.
    currency : str
    """

    pay: Pay
    statement: Statement
    before: Statement | None
    outlook: PayOutlook
    ahead: pd.DataFrame | None
    ahead_total: np.ndarray
    currency: str

    def frame(self) -> pd.DataFrame:
        """Return one row per rep, largest gain first: before, last_year, change, p50, p95 (money).

        With a simulation also p50_ahead and p95_ahead; without a plan to compare with neither before nor change.
        """
        import pandas as pd

        if self.before is None:
            table = pd.DataFrame({"last_year": self.statement.totals()})
        else:
            table = winners_and_losers(self.before, self.statement)
            table = table.rename(columns={"after": "last_year"})[["before", "last_year", "change"]]
        table = table.join(self.outlook.per_rep[["p50", "p95"]]) / 100.0
        if self.ahead is not None:
            table = table.join(self.ahead[["p50", "p95"]].add_suffix("_ahead"))
        return table.rename_axis(index="rep")

    def totals(self) -> dict[str, float]:
        """Return the same for all reps together, money: P50 and P95 are those of the sum, not sums of them."""
        found = {"last_year": self.statement.totals().sum() / 100.0, "p50": self.outlook.percentile(0.5) / 100.0,
                 "p95": self.outlook.percentile(_RISK) / 100.0}  # fmt: skip
        if self.before is not None:
            found["before"] = self.before.totals().sum() / 100.0
            found["change"] = found["last_year"] - found["before"]
        if len(self.ahead_total):
            for name, share in (("p50_ahead", 0.5), ("p95_ahead", _RISK)):
                found[name] = float(np.quantile(self.ahead_total, share, method="inverted_cdf"))
        return {name: float(value) for name, value in found.items()}

    @property
    def winners(self) -> pd.Series:
        """Gain of each rep who would have been paid more, largest first (money)."""
        change = self._changes()
        return change[change > 0.0]

    @property
    def losers(self) -> pd.Series:
        """Loss of each rep who would have been paid less, largest first (money, below 0)."""
        change = self._changes()
        return change[change < 0.0].sort_values(kind="stable")

    def text(self, language: str = "en") -> str:
        """Say what the plan would have paid, who gains, and what next year may cost."""
        from salessim.study.pay_wording import replay_text

        return replay_text(self, language)

    def html(self, language: str = "en") -> str:
        """Return text and table as HTML that needs nothing from outside."""
        from salessim.study.pay_wording import replay_html

        return replay_html(self, language)

    def plot(self, language: str = "en") -> Figure:
        """Draw what each rep would have been paid before and after, winners first."""
        from salessim.show.pay_figure import winners_figure

        return winners_figure(self, language)

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        total = self.totals()
        return f"PayReplay({len(self.frame())} reps; last year {total['last_year']:,.0f}, P95 {total['p95']:,.0f})"

    def _changes(self) -> pd.Series:
        if self.before is None:
            raise StudyError(
                explain("winners and losers need a plan to compare with", where="before",
                        remedy="Give replay_pay(…, before=…) the plan of today")
            )  # fmt: skip
        change: pd.Series = self.frame()["change"]
        return change


def replay_pay(
    source: CrmTables | Run | pd.DataFrame,
    pay: Pay,
    *,
    before: Pay | Plan | None = None,
    start: dt.date | None = None,
    market: Market | None = None,
    plan: Plan | None = None,
    people: People | None = None,
    quotas: Mapping[str, Mapping[str, ArrayLike]] | None = None,
    market_size: float | None = None,
    replications: int = 1000,
    futures: int = 40,
    growth: float = 0.0,
    seed: int = 1,
    currency: str = "",
) -> PayReplay:
    """Ask what a pay plan would have paid last year, and what it may pay next year.

    Last year's salaries are for the days on the payroll, where an export has dates of hiring and leaving; next year is
    drawn with everybody of last year there all year.

    Parameters
    ----------
    source : CRM tables, Run or DataFrame
        As in `statement`; of a run its last twelve months.
    pay : Pay
    before : Pay or Plan, optional
        The plan of today, with which winners and losers are told; of a `Plan` its pay (`pay_of`). Left out, a run is
        compared with its own pay.
    start : date, optional
        First day of the twelve months.
    market, plan : Market, Plan, optional
        Both, to simulate next year with reps who answer to `pay`.
    people, quotas, market_size
        As in `statement`.
    replications : int
        Years drawn with behaviour as it was, 20 or more.
    futures : int
        Years simulated.
    growth : float
        Expected change of the number of deals, for the years drawn (0.1 is ten per cent more).
    seed : int
    currency : str
        What amounts are called; of a market or a run its own.

    Raises
    ------
    StudyError
        Only one of market and plan, a run shorter than a year, no deal in the months.
    PayError
        As in `statement`.

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.model.pay_files import pay_preset
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> found = replay_pay(simulate(market, plan, 12), pay_preset("accelerator"), replications=50)
    >>> len(found.winners) + len(found.losers) <= plan.headcount, found.totals()["p50"] <= found.totals()["p95"]
    (True, True)
    """
    if (market is None) != (plan is None):
        raise StudyError(
            explain("next year is simulated from a market and a plan", where="market, plan",
                    remedy="Give both, as from fit_company(…), or neither")
        )  # fmt: skip
    if isinstance(source, Run):
        start = start or _month_of_run(source, source.months - _YEAR)
        before = source.plan if before is None else before
        currency = currency or source.market.currency
    read = _read(source, start, _YEAR)
    settings = {"reps": read.reps, "people": people or read.people, "quotas": quotas, "market_size": market_size}
    outlook = pay_outlook(
        pay, read.events, read.first, replications=replications, seed=seed, growth=growth, **settings  # type: ignore[arg-type]
    )
    now = for_days_served(outlook.replay, read.served)
    then = None
    if before is not None:
        old = before if isinstance(before, Pay) else pay_of(before)
        then = make_statement(old, read.events, read.first, _YEAR, **settings)  # type: ignore[arg-type]
        then = for_days_served(then, read.served)
    ahead, total = None, np.zeros(0)
    if market is not None and plan is not None:
        ahead, total = _ahead(market, plan.but(pay=pay), futures, seed)
        currency = currency or market.currency
    return PayReplay(pay, now, then, outlook, ahead, total, currency)


def _ahead(market: Market, plan: Plan, futures: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    import pandas as pd

    if futures < 2:
        raise StudyError(explain("too few futures", where="futures", value=futures, allowed="2 or more, better 40"))
    replay, paid, seats = Replay(market, plan, _YEAR, seed), [], list[str]()
    for n in range(futures):
        run = replay.run(n)
        assert run is not None  # nobody stops it
        diary, seats = run.world["diary"], list(run.world.names.reps)
        paid.append((diary["salary"] + diary["variable"]).reshape(-1, _YEAR).sum(axis=1))
    table = np.array(paid)
    p50, p95 = (np.quantile(table, share, axis=0, method="inverted_cdf") for share in (0.5, _RISK))
    index = pd.Index(seats, name="rep")
    return pd.DataFrame({"p50": p50, "p95": p95}, index=index), np.sort(table.sum(axis=1))


class _Source(NamedTuple):
    """Events inside the months, who is on the plan, who belongs to whom, and who was on the payroll when."""

    events: pd.DataFrame
    first: dt.date
    months: int
    reps: Sequence[str]
    people: People
    served: Served


def _read(source: CrmTables | Run | pd.DataFrame, start: dt.date | None, months: int | None) -> _Source:
    import pandas as pd

    people, served, reps = People(), dict[str, tuple[dt.date | None, dt.date | None]](), list[str]()
    if isinstance(source, Run):
        first, length = start or source.market.start, months or source.months
        events, reps = events_of_run(source), list(source.world.names.reps)
    elif isinstance(source, pd.DataFrame):
        if start is None:
            raise StudyError(explain("events do not say which year is meant", where="start", remedy="Give start=…"))
        first, length, events = start, months or _YEAR, checked_events(source)
    else:
        length = months or _YEAR
        first = start or _last_months(source.as_of, length)
        events = credited_events(source.deals, source.products, source.accounts)
        people, served = _people(source)
        reps = _sellers(source, first, length)
    signed, cash = (_inside(events[column], first, length) for column in ("date", "cash_on"))
    events = events[signed | cash].reset_index(drop=True)
    if not len(events):
        raise StudyError(
            explain("nothing was won in these months", where="start", value=f"{first}, {length} months",
                    remedy="Choose months in which the source has won deals")
        )  # fmt: skip
    return _Source(events, first, length, reps, people, served)


def _last_months(as_of: dt.date, months: int) -> dt.date:
    """Return the first day of the last whole months up to a date."""
    whole = as_of + dt.timedelta(days=1)  # the last day of a month ends it
    number = whole.year * 12 + whole.month - 1 - months
    return dt.date(number // 12, number % 12 + 1, 1)


def _month_of_run(run: Run, month: int) -> dt.date:
    if month < 0:
        raise StudyError(
            explain("a replay of last year takes a year of history", where="source", value=f"{run.months} months",
                    allowed="12 months or more")
        )  # fmt: skip
    ends = run.world["months"]["ends"]
    return run.market.start + dt.timedelta(days=int(ends[month - 1]) if month else 0)


def _sellers(source: CrmTables, first: dt.date, months: int) -> list[str]:
    """Return everybody who closed a deal in the months, won or not."""
    deals = source.deals
    closed = _inside(deals["closed_at"], first, months)
    return sorted(deals.loc[closed & deals["owner_id"].notna().to_numpy(), "owner_id"].astype(str).unique())


def _inside(days: pd.Series, first: dt.date, months: int) -> np.ndarray:
    """Say which days lie in the months, as a statement counts them."""
    day = days.to_numpy(dtype="datetime64[D]")
    month = months_of(day, first)
    return np.asarray(~np.isnat(day) & (day >= np.datetime64(first)) & (month >= 0) & (month < months))


def _people(source: CrmTables) -> tuple[People, dict[str, tuple[dt.date | None, dt.date | None]]]:
    import pandas as pd

    users = source.users
    if not len(users):
        return People(), {}

    def column(name: str) -> dict[str, str]:
        known = users[users[name].notna()]
        return dict(zip(known["user_id"].astype(str), known[name].astype(str), strict=True))

    def day(value: object) -> dt.date | None:
        return None if pd.isna(value) else pd.Timestamp(value).date()  # type: ignore[call-overload,arg-type]

    days = {str(who): (day(come), day(gone))
            for who, come, gone in zip(users["user_id"], users["hired_at"], users["left_at"], strict=True)}  # fmt: skip
    hired = {who: come for who, (come, _) in days.items() if come is not None}
    return People(teams=column("team"), managers=column("manager"), hired=hired), days
