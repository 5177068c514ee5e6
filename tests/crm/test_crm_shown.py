"""What a funnel shows: words and pictures in both languages, names that stay text, and each ratio with its base."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from salessim.crm import read_crm
from salessim.crm.analytics import Funnel, funnel
from salessim.crm.analytics.shown import SHARES, TERMS, named
from salessim.crm.analytics.spells import curves, incidence
from salessim.crm.stage_log import read_log
from salessim.errors import CrmError, SalesSimError
from salessim.show.funnel_figure import (
    ageing_figure,
    bridge_figure,
    conversion_figure,
    funnel_alt_text,
    incidence_figure,
)
from salessim.show.page import png
from salessim.words import label

Writer = Callable[..., Path]
EVIL = "<script>alert(1)</script> =HYPERLINK(1)"


@pytest.fixture
def found(export: Writer) -> Funnel:
    """Eighty deals through two stages, one of them with a name that tries the page."""
    rng = np.random.default_rng(8)
    deals, events = [], []
    for n in range(80):
        day = pd.Timestamp("2024-01-01") + pd.Timedelta(days=2 * n)
        status = ["won", "lost", "no decision", "open"][n % 4] if n < 70 else "open"
        closed = (day + pd.Timedelta(days=30 + int(rng.integers(20)))).date() if status != "open" else ""
        deals.append(f"D{n},U{n % 3},{EVIL},{status},{100 + n},{day.date()},{closed}")
        events.append(f"D{n},{EVIL},{day.date()}")
        if n % 2 == 0:
            events.append(f"D{n},Offer,{(day + pd.Timedelta(days=9)).date()}")
    text = "deal_id,owner_id,stage,status,amount,created_at,closed_at\n" + "\n".join(deals)
    log = "deal_id,stage,entered_at\n" + "\n".join(events)
    return funnel(read_crm(export({"deals.csv": text, "stage_events.csv": log}), as_of="2024-07-31"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_stay_text_in_html(found: Funnel, language: str) -> None:
    page = found.to_html(language)
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)\s*=|url\(", page), "nothing comes from outside"
    assert found._repr_html_() == found.to_html()
    has_hanzi = bool(re.search("[\u4e00-\u9fff]", page))
    assert has_hanzi == (language == "zh")


def test_rates_name_their_bases(found: Funnel) -> None:
    text, page = found.to_text(), found.to_html()
    won, ended = (found.deals["status"] == "won").sum(), (found.deals["status"] != "open").sum()
    assert f"({won} won of {ended} that have ended)" in text and f"({won} won of 80)" in page
    for name in SHARES:
        assert "of " in label(f"funnel.{name}") and "占" in label(f"funnel.{name}", "zh"), name


def test_every_column_has_a_term(found: Funnel) -> None:
    tables = [found.by_stage(), found.cohorts(), found.by_rep(), found.ageing(), found.waterfall("2024-03-31")]
    series = [found.outcomes(), found.velocity(), found.slippage(), found.cycle()]
    names = {str(name) for table in tables for name in table.columns}
    names |= {str(key) for one in (*series, tables[-1]) for key in one.index}
    assert {name for name in names if name not in TERMS and not name[0].isdigit()} == set()
    shown = named(found.by_rep(), "zh")
    assert shown.columns[0] == "商机数" and "U0" in shown.index


def test_curves_add_up_and_end_where_the_shares_do(found: Funnel) -> None:
    table = found.curves()
    assert np.allclose(table.sum(axis=1), 1.0) and table.index.is_monotonic_increasing and table.index[0] == 0
    assert (table.drop(columns="still_there").diff().dropna() >= -1e-12).all().all()
    assert table["won"].iloc[-1] == pytest.approx(found.outcomes()["won"])
    stays = found.spells.frame[found.spells.frame["stage"] == "Offer"]
    assert found.curves("Offer")["advanced"].iloc[-1] == pytest.approx(
        incidence(stays["days"].to_numpy(), stays["cause"].to_numpy())["advanced"]
    )
    with pytest.raises(CrmError, match="no deal enters this stage"):
        found.curves("Ofer")
    assert curves(np.array([1.0, 2.0]), np.array([0, 0]))["still_there"].tolist() == [1.0]


def test_the_log_of_stages_in_any_order() -> None:
    """Against a loop over deals, on shuffled rows with ties and repeated stages."""
    rng = np.random.default_rng(5)
    events = pd.DataFrame(
        {
            "deal_id": pd.Series([f"D{n}" for n in rng.integers(0, 20, 200)], dtype="str"),
            "stage": pd.Series(rng.choice(list("abc"), 200), dtype="str"),
            "entered_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 40, 200), unit="D"),
        }
    )
    log = read_log(events, ["a", "b", "c"])
    place = {stage: at for at, stage in enumerate("abc")}
    for deal, stays in log.frame.groupby("deal_id", sort=False):
        expected = events[events["deal_id"] == deal].sort_values("entered_at", kind="stable")
        assert stays["stage"].tolist() == expected["stage"].tolist()
        assert stays["entered"].tolist() == expected["entered_at"].tolist()
        assert stays["place"].tolist() == list(range(len(stays)))
        assert stays["left"].tolist()[:-1] == expected["entered_at"].tolist()[1:] and pd.isna(stays["left"].iloc[-1])
        assert stays["next_rank"].tolist()[:-1] == [place[stage] for stage in expected["stage"].tolist()[1:]]
    assert len(log.frame) == len(events)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pictures_say_what_they_show(found: Funnel, language: str) -> None:
    bridge = found.waterfall("2024-03-31")
    pictures = {
        "conversion": conversion_figure(found, language),
        "incidence": incidence_figure(found, language),
        "ageing": ageing_figure(found, language),
        "bridge": bridge_figure(bridge, "CNY", language),
    }
    for name, figure in pictures.items():
        of = bridge if name == "bridge" else found
        said = funnel_alt_text(of, name, language, currency="CNY")
        texts = [text.get_text() for text in figure.texts]
        head = "".join(texts[:2]).replace(" ", "")
        assert head.startswith(said.replace(" ", "")[:20]), (name, said, texts[:2])
        assert png(figure, 0.5).startswith(b"\x89PNG") and not any("□" in text for text in texts)
    slow = int(found.ageing()["slow"].sum())
    assert str(slow) in funnel_alt_text(found, "ageing", language)
    assert "Offer" in funnel_alt_text(found, "incidence", language, stage="Offer")
    with pytest.raises(CrmError, match="no deal enters this stage"):
        incidence_figure(found, language, stage="Ofer")


def test_the_bars_of_the_conversion_picture_are_the_table(found: Funnel) -> None:
    figure = conversion_figure(found)
    (ax,) = figure.axes
    widths = sorted(round(patch.get_width(), 9) for patch in ax.patches)
    table = found.by_stage()
    parts = ["advanced", "lost", "no_decision", "disqualified", "moved_back", "still_there"]
    drawn = [name for name in parts if (table[name] > 0.0005).any()]
    assert widths == sorted(round(float(share), 9) for name in drawn for share in table[name])


def test_another_language_is_refused(found: Funnel) -> None:
    for ask in (found.to_text, found.to_html, lambda language: conversion_figure(found, language)):
        with pytest.raises(SalesSimError, match="en, zh"):
            ask("fr")
