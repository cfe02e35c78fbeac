"""Who predicts with an artefact, or with a model that needs no torch, imports no library that learns."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

import exported
from drawn_task import pictures as bars
from headstart.ship.export._artefact import save
from headstart.ship.store import Model
from headstart.ship.store import save as save_model
from headstart.strategy import finished
from headstart.transfer import classical, constant
from headstart.types import Features, FitContext, Fitted, View

ASKED = """
import sys
from pathlib import Path
from headstart.cli import predict as verb  # the verb's own imports
from headstart.ship import predict, store
from headstart.ship.export import _artefact
folder, *given = sys.argv[1:]
opened = _artefact.load if (Path(folder) / "artefact.json").is_file() else store.load
for row in predict.predict(opened(Path(folder)), given * 40):
    assert row.error is None, row.error
heavy = "torch timm transformers sklearn torchvision datasets peft pandas".split()
peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]  # KB; of this program alone
print(int(peak) // 1024, *(m for m in heavy if m in sys.modules))
"""
MOST = 150  # MB


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return exported.pictures(tmp_path_factory.mktemp("shown"))


def fitted(strategy, config, x, y, modality, view, k=2):
    context = FitContext(Features(x, y, "drawn"), k, view, modality=modality)
    head = finished(strategy.run(config, context))
    return Fitted(strategy.__name__.rpartition(".")[2], view, asdict(config), ("a", "b")[:k], head.state, 1, 1,
                  modality=modality)  # fmt: skip


def hog():
    view, x = View(None, size=64), bars(12, 2, 1, 64)
    return Model(fitted(classical, classical.Config("hog"), x.x, x.y, "image", view), None, None)


def tfidf():
    view, texts = View(None, "input"), exported.texts()
    x = np.array([e.content for e in texts], object)
    y = np.array([e.answer for e in texts])
    return Model(fitted(classical, classical.Config("characters"), x, y, "text", view), None, None)


def always():
    view, x = View(None, size=64), bars(12, 2, 1, 64)
    return Model(fitted(constant, constant.Config(), x.x, x.y, "image", view), None, None)


MODELS = {"hog": hog, "tfidf": tfidf, "constant": always}


@pytest.mark.parametrize("name", MODELS)
def test_rivals_are_exported_too(name, shown, tmp_path):
    model = MODELS[name]()
    found = exported.through(model, shown if model.modality == "image" else exported.texts(), tmp_path, "openvino")
    assert found.within
    assert found.worst < 1e-4


@pytest.mark.parametrize("name", ["probe", "text", *MODELS])
def test_nothing_heavy_is_imported(name, shown, tmp_path):
    if name in MODELS:
        model = MODELS[name]()
        save_model(tmp_path / "it", model.fitted, None, None)
    else:
        model = exported.probe("image" if name == "probe" else "text")
        examples = shown if model.modality == "image" else exported.texts()
        save(tmp_path / "it", model, "openvino", "fp32", examples)
    given = shown[0].path if model.modality == "image" else "river stone lamp"
    told = subprocess.run(
        [sys.executable, "-c", ASKED, tmp_path / "it", given], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 0, told.stderr
    peak, *heavy = told.stdout.split()
    assert heavy == []
    assert int(peak) < MOST
