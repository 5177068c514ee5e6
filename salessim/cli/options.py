"""Options that several commands have."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["Verbs", "add_language", "add_study"]

Verbs = Any
"""What `argparse` gives for adding commands; its class is private."""


def add_language(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--lang``."""
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help=f"language of {what} (default: en)")


def add_study(parser: argparse.ArgumentParser) -> None:
    """Add the options of a comparison of structures."""
    parser.add_argument("folder", help="folder with a CRM export")
    parser.add_argument("--months", type=int, default=24, help="length of the comparison (default: 24)")
    parser.add_argument("--replications", type=int, default=30, help="paired runs (30, up to 90 where needed)")
    parser.add_argument("--draws", type=int, default=48, help="draws of the assumptions (default: 48)")
    parser.add_argument(
        "--delta", type=float, default=1.0, help="smallest difference that matters, %% of revenue (default: 1)"
    )
    parser.add_argument("--reps", type=int, help="sales force size under the new structures (default: as today)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random numbers (default: 1)")
    parser.add_argument("--quiet", action="store_true", help="no import report, no progress")
    add_language(parser, "the answer")
