"""The market: what the world does, whoever sells."""

from __future__ import annotations

import datetime as dt

import numpy as np
from pydantic import Field, field_validator, model_validator

from salessim.errors import ModelError, explain
from salessim.model.columns import Column, Table
from salessim.model.mechanisms import Coordination, Demand, Knowledge, Money, Record, Relationship, Travel
from salessim.model.motivation import Motivation
from salessim.model.part import Part
from salessim.model.people import People
from salessim.model.today import Today

__all__ = ["Accounts", "Affinity", "Calendar", "Market", "Products", "Stages"]


class Products(Table):
    """One row per product.

    `opportunities` is the number of opportunities a year that an account of potential 1 would open if contact
    activated all of its demand; `complexity` (0-1) is how much product skill a deal needs.
    Contact activates demand with diminishing returns; a `response_shape` above 0 makes the response of this product the
    curve ``g^shape / (g^shape + half^shape)`` of goodwill g instead (ADBUDG, Little 1970; an S above 1), and
    `response_floor` the share that comes without any call, where the product's is not that of the market.
    """

    key = ("product",)
    schema = (
        Column("product", "text"),
        Column("price", low=0.0),
        Column("price_cv", default=0.4, low=0.0, high=3.0),
        Column("margin", default=0.5, low=-1.0, high=1.0),
        Column("complexity", default=0.5, low=0.0, high=1.0),
        Column("opportunities", low=0.0),
        Column("response_floor", missing=True, low=0.0, high=1.0),
        Column("response_shape", default=0.0, low=0.0, high=20.0),
        Column("response_half", default=1.0, low=1e-9),
    )


class Accounts(Table):
    """One row per account. Places are `lat`/`lon` in degrees, else `x`/`y` in km on a plane."""

    key = ("account",)
    schema = (
        Column("account", "text"),
        Column("segment", "text"),
        Column("potential", default=1.0, low=0.0),
        Column("customer", "flag", default=True),
        Column("lat", missing=True, low=-90.0, high=90.0),
        Column("lon", missing=True, low=-180.0, high=180.0),
        Column("x", missing=True),
        Column("y", missing=True),
        Column("region", "text", default=""),
    )


class Affinity(Table):
    """Segment by product where it differs from 1 and 0: factor on demand, shift of the win chance (log-odds)."""

    key = ("segment", "product")
    schema = (
        Column("segment", "text"),
        Column("product", "text"),
        Column("demand", default=1.0, low=0.0),
        Column("win", default=0.0, low=-10.0, high=10.0),
    )


class Stages(Table):
    """The funnel, stage by stage.

    `effort` hours of the rep, then the customer takes `dwell` days. Laws: ``fixed``, ``exponential`` or
    ``lognormal`` with a coefficient of variation. `advance` is the chance to go on for a typical rep of today; the
    rest ends as lost, no decision or disqualified in the proportions of those three columns. `visit` is the share
    of the work done at the customer's place.
    """

    key = ("stage",)
    schema = (
        Column("stage", "text"),
        Column("effort", default=3.0, low=0.0),
        Column("effort_law", "text", default="lognormal", choices=("fixed", "exponential", "lognormal")),
        Column("effort_cv", default=0.5, low=0.0, high=5.0),
        Column("dwell", default=10.0, low=0.0),
        Column("dwell_law", "text", default="lognormal", choices=("fixed", "exponential", "lognormal")),
        Column("dwell_cv", default=0.8, low=0.0, high=5.0),
        Column("advance", default=0.6, low=0.0, high=1.0),
        Column("lost", default=0.6, low=0.0),
        Column("no_decision", default=0.4, low=0.0),
        Column("disqualified", default=0.0, low=0.0),
        Column("visit", default=1.0, low=0.0, high=1.0),
    )

    def check(self) -> None:
        """Every stage from which deals can fall out must say how they end."""
        ends = self["lost"] + self["no_decision"] + self["disqualified"]
        bad = (ends <= 0) & (self["advance"] < 1)
        if bad.any():
            raise ModelError(
                explain(
                    "lost, no_decision and disqualified are all 0 though not every deal advances",
                    where=f"stages, row {int(np.argmax(bad)) + 1}",
                    remedy="Give at least one of the three a share",
                )
            )


class Calendar(Part):
    """Working days and hours."""

    workdays: tuple[int, ...] = Field((0, 1, 2, 3, 4), description="working days of the week, Monday is 0")
    hours_per_day: float = Field(8.0, gt=0, le=24, description="working hours of a working day")
    opens: float = Field(9.0, ge=0, lt=24, description="hour of the day at which work begins")
    holidays: tuple[dt.date, ...] = Field((), description="days without work")

    @model_validator(mode="after")
    def _fits(self) -> Calendar:
        if self.opens + self.hours_per_day > 24:
            raise ModelError(
                explain(
                    "the working day ends after midnight",
                    where="calendar.opens",
                    value=self.opens,
                    allowed=f"{24 - self.hours_per_day:g} or less with {self.hours_per_day:g} hours a day",
                )
            )
        if not self.workdays or not set(self.workdays) <= set(range(7)):
            raise ModelError(
                explain(
                    "working days are numbers from 0 (Monday) to 6", where="calendar.workdays", value=str(self.workdays)
                )
            )
        return self


class Market(Part):
    """What the world does, whoever sells: accounts, products, demand, how customers decide, and what is uncertain.

    Frozen and validated; changed by `but`, which finds the settings of the parts by their own names.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> market.but(complexity=0.9, distance=300).complexity
    0.9
    """

    name: str = "market"
    currency: str = "CNY"
    start: dt.date = dt.date(2026, 1, 1)
    products: Products
    accounts: Accounts
    stages: Stages
    affinity: Affinity = Field(default_factory=Affinity)
    complexity: float | None = Field(
        None, ge=0, le=1, description="complexity of all products (0-1); empty keeps each product's own"
    )
    calendar: Calendar = Calendar()
    demand: Demand = Demand()
    knowledge: Knowledge = Knowledge()
    relationship: Relationship = Relationship()
    coordination: Coordination = Coordination()
    travelling: Travel = Travel()
    money: Money = Money()
    people: People = People()
    motivation: Motivation = Motivation()
    record: Record = Record()
    today: Today = Field(default_factory=Today)
    distance_assumed: bool = Field(False, description="places are not known: the way to customers is an assumption")

    @field_validator("products", "accounts", "stages")
    @classmethod
    def _not_empty(cls, table: Table) -> Table:
        if not len(table):
            raise ModelError(explain(f"a market needs at least one row of {type(table).__name__.lower()}"))
        return table

    @model_validator(mode="after")
    def _consistent(self) -> Market:
        known_segments, known_products = set(self.segments), set(self.products["product"])
        for name, known in (("segment", known_segments), ("product", known_products)):
            for row, value in enumerate(self.affinity[name]):
                if value not in known:
                    raise ModelError(
                        explain(
                            f"this {name} does not exist in the market", where=f"affinity, row {row + 1}", value=value
                        )
                    )
        return self

    @property
    def segments(self) -> tuple[str, ...]:
        """The customer segments, in alphabetical order."""
        return tuple(sorted(set(self.accounts["segment"])))

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions of the accounts, in alphabetical order; "" is that of accounts without one."""
        return tuple(sorted(set(self.accounts["region"])))
