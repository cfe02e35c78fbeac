"""PARC against numpy's correlation matrices and scipy's rank correlation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from any_score import drawn
from headstart.score import parc
from headstart.score._look import Look, Silent


@pytest.mark.parametrize(("n", "d", "k"), [(60, 12, 3), (15, 40, 2), (45, 45, 9)], ids=str)
def test_it_is_scipys_rank_correlation(n, d, k):
    look = drawn(n=n, d=d, k=k, far=0.7)
    pairs = np.tril_indices(n, -1)
    features = 1 - np.corrcoef(look.x.astype(float))[pairs]
    labels = 1 - np.corrcoef(np.eye(k)[look.y])[pairs]
    assert parc.score(look) == pytest.approx(spearmanr(features, labels.round(9)).statistic, abs=1e-9)


def test_of_numbers_it_ranks_their_distances():
    look = drawn("regression", 40, 15, far=2.0)
    pairs = np.tril_indices(40, -1)
    features = 1 - np.corrcoef(look.x.astype(float))[pairs]
    labels = [abs(look.y[a] - look.y[b]) for a, b in zip(*pairs, strict=True)]
    assert parc.score(look) == pytest.approx(spearmanr(features, labels).statistic, abs=1e-9)


def test_a_row_without_a_pattern_is_like_none():
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    x[2] = 7.1
    found = parc.correlations(x)
    assert not found[2].any()
    rest = [0, 1, 3, 4]
    np.testing.assert_allclose(found[np.ix_(rest, rest)], np.corrcoef(x[rest].astype(float)), atol=1e-12)


def test_where_all_labels_are_as_far_it_is_silent():
    look = Look(np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32), np.arange(4), 4)
    with pytest.raises(Silent, match="All pairs of examples are as far"):
        parc.score(look)
    assert parc.score(replace(look, x=np.ones((4, 5), np.float32), y=np.array([0, 0, 1, 1]))) == 0
