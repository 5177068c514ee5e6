"""What every test shares: reproducible Hypothesis, no windows, and which tiers run unasked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).resolve().parent
TIER_OF_FOLDER = {"browser": "browser", "validation": "validation"}

os.environ.setdefault("MPLBACKEND", "Agg")  # a chart in a test must not open a window

# No deadline: the first call of a compiled rule takes seconds and says nothing about the rule.
settings.register_profile("salessim", deadline=None)
settings.register_profile("salessim-ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("salessim-ci" if os.environ.get("CI") else "salessim")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by their folder; leave the validation studies out unless the marker expression names them."""
    for item in items:
        if item.path.is_relative_to(TESTS):
            marker = TIER_OF_FOLDER.get(item.path.relative_to(TESTS).parts[0])
            if marker:
                item.add_marker(marker)
    if "validation" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("validation")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("validation")]
