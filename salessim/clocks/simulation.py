"""The SimPy model of a sales organisation: reps, customers and demand as SimPy processes over one world.

What happens is decided by the rules; SimPy decides when. Waiting work is state of the world and a rule picks the next
piece, so a rep is a process that asks the rule, works, and asks again. Events are ordered by (time, class, id), so ties
fall the same way on both clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import simpy

from salessim.clocks import entries
from salessim.clocks.run import Run
from salessim.rules.agenda import CANDIDATE, MONTH, REFERRAL, REPLY, START, SWITCH, WAKE, WORK
from salessim.world.build import build_world
from salessim.world.world import World

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.alignment import Alignment

__all__ = ["At", "Simulation"]


class At(simpy.Event):
    """An event at a given time, whose place among the events of that instant is defined: (time, class, id)."""

    def __init__(self, env: simpy.Environment, time: float, kind: int, ident: int) -> None:
        # not super().__init__: a scheduled event is born triggered, as simpy.Timeout is
        self.env = env
        self.callbacks = []
        self._ok = True
        self._value = None
        env._queue_at(time, (kind << 40) | ident, self)  # type: ignore[attr-defined]


class _Clock(simpy.Environment):
    """A SimPy environment that takes absolute times, so that no sum of delays decides a tie."""

    def _queue_at(self, time: float, priority: int, event: simpy.Event) -> None:
        from heapq import heappush

        heappush(self._queue, (time, priority, next(self._eid), event))  # type: ignore[misc]


class Simulation:
    """A SimPy simulation of a market under a plan.

    Parameters
    ----------
    market, plan : Market, Plan
    months : int
        Length of the run.
    seed, replication : int
        Luck: the same pair replays the same market, customer by customer, under any plan.
    processes : sequence of callables
        Processes of your own: each is called with this simulation and returns a SimPy generator, which can wait on
        ``sim.env`` and change ``sim.world`` (see the example).
    world : World, optional
        A world built before; by default it is built from market and plan.

    Attributes
    ----------
    env : simpy.Environment
        Time is in days since the market's start.
    world : World

    Examples
    --------
    A trade fair after 60 days that brings goodwill everywhere:

    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> def fair(sim):
    ...     yield sim.env.timeout(60)
    ...     sim.world["covers"]["goodwill"] += 2.0
    >>> run = Simulation(market, plan, months=6, processes=[fair]).run()
    >>> run.revenue > Simulation(market, plan, months=6).run().revenue
    True
    """

    def __init__(
        self,
        market: Market,
        plan: Plan,
        months: int = 24,
        *,
        seed: int = 1,
        replication: int = 0,
        processes: tuple[Callable[[Simulation], Iterator[Any]], ...] | list[Callable[[Simulation], Iterator[Any]]] = (),
        alignment: Alignment | None = None,
        world: World | None = None,
        record_calls: bool = False,
    ) -> None:
        self.market = market
        self.plan = plan
        self.months = months
        self.world = world or build_world(
            market, plan, months, alignment=alignment, seed=seed, replication=replication, record_calls=record_calls
        )
        self.env = _Clock()
        self._processes = tuple(processes)
        self._bells: list[simpy.Event | None] = [None] * len(self.world.names.reps)
        self._work: list[At | None] = [None] * len(self.world.names.reps)
        self._events = 0
        self._read_agenda()

    # ---- the model -------------------------------------------------------------------------------------------------
    def _rep(self, r: int) -> Iterator[simpy.Event]:
        """A rep: chooses, works, finishes, chooses again; rests until he is rung where there is nothing to do."""
        env = self.env
        while True:
            self._work[r] = None
            busy, announced, roomy = entries.choose_work(self.world.address, r, env.now)
            self._announce(announced, roomy)
            if busy:
                yield self._work[r] or env.event()  # work that outlasts the run is never done
                _, announced, roomy = entries.finish_work(self.world.address, r, env.now)
                self._announce(announced, roomy)
            else:
                bell = self._bells[r] = env.event()
                yield bell

    def _candidate(self, c: int) -> None:
        """Demand: a candidate of an account for a product."""
        self._told(*entries.candidate(self.world.address, c, self.env.now))

    def _referral(self, d: int) -> None:
        """Demand: an opportunity that a won deal opened."""
        self._told(*entries.referral(self.world.address, d, self.env.now))

    def _reply(self, d: int) -> None:
        """A customer answers."""
        self._told(*entries.answer(self.world.address, d, self.env.now))

    def _month(self, m: int) -> None:
        """A month ends: appraisal, quits, a plan that changes on a sign."""
        self._told(*entries.end_month(self.world.address, m, self.env.now))

    def _switch(self, j: int) -> None:
        """A wave of a reorganisation."""
        self._told(*entries.switch(self.world.address, j, self.env.now))

    def _start(self, r: int) -> None:
        """The first day of a successor."""
        self._told(*entries.arrive(self.world.address, r, self.env.now))

    # ---- the wiring ------------------------------------------------------------------------------------------------
    def _told(self, ring: int, announced: int, roomy: bool) -> None:
        self._announce(announced, roomy)
        if ring >= 0:
            self._ring(ring)

    def _ring(self, r: int) -> None:
        bell = self._bells[r]
        if bell is not None:
            self._bells[r] = None
            bell.succeed()

    def _announce(self, announced: int, roomy: bool) -> None:
        for i in range(announced):
            kind, ident = self._kind.item(i), self._ident.item(i)
            event = At(self.env, self._time.item(i), kind, ident)
            if kind == WORK:
                self._work[ident] = event
                event.callbacks.append(self._count)
            else:
                event.callbacks.append(_HANDLERS[kind](self, ident))
        if not roomy:
            self.world.grow()
            self._read_agenda()

    def _count(self, _: simpy.Event) -> None:
        self._events += 1

    def _read_agenda(self) -> None:
        agenda = self.world["agenda"]
        self._time, self._kind, self._ident = agenda["time"], agenda["kind"], agenda["ident"]

    def run(self) -> Run:
        """Run to the end and return what happened."""
        world, until = self.world, float(self.world["settings"]["until"][0])
        world.make_room_to_open()
        self._read_agenda()
        entries.open_books(world.address)
        self._announce(int(world["counts"]["agenda"][0]), False)
        for r in range(len(self._bells)):
            self._bells[r] = self.env.event()
            self.env.process(self._waking_rep(r, self._bells[r]))  # type: ignore[arg-type]
        for process in self._processes:
            self.env.process(process(self))  # type: ignore[arg-type]
        self.env.run(until=until)
        entries.close_books(world.address)
        world.close_calendar()
        world["counts"]["events"] = self._events
        return Run(self.market, self.plan, self.months, world)

    def _waking_rep(self, r: int, first_bell: simpy.Event) -> Iterator[simpy.Event]:
        yield first_bell
        yield from self._rep(r)


def _handler(method: Callable[[Simulation, int], None]) -> Callable[[Simulation, int], Callable[[simpy.Event], None]]:
    def bind(simulation: Simulation, ident: int) -> Callable[[simpy.Event], None]:
        def happen(_: simpy.Event) -> None:
            simulation._events += 1
            method(simulation, ident)

        return happen

    return bind


_HANDLERS = {
    CANDIDATE: _handler(Simulation._candidate),
    REFERRAL: _handler(Simulation._referral),
    REPLY: _handler(Simulation._reply),
    WAKE: _handler(Simulation._ring),
    MONTH: _handler(Simulation._month),
    SWITCH: _handler(Simulation._switch),
    START: _handler(Simulation._start),
}
