"""The flow by autograd's own determinant and by its inverse; the rows it makes by the ball that they lie in."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from drawn_domains import LogisticFit, domains
from drawn_task import drain
from headstart.align.unseen import Domains, unvp
from headstart.align.unseen._flow import Flow


@pytest.fixture(scope="module")
def bent() -> Flow:
    """A flow whose weights are drawn, so that it bends; in double precision."""
    torch.manual_seed(0)
    flow = Flow(torch.randn(3, 5), layers=4, hidden=8)
    for weight in flow.parameters():
        torch.nn.init.normal_(weight, std=0.6)
    return flow.double().eval()


def test_log_density_is_that_of_the_change_of_variables(bent):
    x = torch.randn(6, 5, dtype=torch.float64)
    found = bent(x).detach().numpy()
    for row, said in zip(x, found, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda one: bent.encode(one[None])[0][0], row)
        volume = float(torch.linalg.slogdet(jacobian).logabsdet)
        assert abs(volume) > 0.1
        z = bent.encode(row[None])[0][0].detach().numpy()
        for c, mean in enumerate(bent.means.detach().numpy()):
            assert said[c] == pytest.approx(multivariate_normal(mean, np.eye(5)).logpdf(z) + volume, rel=1e-9)


def test_decoding_is_the_inverse(bent):
    x = torch.randn(50, 5, dtype=torch.float64)
    z = bent.encode(x)[0]
    assert (z - x).abs().max() > 1
    torch.testing.assert_close(bent.decode(z), x, rtol=1e-9, atol=1e-9)


def test_an_untrained_flow_changes_nothing():
    flow = Flow(torch.zeros(2, 4), layers=3, hidden=8)
    x = torch.randn(5, 4)
    torch.testing.assert_close(flow.encode(x), (x, torch.zeros(5)))


def test_principal_axes_are_those_of_the_covariance():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6))
    axes, scale = unvp.principal(x, 4)
    np.testing.assert_allclose(axes.T @ axes, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(np.cov((x @ axes).T, bias=True), np.diag(scale**2), atol=1e-8)
    np.testing.assert_allclose(scale, np.linalg.svd(x - x.mean(0))[1][:4] / np.sqrt(200))


def moons(n=600) -> Domains:
    """Two classes in one bend each: no Gaussian."""
    rng = np.random.default_rng(0)
    ys, angle = np.arange(n) % 2, np.pi * rng.random(n)
    x = np.stack([np.cos(angle), np.sin(angle)], 1) * np.where(ys, -1, 1)[:, None] + ys[:, None] * [1.0, 0.5]
    x = x + 0.1 * rng.normal(size=(n, 2))
    return Domains((x - x.mean(0)) / x.std(0), ys, np.arange(n) % 3, 2, LogisticFit(2))


@pytest.fixture(scope="module")
def learnt():
    given = moons()
    axes, scale = unvp.principal(given.xs, 2)
    places = (given.xs @ axes / scale).astype(np.float32)
    flow, steps = drain(unvp.density(unvp.Config(), places, given.ys, 2, 0))
    assert steps[0].metric is not None
    return given, places, flow, axes, scale


def test_a_trained_flow_knows_the_rows_better_than_a_gaussian_of_each_class(learnt):
    given, places, flow, _, _ = learnt
    with torch.no_grad():
        logs = flow(torch.from_numpy(places)).numpy()
    ours = logs[np.arange(600), given.ys].mean()
    gaussian = np.empty(600)
    for c in (0, 1):
        rows = places[given.ys == c]
        gaussian[given.ys == c] = multivariate_normal(rows.mean(0), np.cov(rows.T)).logpdf(rows)
    assert ours > gaussian.mean() + 0.3
    assert (logs.argmax(1) == given.ys).mean() > 0.97  # Bayes' rule on the densities


def test_rows_are_made_harder_and_no_further_away_than_the_radius(learnt):
    given, places, flow, axes, scale = learnt
    head = given.fit(given.xs, given.ys, None)
    slope = axes.T @ head.weight * scale[:, None]
    moved = unvp.harder(unvp.Config(reach=0.3), flow, places, given.ys, head(given.xs), slope)
    rows = given.xs + ((moved - places) * scale) @ axes.T
    own = np.arange(600), given.ys

    def loss(x):
        scores = head(x)
        return -scores[own] + np.log(np.exp(scores).sum(1))

    assert (loss(rows) > loss(given.xs)).mean() > 0.99
    with torch.no_grad():
        there, here = (flow.encode(torch.tensor(p, dtype=torch.float32))[0].numpy() for p in (moved, places))
    away = np.linalg.norm(there - here, axis=1)
    assert away.max() < 0.3 * np.sqrt(2) + 1e-3
    assert np.median(away) > 0.2


def test_a_gaussian_and_an_untrained_flow_give_the_closed_form():
    """Two classes under a flow that is the identity: the worst point of a ball lies straight against the head."""
    rng = np.random.default_rng(0)
    places, ys = rng.normal(size=(40, 3)).astype(np.float32), np.arange(40) % 2
    slope = rng.normal(size=(3, 2))
    flow = Flow(torch.zeros(2, 3), 2, 4)
    moved = unvp.harder(unvp.Config(reach=0.5), flow, places, ys, (places @ slope).astype(np.float32), slope)
    against = np.where(ys[:, None] == 0, slope[:, 1] - slope[:, 0], slope[:, 0] - slope[:, 1])
    wanted = places + 0.5 * np.sqrt(3) * against / np.linalg.norm(against, axis=1, keepdims=True)
    np.testing.assert_allclose(moved, wanted, atol=1e-4)


def test_what_lies_off_the_axes_stays():
    given = domains(d=6)
    config = unvp.Config(axes=2, steps=10, rounds=1)
    drain(unvp.run(config, given))
    x, y, _ = given.fit.calls[-1]
    axes, _ = unvp.principal(given.xs, 2)
    step = x[120:] - x[:120]
    np.testing.assert_array_equal(x[:120], given.xs)
    np.testing.assert_array_equal(y[120:], given.ys)
    assert np.linalg.norm(step, axis=1).min() > 0.1
    np.testing.assert_allclose(step, step @ axes @ axes.T, atol=1e-9)


@pytest.mark.parametrize(("n", "d"), [(40, 1), (2, 5), (4, 5)], ids=["a column", "two rows", "four rows"])
def test_little_to_model_is_no_error(n, d):
    given = domains(n=n, d=d, k=2, g=1)
    head, steps = drain(unvp.run(unvp.Config(steps=5), given))
    assert np.isfinite(head(given.xs)).all()
    assert steps


def test_drawing_weights_does_not_move_the_callers_random_numbers():
    torch.manual_seed(5)
    before, x = torch.get_rng_state(), np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    step = next(unvp.density(unvp.Config(steps=5), x, np.arange(30) % 2, 2, 0))
    assert step.step == 0  # judged as it was drawn
    assert torch.equal(torch.get_rng_state(), before)
