"""`funnel`: the usual figures of a sales funnel, on a real or a simulated log; each ratio names its base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from salessim.crm.analytics.durations import curves_of, cycle_of, outcomes_of, stage_table
from salessim.crm.analytics.groups import group_table
from salessim.crm.analytics.money import amounts_at, open_at, waterfall
from salessim.crm.analytics.pipeline import age_table, coverage_of, slippage_of, velocity_of
from salessim.crm.analytics.shown import funnel_html, funnel_text
from salessim.crm.analytics.spells import Spells, spells_of
from salessim.crm.tables import canonical_frame
from salessim.errors import CrmError, explain, nearest

if TYPE_CHECKING:
    from datetime import date

    from salessim.crm.tables import CrmData

__all__ = ["Funnel", "funnel"]

_BASES = ("closed", "all")


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

    @cached_property
    def cycles(self) -> Spells:
        """The whole cycle of each deal as one spell."""
        return spells_of(self.deals, self.stage_events.iloc[:0], self.end)

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
            won, lost, no_decision, disqualified; still_open: at the longest age seen; they sum to 1.
        """
        return outcomes_of(self.cycles)

    def by_stage(self) -> pd.DataFrame:
        """Conversion and durations stage by stage, open deals right-censored, ends competing.

        Returns
        -------
        DataFrame
            Index: stage. ``entered``: deals that entered it; ``open``: deals there now; ``advanced``, ``lost``,
            ``no_decision``, ``disqualified``, ``moved_back``, ``still_there``: shares of the deals that entered
            (Aalen–Johansen); ``won_of_entered_closed``: share won of those that entered and have ended;
            ``median_days``, ``days_90``: days until half and nine tenths have left (Kaplan–Meier; NaN: not yet).
        """
        return stage_table(self.spells)

    def curves(self, stage: str | None = None) -> pd.DataFrame:
        """Cumulative incidence: the share that has ended in each way by an age, ends competing (Aalen–Johansen).

        Parameters
        ----------
        stage : str, optional
            Of the stays in this stage; without it, of whole deals.

        Returns
        -------
        DataFrame
            Index: days since creation, or since the stage was entered. Columns: won (of a stage: advanced), lost,
            no_decision, disqualified (of a stage also moved_back), still_there; the rows sum to 1.

        Raises
        ------
        CrmError
            If no deal enters the stage.
        """
        if stage is not None and stage not in self.spells.order:
            near = nearest(stage, self.spells.order)
            raise CrmError(explain("no deal enters this stage", where="stage", value=stage, remedy=near))
        return curves_of(self.cycles if stage is None else self.spells, stage)

    def cycle(self) -> pd.Series:
        """Median days from creation to the end.

        Returns
        -------
        Series
            won; lost (whichever way); all_censored: until half of all deals have ended, open ones being censored
            (NaN: not yet).
        """
        return cycle_of(self.cycles)

    def velocity(self) -> pd.Series:
        """Sales velocity: open deals × win rate of closed × mean won amount / mean days of a won cycle, a day.

        Returns
        -------
        Series
            The four factors and ``velocity`` (currency a day).
        """
        return velocity_of(self.deals, self.win_rate(of="closed"))

    def ageing(self) -> pd.DataFrame:
        """Open deals by stage and age since creation, in days; and those older than nine tenths of the closed cycles.

        Returns
        -------
        DataFrame
            Index: stage. Columns: ``0-30`` … ``365+`` days, ``undated``, ``slow`` (older than the 90th percentile of
            closed cycles), ``amount`` (currency).
        """
        return age_table(self.deals, self.end, self.spells.order)

    def slippage(self) -> pd.Series:
        """How expected closing dates hold.

        Returns
        -------
        Series
            ``pushed_of_all``: share of deals whose expected date was moved later at least once (NaN without a log of
            changes); ``pushes_per_pushed_deal``; ``mean_push_days``; ``overdue_of_open``: share of open deals past
            their date; ``median_days_late_of_won``: days from the expected to the real closing of won deals.
        """
        return slippage_of(self.deals, self.changes, pd.Timestamp(self.as_of))

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
        return group_table(dated["created_at"].dt.to_period(period).astype("str"), dated, "created")

    def by_rep(self) -> pd.DataFrame:
        """Deals, ends, win rates and won amount by owner; columns as in `cohorts`, ``deals`` for ``created``."""
        return group_table(self.deals["owner_id"].fillna("?"), self.deals, "deals")

    def by_team(self) -> pd.DataFrame:
        """The same by team of the owner."""
        team = self.users.drop_duplicates("user_id").set_index("user_id")["team"]
        return group_table(self.deals["owner_id"].map(team).fillna("?").astype("str"), self.deals, "deals")

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
        return coverage_of(self.deals, target)

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

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        return funnel_text(self, lang)

    def to_html(self, lang: str = "en") -> str:
        """The main figures as HTML that needs nothing from outside; parameters and errors as in `to_text`."""
        return funnel_html(self, lang)

    def _repr_html_(self) -> str:
        return funnel_html(self)

    def __repr__(self) -> str:
        return f"Funnel({len(self.deals):,} deals, {len(self.spells.order)} stages; as of {self.as_of.isoformat()})"
