"""The world of a market under a plan, its pay plan and how reps answer to it included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salessim.world.build import build_world

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.alignment import Alignment
    from salessim.world.world import World

__all__ = ["make_world"]


def make_world(
    market: Market, plan: Plan, months: int = 24, *, alignment: Alignment | None = None, **options: Any
) -> World:
    """Build the tables of a run, as `salessim.world.build.build_world` does; options are those.

    Under a pay plan reps answer to it as `salessim.clocks.answers.answers` works out, the same in every replication.

    Raises
    ------
    PayError
        The pay plan has something that a run cannot pay.
    """
    if plan.phases[0][0].pay is None:
        return build_world(market, plan, months, alignment=alignment, **options)
    from salessim.clocks.answers import answers, without_pay
    from salessim.clocks.last_year import year_before
    from salessim.pay.allocation import HISTORY_RULES
    from salessim.pay.tables import pay_tables

    silent = without_pay(plan)
    unpaid = build_world(market, silent, months, alignment=alignment, **options)
    rules = {setting.pay.quotas.quota_rule for setting, _ in plan.phases if setting.pay is not None}
    history = year_before(market, silent, unpaid.alignment) if rules & set(HISTORY_RULES) else None
    incentives = pay_tables(market, plan, unpaid, history)
    world = build_world(market, plan, months, alignment=unpaid.alignment, incentives=incentives, **options)
    answers(market, plan, unpaid, world)
    return world
