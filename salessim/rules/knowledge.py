"""Learning by doing and forgetting: product skill and segment insight of each rep."""

from __future__ import annotations

from salessim.world.compiled import rule
from salessim.world.numbers import exp
from salessim.world.tables import Tables

__all__ = ["insight_now", "learn", "skill_now"]


@rule
def skill_now(w: Tables, r: int, p: int, t: float) -> float:
    """Return the skill (0-1) of rep `r` in product `p` at time `t`."""
    i = r * w.settings[0].n_products + p
    return w.skill[i].level * exp(-w.settings[0].forgetting * (t - w.skill[i].touched))


@rule
def insight_now(w: Tables, r: int, g: int, t: float) -> float:
    """Return the insight (0-1) of rep `r` into segment `g` at time `t`."""
    i = r * w.settings[0].n_segments + g
    return w.insight[i].level * exp(-w.settings[0].forgetting * (t - w.insight[i].touched))


@rule
def learn(w: Tables, r: int, p: int, g: int, hours: float, t: float) -> None:
    """Let rep `r` learn from `hours` of effort on product `p` in segment `g`: a share of what is still missing."""
    s = w.settings[0]
    gain = 1.0 - exp(-s.learning * hours / 8.0)
    i = r * s.n_products + p
    level = skill_now(w, r, p, t)
    w.skill[i].level = level + gain * (1.0 - level)
    w.skill[i].touched = t
    i = r * s.n_segments + g
    level = insight_now(w, r, g, t)
    w.insight[i].level = level + gain * (1.0 - level)
    w.insight[i].touched = t
