"""Settling a month, and rounding money to cents: the rules that statements and simulated paydays share; compiled."""

from __future__ import annotations

import math

import numpy as np

from salessim.world.compiled import rule

__all__ = ["cents_of", "credited_cents", "settle_month"]


@rule
def cents_of(money: float) -> int:
    """Round money to whole cents, half away from zero; see `salessim.pay.quotas.to_cents`.

    Examples
    --------
    >>> cents_of(1.005), cents_of(-1.005)
    (101, -101)
    """
    amount = money * 100.0
    size = math.floor(abs(amount) + 0.5 + max(abs(amount), 1.0) * 1e-12)
    return int(size) if amount >= 0.0 else -int(size)


@rule
def credited_cents(amount: float) -> int:
    """Return the credit for an amount in whole hundredths, as `salessim.pay.events.credit_of` counts it.

    Examples
    --------
    >>> credited_cents(10.0), credited_cents(0.125), credited_cents(-0.125)
    (1000, 13, -13)
    """
    scaled = amount * 100.0
    return int(np.rint(scaled + (1e-6 if scaled > 0.0 else -1e-6 if scaled < 0.0 else 0.0)))


@rule
def settle_month(
    variable: int, floor: int, draw: int, recoverable: bool, owed: int, debt: int
) -> tuple[int, int, int, int, int, int]:
    """Settle the variable pay of a month: debt of the month before, guarantee, draw, and what is carried on.

    Parameters
    ----------
    variable : int
        Due for the month, cents.
    floor : int
        Guaranteed least, cents; a negative number where nothing is guaranteed.
    draw, recoverable
        Least variable pay advanced, cents; whether it is paid back.
    owed, debt : int
        Draw still to be paid back; negative pay of the month before.

    Returns
    -------
    guarantee, drawn, back, carried, owed, debt : int
        What is added by the guarantee and by the draw, what is paid back, what is carried to the next month, and the
        two accounts afterwards. Pay is ``variable - debt + guarantee + drawn - back + carried``.

    Examples
    --------
    >>> settle_month(500, -1, 800, True, 0, 0)
    (0, 300, 0, 0, 300, 0)
    >>> settle_month(1000, -1, 800, True, 300, 0)
    (0, 0, 200, 0, 100, 0)
    >>> settle_month(-50, -1, 0, True, 0, 0)
    (0, 0, 0, 50, 0, 50)
    """
    due = variable - debt
    guarantee = drawn = back = carried = 0
    if floor >= 0 and due < floor:
        guarantee = floor - due
        due = floor
    if draw > 0 and due < draw:
        drawn = draw - due
        due = draw
        if recoverable:
            owed += drawn
    elif owed > 0 and due > draw:
        back = min(owed, due - draw)
        due -= back
        owed -= back
    if due < 0:
        carried = -due
    return guarantee, drawn, back, carried, owed, carried
