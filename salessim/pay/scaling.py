"""The same pay plan, more or less generous: its variable pay times a factor, its shape as it is."""

from __future__ import annotations

import math

from salessim.errors import explain
from salessim.model.pay import Component, Pay, PayError

__all__ = ["scaled_pay"]


def scaled_pay(pay: Pay, factor: float) -> Pay:
    """Return a plan whose variable pay is `factor` times that of `pay` for the same results.

    Rates (or the target pay of which they are multiples), bonuses, caps, SPIFFs, contests and the target variable pay
    are scaled; salary, draw, quotas, thresholds and points are not, so that what must be reached stays the same.

    Parameters
    ----------
    pay : Pay
    factor : float
        More than 0.

    Raises
    ------
    PayError
        A factor of 0 or less.

    Examples
    --------
    >>> from salessim.model.pay_files import pay_preset
    >>> from salessim.pay.curve import compile_component, payout
    >>> plain, twice = (pay.components[0] for pay in (pay_preset("capped"), scaled_pay(pay_preset("capped"), 2.0)))
    >>> [round(payout(compile_component(part), 0, 600_000.0)) for part in (plain, twice)], twice.cap
    ([48000, 96000], 180000.0)
    """
    if not (factor > 0 and math.isfinite(factor)):
        raise PayError(explain("variable pay is scaled by a number above 0", where="factor", value=factor))
    return pay.but(
        components=tuple(_scaled(part, factor) for part in pay.components),
        manager_components=tuple(_scaled(part, factor) for part in pay.manager_components),
        spiffs=tuple(spiff.but(amount=factor * spiff.amount) for spiff in pay.spiffs),
        contests=tuple(one.but(prizes=tuple(factor * prize for prize in one.prizes)) for one in pay.contests),
        target_variable=factor * pay.target_variable,
    )


def _scaled(part: Component, factor: float) -> Component:
    tiers = part.tiers
    if part.target_pay is None:
        tiers = tuple(tier.but(rate=factor * tier.rate) for tier in tiers)
    return part.but(
        tiers=tiers,
        target_pay=None if part.target_pay is None else factor * part.target_pay,
        bonuses=tuple(bonus.but(pays=factor * bonus.pays) for bonus in part.bonuses),
        cap=None if part.cap is None else factor * part.cap,
    )
