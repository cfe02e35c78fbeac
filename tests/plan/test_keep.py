"""Fitted heads on disk: the same when read back, and every damage named."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart.errors import DataError
from headstart.plan import keep
from headstart.types import Fitted, View

HEAD = Fitted(
    strategy="probe",
    view=View("mobilenet-v2", "top", 0, "torch-fp32"),
    config={"share": 0.25},
    labels=("虫 bugs", "caña"),
    state={
        "weight": np.arange(6, dtype=np.float32).reshape(3, 2).T,  # not contiguous
        "bias": np.array([1.5, -2], np.float64),
        "count": np.array(3, np.int64),
    },
    trained_params=8,
    total_params=9,
    decoder={"temperature": 0.7},
)


def test_round_trip(tmp_path):
    keep.save(tmp_path / "deep" / "model", HEAD, {"trial": {"id": "x"}})
    back, extra = keep.load(tmp_path / "deep" / "model")
    assert extra == {"trial": {"id": "x"}}
    for name, value in HEAD.state.items():
        np.testing.assert_array_equal(back.state[name], value)
        assert back.state[name].dtype == value.dtype
    assert {**vars(back), "state": 0} == {**vars(HEAD), "state": 0}
    assert sorted(p.name for p in (tmp_path / "deep" / "model").iterdir()) == ["head.safetensors", "model.json"]
    assert "虫 bugs" in (tmp_path / "deep" / "model" / "model.json").read_text(encoding="utf-8")


def test_a_head_of_an_earlier_version_has_its_decoder_in_two_numbers(tmp_path):
    keep.save(tmp_path, HEAD)
    file = tmp_path / "model.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    del record["head"]["decoder"]
    record["head"] |= {"temperature": 0.7, "threshold": 0.25}
    file.write_text(json.dumps(record), encoding="utf-8")
    assert keep.load(tmp_path)[0].decoder == {"temperature": 0.7, "threshold": 0.25}


@pytest.mark.parametrize(("view", "read"), [(View(None, size=64), "image"), (View(None, "input"), "text")])
def test_a_head_of_an_earlier_version_tells_by_its_view_what_it_reads(view, read, tmp_path):
    keep.save(tmp_path, replace(HEAD, view=view))
    file = tmp_path / "model.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    del record["head"]["modality"]
    file.write_text(json.dumps(record), encoding="utf-8")
    assert keep.load(tmp_path)[0].modality == read


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    order=st.randoms(use_true_random=False),
    steps=st.integers(-2, 2).filter(bool),
    fortran=st.booleans(),
    kind=st.sampled_from([np.float32, np.float16, np.int64]),
)
def test_however_an_array_lies_in_memory_it_comes_back_as_it_was(tmp_path, shape, order, steps, fortran, kind):
    """safetensors.numpy itself writes the bytes of a Fortran-ordered or transposed array in their order in memory."""
    value = np.arange(np.prod(shape)).reshape(shape).astype(kind)
    value = (np.asfortranarray(value) if fortran else value).transpose(order.sample(range(len(shape)), len(shape)))
    value = value[::steps]
    keep.save(tmp_path, replace(HEAD, state={"weight": value}))
    np.testing.assert_array_equal(keep.load(tmp_path)[0].state["weight"], value)


def test_saving_again_replaces(tmp_path):
    keep.save(tmp_path, HEAD, {"first": 1})
    keep.save(tmp_path, HEAD)
    assert keep.load(tmp_path)[1] == {}


@pytest.mark.parametrize("missing", ["model.json", "head.safetensors"])
def test_a_missing_file_is_named(tmp_path, missing):
    keep.save(tmp_path, HEAD)
    (tmp_path / missing).unlink()
    with pytest.raises(DataError, match=rf"holds no model \({missing} is missing\)\. Give the folder that"):
        keep.load(tmp_path)


def test_no_folder_and_a_file_in_its_place(tmp_path):
    with pytest.raises(DataError, match=r"nowhere holds no model \(model\.json is missing\)"):
        keep.load(tmp_path / "nowhere")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match=r"photo\.jpg holds no model"):
        keep.load(tmp_path / "photo.jpg")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.json", b'{"head": {"strat'),
        ("model.json", b"[]"),
        ("model.json", b"{}"),
        ("model.json", b'{"head": "text"}'),
        ("model.json", b'{"head": {"view": {}, "labels": []}}'),
        ("model.json", b"\xff\xfe\x00"),
        ("head.safetensors", b""),
        ("head.safetensors", b"short"),
        ("head.safetensors", b"\xff" * 100),
    ],
)
def test_damage_is_named(tmp_path, file, content):
    keep.save(tmp_path, HEAD)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError, match=r"The model in .* is damaged \(.+\)\. Run `headstart fit` again"):
        keep.load(tmp_path)


def test_a_field_that_is_unknown_is_damage(tmp_path):
    keep.save(tmp_path, HEAD)
    record = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    record["head"]["surprise"] = 1
    (tmp_path / "model.json").write_text(json.dumps(record))
    with pytest.raises(DataError, match="surprise"):
        keep.load(tmp_path)


def test_the_head_of_another_fit_is_damage(tmp_path):
    keep.save(tmp_path / "a", HEAD)
    keep.save(tmp_path / "b", Fitted("probe", View("x"), {}, ("a", "b"), {"bias": np.zeros(2, np.float32)}, 2, 2))
    (tmp_path / "a" / "head.safetensors").write_bytes((tmp_path / "b" / "head.safetensors").read_bytes())
    with pytest.raises(DataError, match=r"is damaged \(head\.safetensors is not the file that was saved\)"):
        keep.load(tmp_path / "a")
