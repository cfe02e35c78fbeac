"""CKA against slow definitions and its invariances; agreement, divergence and accuracies against sklearn and scipy."""

import json
from itertools import permutations

import numpy as np
import pytest
from scipy.special import rel_entr, softmax
from scipy.stats import ortho_group
from sklearn.metrics import accuracy_score
from sklearn.metrics.pairwise import linear_kernel

from headstart.errors import UsageError
from headstart.judge.forgetting import Forgetting, cka, measure, sentence
from headstart.judge.interval import single
from headstart.types import to_dict


def views(n, d, e, mix=0.5, seed=0):
    """Two views of n pictures that share some of what they say; off centre, in odd units."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, d)) + 3
    b = mix * a[:, :1] @ rng.normal(size=(1, e)) + rng.normal(size=(n, e)) - 40
    return a, b


def hsic_by_quadruples(k, m):
    """The U-statistic itself (Song et al. 2012, eq. 4): a mean over all ordered quadruples of different pictures."""
    terms = [
        k[i, j] * (m[i, j] + m[q, r]) - 2 * k[i, j] * m[i, q]
        for i, j, q, r in permutations(range(len(k)), 4)
    ]  # fmt: skip
    return float(np.mean(terms))


def cka_of(hsic, a, b):
    k, m = linear_kernel(a), linear_kernel(b)
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def hsic_biased(k, m):
    h = np.eye(len(k)) - 1 / len(k)
    return np.trace(k @ h @ m @ h)


@pytest.mark.parametrize(("n", "d", "e"), [(9, 2, 3), (7, 12, 20), (8, 1, 30), (4, 3, 3)])
def test_cka_is_the_mean_over_quadruples(n, d, e):
    a, b = views(n, d, e)
    assert cka(a, b) == pytest.approx(np.clip(cka_of(hsic_by_quadruples, a, b), -1, 1), abs=1e-8)
    assert cka(a, b, debiased=False) == pytest.approx(cka_of(hsic_biased, a, b), abs=1e-8)


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize(("n", "d"), [(30, 7), (12, 40)])
def test_cka_knows_neither_rotation_nor_scale_nor_offset(n, d, debiased):
    a, b = views(n, d, d)
    turn = ortho_group.rvs(d, random_state=0)
    plain = cka(a, b, debiased=debiased)
    assert cka(a @ turn * 1e-3 + 5, 7e5 * b, debiased=debiased) == pytest.approx(plain, abs=1e-7)
    assert cka(b, a, debiased=debiased) == pytest.approx(plain, abs=1e-12)
    assert cka(a, 2 * a @ turn - 9, debiased=debiased) == pytest.approx(1, abs=1e-9)
    order = np.random.default_rng(1).permutation(n)
    assert cka(a[order], b[order], debiased=debiased) == pytest.approx(plain, abs=1e-9)
    stretched = a * np.linspace(1, 9, d)  # no isotropic scaling: seen
    assert cka(a, stretched, debiased=debiased) < 0.99


def test_only_the_debiased_one_tells_unrelated_features_apart_with_few_pictures():
    rng = np.random.default_rng(0)
    pairs = [(rng.normal(size=(40, 1280)), rng.normal(size=(40, 1280))) for _ in range(40)]
    fair = [cka(a, b) for a, b in pairs]
    assert abs(np.mean(fair)) < 3 * np.std(fair) / np.sqrt(len(fair)) + 1e-3
    assert np.max(np.abs(fair)) < 0.2
    assert np.mean([cka(a, b, debiased=False) for a, b in pairs]) == pytest.approx(0.97, abs=0.005)


def test_the_debiased_one_does_not_drift_with_the_number_of_pictures():
    """The mean over small samples meets the value of a very large one; the biased one lies well above."""
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(30, 30))

    def draw(n):
        a = rng.normal(size=(n, 30))
        return a, a @ mix + 6 * rng.normal(size=(n, 30))

    large = cka(*draw(60_000))
    few = [draw(15) for _ in range(400)]
    found = [cka(*pair) for pair in few]
    assert np.mean(found) == pytest.approx(large, abs=0.04)
    assert np.mean([cka(*pair, debiased=False) for pair in few]) > large + 0.2


def test_features_that_do_not_vary():
    a, _ = views(12, 5, 5)
    still = np.full((12, 5), 0.1, np.float32)
    one = np.zeros((12, 5))
    one[3] = 8.0  # differs in one picture alone: after the correction nothing is left
    for flat in (still, one):
        assert cka(a, flat) == cka(flat, a) == 0.0
        assert cka(flat, flat) == 1.0
    assert cka(one, one, debiased=False) == pytest.approx(1.0)


def test_cka_of_huge_and_tiny_numbers():
    a, b = views(20, 6, 6)
    assert cka(a * 1e200, b * 1e-200) == pytest.approx(cka(a, b), abs=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        (np.ones((3, 2)), np.ones((3, 2)), r"shape \(3, 2\); \[n d\] with 4 or more"),
        (np.ones(8), np.ones((8, 2)), r"shape \(8,\)"),
        (np.ones((8, 0)), np.ones((8, 2)), "at least one"),
        (np.ones((8, 2)), np.ones((9, 2)), "of 8 and of 9 pictures"),
        (np.ones((8, 2)), np.full((8, 2), np.nan), "'b' hold 16 values that are not finite"),
    ],
)
def test_cka_refuses(a, b, says):
    with pytest.raises(UsageError, match=says):
        cka(a, b)


def tuned(n=60, s=7, noise=1.5, seed=0):
    rng = np.random.default_rng(seed)
    before, after = views(n, 16, 16)
    old = 3 * rng.normal(size=(n, s))
    return before, after, old, old + noise * rng.normal(size=(n, s)), rng.integers(0, s, n)


def test_measure_against_others():
    before, after, old, new, y = tuned()
    f = measure(before, after, old, new, y, on="60 pictures")
    assert f.agreement == accuracy_score(old.argmax(1), new.argmax(1))
    assert 0 < f.agreement < 1
    assert f.agreement_interval == single(old.argmax(1) == new.argmax(1))
    assert f.divergence == pytest.approx(rel_entr(softmax(old, 1), softmax(new, 1)).sum(1).mean())
    assert f.drift == pytest.approx(1 - cka(before, after))
    assert f.accuracy_before == accuracy_score(y, old.argmax(1))
    assert f.accuracy_after == accuracy_score(y, new.argmax(1))
    assert f.change == pytest.approx(f.accuracy_after - f.accuracy_before)
    assert f.change_interval[0] <= f.change <= f.change_interval[1]
    assert f.accuracy_before_interval[0] < f.accuracy_before < f.accuracy_before_interval[1]
    assert f.n == 60
    assert f.named == len(set(old.argmax(1)))
    assert json.loads(json.dumps(to_dict(f)))["agreement"] == f.agreement


def test_an_untouched_network_forgot_nothing():
    before, _, old, _, y = tuned()
    f = measure(before, before, old, old, y, on="them")
    assert (f.agreement, f.divergence, f.change) == (1.0, 0.0, 0.0)
    assert f.drift == pytest.approx(0, abs=1e-12)
    assert f.agreement_interval[0] < 1
    assert f.change_interval[0] < 0 < f.change_interval[1]


def test_divergence_sees_what_agreement_does_not_and_bears_extreme_scores():
    before, after, old, _, _ = tuned()
    softer = measure(before, after, old, old / 10, on="x")
    assert softer.agreement == 1.0
    assert softer.divergence > 0.3
    sure = measure(before, after, 1e4 * np.eye(7)[np.arange(60) % 7], 1e4 * np.eye(7)[np.arange(1, 61) % 7], on="x")
    assert sure.agreement == 0.0
    assert sure.divergence == pytest.approx(1e4)


def test_intervals_have_the_level_asked_for():
    narrow, wide = (measure(*tuned(), on="x", level=level) for level in (0.5, 0.99))
    assert wide.agreement_interval[0] < narrow.agreement_interval[0]
    assert wide.change_interval[0] < narrow.change_interval[0]
    assert "99 % interval" in sentence(wide)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"after": np.ones((59, 16))}, "of 60 and of 59"),
        ({"old": np.ones((60, 6))}, r"shape \(60, 6\) before and \(60, 7\) after"),
        ({"old": np.ones((60, 1)), "new": np.ones((60, 1))}, "two or more classes"),
        ({"old": np.ones((50, 7)), "new": np.ones((50, 7))}, "60 pictures came with class scores of 50"),
        ({"new": np.full((60, 7), np.inf)}, "Class scores after hold 420 values"),
        ({"y": np.full(60, 7)}, "whole numbers from 0 to 6"),
        ({"y": np.full(60, -1)}, "None where they are not known"),
        ({"y": np.zeros(60)}, "type float64"),
        ({"y": np.zeros(59, int)}, r"shape \(59,\)"),
    ],
)
def test_measure_refuses(change, says):
    given = dict(zip(("before", "after", "old", "new", "y"), tuned(), strict=True)) | change
    with pytest.raises(UsageError, match=says):
        measure(*given.values(), on="x")


def test_sentence_with_and_without_source_labels():
    plain = Forgetting("the 49 validation pictures", 49, 43 / 49, single([1] * 43 + [0] * 6), 9, 0.2, 0.118, 0.95)
    assert sentence(plain) == (
        "The tuned network still names 87.8 % of the 49 validation pictures as the source did (95 % interval 75.8 to "
        "94.3); its features moved by 0.12 (1 − CKA)."
    )
    before, after, old, new, _ = tuned()
    y = old.argmax(1)
    worse = sentence(measure(before, after, old, new, y, on="60 pictures"))
    lost = 100 * np.mean(new.argmax(1) != y)
    assert f"the source on 100.0 % (−{lost:.1f} points, 95 % interval −" in worse
