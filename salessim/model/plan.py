"""The plan: what the planner chooses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from salessim.errors import ModelError, explain, nearest
from salessim.model.assumption import assumption
from salessim.model.columns import Column, Table
from salessim.model.part import Part

__all__ = ["COVERAGE_RULES", "ROUTINGS", "STRUCTURES", "Plan", "Structure", "Team"]

Structure = Literal["today", "territory", "product", "customer", "hybrid"]
STRUCTURES: tuple[Structure, ...] = ("today", "territory", "product", "customer", "hybrid")
Coverage = Literal["marginal", "proportional", "easiest", "tiers"]
COVERAGE_RULES: tuple[Coverage, ...] = ("marginal", "proportional", "easiest", "tiers")
Routing = Literal["owner", "pool"]
ROUTINGS: tuple[Routing, ...] = ("owner", "pool")


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
    rep_cost: float = assumption(
        150_000.0, 60_000.0, 300_000.0, unit="currency per year", off=0.0,
        meaning="cost of one rep a year, salary, variable pay, overhead", evidence="practice",
        source="order of magnitude; replace by your own",
    )  # fmt: skip

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

    @property
    def headcount(self) -> int:
        """Number of reps of this plan."""
        return len(self.team) if self.reps is None else self.reps
