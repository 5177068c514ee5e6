"""The funnel as a picture: how many opportunities reach each stage, and what share of them goes on, plan by plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.show.bars import draw_bars
from salessim.show.legend import draw_legend
from salessim.show.page import Page, plain_ticks
from salessim.show.style import STYLE, Look, mixed
from salessim.study.phrases import phrase, quantity, share
from salessim.study.wording import capital, stage_label
from salessim.words import sentence
from salessim.world.tables import ADVANCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from salessim.clocks.run import Run

__all__ = ["Funnels", "StageCounts", "funnels_of", "stage_alt_text", "stage_counts", "stage_figure"]

Floats = NDArray[np.float64]
_LEVEL = 0.95
_NAMES = 150.0
_FILLED = 0.78  # of the height of a row
_FEWEST = 2


class StageCounts(NamedTuple):
    """One future under one plan, stage by stage.

    Attributes
    ----------
    entered : (stages,) int array
        Opportunities that came into the stage, those that stood in it at the start included.
    ended : (stages,) int array
        Of these, those that left it by the end of the run, whichever way.
    advanced : (stages,) int array
        Of these, those that went on to the next stage; from the last stage: that were won.
    """

    entered: NDArray[np.int64]
    ended: NDArray[np.int64]
    advanced: NDArray[np.int64]


class Funnels(NamedTuple):
    """What the picture shows: means over the futures and their 95 % intervals (Student's t), plan by plan.

    Attributes
    ----------
    stages : tuple of str
    volume, volume_half : (plans, stages + 1) arrays
        Opportunities that reach each stage, and that are won; half the width of the interval of the mean.
    going_on, going_on_half : (plans, stages) arrays
        Share of those that left a stage that went on; NaN where none left it in some future.
    """

    stages: tuple[str, ...]
    volume: Floats
    volume_half: Floats
    going_on: Floats
    going_on_half: Floats


def stage_counts(run: Run) -> StageCounts:
    """Count the opportunities of a run, stage by stage.

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.model.presets import preset
    >>> run = simulate(*preset("small"), 3)
    >>> found = stage_counts(run)
    >>> bool((found.entered >= found.ended).all() and (found.ended >= found.advanced).all())
    True
    >>> int(found.advanced[-1]) == int((run.frame("deals")["state"] == "won").sum())
    True
    """
    steps, n = run.world.used("steps"), len(run.world.names.stages)
    ended = steps["left"] >= 0.0
    advanced = ended & (steps["outcome"] == ADVANCE)
    counts = [np.bincount(steps["stage"][which], minlength=n) for which in (slice(None), ended, advanced)]
    return StageCounts(*counts)


def funnels_of(stages: Sequence[str], counts: Sequence[Sequence[StageCounts]]) -> Funnels:
    """Reduce counts, plan by plan and future by future, to means with their intervals.

    Parameters
    ----------
    stages : sequence of str
    counts : sequence of sequences of StageCounts
        For every plan, the same number of futures, two or more.

    Examples
    --------
    >>> one = StageCounts(np.array([10, 6]), np.array([8, 4]), np.array([6, 1]))
    >>> found = funnels_of(("lead", "offer"), [[one, one]])
    >>> found.volume.tolist(), found.going_on.tolist()
    ([[10.0, 6.0, 1.0]], [[0.75, 0.25]])
    """
    volume, half, share_on, share_half = [], [], [], []
    for futures in counts:
        reached = np.array([[*one.entered, one.advanced[-1]] for one in futures], dtype=np.float64)
        ended = np.array([one.ended for one in futures], dtype=np.float64)
        on = np.array([one.advanced for one in futures], dtype=np.float64)
        on = np.divide(on, ended, out=np.full_like(on, np.nan), where=ended > 0)
        volume.append(reached.mean(axis=0))
        half.append(_half_width(reached))
        share_on.append(on.mean(axis=0))
        share_half.append(_half_width(on))
    return Funnels(tuple(stages), *(np.array(part) for part in (volume, half, share_on, share_half)))


def _half_width(values: Floats) -> Floats:
    from scipy.special import stdtrit

    n = len(values)
    if n < _FEWEST:
        return np.full(values.shape[1:], np.nan)
    return np.asarray(stdtrit(n - 1, 0.5 + _LEVEL / 2.0) * values.std(axis=0, ddof=1) / np.sqrt(n))


def stage_figure(
    found: Funnels, names: Sequence[str], looks: Sequence[Look], language: str = "en", *, width: int = 736,
    height: int = 254,
) -> Figure:  # fmt: skip
    """Draw the funnels of several plans: left how many reach each stage, right what share goes on.

    Parameters
    ----------
    found : Funnels
    names, looks : sequences
        Of every plan.
    language : {"en", "zh"}
    width, height : int
        In pixels.
    """
    page = Page(height, width)
    top, bottom = 50.0, height - 27.0
    middle = _NAMES + 0.55 * (width - _NAMES)
    first, second = (_NAMES, middle - 66.0), (middle + 24.0, width - 62.0)
    draw_legend(page, names, looks, 4.0, width - 4.0, 12.0)
    page.text(_NAMES, 28, sentence("funnel volume", language), STYLE["small"], STYLE["faint"])
    page.text(second[0], 28, sentence("funnel going on", language), STYLE["small"], STYLE["faint"])
    rows = len(found.stages) + 1
    left, right = (page.axes(edges[0], top, edges[1], bottom) for edges in (first, second))
    reach = 1.06 * float(found.volume.max()) or 1.0  # the interval of a preview of two futures may reach further
    left.set(xlim=(0.0, reach), ylim=(rows - 0.5, -0.5))
    low, high = _ends(found.going_on)
    right.set(xlim=(low, high), ylim=(rows - 0.5, -0.5))
    thick = _FILLED / len(names)
    for place, look in enumerate(looks):
        at: Floats = np.arange(rows, dtype=np.float64) + thick * (place + 0.5) - _FILLED / 2.0
        _bars(left, at, found.volume[place], found.volume_half[place], thick, look, place)
        _dots(right, at[:-1], found.going_on[place], found.going_on_half[place], look, 8.0 if len(names) < 3 else 5.5)
    _words(page, found, looks, (top, (bottom - top) / rows, middle - 8.0, width - 6.0), language)
    page.ticks(left, "x", *plain_ticks(0.0, reach, 4))
    page.ticks(right, "x", *_shares(low, high, language))
    for ax in (left, right):
        page.ticks(ax, "y", [], [])
        ax.grid(True, which="major", axis="x", color=STYLE["band"], linewidth=STYLE["thin"])
    return page.figure


def stage_alt_text(found: Funnels, names: Sequence[str], language: str = "en", *, live: int = 0) -> str:
    """Say what the picture shows: what reaches the end under every plan, and where most is lost under one of them."""
    won = [
        sentence("funnel won", language, plan=name, won=quantity(float(volume[-1]), language))
        for name, volume in zip(names, found.volume, strict=True)
    ]
    said = [sentence("funnel finding", language, plans=phrase(language, "comma").join(won))]
    if np.isfinite(found.going_on[live]).any():
        weakest = int(np.nanargmin(found.going_on[live]))
        said.append(
            sentence("funnel weakest", language, plan=names[live], stage=stage_label(found.stages[weakest], language),
                     share=share(float(found.going_on[live, weakest]), language))
        )  # fmt: skip
    return phrase(language, "space").join(said)


def _bars(ax: Axes, at: Floats, values: Floats, half: Floats, thick: float, look: Look, place: int) -> None:
    """Draw the bars of a plan with their intervals; the baseline's are hollow, so that colour is never alone."""
    fill = mixed("#ffffff", look.colour, 0.75) if place else "#ffffff"
    edge = {"edgecolor": "none", "linewidth": 0.0} if place else {"edgecolor": look.colour, "linewidth": 1.4}
    draw_bars(ax, at, values, 0.86 * thick, lying=True, facecolor=fill, zorder=2, **edge)
    ax.hlines(at, values - half, values + half, color=STYLE["ink"], linewidth=1.4, zorder=3)


def _dots(ax: Axes, at: Floats, values: Floats, half: Floats, look: Look, large: float) -> None:
    ax.hlines(at, values - half, values + half, color=look.colour, linewidth=0.3 * large, zorder=2)
    ax.plot(values, at, marker=look.marker, markersize=large, color=look.colour, linestyle="none", zorder=3,
            markeredgecolor="#ffffff", markeredgewidth=0.8, clip_on=False)  # fmt: skip


def _ends(shares: Floats) -> tuple[float, float]:
    """Return the ends of the axis of shares: whole tenths round what there is, so that small differences are seen."""
    known = shares[np.isfinite(shares)]
    if not len(known):
        return 0.0, 1.0
    return max(np.floor(10.0 * known.min() - 0.3) / 10.0, 0.0), min(np.ceil(10.0 * known.max() + 0.3) / 10.0, 1.0)


def _shares(low: float, high: float, language: str) -> tuple[list[float], list[str]]:
    places, _ = plain_ticks(100.0 * low, 100.0 * high, 4)
    return [place / 100.0 for place in places], [share(place / 100.0, language) for place in places]


def _words(
    page: Page, found: Funnels, looks: Sequence[Look], box: tuple[float, float, float, float], language: str
) -> None:
    """Write the stages, and the numbers of the second plan (of the first where there is one only)."""
    top, step, first, last = box
    live = min(1, len(looks) - 1)
    stages = [capital(stage_label(one, language)) for one in found.stages]
    for row, name in enumerate([*stages, sentence("funnel end", language)]):
        y = top + step * (row + 0.5)
        page.text(4, y, page.wrapped(name, 15, _NAMES - 12, 1)[0], 15, middle=True)
        number = quantity(float(found.volume[live, row]), language)
        page.text(first, y, number, STYLE["small"], looks[live].ink, middle=True, right=True)
        if row < len(found.stages) and np.isfinite(found.going_on[live, row]):
            on = share(float(found.going_on[live, row]), language)
            page.text(last, y, on, STYLE["small"], looks[live].ink, middle=True, right=True)
