"""The funnel as a picture: its counts are those of the run, its bars and dots are the counts, in both languages."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.show.stage_figure import StageCounts, funnels_of, stage_alt_text, stage_counts, stage_figure
from salessim.show.style import Look, looks_of

STAGES = ("lead", "offer", "negotiation")


@pytest.fixture(scope="module")
def run() -> Run:
    return simulate(*preset("small"), 6)


def futures(*rows: tuple[list[int], list[int], list[int]]) -> list[StageCounts]:
    return [StageCounts(*(np.array(part) for part in row)) for row in rows]


def looks(*structures: str) -> list[Look]:
    plans = {f"{n}": Plan(structure=name, reps=4) for n, name in enumerate(structures)}  # type: ignore[arg-type]
    return list(looks_of(plans).values())


def test_the_counts_are_those_of_the_run(run: Run) -> None:
    found = stage_counts(run)
    steps = run.world.used("steps")
    for stage in range(len(found.entered)):
        mine = steps[steps["stage"] == stage]
        assert found.entered[stage] == len(mine)
        assert found.ended[stage] == (mine["left"] >= 0).sum()
    # what goes on from a stage is what comes into the next one, but for what stood there at the start
    at_start = [int((run.world.used("deals")["source"] == 0).sum())]
    assert found.entered[1:].sum() - found.advanced[:-1].sum() <= sum(at_start)
    assert found.advanced[-1] == (run.frame("deals")["state"] == "won").sum()


def test_means_and_intervals_are_those_of_student() -> None:
    found = funnels_of(STAGES, [futures(([10, 6, 4], [10, 5, 4], [6, 4, 1]), ([14, 8, 6], [10, 8, 5], [8, 6, 2]))])
    assert found.volume.tolist() == [[12.0, 7.0, 5.0, 1.5]]
    assert np.allclose(found.going_on, [[0.7, (0.8 + 0.75) / 2, (0.25 + 0.4) / 2]])
    assert np.allclose(found.volume_half[0, 0], 12.706204736 * np.std([10, 14], ddof=1) / np.sqrt(2))
    empty = funnels_of(STAGES, [futures(([1, 0, 0], [1, 0, 0], [0, 0, 0]), ([1, 1, 0], [1, 1, 0], [1, 0, 0]))])
    assert np.isnan(empty.going_on[0, 1:]).all()  # nothing left these stages in some future


@pytest.mark.parametrize("language", ["en", "zh"])
def test_bars_and_dots_are_the_counts(language: str) -> None:
    one, other = ([10, 6, 4], [10, 5, 4], [6, 4, 1]), ([14, 8, 6], [10, 8, 5], [8, 6, 2])
    found = funnels_of(STAGES, [futures(one, other), futures(other, other)])
    figure = stage_figure(found, ["区域型", "product"], looks("territory", "product"), language)
    figure.savefig(io.BytesIO(), format="png")  # a missing glyph is a warning, and a warning is an error
    assert figure.get_size_inches().tolist() == [7.36, 2.54]
    left, right = figure.axes
    bars = [group for group in left.collections if isinstance(group, PolyCollection)]
    ends = [[float(np.asarray(path.vertices, dtype=float)[:, 0].max()) for path in group.get_paths()] for group in bars]
    assert np.allclose(ends, found.volume)
    dots = [np.asarray(line.get_xdata()) for line in right.lines]
    assert np.allclose(dots, found.going_on)
    assert len({str(line.get_marker()) for line in right.lines}) == 2  # colour is never alone
    hollow = np.asarray(bars[0].get_facecolor(), dtype=float)
    assert hollow[0, :3].tolist() == [1.0, 1.0, 1.0]  # the baseline's
    low, high = right.get_xlim()
    assert low <= found.going_on.min() and found.going_on.max() <= high
    said = [text.get_text() for text in figure.texts]
    stages = {"en": {"Lead", "Offer", "Negotiation"}, "zh": {"Lead", "方案报价", "商务谈判"}}[language]
    assert {*stages, "8"} <= set(said)


def test_it_is_said_where_most_is_lost() -> None:
    found = funnels_of(STAGES, [futures(([10, 6, 4], [10, 5, 4], [6, 4, 1]), ([14, 8, 6], [10, 8, 5], [8, 6, 2]))])
    said = stage_alt_text(found, ["territory"])
    assert "territory wins 1.5" in said and "negotiation" in said
    assert "商务谈判" in stage_alt_text(found, ["区域型"], "zh")
