"""The SimPy model of a sales organisation: reps, customers and demand as SimPy processes over one world.

What happens is decided by the rules; SimPy decides when. Waiting work is state of the world and a rule picks the next
piece, so a rep is a process that asks the rule, works, and asks again. Events are ordered by (time, class, id), so ties
fall the same way on both clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from salessim.clocks import entries
from salessim.clocks.run import Run
from salessim.clocks.worlds import make_world
from salessim.errors import StudyError, explain
from salessim.rules.agenda import CANDIDATE, MONTH, REFERRAL, REPLY, START, SWITCH, WAKE, WORK
from salessim.world.access import addresses
from salessim.world.random import SHOCK, identity, key, uniform
from salessim.world.tables import DTYPES
from salessim.world.world import World

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.alignment import Alignment

__all__ = ["At", "Simulation"]


class At(simpy.Event):
    """An event at a given time, whose place among the events of that instant is defined: (time, class, id)."""

    def __init__(self, env: simpy.Environment, time: float, kind: int, ident: int) -> None:
        # not super().__init__: a scheduled event is born triggered, as simpy.Timeout is
        self.env = env
        self.time = time
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
        Processes of your own: each is called with this simulation and returns a SimPy generator, which waits on
        ``sim.env`` and acts on the world by the methods below. `salessim.compare` takes them too.
    world : World, optional
        A world built before; by default it is built from market and plan.

    Attributes
    ----------
    env : simpy.Environment
        Time is in days since the market's start.
    world : World

    Notes
    -----
    What a process may do to the running world (``sim.world``; rows have the names in ``sim.world.names``):

    ======================================  ===========================================================================
    strike, sick leave, trade fair          `take_time`: working days of some reps are gone
    campaign, reference, complaint          `add_goodwill`: of an account and product, in calls; never below 0
    extra opportunities                     `add_inquiry`: one more inquiry, with luck of its own
    price, margin, complexity of a product  ``sim.world["products"]``, for deals that begin from now on
    demand of an account and product        ``sim.world["covers"]["rate"]`` (a day, saturated), from its next candidate
    skill, insight                          ``sim.world["skill"]["level"]`` (rep x product), ``["insight"]``
    goodwill lost, response, travel speed   the scalars of ``sim.world["settings"]``; travel only for new relations
    ======================================  ===========================================================================

    Everything else (owners, queues, chains ``next...``, counts, states of deals) is kept consistent by the rules and is
    for reading. Luck comes from `luck`, never from a generator of your own: otherwise two plans do not meet the same
    world, and the same run is not the same twice.

    Examples
    --------
    A strike of ten working days of everybody after three months:

    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> def strike(sim):
    ...     yield sim.env.timeout(90)
    ...     sim.take_time(range(len(sim.world.names.reps)), days=10)
    >>> run = Simulation(market, plan, months=6, processes=[strike]).run()
    >>> run.revenue < Simulation(market, plan, months=6).run().revenue
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
        self.world = world or make_world(
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

    # ---- what a process of one's own may do ------------------------------------------------------------------------
    def take_time(self, reps: ArrayLike, days: int) -> None:
        """Take the next `days` working days of some reps out of their calendars.

        What a rep is at is not interrupted: his days are counted from the morning after it is done.

        Parameters
        ----------
        reps : array of int
            Rows of ``world["reps"]``; ``world["covers"]["owner"]`` tells who sells what to whom.
        days : int

        Raises
        ------
        StudyError
            For a rep who is not there, or less than one day.
        """
        world, chosen = self.world, np.unique(np.asarray(list(np.atleast_1d(np.asarray(reps))), dtype=np.int64))
        table = world["reps"]
        if len(chosen) and not (chosen[0] >= 0 and chosen[-1] < len(table)):
            raise StudyError(
                explain("no such rep", where="take_time", value=chosen.tolist(), allowed=f"0 to {len(table) - 1}")
            )
        if days < 1:
            raise StudyError(explain("too few days", where="take_time", value=days, allowed="1 or more"))
        n_days = int(world["settings"]["n_days"][0])
        hours = world["hours"]["total"].reshape(-1, n_days + 1)[table["calendar"]]
        for r in chosen.tolist():
            daily = np.diff(hours[r])
            first = self._free_morning(r)
            gone = first + np.flatnonzero(daily[first:] > 0.0)[:days]
            daily[gone] = 0.0
            hours[r, first + 1 :] = hours[r, first] + np.cumsum(daily[first:])
        table["calendar"] = np.arange(len(table))  # from now on everybody has a calendar of his own
        world.tables["hours"] = np.zeros(hours.size, DTYPES["hours"])
        world["hours"]["total"] = hours.ravel()
        world.address = addresses(world.tables)

    def _free_morning(self, r: int) -> int:
        """Return the first day whose morning is still to come when rep `r` has done what he is at."""
        at = self._work[r]
        free = max(self.env.now, at.time if at is not None else 0.0)
        day = int(free)
        return day if free <= day + float(self.world["settings"]["opens"][0]) else day + 1

    def add_goodwill(self, covers: ArrayLike, calls: float) -> None:
        """Add goodwill worth so many calls to accounts and products (rows of ``world["covers"]``)."""
        for c in self._covers(covers, "add_goodwill"):
            entries.add_goodwill(self.world.address, c, 0.0, self.env.now)  # what is there now, after fading
            least = -float(self.world["covers"]["goodwill"][c])
            entries.add_goodwill(self.world.address, c, max(float(calls), least), self.env.now)

    def add_inquiry(self, covers: ArrayLike, name: str) -> None:
        """Let one more inquiry come in on each of these covers (rows of ``world["covers"]``), at this moment.

        `name` gives the inquiry its identity, and with it the same budget and luck under every plan; an account and
        product has at most one inquiry of a name.
        """
        for c in self._covers(covers, "add_inquiry"):
            own = key(key(int(self.world["settings"]["seed"][0]), int(self.world["covers"]["key"][c])), identity(name))
            self._told(*entries.inquiry(self.world.address, c, np.uint64(own), self.env.now))

    def _covers(self, covers: ArrayLike, where: str) -> list[int]:
        chosen: list[int] = np.unique(np.asarray(covers, dtype=np.int64)).tolist()
        last = len(self.world["covers"]) - 1
        if chosen and not (chosen[0] >= 0 and chosen[-1] <= last):
            raise StudyError(explain("no such cover", where=where, value=chosen, allowed=f"0 to {last}"))
        return chosen

    def luck(self, name: str, ordinal: int = 0) -> float:
        """Return a number between 0 and 1 that depends on seed, replication, `name` and `ordinal` alone.

        For an account take its key, ``world["accounts"]["key"]``, as ordinal: rows depend on the order in a file.
        """
        own = key(int(self.world["settings"]["seed"][0]), identity("own process", name))
        return float(uniform(own, SHOCK, np.uint64(ordinal)))  # the key is used for nothing else, whatever the stream

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
            steps = process(self)
            if not hasattr(steps, "throw"):
                raise StudyError(
                    explain(
                        "a process of your own must be a generator: it waits with `yield sim.env.timeout(days)`",
                        where=f"processes, {getattr(process, '__name__', process)}", value=steps,
                    )
                )  # fmt: skip
            self.env.process(steps)  # type: ignore[arg-type]
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
