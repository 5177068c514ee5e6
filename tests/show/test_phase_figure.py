"""The map of structures shows what was found: winners, leads, what is not sure, and where the firm stands."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from salessim.show.phase_figure import phase_alt_text, phase_counts, phase_figure, phase_finding
from salessim.show.style import STYLE
from salessim.study.phase_map import PhaseMap
from salessim.study.position import Position
from salessim.words import WordsError

STRUCTURES = ("territory", "product", "customer")


def made(winner: np.ndarray, lead: np.ndarray, sure: np.ndarray, structures: tuple[str, ...] = STRUCTURES) -> PhaseMap:
    """A map with these winners, leads and sureness, from two replications."""
    shape = winner.shape
    values = np.full((*shape, 2, len(structures)), 100.0)
    for place in np.ndindex(*shape):
        best = 100.0 * (1.0 + lead[place])
        # paired gaps of the winner: the same twice where it is sure, scattered far around the mean where it is not
        scatter = 0.0 if sure[place] else 10.0 * (best - 100.0) + 1.0
        values[(*place, slice(None), winner[place])] = (best - scatter, best + scatter)
    axes = [tuple(np.linspace(0.1, 0.9, n).round(3).tolist()) for n in shape[1:]]
    distances = tuple(150.0 * (n + 1) for n in range(shape[0]))
    return PhaseMap(structures, distances, axes[0], axes[1], values, "revenue")


def plain(shape: tuple[int, int, int] = (2, 3, 3)) -> PhaseMap:
    rng = np.random.default_rng(5)
    return made(rng.integers(0, 3, shape), rng.uniform(0.001, 0.2, shape), rng.random(shape) < 0.6)


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def cells(figure: Figure) -> list[Rectangle]:
    """The patches of all panels."""
    return [patch for ax in figure.axes for patch in ax.patches if isinstance(patch, Rectangle)]


def grounds(figure: Figure) -> list[np.ndarray]:
    """Colours of the cells of a figure, without their opacity."""
    groups = [np.asarray(group.get_facecolor(), dtype=float) for ax in figure.axes for group in ax.collections]
    return [colour[:3] for group in groups for colour in group]


def test_the_map_says_what_was_found() -> None:
    winner = np.zeros((2, 3, 3), dtype=int)
    winner[0, 2] = 2
    lead = np.full((2, 3, 3), 0.07)
    lead[1, 0, 0] = 0.004
    found = made(winner, lead, np.ones((2, 3, 3), dtype=bool))
    figure = phase_figure(found)
    said = words(figure)
    assert said[0] == "No structure is best everywhere: territory leads at 15 of 18 points, customer at 3"
    assert said.count("territory") == 15
    assert said.count("customer") == 3
    assert said.count("+7 %") == 17
    assert said.count("<1 %") == 1
    assert "150 km across" in said
    assert "of 9 points: territory 6, customer 3" in said
    assert "of 9 points: territory 9" in said


def test_the_winner_stands_where_it_won() -> None:
    winner = np.zeros((1, 2, 2), dtype=int)
    winner[0, 1, 0] = 1  # high complexity, low difference: right, below
    found = made(winner, np.full((1, 2, 2), 0.2), np.ones((1, 2, 2), dtype=bool))
    figure = phase_figure(found)
    (product,) = [text for text in figure.texts if text.get_text() == "product"]
    others = [text for text in figure.texts if text.get_text() == "territory"]
    x, y = product.get_position()
    assert all(x >= other.get_position()[0] and y <= other.get_position()[1] for other in others)
    ax = figure.axes[0]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0.1", "0.9"]
    assert ax.get_ylim()[0] < ax.get_ylim()[1]  # difference grows upwards


def test_one_structure_everywhere() -> None:
    found = made(np.full((1, 2, 2), 1), np.full((1, 2, 2), 0.1), np.ones((1, 2, 2), dtype=bool))
    assert words(phase_figure(found))[0] == "Product leads at all 4 points of the map"
    assert words(phase_figure(found, "zh"))[0] == "在图上全部4个点，领先的都是产品型"


def test_cells_that_are_not_sure_are_hatched_and_counted() -> None:
    found = plain()
    figure = phase_figure(found)
    unsure = int((~found.sure).sum())
    assert 0 < unsure < found.sure.size
    assert sum(1 for cell in cells(figure) if cell.get_hatch()) == unsure
    assert any(f"({unsure} of 18 points)" in text for text in words(figure))


def test_a_stronger_lead_has_a_stronger_colour_and_black_can_be_read_on_all() -> None:
    lead = np.array([0.0, 0.03, 0.06, 0.1, 0.3]).reshape(1, 5, 1)
    found = made(np.ones((1, 5, 1), dtype=int), lead, np.ones((1, 5, 1), dtype=bool))
    green_and_blue = [float(shade[1:].sum()) for shade in grounds(phase_figure(found))]
    assert green_and_blue == sorted(green_and_blue, reverse=True)
    assert len(set(green_and_blue)) == 5
    for place, structure in enumerate(("territory", "product", "customer", "hybrid")):
        one = made(np.full((1, 1, 1), place), np.full((1, 1, 1), 0.5), np.ones((1, 1, 1), dtype=bool),
                   (*STRUCTURES, "hybrid"))  # fmt: skip
        figure = phase_figure(one)
        (ground,) = grounds(figure)
        assert contrast(tuple(ground), STYLE["ink"]) > 4.5, structure


def contrast(one: tuple[float, ...], ink: str) -> float:
    """Contrast of two colours (WCAG 2)."""
    other = tuple(int(ink[i : i + 2], 16) / 255 for i in (1, 3, 5))
    light = [
        sum(w * (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4)
            for w, c in zip((0.2126, 0.7152, 0.0722), colour, strict=True))
        for colour in (one, other)
    ]  # fmt: skip
    return (max(light) + 0.05) / (min(light) + 0.05)


@pytest.mark.parametrize(("distance", "panel"), [(100.0, 0), (190.0, 0), (240.0, 1), (5000.0, 1)])
def test_the_firm_is_marked_in_the_panel_of_the_nearest_distance(distance: float, panel: int) -> None:
    found = plain()
    figure = phase_figure(found, here=Position(distance, 0.5, 0.9))
    marked = [n for n, ax in enumerate(figure.axes) if ax.lines]
    assert marked == [panel]
    assert words(figure).count("you are here") == 1
    line = figure.axes[panel].lines[0]
    assert line.get_xydata().tolist() == [[1.0, 2.0]]
    assert "you are here" not in words(phase_figure(found))


def test_a_firm_beyond_the_map_is_marked_at_its_edge() -> None:
    figure = phase_figure(plain(), here=Position(150.0, 0.0, 0.2), language="zh")
    line = figure.axes[0].lines[0]
    assert line.get_xydata()[0].tolist() == pytest.approx([0.0, 0.25])
    assert "您在这里" in words(figure)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 5, 5), (2, 5, 5), (3, 4, 3), (4, 3, 3), (2, 12, 12)])
def test_every_word_is_drawn_inside_the_page(shape: tuple[int, int, int], language: str) -> None:
    found = plain(shape)
    figure = phase_figure(found, language, here=Position(300.0, 0.9, 0.5))
    assert len(figure.axes) == shape[0]
    figure.savefig(io.BytesIO(), format="png")  # a missing glyph is a warning, and a warning is an error
    width, height = figure.bbox.width, figure.bbox.height
    for text in figure.texts:
        box = text.get_window_extent()
        assert -1 <= box.x0 <= box.x1 <= width + 1, text.get_text()
        assert -1 <= box.y0 <= box.y1 <= height + 1, text.get_text()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_words_of_one_panel_lie_upon_another(language: str) -> None:
    figure = phase_figure(plain((2, 5, 5)), language)
    boxes = [(text.get_text(), text.get_window_extent()) for text in figure.texts]
    for i, (one, box) in enumerate(boxes):
        for other, beside in boxes[i + 1 :]:
            apart = (
                box.x1 <= beside.x0 + 1 or beside.x1 <= box.x0 + 1 or box.y1 <= beside.y0 + 1 or beside.y1 <= box.y0 + 1
            )
            assert apart, (one, other)


def test_the_text_for_those_who_cannot_see_names_every_point() -> None:
    found = plain((1, 2, 2))
    said = phase_alt_text(found)
    assert said.count("At 150 km") == 4
    assert said.count("not sure") == int((~found.sure).sum())
    for row in found.frame().itertuples():
        assert f"complexity {row.complexity:g}, difference {row.difference:g}: {row.winner}" in said
    assert phase_alt_text(found, "zh").count("跨度150公里") == 4


def test_other_languages_are_refused() -> None:
    with pytest.raises(WordsError, match="no such language"):
        phase_figure(plain(), "fr")


def test_drawing_changes_no_setting_of_matplotlib() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    phase_figure(plain())
    assert dict(matplotlib.rcParams) == before


def test_a_map_draws_itself() -> None:
    assert words(plain().plot("zh"))[0] == words(phase_figure(plain(), "zh"))[0]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_low_picture_has_the_panels_only_and_leaves_empty_what_is_not_found(language: str) -> None:
    found = plain()
    known = np.zeros(found.values.shape[:3], dtype=bool)
    known[0, 1] = True
    figure = phase_figure(found, language, known=known, here=Position(100.0, 0.5, 0.5), width=736, height=254)
    figure.savefig(io.BytesIO(), format="png")  # a missing glyph is a warning, and a warning is an error
    assert figure.get_size_inches().tolist() == [7.36, 2.54]
    white = [colour for colour in grounds(figure) if colour.min() == 1.0]
    assert len(white) == int((~known).sum())
    counts = np.bincount(found.winner[known], minlength=len(found.structures))
    said = phase_counts(found, language, known=known)
    assert all(str(count) in said for count in [int(known.sum()), *counts[counts > 0].tolist()])
    assert phase_finding(found, language) == words(phase_figure(found, language))[0]
