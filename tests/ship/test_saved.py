"""A saved model predicts what was judged, on its own, and notices when a file of it changed."""

import json
import shutil

import numpy as np
import pytest
from pyarrow import parquet

import tiny_tail
from drawn import SMALL, headstart, stripes
from headstart.api import Run
from headstart.errors import DataError
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
    assert load(standing / "model").gallery().engine == "torch"


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
