"""Tables for a terminal."""

from __future__ import annotations

__all__ = ["print_aligned"]


def print_aligned(lines: list[list[str]]) -> None:
    """Print a table whose columns stand under one another also where characters take two places of a terminal."""
    from salessim.study.wording import cells

    widths = [max(map(cells, column)) for column in zip(*lines, strict=True)]
    for first, *rest in lines:
        figures = (" " * (width - cells(cell)) + cell for cell, width in zip(rest, widths[1:], strict=True))
        print("  ".join([first + " " * (widths[0] - cells(first)), *figures]).rstrip())
