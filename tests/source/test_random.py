"""Twins with random weights: what is the same as in the source, what is not; the alarm can look through them."""

from __future__ import annotations

import numpy as np
import pytest

import own_source
import tiny_text
from drawn import two_classes
from headstart.extract.feature_store import FeatureStore
from headstart.read import read
from headstart.run.sources import Looking
from headstart.source import _random
from headstart.types import View


def looked(source, examples, **more):
    eyes = Looking(FeatureStore({}, engine="torch", **more))
    return eyes.look(source, examples).x, eyes.look_random(source, examples).x, eyes


def test_pictures_through_random_weights(tmp_path):
    with own_source.offered(tmp_path) as source:
        examples = read(two_classes(tmp_path / "photos", 6, side=40)).train
        ours, theirs, eyes = looked(source, examples)
        assert ours.shape == theirs.shape
        assert not np.allclose(ours, theirs)
        assert np.isfinite(theirs).all()
        again = eyes.look_random(source, examples)
        assert again.computed == 0, "the same weights each time: kept features serve"
        assert not list(tmp_path.rglob("*~random.safetensors")), "the weights are gone"


@pytest.mark.parametrize("key", ["wordllama", "albert-reactions"])
def test_texts_through_random_weights(real, key):
    source = real(key)
    examples = tiny_text.texts(20, 2)
    ours, theirs, _ = looked(source, examples)
    assert ours.shape == theirs.shape
    assert not np.allclose(ours, theirs, atol=1e-3)
    assert len(np.unique(theirs, axis=0)) > 10, "its tokenizer is the source's: texts differ"


def test_a_twin_says_that_it_learnt_nothing(real):
    source = real("wordllama")
    twin = _random.twin(source)
    assert twin.sha256 not in (source.sha256, _random.twin(source, 1).sha256)
    assert (twin.pretrained_on, twin.published, twin.architecture) == ("nothing", None, source.architecture)
    assert View(twin.key, "all") != View(source.key, "all")
