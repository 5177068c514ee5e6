"""The account as a picture: every line to the cent, differences paired, in both languages."""

from __future__ import annotations

import io

import numpy as np
import pytest

from salessim.clocks.simulate import simulate
from salessim.ledger import LINES, ledger_of
from salessim.measures import measures_of
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.show.profit_figure import ACCOUNT, account_of, profit_alt_text, profit_figure, profits_of
from salessim.show.style import looks_of

RNG = np.random.default_rng(5)
LINE = np.array([900.0, -400.0, -90.0, -30.0, 0.0, -5.0, -4.0, 0.0, -3.0, -20.0, -9.0, 0.0])
LOOKS = list(looks_of({"a": Plan(structure="territory", reps=4), "b": Plan(structure="product", reps=4)}).values())


def account(factor: float) -> np.ndarray:
    lines = 1e4 * LINE * factor
    return np.append(lines, lines.sum())


def accounts(factor: float) -> list[np.ndarray]:
    return [account(factor + 0.02 * n) for n in (-1, 0, 1, 2)]


def test_the_account_is_that_of_the_ledger() -> None:
    run = simulate(*preset("small"), 4)
    found, ledger = account_of(run), ledger_of(run)
    assert found[:-1].tolist() == [ledger.total(line) for line in LINES]
    assert found[-1] == pytest.approx(measures_of(run)["contribution"])
    assert ACCOUNT[-1] == "contribution"


def test_differences_are_paired() -> None:
    one, other = accounts(1.0), accounts(1.1)
    found = profits_of([one, other])
    assert np.allclose(found.difference[1], np.mean([b - a for a, b in zip(one, other, strict=True)], axis=0))
    assert np.allclose(found.half[1], 0.0, atol=1e-6)  # the same luck: nothing is left of it
    assert found.means_half[0, 0] == pytest.approx(3.182446305 * 9e6 * np.std([0, 0.02, 0.04, 0.06], ddof=1) / 2)
    assert found.difference[0].tolist() == [0.0] * len(ACCOUNT)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_lines_that_are_next_to_nothing_are_left_out_and_numbers_stand_beside_their_marks(language: str) -> None:
    other = [row * (1 + RNG.normal(0, 0.01, len(row))) for row in accounts(1.1)]
    found = profits_of([accounts(1.0), other, accounts(0.9)])
    names = ["区域型", "product", "A: 固定"]
    looks = list(looks_of({n: Plan(structure="customer", reps=k + 2) for k, n in enumerate(names)}).values())
    figure = profit_figure(found, names, looks, "CNY", language)
    figure.savefig(io.BytesIO(), format="png")  # a missing glyph is a warning, and a warning is an error
    said = [text.get_text() for text in figure.texts]
    shown = {"en": ("Revenue", "Contribution margin"), "zh": ("销售收入", "贡献毛益")}[language]
    assert set(shown) <= set(said)
    assert not {"Pay protection", "收入保护", "Training", "培训"} & set(said)
    (ax,) = figure.axes
    marks = [np.asarray(line.get_xdata()) for line in ax.lines if line.get_marker() not in ("None", None, "")]
    size = 1e6 if language == "en" else 1e4
    kept = [line for line in range(len(ACCOUNT)) if LINE[line : line + 1].any() or line == len(ACCOUNT) - 1]
    assert any(np.allclose(mark, found.difference[1, kept] / size) for mark in marks)
    assert any(np.allclose(mark, found.difference[2, kept] / size) for mark in marks)
    digits = 2 if language == "en" else 1
    assert f"{found.means[1, 0] / size:,.{digits}f}" in said


def test_one_plan_alone_is_drawn_with_its_intervals() -> None:
    found = profits_of([accounts(1.0)])
    figure = profit_figure(found, ["territory"], LOOKS[:1], "CNY")
    figure.savefig(io.BytesIO(), format="png")
    assert len(figure.axes) == 1
    assert "contribution margin" in profit_alt_text(found, ["territory"], "CNY")


def test_the_finding_names_the_lines_that_differ_most() -> None:
    found = profits_of([accounts(1.0), accounts(1.1)])
    said = profit_alt_text(found, ["territory", "product"], "CNY", live=1)
    assert said.startswith("product against territory: contribution margin +")
    assert said.index("revenue") < said.index("cost of goods sold") < said.index("base salaries")
    assert "贡献毛益" in profit_alt_text(found, ["区域型", "产品型"], "CNY", "zh", live=1)
