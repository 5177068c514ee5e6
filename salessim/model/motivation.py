"""How people answer to pay: what effort costs them, what it brings, how they see time and risk, when they sign.

In a simulation of a plan with a pay plan, what effort brings follows from pace and quality, and the rep expects what a
pilot of the market shows; `effort_share` and `sales_noise` stand in where there is no market to ask. An effort share of
0 turns effort off everywhere, a discount authority and push days of 0 the timing of deals.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from salessim.model.assumption import assumption
from salessim.model.part import Part

__all__ = ["Motivation"]


class Motivation(Part):
    """How a rep answers to pay. Effort 1 is the effort of today; sales are proportional to 1 - s + s * effort.

    Examples
    --------
    >>> Motivation().but(discount_factor=0.9).discount_factor
    0.9
    """

    effort_share: float = assumption(
        0.31, 0.1, 0.6, unit="share", le=1, off=0.0,
        meaning="share of a rep's sales that effort brings: the elasticity of sales to effort at today's effort",
        source="Albers, Mantrala & Sridhar 2010: mean elasticity 0.31, bias-corrected", evidence="recalled",
    )  # fmt: skip
    sales_noise: float = assumption(
        0.4, 0.3, 0.5, unit="CV", ge=0.001, meaning="coefficient of variation of a rep's sales in a month",
    )  # fmt: skip
    discount_factor: float = assumption(
        0.97, 0.85, 1.0, unit="per month", ge=0.01, le=1, off=1.0,
        meaning="worth today of money a month later; below 1 effort rises toward the end of a period",
    )  # fmt: skip
    present_bias: float = assumption(
        1.0, 0.7, 1.0, unit="x", ge=0.01, le=1, off=1.0,
        meaning="extra factor on everything later than now (quasi-hyperbolic); the rep knows that he has it",
    )  # fmt: skip
    risk_aversion: float = assumption(
        1.0, 0.0, 4.0, unit="per target pay", off=0.0,
        meaning="constant absolute risk aversion times target variable pay a year",
    )  # fmt: skip
    effort_power: float = assumption(
        2.0, 1.5, 3.0, unit="exponent", ge=1.05,
        meaning="exponent of the cost of effort: 2 is the quadratic cost of the textbook",
        source="Holmstrom & Milgrom 1987 (quadratic); general power ours, unsourced",
    )  # fmt: skip
    effort_pace: float = assumption(
        0.3, 0.0, 0.6, unit="share", le=1, off=0.0,
        meaning="share of the pace of a rep's work that effort brings: twice the effort, so much more an hour",
    )  # fmt: skip
    effort_quality: float = assumption(
        0.4, 0.0, 1.0, unit="log-odds", off=0.0,
        meaning="what twice the effort of today adds to a rep's win chances, over the whole funnel",
        source="ours, unsourced: with the pace, about the elasticity of Albers, Mantrala & Sridhar 2010",
    )  # fmt: skip
    least_effort: float = assumption(
        0.3, 0.0, 1.0, unit="x", le=1,
        meaning="effort, in that of today, that people make even where more of it pays nothing",
        source="ours, unsourced: pride, and a boss who looks",
    )  # fmt: skip
    task_shift: float = assumption(
        0.5, 0.0, 1.0, unit="share", le=1, off=0.0,
        meaning="how far people split effort over products in proportion to what each pays; 1: fully",
        source="form: Holmstrom & Milgrom 1991; share ours, unsourced",
    )  # fmt: skip
    unpaid_neglect: float = assumption(
        0.2, 0.0, 1.0, unit="share", le=1, off=0.0,
        meaning="what twice the effort at what pays takes from care for relationships and for CRM records",
        source="sign: Kishore, Rao, Narasimhan & John 2013; size ours, unsourced", evidence="published",
    )  # fmt: skip
    foresight: Literal["programme", "myopic"] = Field(
        "programme",
        description="whether reps plan to the end of their pay cycle (programme) or look ahead one step (myopic)",
    )
    reference_rate: float = assumption(
        0.0, 0.0, 0.2, unit="share of revenue",
        meaning="variable pay per money of sales, at the margin, that makes for the effort of today; "
        "0: the commission of the plan's management",
    )  # fmt: skip
    discount_authority: float = assumption(
        0.1, 0.0, 0.3, unit="share", le=1, off=0.0,
        meaning="largest discount that a rep gives to have a deal signed before a pay period ends",
        source="that prices move with pay periods: Oyer 1998, Larkin 2014; value ours, unsourced",
    )  # fmt: skip
    pull_discount: float = assumption(
        0.05, 0.01, 0.2, unit="share per month", le=1,
        meaning="discount that a customer wants for each month, begun ones counted, that he signs sooner",
    )  # fmt: skip
    push_days: float = assumption(
        30.0, 0.0, 60.0, unit="days", off=0.0,
        meaning="longest time for which a rep holds back a deal so that it counts in the next pay period",
    )  # fmt: skip
    push_loss: float = assumption(
        0.05, 0.01, 0.3, unit="share per month", le=1,
        meaning="chance that a deal that is held back for a month is lost",
    )  # fmt: skip
