"""The language of pay plans: salary, components, prizes, draw, clawback, guarantee, quotas. Data only; no arithmetic.

One component reads one measure over one period and pays a piecewise-linear amount for it. `salessim.pay.curve` turns
it into a payout curve, `salessim.pay.statement` into statements.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from salessim.errors import ModelError, explain
from salessim.model.assumption import assumption
from salessim.model.part import Part

__all__ = [
    "MEASURES",
    "PERIODS",
    "Bonus",
    "Component",
    "Contest",
    "Pay",
    "PayError",
    "PayPart",
    "Quotas",
    "Spiff",
    "Tier",
]

Measure = Literal["bookings", "revenue", "margin", "units", "cash_collected", "new_customers", "market_share"]
MEASURES: tuple[Measure, ...] = (
    "bookings", "revenue", "margin", "units", "cash_collected", "new_customers", "market_share",
)  # fmt: skip
Period = Literal["day", "month", "quarter", "year"]
PERIODS: tuple[Period, ...] = ("day", "month", "quarter", "year")
SHARE_TOLERANCE = 1e-9
"""How far shares may miss 1 in sum: binary fractions, not mistakes."""


class PayError(ModelError):
    """A pay plan that cannot be. `path` leads from the part that found it to the setting that is wrong."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class PayPart(Part):
    """A part of a pay plan: its errors know the path to the setting that is wrong, so that a file's line is found."""

    model_config = ConfigDict(allow_inf_nan=False)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ModelError as error:
            cause = error.__context__
            first = cause.errors()[0] if isinstance(cause, ValidationError) else None
            if first is None:
                unknown = [name for name in values if name not in type(self).model_fields]
                raise PayError(str(error), tuple(unknown[:1])) from None
            inner = (first.get("ctx") or {}).get("error")
            path = (*first["loc"], *(inner.path if isinstance(inner, PayError) else ()))
            raise PayError(str(error), path) from None


class Tier(PayPart):
    """A stretch of the result and the rate paid on what falls into it; without `up_to` it ends where the next begins.

    Examples
    --------
    >>> Tier(above=1.0, rate=1.5).up_to is None
    True
    """

    above: float = Field(0.0, ge=0, description="where the tier begins, in attainment (1 is quota) or amount")
    up_to: float | None = Field(None, gt=0, description="where it ends; empty: at the next tier, or never")
    rate: float = Field(ge=0, description="money per unit of the measure or, with a target pay, multiple of it")


class Bonus(PayPart):
    """A lump sum for reaching a point."""

    at: float = Field(ge=0, description="result that earns the bonus, in attainment (1 is quota) or amount")
    pays: float = Field(gt=0, description="bonus, money")


class Component(PayPart):
    """One measure, one period, one payout curve.

    Pay is the sum of what the tiers and the bonuses give, nothing below `threshold`, never more than `cap`.

    Examples
    --------
    >>> accelerated = Component(
    ...     title="quota", basis="attainment", target_pay=40_000, tiers=[Tier(rate=1), Tier(above=1, rate=1.5)]
    ... )
    >>> accelerated.period
    'year'
    >>> Component(title="quota", cap=100, bonuses=[Bonus(at=10, pays=500)])
    Traceback (most recent call last):
    ...
    salessim.model.pay.PayError: component 'quota', cap: the cap is below the bonuses, so that reaching them pays less
    than promised. Found: 100.0. Allowed: 500 or more. Raise the cap, or lower the bonuses.
    """

    title: str = Field(description="what the statement calls the component")
    measure: Measure = Field("revenue", description="what is counted: the credit basis")
    products: tuple[str, ...] = Field((), description="products that count; empty: all")
    segments: tuple[str, ...] = Field((), description="customer segments that count; empty: all")
    period: Period = Field("year", description="span over which results are added up and then paid")
    counts: Literal["own", "team"] = Field("own", description="the rep's own results, or those of the whole team")
    team_share: dict[str, float] = Field(
        default_factory=dict, description="share of a team component for each role (role: share); empty: equal"
    )
    basis: Literal["amount", "attainment"] = Field(
        "amount", description="whether points are amounts or shares of quota"
    )
    quota: float | None = Field(None, description="quota of one period, in the measure; empty: from the allocation")
    target_pay: float | None = Field(
        None, gt=0, description="money for 100 percent attainment in a period; rates are then multiples of it"
    )
    tiers: tuple[Tier, ...] = Field((), description="rates by stretch of the result")
    whole: bool = Field(False, description="a tier that is reached applies to the whole result, not to the excess only")
    bonuses: tuple[Bonus, ...] = Field((), description="lump sums for reaching a point")
    threshold: float = Field(0.0, ge=0, description="result below which the component pays nothing")
    cap: float | None = Field(None, ge=0, description="most that the component pays in one period, money")
    boundary: Literal["reached", "exceeded"] = Field(
        "reached", description="whether a result exactly on a point has earned what begins there"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self._check_tiers()
        self._check_bonuses()
        if self.quota is not None and not self.quota > 0:
            raise self._wrong("a quota of zero cannot be attained or missed", ("quota",), self.quota, "more than 0",
                              "Leave the quota out to take it from the allocation, or pay by amount")  # fmt: skip
        if self.target_pay is not None and self.basis == "amount":
            raise self._wrong("a target pay is for 100 percent of a quota, and the points are amounts",
                              ("target_pay",), self.target_pay, "with basis: attainment",
                              "Say basis: attainment")  # fmt: skip
        check_shares(self.team_share, f"component {self.title!r}, team_share", ("team_share",))
        return self

    def _check_tiers(self) -> None:
        for i, tier in enumerate(self.tiers):
            if tier.up_to is not None and tier.up_to <= tier.above:
                raise self._wrong("the tier ends before it begins", ("tiers", i, "up_to"), tier.up_to,
                                  f"more than {tier.above:g}", "Correct where it ends")  # fmt: skip
            if not i:
                continue
            before = self.tiers[i - 1]
            if tier.above <= before.above:
                raise self._wrong("thresholds of tiers must rise", ("tiers", i, "above"), tier.above,
                                  f"more than {before.above:g}, where the tier before begins",
                                  "Put the tiers in rising order")  # fmt: skip
            if before.up_to is not None and before.up_to > tier.above:
                raise self._wrong("two tiers overlap, so that a result would be paid twice", ("tiers", i, "above"),
                                  tier.above, f"{before.up_to:g} or more, where the tier before ends",
                                  "Leave up_to out: a tier then ends where the next begins")  # fmt: skip
            if self.whole and tier.rate < before.rate:
                raise self._wrong("a lower rate on the whole result would pay less for selling more",
                                  ("tiers", i, "rate"), tier.rate, f"{before.rate:g} or more",
                                  "Pay on the excess only (whole: false), or raise the rate")  # fmt: skip
        last = self.tiers[-1] if self.tiers else None
        gap = any(a.up_to is not None and a.up_to < b.above for a, b in zip(self.tiers, self.tiers[1:], strict=False))
        if self.whole and last is not None and (gap or last.up_to is not None):
            raise self._wrong("a tier on the whole result must not end before another takes over", ("tiers",), None,
                              "tiers without up_to", "Leave up_to out")  # fmt: skip

    def _check_bonuses(self) -> None:
        for i in range(1, len(self.bonuses)):
            if self.bonuses[i].at <= self.bonuses[i - 1].at:
                raise self._wrong("thresholds of bonuses must rise", ("bonuses", i, "at"), self.bonuses[i].at,
                                  f"more than {self.bonuses[i - 1].at:g}",
                                  "Put the bonuses in rising order")  # fmt: skip
        total = sum(bonus.pays for bonus in self.bonuses)
        if self.cap is not None and self.cap < total:
            raise self._wrong("the cap is below the bonuses, so that reaching them pays less than promised", ("cap",),
                              self.cap, f"{total:g} or more", "Raise the cap, or lower the bonuses")  # fmt: skip

    def _wrong(self, what: str, path: tuple[str | int, ...], value: object, allowed: str, remedy: str) -> PayError:
        steps = [f"{name} {path[k + 1] + 1}" if k + 1 < len(path) and isinstance(path[k + 1], int) else str(name)  # type: ignore[operator]
                 for k, name in enumerate(path) if isinstance(name, str)]  # fmt: skip
        where = f"component {self.title!r}, {', '.join(steps)}"
        return PayError(explain(what, where=where, value=value, allowed=allowed, remedy=remedy), path)

    @property
    def linear(self) -> bool:
        """Whether the component pays one rate on everything: no tier, bonus, threshold or cap bends it.

        Examples
        --------
        >>> Component(title="commission", tiers=[Tier(rate=0.05)]).linear
        True
        """
        if self.bonuses or self.cap is not None or self.threshold > 0:
            return False
        return all(tier.rate == self.tiers[0].rate for tier in self.tiers) and (
            not self.tiers or (self.tiers[0].above == 0 and all(tier.up_to is None for tier in self.tiers))
        )


class Spiff(PayPart):
    """An extra sum for every deal of a product won between two dates, both included."""

    product: str = Field(description="product that earns the sum; empty text: every product")
    first: dt.date = Field(description="first day")
    last: dt.date = Field(description="last day")
    amount: float = Field(gt=0, description="money per deal")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise PayError(
                explain("the window of a SPIFF ends before it begins", where="spiff.last", value=str(self.last),
                        allowed=f"{self.first} or later", remedy="Exchange the dates"), ("last",)
            )  # fmt: skip
        return self


class Contest(PayPart):
    """Prizes by rank at the end of every period: one winner, several equal ones, or a prize for each rank."""

    title: str = Field(description="what the statement calls the contest")
    measure: Measure = Field("revenue", description="what is ranked")
    period: Period = Field("quarter", description="span of the contest")
    between: Literal["reps", "teams"] = Field("reps", description="who competes; a team's prize is divided equally")
    prizes: tuple[float, ...] = Field(description="money for the first, the second, ...")

    @model_validator(mode="after")
    def _falling(self) -> Self:
        if not self.prizes or min(self.prizes) <= 0 or list(self.prizes) != sorted(self.prizes, reverse=True):
            raise PayError(
                explain("prizes fall with the rank and are more than 0", where=f"contest {self.title!r}, prizes",
                        value=str(list(self.prizes)), allowed="for example [3000, 2000, 1000], or [2000, 2000] for two "
                        "equal winners", remedy="Put the largest prize first"), ("prizes",)
            )  # fmt: skip
        return self


class Quotas(PayPart):
    """How quotas are set, and how next year's follow from this year's results."""

    quota_rule: Literal["equal", "potential", "workload", "last_year", "bottom_up"] = Field(
        "equal", description="what quotas are in proportion to"
    )
    over_assignment: float = assumption(
        1.05, 1.0, 1.25, unit="x", ge=0.01, off=1.0, meaning="sum of the quotas over the company's target",
        evidence="practice", source="5-10 % are usual in practice; ours, unsourced",
    )  # fmt: skip
    ratchet_up: float = assumption(
        0.0, 0.0, 0.6, unit="share", le=1, off=0.0, meaning="share of an overshoot that raises the next quota",
        source="ratcheting exists: Misra & Nair 2011; value ours, unsourced",
    )  # fmt: skip
    ratchet_down: float = assumption(
        0.0, 0.0, 0.3, unit="share", le=1, off=0.0, meaning="share of a miss that lowers the next quota",
    )  # fmt: skip
    understatement: float = assumption(
        0.1, 0.0, 0.3, unit="share", le=0.99, off=0.0,
        meaning="share by which a rep who proposes his own quota stays below what he expects to sell",
        source="that proposals are kept low where the quota follows from them is the premise of Gonik 1978 and "
        "Mantrala & Raman 1990; value ours, unsourced",
    )  # fmt: skip


class Pay(PayPart):
    """A pay plan.

    Examples
    --------
    >>> plan = Pay(salary=60_000, components=[Component(title="commission", tiers=[Tier(rate=0.05)])])
    >>> plan.but(salary=70_000, ratchet_up=0.3).quotas.ratchet_up
    0.3
    >>> Pay(credit={"rep": 0.7, "manager": 0.2})
    Traceback (most recent call last):
    ...
    salessim.model.pay.PayError: pay.credit: shares must add up to 1. Found: 0.9. Allowed: 1. Change one of them by 0.1.
    """

    salary: float = assumption(
        90_000.0, 30_000.0, 200_000.0, unit="currency per year", off=0.0, evidence="practice",
        meaning="base salary of a rep a year",
        source="60 % (average pay mix, Zoltners et al. 2017) of 150,000; replace by your own",
    )  # fmt: skip
    components: tuple[Component, ...] = Field((), description="variable pay, component by component")
    credit: dict[str, float] = Field(
        default_factory=lambda: {"rep": 1.0},
        description="split of the credit of a deal among the roles that work on it (role: share); together 1. A "
        "simulation knows the rep and the owner of account and product",
    )
    manager_components: tuple[Component, ...] = Field(
        (), description="variable pay of managers, on the results of the reps who report to them"
    )
    spiffs: tuple[Spiff, ...] = Field((), description="extra sums for deals of a product in a window")
    contests: tuple[Contest, ...] = Field((), description="prizes by rank")
    draw: float = Field(0.0, ge=0, description="least variable pay advanced each month, money")
    draw_recoverable: bool = Field(True, description="whether a draw is paid back from what is earned later")
    clawback_share: float = assumption(
        1.0, 0.0, 1.0, unit="share", le=1, off=0.0,
        meaning="share of the pay for a deal that is taken back if the deal is lost or not paid",
    )  # fmt: skip
    clawback_days: int = Field(180, ge=0, description="days after which pay for a deal is safe from clawback")
    guarantee_months: int = Field(0, ge=0, description="months from hiring in which variable pay is guaranteed")
    guarantee_share: float = Field(0.0, ge=0, description="guaranteed share of the target variable pay in those months")
    target_variable: float = Field(0.0, ge=0, description="variable pay a year at 100 percent attainment, money")
    quotas: Quotas = Quotas()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.credit:
            raise PayError(
                explain("somebody must have the credit of a deal", where="pay.credit",
                        remedy="Leave credit out to give all of it to the rep"), ("credit",)
            )  # fmt: skip
        check_shares(self.credit, "pay.credit", ("credit",))
        seen: set[str] = set()
        for name in ("components", "manager_components", "contests"):
            for i, entry in enumerate(getattr(self, name)):
                if entry.title in seen:
                    raise PayError(
                        explain("two components or contests share a title, so a statement could not tell them apart",
                                where=f"pay.{name}", value=entry.title, remedy="Rename one of them"), (name, i, "title")
                    )  # fmt: skip
                seen.add(entry.title)
        if self.guarantee_months and self.guarantee_share and not self.target_variable:
            raise PayError(
                explain("a guarantee is a share of the target variable pay, which is not given",
                        where="pay.target_variable", value=self.target_variable, allowed="more than 0",
                        remedy="Say what the plan pays a year at 100 percent attainment"), ("target_variable",)
            )  # fmt: skip
        return self


def check_shares(shares: dict[str, float], where: str, path: tuple[str | int, ...]) -> None:
    """Refuse shares that are negative or do not add up to 1; an empty mapping passes."""
    if not shares:
        return
    least = min(shares, key=lambda name: shares[name])
    if shares[least] < 0:
        raise PayError(
            explain("a share must not be negative", where=f"{where}.{least}", value=shares[least], allowed="0 to 1",
                    remedy="Give the role no share instead"), (*path, least)
        )  # fmt: skip
    total = sum(shares.values())
    if abs(total - 1.0) > SHARE_TOLERANCE:
        raise PayError(
            explain("shares must add up to 1", where=where, value=round(total, 9), allowed="1",
                    remedy=f"Change one of them by {round(1.0 - total, 9):g}"), path
        )  # fmt: skip
