"""The feature store's maps, pictures and augmented copies, through a tiny source: right rows, by right names."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

import hostile
import tiny_tail
from headstart.errors import UnknownName
from headstart.extract.feature_store import FeatureStore
from headstart.extract.modality.image import backbone_extractor, input_extractor
from headstart.read.picture.picture import decode
from headstart.source.vision.backbone import load, normalise, prepare
from headstart.types import Example, View

TOP, CUT, INPUT = View("tiny"), View("tiny", "cut:3"), View("tiny", "input")
ALL, COPIES = View("tiny", "all"), replace(CUT, variants=4)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> list[Example]:
    folder, rng, out = tmp_path_factory.mktemp("drawn"), np.random.default_rng(0), []
    for i in range(6):
        path = folder / f"{i}.png"
        hostile.draw(i % 2, rng, 70 + 10 * i).save(path)
        out.append(Example(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), answer=i % 2))
    return out


def store(folder: Path, engine: str = "torch") -> FeatureStore:
    sources, weights = {"tiny": tiny_tail.source()}, {"tiny": tiny_tail.weights()}
    return FeatureStore(sources, engine=engine, weights=weights, folder=folder)


def prepared(pictures) -> torch.Tensor:
    return torch.stack([prepare(decode(Path(e.path)), tiny_tail.source().input) for e in pictures])


def test_a_cut_is_the_backbones_own_map_in_half_precision(pictures, tmp_path):
    found = store(tmp_path).extract(pictures, [CUT])[0]
    body = load(tiny_tail.source(), tiny_tail.weights())
    x = normalise(prepared(pictures), tiny_tail.source().input)
    with torch.inference_mode():
        for _, part in body.parts[:-3]:
            x = part(x)
    assert found.x.dtype == np.float16
    assert found.x.shape == tuple(x.shape) == (6, 32, 8, 8)
    np.testing.assert_allclose(found.x, x.numpy(), rtol=2e-3, atol=2e-3)
    assert found.logits.dtype == np.float32


def test_all_depths_are_the_backbones_own_side_by_side(pictures, tmp_path):
    source = tiny_tail.source()
    found = store(tmp_path).extract(pictures, [ALL])[0]
    body = load(source, tiny_tail.weights())
    with torch.inference_mode():
        *single, logits = body(normalise(prepared(pictures), source.input), body.depths)
    assert found.x.dtype == np.float32
    assert found.x.shape == (6, sum(source.widths))
    np.testing.assert_allclose(found.x, torch.cat(single, 1).numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.logits, logits.numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("variants", [1, 3])
def test_every_pooled_depth_is_a_slice_of_one_pass_and_one_store(pictures, tmp_path, variants):
    """Whichever are asked for, in whatever order and company, rows are computed once and the columns are the same."""
    source = tiny_tail.source()
    views = {depth: replace(View("tiny", depth), variants=variants) for depth in (*source.depths, "all")}
    together = dict(zip(views, store(tmp_path).extract(pictures, list(views.values())), strict=True))
    assert {found.computed for found in together.values()} == {6}
    assert len(list(tmp_path.iterdir())) == 1
    again = store(tmp_path)
    for depth in ("stage2", "top", "all"):
        alone = again.extract(pictures, [views[depth]])[0]
        assert alone.computed == 0
        assert alone.key == together[depth].key
        np.testing.assert_array_equal(alone.x, together[depth].x)
    assert len(list(tmp_path.iterdir())) == 1
    assert len({found.key for found in together.values()}) == len(views), "what is made of a view is kept by its key"
    for depth in source.depths:
        np.testing.assert_array_equal(together[depth].x, together["all"].x[..., source.columns(depth)])
        assert together[depth].x.shape == ((6, 3) if variants > 1 else (6,)) + (
            source.widths[source.depths.index(depth)],
        )


def test_a_depth_that_this_source_has_not(pictures, tmp_path):
    with pytest.raises(
        UnknownName, match=r"There is no depth 'stag2'\. Did you mean 'stage2'\? Known: stage1, stage2, .*, top, all"
    ):
        store(tmp_path).extract(pictures[:1], [TOP, View("tiny", "stag2")])


def test_the_input_is_the_prepared_picture(pictures, tmp_path):
    found = store(tmp_path).extract(pictures, [INPUT])[0]
    assert found.x.dtype == np.uint8
    np.testing.assert_array_equal(found.x, prepared(pictures).numpy())
    assert found.logits is None


def test_copies_are_rows_of_their_own_and_the_first_is_the_picture_itself(pictures, tmp_path):
    many, plain = (store(tmp_path).extract(pictures, [view])[0] for view in (COPIES, CUT))
    assert many.x.shape == (6, 4, 32, 8, 8)
    assert many.x.dtype == np.float16
    assert many.logits.shape == (6, 4, 1000)
    np.testing.assert_allclose(many.x[:, 0], plain.x, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(many.logits[:, 0], plain.logits, rtol=1e-3, atol=1e-3)
    for row in many.x:
        assert len({copy.tobytes() for copy in row}) == 4
    assert many.computed == 6


def test_a_picture_has_the_same_copies_whatever_its_company(pictures, tmp_path):
    whole = store(tmp_path / "a").extract(pictures, [COPIES])[0]
    some = [pictures[4], pictures[1]]
    for asked in (some, some[:1]):
        alone = store(tmp_path / str(len(asked))).extract(asked, [COPIES])[0]
        np.testing.assert_allclose(alone.x, whole.x[[4, 1][: len(asked)]], rtol=2e-3, atol=2e-3)
    extractor = backbone_extractor(tiny_tail.source(), ["cut:3"], "torch", tiny_tail.weights(), 4)
    picture = decode(Path(pictures[0].path))
    one, two, other = (extractor.prepare(picture, name) for name in ("aa", "aa", "bb"))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[0], other[0])
    assert (one[1:] != other[1:]).any(), "the digest is the seed"


def test_the_copies_style_is_that_of_the_view(pictures):
    """Light at the left: a glyph's copies never have it at the right, a photo's half the time."""
    picture = np.repeat(np.linspace(255, 0, 80).astype(np.uint8)[None, :, None], 80, 0).repeat(3, 2)
    for style, mirrored in (("glyph", False), ("photo", True)):
        extractor = backbone_extractor(tiny_tail.source(), ["cut:3"], "torch", tiny_tail.weights(), 30, style)
        copies = extractor.prepare(picture, "x").astype(float)
        to_the_right = copies[..., 32:].mean((1, 2, 3)) > copies[..., :32].mean((1, 2, 3))
        assert bool(to_the_right.any()) is mirrored


def test_all_that_changes_rows_changes_the_key_and_nothing_is_mixed_up_in_the_cache(pictures, tmp_path):
    views = [
        TOP,
        CUT,
        INPUT,
        COPIES,
        replace(COPIES, style="glyph"),
        replace(COPIES, variants=3),
        View("tiny", "cut:1"),
    ]
    alone = [store(tmp_path).extract(pictures, [view])[0] for view in views]
    assert len({found.key for found in alone}) == len(views)
    again = store(tmp_path)
    for view, found in zip(views, alone, strict=True):
        back = again.extract(pictures, [view])[0]
        assert (back.computed, back.key) == (0, found.key)
        np.testing.assert_array_equal(back.x, found.x)
    plain = replace(CUT, style="glyph")
    assert store(tmp_path).extract(pictures, [plain])[0].computed == 0, "without copies a style changes nothing"
    assert (
        input_extractor(tiny_tail.source()).key
        != input_extractor(replace(tiny_tail.source(), input=replace(tiny_tail.source().input, crop=0.5))).key
    )


def test_asked_for_together_each_view_gets_its_own_rows(pictures, tmp_path):
    views = [COPIES, TOP, INPUT, CUT, View(None, size=16), replace(TOP, variants=4)]
    together = store(tmp_path / "one").extract(pictures, views)
    for view, found in zip(views, together, strict=True):
        alone = store(tmp_path / "two").extract(pictures, [view])[0]
        assert found.x.shape == alone.x.shape
        assert found.x.dtype == alone.x.dtype
        np.testing.assert_allclose(found.x, alone.x, rtol=2e-3, atol=2e-3)
    assert together[3].computed == 6 * 6, "each view's rows are its own, whatever is asked beside it"


def test_a_cut_that_this_network_has_not(pictures, tmp_path):
    with pytest.raises(UnknownName, match="There is no depth 'cut:8'"):
        store(tmp_path).extract(pictures, [View("tiny", "cut:8")])


def test_what_half_precision_cannot_hold_is_clipped():
    extractor = backbone_extractor(tiny_tail.source(), ["cut:3"], "torch", tiny_tail.weights())
    extractor.__dict__["compute"] = lambda batch: [np.array([[[[1e9, -1e9, 0.5]]]], np.float32), np.zeros((1, 1000))]
    cut, _ = extractor.rows([np.zeros((1, 3, 64, 64), np.uint8)])
    assert cut.tolist() == [[[[65504, -65504, 0.5]]]]


@pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is an extra and not installed")
def test_both_engines_give_the_same_maps(pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    one, two = (
        store(tmp_path, engine).extract(pictures[:3], [replace(CUT, variants=2)])[0] for engine in ("torch", "openvino")
    )
    assert one.x.shape == two.x.shape
    assert one.x.dtype == two.x.dtype == np.float16
    assert np.corrcoef(one.x.astype(float).ravel(), two.x.astype(float).ravel())[0, 1] > 0.99
