"""Hierarchies: nesting, crossing, sums that hold, and reconciliation that moves errors the right way."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salessim.forecast.hierarchy import build_hierarchy
from salessim.forecast.reconcile import METHODS, add_up, bottom_map, shrunken_covariance


def keys_of(regions: int, reps: int, products: int) -> pd.DataFrame:
    rows = [
        (f"R{region}", f"R{region} rep {rep}", f"P{product}")
        for region, rep, product in itertools.product(range(regions), range(reps), range(products))
    ]
    return pd.DataFrame(rows, columns=["region", "rep", "product"])


def test_crossing_and_nesting_make_the_levels_asked_for() -> None:
    tree = build_hierarchy(keys_of(2, 3, 2), ["region/rep", "product"])
    assert tree.levels == (
        "total", "product", "region", "region × product", "region × rep", "region × rep × product",
    )  # fmt: skip
    assert tree.nodes["level"].value_counts()["region × rep"] == 6
    assert tree.nodes["series"].iloc[0] == "total"


def test_every_column_crossed_with_every_other() -> None:
    tree = build_hierarchy(keys_of(2, 2, 2).assign(channel=["a", "b"] * 4), ["region", "product", "channel"])
    assert {"region × channel", "product × channel", "region × product"} & set(tree.levels + tree.dropped)


def test_levels_that_repeat_another_are_left_out() -> None:
    keys = keys_of(2, 3, 1)  # one product, and each rep in one region
    tree = build_hierarchy(keys, ["region", "rep", "product"])
    partitions = {tuple(row) for row in tree.summing.toarray()}
    assert len(partitions) == len(tree.nodes)
    assert "product" in tree.dropped


def test_last_rows_of_the_matrix_are_the_bottom_in_its_order() -> None:
    keys = keys_of(3, 2, 2).sample(frac=1.0, random_state=4).reset_index(drop=True)
    tree = build_hierarchy(keys, ["region/rep", "product"])
    block = tree.summing.toarray()[-len(keys) :]
    assert (block == np.eye(len(keys))).all()
    bottom = tree.nodes.iloc[-len(keys) :].reset_index(drop=True)
    assert (bottom[["region", "rep", "product"]].to_numpy() == keys.to_numpy()).all()


def test_ancestors_hold_their_descendants() -> None:
    tree = build_hierarchy(keys_of(2, 2, 2), ["region/rep", "product"])
    inside = tree.ancestors()
    names = tree.nodes["series"].tolist()
    node = names.index("region=R1, rep=R1 rep 0")
    assert {names[n] for n in np.flatnonzero(inside[node])} == {"total", "region=R1"}


def test_without_a_hierarchy_there_is_the_total() -> None:
    tree = build_hierarchy(pd.DataFrame(index=range(1)), None)
    assert tree.levels == ("total",) and tree.summing.toarray().tolist() == [[1.0]]


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.sampled_from(METHODS), st.integers(0, 99),
    st.floats(1e-3, 1e6),
)  # fmt: skip
def test_any_forecasts_add_up_and_coherent_ones_stay(
    regions: int, reps: int, products: int, method: str, seed: int, scale: float
) -> None:
    tree = build_hierarchy(keys_of(regions, reps, products), ["region/rep", "product"])
    rng = np.random.default_rng(seed)
    size = scale ** rng.random(tree.bottom)
    errors = (tree.summing @ (rng.standard_normal((tree.bottom, 40)) * size[:, None])).T
    errors += rng.standard_normal(errors.shape) * 0.1 * np.abs(errors).mean(axis=0)
    matrix = bottom_map(tree.summing, errors, np.ones(len(tree.nodes)), method)
    assert np.isfinite(matrix).all()
    # Projection: forecasts that add up already are left alone.
    coherent = tree.summing @ (10 * size)
    np.testing.assert_allclose(tree.summing @ (matrix @ coherent), coherent, rtol=1e-6)
    whole = add_up(tree.summing, matrix @ (coherent * rng.uniform(0.5, 1.5, len(coherent))), floor=True)
    assert (whole >= 0).all()
    np.testing.assert_allclose(whole[0], whole[-tree.bottom :].sum(), rtol=1e-9)


def test_weighted_least_squares_is_that_of_the_textbook() -> None:
    tree = build_hierarchy(keys_of(2, 2, 1), ["region/rep"])
    rng = np.random.default_rng(1)
    errors = rng.standard_normal((50, len(tree.nodes))) * np.arange(1, len(tree.nodes) + 1)
    dense = tree.summing.toarray()
    inverse = np.diag(1.0 / (errors**2).mean(axis=0))
    expected = np.linalg.inv(dense.T @ inverse @ dense) @ dense.T @ inverse
    np.testing.assert_allclose(bottom_map(tree.summing, errors, np.ones(len(dense)), "wls"), expected, rtol=1e-9)


def test_minimum_trace_with_the_true_covariance_has_the_least_error() -> None:
    # Errors of known covariance, 20,000 draws: the mean squared error of each method is known to about 1 %.
    tree = build_hierarchy(keys_of(2, 2, 1), ["region/rep"])
    rng = np.random.default_rng(2)
    dense = tree.summing.toarray()
    mixing = rng.standard_normal((len(dense), len(dense)))
    errors = rng.standard_normal((20_000, len(dense))) @ mixing
    square = {
        method: float(
            np.mean((errors @ (dense @ bottom_map(tree.summing, errors, np.ones(len(dense)), method)).T) ** 2)
        )
        for method in METHODS
    }
    assert min(square, key=lambda method: square[method]) == "mint"


def test_covariance_is_shrunken_where_it_cannot_be_told() -> None:
    rng = np.random.default_rng(3)
    errors = rng.standard_normal((10, 40))
    covariance = shrunken_covariance(errors, (errors**2).mean(axis=0))
    off = covariance - np.diag(np.diag(covariance))
    assert np.abs(off).max() < 0.5 and np.linalg.eigvalsh(covariance).min() > 0


@pytest.mark.parametrize("method", METHODS)
def test_a_series_forecast_without_error_does_no_harm(method: str) -> None:
    tree = build_hierarchy(keys_of(2, 2, 1), ["region/rep"])
    errors = np.random.default_rng(4).standard_normal((30, len(tree.nodes)))
    errors[:, -1] = 0.0
    matrix = bottom_map(tree.summing, errors, np.ones(len(tree.nodes)), method)
    found = tree.summing @ (matrix @ (tree.summing @ np.ones(tree.bottom)))
    np.testing.assert_allclose(found, tree.summing @ np.ones(tree.bottom), rtol=1e-6)
