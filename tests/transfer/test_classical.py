"""The classical rival: its features are those of scikit-image, and it learns what it should."""

from __future__ import annotations

import gc
from dataclasses import asdict

import numpy as np
import pytest
from skimage.feature import hog

import drawn_task
from headstart.transfer import _once, classical
from headstart.transfer.baseline import hog_svm
from headstart.types import Features, FitContext, Fitted, View

VIEW = View(None, size=hog_svm.SIDE)


def learn(train, config, k):
    context = classical.run(config, FitContext(train, k, VIEW))
    next(context)
    with pytest.raises(StopIteration) as stop:
        next(context)
    head = stop.value.value
    return Fitted("classical", VIEW, asdict(config), tuple("abcd"[:k]), head.state, head.trained_params, 0)


def test_hog_is_scikit_images():
    x = drawn_task.pictures(3, 3, 0, hog_svm.SIDE).x
    ours = hog_svm.compute(x, "hog")
    at = 0
    for cell in hog_svm.CELLS:
        theirs = np.array(
            [hog(p @ np.array([0.299, 0.587, 0.114]), 9, (cell, cell), (2, 2), block_norm="L2-Hys") for p in x]
        )
        np.testing.assert_allclose(ours[:, at : at + theirs.shape[1]], theirs, atol=1e-4)
        at += theirs.shape[1]
    assert at == ours.shape[1]
    assert ours.dtype == np.float32


def test_pixels_are_means_of_four():
    x = drawn_task.pictures(2, 2, 0, hog_svm.SIDE).x
    ours = hog_svm.compute(x, "pixels").reshape(2, 32, 32, 3)
    assert ours[1, 3, 5, 2] == pytest.approx(x[1, 6:8, 10:12, 2].astype(float).mean() / 255, abs=1e-6)
    assert ours.min() >= 0
    assert ours.max() <= 1


@pytest.mark.parametrize("features", ["hog", "pixels"])
def test_it_tells_bars_apart(features):
    train, new = drawn_task.pictures(24, 4, 1, hog_svm.SIDE), drawn_task.pictures(24, 4, 2, hog_svm.SIDE)
    config = classical.Config(features)
    right = classical.logits(learn(train, config, 4), new.x).argmax(1) == new.y
    assert right.mean() > 0.9  # chance: 0.25


def test_pictures_of_one_colour_have_no_edges_and_break_nothing():
    """HOG of plain colour is all zeros; the class shares are then all there is to say."""
    x = np.repeat(np.arange(6, dtype=np.uint8)[:, None] * 30, 64 * 64 * 3, 1).reshape(6, 64, 64, 3)
    train = Features(x, np.array([0, 0, 0, 0, 1, 1]), "plain")
    config = classical.Config("hog")
    scores = classical.logits(learn(train, config, 2), x)
    assert np.isfinite(scores).all()
    assert (scores.argmax(1) == 0).all()


def test_remembered_rows_are_those_of_the_array_that_is_asked_about():
    seen = [drawn_task.pictures(2, 2, seed, hog_svm.SIDE).x for seed in range(6)]
    for _ in range(2):
        for x in seen:
            np.testing.assert_array_equal(hog_svm.describe(x, "pixels"), hog_svm.compute(x, "pixels"))
    kept = len(_once._kept)
    del seen, x
    gc.collect()
    assert len(_once._kept) <= kept - 6, "they are forgotten with their arrays"
