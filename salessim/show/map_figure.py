"""The territory map as a picture: who serves whom, and what everybody's selling time goes into, plan by plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.show.bars import draw_bars
from salessim.show.legend import draw_marker
from salessim.show.page import Page
from salessim.show.style import STYLE, Look, mixed
from salessim.study.phrases import phrase, quantity, share
from salessim.words import sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from salessim.clocks.run import Run
    from salessim.world.alignment import Alignment

__all__ = ["Ground", "RepHours", "ground_of", "hours_of", "map_alt_text", "map_figure"]

Floats = NDArray[np.float64]
_LEVEL = 0.95
_NEAR = 0.15  # of the mean: a load as near to it counts as balanced
_MOST_LINES = 1_600  # more would be a blot, and slow to draw
_TONES = ((None, 0.0), ("#000000", 0.45), ("#ffffff", 0.45), ("#000000", 0.22))
_GAP, _EDGE = 26.0, 5.0
_FEW = 24


class RepHours(NamedTuple):
    """Selling hours of everybody in one future.

    Attributes
    ----------
    reps : tuple of str
        The seats.
    present, travel : (reps,) arrays
        Hours while the seat was filled, and of these on the way.
    """

    reps: tuple[str, ...]
    present: Floats
    travel: Floats


class Ground(NamedTuple):
    """One plan on the map.

    Attributes
    ----------
    accounts : (accounts, 2) array
        Where they are, kilometres on the plane.
    homes : (reps, 2) array
        Where the reps live, in the order of the alignment.
    links : (links, 2) int array
        Account and rep of every account with everybody who serves it, each once.
    work : (reps,) array
        Expected workload over the mean of all reps.
    travel : (reps,) array
        Share of selling time on the way, over all futures.
    travel_mean, travel_half : float
        Share of the selling time of all on the way: mean over the futures, half the width of its 95 % interval.
    balanced : float
        Share of reps whose expected workload is within 15 % of the mean.
    reps_per_account : float
    """

    accounts: Floats
    homes: Floats
    links: NDArray[np.int64]
    work: Floats
    travel: Floats
    travel_mean: float
    travel_half: float
    balanced: float
    reps_per_account: float

    @property
    def placed(self) -> bool:
        """Whether it is known where the accounts are."""
        return bool(np.ptp(self.accounts, axis=0).any())


def hours_of(run: Run) -> RepHours:
    """Add up the selling hours of everybody in a run.

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.measures import measures_of
    >>> from salessim.model.presets import preset
    >>> run = simulate(*preset("small"), 3)
    >>> hours = hours_of(run)
    >>> bool(np.isclose(hours.travel.sum() / hours.present.sum(), measures_of(run)["travel_share"]))
    True
    """
    reps = run.world.names.reps
    diary = run.world["diary"].reshape(len(reps), -1)
    return RepHours(reps, diary["present_hours"].sum(axis=1), diary["travel_hours"].sum(axis=1))


def ground_of(alignment: Alignment, hours: Sequence[RepHours]) -> Ground:
    """Reduce who serves whom, and the hours of some futures, to what the map shows.

    Parameters
    ----------
    alignment : Alignment
        At the start of the plan.
    hours : sequence of RepHours
        One for each future; seats that only a change fills later are on no map.
    """
    from scipy.special import stdtrit

    n = len(hours)
    present, travel = (np.array([one[part] for one in hours]) for part in (1, 2))
    shares = travel.sum(axis=1) / np.maximum(present.sum(axis=1), 1e-9)
    half = float(stdtrit(n - 1, 0.5 + _LEVEL / 2.0) * shares.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    seat = {name: row for row, name in enumerate(hours[0].reps)}
    mine = [seat[name] for name in alignment.reps]
    accounts = np.repeat(np.arange(len(alignment.accounts)), alignment.owner.shape[1])
    links = np.unique(np.column_stack([accounts, alignment.owner.ravel()]), axis=0)
    work = alignment.work / max(float(alignment.work.mean()), 1e-300)
    return Ground(
        alignment.places.flat, alignment.flat_home, links, work,
        (travel.sum(axis=0) / np.maximum(present.sum(axis=0), 1e-9))[mine], float(shares.mean()), half,
        float((np.abs(work - 1.0) <= _NEAR).mean()), len(links) / max(len(alignment.accounts), 1),
    )  # fmt: skip


def map_figure(
    grounds: Sequence[Ground], names: Sequence[str], looks: Sequence[Look], language: str = "en", *, width: int = 736,
    height: int = 254,
) -> Figure:  # fmt: skip
    """Draw the first two plans: left who serves whom, right workload and travel of everybody.

    Every account is a dot, with a line to the home of each rep who serves it; every rep is a pale bar of workload
    (1 is the mean of all) with a dark one before it, the share of selling time on the way.

    Parameters
    ----------
    grounds : sequence of Ground
    names, looks : sequences
        Of every plan.
    language : {"en", "zh"}
    width, height : int
        In pixels.
    """
    page = Page(height, width)
    shown = min(2, len(grounds))
    top, bottom = 26.0, height - 20.0
    side = min(bottom - top, 0.3 * width)
    for place in range(shown):
        left = 4.0 + place * (side + _GAP)
        _heading(page, left, side, names[place], looks[place])
        _map(page, grounds[place], looks[place], (left, top, left + side, top + side), language)
        said = sentence("map reps per account", language, number=f"{grounds[place].reps_per_account:.1f}")
        page.text(left, height - 16, said, STYLE["small"], STYLE["faint"])
    start = 4.0 + shown * (side + _GAP) + 30.0
    page.text(start - 30, 4, sentence("map time", language), STYLE["small"], STYLE["faint"])
    high = (height - 26.0 - 4.0) / shown
    reach = max(1.2, *(float(ground.work.max(initial=0.0)) for ground in grounds[:shown]))
    for place in range(shown):
        upper = 26.0 + place * high
        _time(page, grounds[place], looks[place], (start, upper + 22, width - 6.0, upper + high - 6), reach, language)
    return page.figure


def map_alt_text(grounds: Sequence[Ground], names: Sequence[str], language: str = "en") -> str:
    """Say what the picture shows: reps per account, travel and balance under every plan."""
    return phrase(language, "space").join(
        sentence("map finding", language, plan=name, number=f"{ground.reps_per_account:.1f}",
                 travel=share(ground.travel_mean, language), balanced=share(ground.balanced, language))
        for ground, name in zip(grounds, names, strict=False)
    )  # fmt: skip


def _heading(page: Page, left: float, wide: float, name: str, look: Look) -> None:
    draw_marker(page, left + 6, 12, look)
    page.text(left + 17, 12, page.wrapped(name, STYLE["small"], wide - 14, 1)[0], STYLE["small"], look.ink, middle=True)


def _map(page: Page, ground: Ground, look: Look, box: tuple[float, float, float, float], language: str) -> None:
    """Draw a map straight onto the page, where north is up and a kilometre is as long both ways."""
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    if not ground.placed:
        lines = page.wrapped(sentence("map no places", language), STYLE["small"], box[2] - box[0] - 8)
        page.block(box[0], (box[1] + box[3]) / 2 - 9 * len(lines), lines, STYLE["small"], STYLE["faint"])
        return
    ends = np.concatenate([ground.accounts, ground.homes])
    low, wide = ends.min(axis=0), max(float(np.ptp(ends, axis=0).max()), 1e-9)
    side = box[2] - box[0] - 2.0 * _EDGE
    shift = (wide - np.ptp(ends, axis=0)) / 2.0
    corner, whole = np.array([box[0] + _EDGE, page.height - box[3] + _EDGE]), np.array([page.width, page.height])
    places = (ground.accounts, ground.homes)
    accounts, homes = ((corner + (part - low + shift) / wide * side) / whole for part in places)
    links = ground.links[:: max(1, -(-len(ground.links) // _MOST_LINES))]
    tones = [look.colour if other is None else mixed(look.colour, other, part) for other, part in _TONES]
    rank = np.argsort(np.argsort(ground.homes[:, 0], kind="stable"))  # neighbours get other tones
    colours = [tones[rank[rep] % len(tones)] for rep in links[:, 1].tolist()]
    segments = np.stack([accounts[links[:, 0]], homes[links[:, 1]]], axis=1)
    at = page.figure.transFigure
    page.figure.add_artist(LineCollection(list(segments), colors=colours, linewidths=0.5, zorder=2, transform=at))
    for where, marker, size, colour, edge in (
        (accounts, ".", 2.2, STYLE["ink"], 0.0),
        (homes, look.marker, 7.0 if len(homes) <= _FEW else 5.0, look.ink, 0.9),
    ):
        page.figure.add_artist(
            Line2D(where[:, 0], where[:, 1], linestyle="none", marker=marker, markersize=size, color=colour, zorder=4,
                   markeredgecolor="#ffffff", markeredgewidth=edge, transform=at)
        )  # fmt: skip
    across = sentence("map width", language, km=quantity(float(f"{wide:.2g}"), language))
    page.text(box[2], box[3] + 4, across, STYLE["small"], STYLE["faint"], right=True)


def _time(
    page: Page, ground: Ground, look: Look, box: tuple[float, float, float, float], reach: float, language: str
) -> None:
    """Draw two bars for every rep, the most loaded first: workload pale, before it travel, dark and narrower."""
    left, top, right, bottom = box
    ax = page.axes(left, top, right, bottom)
    order = np.argsort(-ground.work, kind="stable")
    at = np.arange(len(order), dtype=np.float64)
    ax.set(xlim=(-0.7, len(order) - 0.3), ylim=(0.0, 1.02 * reach))
    draw_bars(ax, at, ground.work[order], 0.84, facecolor=mixed("#ffffff", look.colour, 0.42), zorder=2)
    draw_bars(ax, at, ground.travel[order], 0.5, facecolor=look.ink, zorder=3)
    ax.axhline(1.0, color=STYLE["ink"], linewidth=1.0, linestyle=(0, (4, 3)), zorder=4)
    page.ticks(ax, "x", [], [])
    places = [0.0, 0.5, 1.0] if reach < 2.0 else [0.0, 1.0, float(np.floor(reach))]
    page.ticks(ax, "y", places, [share(x, language) for x in places])
    said = sentence(
        "map travel", language, travel=share(ground.travel_mean, language, decimals=1),
        half=f"{100.0 * ground.travel_half:.1f}" if np.isfinite(ground.travel_half) else "–",
        balanced=share(ground.balanced, language),
    )  # fmt: skip
    lines, size = page.fitted(said, (STYLE["small"], 13), right - left + 26, 1)
    page.text(left - 26, top - 19, lines[0], size, look.ink)
