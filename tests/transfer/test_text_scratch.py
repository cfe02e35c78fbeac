from dataclasses import asdict, replace

import numpy as np
import torch

import tiny_text
from headstart.source.language import model
from headstart.strategy import SEARCH
from headstart.transfer import scratch
from headstart.transfer.baseline import encoder
from headstart.types import Facts, Fitted, View
from tiny_tail import drain

VIEW, K = View("tiny-text", "input"), 3


def context(n=40, **how):
    return tiny_text.context(tiny_text.drawn(VIEW, n, K, 0), K, VIEW, **how)


def read(head, config, x):
    fitted = Fitted("scratch", VIEW, asdict(config), tuple("abc"), head.state, 0, 0, modality="text")
    return scratch.logits(fitted, x, tiny_text.source(), tiny_text.weights())


def test_a_short_run_is_short():
    config = scratch.Config(width=32, layers=1, batch=16, steps=200)
    _, whole = drain(scratch.run(config, context()))
    _, short = drain(scratch.run(config, context(share=0.1)))
    assert whole[-1].steps == 200
    assert short[-1].steps == 20


def test_it_learns_texts_whose_words_tell_their_class():
    config = scratch.Config(width=32, layers=1, lr=2e-3, batch=16, steps=150)
    head, _ = drain(scratch.run(config, context(90)))
    fresh = tiny_text.drawn(VIEW, 60, K, 7)
    assert (read(head, config, fresh.x).argmax(1) == fresh.y).mean() > 0.6


def test_all_its_random_weights_are_saved_and_none_is_the_sources():
    """Also where the start is the best state: what is read with must not be drawn anew."""
    given = context()
    config = scratch.Config(width=32, layers=1, lr=1e-7, batch=16, steps=20)
    head, _ = drain(scratch.run(config, replace(given, valid=replace(given.train, y=(given.train.y + 1) % K))))
    torch.manual_seed(1)
    one = read(head, config, given.train.x)
    torch.manual_seed(2)
    np.testing.assert_array_equal(one, read(head, config, given.train.x))
    assert head.state["parts.top.attention.self.query.weight"].shape == (32, 32)
    assert not any("stage1" in name for name in head.state), "one layer of the three"


def test_words_that_training_did_not_hold_share_a_row():
    config = scratch.Config(width=32, layers=1, batch=16, steps=20)
    head, _ = drain(scratch.run(config, context()))
    strange, other = np.empty(1, dtype=object), np.empty(1, dtype=object)
    strange[0], other[0] = np.array([2, 900, 3]), np.array([2, 901, 3])
    np.testing.assert_array_equal(read(head, config, strange), read(head, config, other))


def test_its_size_goes_by_the_number_of_texts_not_by_the_source():
    """The largest for 3,000 sentences of 10,000 different tokens: weights, gradients and AdamW's two below 100 MB."""
    sizes = {n: [(c.width, c.layers) for c in scratch.settings(Facts(n, 2, 0, "text"))] for n in (60, 600, 6000)}
    assert set(sizes[60]) == {(128, 1)}
    assert max(sizes[600]) == (256, 1)
    assert max(sizes[6000]) == (256, 2)
    assert len(sizes[60]) == len(sizes[600]) == len(sizes[6000]) == SEARCH
    heavy = replace(tiny_text.source(), architecture="mpnet", feature_dim=768, widths=(768,) * 12, params=110_000_000)
    for width, layers in {size for found in sizes.values() for size in found}:
        small = encoder.architecture(heavy, width, layers, 10_000)
        alike = encoder.architecture(tiny_text.source(), width, layers, 10_000)
        assert model.sizes(small)["params"] * 16 < 100e6
        assert (small.config, small.widths) == (alike.config, alike.widths)
