"""Where a run starts: today's owners, open deals, relationships, experience and goodwill."""

from __future__ import annotations

from pydantic import Field

from salessim.model.columns import Column, Table
from salessim.model.part import Part

__all__ = ["Goodwill", "Insight", "OpenDeals", "Owners", "Relations", "Skill", "Today"]


class Owners(Table):
    """Who serves which account with which product today."""

    key = ("account", "product")
    schema = (Column("account", "text"), Column("product", "text"), Column("rep", "text"))


class OpenDeals(Table):
    """Deals in progress: the stage they wait in, days since they were opened, value (missing: the product's price)."""

    key = ("deal",)
    schema = (
        Column("deal", "text"),
        Column("account", "text"),
        Column("product", "text"),
        Column("rep", "text"),
        Column("stage", "text"),
        Column("age", low=0.0, default=0.0),
        Column("value", low=0.0, missing=True),
    )


class Relations(Table):
    """Strength (0-1) of the tie between an account and a rep."""

    key = ("account", "rep")
    schema = (Column("account", "text"), Column("rep", "text"), Column("level", low=0.0, high=1.0))


class Skill(Table):
    """Product skill (0-1) of a rep."""

    key = ("rep", "product")
    schema = (Column("rep", "text"), Column("product", "text"), Column("level", low=0.0, high=1.0))


class Insight(Table):
    """Insight (0-1) of a rep into a segment."""

    key = ("rep", "segment")
    schema = (Column("rep", "text"), Column("segment", "text"), Column("level", low=0.0, high=1.0))


class Goodwill(Table):
    """Goodwill (in calls not yet faded) at an account for a product."""

    key = ("account", "product")
    schema = (Column("account", "text"), Column("product", "text"), Column("level", low=0.0))


class Today(Part):
    """The state a run starts from. Empty tables mean: nothing is known, start from a new organisation."""

    owners: Owners = Field(default_factory=Owners)
    open_deals: OpenDeals = Field(default_factory=OpenDeals)
    relations: Relations = Field(default_factory=Relations)
    skill: Skill = Field(default_factory=Skill)
    insight: Insight = Field(default_factory=Insight)
    goodwill: Goodwill = Field(default_factory=Goodwill)
