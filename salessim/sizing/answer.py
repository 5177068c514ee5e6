"""The answer of a sizing: methods side by side, the flat top, the return of a further rep; as table, words, picture."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from salessim.sizing.simulated import Estimate, SizeCurve
from salessim.study.phrases import phrase, quantity, share
from salessim.study.wording import currency_label
from salessim.words import sentence

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.sizing.workload import Workload

__all__ = ["Incremental", "MethodResult", "SizingAnswer", "reps_text"]

State = Literal["too large", "right-sized", "too small"]


class MethodResult(NamedTuple):
    """One method: its name, the reps it asks for, and the figures it rests on."""

    name: str
    reps: Estimate
    basis: Mapping[str, float]


@dataclass(frozen=True)
class Incremental:
    """What a further rep brings at today's size.

    Attributes
    ----------
    elasticity : Estimate
        Of yearly sales to headcount, around today's size.
    first_year_sales : Estimate
        Incremental sales of one rep in his first year.
    margin, cost : float
        Gross margin (share of sales); yearly cost of one more rep with his travel.
    carry_over : tuple of float
        K2 and K3.
    ratio, roi : Estimate
        Break-even ratio, and return over three years (1 is 100 %).
    best : Estimate
        Size at which the margin of a further rep's yearly sales is his cost.
    right_sized : tuple of Estimate
        Sizes at which the three-year return of a further rep is 150 % and 50 %.
    """

    elasticity: Estimate
    first_year_sales: Estimate
    margin: float
    cost: float
    carry_over: tuple[float, float]
    ratio: Estimate
    roi: Estimate
    best: Estimate
    right_sized: tuple[Estimate, Estimate]

    @property
    def state(self) -> State:
        """What the return says of today's size: below 50 % it is too large, above 150 % too small."""
        return "too large" if self.roi.value < 0.5 else "too small" if self.roi.value > 1.5 else "right-sized"


@dataclass(frozen=True, eq=False)
class SizingAnswer:
    """How many reps: breakdown, workload, incremental method and simulated optimum side by side.

    Attributes
    ----------
    market, plan : Market, Plan
    curve : SizeCurve
        Contribution at every size tried.
    methods : tuple of MethodResult
    incremental : Incremental
    workload : Workload
    top : tuple of Estimate
        Smallest and largest size within `tolerance` of the best contribution.
    tolerance : float
    """

    market: Market
    plan: Plan
    curve: SizeCurve
    methods: tuple[MethodResult, ...]
    incremental: Incremental
    workload: Workload
    top: tuple[Estimate, Estimate]
    tolerance: float

    @property
    def optimum(self) -> Estimate:
        """The simulated optimum."""
        return next(one.reps for one in self.methods if one.name == "simulated")

    def frame(self, language: str = "en") -> pd.DataFrame:
        """Return one row per method: its name, reps with the ends of the 95 % interval, and what it rests on.

        Columns are method, reps, low, high, basis.
        """
        import pandas as pd

        rows = [(self.method_name(one, language), *one.reps, self.basis(one, language)) for one in self.methods]
        return pd.DataFrame(rows, columns=["method", "reps", "low", "high", "basis"])

    def method_name(self, one: MethodResult, language: str = "en") -> str:
        """Return what a method is called."""
        names = {
            "breakdown": sentence("sizing breakdown", language),
            "workload": sentence("sizing workload", language),
            "incremental": sentence("sizing incremental", language),
            "simulated": sentence("sizing simulated", language),
        }
        return names[one.name]

    def basis(self, one: MethodResult, language: str = "en") -> str:
        """Say what the number of a method rests on."""
        found, money = one.basis, currency_label(self.market.currency, language)
        if one.name == "breakdown":
            target, per_rep = (quantity(found[key], language, unit=money) for key in ("target", "per_rep"))
            return sentence("sizing breakdown basis", language, target=target, per_rep=per_rep)
        if one.name == "workload":
            hours, per_rep = (quantity(round(found[key]), language) for key in ("hours", "per_rep"))
            return sentence("sizing workload basis", language, hours=hours, per_rep=per_rep)
        if one.name == "incremental":
            sales, cost = (quantity(found[key], language, unit=money) for key in ("sales", "cost"))
            margin = share(found["margin"], language)
            return sentence("sizing incremental basis", language, sales=sales, margin=margin, cost=cost)
        years, replications = round(found["years"]), round(found["replications"])
        return sentence("sizing simulated basis", language, years=years, replications=replications)

    def lines(self, language: str = "en") -> list[str]:
        """Say the answer in sentences: best size and flat top, today's size, return of a further rep, a caution."""
        best, (first, last) = self.optimum, self.top
        within = share(self.tolerance, language)
        fields = {"best": reps_text(best.value), "low": reps_text(best.low), "high": reps_text(best.high)}
        if np.isfinite(last.value):
            head = sentence(
                "sizing best",
                language,
                within=within,
                first=reps_text(first.value),
                last=reps_text(last.value),
                **fields,
            )
        else:
            most = reps_text(float(self.curve.headcounts[-1]))
            head = sentence(
                "sizing best open", language, within=within, first=reps_text(first.value), most=most, **fields
            )
        means = self.curve.means
        lost = float(means[self.curve.best] - means[self.curve.at_today]) / self.curve.years
        forgone = quantity(lost, language, unit=currency_label(self.market.currency, language))
        if self.curve.best == self.curve.at_today:
            today = sentence("sizing today best", language, today=self.curve.today)
        else:
            today = sentence("sizing today", language, today=self.curve.today, forgone=forgone)
        return [head, today, self.return_line(language), sentence("sizing caution", language)]

    def return_line(self, language: str = "en") -> str:
        """Say what a further rep returns over three years, and what follows for today's size."""
        found = self.incremental
        state = {
            "too large": sentence("sizing too large", language),
            "right-sized": sentence("sizing right-sized", language),
            "too small": sentence("sizing too small", language),
        }[found.state]
        return sentence(
            "sizing return", language, roi=_percent(found.roi.value, language), low=_percent(found.roi.low, language),
            high=_percent(found.roi.high, language), ratio=f"{found.ratio.value:.2f}", state=state,
            floor=share(0.5, language), ceiling=share(1.5, language), first=reps_text(found.right_sized[0].value),
            last=reps_text(found.right_sized[1].value),
        )  # fmt: skip

    def text(self, language: str = "en") -> str:
        """Return the answer as plain text: sentences, then a line per method."""
        rows = [
            sentence(
                "sizing row", language, method=self.method_name(one, language), reps=reps_text(one.reps.value),
                low=reps_text(one.reps.low), high=reps_text(one.reps.high), basis=self.basis(one, language),
            )
            for one in self.methods
        ]  # fmt: skip
        return "\n".join([*self.lines(language), *rows])

    def plot(self, language: str = "en") -> Figure:
        """Draw contribution against headcount with its flat top, and where each method stands."""
        from salessim.show.page import Page
        from salessim.sizing.figure import draw_sizing

        return draw_sizing(Page(), self, language)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self, language: str = "en") -> str:
        heads = "".join(
            f"<th>{html.escape(head)}</th>"
            for head in (
                sentence("sizing method", language),
                sentence("sizing reps", language),
                sentence("sizing interval", language),
                sentence("sizing basis", language),
            )
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td>{html.escape(cell)}</td>"
                for cell in (
                    self.method_name(one, language),
                    reps_text(one.reps.value),
                    sentence("range", language, low=reps_text(one.reps.low), high=reps_text(one.reps.high)),
                    self.basis(one, language),
                )
            )
            + "</tr>"
            for one in self.methods
        )
        said = "".join(f"<p>{html.escape(line)}</p>" for line in self.lines(language))
        return (
            f'<div lang="{language}" style="max-width:76em;line-height:1.45">{said}'
            f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
        )


def reps_text(value: float) -> str:
    """Write a number of reps: whole from 20 on, else with one decimal where it has one.

    Examples
    --------
    >>> reps_text(89.6), reps_text(8.0), reps_text(8.26), reps_text(float("inf"))
    ('90', '8', '8.3', '∞')
    """
    if not np.isfinite(value):
        return "∞"
    return f"{value:,.0f}" if value >= 20 or abs(value - round(value)) < 0.05 else f"{value:.1f}"


def _percent(value: float, language: str) -> str:
    """Write a return, which may be negative or exceed 100 %."""
    return phrase(language, "percent", number=f"{100 * value:,.0f}".replace("-", "−"))
