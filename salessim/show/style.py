"""How every figure looks: one style, one colour, marker and line per structure."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from salessim.model.plan import Plan

__all__ = ["STYLE", "Look", "colour_of", "looks_of", "mixed"]

STYLE: Mapping[str, Any] = MappingProxyType(
    {
        "width": 1280,  # pixels, at 100 to the inch
        "height": 720,
        "dots": 100,
        "title": 25,  # pixels
        "subtitle": 17,
        "head": 18,
        "text": 16,
        "small": 14,
        "ground": "#ffffff",
        "ink": "#1c1c1c",
        "faint": "#585858",
        "line": "#b5b5b5",
        "band": "#e6e6e6",
        "thick": 2.6,  # points
        "thin": 1.0,
    }
)
"""The one style: sizes of text in pixels of a page 1280 wide, colours, widths of lines."""


class Look(NamedTuple):
    """How a plan is drawn: colour of lines, darker colour of text, marker and style of line."""

    colour: str
    ink: str
    marker: str
    line: Any


_COLOURS: Mapping[str, tuple[str, str, Any]] = {
    "territory": ("#0072B2", "o", "solid"),
    "product": ("#D55E00", "s", (0, (5, 1.6))),
    "customer": ("#009E73", "^", (0, (6, 1.4, 1.4, 1.4))),
    "hybrid": ("#CC79A7", "D", (0, (1.6, 1.2))),
    "today": ("#555555", "X", (0, (9, 2))),
}
# For further plans of one structure: what to mix in, and how much of it.
_TONES = (("#000000", 0.38), ("#ffffff", 0.3), ("#000000", 0.62), ("#ffffff", 0.5))
_FURTHER = ("v", "P", "*", "h", "<", ">", "p")


def colour_of(plan: Plan) -> str:
    """Return the colour of a plan: that of its structure.

    Examples
    --------
    >>> from salessim.model.plan import Plan
    >>> colour_of(Plan(structure="customer", reps=5))
    '#009E73'
    """
    return _COLOURS[plan.structure][0]


def looks_of(plans: Mapping[str, Plan]) -> dict[str, Look]:
    """Return how each plan of a comparison is drawn.

    The first plan of a structure has its colour, marker and line; a further one gets a darker or lighter tone, and
    a marker and a line of its own.

    Examples
    --------
    >>> from salessim.model.plan import Plan
    >>> few, many = Plan(structure="product", reps=5), Plan(structure="product", reps=9)
    >>> looks = looks_of({"few": few, "many": many})
    >>> looks["few"].colour, looks["many"].marker
    ('#D55E00', 'v')
    """
    seen: dict[str, int] = {}
    spare = 0
    found = {}
    for name, plan in plans.items():
        colour, marker, line = _COLOURS[plan.structure]
        times = seen.get(plan.structure, 0)
        seen[plan.structure] = times + 1
        if times:
            colour = mixed(colour, *_TONES[(times - 1) % len(_TONES)])
            spare += 1
            marker, line = _FURTHER[(spare - 1) % len(_FURTHER)], (0, (1.5 + spare, 1.5, 4.0, 1.5))
        found[name] = Look(colour, _readable(colour), marker, line)
    return found


def mixed(colour: str, other: str, part: float) -> str:
    """Return a colour with a part of another one mixed in.

    Examples
    --------
    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(255 * (a + part * (b - a))):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5))
    return red, green, blue


def _readable(colour: str) -> str:
    """Darken a colour until text in it stands out from white by 4.5 to 1 (the contrast of WCAG 2)."""
    hue, light, strong = colorsys.rgb_to_hls(*_channels(colour))
    while _contrast(colour) < 4.5:
        light -= 0.01
        colour = "#" + "".join(f"{round(255 * x):02x}" for x in colorsys.hls_to_rgb(hue, light, strong))
    return colour


def _contrast(colour: str) -> float:
    """Return the contrast of a colour with white."""
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in _channels(colour)]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
