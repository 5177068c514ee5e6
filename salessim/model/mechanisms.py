"""The mechanisms of a market as settings: each with its default, range, source and the value that turns it off."""

from __future__ import annotations

from pydantic import Field, field_validator

from salessim.errors import ModelError, explain
from salessim.model.assumption import assumption
from salessim.model.part import Part

__all__ = ["Coordination", "Demand", "Knowledge", "Money", "Record", "Relationship", "Travel"]


class Demand(Part):
    """Where opportunities come from: latent demand that contact activates."""

    activation_floor: float = assumption(
        0.3, 0.1, 0.5, unit="share", le=1, off=1.0, structural=True,
        meaning="share of a customer's latent demand that reaches us without any call; 1 makes demand ignore effort",
    )  # fmt: skip
    prospect_floor: float = assumption(
        0.05, 0.0, 0.2, unit="share", le=1, off=1.0,
        meaning="the same share for an account that has never bought from us",
    )  # fmt: skip
    goodwill_effect: float = assumption(
        0.6, 0.25, 1.0, unit="per call", off=0.0, structural=True,
        meaning="how fast calls activate the rest of the demand: 1 - exp(-effect * goodwill), diminishing returns",
        source="form: Mantrala, Sinha & Zoltners 1992 (modified exponential); value ours, unsourced",
    )  # fmt: skip
    goodwill_fade: float = assumption(
        0.012, 0.004, 0.02, unit="per day", off=0.0, structural=True,
        meaning="how fast the goodwill of a call fades; 0.012 a day is a half-life of 58 days",
        source="carry-over exists: Sinha & Zoltners 2001; value ours, unsourced",
    )  # fmt: skip
    growth: float = assumption(
        0.0, -0.1, 0.2, unit="per year", off=0.0, ge=-0.9, meaning="growth of latent demand a year",
    )  # fmt: skip
    season: tuple[float, ...] = Field(
        (1.0,) * 12, description="seasonality index of the twelve calendar months; their mean is 1"
    )
    inquiry_share: float = assumption(
        0.3, 0.0, 0.6, unit="share", le=1, off=0.0,
        meaning="share of the spontaneous opportunities that arrive as an inbound inquiry, where response time counts",
    )  # fmt: skip
    response_effect: float = assumption(
        0.5, 0.0, 1.0, unit="share", off=0.0,
        meaning="causal share of the published decay of qualification with response time, in log-odds",
        source="Oldroyd, McElheran & Elkington 2011 (decay); causal share ours, unsourced", evidence="published",
    )  # fmt: skip
    response_reference: float = assumption(
        42.0, 1.0, 72.0, unit="hours",
        meaning="response time at which the first stage's chance is quoted (mean of those who respond)",
        source="Oldroyd, McElheran & Elkington 2011", evidence="published",
    )  # fmt: skip
    lead_patience: float = assumption(
        30.0, 7.0, 90.0, unit="days", meaning="a new opportunity nobody works on expires after this time",
    )  # fmt: skip
    deal_patience: float = assumption(
        90.0, 30.0, 180.0, unit="days",
        meaning="a deal in progress that waits for us longer than this ends as no decision",
    )  # fmt: skip
    cross_sell: float = assumption(
        0.15, 0.0, 0.4, unit="per won deal", off=0.0, structural=True,
        meaning="opportunities for other products that a won deal opens, on average",
    )  # fmt: skip
    cross_sell_delay: float = assumption(
        14.0, 3.0, 60.0, unit="days", meaning="mean time until such an opportunity appears",
    )  # fmt: skip

    @field_validator("season")
    @classmethod
    def _twelve(cls, season: tuple[float, ...]) -> tuple[float, ...]:
        if len(season) != 12 or min(season) < 0 or abs(sum(season) / 12 - 1) > 1e-6:
            raise ModelError(
                explain(
                    "the seasonality index needs twelve values, none negative, with mean 1",
                    where="demand.season",
                    value=str(season),
                    remedy="Divide the twelve values by their mean",
                )
            )
        return season


class Knowledge(Part):
    """What a rep knows of products and of customer segments, and what it is worth in a deal."""

    skill_effect: float = assumption(
        5.0, 1.6, 6.4, unit="log-odds", off=0.0, structural=True,
        meaning="worth of full product skill in the most complex product, over the whole funnel",
        source="form: logit of fit and skill; value ours, unsourced: a specialist wins 1.1 to 1.5 times as often",
    )  # fmt: skip
    insight_effect: float = assumption(
        2.4, 0.8, 4.0, unit="log-odds", off=0.0, structural=True,
        meaning="worth of full insight into a segment where segments differ completely, over the whole funnel",
    )  # fmt: skip
    difference: float = assumption(
        0.4, 0.1, 0.9, unit="0-1", le=1, off=0.0, structural=True,
        meaning="how much customer segments differ in what they need; 0 is all alike",
    )  # fmt: skip
    learning: float = assumption(
        0.03, 0.015, 0.06, unit="per day of effort", off=0.0, structural=True,
        meaning="share of what is still missing that a rep learns in a working day on a product or segment",
    )  # fmt: skip
    forgetting: float = assumption(
        0.003, 0.0015, 0.006, unit="per day", off=0.0, structural=True,
        meaning="share of product skill and segment insight lost a day without practice",
    )  # fmt: skip
    skill_reference: float = assumption(
        0.45, 0.2, 0.8, unit="0-1", le=1,
        meaning="product skill at which win chances are quoted: that of a typical rep today", evidence="fitted",
    )  # fmt: skip
    insight_reference: float = assumption(
        0.45, 0.2, 0.8, unit="0-1", le=1,
        meaning="segment insight at which win chances are quoted: that of a typical rep today", evidence="fitted",
    )  # fmt: skip
    new_rep_level: float = assumption(
        0.2, 0.0, 0.5, unit="0-1", le=1,
        meaning="skill and insight of a rep of whom the log knows nothing (a new hire)",
        source="ramp from 20 % of full productivity; ours, unsourced",
    )  # fmt: skip


class Relationship(Part):
    """The tie between one account and one rep: built by calls, fading, mostly lost when the owner changes."""

    relation_effect: float = assumption(
        0.9, 0.0, 1.8, unit="log-odds", off=0.0, structural=True,
        meaning="worth of a full relationship between customer and rep, over the whole funnel",
    )  # fmt: skip
    relation_gain: float = assumption(
        0.08, 0.03, 0.15, unit="per call", le=1, off=0.0,
        meaning="share of what is missing to a full relationship that a call builds",
    )  # fmt: skip
    relation_fade: float = assumption(
        0.003, 0.001, 0.006, unit="per day", off=0.0, meaning="share of a relationship lost a day without contact",
    )  # fmt: skip
    relation_reference: float = assumption(
        0.4, 0.2, 0.8, unit="0-1", le=1,
        meaning="relationship at which win chances are quoted: that of a typical account today", evidence="fitted",
    )  # fmt: skip
    relation_kept: float = assumption(
        0.2, 0.0, 1.0, unit="share", le=1, off=1.0, structural=True,
        meaning="share of the old owner's relationship that a new owner inherits by introduction",
        source="set with goodwill_kept so that a move costs 13-18 % of a year's sales, as in Shi, Sridhar, Grewal & "
        "Lilien 2017; the share itself is not published", evidence="fitted",
    )  # fmt: skip
    match_effect: float = assumption(
        0.5, 0.0, 1.0, unit="share", le=1, off=0.0,
        meaning="how much of what is inherited depends on the new owner knowing the segment as well as the old one",
        source="sign: a similar rep loses least (Shi, Sridhar, Grewal & Lilien 2017); size ours, unsourced",
        evidence="published",
    )  # fmt: skip
    goodwill_kept: float = assumption(
        0.55, 0.2, 0.8, unit="share", le=1, off=1.0, structural=True,
        meaning="share of an account's goodwill that survives a change of owner",
        source="set so that a move costs 13-18 % of a year's sales, as in Shi, Sridhar, Grewal & Lilien 2017, as the "
        "mean of colleagues and new hires; the share itself is not published", evidence="fitted",
    )  # fmt: skip
    revival: float = assumption(
        0.1, 0.0, 0.3, unit="0-1", le=1, off=0.0,
        meaning="relationship that a fresh face finds at an account whose old relationship had gone stale",
        source="sign: a change can revitalise (Schmitz et al. 2020); size ours, unsourced", evidence="published",
    )  # fmt: skip


class Coordination(Part):
    """What it costs when several reps serve one account. It grows with what there is to align: product complexity."""

    coordination_effect: float = assumption(
        0.08, 0.0, 0.24, unit="log-odds", off=0.0, structural=True,
        meaning="loss per further rep at the account, for the most complex product, over the whole funnel",
    )  # fmt: skip
    coordination_time: float = assumption(
        0.04, 0.0, 0.12, unit="share of effort", off=0.0, structural=True,
        meaning="extra work on a deal for alignment, per further rep at the account, for the most complex product",
        source="pairwise coordination time; ours, unsourced",
    )  # fmt: skip
    handoff_loss: float = assumption(
        0.1, 0.0, 0.2, unit="share", le=1, off=0.0, structural=True,
        meaning="chance that a cross-selling lead is lost when a colleague must pick it up, most complex product",
        source="hand-off survival 0.9, range 0.8-1; ours, unsourced",
    )  # fmt: skip


class Travel(Part):
    """The way to the customer."""

    travel: float = assumption(
        1.0, 0.7, 1.3, unit="factor", off=0.0, structural=True,
        meaning="factor on all travel times; 0 is a world without distance",
    )  # fmt: skip
    distance: float | None = Field(
        None, gt=0, description="km across the area: scales all places to this width; empty leaves them where they are"
    )
    speed: float = assumption(60.0, 45.0, 80.0, unit="km/h", ge=1, meaning="speed on the road, door to door")
    detour: float = assumption(
        1.3, 1.2, 1.4, unit="factor", ge=1, meaning="road kilometres per kilometre as the crow flies",
        source="usual road network detour index", evidence="recalled",
    )  # fmt: skip
    flight_overhead: float = assumption(
        2.5, 1.5, 3.5, unit="hours", meaning="hours of a one-way flight apart from flying; flown where that is faster",
    )  # fmt: skip
    flight_speed: float = assumption(
        500.0, 400.0, 600.0, unit="km/h", ge=1, meaning="speed in the air or by fast train"
    )
    local_hours: float = assumption(0.25, 0.1, 0.5, unit="hours", meaning="shortest way between two customers")
    visits_per_trip: float = assumption(
        3.0, 1.5, 5.0, unit="visits", ge=1, structural=True, meaning="customers seen on one trip away from home",
    )  # fmt: skip


class Money(Part):
    """What selling costs, beside the cost of people, which is the plan's."""

    cost_per_km: float = assumption(
        0.35, 0.2, 0.6, unit="currency per km", off=0.0, meaning="cost of one kilometre travelled (road or air)",
    )  # fmt: skip
    relocation_cost: float = assumption(
        200.0, 0.0, 1000.0, unit="currency per account", off=0.0,
        meaning="cost of handing one account to another owner (introduction, data, travel)",
    )  # fmt: skip
    payment_delay: float = assumption(
        45.0, 0.0, 120.0, unit="days", off=0.0, meaning="mean time from a won deal to the customer's payment",
        evidence="practice", source="30 to 60 days net are usual terms; replace by your own",
    )  # fmt: skip
    payment_spread: float = assumption(
        0.6, 0.0, 1.5, unit="factor", off=0.0, meaning="coefficient of variation of the time to payment",
    )  # fmt: skip
    bad_debt: float = assumption(
        0.01, 0.0, 0.05, unit="share", le=1, off=0.0, meaning="share of won deals that are never paid",
    )  # fmt: skip
    write_off: float = assumption(
        120.0, 60.0, 360.0, unit="days",
        meaning="days from a won deal until a customer who never pays is given up; then pay for it is taken back",
        evidence="practice", source="terms of 30 days and 90 days overdue, the last bucket of usual ageing reports",
    )  # fmt: skip


class Record(Part):
    """What people write into the CRM, and when. Triggers, fits and forecasts see only this."""

    record_delay: float = assumption(
        3.0, 0.0, 20.0, unit="days", off=0.0, meaning="mean time until the end of a deal stands in the CRM",
    )  # fmt: skip
    record_missing: float = assumption(
        0.03, 0.0, 0.3, unit="share", le=1, off=0.0, meaning="share of ended deals that are never closed in the CRM",
    )  # fmt: skip
