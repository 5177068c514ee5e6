"""Twenty thousand mutated exports: no traceback, no hang, no silent loss."""

from __future__ import annotations

import time
from pathlib import Path

from crm_mutations import check_mutant, seeds
from validation.bounds import upper
from validation.table import record

FIRST, MUTANTS, SECONDS = 1000, 20_000, 10.0
BAR = "<= 0.0003"  # of the bound: what 20,000 without a single failure show


def test_twenty_thousand_mutants(tmp_path: Path) -> None:
    """Each is read with every row accounted for, or refused in one paragraph, within seconds of processor time."""
    failed: list[str] = []
    read, slowest = 0, 0.0
    for number in range(FIRST, FIRST + MUTANTS):
        start = time.process_time()
        try:
            read += check_mutant(number, tmp_path)
        except Exception as trouble:  # whatever it is, the others are to be read too
            failed.append(f"{number}: {trouble!r:.200}")
        spent = time.process_time() - start
        slowest = max(slowest, spent)
        if spent > SECONDS:
            failed.append(f"{number}: {spent:.0f} s")
    formats = len(seeds())
    record("crm", f"mutated files of {formats} formats: traceback, hang or silent loss", bar=BAR,
           value=len(failed) / MUTANTS, bound=upper(len(failed), MUTANTS), n=MUTANTS)  # fmt: skip
    record("crm", "mutated files: share read, the others refused", bar="shown", value=read / MUTANTS,
           bound=read / MUTANTS, n=MUTANTS)  # fmt: skip
    record("crm", "mutated files: slowest, processor seconds", bar=f"<= {SECONDS:.0f}", value=slowest, bound=slowest,
           n=MUTANTS)  # fmt: skip
    assert not failed, failed[:10]
