"""What every strategy that trains for long keeps: what may move, what a kill or a deadline may cost, what it leaves."""

from __future__ import annotations

import gc
import hashlib
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import tiny_causal
import tiny_tail
import tiny_text
from any_strategy import CASES, LONG, TUNED, Case, first_setting, look, read, work_for
from headstart.errors import BudgetError
from headstart.extract.feature_store import FeatureStore
from headstart.plan.candidates import candidates
from headstart.plan.search import contend
from headstart.types import Example
from tiny_tail import drain, interrupted, same

pytestmark = pytest.mark.usefixtures("haste")
STEPS = 8  # of 24 pictures in batches of 16: four epochs, in which gradual unfreezing opens all


def tuned(case: Case, **changes):
    """A short training of the first setting without validation data: the head, and part → the source's tensors."""
    config = replace(first_setting(case, 24, 2), steps=STEPS, **changes)
    head, _ = drain(case.strategy.run(config, work_for(case, look(case, 24, 2, 1), 2)))
    return head, case.tiny.untouched()


def is_statistic(name: str) -> bool:
    return "running_" in name


@pytest.mark.parametrize("case", TUNED, ids=str)
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_only_the_declared_parts_move(case, parts):
    head, before = tuned(case, parts=parts)
    learning = list(before)[-parts:]
    assert len(learning) == parts
    flat = {tensor: (part, value) for part, tensors in before.items() for tensor, value in tensors.items()}
    moved = {n for n, (part, _) in flat.items() if part in learning and not is_statistic(n)}
    assert set(head.state) == {*moved, "classifier.weight", "classifier.bias"}, "a state holds what moved"
    assert not any(np.array_equal(head.state[n], flat[n][1]) for n in moved)
    assert head.trained_params == sum(v.size for v in head.state.values())


@pytest.mark.parametrize("case", [c for c in TUNED if c.modality == "image"], ids=str)
def test_statistics_of_each_batch_move_those_of_learning_parts_alone(case):
    """That frozen ones stay, bit for bit, is held above."""
    head, before = tuned(case, parts=2, norm="batch")
    for at, tensors in enumerate(before.values()):
        for tensor in filter(is_statistic, tensors):
            assert (tensor in head.state) is (at >= len(before) - 2), tensor


def alive() -> int:
    """Torch modules in memory."""
    from torch import nn

    gc.collect()
    return sum(issubclass(type(thing), nn.Module) for thing in gc.get_objects())


@pytest.mark.parametrize("case", LONG, ids=str)
def test_closed_early_it_frees_its_memory_and_gives_the_threads_back(case):
    import torch

    context, config = work_for(case, look(case, 12, 2, 1), 2, valid=look(case, 8, 2, 2)), first_setting(case, 12, 2)
    before, threads = alive(), torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        run = case.strategy.run(config, context)
        next(run)
        assert alive() > before + 10, "the network is alive while it trains"
        run.close()
        del run
        assert alive() == before
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("case", LONG, ids=str)
@pytest.mark.parametrize(("slices", "validated"), [(1, True), (2, False)])
def test_interrupted_wherever_it_yields_it_comes_to_the_same_numbers(case, slices, validated, tmp_path):
    train, valid = look(case, 12, 3, 1), look(case, 8, 3, 2) if validated else None
    config, pad = first_setting(case, 12, 3), tmp_path / "loop.pt"
    context = work_for(
        case, train, 3, valid=valid, share=1.0 if hasattr(config, "parts") else None
    )  # so long that all is thawed
    whole, steps = drain(case.strategy.run(config, context))
    head, starts = interrupted(lambda: case.strategy.run(config, replace(context, checkpoint=pad)), slices)
    assert starts >= max(2, len(steps) // slices)
    assert same(head, whole)
    assert head.notes == whole.notes
    assert not pad.exists(), "a finished run needs no checkpoint"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_class_that_validation_does_not_hold(case):
    train, valid = look(case, 12, 3, 1), look(case, 9, 3, 2)
    some = valid.y != 1 if valid.y.ndim == 1 else valid.y[:, 1] == 0
    valid = replace(valid, x=valid.x[some], y=valid.y[some])
    config = first_setting(case, 12, 3)
    head, _ = drain(case.strategy.run(config, work_for(case, train, 3, valid=valid)))
    scores = read(case, head, config, valid.x, 3)
    assert scores.shape == (some.sum(), 3)
    assert np.isfinite(scores).all()


@pytest.fixture(scope="module")
def slivers(tmp_path_factory):
    """Tiny source → a feature store of examples that are next to nothing, or far too long; and these examples.

    Pictures two pixels wide, high, or both, dark and light; and texts of one word said once or 900 times.
    """
    folder, rng, pictures = tmp_path_factory.mktemp("slivers"), np.random.default_rng(0), []
    for i, shape in enumerate([(2, 2), (2, 2), (2, 40), (2, 40), (40, 2), (40, 2), (2, 900), (2, 900)]):
        path = folder / f"{i}.png"
        light = 60 if i % 2 else 180
        Image.fromarray(rng.integers(light, light + 40, (*shape, 3), np.uint8)).save(path)
        pictures.append(Example(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), answer=i % 2))
    texts = [said.format(word) for said in ("{0}", "{0} {0}", "?! {0}", "{0} " * 900) for word in ("river", "stone")]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    rows = [Example(f"t.csv:{i}", digests[i], text, i % 2) for i, text in enumerate(texts)]
    return {
        tiny: (FeatureStore({tiny.source().key: tiny.source()}, engine="torch",
                       weights={tiny.source().key: tiny.weights()}, folder=folder / tiny.__name__), examples)
        for tiny, examples in ((tiny_tail, pictures), (tiny_text, rows), (tiny_causal, rows))
    }  # fmt: skip


def candidate_of(case: Case, n: int):
    """The candidate that the search would make of the strategy."""
    source = case.tiny.source().key
    return next(c for c in candidates([source], [case.name], case.facts(n, 2)) if c.strategy == case.name)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_slivers_are_learned_from_and_read(case, slivers):
    store, examples = slivers[case.tiny]
    candidate = candidate_of(case, 8)
    train, new = (store.extract(examples, [view])[0] for view in (candidate.training_view, candidate.view))
    train = replace(train, y=np.array([e.answer for e in examples]))
    config = case.strategy.settings(case.facts(8, 2))[0]
    context = replace(work_for(case, replace(train, y=case.shaped(train.y, 2)), 2), view=candidate.view)
    head, _ = drain(case.strategy.run(config, context))
    scores = read(case, head, config, new.x, 2)
    assert scores.shape == (8, 2)
    assert np.isfinite(scores).all()
    assert (scores.argmax(1) == train.y).mean() > 0.5 or case.strategy.baseline or "language" in case.strategy.needs, (
        "what differs wholly is no riddle"
    )


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("last", [1, 2])
def test_after_the_deadline_no_further_slice_begins(case, last):
    """The deadline passes while the slice `last` runs; of a one-slice strategy the second is that of a new setting."""
    candidate = candidate_of(case, 12)
    if last == 2 and candidate.baseline:
        return  # it has one setting, of one slice
    context = work_for(case, look(case, 12, 2, 1), 2, valid=look(case, 8, 2, 2))
    deadline, slices = time.monotonic() + (0.2, 0.8)[last - 1], []

    def watch(what, done, of):
        slices.append(time.monotonic())
        if len(slices) == last:
            time.sleep(max(0.0, deadline - slices[-1]) + 0.01)

    with pytest.raises(BudgetError, match="The time budget ended"):
        contend(candidate, context, ("a", "b"), case.facts(12, 2), deadline=deadline, watch=watch)
    assert 1 <= len(slices) <= last, "one slice after the deadline would make it one more"
    assert len(slices) == last or slices[-1] > deadline, "a machine so slow that it passed earlier"
