"""How close a team is: built by days together, loosened by time and by every change of face."""

from __future__ import annotations

from salessim.world.compiled import rule
from salessim.world.numbers import exp
from salessim.world.tables import Tables

__all__ = ["cohesion_factor", "fade_cohesion", "loosen", "team_days"]

_TYPICAL = 0.5


@rule
def cohesion_factor(w: Tables, g: int) -> float:
    """Return the factor on losses by coordination and on quitting in group `g`: 1 for a typical team."""
    return 1.0 - w.settings[0].cohesion_effect * (w.groups[g].cohesion - _TYPICAL) / _TYPICAL


@rule
def loosen(w: Tables, g: int) -> None:
    """Let one member of group `g` be replaced: his share of the cohesion goes."""
    size = 0
    r = w.groups[g].first_rep
    while r >= 0:
        size += 1
        r = w.reps[r].next_of_group
    if size > 0:
        w.groups[g].cohesion *= 1.0 - 1.0 / size


@rule
def fade_cohesion(w: Tables, g: int) -> None:
    """Let a month pass for group `g`."""
    w.groups[g].cohesion *= 1.0 - min(w.settings[0].cohesion_fade, 1.0)


@rule
def team_days(w: Tables, g: int, days: float) -> None:
    """Let group `g` spend `days` together."""
    w.groups[g].cohesion += (1.0 - w.groups[g].cohesion) * (1.0 - exp(-w.settings[0].cohesion_gain * days))
