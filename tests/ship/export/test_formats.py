"""Every format says what the run says, of every kind of model and in every precision that it has."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest

import exported
from headstart.errors import DataError, UsageError
from headstart.family import load, names
from headstart.ship.export._artefact import load as opened
from headstart.ship.export._artefact import save
from headstart.ship.predict import predict

FORMATS = names("ship/export")


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return exported.pictures(tmp_path_factory.mktemp("shown"))


@pytest.fixture(scope="module")
def made(shown, tmp_path_factory):
    """(format, modality) → an artefact of a probe, made once."""
    known = {}

    def get(to, modality):
        if (to, modality) not in known:
            examples = shown if modality == "image" else exported.texts()
            folder = tmp_path_factory.mktemp("made") / f"{to}-{modality}"
            known[to, modality] = save(folder, exported.probe(modality), to, "fp32", examples)
        return known[to, modality]

    return get


@pytest.mark.parametrize("modality", ["image", "text"])
@pytest.mark.parametrize("to", FORMATS)
def test_a_probe_says_the_same_in_every_format(to, modality, made, shown, tmp_path):
    examples = shown if modality == "image" else exported.texts()
    found = exported.parity(exported.probe(modality), made(to, modality), examples, tmp_path)
    assert found.within
    assert found.worst < 1e-4, "float rounding alone"


@pytest.mark.parametrize("kind", ["regression", "multilabel"])
def test_other_kinds_of_task(kind, made, shown, tmp_path):
    fitted = exported.probe(kind=kind)
    assert exported.through(fitted, shown, tmp_path, "torch").within


@pytest.mark.parametrize("to", FORMATS)
def test_a_moved_artefact_predicts_alone_bytes_arrays_and_files(to, made, shown, tmp_path):
    there = made(to, "image")
    moved = opened(shutil.copytree(there.folder, tmp_path / "elsewhere"))
    path = shown[0].path
    with open(path, "rb") as file:
        rows = list(predict(moved, [path, file.read(), np.zeros((40, 50, 3), np.uint8), "nothing.jpg"]))
    assert rows[0].probabilities == rows[1].probabilities
    assert [row.error is None for row in rows] == [True, True, True, False]
    assert sum(rows[2].probabilities.values()) == pytest.approx(1)


def test_a_changed_file_is_noticed(made, tmp_path):
    folder = shutil.copytree(made("onnx", "text").folder, tmp_path / "changed")
    (folder / "tokenizer.json").write_text((folder / "tokenizer.json").read_text().replace("river", "lake"))
    with pytest.raises(DataError, match=r"tokenizer.json is not the file that was exported"):
        opened(folder)


@pytest.mark.parametrize(
    ("to", "precision", "said"),
    [("torch", "int8", "int8 is had with --to onnx or openvino"), ("onnx", "bf16", "--to openvino or torch"),
     ("onnx", "fp8", "fp32, bf16 and int8 are known")],
)  # fmt: skip
def test_a_precision_that_is_not_had_is_an_error_that_tells_where(to, precision, said, shown, tmp_path):
    with pytest.raises(UsageError, match=said):
        save(tmp_path / "x", exported.probe(), to, precision, shown)


def test_what_cannot_be_exported_says_what_can(shown, tmp_path):
    asked = replace(exported.probe(), fitted=replace(exported.probe().fitted, strategy="incontext"))
    with pytest.raises(UsageError, match=r"'incontext' cannot be exported\. Those of these can: classical, con"):
        save(tmp_path / "x", asked, "torch", "fp32", shown)


# What exporters and runtimes really do, each a surprise once.


def test_weights_are_not_halved_when_they_are_saved(made):
    """`openvino.save_model` does, if it is not told otherwise."""
    assert 'element_type="f16"' not in (made("openvino", "image").folder / "model.xml").read_text()


def test_waiting_threads_sleep(made):
    """ONNX Runtime's spin otherwise, and take three times the processor's time."""
    import onnxruntime

    seen = []
    real = onnxruntime.InferenceSession
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnxruntime, "InferenceSession", lambda *a, **k: seen.append(a[1]) or real(*a, **k))
        load("ship/export", "onnx").opened(made("onnx", "image").folder, "fp32")
    assert [seen[0].get_session_config_entry(f"session.{name}_op.allow_spinning") for name in ("intra", "inter")] == [
        "0",
        "0",
    ]


def test_a_program_that_could_run_code_is_not_opened(made, tmp_path):
    """`torch.export.load` unpickles what an archive holds beside numbers."""
    folder = made("torch", "image").folder
    wrong = tmp_path / "model.pt2"
    with zipfile.ZipFile(folder / "model.pt2") as old, zipfile.ZipFile(wrong, "w") as new:
        for one in old.infolist():
            new.writestr(one, old.read(one))
        new.writestr("m/data/constants/opaque_obj_0", b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(DataError, match="could run code"):
        load("ship/export", "torch").opened(tmp_path, "fp32")
