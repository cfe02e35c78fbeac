"""Features for other libraries, from files and from memory; a run's own features; what the cache holds."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import headstart as hs
import tiny_tail
from drawn_task import pictures
from headstart.errors import DataError, UnknownName, UsageError
from headstart.ship.store import Model
from headstart.transfer.training import tuned
from headstart.types import Fitted, View
from own_source import offered

PIXELS = pictures(5, 3, 7, 64).x  # uint8 [5, 64, 64, 3]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    with offered(tmp_path_factory.mktemp("own")) as source:
        yield source


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for at, picture in enumerate(PIXELS):
        Image.fromarray(picture).save(folder / f"{at}.png")
    return folder


@pytest.fixture(scope="module")
def embedded(tiny, files):
    return hs.embed([files / f"{at}.png" for at in range(5)], source="tiny", engine="torch")


def outside() -> np.ndarray:
    """timm's own network on the same pixels, pooled."""
    import torch

    from headstart.source.vision.backbone import normalise

    batch = normalise(torch.from_numpy(PIXELS.copy()).permute(0, 3, 1, 2), tiny_tail.source().input)
    net = tiny_tail.net()
    with torch.inference_mode():
        return net.forward_head(net.forward_features(batch), pre_logits=True).numpy()


def test_features_are_the_networks_own(embedded):
    assert embedded.dtype == np.float32
    np.testing.assert_allclose(embedded, outside(), atol=1e-4)


@pytest.mark.parametrize(
    "held",
    [
        lambda files: files,  # the folder
        lambda files: list(PIXELS),
        lambda files: PIXELS,  # one array of all
        lambda files: [Image.fromarray(p) for p in PIXELS],
        lambda files: [(files / f"{at}.png").read_bytes() for at in range(5)],
        lambda files: [io.BytesIO((files / f"{at}.png").read_bytes()) for at in range(5)],
    ],
    ids=["folder", "arrays", "array", "PIL", "bytes", "files"],
)
def test_pictures_in_memory_are_what_their_files_are(tiny, files, embedded, held):
    np.testing.assert_allclose(hs.embed(held(files), source="tiny", engine="torch"), embedded, atol=1e-6)


def test_one_picture_is_one_row_and_all_depths_stand_side_by_side(tiny, embedded):
    one = hs.embed(PIXELS[0], source="tiny", engine="torch")
    np.testing.assert_allclose(one, embedded[:1], atol=1e-6)
    assert hs.embed(PIXELS[0], source="tiny", depth="all").shape == (1, sum(tiny_tail.source().widths))


def test_what_cannot_be_embedded_is_named(tiny, files):
    with pytest.raises(DataError, match=r"input 2 cannot be embedded: This array is float64 \[8, 8, 3\]; a picture is"):
        hs.embed([PIXELS[0], np.zeros((8, 8, 3))], source="tiny")
    with pytest.raises(DataError, match=r"There is no such file"):
        hs.embed([files / "missing.png"], source="tiny")
    with pytest.raises(DataError, match="No inputs were given"):
        hs.embed([], source="tiny")
    with pytest.raises(UnknownName, match="no depth 'bottom'"):
        hs.embed(PIXELS, source="tiny", depth="bottom")


def test_a_scikit_learn_pipeline_takes_them(tiny):
    from functools import partial

    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    x, y = list(pictures(24, 2, 1, 64).x), pictures(24, 2, 1, 64).y
    pipe = make_pipeline(FunctionTransformer(partial(hs.embed, source="tiny", engine="torch")), LogisticRegression())
    assert pipe.fit(x, y).score(x, y) > 0.9


def test_a_tuned_runs_features_are_what_its_head_reads():
    """Behind the tuned parts: the head's weights on them give the run's own scores."""
    import torch

    from headstart.transfer import finetune

    work = tiny_tail.context("cut:3", n=12, k=3, valid=0)
    config = finetune.Config(parts=2, steps=3)
    head, _ = tiny_tail.drain(finetune.run(config, work))
    fitted = Fitted("finetune", work.view, vars(config), ("a", "b", "c"), head.state, 1, 1)
    known = tiny_tail.source(), tiny_tail.weights()
    network = tuned.Tuned(fitted, *known)
    top = torch.from_numpy(network.features(work.train.x))
    rooted = top.sign() * ((top.abs() + 1e-3).sqrt() - 1e-3**0.5)
    scores = rooted @ torch.from_numpy(head.state["classifier.weight"]).T + torch.from_numpy(
        head.state["classifier.bias"]
    )
    np.testing.assert_allclose(scores.numpy(), network.logits(work.train.x), atol=1e-4)


def test_a_model_that_starts_fresh_says_that_it_has_no_features():
    fresh = Model(Fitted("classical", View(None), {}, ("a", "b"), {}, 0, 0), None, None)
    with pytest.raises(UsageError, match="starts fresh"):
        fresh.predictor("torch").features([])


def test_the_cache_is_shown_and_cleared_part_by_part(tiny, embedded):
    kept = hs.cache()
    assert {"features", "sources"} <= set(kept.sizes)
    assert kept.size == sum(kept.sizes.values()) > 0
    with pytest.raises(UnknownName, match="part of the cache 'feature'"):
        kept.clear("feature")
    assert kept.clear() == kept.sizes["features"]
    assert "features" not in hs.cache().sizes
    assert "sources" in hs.cache().sizes
    kept = hs.cache()
    assert kept.clear("all") == kept.size
    assert hs.cache().size == 0
