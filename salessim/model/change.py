"""A plan in time: what changes, when or on what sign, in which steps, and who keeps what."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from salessim.errors import ModelError, explain, nearest
from salessim.model.part import Part

__all__ = ["KEEP_RULES", "TRIGGER_MEASURES", "WAVES", "Change", "Trigger"]

Keep = Literal["incumbent", "best match", "balance", "profit"]
KEEP_RULES: tuple[Keep, ...] = ("incumbent", "best match", "balance", "profit")
Waves = Literal["at once", "segment", "region"]
WAVES: tuple[Waves, ...] = ("at once", "segment", "region")
TRIGGER_MEASURES: tuple[str, ...] = ("attainment", "win_rate", "pipeline_coverage")


class Trigger(Part):
    """A sign in the record on which a plan changes: the CRM is read, not the truth, so a bad record has a price.

    `attainment` is recorded revenue over the plan's target, `win_rate` is won over won and lost, `pipeline_coverage`
    is the value of open deals over a quarter's target; each of the month just ended.

    Examples
    --------
    >>> Trigger(measure="attainment", below=0.8, months=2).below
    0.8
    """

    measure: str = Field("attainment", description="attainment, win_rate or pipeline_coverage")
    below: float = Field(0.8, ge=0, description="the sign: the measure is below this")
    months: int = Field(2, ge=1, le=24, description="for so many months in a row")
    region: str = Field("", description="read in this region only; empty is the company")

    @field_validator("measure")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in TRIGGER_MEASURES:
            raise ModelError(
                explain(
                    "a plan cannot change on a measure that is not read from the record",
                    where="trigger.measure",
                    value=value,
                    allowed=", ".join(TRIGGER_MEASURES),
                    remedy=nearest(value, TRIGGER_MEASURES),
                )
            )
        return value


class Change(Part):
    """One change of a plan, at a month or on a trigger.

    Examples
    --------
    >>> Change(month=6, to={"structure": "customer"}, waves="segment", wave_months=2).month
    6
    >>> Change(month=-1, to={"structure": "customer"})
    Traceback (most recent call last):
    ...
    salessim.errors.ModelError: change.month: a plan cannot change before the start. Found: -1. Allowed: 0 or more. 0 is the first day; give a month of the run, counted from the start.
    """  # noqa: E501

    month: int | None = Field(None, description="months after the start at which it begins; empty where a trigger says")
    when: Trigger | None = Field(None, description="the sign on which it begins, at the end of a month")
    to: dict[str, Any] = Field(description="the settings of the plan that change, by name")
    waves: Waves = Field("at once", description="all at once, or segment by segment, or region by region")
    wave_months: int = Field(1, ge=1, le=24, description="months between two waves")
    pilot: str = Field("", description="segment or region that goes first")
    pilot_months: int = Field(3, ge=1, le=24, description="months between the pilot and the next wave")
    keep: Keep = Field(
        "incumbent", description="who keeps an account: whoever has it, the best match, what balances, what pays"
    )
    open_deals: Literal["stay", "move"] = Field(
        "stay", description="open deals stay with the old owner, or move with the account"
    )
    pay_protection: int = Field(
        0, ge=0, le=24, description="months in which reps are paid at least the commission of the quarter before"
    )
    retraining_days: float = Field(
        0.0, ge=0, le=60, description="days of training for each rep whose speciality changes"
    )

    @model_validator(mode="after")
    def _possible(self) -> Change:
        if self.month is not None and self.month < 0:
            raise ModelError(
                explain(
                    "a plan cannot change before the start",
                    where="change.month",
                    value=self.month,
                    allowed="0 or more",
                    remedy="0 is the first day; give a month of the run, counted from the start",
                )
            )
        if (self.month is None) == (self.when is None):
            raise ModelError(
                explain(
                    "a change needs either a month or a trigger",
                    where="change.month, change.when",
                    value="both" if self.when is not None else "neither",
                    remedy="Give month=… or when=Trigger(…)",
                )
            )
        if not self.to:
            raise ModelError(
                explain(
                    "a change changes nothing",
                    where="change.to",
                    remedy='Name the settings that change, e.g. to={"structure": "customer"}',
                )
            )
        if self.pilot and self.waves == "at once":
            raise ModelError(
                explain(
                    "a pilot needs waves",
                    where="change.pilot",
                    value=self.pilot,
                    allowed='waves="segment" or waves="region"',
                    remedy="Say whether the pilot is a segment or a region",
                )
            )
        return self
