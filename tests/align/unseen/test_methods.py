"""Each way to learn for an unseen domain against a closed form or an independent writing-out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax

from drawn_domains import LogisticFit, domains
from drawn_task import drain
from headstart.align.unseen import Domains, coral, erm, groupdro, mixup


def test_erm_is_the_head_of_all_rows():
    given = domains()
    head, _ = drain(erm.run(erm.Config(), given))
    again = LogisticFit(3)(given.xs, given.ys, None)
    np.testing.assert_allclose(head.weight, again.weight)


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_mixup_shares_rows_and_classes_alike(sparse):
    given = domains(sparse=sparse)
    drain(mixup.run(mixup.Config(copies=3), given))
    x, soft, weights = given.fit.calls[-1]
    plain, x = (one.toarray() if sparse else one for one in (given.xs, x))
    assert x.shape == (360, 5)
    np.testing.assert_allclose(weights, 1 / 3)
    before, after = np.hstack([plain, np.eye(3)[given.ys]]), np.hstack([x, soft])
    for i in range(0, 360, 7):  # some row of another domain, and one share for row and class, must explain it
        own, explained = i % 120, []
        for other in before[given.domain != given.domain[i % 120]]:
            step = before[own] - other
            share = (after[i] - other) @ step / max(step @ step, 1e-12)
            inside = -1e-9 <= share <= 1 + 1e-9
            explained.append(inside and np.allclose(after[i], other + share * step, atol=1e-9))
        assert any(explained)


def test_mixup_draws_every_other_domain_as_often_and_never_the_own():
    given = domains(n=12, g=4)
    uneven = Domains(given.xs[:40], given.ys[:40], given.domain[:40], 3, given.fit)  # the last one has 4 rows
    rows = np.tile(np.arange(40), 300)
    drawn = uneven.domain[mixup.partners(uneven, rows, np.random.default_rng(0))]
    table = np.zeros((4, 4))
    np.add.at(table, (uneven.domain[rows], drawn), 1)
    assert (np.diag(table) == 0).all()
    shares = table / table.sum(1, keepdims=True)
    np.testing.assert_allclose(shares[~np.eye(4, dtype=bool)], 1 / 3, atol=0.03)


def test_mixup_of_one_domain_mixes_within_it():
    given = domains(g=1)
    picked = mixup.partners(given, np.arange(40), np.random.default_rng(0))
    assert len(np.unique(picked)) > 15


def test_coral_gives_all_domains_one_mean_and_covariance():
    given = domains(n=60, shift=2.0)
    given.xs[given.domain == 1] *= [1, 2, 3, 0.5, 1]
    moved = coral.together(given, shrink=0.0)
    own = [np.cov(given.xs[part].T) for part in given.parts]
    pooled = np.mean(own, axis=0)  # domains of one size
    for part in given.parts:
        np.testing.assert_allclose(moved[part].mean(0), given.xs.mean(0), atol=1e-9)
        np.testing.assert_allclose(np.cov(moved[part].T), pooled, rtol=1e-4, atol=1e-4)
    assert np.abs(own[0] - own[1]).max() > 0.5


def test_coral_leaves_domains_alone_that_do_not_differ():
    one = domains(n=60, g=1)
    twice = Domains(np.tile(one.xs, (2, 1)), np.tile(one.ys, 2), np.repeat([0, 1], 60), 3, one.fit)
    np.testing.assert_allclose(coral.together(twice, 0.1), twice.xs, atol=1e-8)


def test_coral_stands_more_columns_than_rows():
    given = domains(n=6, d=30)
    assert np.isfinite(coral.together(given, 0.1)).all()


def opposed() -> Domains:
    """300 rows in which the second column tells the class as well, 60 in which it tells the contrary."""
    rng = np.random.default_rng(3)
    domain = np.repeat([0, 1], [300, 60])
    ys = rng.integers(0, 2, 360)
    sign = 2.0 * ys - 1
    x = np.stack(
        [sign + 1.5 * rng.normal(size=360), np.where(domain == 0, sign, -sign) + 0.5 * rng.normal(size=360)], 1
    )
    return Domains((x - x.mean(0)) / x.std(0), ys, domain, 2, LogisticFit(2))


def by_domain(head, given):
    each = -log_softmax(head(given.xs), axis=1)[np.arange(len(given.ys)), given.ys]
    return np.array([each[part].mean() for part in given.parts])


def test_group_dro_moves_weight_to_the_worse_domain_and_lifts_it():
    given = opposed()
    plain = LogisticFit(2)(given.xs, given.ys, None)
    head, steps = drain(groupdro.run(groupdro.Config(), given))
    assert len(steps) == 10
    sums = [[w[part].sum() / 360 for part in given.parts] for _, _, w in given.fit.calls]
    assert sums[0] == pytest.approx([0.5, 0.5], rel=1e-5)
    assert head.notes["shares"] == pytest.approx(np.mean(sums, axis=0), rel=1e-5)
    assert head.notes["shares"][1] > 0.4  # it has a sixth of the rows
    worse = by_domain(LogisticFit(2)(*given.fit.calls[0]), given).argmax()
    assert sums[1][worse] > 0.5
    before = by_domain(plain, given)
    assert before[1] > before[0]
    assert by_domain(head, given).max() < 0.6 * before.max()
    right = [(h(given.xs).argmax(1) == given.ys)[given.domain == 1].mean() for h in (plain, head)]
    assert right[1] > right[0] + 0.2


def test_group_dro_comes_near_the_minimax_head():
    given = opposed()
    head, _ = drain(groupdro.run(groupdro.Config(rounds=40), given))

    def worst(flat):  # two classes: one direction and a threshold; the penalty as in the fit, a row's share of it
        w, b = np.stack([-flat[:2], flat[:2]], 1) / 2, np.array([-flat[2], flat[2]]) / 2
        each = -log_softmax(given.xs @ w + b, axis=1)[np.arange(360), given.ys]
        return max(each[part].mean() for part in given.parts) + (w**2).sum() / 2 / 360

    found = min(
        (minimize(worst, start, method="Nelder-Mead", options={"maxiter": 4000}) for start in np.eye(3)),
        key=lambda one: one.fun,
    )
    ours = by_domain(head, given).max() + (head.weight**2).sum() / 2 / 360
    assert found.fun - 1e-4 <= ours < found.fun + 0.02


def test_group_dro_of_equal_domains_is_erm():
    one = domains(n=60, g=1)
    twice = Domains(np.tile(one.xs, (2, 1)), np.tile(one.ys, 2), np.repeat([0, 1], 60), 3, one.fit)
    head, _ = drain(groupdro.run(groupdro.Config(rounds=3), twice))
    plain = LogisticFit(3)(twice.xs, twice.ys, None)
    np.testing.assert_allclose(head.weight, plain.weight, atol=1e-3)
