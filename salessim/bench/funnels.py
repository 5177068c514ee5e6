"""The bare four-stage funnel in other simulators, to compare their speed: the same work, nothing of our model.

Leads arrive at random, 5 a day; at each stage 12 people work on one lead at a time, for a random time; the customer
then goes on or is gone. An event is an arrival or the end of work on a stage. The four stages are those of the presets.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["FUNNELS", "measure"]

_ADVANCE = (0.55, 0.6, 0.6, 0.75)
_DAYS = (1.0, 2.5, 3.5, 2.5)
_PEOPLE = 12
_A_DAY = 5.0
_LENGTH = 2000.0


def measure(name: str) -> None:
    """Run the funnel in one simulator and print events and processor seconds as JSON."""
    FUNNELS[name](50.0)
    start = time.process_time()
    events = FUNNELS[name](_LENGTH)
    print(json.dumps({"events": events, "seconds": time.process_time() - start}))


def _simpy(until: float) -> int:
    import simpy

    env, luck, events = simpy.Environment(), random.Random(1), 0
    desks = [simpy.Resource(env, _PEOPLE) for _ in _DAYS]

    def lead() -> Iterator[Any]:
        nonlocal events
        for desk, days, advance in zip(desks, _DAYS, _ADVANCE, strict=True):
            with desk.request() as turn:
                yield turn
                yield env.timeout(luck.expovariate(1 / days))
            events += 1
            if luck.random() >= advance:
                return

    def source() -> Iterator[Any]:
        nonlocal events
        while True:
            yield env.timeout(luck.expovariate(_A_DAY))
            events += 1
            env.process(lead())  # type: ignore[arg-type]

    env.process(source())  # type: ignore[arg-type]
    env.run(until)
    return events


def _ciw(until: float) -> int:
    import ciw  # type: ignore[import-not-found]

    ciw.seed(1)
    stages = len(_DAYS)
    routing = [[_ADVANCE[i] if j == i + 1 else 0.0 for j in range(stages)] for i in range(stages)]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=_A_DAY), *[None] * (stages - 1)],
        service_distributions=[ciw.dists.Exponential(rate=1 / days) for days in _DAYS],
        number_of_servers=[_PEOPLE] * stages,
        routing=routing,
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(until)
    records = simulation.get_all_records()
    return len(records) + sum(record.node == 1 for record in records)


def _salabim(until: float) -> int:
    import salabim  # type: ignore[import-not-found]

    salabim.yieldless(False)
    env, luck, events = salabim.Environment(trace=False), random.Random(1), 0
    desks = [salabim.Resource(capacity=_PEOPLE) for _ in _DAYS]

    class Lead(salabim.Component):  # type: ignore[misc]
        def process(self) -> Iterator[Any]:
            nonlocal events
            events += 1
            for desk, days, advance in zip(desks, _DAYS, _ADVANCE, strict=True):
                yield self.request(desk)
                yield self.hold(luck.expovariate(1 / days))
                self.release(desk)
                events += 1
                if luck.random() >= advance:
                    return

    class Source(salabim.Component):  # type: ignore[misc]
        def process(self) -> Iterator[Any]:
            while True:
                yield self.hold(luck.expovariate(_A_DAY))
                Lead()

    Source()
    env.run(till=until)
    return events


FUNNELS: dict[str, Callable[[float], int]] = {"simpy": _simpy, "ciw": _ciw, "salabim": _salabim}
"""By the name of the library: runs so many days and returns the number of events."""
