"""Runs of an earlier build (commit 9974dca: model.json format 2, run.json without a version) still predict the same.

`runs_of_9974dca/` holds what that build wrote of three small fits, but for the backbone, which is the source's own
file; the numbers below are that build's own answers.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import headstart
from headstart.source import _catalogue

OLD = Path(__file__).parent / "runs_of_9974dca"
TEXTS = ["good cat sun", "bad dog rain", "red good good blue"]


@pytest.fixture
def old(real, tmp_path):
    def opened(name: str, source: str) -> headstart.Run:
        shutil.copytree(OLD / name, tmp_path / name)
        shutil.copyfile(_catalogue.fetch(real(source)), tmp_path / name / "model" / "backbone.safetensors")
        return headstart.load(tmp_path / name)

    return opened


def test_numbers(old):
    run = old("num", "wordllama")
    assert [row.value for row in run.predict(TEXTS)] == pytest.approx([6.0951805, -2.1956868, 10.3141003], abs=1e-4)
    assert run.verdict.metric == "mae"


def test_several_labels(old):
    rows = old("multi", "wordllama").predict(TEXTS)
    assert [row.labels for row in rows] == [("cat", "good", "sun"), (), ("good",)]
    assert [row.probability for row in rows] == pytest.approx([0.9997971, 0.9952626, 1.0], abs=1e-4)


def test_classes_of_pictures(old, tmp_path):
    y, x = np.mgrid[:48, :64]
    checks = np.stack([(x * 4) % 256, (y * 5) % 256, ((x // 8 + y // 8) % 2) * 200], 2).astype(np.uint8)
    Image.fromarray(checks).save(tmp_path / "checks.png")
    run = old("pic", "mobilenet-v2")
    (row,) = run.predict([tmp_path / "checks.png"], engine="torch")
    assert (row.label, row.probabilities["dots"]) == ("dots", pytest.approx(0.9438843, abs=1e-4))
    assert run.sentence.startswith("No evidence that reuse helps: 100.0 % against 100.0 % with HOG")
    assert run.verdict.decision == "no_evidence"
