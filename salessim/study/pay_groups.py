"""Stars, core and laggards: seats told apart by what is known before a run, not by its luck."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.world.random import CANDIDATE_REP, key, normal

if TYPE_CHECKING:
    from salessim.clocks.run import Run

__all__ = ["GROUPS", "first_talents", "seat_groups"]

Floats = NDArray[np.float64]
GROUPS = ("stars", "core", "laggards")
_SHARE = 0.2
"""Share of the seats that are stars, and of those that are laggards."""
_FEWEST_SEATS = 5


def first_talents(run: Run) -> Floats:
    """Return the talent (log-odds) of who sits in each seat at the start of a run, the same under every plan."""
    settings = run.world["settings"][0]
    people = (key(settings["seed"], seat) for seat in run.world["reps"]["key"])
    return np.array([settings["talent_spread"] * normal(person, CANDIDATE_REP, 1) for person in people])


def seat_groups(sales: Floats, talents: Floats) -> NDArray[np.int64] | None:
    """Return the place in `GROUPS` of each seat in each future.

    Prospects are what the seat sells in the other futures, mean over the plans, times what the talent of its first
    holder is worth: one factor for all, by regression of a seat's sales in a future on it. The fifth of the seats with
    the best prospects in a future are stars, the fifth with the worst laggards.

    Parameters
    ----------
    sales : (futures, plans, seats)
    talents : (futures, seats)

    Returns
    -------
    (futures, seats) int, or None
        None for fewer than five seats or two futures.

    Examples
    --------
    >>> sales = np.arange(1.0, 6.0) * np.ones((3, 2, 5))
    >>> seat_groups(sales, np.zeros((3, 5)))[0].tolist()
    [2, 1, 1, 1, 0]
    """
    n, _, seats = sales.shape
    if seats < _FEWEST_SEATS or n < 2:
        return None
    own = sales.mean(axis=1)
    least = 1e-3 * max(float(own.mean()), 1e-9)
    territory = np.log(np.maximum((own.sum(axis=0) - own) / (n - 1), least))
    surplus = np.log(np.maximum(own, least)) - territory
    centred = talents - talents.mean()
    spread = float((centred**2).sum())
    worth = max(float((centred * surplus).sum()) / spread, 0.0) if spread > 0.0 else 0.0
    rank = np.argsort(np.argsort(territory + worth * talents, axis=1, kind="stable"), axis=1, kind="stable")
    few = max(round(_SHARE * seats), 1)
    return np.where(rank < few, 2, np.where(rank >= seats - few, 0, 1)).astype(np.int64)
