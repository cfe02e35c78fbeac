"""The probe on all depths: against the plain probe, scikit-learn on blocks scaled by hand, and what it is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import drawn_task
import tiny_tail
from headstart.strategy import SEARCH, TrainResult
from headstart.transfer import depths, probe
from headstart.types import Facts, Features, FitContext, Fitted, Source, View

WIDTHS, K = (5, 12, 40), 3
VIEW = View("tiny", "all")


def source(widths: tuple[int, ...] = WIDTHS) -> Source:
    """A record of these depths; no weights are read."""
    return replace(tiny_tail.source(), widths=widths, feature_dim=widths[-1])


def drawn(n: int, seed: int, widths: tuple[int, ...] = WIDTHS) -> Features:
    """Every depth tells something, each in a unit of its own, the wider the less."""
    blocks = [drawn_task.features(n, K, seed + 100 * i, width, 2.0 + width / 10) for i, width in enumerate(widths)]
    x = np.concatenate([(10.0**-i) * block.x for i, block in enumerate(blocks)], 1)
    return Features(x.astype(np.float32), blocks[0].y, f"depths-{seed}")


def signal_at(block: int, n: int, seed: int, widths: tuple[int, ...]) -> Features:
    """Noise at every depth, class centres at one alone."""
    x = np.random.default_rng(seed).normal(0, 1, (n, sum(widths)))
    start = sum(widths[:block])
    shown = drawn_task.features(n, K, seed, widths[block])
    x[:, start : start + widths[block]] = shown.x
    return Features(x.astype(np.float32), shown.y, f"signal-{seed}")


def run(config: depths.Config, train: Features, widths: tuple[int, ...] = WIDTHS) -> TrainResult:
    head, steps = tiny_tail.drain(depths.run(config, FitContext(train, K, VIEW, source=source(widths))))
    assert [(step.step, step.steps) for step in steps] == [(1, 1)]
    return head


def scores(head: TrainResult, x: np.ndarray) -> np.ndarray:
    return depths.logits(Fitted("depths", VIEW, {}, tuple("abc"), head.state, 0, 0), x)


def right(head: TrainResult, rows: Features) -> float:
    return float((scores(head, rows.x).argmax(1) == rows.y).mean())


def by_hand(x: np.ndarray, like: np.ndarray, power: float) -> np.ndarray:
    """Signed root, every column in its own deviation, every block times width^(−power/2); by the rows of `like`."""
    root, of = np.sign(x) * np.sqrt(np.abs(x)), np.sign(like) * np.sqrt(np.abs(like))
    x = (root.astype(float) - of.mean(0, dtype=float)) / of.std(0, dtype=float)
    ends = np.cumsum(WIDTHS)
    return np.concatenate([x[:, e - w : e] * w ** (-power / 2) for e, w in zip(ends, WIDTHS, strict=True)], 1)


@pytest.mark.parametrize("share", [0.125, 1 / 64])
def test_with_power_0_it_is_the_probe_on_all_features_side_by_side(share):
    train = drawn(30, 1)
    plain, _ = tiny_tail.drain(probe.run(probe.Config(share), FitContext(train, K, View("tiny"))))
    head = run(depths.Config(0.0, share), train)
    assert head.notes == plain.notes
    for name in ("weight", "bias"):
        np.testing.assert_allclose(head.state[name], plain.state[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_it_is_scikit_learns_head_on_blocks_scaled_by_hand(power):
    """RidgeCV's leave-one-out picks the same ridge penalty; LogisticRegression at its share gives the same logits."""
    from sklearn.linear_model import LogisticRegression, RidgeCV

    train, new = drawn(60, 1), drawn(40, 2)
    head = run(depths.Config(power), train)
    x = by_hand(train.x, train.x, power)
    singular = np.linalg.svd(x, compute_uv=False)
    grid = np.geomspace(1e-4, 1e4, 30) * (singular[singular > 1e-4] ** 2).mean()
    penalty = RidgeCV(grid).fit(x, np.eye(K)[train.y]).alpha_
    assert head.notes["ridge_penalty"] == pytest.approx(penalty, rel=1e-4)
    oracle = LogisticRegression(C=1 / (0.125 * penalty), tol=1e-8, max_iter=5000).fit(x, train.y)
    expected = oracle.decision_function(by_hand(new.x, train.x, power))
    ours = scores(head, new.x)
    ours, expected = (z - z.mean(1, keepdims=True) for z in (ours, expected))  # a shift of all classes says nothing
    np.testing.assert_allclose(ours, expected, atol=5e-3 * np.abs(expected).max())


def test_weights_are_one_over_the_root_of_each_depths_width():
    found = depths.weights(source((4, 9, 1)), 14)
    np.testing.assert_allclose(found, [1 / 2] * 4 + [1 / 3] * 9 + [1])
    blocks = depths.weights(source(), sum(WIDTHS))
    np.testing.assert_allclose([(blocks[source().columns(d)] ** 2).sum() for d in source().depths], 1)


def test_without_a_source_there_is_one_depth():
    assert np.ptp(depths.weights(None, 7)) == 0
    assert len(depths.weights(None, 7)) == 7


@pytest.mark.parametrize("block", [0, 1])
def test_what_stands_below_the_top_is_found_where_the_top_alone_fails(block):
    train, new = signal_at(block, 45, 1, WIDTHS), signal_at(block, 150, 2, WIDTHS)
    top = source().columns("top")
    alone = replace(train, x=np.ascontiguousarray(train.x[:, top]))
    plain, _ = tiny_tail.drain(probe.run(probe.Config(), FitContext(alone, K, View("tiny"))))
    of_top = float(
        (probe.logits(Fitted("probe", VIEW, {}, (), plain.state, 0, 0), new.x[:, top]).argmax(1) == new.y).mean()
    )
    assert of_top < 0.5, "three classes by chance: 1/3"
    assert right(run(depths.Config(), train), new) > 0.85


def test_equal_depths_find_a_narrow_one_beside_a_wide_top():
    """With power 0 a thousand features of noise outvote six that know the answer; with power 1 each depth has a say."""
    widths = (6, 1000)
    train, new = signal_at(0, 45, 3, widths), signal_at(0, 300, 4, widths)
    equal, by_width = (right(run(depths.Config(power), train, widths), new) for power in (1.0, 0.0))
    assert equal > by_width + 0.1


def test_one_view_a_source_of_all_its_depths():
    assert depths.views(["a", "b"]) == [View("a", "all"), View("b", "all")]


def test_settings_span_from_features_to_depths():
    found = depths.settings(Facts(100, 3, 200))
    assert len(set(found)) == SEARCH
    assert (min(c.power for c in found), max(c.power for c in found)) == (0.0, 1.0)


def test_every_number_of_the_head_was_learnt():
    head = run(depths.Config(), drawn(30, 1))
    assert head.state["weight"].shape == (sum(WIDTHS), K)
    assert head.trained_params == sum(WIDTHS) * K + K
