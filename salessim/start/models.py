"""From a firm's answers to a market and a plan: which answer sets what, each in one place.

Everything that is not asked keeps the default of the assumption register. What turns an answer into a setting:

=================  ====================================================================================================
concentration      accounts are lognormal in size; with sigma = z(0.8) + z(share) the largest 20 % hold that share
                   (Lorenz curve of the lognormal: Aitchison & Brown 1957, The Lognormal Distribution)
win_rate           every stage's chance to the same power, so that the product of the chances is the answer
cycle              the customer's time in every stage by the same factor; a fixed share of the cycle is the customer's
salary             all costs of people in proportion, as they stand to the salary by default
revenue            demand by a factor found by simulating a year from today under today's plan
=================  ====================================================================================================
"""

from __future__ import annotations

import math
import random
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from salessim.clocks.settle import settle
from salessim.errors import ModelError, explain
from salessim.model.management import Management
from salessim.model.presets import make_market, make_plan
from salessim.study.replay import Replay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.start.firm import Firm

__all__ = ["CUSTOMERS_SHARE", "models_of", "potentials"]

CUSTOMERS_SHARE = 0.75
"""Share of the cycle of a won deal in which the customer decides and nobody waits for us (ours, unsourced)."""
_LARGEST = 0.2
_SEED = 3
_PAID = ("salary", "tools_cost", "overhead_cost", "manager_cost", "hiring_cost", "training_cost")
_YEAR_RUNS = 4
_SETTLING = 18  # months
_ROUNDS, _CLOSE, _STEP = 8, 0.02, 4.0
_CLEAR, _SATURATED = 1.1, 0.15  # where demand grew by more than a tenth and revenue by less than 15 % of that


def models_of(firm: Firm) -> tuple[Market, Plan]:
    """Return the market and plan of a firm; the same answers give the same models.

    The market has a today: the plan has run in it for a while, so accounts have owners who know them and deals are
    open. A change of the plan then costs what it costs a firm that has a history.

    Raises
    ------
    ModelError
        If the firm cannot reach the revenue it names.
    """
    market, plan = _market(firm), _plan(firm)
    if firm.revenue is None:
        return _settled(market, plan), plan
    return _with_revenue(market, plan, firm.revenue), plan


def potentials(n: int, concentration: float, seed: int = _SEED) -> NDArray[np.float64]:
    """Return the sizes of `n` accounts, mean 1, of which the largest 20 % hold the share `concentration`.

    They are the quantiles of a lognormal law in random order, so that few accounts are as concentrated as many.

    Examples
    --------
    >>> sizes = np.sort(potentials(1000, 0.8))
    >>> round(float(sizes[-200:].sum() / sizes.sum()), 2)
    0.8
    """
    normal = NormalDist()
    sigma = normal.inv_cdf(1.0 - _LARGEST) + normal.inv_cdf(concentration)
    order = list(range(n))
    random.Random(seed).shuffle(order)
    # the mean of each slice of the law, not its middle: the largest account holds what its slice holds
    edges = [normal.cdf(normal.inv_cdf(i / n) - sigma) if 0 < i < n else float(i == n) for i in range(n + 1)]
    sizes = np.maximum(np.diff(edges) * n, 1e-6)
    return np.asarray((sizes / sizes.mean())[order].round(6))


def _market(firm: Firm) -> Market:
    market = make_market(
        firm.accounts, firm.products, firm.segments, width=firm.area, price=firm.price, seed=_SEED
    )  # fmt: skip
    prices = market.products["price"]
    products = market.products.but(
        price=(prices * firm.price / prices.mean()).round(2), margin=np.full(firm.products, firm.margin)
    )
    # every segment has its accounts, however few there are
    kinds = [f"segment {1 + n % firm.segments}" for n in range(firm.accounts)]
    random.Random(_SEED).shuffle(kinds)
    accounts = market.accounts.but(potential=potentials(firm.accounts, firm.concentration), segment=kinds)
    stages = market.stages
    chance = float(np.prod(stages["advance"]))
    power = np.log(firm.win_rate) / np.log(chance)
    slower = CUSTOMERS_SHARE * firm.cycle / float(stages["dwell"].sum())
    stages = stages.but(advance=stages["advance"] ** power, dwell=stages["dwell"] * slower)
    return market.but(
        name="firm", currency=firm.currency, products=products, accounts=accounts, stages=stages,
        complexity=firm.complexity, difference=firm.difference, growth=firm.growth,
        # accounts drawn at random do not reach the edges: the longer side is then as wide as the answer says
        distance=firm.area,
        # the labour market pays what the firm pays, else people would leave a firm that pays less than the default
        outside_pay=market.people.outside_pay * firm.salary / _salary(),
    )  # fmt: skip


def _plan(firm: Firm) -> Plan:
    usual = Management()
    scale = firm.salary / _salary()
    paid = {name: getattr(usual, name) * scale for name in _PAID}
    return make_plan(
        firm.reps, name="today", structure=firm.structure, key_account_share=firm.key_accounts,
        management=usual.but(**paid),
    )  # fmt: skip


def _salary() -> float:
    return Management().salary


def _settled(market: Market, plan: Plan) -> Market:
    return settle(market, plan, _SETTLING)


def _with_revenue(market: Market, plan: Plan, revenue: float) -> Market:
    """Scale demand until a year from today under the plan brings the revenue, within two per cent."""
    factor, step, nearest, before = 1.0, 1.0, math.nan, 0.0
    for _ in range(_ROUNDS):
        products = market.products.but(opportunities=market.products["opportunities"] * factor)
        here = _settled(market.but(products=products), plan)
        found = _year(here, plan)
        if abs(found / revenue - 1.0) <= _CLOSE:
            return here
        if not abs(nearest / revenue - 1.0) <= abs(found / revenue - 1.0):
            nearest = found
        if step > _CLEAR and found < before * (1.0 + _SATURATED * (step - 1.0)):
            break  # more demand brings hardly more: nobody is left to work on it
        before, step = found, min(max(revenue / max(found, 1e-9), 1.0 / _STEP), _STEP)
        factor *= step
    raise ModelError(
        explain(
            "these answers contradict one another: the firm does not come to this revenue",
            where="firm.revenue",
            value=revenue,
            allowed=f"the nearest that was found is {nearest:,.0f} a year",
            remedy="Check reps, accounts, price, win_rate and area, or leave revenue out",
        )
    )


def _year(market: Market, plan: Plan) -> float:
    """Return the revenue of the first twelve months, the mean of a few futures."""
    replay = Replay(market, plan, 12, _SEED)
    runs = [replay.run(n) for n in range(_YEAR_RUNS)]
    return float(np.mean([run.by_month().sum() for run in runs if run is not None]))
