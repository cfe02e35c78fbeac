"""Exact search against scikit-learn's; the graph's candidates compared exactly, and its recall as it says."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from headstart.ship.search import graph, nearest


def drawn(n: int, d: int, seed: int) -> np.ndarray:
    """Rows around a tenth as many centres."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(size=(20, d))
    return nearest.unit(centres[rng.integers(20, size=n)] + 0.5 * rng.normal(size=(n, d)))


@pytest.fixture(scope="module")
def rows():
    return drawn(1500, 24, 2)


@pytest.fixture(scope="module")
def queries():
    return drawn(40, 24, 3)


def test_exact_search_is_scikit_learns(rows, queries, monkeypatch):
    monkeypatch.setattr(nearest, "BLOCK", 400)  # the last block is smaller
    apart, at = NearestNeighbors(n_neighbors=7, metric="cosine", algorithm="brute").fit(rows).kneighbors(queries)
    found, cosines = nearest.nearest(queries, rows, 7)
    np.testing.assert_array_equal(found, at)
    np.testing.assert_allclose(cosines, 1 - apart, atol=1e-5)


def test_more_neighbours_than_rows_are_all_of_them(rows):
    found, _ = nearest.nearest(rows[:2], rows[:5], 9)
    assert sorted(found[0]) == [0, 1, 2, 3, 4]


def test_equal_rows_are_both_found(rows):
    twice = np.concatenate([rows[:3], rows[:3]])
    found, cosines = nearest.nearest(rows[1:2], twice, 2)
    assert {*found[0]} == {1, 4}
    np.testing.assert_allclose(cosines, 1, atol=1e-6)


def test_a_row_of_zeros_is_like_none():
    blank = nearest.unit(np.zeros((1, 4)))
    assert np.isfinite(blank).all()
    assert nearest.nearest(blank, nearest.unit(np.eye(4)), 1)[1] == 0


def test_the_graph_finds_what_it_says_it_finds(rows, queries):
    made = graph.built(rows)
    truth, cosines = nearest.nearest(queries, rows, 10)
    found, told = made.search(queries, rows, 10)
    recall = np.mean([len({*a} & {*b}) / 10 for a, b in zip(truth, found, strict=True)])
    assert made.recall >= graph.ENOUGH
    assert recall > 0.95
    same = found == truth
    np.testing.assert_allclose(told[same], cosines[same], atol=1e-6)  # of the rows, not of their halves


def test_rows_join_a_graph_and_a_file_keeps_it(rows, queries):
    part = graph.built(rows[:1000])
    assert graph.built(rows[:1001], graph.opened(part.file(), 99, 0.5), 1000).recall == 0.5  # one tells nothing
    whole = graph.built(rows, part, 1000)
    again = graph.opened(whole.file(), whole.width, whole.recall)
    found = again.search(queries, rows, 10)[0]
    np.testing.assert_array_equal(found, whole.search(queries, rows, 10)[0])
    assert (found >= 1000).any()


def test_a_graph_that_recalls_too_little_is_searched_more_widely(rows, monkeypatch):
    monkeypatch.setattr(graph, "ENOUGH", 1.1)  # never reached
    assert graph.built(rows).width == graph.WIDTHS[-1]
