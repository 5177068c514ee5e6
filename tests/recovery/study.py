"""Hundreds of companies, one after the other, in a file that a stop does not lose.

A line of the file is a company: which kind, which seed, for which code, what came out, and the processor time it took.
Lines for other code do not count. With ``SALESSIM_RECOVERY`` set to a file a run goes on where the last one ended:

    SALESSIM_RECOVERY=found.jsonl python -m recovery.study plain 400
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from recovery.companies import (
    TELLING,
    Company,
    coverage,
    crm_of,
    hidden_quality,
    plain_company,
    practising_company,
    run_of,
    true_effects,
    worth_of,
)

from salessim.record import record

FIRST = {
    "plain": 1000, "practising": 1000, "routing": 2000, "quality": 2000, "stars": 2000, "one product each": 3000,
    "telling": 3000, "telling, one product each": 3000,
}  # fmt: skip
"""First seed of each kind of company: CI has those from 0."""
Found = dict[str, Any]


def _worth(company: Company, shift: np.ndarray | None = None) -> Found:
    worth, truth = worth_of(company, crm_of(record(run_of(company, shift)))), true_effects(company)
    return {
        "held": ((worth.low <= truth) & (truth <= worth.high)).astype(int).tolist(),
        "naive": (np.abs(worth.naive - truth) <= 1.96 * worth.naive_error).astype(int).tolist(),
        "off": ((worth.estimate - truth) / worth.error).round(4).tolist(),
        "steered": bool(worth.steered),
        "untold": list(worth.untold),
    }


def _hidden(seed: int, *, spread: float, star: float) -> Found:
    company = practising_company(seed)
    return _worth(company, hidden_quality(company, spread=spread, star=star))


KINDS: dict[str, Callable[[int], Found]] = {
    "plain": lambda seed: dict(coverage(plain_company(seed))),
    "practising": lambda seed: _worth(practising_company(seed)),
    "routing": lambda seed: _worth(practising_company(seed, routing=3.0)),
    "quality": lambda seed: _hidden(seed, spread=1.0, star=0.0),
    "stars": lambda seed: _hidden(seed, spread=0.5, star=1.5),
    "one product each": lambda seed: _worth(practising_company(seed, one_product_each=True)),
    "telling": lambda seed: _worth(practising_company(seed, size=TELLING)),
    "telling, one product each": lambda seed: _worth(practising_company(seed, size=TELLING, one_product_each=True)),
}


def collect(kind: str, seeds: Sequence[int], code: str, path: Path | None) -> list[Found]:
    """Return what came out for each seed; what the file at `path` knows for this code is taken from there."""
    known = {}
    if path is not None and path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            if (one["kind"], one["code"]) == (kind, code):
                known[one["seed"]] = one
    for seed in seeds:
        if seed in known:
            continue
        begin = time.process_time()
        found = KINDS[kind](seed)
        known[seed] = {
            "kind": kind, "seed": seed, "code": code, **found, "seconds": round(time.process_time() - begin, 3)
        }  # fmt: skip
        if path is not None:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(known[seed]) + "\n")
    return [known[seed] for seed in seeds]


def seeds_of(kind: str, count: int) -> range:
    """Return the seeds of a kind of company, so many of them."""
    return range(FIRST[kind], FIRST[kind] + count)


def file_of_study() -> Path | None:
    """Return where results are kept between runs, if the environment says so."""
    name = os.environ.get("SALESSIM_RECOVERY")
    return Path(name) if name else None


if __name__ == "__main__":
    from validation.table import code_hash

    collect(sys.argv[1], seeds_of(sys.argv[1], int(sys.argv[2])), code_hash("recovery"), file_of_study())
