"""The agenda: where rules announce what will happen. Both clocks take their events from here and nowhere else."""

from __future__ import annotations

from salessim.world.compiled import rule
from salessim.world.tables import NEVER, Tables

__all__ = ["CANDIDATE", "REFERRAL", "REPLY", "WAKE", "WORK", "announce", "has_room"]

# Classes of events. At one instant the lower goes first; 0 and 1 belong to SimPy itself.
CANDIDATE, REFERRAL, REPLY, WORK, WAKE = 2, 3, 4, 5, 6


@rule
def announce(w: Tables, time: float, kind: int, ident: int) -> None:
    """Put an event on the agenda; what never comes, or comes after the end, is not kept."""
    if time >= w.settings[0].until or time >= NEVER:
        return
    n = w.counts[0].agenda
    w.agenda[n].time = time
    w.agenda[n].kind = kind
    w.agenda[n].ident = ident
    w.counts[0].agenda = n + 1


@rule
def has_room(w: Tables) -> bool:
    """Tell whether every growing table has room for whatever one event can add."""
    margin = w.settings[0].n_products + 2
    return (
        w.counts[0].deals + margin <= w.deals.size
        and w.counts[0].steps + margin <= w.steps.size
        and w.counts[0].relations + margin <= w.relations.size
        and (w.settings[0].record_calls == 0 or w.counts[0].calls + margin <= w.calls.size)
        and w.counts[0].heap + 2 * margin <= w.heap.size
        and w.counts[0].later + 2 * margin <= w.later.size
        and w.counts[0].agenda + margin <= w.agenda.size
    )
