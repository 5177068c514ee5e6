"""The plan: what the planner chooses."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator, model_validator

from salessim.errors import ModelError, explain, nearest
from salessim.model.assumption import assumption
from salessim.model.change import Change
from salessim.model.columns import Column, Table
from salessim.model.management import Management
from salessim.model.part import Part
from salessim.model.pay import Pay

__all__ = ["COVERAGE_RULES", "ROUTINGS", "STRUCTURES", "Plan", "Structure", "Team"]

Structure = Literal["today", "territory", "product", "customer", "hybrid"]
STRUCTURES: tuple[Structure, ...] = ("today", "territory", "product", "customer", "hybrid")
Coverage = Literal["marginal", "proportional", "easiest", "tiers"]
COVERAGE_RULES: tuple[Coverage, ...] = ("marginal", "proportional", "easiest", "tiers")
Routing = Literal["owner", "pool"]
ROUTINGS: tuple[Routing, ...] = ("owner", "pool")


_FIXED = {"changes", "team", "selling_time", "leave", "target", "name"}
"""Settings that a change cannot touch: they shape calendars and people of the whole run."""


class Team(Table):
    """The people, one row per rep: name, group (who shares a lead pool), home. Empty homes settle in their area."""

    key = ("rep",)
    schema = (
        Column("rep", "text"),
        Column("group", "text", default="team"),
        Column("lat", missing=True, low=-90.0, high=90.0),
        Column("lon", missing=True, low=-180.0, high=180.0),
        Column("x", missing=True),
        Column("y", missing=True),
    )


class Plan(Part):
    """What the planner chooses: structure, headcount, coverage, routing, working time, what people cost.

    Examples
    --------
    >>> plan = Plan(structure="territory", reps=10)
    >>> plan.but(structure="customer", reps=12).reps
    12
    >>> plan.but(structure="teritory")
    Traceback (most recent call last):
    ...
    salessim.errors.ModelError: plan.structure: there is no such structure. Found: 'teritory'. Allowed: today, territory, product, customer, hybrid. Did you mean 'territory'?
    """  # noqa: E501

    name: str = "plan"
    structure: Structure = Field("territory", description="how accounts and products are divided among the reps")
    reps: int | None = Field(None, description="sales force size; empty is the size of the team")
    team: Team = Field(default_factory=Team)
    key_account_share: float = assumption(
        0.1, 0.02, 0.3, unit="share", le=1, meaning="share of accounts that a hybrid structure treats as key accounts",
    )  # fmt: skip
    incumbency: float = assumption(
        0.5, 0.0, 1.0, unit="0-1", le=1, off=0.0,
        meaning="how strongly a new alignment leaves an account with the rep who serves it today",
    )  # fmt: skip
    open_deals: Literal["stay", "move"] = Field(
        "stay", description="an open deal stays with the rep who works on it, or moves with the account"
    )
    coverage: Coverage = Field("proportional", description="rule by which a rep divides free time among accounts")
    prospecting: float = assumption(
        0.2, 0.0, 0.5, unit="share", le=1, meaning="share of calls that go to accounts that have never bought",
    )  # fmt: skip
    routing: Routing = Field("owner", description="inbound inquiries go to the owner or to the team's lead pool")
    selling_time: float = assumption(
        0.6, 0.4, 0.8, unit="share", le=1, ge=0.01,
        meaning="share of working time left for customers, travel included (the rest is administration)",
        source="CSO 41-46 % with customers, travel apart; ours, unsourced",
    )  # fmt: skip
    leave: float = assumption(20.0, 5.0, 35.0, unit="days a year", off=0.0, meaning="days of leave of a rep a year")
    call_hours: float = assumption(
        0.5, 0.25, 1.0, unit="hours", meaning="time with the customer per product that the rep covers there",
        source="half an hour as in textbook time budgets; ours, unsourced", evidence="ours", off=None,
    )  # fmt: skip
    call_gap: float = assumption(7.0, 1.0, 30.0, unit="days", meaning="shortest time between two calls on one account")
    calls: bool = Field(True, description="whether reps use free time for calls at all")
    stage_weight: float = assumption(
        10.0, 0.0, 20.0, unit="points", meaning="urgency of a deal per stage it has passed"
    )
    value_weight: float = assumption(
        3.0, 0.0, 10.0, unit="points", meaning="urgency of a deal per multiple of the mean price",
    )  # fmt: skip
    wait_weight: float = assumption(0.5, 0.0, 2.0, unit="points per day", meaning="urgency gained per day of waiting")
    focus: dict[str, float] = Field(
        default_factory=dict, description="extra urgency of the deals of a product (product: points)"
    )
    target: float | None = Field(None, gt=0, description="company target: revenue a year; empty is none")
    management: Management = Management()
    pay: Pay | None = Field(
        None, description="pay plan; empty: salary and commission of the management settings, to which nobody answers"
    )
    changes: tuple[Change, ...] = Field((), description="what changes in the course of the plan")

    @field_validator("structure", mode="before")
    @classmethod
    def _known_structure(cls, structure: object) -> object:
        if structure not in STRUCTURES:
            raise ModelError(
                explain(
                    "there is no such structure",
                    where="plan.structure",
                    value=structure,
                    allowed=", ".join(STRUCTURES),
                    remedy=nearest(str(structure), STRUCTURES),
                )
            )
        return structure

    @model_validator(mode="after")
    def _somebody(self) -> Plan:
        if self.reps is not None and self.reps < 1:
            raise ModelError(
                explain(
                    "a sales force needs somebody",
                    where="plan.reps",
                    value=self.reps,
                    allowed="1 or more",
                    remedy="Raise the number of reps, or leave it out to keep the team as it is",
                )
            )
        if self.reps is None and not len(self.team):
            raise ModelError(
                explain(
                    "a plan needs people: neither a team nor a number of reps is given",
                    where="plan.reps",
                    allowed="1 or more",
                    remedy="Give reps=… or a team table",
                )
            )
        return self

    @model_validator(mode="after")
    def _changes_in_order(self) -> Plan:
        dated = [change.month for change in self.changes if change.month is not None]
        if dated != sorted(dated) or any(change.when is not None for change in self.changes[:-1]):
            raise ModelError(
                explain(
                    "the changes of a plan are not in the order in which they happen",
                    where="plan.changes",
                    value=", ".join("on a trigger" if c.month is None else f"month {c.month}" for c in self.changes),
                    allowed="months ascending, at most one change on a trigger and that one last",
                    remedy="Put them in order",
                )
            )
        for change in self.changes:
            fixed = sorted(_FIXED & set(change.to))
            if fixed:
                raise ModelError(
                    explain(
                        "this setting holds for the whole run and cannot change on the way",
                        where="change.to",
                        value=fixed[0],
                        remedy="Compare two plans that differ in it from the start",
                    )
                )
            if change.when is not None and change.when.measure != "win_rate" and self.target is None:
                raise ModelError(
                    explain(
                        f"{change.when.measure} is read against the company target, and the plan has none",
                        where="plan.target",
                        remedy="Give target=… (revenue a year), or choose the measure win_rate",
                    )
                )
        # every change is possible, or says here why not
        self._check_changes_of_pay()
        return self

    def _check_changes_of_pay(self) -> None:
        phases = self.phases if self.changes else []
        for (before, _), (setting, change) in pairwise(phases):
            if setting.pay == before.pay:
                continue
            if before.pay is None or setting.pay is None:
                raise ModelError(
                    explain(
                        "a pay plan may be followed by another one, but neither begin nor end on the way",
                        where="change.to", value="pay", allowed="a change of pay at month 0, or from plan to plan",
                        remedy="Give the plan a pay plan from the start: what is paid today",
                    )
                )  # fmt: skip
            if change is None or change.month is None:
                raise ModelError(
                    explain(
                        "a pay plan changes at a date, which ends its pay periods, and not on a sign",
                        where="change.to", value="pay", allowed="a change at a month",
                        remedy="Give the change a month, or leave pay out of it",
                    )
                )  # fmt: skip

    @property
    def phases(self) -> list[tuple[Plan, Change | None]]:
        """The settings that hold at the start and after each change, each with the change that leads to it.

        What changes at month 0 holds from the start.
        """
        found: list[tuple[Plan, Change | None]] = [(self.but(changes=()), None)]
        for change in self.changes:
            setting = found[-1][0].but(**change.to)
            if change.month == 0:
                found = [(setting.but(open_deals=change.open_deals), None)]
            else:
                found.append((setting, change))
        return found

    @property
    def rep_cost(self) -> float:
        """Cost of one rep a year apart from commission, travel and management: salary, tools, overhead."""
        return self.management.rep_cost

    @property
    def headcount(self) -> int:
        """Number of reps of this plan."""
        return len(self.team) if self.reps is None else self.reps
