"""Whole adaptations that look at examples anew: copies in the target's colours, sources that learnt on from both."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

import headstart
import own_source
from drawn import two_classes
from headstart.errors import UsageError
from headstart.read import ReadOptions
from headstart.run.adapt import steps, views
from headstart.ship.store import load as open_model


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Drawn pictures, a run on them, and others of the same classes at dusk, without labels."""
    folder = tmp_path_factory.mktemp("photos")
    with own_source.offered(folder):
        data = two_classes(folder / "day", 20, side=64)
        (folder / "dusk").mkdir()
        for path in sorted(two_classes(folder / "later", 20, seed=5, side=64).rglob("*.jpg")):
            dark = np.asarray(Image.open(path)) * np.array([0.5, 0.45, 0.7])
            Image.fromarray(dark.astype(np.uint8)).save(folder / "dusk" / f"{path.parent.name}-{path.stem}.png")
        run = headstart.fit(data, out=folder / "run", source="tiny", strategy="probe", seeds=1)
        yield SimpleNamespace(run=run, target=folder / "dusk", folder=folder)


def adapted(at, out, *names):
    """All candidates, with what they stand on."""
    asked = steps.Asked(at.run, (str(at.target),), out, 0, names, "auto", ReadOptions(), "")
    told = []
    return asked, steps.carry_out(asked, lambda what, *_: told.append(what)), told


def gives_its_answers(asked, found, candidate, out):
    """The model that the candidate would be handed out as, once it said of plain examples what its head says."""
    sources, weights = views.sources_of(asked.run)
    steps._save(replace(asked, out=out), found.task, candidate, found.untouched, sources, weights)
    y, y_valid = (np.array([e.answer for e in part]) for part in (found.task.train, found.task.valid))
    model, head = open_model(out / "model"), candidate.method.fit(candidate.at.whole(y, y_valid, 2, 0))
    with model.predictor() as predictor:
        said = predictor.logits(found.target.examples)
    np.testing.assert_allclose(said, head(candidate.at.target), atol=0.05)
    return model


def test_copies_in_the_targets_colours_teach_a_head_of_the_same_features(photos, tmp_path):
    asked, found, _ = adapted(photos, tmp_path / "x", "style")
    (plain,) = [c for c in found.candidates if c.method.name == "none" and c.at.name == "tiny"]
    (one,) = [c for c in found.candidates if c.method.name == "style"]
    assert one.why == ""
    n, v = len(found.task.train), len(found.task.valid)
    assert one.at.copies.shape == (n + v, 256)
    np.testing.assert_allclose(one.at.target, plain.at.target, atol=1e-9)
    pair = one.at.pair(np.arange(n) % 2, 2, 0)
    np.testing.assert_array_equal(pair.ys, np.tile(np.arange(n) % 2, 2))
    np.testing.assert_array_equal(pair.xs, np.vstack([one.at.train, one.at.copies[:n]]))
    middle = plain.at.target.mean(0)  # the copies lie nearer to the target than the pictures that they were made of
    far, near = (np.linalg.norm(x.mean(0) - middle) for x in (one.at.train, one.at.copies))
    assert near < 0.7 * far
    model = gives_its_answers(asked, found, one, tmp_path / "style")
    assert model.fitted.strategy == "probe"


def test_style_is_tried_unasked_and_the_page_tells_of_it(photos, tmp_path):
    looks = steps.ways(())[1]
    assert [way.name for way in looks] == ["style"]
    made = headstart.adapt(photos.run, photos.target, method="style", out=tmp_path / "adapted")
    (row,) = [c for c in made.candidates if c["method"] == "style"]
    assert row["representation"] == "tiny"
    assert {"source", "information", "agreement"} <= row["evidence"].keys()
    assert row["notes"]["copies"] > 25
    assert "tiny/style" in load_file(made.path / "adapt" / "target.safetensors")
    assert "source pictures in the target" in made.report.read_text()


def test_a_source_that_learnt_on_is_a_candidate_and_an_ordinary_model(photos, tmp_path):
    asked, found, told = adapted(photos, tmp_path / "x", "selfsupervised")
    (one,) = [c for c in found.candidates if c.method.name == "selfsupervised"]
    assert one.why == ""
    assert any(line.startswith("adapting: selfsupervised on tiny, about ") for line in told)
    assert one.at.notes["supposed_seconds"] > 0
    (plain,) = [c for c in found.candidates if c.method.name == "none" and c.at.name == "tiny"]
    assert np.abs(one.at.target - plain.at.target).max() > 1e-2
    assert found.choice.ruled[found.candidates.index(one)].evidence["source"] > 0
    model = gives_its_answers(asked, found, one, tmp_path / "own")
    assert model.fitted.strategy == "finetune"
    assert {"classifier.weight", "classifier.bias"} < {*model.fitted.state}
    assert model.fitted.total_params == model.source.params + 2 * (model.source.feature_dim + 1)


def test_a_method_for_another_kind_of_data_is_told(photos, tmp_path):
    with pytest.raises(UsageError, match=r"'intermediate'.*needs language and tail of the examples.*pictures"):
        headstart.adapt(photos.run, photos.target, method="intermediate", out=tmp_path / "run")
