"""`headstart export`: a real run's model as a folder that predicts and is judged as the run is, or no folder."""

from __future__ import annotations

import json
import shutil

import pytest

import headstart as hs
from drawn import headstart
from headstart.errors import DataError, UsageError


@pytest.fixture(scope="module")
def made(finished, tmp_path_factory):
    """The run's rival for ONNX Runtime: it takes a moment."""
    out = tmp_path_factory.mktemp("artefacts") / "rival"
    done = headstart("export", finished.out, "--to", "onnx", "--take", "rival", "--out", out, "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_it_tells_how_near_it_is(made):
    out, told = made
    assert told["path"] == str(out)
    assert told["parity"]["n"] > 20
    assert told["parity"]["same"] == 1
    assert told["parity"]["worst"] < 1e-4
    assert json.loads((out / "artefact.json").read_text())["parity"] == told["parity"]


def test_it_predicts_and_is_judged_as_the_run(made, finished):
    out, _ = made
    given = sorted(finished.data.rglob("*.jpg"))[:4]
    ours, theirs = hs.load(finished.out, "rival"), hs.load(out)
    for one, two in zip(ours.predict(given), theirs.predict(given), strict=True):
        assert two.label == one.label
        assert two.probabilities == pytest.approx(one.probabilities, abs=1e-5)
    done = headstart("predict", out, given[0])
    assert done.stdout == headstart("predict", finished.out, given[0], "--take", "rival").stdout
    one, two = (run.evaluate(finished.data) for run in (ours, theirs))
    assert (one.n, one.run.value, one.run.interval) == (two.n, two.run.value, two.run.interval)
    assert one.own == two.own


def test_what_it_is_not_is_said(made, finished, tmp_path):
    out, _ = made
    with pytest.raises(UsageError, match="holds the run's rival alone"):
        hs.load(out, "transfer").predict([])
    with pytest.raises(UsageError, match="is an exported model already"):
        hs.export(out, to="onnx")
    with pytest.raises(UsageError, match="runs in nothing else"):
        hs.load(out).predict(["x.jpg"], engine="torch")
    with pytest.raises(UsageError, match="gives no features"):
        hs.load(out).embed(sorted(finished.data.rglob("*.jpg"))[:1])
    with pytest.raises(UsageError, match="is no exported model, so it stays"):
        hs.export(finished.out, to="onnx", out=finished.data)
    done = headstart("export", finished.out, "--to", "onx")
    assert done.returncode == 2
    assert "There is no format 'onx'. Did you mean 'onnx'?" in done.stderr


def test_without_the_runs_data_real_examples_are_asked_for(finished, tmp_path):
    run = shutil.copytree(finished.out, tmp_path / "run")
    record = json.loads((run / "run.json").read_text())
    record["data"]["path"] = str(tmp_path / "gone")
    (run / "run.json").write_text(json.dumps(record))
    asked = {"to": "onnx", "take": "rival", "out": tmp_path / "out"}
    with pytest.raises(DataError, match=r"which is not there\. Give real pictures to compare on with --examples PATH"):
        hs.export(run, **asked)
    assert not (tmp_path / "out").exists()
    assert hs.export(run, **asked, examples=finished.data).parity.n > 20
