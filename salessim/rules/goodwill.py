"""Goodwill: what calls leave behind at an account for a product. It fades, and it activates latent demand."""

from __future__ import annotations

from salessim.world.compiled import rule
from salessim.world.numbers import exp
from salessim.world.tables import Tables

__all__ = ["activation", "add_goodwill", "goodwill_now", "spontaneous_share"]


@rule
def goodwill_now(w: Tables, c: int, t: float) -> float:
    """Return the goodwill of cover `c` at time `t`, in calls not yet faded."""
    return w.covers[c].goodwill * exp(-w.settings[0].goodwill_fade * (t - w.covers[c].touched))


@rule
def add_goodwill(w: Tables, c: int, calls: float, t: float) -> None:
    """Add `calls` to the goodwill of cover `c`."""
    w.covers[c].goodwill = goodwill_now(w, c, t) + calls
    w.covers[c].touched = t


@rule
def spontaneous_share(w: Tables, c: int) -> float:
    """Return the share of latent demand of cover `c` that comes without any call."""
    if w.accounts[w.covers[c].account].customer != 0:
        return w.settings[0].activation_floor
    return w.settings[0].prospect_floor


@rule
def activation(w: Tables, c: int, t: float) -> float:
    """Return the share of latent demand of cover `c` that is activated: floor + (1 - floor)(1 - exp(-k goodwill))."""
    floor = spontaneous_share(w, c)
    return floor + (1.0 - floor) * (1.0 - exp(-w.settings[0].goodwill_effect * goodwill_now(w, c, t)))
