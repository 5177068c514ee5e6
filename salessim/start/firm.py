"""A firm as its answers to a dozen questions describe it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from salessim.errors import ModelError, explain
from salessim.model.part import Part
from salessim.model.plan import Structure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.study.position import Position

__all__ = ["Firm"]


class Firm(Part):
    """Answers to the questions of `salessim.questions`; each has a default, so one may start with any of them.

    Frozen and validated like a market; changed by `but`.

    Examples
    --------
    >>> firm = Firm(reps=12, accounts=300, area=400)
    >>> market, plan = firm.models()
    >>> len(market.accounts), plan.headcount, round(firm.position().distance)
    (300, 12, 400)
    >>> Firm(reps=12, acounts=300)
    Traceback (most recent call last):
    ...
    salessim.errors.ModelError: acounts: firm has no setting of this name. Did you mean 'accounts'?
    """

    reps: int = Field(20, ge=1, le=5_000, description="sales representatives")
    structure: Structure = Field("territory", description="how the sales force is organised today")
    accounts: int = Field(500, ge=1, le=100_000, description="customers and prospects to be served")
    concentration: float = Field(
        0.4, ge=0.2, le=0.97, description="share of sales that the largest 20 % of the accounts stand for"
    )
    key_accounts: float = Field(
        0.1, ge=0.0, le=1.0, description="share of accounts treated as key accounts in a hybrid"
    )
    segments: int = Field(4, ge=1, le=20, description="kinds of customers")
    difference: float = Field(0.4, ge=0.0, le=1.0, description="how much the kinds of customers differ in their needs")
    products: int = Field(4, ge=1, le=20, description="product lines")
    complexity: float = Field(0.5, ge=0.0, le=1.0, description="how much expert knowledge selling them takes")
    area: float = Field(300.0, gt=0.0, le=10_000.0, description="kilometres across the area that is served")
    price: float = Field(60_000.0, gt=0.0, description="value of an average deal")
    win_rate: float = Field(0.15, ge=0.005, le=0.9, description="share of all opportunities that are won")
    cycle: float = Field(54.0, ge=1.0, le=1_000.0, description="days from the first contact to a won deal")
    growth: float = Field(0.0, ge=-0.5, le=1.0, description="growth of the market a year")
    margin: float = Field(0.5, ge=-1.0, le=1.0, description="gross margin, a share of the price")
    salary: float = Field(120_000.0, ge=0.0, description="fixed pay of a rep a year")
    revenue: float | None = Field(None, gt=0.0, description="sales a year today; empty leaves demand at its default")
    currency: str = Field("CNY", min_length=3, max_length=3, description="currency of all amounts")

    @model_validator(mode="after")
    def _consistent(self) -> Firm:
        for name, few in (("reps", self.reps), ("segments", self.segments)):
            if few > self.accounts:
                raise ModelError(
                    explain(f"there are more {name} than accounts", where=f"firm.{name}", value=few,
                            allowed=f"up to {self.accounts} with so many accounts")
                )  # fmt: skip
        if self.structure == "today":
            raise ModelError(
                explain("without a CRM export, who serves whom today is not known", where="firm.structure",
                        value="today", allowed="territory, product, customer, hybrid")
            )  # fmt: skip
        return self

    def models(self) -> tuple[Market, Plan]:
        """Return the market and today's plan of the firm; see `salessim.start.models`.

        Raises
        ------
        ModelError
            If the firm cannot reach the revenue it names: the answers contradict one another.
        """
        from salessim.start.models import models_of

        return models_of(self)

    def position(self) -> Position:
        """Return where the firm stands on the axes of `salessim.phase_map`."""
        from salessim.study.position import position

        return position(*self.models())

    def where(self, language: str = "en") -> str:
        """Say where the firm stands, in words.

        Examples
        --------
        >>> Firm(area=250, complexity=0.8, difference=0.3).where()
        'You are here: 250 km across, complexity of products 0.8, difference between segments 0.3.'
        """
        from salessim.words import sentence

        here = self.position()
        return sentence("firm here", language, distance=f"{here.distance:,.0f}", complexity=f"{here.complexity:g}",
                        difference=f"{here.difference:g}")  # fmt: skip

    def plot(self, language: str = "en", *, months: int = 24, replications: int = 4, seed: int = 1) -> Figure:
        """Draw which structure wins in the surroundings of the firm, with the place where it stands.

        The map holds what the firm is and moves complexity, difference and distance: nine points each for the area as
        it is and for one three times as wide. About 400 runs with the defaults.
        """
        from salessim.show.phase_figure import phase_figure
        from salessim.study.phase_map import phase_map
        from salessim.study.position import position

        market, plan = self.models()
        grid = (0.1, 0.5, 0.9)
        found = phase_map(
            market, plan, complexities=grid, differences=grid, distances=(self.area, 3.0 * self.area), months=months,
            replications=replications, seed=seed,
        )  # fmt: skip
        return phase_figure(found, language, here=position(market, plan))
