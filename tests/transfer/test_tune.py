"""Fine-tuning: the start, the batches, the loss, what a refit does, and a kill in the middle."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import tiny_tail
import tiny_text
from headstart.errors import UsageError
from headstart.kind.classification import log_loss, softmax
from headstart.source.vision.backbone import normalise
from headstart.transfer import finetune, probe
from headstart.transfer.modality import open_tail
from headstart.transfer.training import tail, tune
from headstart.transfer.training import tuned as _tuned
from headstart.transfer.training.map_tail import MapTail
from headstart.types import Facts, Features, FitContext, Fitted, View
from tiny_tail import drain, same

HEAD_ALONE = finetune.Config(steps=0)


def run(config, **how):
    return drain(finetune.run(config, tiny_tail.context(**how)))


def fitted(head, depth: str = "cut:3", k: int = 3) -> Fitted:
    return Fitted("finetune", View("tiny", depth), {}, tuple("abcdef"[:k]), head.state, 0, 0)


def read(head, x, depth: str = "cut:3", k: int = 3):
    return _tuned.logits(fitted(head, depth, k), x, tiny_tail.source(), tiny_tail.weights())


def test_the_start_is_the_probes_head_on_the_same_features():
    """probe.py takes signed roots itself: it is given s·|s|, whose signed root is s, the soft root that tails use."""
    context = tiny_tail.context(copies=1)
    head, steps = drain(finetune.run(HEAD_ALONE, context))
    assert [(s.step, s.steps) for s in steps] == [(1, 1)]
    top = tail.look(open_tail(context.source, context.weights, context.view, 3).eval(), context.train.x, features=True)
    s = np.sign(top) * (np.sqrt(np.abs(top) + 1e-3) - np.sqrt(1e-3))
    theirs, _ = drain(
        probe.run(probe.Config(0.125), FitContext(Features(s * np.abs(s), context.train.y, ""), 3, View("tiny")))
    )
    ours = s @ head.state["classifier.weight"].T + head.state["classifier.bias"]
    np.testing.assert_allclose(ours, s @ theirs.state["weight"] + theirs.state["bias"], atol=2e-2)


def test_the_head_alone_leaves_the_source_alone():
    head, _ = run(HEAD_ALONE)
    assert head.state.keys() == {"classifier.weight", "classifier.bias"}
    assert head.trained_params == 256 * 3 + 3
    assert head.notes["step"] == 0


def test_the_probes_head_is_a_better_start_than_a_random_one():
    context = tiny_tail.context(n=60, valid=60)
    losses = []
    for first in (True, False):
        scores = read(drain(finetune.run(replace(HEAD_ALONE, head_first=first), context))[0], context.valid.x)
        losses.append(log_loss(softmax(scores), context.valid.y))
    assert losses[0] < losses[1] - 0.1


def test_what_does_not_beat_the_start_is_not_returned():
    """At an absurd rate all that training reaches is worse; the start comes back, bit for bit."""
    wild, steps = run(finetune.Config(lr=30.0, batch=4))
    assert len(steps) > 2
    assert wild.notes["step"] == 0
    assert same(wild, run(HEAD_ALONE)[0])
    last, _ = run(finetune.Config(lr=30.0, batch=4, steps=48), valid=0)
    assert last.notes["step"] == last.notes["steps"] == 48, "without validation data there is nothing to tell by"
    assert not same(last, wild)


@pytest.mark.parametrize("depth", ["cut:3", "input"])
def test_it_learns_what_the_head_alone_cannot(depth):
    """Bars through a random network: the tail's own weights must move to tell them apart."""
    context = tiny_tail.context(depth, 48, 3, copies=1, valid=48)
    context = replace(context, view=replace(context.view, style="glyph"))  # a mirrored bar is another class
    start, _ = drain(finetune.run(HEAD_ALONE, context))
    tuned, steps = drain(finetune.run(finetune.Config(lr=6e-3, batch=8, epochs=6), context))
    before, after = (log_loss(softmax(read(h, context.valid.x, depth)), context.valid.y) for h in (start, tuned))
    assert after < before - 0.1
    assert tuned.notes["step"] > 0
    assert steps[-1].loss < steps[1].loss


@pytest.mark.parametrize("parts", [1, 2])
def test_maps_moved_on_through_frozen_parts_train_as_the_maps_themselves(parts):
    """Training behind the cut:3 with fewer parts is training behind that later cut."""
    config = finetune.Config(parts=parts, steps=4)
    one, _ = drain(finetune.run(config, tiny_tail.context(copies=1, valid=0)))
    two, _ = drain(finetune.run(config, tiny_tail.context(f"cut:{parts}", copies=1, valid=0)))
    for name, value in two.state.items():
        np.testing.assert_allclose(one.state[name], value, atol=5e-3)


def test_of_copies_the_picture_itself_is_read():
    head, _ = run(finetune.Config(steps=4), valid=0)
    x = tiny_tail.look("cut:3", 9, 3, 5, 2).x
    np.testing.assert_array_equal(read(head, x), read(head, x[:, 0]))
    assert not np.array_equal(read(head, x), read(head, x[:, 1]))


@pytest.mark.parametrize("depth", ["cut:3", "input"])
def test_the_sources_skill_before_and_after(depth):
    """Before: timm's own features and scores. After: the adapted features, on which the logits rest."""
    x = tiny_tail.look(depth, 9, 3, 5).x
    head, _ = run(finetune.Config(steps=4, lr=1e-2), depth=depth, copies=1, valid=0)
    (top, scores), (new_top, new_scores) = _tuned.skill(fitted(head, depth), x, tiny_tail.source(), tiny_tail.weights())
    net, pictures = tiny_tail.net(), torch.from_numpy(tiny_tail.pictures(9, 3, 5).x)
    with torch.no_grad():
        maps = net.forward_features(normalise(pictures, tiny_tail.source().input))
        np.testing.assert_allclose(top, net.forward_head(maps, pre_logits=True), atol=2e-2)
        np.testing.assert_allclose(scores, net.forward_head(maps), atol=2e-2)
    assert new_top.shape == top.shape
    assert not np.allclose(new_top, top, atol=1e-3)
    rooted = np.sign(new_top) * (np.sqrt(np.abs(new_top) + 1e-3) - np.sqrt(1e-3))
    wanted = rooted @ head.state["classifier.weight"].T + head.state["classifier.bias"]
    np.testing.assert_allclose(read(head, x, depth), wanted, atol=1e-4)
    classifier = net.get_classifier()
    wanted = new_top @ classifier.weight.detach().numpy().T + classifier.bias.detach().numpy()
    np.testing.assert_allclose(new_scores, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("decay", [1.0, 1e6])
def test_earlier_parts_learn_more_slowly(decay):
    head, _ = run(finetune.Config(steps=6, decay=decay, weight_decay=0.0), valid=0)
    moved = []
    for tensors in tiny_tail.untouched().values():
        moved.append(max(float(np.abs(head.state.get(name, value) - value).max()) for name, value in tensors.items()))
    if decay == 1.0:
        assert min(moved) > 1e-4
    else:
        assert moved[0] < moved[1] < 1e-5
    assert moved[2] > 0 if decay == 1.0 else moved[2] < 1e-7, "the head is the last part and learns at the full rate"


@pytest.mark.parametrize("depth", ["cut:1", "cut:3"])
def test_what_stands_behind_the_pooling_learns_too(depth):
    net = "mobilenetv3_small_050"
    context = tiny_tail.context(depth, architecture=net, valid=0)
    parts = int(depth[-1])
    tuned, _ = drain(finetune.run(finetune.Config(parts=parts, steps=4), context))
    assert {"late.0.weight", "late.0.bias"} <= tuned.state.keys(), "a state holds what moved"
    learned = [v for n, v in tuned.state.items() if "running" not in n]
    assert tuned.trained_params == sum(v.size for v in learned)


def batches(config, labels, k, x=None, seed: int = 0, style: str = "photo"):
    """`batch(step)` of rows that tell who they are: x [n, 1, 1, 1] holds the row's number."""
    x = np.arange(len(labels), dtype=np.float16).reshape(-1, 1, 1, 1) if x is None else x
    context = FitContext(Features(x, np.array(labels), ""), k, View("tiny", "cut:1", style=style), seed=seed)
    rows = SimpleNamespace(anew=x.dtype == np.uint8, as_batch=partial(MapTail.as_batch, None))  # as pictures are
    return tune.batches(context, config, rows)


def test_an_epoch_shows_each_picture_once_in_an_order_of_its_own():
    batch = batches(finetune.Config(batch=4), [0, 1] * 5, 2)
    epochs = [[batch(3 * epoch + at) for at in range(3)] for epoch in range(3)]
    orders = [torch.cat([x.flatten() for x, _ in epoch]).int().tolist() for epoch in epochs]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    assert [len(y) for _, y in epochs[0]] == [4, 3, 3]
    for x, y in epochs[1]:
        assert torch.equal(x.flatten().long() % 2, y)
    again = batches(finetune.Config(batch=4), [0, 1] * 5, 2)
    assert torch.equal(again(4)[0], epochs[1][1][0]), "a function of the step alone"
    other = batches(finetune.Config(batch=4), [0, 1] * 5, 2, seed=1)
    assert [other(at)[0].flatten().tolist() for at in range(3)] != [x.flatten().tolist() for x, _ in epochs[0]]


def test_all_copies_of_a_picture_are_seen_before_one_is_seen_again():
    rows, copies = np.arange(6), np.arange(4)
    x = (10 * rows[:, None] + copies).astype(np.float16).reshape(6, 4, 1, 1, 1)
    batch = batches(finetune.Config(batch=3), [0, 1] * 3, 2, x)
    for turn in range(2):
        seen = [int(v) for step in range(8 * turn, 8 * turn + 8) for v in batch(step)[0].flatten()]
        assert sorted(seen) == sorted(x.flatten().astype(int))
    firsts = [int(v) % 10 for step in range(2) for v in batch(step)[0].flatten()]
    assert len(set(firsts)) > 1, "not every picture shows the same copy at once"


def test_whole_pictures_are_augmented_anew_in_every_epoch_and_the_same_after_a_restart():
    x = np.random.default_rng(0).integers(0, 256, (4, 3, 16, 16), np.uint8)
    batch, again = (batches(finetune.Config(batch=4), [0, 1] * 2, 2, x) for _ in range(2))
    shown = [batch(step)[0] for step in range(3)]
    assert all(s.dtype == torch.uint8 and s.shape == (4, 3, 16, 16) for s in shown)
    assert len({s.numpy().tobytes() for s in shown}) == 3
    assert torch.equal(again(2)[0], shown[2])
    assert not torch.equal(batches(finetune.Config(batch=4), [0, 1] * 2, 2, x, style="glyph")(0)[0], shown[0])


def test_sampling_shows_every_class_as_often():
    labels = [0] * 40 + [1] * 8 + [2] * 2
    batch = batches(finetune.Config(batch=50, balance="sample"), labels, 3)
    seen = Counter(int(v) for step in range(200) for v in batch(step)[1])
    assert sum(seen.values()) == 10_000
    for label in range(3):
        assert abs(seen[label] / 10_000 - 1 / 3) < 4 * math.sqrt(2 / 9 / 10_000)
    plain = Counter(int(v) for v in batches(finetune.Config(batch=50), labels, 3)(0)[1])
    assert plain == Counter(labels)


def test_mixup_mixes_pictures_and_labels_by_the_same_shares():
    """Each row's x is its label: mixed, it must be the mean label under the mixed shares."""
    labels = np.arange(12) % 4
    batch = batches(finetune.Config(batch=12, mixup=0.4), labels, 4, labels.astype(np.float16).reshape(-1, 1, 1, 1))
    shares = []
    for step in range(30):
        x, y = batch(step)
        assert y.shape == (12, 4)
        torch.testing.assert_close(y.sum(1), torch.ones(12))
        assert (y >= 0).all()
        torch.testing.assert_close(x.flatten(), y @ torch.arange(4.0))
        shares.append(float(y.max(1).values.min()))
    assert min(shares) < 0.7, "some are truly mixed"
    assert torch.equal(batch(3)[1], batch(3)[1])


def test_a_weighted_loss_is_the_closed_form():
    counts, k = np.array([30, 8, 2]), 3
    y = np.repeat(np.arange(k), counts)
    context = FitContext(Features(np.zeros((40, 1)), y, ""), k, View("tiny", "cut:1"))
    scores, truth = np.random.default_rng(0).normal(size=(7, k)).astype(np.float32), np.array([0, 1, 2, 2, 0, 1, 0])
    weight = 40 / (k * counts)
    assert (weight * counts).sum() / 40 == pytest.approx(1)
    given = torch.from_numpy(scores), torch.from_numpy(truth)
    log_p = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    one = -log_p[np.arange(7), truth]
    found = [float(tune._loss(finetune.Config(balance=b), context)(*given)) for b in ("none", "weight")]
    assert found[0] == pytest.approx(one.mean(), rel=1e-5)
    assert found[1] == pytest.approx((one * weight[truth]).sum() / weight[truth].sum(), rel=1e-5)
    smooth = float(tune._loss(finetune.Config(smoothing=0.2), context)(*given))
    assert smooth == pytest.approx((0.8 * one - 0.2 * log_p.mean(1)).mean(), rel=1e-5)


@pytest.mark.parametrize("changes", [{"balance": "weight"}, {"balance": "sample"}, {"mixup": 0.2}, {"smoothing": 0.1}])
def test_each_option_trains_and_changes_the_answer(changes):
    """Unequal classes: 2 of 5 rows of every three are left out of class 1."""
    context = tiny_tail.context(n=24, valid=0)
    keep = np.flatnonzero((context.train.y != 1) | (np.arange(24) < 6))
    context = replace(context, train=replace(context.train, x=context.train.x[keep], y=context.train.y[keep]))
    one, two = (drain(finetune.run(finetune.Config(steps=3, **c), context))[0] for c in ({}, changes))
    assert all(np.isfinite(v).all() for v in two.state.values())
    assert not same(one, two)


@pytest.mark.parametrize(
    ("keep", "notes", "wanted"),
    [
        ("best", {"step": 30, "steps": 40}, 45),  # 30 steps of 20 pictures are as many epochs as 45 of 30
        ("best", {"step": 4, "steps": 40}, 30),  # at least half of all
        ("best", {"step": 0, "steps": 40}, 0),  # training did not help: the head alone
        ("best", {"step": 0}, 0),
        ("last", {"step": 40, "steps": 40}, 60),
    ],
)
def test_a_refit_trains_as_many_epochs_as_served_best(keep, notes, wanted):
    config = finetune.Config(parts=2, lr=3e-4, keep=keep)
    assert tune.refit(config, notes, 20, 30) == replace(config, steps=wanted)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"balance": "both"},
            "balance 'both', norm 'frozen' and keep 'best'; it needs .*, a balance of none, weight, sample, a",
        ),
        ({"norm": "layer"}, "norm 'layer' and keep .* a norm of frozen or batch"),
        ({"keep": "first"}, "keep 'first'; it needs .* and keep best or last"),
        ({"parts": 0}, r"0 parts, .*; it needs a source, one part or more \(the head alone: steps=0\), a balance"),
    ],
)
def test_settings_that_do_not_exist(changes, message):
    with pytest.raises(UsageError, match=message):
        run(finetune.Config(**changes))


def test_without_a_source():
    with pytest.raises(UsageError, match="was given source None"):
        drain(finetune.run(HEAD_ALONE, replace(tiny_tail.context(), source=None)))
    head, _ = run(HEAD_ALONE)
    with pytest.raises(UsageError, match="'finetune' needs the record of its source to read examples"):
        finetune.logits(fitted(head), np.zeros((1, 32, 8, 8), np.float16))


@pytest.mark.parametrize(("n", "wanted"), [(10, 8), (1000, 8), (2000, 4), (100_000, 2)])
def test_fewer_copies_of_more_pictures(n, wanted):
    assert tune.copies(Facts(n, 2, 100)) == wanted


@pytest.mark.parametrize(("side", "style"), [(28, "glyph"), (47, "glyph"), (48, "photo"), (500, "photo")])
def test_small_pictures_are_taken_for_glyphs(side, style):
    view = View("tiny", "cut:3")
    assert tune.fit_view(view, Facts(10, 2, side)) == replace(view, style=style)


CHILD = """
import sys
from pathlib import Path
import numpy as np
import tiny_tail
from headstart.transfer import finetune
from headstart.types import Features, FitContext, View
given, pad, weights, done = map(Path, sys.argv[1:])
data = np.load(given)
tiny_tail.weights = lambda architecture="": weights
context = FitContext(Features(data["x"], data["y"], ""), 3, View("tiny", "cut:3"), source=tiny_tail.source(),
                     weights=weights, checkpoint=pad)
tiny_tail.drain(finetune.run(finetune.Config(steps=60), context))
done.touch()
"""


def test_killed_without_warning_and_run_again_it_comes_to_the_same_numbers(tmp_path):
    """SIGKILL as soon as a child's checkpoint appears; the same run here goes on from it."""
    context, pad, done = tiny_tail.context(valid=0), tmp_path / "loop.pt", tmp_path / "done"
    np.savez(tmp_path / "given.npz", x=context.train.x, y=context.train.y)
    tests = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{tests / 'source'}"}
    arguments = [tmp_path / "given.npz", pad, tiny_tail.weights(), done]
    child = subprocess.Popen([sys.executable, "-c", CHILD, *map(str, arguments)], env=env)
    deadline = time.monotonic() + 120
    while not pad.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert pad.exists()
    assert not done.exists(), "it was killed in the middle"
    config = finetune.Config(steps=60)
    whole, steps = drain(finetune.run(config, context))
    resumed, rest = drain(finetune.run(config, replace(context, checkpoint=pad)))
    assert len(rest) < len(steps), "it went on; it did not begin anew"
    assert rest == steps[-len(rest) :]
    assert same(resumed, whole)
    assert not pad.exists()


@pytest.mark.parametrize(
    ("n", "share", "wanted"),
    [(8, 1.0, 180), (8, 0.25, 45), (17, 1.0, 180), (149, 1.0, 180), (600, 1.0, 228), (600, 0.25, 57)],
)
def test_training_takes_180_steps_or_six_epochs(n, share, wanted):
    """Of six epochs of 600 pictures, in batches of 16, each has 38 steps."""
    y = np.arange(n) % 2
    context = replace(tiny_tail.context("cut:1", n, 2), share=share)
    progress = next(finetune.run(finetune.Config(parts=1), replace(context, train=replace(context.train, y=y))))
    assert progress.steps == wanted


def test_the_last_state_is_kept_where_validation_is_not_asked():
    """Labels of the validation pictures are turned round, so that every step away from the start looks worse."""
    given = tiny_tail.context("cut:3", 16, 2, valid=8)
    turned = replace(given, valid=replace(given.valid, y=1 - given.valid.y))
    last, _ = drain(finetune.run(finetune.Config(steps=12, keep="last"), turned))
    best, _ = drain(finetune.run(finetune.Config(steps=12), turned))
    alone, _ = drain(finetune.run(finetune.Config(steps=12, keep="last"), replace(given, valid=None)))
    assert (last.notes["step"], best.notes["step"]) == (12, 0)
    assert all(np.array_equal(last.state[name], alone.state[name]) for name in last.state)


def test_a_head_kept_for_the_same_pictures_is_not_taken_for_a_record_that_prepares_them_otherwise():
    """Two records of the same weights; the pictures as they are, so that normalisation happens in the tail."""
    given = tiny_tail.context("input", copies=1)
    spec = replace(given.source.input, mean=(0.1, 0.1, 0.1))
    changed = replace(given, source=replace(given.source, input=spec))
    anew = replace(changed, train=replace(changed.train, x=changed.train.x.copy()))  # of which nothing is kept
    one, two, alone = (drain(finetune.run(HEAD_ALONE, each))[0] for each in (given, changed, anew))
    assert not same(one, two)
    assert same(two, alone)


def test_states_kept_for_the_same_texts_are_not_taken_for_another_network_of_the_same_weights():
    view = View("tiny-text", "input")
    given = tiny_text.context(tiny_text.drawn(view, 24, 3, 1), 3, view)
    config = {**given.source.config, "num_attention_heads": 2}  # the same matrices, cut into other heads
    changed = replace(given, source=replace(given.source, config=config))
    anew = replace(changed, train=replace(changed.train, x=changed.train.x.copy()))
    brief = finetune.Config(parts=1, steps=2, head_first=False)  # the head is drawn by chance: the states alone differ
    one, two, alone = (drain(finetune.run(brief, each))[0] for each in (given, changed, anew))
    assert not same(one, two)
    assert same(two, alone)
