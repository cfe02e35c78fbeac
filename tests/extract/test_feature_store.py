"""The feature store on drawn pictures and the real mobilenet-v2: each row computed once, the same by every engine."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hostile
import tiny_text
from headstart.errors import BudgetError, DataError, EngineError, UnknownName, UsageError
from headstart.extract._extractor import COMMIT, pick_engine
from headstart.extract.feature_store import FeatureStore, median_side
from headstart.extract.modality.image import backbone_extractor, pixel_extractor
from headstart.family import load, names
from headstart.source import _catalogue
from headstart.types import Example, Source, View

KEY = "mobilenet-v2"
TOP, PIXELS = View(KEY), View(None, size=32)
needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is an extra and not installed")


@pytest.fixture(scope="module")
def source(real) -> Source:
    return real(KEY)


def example(path: Path, label: int = 0) -> Example:
    return Example(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), answer=label)


@pytest.fixture
def pictures(tmp_path) -> list[Example]:
    rng = np.random.default_rng(0)
    out = []
    for i in range(6):
        path = tmp_path / f"p {i}.{('jpg', 'png')[i % 2]}"
        hostile.draw(i % 2, rng, 80 + 10 * i).save(path)
        out.append(example(path, i % 2))
    return out


def store(source: Source | None, folder: Path, engine: str = "torch", **how) -> FeatureStore:
    sources = {source.key: source} if source else {}
    return FeatureStore(sources, modality="image", engine=engine, folder=folder / "features", **how)


def test_features_are_those_of_the_plain_network(source, pictures, tmp_path):
    """Decoded, prepared and run by hand, with timm's own forward pass."""
    import torch

    from headstart.read.picture.picture import decode
    from headstart.source.vision.backbone import load, normalise, prepare

    found = store(source, tmp_path).extract(pictures, [TOP])[0]
    assert found.x.shape == (6, source.feature_dim)
    assert found.x.dtype == np.float32
    assert found.logits.shape == (6, 1000)
    assert found.y is None
    net = load(source).net
    batch = torch.stack([prepare(decode(Path(e.path)), source.input) for e in pictures])
    with torch.inference_mode():
        maps = net.forward_features(normalise(batch, source.input))
        np.testing.assert_allclose(found.x, net.forward_head(maps, pre_logits=True).numpy(), atol=1e-3)
        np.testing.assert_allclose(found.logits, net.forward_head(maps).numpy(), atol=1e-2)


@needs_openvino
def test_the_engines_agree(source, pictures, tmp_path):
    torch_, vino = (store(source, tmp_path, engine).extract(pictures, [TOP])[0] for engine in ("torch", "openvino"))
    assert torch_.key != vino.key
    exact = load("extract/engine", "openvino").precision() == "fp32"
    for a, b in ((torch_.x, vino.x), (torch_.logits, vino.logits)):
        cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        assert cosine.min() > (0.9999 if exact else 0.99)
    if exact:
        np.testing.assert_allclose(vino.x, torch_.x, atol=1e-3)


def test_the_second_look_computes_nothing(source, pictures, tmp_path):
    first = store(source, tmp_path)
    before = first.extract(pictures, [TOP, PIXELS])
    assert before[0].computed == 12
    assert first.computed == 12
    again = store(source, tmp_path)
    for _ in range(2):
        after = again.extract(pictures, [TOP, PIXELS])
        for a, b in zip(before, after, strict=True):
            np.testing.assert_array_equal(a.x, b.x)
            assert a.key == b.key
            assert b.computed == 0
    assert again.computed == 0
    assert not any("compute" in vars(extractor) for extractor in again._extractors.values()), "no model was loaded"


def test_rows_in_the_cache_need_no_files(pictures, tmp_path):
    before = store(None, tmp_path).extract(pictures, [PIXELS])[0]
    for e in pictures:
        Path(e.path).unlink()
    np.testing.assert_array_equal(store(None, tmp_path).extract(pictures, [PIXELS])[0].x, before.x)


def test_only_what_is_new_or_changed_is_computed(source, pictures, tmp_path):
    store(source, tmp_path).extract(pictures[:4], [TOP])
    path = Path(pictures[1].path)
    hostile.draw(0, np.random.default_rng(9), 90).save(path)
    now = [pictures[0], example(path), *pictures[2:5]]
    told = []
    look = store(source, tmp_path, watch=lambda what, done, of: told.append((what, done, of))).extract(now, [TOP])[0]
    assert look.computed == 2
    assert told == [("embed", 1, 2), ("embed", 2, 2)]
    np.testing.assert_allclose(look.x, store(source, tmp_path / "fresh").extract(now, [TOP])[0].x, atol=1e-4)


def test_a_view_added_later_computes_that_view_alone(source, pictures, tmp_path):
    store(source, tmp_path).extract(pictures, [PIXELS])
    found = store(source, tmp_path).extract(pictures, [PIXELS, TOP])
    assert found[0].computed == 6
    assert found[1].x.shape == (6, source.feature_dim)


def test_several_depths_at_once_are_the_single_ones(source, pictures, tmp_path):
    depths = [View(KEY, "stage2"), TOP, View(KEY, "stage5")]
    together = store(source, tmp_path).extract(pictures[:3], depths)
    assert together[0].computed == 3, "one pass for all depths"
    for view, found in zip(depths, together, strict=True):
        alone = store(source, tmp_path).extract(pictures[:3], [view])[0]
        np.testing.assert_allclose(found.x, alone.x, atol=1e-4)
        np.testing.assert_allclose(found.logits, alone.logits, atol=1e-3)
    assert len({found.key for found in together}) == 3
    assert len({found.x.shape[1] for found in together}) > 1


@needs_openvino
def test_several_depths_by_openvino_are_those_by_torch(source, pictures, tmp_path):
    depths = [TOP, View(KEY, "stage3")]
    one, two = (store(source, tmp_path, engine).extract(pictures[:3], depths) for engine in ("torch", "openvino"))
    for a, b in zip(one, two, strict=True):
        assert np.corrcoef(a.x.ravel(), b.x.ravel())[0, 1] > 0.99


def test_an_unknown_depth(source, pictures, tmp_path):
    with pytest.raises(UnknownName, match="There is no depth 'stage99'"):
        store(source, tmp_path).extract(pictures, [View(KEY, "stage99")])


def test_rows_follow_the_examples_and_duplicates_are_allowed(pictures, tmp_path):
    whole = store(None, tmp_path).extract(pictures, [PIXELS])[0]
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(Path(pictures[2].path).read_bytes())
    asked = [pictures[4], pictures[2], example(copy, 7), pictures[4], pictures[0]]
    for folder in (tmp_path, tmp_path / "fresh"):
        found = store(None, folder).extract(asked, [PIXELS])[0]
        np.testing.assert_array_equal(found.x, whole.x[[4, 2, 2, 4, 0]])
    assert found.computed == 3, "equal pictures are one"


def test_no_examples(tmp_path):
    found = store(None, tmp_path).extract([], [PIXELS])[0]
    assert (len(found.x), found.computed) == (0, 0)


def test_pixels_are_the_middle_of_the_picture(tmp_path):
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, :40], wide[:, 40:80], wide[:, 80:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    found = store(None, tmp_path).extract([example(tmp_path / "wide.png")], [View(None, size=16)])[0]
    assert found.x.shape == (1, 16, 16, 3)
    assert found.x.dtype == np.uint8
    assert found.logits is None
    assert (found.x[0, :, 2:-2] == (0, 255, 0)).all()


def drawn(folder: Path, many: int) -> list[Example]:
    rng = np.random.default_rng(1)
    for i in range(many):
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return [example(folder / f"{i}.png") for i in range(many)]


def test_when_the_time_is_over_a_look_ends_at_the_next_shard_and_what_was_seen_is_kept(tmp_path):
    many, over = drawn(tmp_path, COMMIT + 3), time.monotonic()
    with pytest.raises(BudgetError, match="The time budget ended"):
        store(None, tmp_path).extract(many, [PIXELS], over)
    again = store(None, tmp_path)
    again.extract(many, [PIXELS], over)
    assert again.computed == 3, "less than a shard is not cut short"


def test_a_file_that_vanished_or_changed_is_named_and_finished_work_is_kept(tmp_path):
    many = drawn(tmp_path, COMMIT + 2)
    Path(many[-1].path).unlink()
    with pytest.raises(DataError, match=r"65\.png could be read a moment ago and now cannot .*Put the file back"):
        store(None, tmp_path).extract(many, [PIXELS])
    again = store(None, tmp_path)
    again.extract(many[:-1], [PIXELS])
    assert again.computed == 1, "the whole shard before the gap was kept"
    Path(many[-1].path).write_text("no picture any more")
    with pytest.raises(DataError, match="65"):
        store(None, tmp_path).extract(many, [PIXELS])


def test_median_side(pictures, tmp_path):
    assert median_side("image", pictures) == np.median([80, 90, 100, 110, 120, 130])
    assert median_side("image", pictures * 50, most=7) in range(80, 131)
    seen = [replace(pictures[0], path=str(tmp_path / "gone.jpg"))]
    with pytest.raises(DataError, match=r"gone\.jpg could be read a moment ago and now cannot"):
        median_side("image", seen)


def test_an_engine_that_does_not_exist():
    with pytest.raises(
        UnknownName, match=r"There is no engine 'tourch'\. Did you mean 'torch'\? Known: openvino, torch"
    ):
        FeatureStore({}, engine="tourch")


def test_an_engine_that_cannot_run_here(monkeypatch):
    """With a GPU chosen, PyTorch is the better engine, and forcing the other is refused with the reason."""
    if find_spec("openvino") is None:
        pytest.skip("openvino is an extra and not installed")
    monkeypatch.setenv("HEADSTART_DEVICE", "cuda")
    with pytest.raises(EngineError, match=r"'openvino' cannot run on this machine \(OpenVINO .*\)\. Use --engine auto"):
        pick_engine("openvino")
    assert pick_engine("auto") == "torch"


def test_auto_is_the_first_by_rank_that_is_available():
    able = [n for n in names("extract/engine") if find_spec(load("extract/engine", n).REQUIRES[0])]
    able = [n for n in able if load("extract/engine", n).available()]
    assert pick_engine("auto") == min(able, key=lambda n: load("extract/engine", n).RANK)
    assert pick_engine("torch") == "torch"


# Of single views, as headstart 0.1.0 made them: rows that lie in people's caches stay theirs.
KEPT = {
    (KEY, "top", 1): "43bb7b709dcecfccf880",
    (KEY, "stage2", 1): "43bb7b709dcecfccf880",
    (KEY, "all", 1): "43bb7b709dcecfccf880",
    (KEY, "cut:3", 1): "4d68adaf1e7ebc5dbc28",
    (KEY, "cut:3", 8): "6beb7d01e21742802851",
    (KEY, "input", 1): "df3cc73918e40fe01aa6",
    (None, "top", 1): "7c589218bc9dace94332",
}


def test_a_views_key_is_what_it_was_whatever_is_asked_beside_it(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_DEVICE", "cpu")
    views = {
        named: View(named[0], named[1], 0 if named[0] else 32, variants=named[2], style="oriented") for named in KEPT
    }
    record = _catalogue.get(KEY)
    alone = {named: store(record, tmp_path).extract([], [view])[0].key for named, view in views.items()}
    assert alone == {named: f"{key}.{named[1]}" for named, key in KEPT.items()}
    together = store(record, tmp_path).extract([], list(views.values()))
    assert [found.key for found in together] == list(alone.values())


def test_a_texts_key_is_what_it_was(tmp_path):
    kept = {"bf16": "b51f4b74d8ebd13c7001", "fp32": "1c1bfacc2ea41b7c9fc1"}[
        load("extract/engine", "torch").text_precision()
    ]
    record, depths = _catalogue.get("minilm-l6"), ("top", "stage2", "all")
    found = store(record, tmp_path).extract([], [View(record.key, depth) for depth in depths])
    assert [features.key for features in found] == [f"{kept}.{depth}" for depth in depths]


def test_what_changes_the_numbers_changes_the_key(monkeypatch):
    record = _catalogue.get(KEY)
    base = backbone_extractor(record, ["top"], "torch").key
    assert base == backbone_extractor(record, ["top"], "torch").key
    spec = replace(record.input, crop=0.5)
    others = [
        backbone_extractor(record, ["stage1", "top"], "torch").key,
        backbone_extractor(replace(record, sha256="0" * 64), ["top"], "torch").key,
        backbone_extractor(replace(record, input=spec), ["top"], "torch").key,
        pixel_extractor(32).key,
        pixel_extractor(64).key,
    ]
    monkeypatch.setenv("HEADSTART_DEVICE", "cuda")  # where this engine computes in bf16
    others.append(backbone_extractor(record, ["top"], "torch").key)
    assert len({base, *others}) == 7


def test_a_change_comes_before_the_network_and_its_rows_are_kept(source, pictures, tmp_path):
    """Mirrored by a change, and mirrored by hand through timm's own forward pass."""
    import torch

    from headstart.read.picture.picture import decode
    from headstart.source.vision.backbone import load, normalise, prepare

    class Mirror:
        key = "mirrored"

        def __call__(self, prepared, name):
            return np.ascontiguousarray(prepared[..., ::-1])

    looking = store(source, tmp_path)
    plain = looking.extract(pictures, [TOP])[0].x
    found = looking.changed(pictures, TOP, Mirror())
    batch = torch.stack([prepare(decode(Path(e.path)), source.input) for e in pictures]).flip(-1)
    net = load(source).net
    with torch.inference_mode():
        wanted = net.forward_head(net.forward_features(normalise(batch, source.input)), pre_logits=True)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-3)
    assert np.abs(found - plain).max() > 0.1
    again = store(source, tmp_path)
    np.testing.assert_array_equal(again.changed(pictures, TOP, Mirror()), found)
    np.testing.assert_array_equal(again.extract(pictures, [TOP])[0].x, plain)
    assert again.computed == 0


def test_texts_cannot_be_changed_first(tmp_path):
    looking = FeatureStore(
        {"tiny-text": tiny_text.source()}, weights={"tiny-text": tiny_text.weights()}, folder=tmp_path
    )
    with pytest.raises(UsageError, match="cannot be changed first"):
        looking.changed(tiny_text.texts(3, 2), View("tiny-text"), None)
