"""Methods that are solved, each against another implementation, or its definition written out."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace

import numpy as np
import ot
import pytest
from scipy.linalg import eig
from scipy.optimize import approx_fprime, minimize
from skada import CORALAdapter, SubspaceAlignmentAdapter
from sklearn.decomposition import PCA

from drawn_pair import fit, pair
from drawn_task import drain
from headstart.align import Head, labelshift, method, subspace, tca, transport
from headstart.align._rows import below, nearest, squared
from headstart.align.choice.evidence import density_ratio
from headstart.align.kmm import matching
from headstart.align.selftrain import surest
from headstart.align.testtime import lower_entropy, mean_entropy
from headstart.kind.classification import softmax


class Noted:
    """A fit that keeps what it was given."""

    def __init__(self, k: int) -> None:
        self.plain, self.given = fit(k), []

    def __call__(self, x, y, weights=None) -> Head:
        self.given.append((x, y, weights))
        return self.plain(x, y, weights)


def noted(given, name: str, **setting):
    """What a method gives to the last fit, and the head that it returns."""
    keeps = Noted(given.k)
    head, _ = drain(method(name).run(method(name).config(**setting), replace(given, fit=keeps)))
    return *keeps.given[-1], head


def in_skada(adapter, given):
    """Source and target rows as an adapter of skada's moves them."""
    n, m = len(given.xs), len(given.xt)
    rows, domain = np.vstack([given.xs, given.xt]), np.repeat([1, -2], [n, m])
    moved = adapter.fit_transform(rows, np.concatenate([given.ys, np.full(m, -1)]), sample_domain=domain)
    return moved[:n], moved[n:]


def test_coral_moves_rows_as_skada_does():
    given = pair(n=60, m=60)
    moved, *_ = noted(given, "coral", shrink=0.0)
    theirs, _ = in_skada(CORALAdapter(reg=1e-12), given)
    np.testing.assert_allclose(moved - given.xt.mean(0), theirs, atol=1e-4)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(given.xt.T), atol=1e-4)


def test_coral_keeps_more_columns_than_rows_finite_where_skada_without_shrinking_does_not():
    wide = pair(n=12, m=9, d=40)
    moved, *_ = noted(wide, "coral")
    assert np.isfinite(moved).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs, _ = in_skada(CORALAdapter(reg=0), wide)
    assert not np.isfinite(theirs).any()


def test_subspace_alignment_is_that_of_skada():
    given = pair(n=60, m=50, d=8)
    aligned, _, _, head = noted(given, "subspace", share=0.9)
    p = aligned.shape[1]
    assert 1 < p < 8
    source, target = in_skada(SubspaceAlignmentAdapter(n_components=p), given)
    np.testing.assert_allclose(aligned @ aligned.T, source @ source.T, atol=1e-8)  # axes may point either way
    np.testing.assert_allclose(head(given.xt), fit(3)(source, given.ys)(target), atol=1e-3)


@pytest.mark.parametrize(("n", "d"), [(50, 8), (20, 30)])
def test_axes_are_principal_ones(n, d):
    x = pair(n=n, d=d).xs
    values, axes = subspace._axes(x, "source")
    theirs = PCA(len(values)).fit(x)
    np.testing.assert_allclose(values / (n - 1), theirs.explained_variance_, atol=1e-8)
    np.testing.assert_allclose(np.abs(np.sum(axes.T * theirs.components_, 1)), 1, atol=1e-6)
    assert len(values) == min(n - 1, d)


def test_tca_is_the_papers_problem_on_the_kernel():
    """Written out with eig: skada's adapter takes eigh of a matrix that is not symmetric."""
    given, mu, p = pair(n=30, m=20, d=5), 0.7, 3
    rows = np.vstack([given.xs, given.xt])
    total = len(rows)
    kernel = rows @ rows.T / np.mean(np.sum(rows**2, 1))
    sign = np.repeat([1 / 30, -1 / 20], [30, 20])
    centring = np.eye(total) - 1 / total
    values, w = eig(
        np.linalg.solve(np.eye(total) + mu * kernel @ np.outer(sign, sign) @ kernel, kernel @ centring @ kernel)
    )
    best = np.argsort(-values.real)[:p]
    theirs = kernel @ w.real[:, best]
    ours = rows @ tca.components(given.xs, given.xt, mu)[:, :p]
    np.testing.assert_allclose(ours.var(0), 1)
    same = np.corrcoef(ours.T, theirs.T)[:p, p:]
    np.testing.assert_allclose(np.abs(np.diag(same)), 1, atol=1e-6)


def test_tca_brings_the_means_together():
    given = pair(shift=2.0)

    def apart(mu):
        matrix = tca.components(given.xs, given.xt, mu)
        return np.linalg.norm((given.xs.mean(0) - given.xt.mean(0)) @ matrix[:, :2])

    assert apart(10.0) < 0.5 * apart(0.0)


def test_a_plan_is_that_of_pot():
    given = pair(n=25, m=20)
    costs = squared(given.xs, given.xt)
    np.testing.assert_allclose(costs, ot.dist(given.xs, given.xt), atol=1e-9)
    level = transport._levelled(costs)
    scale = (costs - costs.mean(1, keepdims=True) - costs.mean(0) + costs.mean()).std()
    theirs = ot.da.SinkhornTransport(reg_e=0.3 * scale, max_iter=5000).fit(Xs=given.xs, Xt=given.xt)
    np.testing.assert_allclose(transport.plan(level, given.ys, 0.3), theirs.coupling_, atol=1e-5)
    moved, *_ = noted(given, "transport", classes=0.0)
    np.testing.assert_allclose(moved, theirs.transform(Xs=given.xs), atol=1e-3)


def test_a_plan_with_classes_is_that_of_pot():
    given = pair(n=25, m=50)  # of 50 rows, a twentieth in ours is the thousandth of POT's
    level = transport._levelled(squared(given.xs, given.xt))
    even, others = np.full(25, 1 / 25), np.full(50, 1 / 50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it stops before it is as near as it would like to be
        theirs = ot.da.sinkhorn_lpl1_mm(even, given.ys, others, level, 0.3, eta=0.5 / np.sqrt(50), numItermax=4)
    np.testing.assert_allclose(transport.plan(level, given.ys, 0.3, 0.5, 4), theirs, atol=1e-5)


def test_transport_says_when_it_blurs_more_and_when_there_is_no_plan(caplog):
    costs = transport._levelled(squared(pair().xs, pair().xt))
    with caplog.at_level(logging.WARNING):
        flow, reg = transport._finite_plan(costs, pair().ys, transport.Config(reg=1e-3, classes=0.0))
    assert np.isfinite(flow).all()
    assert reg > 1e-3
    assert "it is doubled" in caplog.text
    with pytest.raises(ArithmeticError, match="no plan between 40 source and 30 target rows"):
        transport._finite_plan(costs * 1e6, pair().ys, transport.Config(classes=0.0))


def test_transport_is_the_same_of_rows_ten_times_as_large():
    """POT's entropic plan on such features is all NaN, with warnings only."""
    given = pair()
    moved, *_ = noted(given, "transport")
    large, *_ = noted(replace(given, xs=given.xs * 10, xt=given.xt * 10), "transport")
    np.testing.assert_allclose(large, moved * 10, atol=1e-6)


def test_of_many_rows_some_are_planned_and_others_follow():
    given = pair(n=60, m=50)
    moved, *_ = noted(given, "transport", limit=30)
    assert moved.shape == given.xs.shape
    assert np.linalg.norm(moved.mean(0) - given.xt.mean(0)) < 0.5 * np.linalg.norm(given.xs.mean(0) - given.xt.mean(0))
    rows = pair(n=70).xs
    np.testing.assert_array_equal(nearest(rows, rows[::7], at_once=9)[::7], np.arange(10))


def shifted(n: int, d: int = 3, by: float = 0.7, seed: int = 0):
    """Source N(0, 1), target N(by, 1) in the first column: the log of the ratio is by · x − by² / 2."""
    random = np.random.default_rng(seed)
    xs, xt = random.normal(size=(n, d)), random.normal(size=(n, d))
    xt[:, 0] += by
    return pair(n=n, xs=xs, ys=(xs[:, 0] > 0).astype(int), xt=xt, k=2, fit=fit(2)), by * xs[:, 0] - by**2 / 2


def test_the_density_ratio_is_the_known_one():
    """skada's DiscriminatorReweight gives its inverse: (1 − p) / p, where p is the target's chance."""
    given, log_ratio = shifted(1500)
    found = np.log(density_ratio(given.xs, given.xt))
    assert np.abs(found - log_ratio).mean() < 0.12
    _, _, weights, _ = noted(given, "reweight")
    assert weights.mean() == pytest.approx(1)
    assert abs(np.average(given.xs[:, 0], weights=weights) - 0.7) < 0.1


def test_kernel_mean_matching_is_the_solution_of_its_problem():
    """skada's default solver is no oracle: weights of up to 8 come out of it where at most 3 are allowed."""
    given, _ = shifted(40, d=2)
    width = np.median(squared(given.xs, given.xt))
    kernel = np.exp(-squared(given.xs, given.xs) / width)
    kappa = 40 * np.exp(-squared(given.xs, given.xt) / width).mean(1)

    def loss(b):
        return b @ kernel @ b / 2 - kappa @ b

    slack = 1 - 1 / np.sqrt(40)
    bound = [{"type": "ineq", "fun": lambda b, s=s: 40 * slack - s * (b.sum() - 40)} for s in (1, -1)]
    best = minimize(
        loss, np.ones(40), jac=lambda b: kernel @ b - kappa, bounds=[(0, 3)] * 40, constraints=bound, method="SLSQP"
    )
    ours = matching(given.xs, given.xt, 3.0, 2000)
    assert ours.min() >= 0
    assert ours.max() <= 3
    assert loss(ours) == pytest.approx(best.fun, abs=1e-4)


def test_kernel_mean_matching_moves_the_mean():
    given, _ = shifted(300)
    _, _, weights, _ = noted(given, "kmm", limit=200)
    assert weights.mean() == pytest.approx(1)
    assert abs(np.average(given.xs[:, 0], weights=weights) - 0.7) < 0.2


def proportions(share: float, seed: int = 0, m: int = 800):
    """Two Gaussian classes; `share` of the target's rows are of class 1, and a third of the source's."""
    random = np.random.default_rng(seed)
    ys, yt = (random.random(900) < 1 / 3).astype(int), (random.random(m) < share).astype(int)
    xs, xt = (random.normal(size=(len(y), 2)) + 1.5 * y[:, None] for y in (ys, yt))
    return pair(xs=xs, ys=ys, xt=xt, k=2, fit=fit(2), seed=seed), yt


@pytest.mark.parametrize(("estimate", "off"), [("mlls", 0.03), ("bbse", 0.08)])
@pytest.mark.parametrize("share", [0.1, 0.8])
def test_a_shift_of_proportions_is_found_and_corrected(estimate, off, share):
    given, yt = proportions(share)
    head, _ = drain(labelshift.run(labelshift.Config(estimate), given))
    plain = given.fit(given.xs, given.ys, None)
    lean = np.diff(head.bias - plain.bias)[0]
    found = 1 / (1 + np.exp(-lean - np.diff(np.log(given.priors))[0]))
    assert found == pytest.approx(yt.mean(), abs=off)
    assert head.notes["proportions"][1] == pytest.approx(found, abs=0.01)
    right, before = ((each(given.xt).argmax(1) == yt).mean() for each in (head, plain))
    assert right > before
    assert softmax(head(given.xt))[:, 1].mean() == pytest.approx(yt.mean(), abs=off)


def test_without_a_shift_nothing_is_corrected():
    same = 0
    for seed in range(20):
        given, _ = proportions(1 / 3, seed, m=300)
        head, _ = drain(labelshift.run(labelshift.Config(), given))
        same += np.array_equal(head.bias, given.fit(given.xs, given.ys, None).bias)
    assert same >= 18  # the test errs once in a hundred


def test_proportions_in_closed_form():
    """With sure answers the most likely proportions are the answers' own; with C = confusion, q = C w is solved."""
    sure = np.eye(3)[[0, 0, 1, 2]]
    np.testing.assert_allclose(labelshift.mlls(sure, np.array([0.2, 0.3, 0.5])), [0.5, 0.25, 0.25], atol=1e-6)
    counts = np.array([[40, 10], [10, 40]])  # a fifth of either class is answered wrongly
    np.testing.assert_allclose(labelshift.bbse(counts, np.repeat([0, 1], [62, 38])), [0.7, 0.3], atol=1e-9)


def test_the_surest_of_each_class_are_believed():
    scores = np.array([[3.0, 0], [9, 0], [1, 0], [2, 0], [0, 0.1], [0, 0.2]], np.float32)
    assert surest(scores, 0.5).tolist() == [0, 1, 5]
    assert surest(scores, 0.01).tolist() == [1, 5]
    assert surest(scores, 1.0).tolist() == [0, 1, 2, 3, 4, 5]


def test_self_training_learns_from_its_own_answers():
    given = pair(n=40, m=30)
    x, y, weights, _ = noted(given, "selftrain")
    believed = surest(given.fit(given.xs, given.ys, None)(given.xt), 0.5)
    assert len(x) == len(y) == len(weights) == pytest.approx(40 + len(believed), abs=3)
    np.testing.assert_array_equal(x[:40], given.xs)
    np.testing.assert_array_equal(y[:40], given.ys)
    assert set(weights.tolist()) == {1.0}
    words = pair(sparse_rows=True)
    np.testing.assert_array_equal(
        below(words.xs, words.xt).toarray(), np.vstack([words.xs.toarray(), words.xt.toarray()])
    )


def test_statistics_alone_undo_a_shift_and_a_stretch():
    given = pair(n=400)
    moved = replace(given, xt=given.xs * 3 + 5)
    head, _ = drain(method("testtime").run(method("testtime").config(prior=0.0, anchor=1e9), moved))
    plain = given.fit(given.xs, given.ys, None)
    np.testing.assert_allclose(head(moved.xt), plain(given.xs), atol=1e-3)


def test_entropy_falls_within_bounds_and_answers_do_not_become_one():
    given = pair(n=90, m=90, shift=1.0)
    z, head = (given.xt - given.xt.mean(0)) / given.xt.std(0), given.fit(given.xs, given.ys, None)
    both = np.random.default_rng(0).normal(1, 0.1, 12)
    slope = approx_fprime(both, lambda b: mean_entropy(z, head, b)[0], 1e-7)
    np.testing.assert_allclose(mean_entropy(z, head, both)[1], slope, atol=1e-5)

    start = np.repeat([1.0, 0.0], 6)
    scale, shift = lower_entropy(z, head, 1.0, 10)
    end = np.concatenate([scale, shift])
    assert mean_entropy(z, head, end)[0] < mean_entropy(z, head, start)[0]
    loose = np.concatenate(lower_entropy(z, head, 0.0, 1000))
    assert np.abs(end - start).max() < np.abs(loose - start).max() <= 1
    flat = replace(head, weight=head.weight * 0.3)  # unsure of all
    found = np.concatenate(lower_entropy(z, flat, 1.0, 1000)).reshape(2, 6)
    answers = flat(z * found[0] + found[1]).argmax(1)
    assert np.bincount(answers, minlength=3).min() > 15
