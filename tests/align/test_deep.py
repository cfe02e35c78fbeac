"""Deep methods: each loss against its formula written out, and each method on a toy where its paper says it works."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_task import drain
from headstart.align import Pair, cdan, daan, dan, dann, deepcoral, mcc
from headstart.align.network import mlp
from headstart.score._axes import signed_root, standardise
from headstart.strategy import strategy
from headstart.transfer.mlp import logits
from headstart.types import Fitted, View


def pair_of(xs, ys, xt, seed=0, k=2):
    return Pair(xs, ys, xt, k, fit=None, seed=seed)


def test_a_saved_network_says_what_it_said():
    random = np.random.default_rng(0)
    raw, new = random.normal(3, 2, (60, 5)), random.normal(3, 2, (9, 5))
    rows, mean, scale = standardise(signed_root(raw), each=True)
    pair = pair_of(rows, np.arange(60) % 2, rows)
    model, steps = drain(mlp.fit("any", mlp.Setting(steps=60), pair, lambda seen: seen.hs.sum() * 0))
    saved = Fitted(model.strategy, View("some"), {}, ("a", "b"), model.behind(mean, scale), 0, 0)
    np.testing.assert_allclose(logits(saved, new), model((signed_root(new) - mean) / scale), atol=1e-5)
    assert strategy(model.strategy).logits is logits
    assert steps[-1].step == 60


def test_a_loss_that_is_no_number_names_its_method():
    rows = np.zeros((8, 2))
    with pytest.raises(ArithmeticError, match="'mine' became nan after 0%"):
        drain(
            mlp.fit("mine", mlp.Setting(), pair_of(rows, np.arange(8) % 2, rows), lambda seen: seen.hs.sum() * np.nan)
        )


def rows_of(n, h, seed, away=0.0):
    import torch

    return torch.from_numpy(np.random.default_rng(seed).normal(away, 1, (n, h)))


def test_correlation_distance():
    a, b = rows_of(20, 3, 0), rows_of(20, 3, 1) * 2
    expected = ((np.cov(a.T.numpy()) - np.cov(b.T.numpy())) ** 2).sum() / (4 * 3**2)
    assert float(deepcoral.distance(a, b)) == pytest.approx(expected)
    assert float(deepcoral.distance(a, a + 5)) == pytest.approx(0, abs=1e-12), "a shift leaves covariances as they are"


def test_mean_discrepancy():
    a, b = rows_of(6, 3, 0), rows_of(6, 3, 1, away=1.0)
    rows = np.r_[a.numpy(), b.numpy()]
    squares = ((rows[:, None] - rows[None]) ** 2).sum(2)
    ordered = np.sort(squares[~np.eye(12, dtype=bool)])
    median = ordered[(len(ordered) - 1) // 2]  # torch's median is the lower of two
    expected = 0.0
    for width in (0.25, 0.5, 1, 2, 4):
        for i in range(12):
            for j in range(12):
                kernel = np.exp(-squares[i, j] / (2 * width * median)) / 5
                if (i < 6) != (j < 6):
                    expected -= kernel / 36
                elif i != j:
                    expected += kernel / 30
    assert float(dan.mmd(a, b)) == pytest.approx(expected)
    means = [float(dan.mmd(rows_of(8, 2, 2 * s), rows_of(8, 2, 2 * s + 1))) for s in range(200)]
    assert abs(np.mean(means)) < 3 * np.std(means) / 200**0.5, "of one distribution it is 0 on average"


def test_class_confusion():
    import torch

    scores, temperature = rows_of(5, 3, 0), 2.5
    p = np.exp(scores.numpy() / temperature)
    p /= p.sum(1, keepdims=True)
    sure = 1 + np.exp((p * np.log(p)).sum(1))
    weights = 5 * sure / sure.sum()
    shared = np.einsum("ij,i,il->jl", p, weights, p)
    shared /= shared.sum(1, keepdims=True)
    assert float(mcc.confusion(scores, temperature)) == pytest.approx((shared.sum() - np.trace(shared)) / 3)
    assert float(mcc.confusion(torch.eye(3) * 1e3, 1.0)) == pytest.approx(0, abs=1e-6)
    assert float(mcc.confusion(torch.zeros(4, 3), 1.0)) == pytest.approx(2 / 3), "undecided throughout"


def test_hidden_units_and_classes_together():
    hidden, p = rows_of(4, 3, 0), rows_of(4, 2, 1).softmax(1)
    expected = [np.outer(q, h).ravel() for h, q in zip(hidden.numpy(), p.numpy(), strict=True)]
    np.testing.assert_allclose(cdan.together(hidden, p), expected)
    products = [cdan.at_random(3, 2, seed)(hidden, p) for seed in range(40)]
    ours = np.mean([(z @ z.T).numpy() for z in products], axis=0)
    np.testing.assert_allclose(ours, np.array(expected) @ np.array(expected).T, atol=0.1)


def test_sure_rows_weigh_more():
    from headstart.align.network import parts

    p = rows_of(6, 3, 0).softmax(1)
    sure = 1 + np.exp((p.numpy() * np.log(p.numpy())).sum(1))
    np.testing.assert_allclose(parts.certainty(p), 6 * sure / sure.sum())


def test_an_adversary_is_turned_round_and_heard_more_and_more():
    import torch

    from headstart.align.network import parts

    x, w = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    out = (parts.reversed_gradient(x, 0.3) * w).sum()
    out.backward()
    assert float(out.detach()) == pytest.approx(2)
    np.testing.assert_allclose(x.grad, -0.3 * np.ones(2), rtol=1e-6)
    np.testing.assert_allclose(w.grad, np.ones(2), rtol=1e-6)
    for done in (0.0, 0.1, 0.5, 1.0):
        assert parts.strength(done) == pytest.approx(2 / (1 + np.exp(-10 * done)) - 1)


def test_a_discriminators_loss():
    import torch

    from headstart.align.network import parts

    odds, weights = rows_of(4, 1, 0), torch.tensor([1.5, 0.5, 0.5, 1.5], dtype=torch.float64)
    right = 1 / (1 + np.exp(-odds.numpy()[:, 0] * [1, 1, -1, -1]))
    assert float(parts.telling(odds)) == pytest.approx(-np.log(right).mean())
    assert float(parts.telling(odds, weights)) == pytest.approx(-(np.log(right) * weights.numpy()).mean())


def dispensable(seed, moved=0.0, spread=0.0, n=300):
    """x0 says the class in both domains; so does x1 in the source, where the target is moved or spread."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = random.normal(0, 1, (n, 6))
    x[:, :2] += 2 * (2 * y[:, None] - 1)
    x[:, 1] += moved + random.normal(0, 1, n) * spread
    return x, y


def told(method, source, target, seed, **more):
    """Right answers on the target: of `method`, trained as the tests have it, and the model."""
    (xs, ys), (xt, yt) = source, target
    mean, scale = xs.mean(0), xs.std(0)
    pair = pair_of((xs - mean) / scale, ys, (xt - mean) / scale, seed, int(ys.max()) + 1)
    short = {"steps": 300, "width": 64, "lr": 3e-3}
    if method is None:
        run = mlp.fit("none", mlp.Setting(**short), pair, lambda seen: seen.hs.sum() * 0)
    else:
        run = method.run(method.Config(**short, **more), pair)
    model, _ = drain(run)
    return float((model(pair.xt).argmax(1) == yt).mean()), model


TOYS = {"moved": {"moved": 4.0}, "spread": {"spread": 5.0}}


@pytest.fixture(scope="module")
def untouched():
    return {toy: told(None, dispensable(0), dispensable(50, **how), 0)[0] for toy, how in TOYS.items()}


@pytest.mark.parametrize(
    ("method", "toy"),
    [(deepcoral, "spread"), (dan, "moved"), (dann, "moved"), (cdan, "moved"), (mcc, "moved"), (daan, "moved")],
    ids=lambda it: it if isinstance(it, str) else it.__name__.rsplit(".", 1)[-1],
)
def test_it_is_right_more_often_than_a_network_of_the_source_alone(method, toy, untouched):
    """What gives the domain away can be done without (DANN's argument), or has another covariance (CORAL's)."""
    right, model = told(method, dispensable(0), dispensable(50, **TOYS[toy]), 0)
    assert right > untouched[toy] + 0.1
    assert model.strategy == "mlp"


def test_rows_weigh_in_a_class_by_their_probability_of_it():
    import torch

    ps, pt = torch.tensor([[0.9, 0.1], [0.8, 0.2]]), torch.tensor([[0.3, 0.7], [0.5, 0.5]])
    weights = daan.shares(ps, pt)
    np.testing.assert_allclose(weights[:2, 0], np.array([0.9, 0.8]) / 1.7 / 2, rtol=1e-6)
    np.testing.assert_allclose(weights[:2, 1], [0.05, 0.1], rtol=1e-6, err_msg="less than one row is of this class")
    np.testing.assert_allclose(weights[2:, 1], np.array([0.7, 0.5]) / 1.2 / 2, rtol=1e-6)
    odds = rows_of(4, 2, 0).float()
    right = 1 / (1 + np.exp(-odds.numpy() * np.array([[1], [1], [-1], [-1]])))
    expected = -(np.log(right) * weights.numpy()).sum() / 2
    assert float(daan.by_class(odds, weights)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("right_of", "weight", "distances"), [("all", 0.0, (2, 0)), ("each", 1.0, (0, 2))])
def test_the_weight_goes_to_what_tells_the_domains_apart(right_of, weight, distances):
    import torch

    truth = torch.tensor([[5.0], [5.0], [-5.0], [-5.0]])
    half = torch.tensor([[5.0], [-5.0], [5.0], [-5.0]])
    balance = daan.Balance(2, every=3)
    for step in (1, 2, 3):
        of_all, of_each = (truth, half) if right_of == "all" else (half, truth)
        balance.note(step, of_all, of_each.repeat(1, 2), torch.full((4, 2), 0.25))
    last = balance.course[-1]
    assert [last[name] for name in ("step", "weight", "marginal", "conditional")] == [3, weight, *distances]
    assert balance.weight == weight


def proportions(seed, part, n=2000):
    """Two classes, `part` of the rows of the second."""
    random = np.random.default_rng(seed)
    y = (random.random(n) < part).astype(int)
    x = random.normal(0, 1, (n, 6))
    x[:, 0] += 2.5 * (2 * y - 1)
    return x, y


def by_class(seed, moved, n=2000, k=8):
    """Eight classes; along x0 half of them lie at `moved`, half at −`moved`, so that x0 as a whole stays as it is."""
    random, centres = np.random.default_rng(seed), np.random.default_rng(3).normal(0, 1.5, (k, 20))
    y = np.arange(n) % k
    x = centres[y] * (np.arange(20) > 0) + random.normal(0, 1, (n, 20))
    x[:, 0] += moved * (2 * (y % 2) - 1)
    return x, y


def late(model, name):
    """Mean over the second half of the training."""
    return np.mean([at[name] for at in model.notes["course"][5:]])


def test_daan_hears_the_whole_where_only_proportions_differ():
    _, model = told(daan, proportions(0, 0.5), proportions(50, 0.9), 0)
    assert late(model, "weight") < 0.35
    assert late(model, "marginal") > 2 * late(model, "conditional")


def test_daan_hears_the_classes_where_each_moves_and_the_whole_does_not():
    _, model = told(daan, by_class(0, 1), by_class(50, -2), 0)
    assert late(model, "weight") > 0.7
    assert late(model, "conditional") > 2 * late(model, "marginal")


def test_daan_hears_neither_where_nothing_differs():
    _, model = told(daan, by_class(0, 1), by_class(50, 1), 0)
    assert max(at[name] for at in model.notes["course"] for name in ("marginal", "conditional")) < 0.2
