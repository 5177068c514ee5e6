"""Settling periods and months, and rounding money to cents: the rules that statements and simulated paydays share.

All are compiled. What a period pays, how a team's pay and a contest's purse are divided, and what a month settles are
written here once.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from salessim.pay.curve import Curves, payout
from salessim.world.compiled import rule

__all__ = [
    "cents_of", "credited_cents", "equal_part", "fill_paid", "paid_for", "prizes_won", "settle_month", "taken_back",
]  # fmt: skip


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
def paid_for(curves: Curves, row: int, amount: float, scale: float, part: float) -> int:
    """Return what a period pays for an amount credited in it, cents.

    Parameters
    ----------
    curves, row
        The payout curve.
    amount : float
        Credit of the period, in the measure.
    scale : float
        First quota over present quota, where it has moved: the same attainment earns the same. Else 1.
    part : float
        Share of the period that the pay plan is in force, above 0 to 1: half a period pays half of what the whole one
        would pay for twice the amount, so quota, bonuses and cap are in proportion.

    Examples
    --------
    >>> from salessim.model.pay import Bonus, Component, Tier
    >>> from salessim.pay.curve import compile_component
    >>> curve = compile_component(Component(title="a", tiers=[Tier(rate=0.1)], bonuses=[Bonus(at=100, pays=50)]))
    >>> paid_for(curve, 0, 100.0, 1.0, 1.0), paid_for(curve, 0, 50.0, 1.0, 0.5), paid_for(curve, 0, 49.0, 1.0, 0.5)
    (6000, 3000, 490)
    """
    if scale != 1.0 or part != 1.0:  # a quota that is met to the cent is met
        amount = np.rint(amount * scale / part * 1e6) / 1e6
    return cents_of(part * payout(curves, row, amount))


@rule
def fill_paid(
    curves: Curves, rows: NDArray[np.int64], amounts: NDArray[np.float64], parts: NDArray[np.float64],
    cents: NDArray[np.int64],
) -> None:  # fmt: skip
    """Fill `paid_for` of many rows and amounts, with quotas that have not moved."""
    for i in range(len(rows)):
        cents[i] = paid_for(curves, rows[i], amounts[i], 1.0, parts[i])


@rule
def equal_part(total: int, n: int, i: int) -> int:
    """Return what person `i` of `n` has of a sum that is divided equally: what is left over goes to the first.

    As `salessim.pay.quotas.largest_remainder` divides by equal weights.

    Examples
    --------
    >>> [equal_part(100, 3, i) for i in range(3)], [equal_part(-5, 2, i) for i in range(2)]
    ([34, 33, 33], [-3, -2])
    """
    size = abs(total)
    mine = size // n + (1 if i < size % n else 0)
    return mine if total >= 0 else -mine


@rule
def prizes_won(scores: NDArray[np.int64], prizes: NDArray[np.int64], won: NDArray[np.int64]) -> None:
    """Fill what each competitor wins, cents: those who tie divide the prizes of their ranks equally.

    Who has nothing wins nothing. `prizes` are those of the first, the second, ...

    Examples
    --------
    >>> won = np.zeros(4, dtype=np.int64)
    >>> prizes_won(np.array([5, 9, 5, 0]), np.array([300, 101]), won)
    >>> won.tolist()
    [51, 300, 50, 0]
    """
    for i in range(len(scores)):
        won[i] = 0
        if scores[i] <= 0:
            continue
        better = tied = place = 0
        for j in range(len(scores)):
            better += 1 if scores[j] > scores[i] else 0
            if scores[j] == scores[i]:
                place += 1 if j < i else 0
                tied += 1
        purse = 0
        for k in range(better, min(better + tied, len(prizes))):
            purse += prizes[k]
        won[i] = equal_part(purse, tied, place)


@rule
def taken_back(share: float, cents: int) -> int:
    """Return what is taken back of `cents` paid for a deal that fails: a share of it, in whole cents.

    Examples
    --------
    >>> taken_back(0.5, 2501)
    1251
    """
    return cents_of(share * cents / 100.0)


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
