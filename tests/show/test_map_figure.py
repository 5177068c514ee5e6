"""The territory map: who serves whom and how hours go, as the run has it, in both languages."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection

from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.measures import measures_of
from salessim.model.presets import preset
from salessim.show.map_figure import Ground, ground_of, hours_of, map_alt_text, map_figure
from salessim.show.style import looks_of


@pytest.fixture(scope="module")
def runs() -> list[list[Run]]:
    market, plan = preset("small")
    plans = (plan, plan.but(structure="product", reps=9))
    return [[simulate(market, one, 3, replication=n) for n in range(3)] for one in plans]


@pytest.fixture(scope="module")
def grounds(runs: list[list[Run]]) -> list[Ground]:
    return [ground_of(some[0].world.alignment, [hours_of(run) for run in some]) for some in runs]


def test_travel_and_links_are_those_of_the_runs(runs: list[list[Run]], grounds: list[Ground]) -> None:
    for some, ground in zip(runs, grounds, strict=True):
        told = [measures_of(run) for run in some]
        assert ground.travel_mean == pytest.approx(np.mean([one["travel_share"] for one in told]))
        assert ground.reps_per_account == pytest.approx(told[0]["reps_per_customer"])
        assert ground.balanced == pytest.approx(told[0]["territory_balance"])
        owner = some[0].world.alignment.owner
        assert {tuple(link) for link in ground.links.tolist()} == {
            (account, int(rep)) for account in range(len(owner)) for rep in owner[account]
        }


def test_hours_belong_to_the_reps_of_the_alignment(runs: list[list[Run]], grounds: list[Ground]) -> None:
    """Seats of a run and reps of an alignment stand in orders of their own."""
    run, ground = runs[0][0], grounds[0]
    who = run.world.alignment
    one = ground_of(who, [hours_of(run)])
    diary = run.world["diary"].reshape(len(run.world.names.reps), -1)
    for place, name in enumerate(who.reps):
        mine = diary[run.world.names.reps.index(name)]
        assert one.travel[place] == pytest.approx(mine["travel_hours"].sum() / mine["present_hours"].sum())
    assert np.isnan(one.travel_half) and np.isfinite(ground.travel_half)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_account_and_every_rep_is_drawn(runs: list[list[Run]], grounds: list[Ground], language: str) -> None:
    looks = list(looks_of({f"{n}": some[0].plan for n, some in enumerate(runs)}).values())
    figure = map_figure(grounds, ["territory", "产品型（9人）"], looks, language)
    figure.savefig(io.BytesIO(), format="png")  # a missing glyph is a warning, and a warning is an error
    lines = [artist for artist in figure.artists if isinstance(artist, LineCollection)]
    assert [len(group.get_segments()) for group in lines] == [len(ground.links) for ground in grounds]
    for ax, ground in zip(figure.axes, grounds, strict=True):
        work, travel = (group for group in ax.collections if isinstance(group, PolyCollection))
        heights = [
            [float(np.asarray(path.vertices, dtype=float)[:, 1].max()) for path in group.get_paths()]
            for group in (work, travel)
        ]
        order = np.argsort(-ground.work, kind="stable")
        assert np.allclose(heights, [ground.work[order], ground.travel[order]])
    said = map_alt_text(grounds, ["territory", "product"], language)
    assert f"{grounds[1].reps_per_account:.1f}" in said


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_places_it_says_so(grounds: list[Ground], runs: list[list[Run]], language: str) -> None:
    nowhere = replace_places(grounds[0])
    looks = list(looks_of({"a": runs[0][0].plan}).values())
    figure = map_figure([nowhere], ["territory"], looks, language)
    figure.savefig(io.BytesIO(), format="png")
    assert not [artist for artist in figure.artists if isinstance(artist, LineCollection)]
    joined = "".join(text.get_text() for text in figure.texts).replace(" ", "")
    assert {"en": "notknown", "zh": "未知"}[language] in joined


def replace_places(ground: Ground) -> Ground:
    return ground._replace(accounts=np.zeros_like(ground.accounts))
