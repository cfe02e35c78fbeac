"""A saved model predicts what was judged, on its own, and notices when a file of it changed."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyarrow import parquet

import headstart as hs
import tiny_tail
from drawn import SMALL, headstart, stripes
from headstart.api import Run
from headstart.errors import DataError
from headstart.pixels import Pixels
from headstart.ship.predict import predict
from headstart.ship.store import load, save
from headstart.types import Fitted, View

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}


@pytest.fixture
def copied(finished, tmp_path):
    return shutil.copytree(finished.out, tmp_path / "elsewhere")


@pytest.fixture
def standing(tmp_path):
    """A saved model that stands on a source, whoever won the small run."""
    source, view = tiny_tail.source(), View("tiny", engine="torch")
    state = {"weight": np.ones((source.feature_dim, 2), np.float32), "bias": np.zeros(2, np.float32)}
    fitted = Fitted("probe", view, {"share": 1.0}, ("a", "b"), state, 2 * source.feature_dim + 2, 0)
    save(tmp_path / "model", fitted, source, tiny_tail.weights())
    return tmp_path


def judged(out):
    table = parquet.read_table(out / "predictions.parquet").to_pydict()
    return table["image"], np.column_stack([v for k, v in table.items() if k.startswith("p(")]), table["predicted"]


def test_the_saved_model_gives_the_judged_probabilities(finished):
    paths, wanted, predicted = judged(finished.out)
    rows = Run(finished.out).predict(paths)
    np.testing.assert_allclose([list(r.probabilities.values()) for r in rows], wanted, atol=1e-4)
    assert [r.label for r in rows] == predicted
    assert all(r.probability == pytest.approx(max(r.probabilities.values())) for r in rows)


def test_a_copied_model_predicts_with_an_empty_cache_and_no_network(finished, copied, tmp_path):
    paths, wanted, _ = judged(finished.out)
    done = headstart("predict", copied, *paths, "--json", HEADSTART_CACHE=str(tmp_path / "cache"), **OFFLINE)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    np.testing.assert_allclose([list(r["probabilities"].values()) for r in rows], wanted, atol=1e-4)
    assert not (tmp_path / "cache" / "sources").exists()


def test_auto_is_the_engine_the_model_was_judged_with(standing):
    assert load(standing / "model").store().engine == "torch"


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("head.safetensors", "is damaged (head.safetensors is not the file that was saved)"),
        ("backbone.safetensors", "is not the file this model was saved with"),
    ],
)
def test_a_changed_file_is_noticed(standing, file, message):
    path = standing / "model" / file
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        load(standing / "model")
    assert message in str(caught.value)


def test_a_run_without_a_model_or_record_says_what_to_do(copied):
    (copied / "model" / "model.json").unlink()
    with pytest.raises(DataError, match=r"holds no model .model.json is missing"):
        load(copied / "model")
    (copied / "run.json").write_text('{"run": ')
    with pytest.raises(DataError, match=r"is damaged .* run the same `headstart fit` again"):
        Run(copied)


def test_when_a_rival_wins_the_model_is_the_rival(weights, tmp_path):
    data = stripes(tmp_path / "stripes")
    fit = headstart(
        "fit", data, *SMALL, "--out", tmp_path / "run", "--strategy", "prototype,classical", "--json", "--quiet"
    )
    assert fit.returncode == 0, fit.stderr
    record = json.loads(fit.stdout)
    assert record["winner"]["source"] is None
    assert record["winner"]["strategy"] == "classical"
    assert not (tmp_path / "run" / "model" / "backbone.safetensors").exists()
    paths, wanted, _ = judged(tmp_path / "run")
    rows = Run(tmp_path / "run").predict(paths)
    np.testing.assert_allclose([list(r.probabilities.values()) for r in rows], wanted, atol=1e-4)


def test_pictures_in_memory_are_predicted_as_their_files_are(finished):
    """Paths, bytes, open files, PIL pictures and arrays; what is none of these says so and stops nothing."""
    paths, wanted, _ = judged(finished.out)
    some = [Image.open(path).convert("RGB") for path in paths[:3]]
    held = [some[0], np.asarray(some[1]), Path(paths[2]).read_bytes(), io.BytesIO(Path(paths[0]).read_bytes()), 7]
    rows = Run(finished.out).predict(held)
    found = [list(row.probabilities.values()) for row in rows[:4]]
    np.testing.assert_allclose(found, wanted[[0, 1, 2, 0]], atol=1e-4)
    assert rows[4].input == "input 5"
    assert rows[4].error == ("A int is no picture. Give a path, bytes, an open file, a PIL picture or a uint8 array.")
    assert Run(finished.out).predict(paths[0])[0].probabilities == pytest.approx(rows[0].probabilities, abs=1e-4)


def test_a_runs_features_are_its_sources(finished):
    run, paths = Run(finished.out, "transfer"), judged(finished.out)[0][:2]
    model = run.model
    np.testing.assert_allclose(
        run.embed(paths), hs.embed(paths, source=model.source.key, depth=model.fitted.view.depth), atol=1e-3
    )


def test_a_run_that_was_moved_tells_its_new_place(finished, copied):
    shown = headstart("report", copied, "--json")
    assert json.loads(shown.stdout)["run"] == str(copied)
    *words, path = headstart("report", copied, "--no-open").stdout.splitlines()
    assert (" ".join(words), path) == (Run(copied).sentence, str(copied / "report.html"))
    assert max(map(len, words)) <= 100
    for page in ("report.html", "card.md"):
        before, after = ((folder / page).read_text(encoding="utf-8") for folder in (finished.out, copied))
        assert str(finished.out) in before
        assert str(copied) in after
        assert "hs.load(" in after
        assert f"headstart predict {finished.out}" not in after


def test_a_model_reads_new_pictures_on_the_scale_and_with_the_fit_it_learnt_with(standing, tmp_path):
    """A 12-bit strip through a model that keeps both is what the same strip made by hand is to one that keeps none."""
    deep = (np.random.default_rng(0).random((16, 80)) * 4095).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    by_hand = Image.fromarray(np.rint(deep * (255 / 4095)).astype(np.uint8)).convert("RGB")
    by_hand.resize((80, 80), Image.Resampling.BICUBIC).save(tmp_path / "hand.png")
    plain = load(standing / "model")
    weight = np.random.default_rng(1).normal(size=plain.fitted.state["weight"].shape).astype(np.float32)
    plain = replace(plain, fitted=replace(plain.fitted, state={**plain.fitted.state, "weight": weight}))
    how = Pixels(0.0, 4095.0, "squash")
    save(tmp_path / "how", plain.fitted, plain.source, plain.weights, pixels=how)
    kept = load(tmp_path / "how")
    assert kept.pixels == how
    (row,), (wanted,) = (list(predict(m, [tmp_path / f])) for m, f in ((kept, "deep.png"), (plain, "hand.png")))
    assert row.probabilities == pytest.approx(wanted.probabilities, abs=1e-3)
    (held,) = predict(kept, [deep])
    assert held.probabilities == pytest.approx(row.probabilities, abs=1e-4)
    (other,) = predict(plain, [tmp_path / "deep.png"])
    assert other.probabilities != pytest.approx(wanted.probabilities, abs=1e-3)
