"""Figures: they show the numbers of the study, can be read from the back row in both languages, and touch nothing."""

from __future__ import annotations

import io
import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image
from studies import random_study, small, study_of

from salessim.errors import StudyError
from salessim.model.plan import STRUCTURES
from salessim.show import alt_text, colour_of, looks_of, save_study_figure, study_figure
from salessim.show.curves import averaged, spread_out
from salessim.show.page import Page, drawable
from salessim.study.study import Study
from salessim.study.wording import second_line
from salessim.words import WordsError, definition, keys, label, languages, sentence_keys
from salessim.words.terms import read_rows

FONTS = Path(__file__).resolve().parents[2] / "salessim" / "show" / "fonts"
THREE = {"today": "today", "product": "product", "customer": "customer"}
FIVE: dict[str, str] = {name: name for name in STRUCTURES}


def studies() -> dict[str, Study]:
    """One study for every way in which a page can get crowded, empty or strange."""
    nine = {f"plan {n}": STRUCTURES[n % 5] for n in range(9)}
    nobody = [[100.0, 101.0, 99.0]] * 3  # the same difference three times: no finite interval yet
    few = study_of([[100.0, 90.0], [20.0, 95.0], [60.0, 61.0]], {"today": "today", "customer": "customer"})
    return {
        "two plans": random_study({"today": "today", "customer": "customer"}, [0.0, 0.04]),
        "three plans": random_study(THREE, [0.0, -0.02, 0.035]),
        "five plans": random_study(FIVE, [0.0, 0.012, -0.06, 0.045, 0.03]),
        "nine plans": random_study(nine, [0.0, 0.01, 0.02, -0.03, 0.04, 0.05, 0.01, 0.0, 0.02]),
        "long names": random_study(
            {"How we sell today, all regions": "today", "Product structure with nine overlay specialists": "product"},
            [0.0, 0.02],
        ),
        "Chinese names": random_study(
            {
                "现状（2026年）": "today",
                "按行业划分的客户型方案": "customer",
                "华东华南区域型＋大客户团队，含渠道": "hybrid",
            },
            [0.0, 0.05, -0.01],
        ),
        "characters no font has": random_study(
            {"today": "today", "龘靐 \U0001f9ff\ud83d \u202e x\ny": "customer"}, [0.0, 0.05]
        ),
        "signs of mathematics": random_study({"today": "today", r"$\frac & 5M_a 100 % ^$": "customer"}, [0.0, 0.05]),
        "all equal": random_study(THREE, [0.0, 0.0, 0.0], noise=0.0, spread=0.0),
        "tiny": random_study(THREE, [0.0, 0.0004, -0.0003], noise=1e-4, spread=1e-4),
        "huge": random_study(THREE, [0.0, 3.2, -0.8], base=9e9),
        "no interval yet": study_of(nobody, THREE),
        "no share of the baseline": few,
        "not varied": random_study(THREE, [0.0, 0.03, -0.02], draws=0),
        "few draws": random_study(THREE, [0.0, 0.03, -0.02], draws=6),
        "one month": random_study(THREE, [0.0, 0.03, -0.02], months=1),
        "ten years": random_study(THREE, [0.0, 0.03, -0.02], months=120),
        "less is better": random_study(THREE, [0.0, 0.03, -0.04], measure="sales_cycle"),
        "one structure": random_study({"few": "product", "more": "product", "many": "product"}, [0.0, 0.03, -0.02]),
    }


STUDIES = studies()


def drawn(study: Study, language: str = "en") -> Figure:
    figure = study_figure(study, language)
    figure.canvas.draw()
    return figure


def rgba(figure: Figure) -> bytes:
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    return bytes(canvas.buffer_rgba())


def texts_of(figure: Figure) -> list[Text]:
    """Every text that shows: those of the page, and the labels of ticks."""
    found = [text for text in figure.texts if text.get_text()]
    for ax in figure.axes:
        found += [tick for tick in (*ax.get_xticklabels(), *ax.get_yticklabels()) if tick.get_text()]
    return found


def words_of(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


@pytest.fixture(params=languages())
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# ---------------------------------------------------------------------------------------------------------- can be read


USUAL = ("two plans", "five plans", "long names", "Chinese names", "characters no font has", "signs of mathematics")
CASES = [case if case in USUAL else pytest.param(case, marks=pytest.mark.slow) for case in STUDIES]


@pytest.mark.parametrize("case", CASES)
def test_page(case: str, language: str) -> None:
    """Warnings are errors here, so a glyph that is missing fails. The rest is about where the words stand."""
    figure = drawn(STUDIES[case], language)
    width, height = figure.canvas.get_width_height()
    assert width == 1280 and height == (720 if len(STUDIES[case].plans) <= 6 else height)
    boxes: list[tuple[str, Bbox]] = []
    for text in texts_of(figure):
        size = float(text.get_fontsize()) * figure.dpi / 72.0
        assert size >= 13.0 - 1e-9, f"{text.get_text()!r} has {size} pixels"
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height, (
            f"{text.get_text()!r} leaves the page"
        )
        boxes.append((text.get_text(), box))
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        # The box of a line is higher than its letters, and lines stand close: a third of a line is no overlap yet.
        assert across <= 1 or down <= min(a.height, b.height) / 3, f"{one!r} and {other!r} overlap"


def test_every_word_can_be_drawn() -> None:
    rows = read_rows("sentences.csv")
    assert len(rows) == len(sentence_keys())
    for text in [row[language] for row in rows for language in languages()]:
        assert drawable(text) == text
    for key in keys():
        for language in languages():
            assert drawable(label(key, language)) == label(key, language)
            assert drawable(definition(key, language)) == definition(key, language)


def test_the_font_holds_gb2312_and_its_licence_is_beside_it() -> None:
    level_one_and_two = [
        bytes([a, b]) for a in range(0xB0, 0xF8) for b in range(0xA1, 0xFF) if (a, b) < (0xD7, 0xFA) or a > 0xD7
    ]
    hanzi = "".join(code.decode("gb2312") for code in level_one_and_two)
    assert len(hanzi) == 6763
    assert drawable(hanzi) == hanzi
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert (FONTS / "NotoSansSC-Subset.ttf").stat().st_size < 2_500_000


def test_what_no_font_has_becomes_a_box() -> None:
    assert drawable("a\ud83d\u202e\U000f0000b") == "a□b"
    assert drawable("two\n  lines") == "two lines"


@given(st.text(min_size=1, max_size=120), st.floats(60, 400))
def test_lines_keep_every_letter_and_fit(text: str, width: float) -> None:
    page = Page()
    lines = page.wrapped(text, 16, width)
    assert "".join("".join(lines).split()) == "".join(drawable(text).split())
    assert all(page.wide(line, 16) <= width or len(line) == 1 for line in lines)


def test_lines_break_as_the_script_asks() -> None:
    page = Page()
    english = page.wrapped("None of the other plans beats today by a difference that matters", 16, 200)
    assert " ".join(english) == "None of the other plans beats today by a difference that matters"
    chinese = page.wrapped(
        "其他方案均未胜过现状。区域型与现状实际相当（95%区间−1.5至+0.3），在46%的未来情形中最优；" * 3, 16, 130
    )
    assert len(chinese) > 10
    assert not [line for line in chinese if line[0] in "。，；）%−+" or line[-1] in "（"]


def test_a_text_too_long_ends_in_dots() -> None:
    page = Page()
    lines = page.wrapped("word " * 200, 16, 300, 2)
    assert len(lines) == 2 and lines[1].endswith("…") and page.wide(lines[1], 16) <= 300


def test_widths_are_those_of_what_is_drawn() -> None:
    page = Page()
    for text in ("Revenue: difference from today", "销售收入：与现状的差异（更优→）", "−38.9 % (−42.4 to −35.4)"):
        box = page.text(10, 10, text, 18).get_window_extent()
        assert page.wide(text, 18) == pytest.approx(box.width, rel=0.04)


# ---------------------------------------------------------------------------------------------------- shows the numbers


def points_of(ax: Axes) -> dict[str, tuple[float, float]]:
    """Single marks of an axis by their colour."""
    return {
        str(line.get_color()): (float(line.get_xdata()[0]), float(line.get_ydata()[0]))  # type: ignore[index,arg-type]
        for line in ax.lines
        if len(np.asarray(line.get_xdata())) == 1
    }


def test_differences_and_intervals_are_those_of_the_study() -> None:
    study = STUDIES["five plans"]
    forest = drawn(study).axes[0]
    looks = looks_of(study.plans)
    marks = points_of(forest)
    for y, one in enumerate(study.judged.judgements):
        colour = looks[study.names[one.plan]].colour
        assert marks[colour] == pytest.approx((100 * one.relative_difference, y))
        spans = [np.asarray(line.get_xdata()) for line in forest.lines if list(np.asarray(line.get_ydata())) == [y, y]]
        wide, narrow = max(spans, key=np.ptp), min(spans, key=np.ptp)
        assert wide == pytest.approx([100 * one.relative_low, 100 * one.relative_high])
        assert narrow == pytest.approx([100 * one.relative_equivalence_low, 100 * one.relative_equivalence_high])
    band = forest.patches[0].get_extents().transformed(forest.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((-1.0, 1.0))


def test_every_draw_of_the_assumptions_is_a_dot() -> None:
    study = STUDIES["five plans"]
    assert study.assumed is not None
    clouds = next(ax for ax in drawn(study).axes if len(ax.collections) == 4)
    for one, cloud in zip(study.judged.judgements, clouds.collections, strict=True):
        xs = np.asarray(cloud.get_offsets())[:, 0]
        assert xs == pytest.approx(100 * study.assumed.differences[:, one.plan])


def test_revenue_is_the_mean_of_the_futures_and_the_band_its_percentiles() -> None:
    study = STUDIES["three plans"]
    curves = next(ax for ax in drawn(study).axes if any(len(np.asarray(line.get_xdata())) == 24 for line in ax.lines))
    smooth = averaged(study.monthly, 3)
    looks = looks_of(study.plans)
    for place, name in enumerate(study.names):
        line = next(
            x for x in curves.lines if x.get_color() == looks[name].colour and len(np.asarray(x.get_xdata())) == 24
        )
        assert np.asarray(line.get_ydata()) == pytest.approx(smooth[:, place].mean(axis=0))
    shaded = {study.baseline, study.judged.leader}
    assert len(curves.collections) == len(shaded)
    corners = np.concatenate([band.get_paths()[0].vertices for band in curves.collections])
    low, high = np.quantile(smooth[:, sorted(shaded)], [0.1, 0.9], axis=0)
    assert corners[:, 1].min() == pytest.approx(low.min()) and corners[:, 1].max() == pytest.approx(high.max())


def test_the_page_says_verdict_second_line_words_and_how_it_was_made(language: str) -> None:
    study = random_study(THREE, [0.0, -0.02, 0.05], moved=90)
    words = words_of(drawn(study, language)).replace(" ", "")
    names = [label(f"structure.{name}", language) for name in THREE]
    said = study.judged.lines(language, plans=names, measure=label("measure.revenue", language))
    for text in (said[0], second_line(study, language)):
        assert text.replace(" ", "") in words
    for one in study.judged.judgements:
        assert label(f"verdict.{one.kind.value}", language).replace(" ", "") in words
    for part in {"en": ("24months", "20pairedreplications", "seed7", "identical", "costofmoving"),
                 "zh": ("24个月", "20次配对重复", "随机种子7", "一致", "变革成本")}[language]:  # fmt: skip
        assert part in words


def test_an_assumed_distance_is_on_the_page(language: str) -> None:
    market = small()[0].but(distance_assumed=True)
    study = study_of(
        [[100, 104.1], [90, 94.2], [110, 113.9]], {"today": "today", "customer": "customer"}, market=market
    )
    assert label("setting.distance_assumed", language) in words_of(drawn(study, language))


def test_the_side_that_is_better_is_named() -> None:
    assert "(better →)" in words_of(drawn(STUDIES["three plans"]))
    assert "(← better)" in words_of(drawn(STUDIES["less is better"]))


def test_an_interval_without_end_has_an_arrow() -> None:
    study = STUDIES["no interval yet"]
    assert np.isinf(study.judged.judgements[0].low)
    arrows = [line.get_marker() for line in drawn(study).axes[0].lines]
    assert arrows.count("<") == arrows.count(">") == 2


def test_without_a_share_the_axis_has_the_unit() -> None:
    study = STUDIES["no share of the baseline"]
    assert np.isnan(study.judged.judgements[0].relative_difference)
    figure = drawn(study)
    assert "difference from today, CNY" in words_of(figure)
    assert not [tick.get_text() for tick in figure.axes[0].get_xticklabels() if "%" in tick.get_text()]


def test_colours_are_those_of_the_structures() -> None:
    plan = small()[1]
    expected = {
        "territory": "#0072B2", "product": "#D55E00", "customer": "#009E73", "hybrid": "#CC79A7", "today": "#555555",
    }  # fmt: skip
    assert {name: colour_of(plan.but(structure=name)) for name in STRUCTURES} == expected


@pytest.mark.parametrize("structures", [list(STRUCTURES), ["product"] * 5, ["product", "customer"] * 4])
def test_no_two_plans_look_alike(structures: list[str]) -> None:
    plan = small()[1]
    looks = looks_of({f"plan {n}": plan.but(structure=name) for n, name in enumerate(structures)}).values()
    assert len({look.marker for look in looks}) == len({look.colour for look in looks}) == len(structures)
    assert len({str(look.line) for look in looks}) == len(structures)
    for look in looks:  # text in a plan's colour stands out from white by 4.5 to 1
        channels = [int(look.ink[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in channels]
        assert 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) >= 4.5


# ------------------------------------------------------------------------------------------------------ touches nothing


def test_settings_of_matplotlib_are_neither_changed_nor_seen() -> None:
    study = STUDIES["three plans"]
    before = dict(mpl.rcParams)
    plain = rgba(study_figure(study))
    assert dict(mpl.rcParams) == before
    wild: Any = {
        "axes.grid": True, "axes.facecolor": "black", "axes.edgecolor": "red", "axes.xmargin": 0.4,
        "axes.spines.top": False, "axes.labelcolor": "red", "axes.titlesize": 40, "axes.axisbelow": False,
        "figure.facecolor": "black", "figure.dpi": 37, "figure.autolayout": True, "font.family": ["monospace"],
        "font.size": 30, "grid.color": "red", "lines.linewidth": 9, "lines.marker": "*", "lines.linestyle": ":",
        "lines.markeredgewidth": 7, "patch.edgecolor": "red", "patch.force_edgecolor": True, "text.color": "white",
        "text.parse_math": True, "scatter.marker": "x", "scatter.edgecolors": "red", "xtick.color": "red",
        "xtick.direction": "in", "xtick.labelsize": 30, "xtick.minor.visible": True, "ytick.right": True,
        "ytick.labelright": True, "ytick.minor.visible": True,
    }  # fmt: skip
    with mpl.rc_context(wild):
        assert rgba(study_figure(study)) == plain


def test_the_random_state_of_numpy_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index,union-attr]  # noqa: NPY002
    rgba(study_figure(STUDIES["three plans"]))
    assert (np.random.get_state()[1] == before).all()  # type: ignore[index]  # noqa: NPY002


@pytest.mark.slow
def test_threads_draw_the_same() -> None:
    jobs = [(STUDIES[case], language) for case in ("two plans", "three plans") for language in languages()] * 2
    alone = [rgba(study_figure(*job)) for job in jobs]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda job: rgba(study_figure(*job)), jobs)) == alone


# ---------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg", "jpg"])
def test_files_are_written_and_are_the_same_again(suffix: str, language: str, tmp_path: Path) -> None:
    study = STUDIES["Chinese names"]
    first = save_study_figure(study, tmp_path / f"one.{suffix}", language)
    second = save_study_figure(study, str(tmp_path / f"two.{suffix}"), language)
    if suffix != "svg":  # identifiers inside an SVG are drawn anew
        assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size > 10_000
    if suffix in ("png", "jpg"):
        with Image.open(io.BytesIO(first.read_bytes())) as picture:
            assert picture.size == (1280, 720)
            assert suffix == "jpg" or picture.info["Description"] == alt_text(study, language)


def test_a_file_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"\.png, \.pdf"):
        save_study_figure(STUDIES["two plans"], tmp_path / "figure.xlsx")
    with pytest.raises(StudyError, match="no such folder"):
        save_study_figure(STUDIES["two plans"], tmp_path / "nowhere" / "figure.png")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(WordsError, match="en, zh"):
        study_figure(STUDIES["two plans"], "fr")


def test_alt_text_says_the_finding_plan_by_plan(language: str) -> None:
    study = STUDIES["five plans"]
    said = alt_text(study, language)
    names = [label(f"structure.{name}", language) for name in STRUCTURES]
    headline = study.judged.lines(language, plans=names, measure=label("measure.revenue", language))[0]
    assert said.startswith(headline) and said.endswith(second_line(study, language))
    for name in names[1:]:
        assert name in said.lower()


def test_a_study_draws_itself() -> None:
    study = STUDIES["two plans"]
    assert rgba(study.plot("zh")) == rgba(study_figure(study, "zh"))


# -------------------------------------------------------------------------------------------------------------- helpers


@given(st.lists(st.floats(0, 300), min_size=1, max_size=9))
def test_labels_are_spread_out_in_order_and_inside(places: list[float]) -> None:
    given_places = np.array(places)
    found = spread_out(given_places, 0.0, 300.0, 19.0)
    order = np.argsort(given_places, kind="stable")
    assert (np.diff(found[order]) >= 19.0 - 1e-6).all()
    assert found.min() >= -1e-6 and found.max() <= 300.0 + 1e-6


@given(st.lists(st.floats(0, 300), min_size=1, max_size=9))
def test_labels_that_have_room_stay_where_they_are(places: list[float]) -> None:
    if len(places) == 1 or np.diff(np.sort(places)).min() >= 19.0:
        assert spread_out(np.array(places), 0.0, 300.0, 19.0) == pytest.approx(places)


def test_more_labels_than_room_share_it() -> None:
    assert spread_out(np.full(5, 20.0), 0.0, 40.0, 19.0) == pytest.approx([0, 10, 20, 30, 40])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.sampled_from([1, 3, 5]))
def test_moving_averages(values: list[float], window: int) -> None:
    data, half = np.array(values), window // 2
    expected = [data[max(n - half, 0) : n + half + 1].mean() for n in range(len(data))]
    assert averaged(data, window) == pytest.approx(expected, rel=1e-9, abs=1e-6)
