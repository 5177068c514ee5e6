"""The fan chart: what it draws is what was found, in both languages, fast enough to follow a hand."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest

from salessim.model.presets import preset
from salessim.show.fan_figure import FanChart, curves_of
from salessim.study.incremental import Futures
from salessim.study.study import Study

DRAWN = 60.0  # ms of processor time; measured 20 to 30


@pytest.fixture(scope="module")
def study() -> Study:
    market, plan = preset("small")
    plans = {"baseline": plan, "live": plan.but(structure="product"), "A": plan.but(reps=10)}
    found = Futures(months=12).study(market, plans, 6)
    assert found is not None
    return found


def test_the_curves_are_percentiles_of_the_replications(study: Study) -> None:
    smooth = (study.monthly[:, :, 3:6].sum(axis=2)) / 3.0
    curves = curves_of(study)
    assert np.allclose(curves.means[:, 4], smooth.mean(axis=0))
    assert np.allclose(curves.low[:, 4], np.quantile(smooth, 0.1, axis=0))
    assert np.allclose(curves.high[:, 4], np.quantile(smooth, 0.9, axis=0))
    lead = curves_of(study, "lead")
    gap = (study.values("revenue") - study.values("revenue")[:, [0]]).mean(axis=0)
    assert np.allclose(lead.means[:, -1], gap)
    assert not lead.means[0].any()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("show", ["revenue", "lead"])
def test_it_draws_the_curves_with_every_glyph(study: Study, language: str, show: str) -> None:
    chart = FanChart(740, 260)
    names = ["territory", "product", "A"] if language == "en" else ["区域型", "产品型（8人）", "A：区域型"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png = chart.png(study, names, language, show=show)  # type: ignore[arg-type]
    assert [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)] == [1480, 520]
    lines = [line for line in chart._axes.lines if len(line.get_xdata()) == study.months]
    assert len(lines) == (3 if show == "revenue" else 2)
    curves = curves_of(study, show)  # type: ignore[arg-type]
    for line, place in zip(lines, (2, 1, 0), strict=False):
        drawn = np.asarray(line.get_ydata())
        assert np.allclose(drawn / drawn[-1], curves.means[place] / curves.means[place, -1])
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == len(lines)  # colour is never alone
    said = [text.get_text() for text in chart._page.figure.texts]
    assert set(names) <= set(said)


def test_drawing_again_leaves_nothing_behind_and_draws_the_same(study: Study) -> None:
    chart = FanChart(740, 260)
    first = chart.png(study, ["a", "b", "c"])
    chart.png(study, ["a", "b", "c"], "zh", show="lead")
    assert chart.png(study, ["a", "b", "c"]) == first
    assert FanChart(740, 260).png(study, ["a", "b", "c"]) == first


def test_it_is_drawn_fast_enough_to_follow_a_hand(study: Study) -> None:
    chart = FanChart(740, 260)
    chart.png(study, ["a", "b", "c"])
    times = []
    for _ in range(9):
        begin = time.thread_time()
        chart.png(study, ["a", "b", "c"], show="lead")
        times.append(1000 * (time.thread_time() - begin))
    assert np.median(times) <= DRAWN
