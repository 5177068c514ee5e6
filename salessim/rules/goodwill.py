"""Goodwill: what calls leave behind at an account for a product. It fades, and it activates latent demand."""

from __future__ import annotations

from salessim.world.compiled import rule
from salessim.world.numbers import exp, log
from salessim.world.tables import Tables

__all__ = ["activation", "add_goodwill", "goodwill_now", "response", "response_slope", "spontaneous_share"]


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
    own = w.products[w.covers[c].product].response_floor
    if own >= 0.0:
        return own
    if w.accounts[w.covers[c].account].customer != 0:
        return w.settings[0].activation_floor
    return w.settings[0].prospect_floor


@rule
def response(w: Tables, p: int, goodwill: float) -> float:
    """Return the share (0-1) of product `p`'s dormant demand that `goodwill` wakes.

    ``1 - exp(-k g)`` (Mantrala, Sinha & Zoltners 1992), or ``g^s / (g^s + h^s)`` where the product has a shape s
    (ADBUDG, Little 1970).
    """
    shape = w.products[p].response_shape
    if shape <= 0.0:
        return 1.0 - exp(-w.settings[0].goodwill_effect * goodwill)
    if goodwill <= 0.0:
        return 0.0
    return 1.0 / (1.0 + exp(-shape * log(goodwill / w.products[p].response_half)))


@rule
def response_slope(w: Tables, p: int, goodwill: float) -> float:
    """Return what a little more goodwill wakes, per call, seen along the concave envelope of the response.

    On an S-curve a single call from nothing wakes next to nothing; who plans ahead compares what calls wake on average
    on the way to the tangent point ``h (s - 1)^(1/s)``, beyond which returns diminish.
    """
    shape = w.products[p].response_shape
    if shape <= 0.0:
        effect = w.settings[0].goodwill_effect
        return effect * exp(-effect * goodwill)
    half = w.products[p].response_half
    if shape > 1.0:
        tangent = half * exp(log(shape - 1.0) / shape)
        if goodwill < tangent:
            return (response(w, p, tangent) - response(w, p, goodwill)) / (tangent - goodwill)
    share = response(w, p, goodwill)
    return shape * share * (1.0 - share) / max(goodwill, 1e-3 * half)


@rule
def activation(w: Tables, c: int, t: float) -> float:
    """Return the share of latent demand of cover `c` that is activated: floor + (1 - floor) response(goodwill)."""
    floor = spontaneous_share(w, c)
    return floor + (1.0 - floor) * response(w, w.covers[c].product, goodwill_now(w, c, t))
