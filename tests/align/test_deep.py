"""Deep methods: each loss against its formula written out, and each method on a toy where its paper says it works."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_task import drain
from headstart.align import Pair, _mlp
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
    model, steps = drain(_mlp.fit("any", _mlp.Setting(steps=60), pair, lambda seen: seen.hs.sum() * 0))
    saved = Fitted(model.strategy, View("some"), {}, ("a", "b"), model.behind(mean, scale), 0, 0)
    np.testing.assert_allclose(logits(saved, new), model((signed_root(new) - mean) / scale), atol=1e-5)
    assert strategy(model.strategy).logits is logits
    assert steps[-1].step == 60


def test_a_loss_that_is_no_number_names_its_method():
    rows = np.zeros((8, 2))
    with pytest.raises(ArithmeticError, match="'mine' became nan after 0%"):
        drain(
            _mlp.fit("mine", _mlp.Setting(), pair_of(rows, np.arange(8) % 2, rows), lambda seen: seen.hs.sum() * np.nan)
        )
