"""`funnel`: the usual figures of a sales funnel, on a real or a simulated log; each ratio names its base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from salessim.crm.analytics.money import amounts_at, open_at, waterfall
from salessim.crm.analytics.spells import CAUSES, Spells, incidence, median_days, spells_of
from salessim.crm.report import checked_language
from salessim.crm.tables import canonical_frame
from salessim.errors import CrmError, explain, nearest

if TYPE_CHECKING:
    from datetime import date

    from salessim.crm.tables import CrmData

__all__ = ["Funnel", "funnel"]

_BASES = ("closed", "all")
_LOSSES = ("lost", "no_decision", "disqualified")
_DAY = 86_400  # seconds
_AGES = (0, 30, 60, 90, 180, 365, np.inf)


def funnel(crm: CrmData | Any, *, stages: list[str] | None = None) -> Funnel:
    r"""Analyse the funnel of a log.

    Parameters
    ----------
    crm : CrmData or salessim.record.Book
        As `read_crm` or `record` give it.
    stages : list of str, optional
        The funnel in order; without it stages stand in the order in which deals enter them.

    Returns
    -------
    Funnel

    Raises
    ------
    CrmError
        If there are no deals, or `stages` names one that does not occur.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from salessim.crm import read_crm
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "deals.csv"
    >>> _ = file.write_text(
    ...     "Deal ID,Stage,Amount,Created,Closed On\n"
    ...     "D1,Won,1200,2024-01-05,2024-02-01\nD2,Lost,300,2024-01-09,2024-02-20\nD3,Offer,700,2024-01-20,\n")
    >>> found = funnel(read_crm(file))
    >>> found.win_rate(of="closed"), round(found.win_rate(of="all"), 3)
    (0.5, 0.333)
    """
    deals = canonical_frame(crm.deals, "deals")
    if not len(deals):
        raise CrmError(explain("there are no deals to analyse", where="funnel", remedy="Read an export with deals"))
    events = canonical_frame(crm.stage_events, "stage_events")
    if stages:
        seen = sorted(set(events["stage"].dropna()))
        for stage in stages:
            if stage not in seen:
                raise CrmError(
                    explain("no deal enters this stage", where="stages", value=stage, remedy=nearest(stage, seen))
                )
    return Funnel(
        deals,
        events,
        canonical_frame(crm.changes, "changes"),
        canonical_frame(crm.users, "users"),
        crm.as_of,
        tuple(stages or ()),
    )


@dataclass(frozen=True, eq=False, repr=False)
class Funnel:
    """The funnel of a log.

    Attributes
    ----------
    deals, stage_events, changes, users : pandas.DataFrame
        Canonical tables.
    as_of : datetime.date
        The day of the snapshot: what is open then is right-censored.
    order : tuple of str
        The funnel as given; empty: as deals go through it.
    """

    deals: pd.DataFrame
    stage_events: pd.DataFrame
    changes: pd.DataFrame
    users: pd.DataFrame
    as_of: date
    order: tuple[str, ...] = ()

    @property
    def end(self) -> pd.Timestamp:
        """The end of the day of the snapshot."""
        return pd.Timestamp(self.as_of) + pd.Timedelta(days=1)

    @cached_property
    def spells(self) -> Spells:
        """Time spent by each deal in each stage, and how it ended."""
        return spells_of(self.deals, self.stage_events, self.end, list(self.order) or None)

    def win_rate(self, *, of: str = "closed", value: bool = False) -> float:
        """Share of deals won (赢单率).

        Parameters
        ----------
        of : {"closed", "all"}
            Base: deals that have ended, or all deals of the log. The first favours quick deals while many are open;
            the second counts every open deal as not won.
        value : bool
            Weigh deals by their amount; those without one are left out.

        Returns
        -------
        float
            0 to 1; NaN without a base.

        Raises
        ------
        CrmError
            If `of` is another base.
        """
        if of not in _BASES:
            raise CrmError(explain("there is no such base", where="of", value=of, remedy=nearest(of, _BASES)))
        deals = self.deals if of == "all" else self.deals[self.deals["status"] != "open"]
        weight = deals["amount"].fillna(0.0) if value else pd.Series(1.0, index=deals.index)
        total = float(weight.sum())
        return float(weight[deals["status"] == "won"].sum()) / total if total else float("nan")

    def outcomes(self) -> pd.Series:
        """Share of deals that end in each way if the open ones go on as others did (Aalen–Johansen on the whole cycle).

        Returns
        -------
        Series
            won, lost, no_decision, disqualified, still open at the longest age seen; they sum to 1.
        """
        cycles = spells_of(self.deals, self.stage_events.iloc[:0], self.end).frame
        shares = incidence(cycles["days"].to_numpy(), cycles["cause"].to_numpy())
        named = {"won": shares["advanced"], **{how: shares[how] for how in _LOSSES}}
        return pd.Series({**named, "still open": shares["still there"]})

    def by_stage(self) -> pd.DataFrame:
        """Conversion and durations stage by stage, open deals right-censored, ends competing.

        Returns
        -------
        DataFrame
            Index: stage. ``entered``: deals that entered it; ``open``: deals there now; ``advanced``, ``lost``,
            ``no_decision``, ``disqualified``, ``moved_back``, ``still there``: shares of the deals that entered
            (Aalen–Johansen); ``won_of_entered_closed``: share won of those that entered and have ended;
            ``median_days``, ``days_90``: days until half and nine tenths have left (Kaplan–Meier; NaN: not yet).
        """
        rows = []
        frame = self.spells.frame
        for stage in self.spells.order:
            here = frame[frame["stage"] == stage]
            days, cause = here["days"].to_numpy(), here["cause"].to_numpy()
            ended = here[~here["open"]].drop_duplicates("deal_id")
            rows.append(
                {
                    "stage": stage,
                    "entered": int(here["deal_id"].nunique()),
                    "open": int((cause == 0).sum()),
                    **incidence(days, cause),
                    "won_of_entered_closed": float(ended["won"].mean()) if len(ended) else float("nan"),
                    "median_days": median_days(days, cause),
                    "days_90": median_days(days, cause, 0.9),
                }
            )
        columns = [
            "stage",
            "entered",
            "open",
            *CAUSES,
            "still there",
            "won_of_entered_closed",
            "median_days",
            "days_90",
        ]
        return pd.DataFrame(rows, columns=columns).set_index("stage")

    def cycle(self) -> pd.Series:
        """Median days from creation to the end: of won deals, of lost ones, and of all with open ones censored."""
        cycles = spells_of(self.deals, self.stage_events.iloc[:0], self.end).frame
        days, cause = cycles["days"].to_numpy(), cycles["cause"].to_numpy()
        lost = np.isin(cause, [2, 3, 4])
        return pd.Series(
            {
                "won": float(np.median(days[cause == 1])) if (cause == 1).any() else float("nan"),
                "lost": float(np.median(days[lost])) if lost.any() else float("nan"),
                "all, open censored": median_days(days, cause),
            }
        )

    def velocity(self) -> pd.Series:
        """Sales velocity: open deals × win rate of closed × mean won amount / mean days of a won cycle, a day.

        Returns
        -------
        Series
            The four factors and ``velocity`` (currency a day).
        """
        deals = self.deals
        won = deals[deals["status"] == "won"]
        days = ((won["closed_at"] - won["created_at"]).dt.total_seconds() / _DAY).clip(lower=0).mean()
        factors = {
            "open_deals": float((deals["status"] == "open").sum()),
            "win_rate_of_closed": self.win_rate(of="closed"),
            "mean_won_amount": float(won["amount"].mean()),
            "mean_won_cycle_days": float(days),
        }
        speed = factors["open_deals"] * factors["win_rate_of_closed"] * factors["mean_won_amount"]
        return pd.Series({**factors, "velocity": speed / factors["mean_won_cycle_days"] if days > 0 else float("nan")})

    def ageing(self) -> pd.DataFrame:
        """Open deals by stage and age since creation, in days; and those older than nine tenths of the closed cycles.

        Returns
        -------
        DataFrame
            Index: stage. Columns: ``0-30`` … ``365+`` days, ``undated``, ``slow`` (older than the 90th percentile of
            closed cycles), ``amount`` (currency).
        """
        deals = self.deals
        is_open = deals[deals["status"] == "open"]
        age = (self.end - is_open["created_at"]).dt.total_seconds() / _DAY
        closed = deals[deals["status"] != "open"]
        cycles = ((closed["closed_at"] - closed["created_at"]).dt.total_seconds() / _DAY).dropna()
        limit = float(cycles.quantile(0.9)) if len(cycles) else np.inf
        names = [f"{low}-{high:.0f}" if high < np.inf else f"{low}+" for low, high in pairwise(_AGES)]
        band = pd.cut(age, list(_AGES), labels=names, right=False).astype("str").fillna("undated")
        stage = is_open["stage"].fillna("?")
        table = pd.crosstab(stage, band).reindex(columns=[*names, "undated"], fill_value=0)
        table["slow"] = (age > limit).groupby(stage).sum().reindex(table.index)
        table["amount"] = is_open["amount"].groupby(stage).sum().reindex(table.index)
        table.index.name, table.columns.name = "stage", None
        return table

    def slippage(self) -> pd.Series:
        """How expected closing dates hold.

        Returns
        -------
        Series
            ``pushed_of_all``: share of deals whose expected date was moved later at least once (NaN without a log of
            changes); ``pushes_per_pushed_deal``; ``mean_push_days``; ``overdue_of_open``: share of open deals past
            their date; ``median_days_late_of_won``: days from the expected to the real closing of won deals.
        """
        moves = self.changes[self.changes["field"] == "expected_close"]
        before, after = (pd.to_datetime(moves[name], errors="coerce") for name in ("old", "new"))
        step = (after - before).dt.total_seconds() / _DAY
        later = moves[step > 0]
        deals = self.deals
        is_open = deals[(deals["status"] == "open") & deals["expected_close"].notna()]
        won = deals[(deals["status"] == "won") & deals["expected_close"].notna() & deals["closed_at"].notna()]
        late = (won["closed_at"].dt.floor("D") - won["expected_close"].dt.floor("D")).dt.total_seconds() / _DAY
        pushed = int(later["deal_id"].nunique())
        nothing = float("nan")
        return pd.Series(
            {
                "pushed_of_all": pushed / len(deals) if len(moves) else nothing,
                "pushes_per_pushed_deal": len(later) / pushed if pushed else nothing,
                "mean_push_days": float(step[step > 0].mean()) if pushed else nothing,
                "overdue_of_open": float((is_open["expected_close"] < pd.Timestamp(self.as_of)).mean())
                if len(is_open)
                else nothing,
                "median_days_late_of_won": float(late.median()) if len(late) else nothing,
            }
        )

    def waterfall(self, start: date | str, end: date | str | None = None) -> pd.DataFrame:
        """Bridge from the open pipeline at the end of day `start` to that at the end of day `end`; closes to zero.

        Returns
        -------
        DataFrame
            See `salessim.crm.analytics.money.waterfall`.

        Raises
        ------
        CrmError
            If `end` lies before `start`.
        """
        first, last = self._moment(start), self.end if end is None else self._moment(end)
        if last < first:
            raise CrmError(
                explain(
                    "the end lies before the start", where="waterfall", value=f"{start} … {end}", allowed="in order"
                )
            )
        return waterfall(self.deals, self.changes, first, last)

    @staticmethod
    def _moment(day: date | str) -> pd.Timestamp:
        try:
            return pd.Timestamp(day).floor("D") + pd.Timedelta(days=1)
        except (ValueError, TypeError):
            raise CrmError(
                explain("this is no date", where="waterfall", value=str(day), allowed="year-month-day, e.g. 2024-09-30")
            ) from None

    def cohorts(self, period: str = "Q") -> pd.DataFrame:
        """Deals by the period in which they were created: how many, and how they ended so far.

        Parameters
        ----------
        period : {"M", "Q", "Y"}

        Returns
        -------
        DataFrame
            Index: period. Columns: created, won, lost, no_decision, disqualified, open, win_rate_of_closed,
            win_rate_of_all, won_amount.
        """
        if period not in ("M", "Q", "Y"):
            raise CrmError(explain("there is no such period", where="period", value=period, allowed="M, Q, Y"))
        dated = self.deals[self.deals["created_at"].notna()]
        return self._table(dated["created_at"].dt.to_period(period).astype("str"), dated, "created")

    def by_rep(self) -> pd.DataFrame:
        """Deals, ends, win rates and won amount by owner; columns as in `cohorts`, ``deals`` for ``created``."""
        return self._table(self.deals["owner_id"].fillna("?"), self.deals, "deals")

    def by_team(self) -> pd.DataFrame:
        """The same by team of the owner."""
        team = self.users.drop_duplicates("user_id").set_index("user_id")["team"]
        return self._table(self.deals["owner_id"].map(team).fillna("?").astype("str"), self.deals, "deals")

    @staticmethod
    def _table(by: pd.Series, deals: pd.DataFrame, count: str) -> pd.DataFrame:
        ends = pd.crosstab(by, deals["status"]).reindex(columns=["won", *_LOSSES, "open"], fill_value=0)
        total = ends.sum(axis=1)
        closed = total - ends["open"]
        table = ends.copy()
        table.insert(0, count, total)
        table["win_rate_of_closed"] = ends["won"] / closed.where(closed > 0)
        table["win_rate_of_all"] = ends["won"] / total
        won = deals["status"] == "won"
        table["won_amount"] = deals["amount"][won].groupby(by[won]).sum().reindex(table.index).fillna(0.0)
        table.index.name, table.columns.name = None, None
        return table

    def coverage(self, target: float | Mapping[str, float]) -> pd.DataFrame | float:
        """Pipeline coverage: amount of the open deals over what is still to be sold.

        Parameters
        ----------
        target : float or mapping of owner to float
            Currency still to be sold; for all, or for each owner.

        Returns
        -------
        float, or DataFrame with columns open_amount, target, coverage
            Coverage 3 means that a third of the open amount would do.
        """
        is_open = self.deals[self.deals["status"] == "open"]
        if not isinstance(target, Mapping):
            return float(is_open["amount"].sum()) / float(target) if target > 0 else float("nan")
        goal = pd.Series({str(name): float(value) for name, value in target.items()})
        amount = is_open.groupby("owner_id")["amount"].sum().reindex(goal.index).fillna(0.0)
        return pd.DataFrame({"open_amount": amount, "target": goal, "coverage": amount / goal.where(goal > 0)})

    def open_pipeline(self, day: date | str) -> tuple[int, float]:
        """Number and amount of the deals open at the end of a day."""
        moment = self._moment(day)
        is_open = open_at(self.deals, moment)
        return int(is_open.sum()), float(amounts_at(self.deals, self.changes, moment)[is_open].sum())

    def to_text(self, lang: str = "en") -> str:
        """The main figures as text.

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        checked_language(lang)
        zh = lang == "zh"
        rate = "赢单率（占已结束）{:.1%}；（占全部）{:.1%}" if zh else "win rate of closed {:.1%}; of all {:.1%}"
        lines = [
            f"{'商机' if zh else 'deals'} {len(self.deals):,}; {'截至' if zh else 'as of'} {self.as_of.isoformat()}",
            rate.format(self.win_rate(of="closed"), self.win_rate(of="all")),
            "",
            self.by_stage().round(3).to_string(),
            *(
                f"{'未计入' if zh else 'left out'}: {reason} {count:,}"
                for reason, count in self.spells.left_out.items()
            ),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Funnel({len(self.deals):,} deals, {len(self.spells.order)} stages; as of {self.as_of.isoformat()})"
