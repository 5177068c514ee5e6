"""How people answer to pay: what effort costs them, what it brings, how they see time and risk."""

from __future__ import annotations

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
        source="Holmstrom & Milgrom 1987: quadratic; general power ours",
    )  # fmt: skip
