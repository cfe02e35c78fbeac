"""Elastic weight consolidation: the Fisher information against a brute-force loop, and what it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import tiny_tail
from headstart.errors import UsageError
from headstart.transfer import ewc
from headstart.transfer.modality import open_tail
from headstart.transfer.training import tail as _tail
from headstart.transfer.training import tune
from tiny_tail import drain


def one_part(**how):
    """A tail that learns its last part alone, and the work whose maps enter it."""
    context = tiny_tail.context("cut:1", 10, 2, copies=1, valid=0, **how)
    return open_tail(context.source, context.weights, context.view, 2).eval(), context


def by_hand(context, seed: int = 0) -> dict[str, np.ndarray]:
    """Explicit gradients of each picture's log-probability, by torch.func on a plain function of the weights."""
    from torch.func import functional_call, grad, vmap

    net = tiny_tail.net()
    part, classifier = torch.nn.Sequential(net.conv_head, net.bn2), net.get_classifier()
    x = torch.from_numpy(
        np.asarray(context.source_rows if context.source_rows is not None else context.train.x, np.float32)
    )
    with torch.no_grad():
        p = classifier(part(x).mean((2, 3))).double().softmax(1).numpy()
    random = np.random.default_rng(seed)
    order = random.permutation(len(x))
    labels = [int(random.choice(p.shape[1], p=p[row] / p[row].sum())) for row in order]
    drawn = torch.nn.functional.one_hot(torch.tensor(labels), p.shape[1])
    weights = {name: w.detach() for name, w in part.named_parameters()}

    def log_p(weights, row, which):
        top = functional_call(part, weights, (row[None],)).mean((2, 3))
        return (classifier(top).log_softmax(1)[0] * which).sum()

    slopes = vmap(grad(log_p), (None, 0, 0))(weights, x[order], drawn)
    squares = {name: (slope**2).mean(0) for name, slope in slopes.items()}
    mean = sum(s.sum() for s in squares.values()) / sum(s.numel() for s in squares.values())
    return {f"parts.top.{name}": (square / mean).detach().numpy() for name, square in squares.items()}


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("given", [False, True])
def test_the_fisher_information_is_that_of_explicit_gradients_picture_by_picture(seed, given):
    rows = tiny_tail.look("cut:1", 7, 3, 9).x if given else None
    tail, context = one_part(seed=seed, source_rows=rows)
    found, wanted = ewc.fisher(tail, context), by_hand(context, seed)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name].numpy(), value, rtol=2e-2, atol=1e-3 * value.max())


def test_its_mean_is_one_and_it_moves_nothing():
    tail, context = one_part()
    before = {name: t.clone() for name, t in tail.state_dict().items()}
    found = ewc.fisher(tail, context)
    every = torch.cat([f.flatten() for f in found.values()])
    assert every.mean().item() == pytest.approx(1, rel=1e-4)
    assert (every >= 0).all()
    assert every.max() > 10, "some weights matter far more than others"
    assert all(torch.equal(before[name], t) for name, t in tail.state_dict().items())
    assert all(p.grad is None for p in tail.parameters())
    assert not any(name.startswith("classifier") for name in found), "the new head is free"


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_source_data_takes_the_targets_place_and_the_notes_say_so(parts):
    config = ewc.Config(parts=parts, steps=3, strength=100.0)
    context = tiny_tail.context(valid=0)
    own, _ = drain(ewc.run(config, context))
    assert own.notes["fisher"] == "the target's pictures, labels drawn by the source's head"
    rows = tiny_tail.look("cut:3", 9, 4, 8).x
    before = rows.copy()
    other, _ = drain(ewc.run(config, replace(context, source_rows=rows)))
    assert other.notes["fisher"] == "source data"
    assert other.notes["step"] == 3
    assert not tiny_tail.same(own, other)
    np.testing.assert_array_equal(rows, before)
    alike, _ = drain(ewc.run(config, replace(context, source_rows=_tail.plain(context.train.x).copy())))
    assert tiny_tail.same(own, alike), "the target's own pictures, given as source data, are no other"


def test_weights_that_matter_are_held_and_those_that_do_not_are_free():
    """From a random head, whose slopes are large."""
    tail, context = one_part()
    weight = ewc.fisher(tail, context)["parts.top.0.weight"].numpy().ravel()
    start = tiny_tail.untouched(depth="cut:1")["top"]["parts.top.0.weight"].ravel()
    moved = []
    for strength in (0.0, 1.0):
        config = ewc.Config(parts=1, steps=30, lr=3e-3, strength=strength, head_first=False)
        head, _ = drain(ewc.run(config, context))
        moved.append(np.abs(head.state["parts.top.0.weight"].ravel() - start))
    heavy, light = weight > np.quantile(weight, 0.9), weight < np.quantile(weight, 0.1)
    shares = moved[1] / np.maximum(moved[0], 1e-12)
    assert np.median(shares[heavy]) < 0.2
    assert np.median(shares[light]) > 0.4


def test_the_penalty_is_the_weighted_square():
    tail, _ = one_part()
    start = tune.source_weights(tail)
    random = np.random.default_rng(0)
    weight = {n: torch.from_numpy(random.random(tuple(w.shape)).astype(np.float32)) for n, w in start.items()}
    assert float(tune.squared_distance(tail, start, weight).detach()) == 0
    wanted = 0.0
    with torch.no_grad():
        for name, parameter in tail.named_parameters():
            step = torch.from_numpy(random.normal(0, 0.1, tuple(parameter.shape)).astype(np.float32))
            parameter.add_(step)
            wanted += float((weight[name].double() * step.double() ** 2).sum()) if name in weight else 0.0
    assert tune.squared_distance(tail, start, weight).item() == pytest.approx(wanted, rel=1e-4)


def test_a_source_without_a_classifier_of_its_own_is_refused():
    context = tiny_tail.context("cut:1", 4, 2, copies=1, valid=0)
    headless = replace(context, source=replace(context.source, classes="none"))
    with pytest.raises(UsageError, match=r"'ewc' keeps the skill .* 'tiny' has none.*l2sp"):
        drain(ewc.run(ewc.Config(), headless))


def test_the_fisher_information_of_the_same_pictures_is_not_another_records():
    """Two records of the same weights; the pictures as they are, so that normalisation happens in the tail."""
    given = tiny_tail.context("input", 6, 2, copies=1, valid=0)
    spec = replace(given.source.input, mean=(0.1, 0.1, 0.1))
    changed = replace(given, source=replace(given.source, input=spec))
    anew = replace(changed, train=replace(changed.train, x=changed.train.x.copy()))  # of which nothing is kept
    config = ewc.Config(parts=1, steps=2, strength=1e4, head_first=False)
    one, two, alone = (drain(ewc.run(config, each))[0] for each in (given, changed, anew))
    assert not tiny_tail.same(one, two)
    assert tiny_tail.same(two, alone)
