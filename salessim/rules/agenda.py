"""The agenda: where rules announce what will happen. Both clocks take their events from here and nowhere else."""

from __future__ import annotations

from salessim.world.compiled import rule
from salessim.world.tables import NEVER, Tables

__all__ = [
    "CANDIDATE", "MONTH", "REFERRAL", "REPLY", "START", "SWITCH", "WAKE", "WORK", "announce", "has_room",
]  # fmt: skip

# Classes of events. At one instant the lower goes first; 0 and 1 belong to SimPy itself.
MONTH, SWITCH, START, CANDIDATE, REFERRAL, REPLY, WORK, WAKE = range(2, 10)


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
    """Tell whether every growing table has room for whatever one event can add.

    An event adds a deal for each product at most; the end of a month and a reorganisation may ring everybody and hand
    over every account.
    """
    few = w.settings[0].n_products + 2
    many = few + w.settings[0].largest_change
    all_ring = few + 4 * w.reps.size
    return (
        w.counts[0].deals + few <= w.deals.size
        and w.counts[0].steps + few <= w.steps.size
        and w.counts[0].relations + many <= w.relations.size
        and (w.settings[0].record_calls == 0 or w.counts[0].calls + few <= w.calls.size)
        and w.counts[0].careers + all_ring <= w.careers.size
        and w.counts[0].handovers + many <= w.handovers.size
        and w.counts[0].heap + 2 * all_ring <= w.heap.size
        and w.counts[0].later + 2 * all_ring <= w.later.size
        and w.counts[0].agenda + all_ring <= w.agenda.size
    )
