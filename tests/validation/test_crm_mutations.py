"""Twenty thousand mutated exports: no traceback, no hang, no silent loss."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from crm_mutations import check_mutant


@pytest.mark.parametrize("block", range(20))
def test_twenty_thousand_mutants(block: int, tmp_path: Path) -> None:
    for number in range(1000 + 1000 * block, 2000 + 1000 * block):
        start = time.process_time()
        check_mutant(number, tmp_path)
        assert time.process_time() - start < 10, number
