"""How people in a sales force behave, whoever leads it: they are found, ramp up, learn, stay together and leave."""

from __future__ import annotations

from salessim.model.assumption import assumption
from salessim.model.part import Part

__all__ = ["People"]


class People(Part):
    """The labour market and human nature: hiring, ramp, turnover, what coaching, training and cohesion are worth."""

    fill_time: float = assumption(
        60.0, 30.0, 120.0, unit="days", off=0.0, meaning="mean time from a vacancy to the first day of the new rep",
        source="median 1-3 months to fill, 68 firms (bettersalescomp.com, 2015)", evidence="published",
    )  # fmt: skip
    fill_spread: float = assumption(
        0.5, 0.0, 1.0, unit="factor", off=0.0, meaning="coefficient of variation of the time to fill a vacancy",
    )  # fmt: skip
    ramp_time: float = assumption(
        5.0, 3.0, 9.0, unit="months", off=0.0,
        meaning="median time until a new rep works at 90 % of full pace",
        source="median 5.0 months, Bridge Group 2024", evidence="published",
    )  # fmt: skip
    ramp_spread: float = assumption(
        0.72, 0.4, 1.0, unit="log", off=0.0,
        meaning="spread of the ramp time between people (standard deviation of its logarithm)",
        source="fitted to the quantiles of Bridge Group 2024: 27 % under 3, 38 % 3-6, 28 % 6-12, 7 % over 12 months",
        evidence="published",
    )  # fmt: skip
    ramp_start: float = assumption(
        0.2, 0.1, 0.5, unit="share", ge=0.01, le=1, off=1.0, meaning="pace of a new rep on the first day",
    )  # fmt: skip
    talent_spread: float = assumption(
        0.25, 0.0, 0.5, unit="log-odds", off=0.0,
        meaning="how much people differ in talent: standard deviation of their win chances, over the whole funnel",
    )  # fmt: skip
    turnover: float = assumption(
        0.23, 0.1, 0.35, unit="per year", off=0.0,
        meaning="yearly rate at which an average performer quits, at a pay equal to the outside offer",
        source="15-27 % of a sales force a year (Zoltners et al., HBR 2017; bettersalescomp.com); 20 % then quit",
        evidence="published",
    )  # fmt: skip
    turnover_attainment: float = assumption(
        0.35, 0.0, 1.0, unit="factor", off=0.0,
        meaning="how much less top and bottom performers quit than average ones (inverted U)",
        source="sign: Sunder, Kumar, Goreczny & Maurer 2017; size ours, unsourced", evidence="published",
    )  # fmt: skip
    turnover_pay: float = assumption(
        1.0, 0.0, 2.0, unit="elasticity", off=0.0,
        meaning="how quitting falls with pay relative to the outside offer (power of the ratio)",
    )  # fmt: skip
    turnover_peers: float = assumption(
        2.0, 0.0, 5.0, unit="factor", off=0.0,
        meaning="how quitting rises with the share of the group that left in the last three months",
        source="sign: Sunder, Kumar, Goreczny & Maurer 2017; size ours, unsourced", evidence="published",
    )  # fmt: skip
    turnover_tenure: float = assumption(
        0.8, 0.0, 2.0, unit="factor", off=0.0,
        meaning="how much more people quit who have just come; the excess fades with a mean of a year",
    )  # fmt: skip
    outside_pay: float = assumption(
        120_000.0, 60_000.0, 300_000.0, unit="currency per year",
        meaning="pay a year that other firms offer an experienced rep", evidence="practice",
        source="order of magnitude; replace by your own",
    )  # fmt: skip
    outside_talent: float = assumption(
        0.0, 0.0, 1.0, unit="log per log-odds", off=0.0,
        meaning="how much more other firms offer the talented: growth of the logarithm of their offer with talent",
    )  # fmt: skip
    entry_pay: float = assumption(
        1.0, 0.0, 4.0, unit="elasticity", off=0.0,
        meaning="how the chance that a candidate joins falls where the pay plan promises him less than others offer",
        source="form ours; that a pay plan chooses who comes and stays: Lazear 2000", evidence="published",
    )  # fmt: skip
    training_effect: float = assumption(
        0.1, 0.0, 0.3, unit="per day", off=0.0,
        meaning="share of missing product skill and segment insight that a day of training closes",
        source="three times a day of doing; ours, unsourced: no defensible figure was found",
    )  # fmt: skip
    coaching_effect: float = assumption(
        0.14, 0.0, 0.3, unit="log-odds", off=0.0,
        meaning="what full coaching adds to a rep's win chances, over the whole funnel",
        source="more than 3 hours a month go with 7 % more to goal (SBI, as cited); set to that", evidence="practice",
    )  # fmt: skip
    coaching_half: float = assumption(
        2.0, 0.5, 5.0, unit="hours", ge=0.01,
        meaning="hours of coaching a month at which half of its full effect is reached",
    )  # fmt: skip
    coaching_reference: float = assumption(
        0.5, 0.0, 1.0, unit="0-1", le=1, evidence="fitted",
        meaning="degree of coaching at which win chances are quoted: that of a typical rep today",
    )  # fmt: skip
    cohesion_effect: float = assumption(
        0.3, 0.0, 0.6, unit="factor", off=0.0,
        meaning="how much a close team loses less by coordination and by quitting, a loose one more",
    )  # fmt: skip
    cohesion_gain: float = assumption(
        0.1, 0.0, 0.3, unit="per day", off=0.0, meaning="share of missing cohesion that a day together builds",
    )  # fmt: skip
    cohesion_fade: float = assumption(
        0.04, 0.0, 0.1, unit="per month", off=0.0, meaning="share of cohesion that a month without team days takes",
    )  # fmt: skip
    feedback_gain: float = assumption(
        0.05, 0.0, 0.15, unit="share", le=1, off=0.0,
        meaning="share of missing skill and insight that an appraisal with feedback closes",
    )  # fmt: skip
