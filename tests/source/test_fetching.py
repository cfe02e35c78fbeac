"""What goes wrong on the way: broken downloads, forged files, closed doors, no network; of a hub and of a mirror."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime

import pytest
import tiny_vision
from tiny_hub import COMMIT

from headstart.errors import SourceError
from headstart.source import _catalogue
from headstart.source.files import http

NAME = "someone/tiny"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_vision.timm_saved(tmp_path_factory.mktemp("served"), "test_resnet.r160_in1k", num_classes=6)


@pytest.fixture
def stocked(hub, model):
    hub.repositories[NAME] = model
    return hub


def snapshot() -> str:
    return _catalogue.get(NAME).origin["folder"]


def test_weights_come_from_where_the_hub_sends_and_code_and_pickles_do_not_come(stocked, model):
    assert sorted(os.listdir(snapshot())) == ["README.md", "config.json", "model.safetensors"]
    assert f"HEAD /{NAME}/resolve/{COMMIT}/model.safetensors" in stocked.asked
    assert f"GET /cdn/{NAME}/model.safetensors" in stocked.asked


def test_a_download_that_breaks_off_is_gone_on_with(hub, tmp_path):
    large = tiny_vision.timm_saved(tmp_path, "test_resnet.r160_in1k", num_classes=60_000)  # 24 MB
    hub.repositories[NAME], hub.broken = large, 1
    source = _catalogue.get(NAME)
    assert source.origin["weights_sha256"] == hashlib.sha256((large / "model.safetensors").read_bytes()).hexdigest()
    assert len(hub.ranges) == 1  # the client writes pieces of ten megabytes
    assert hub.ranges != ["bytes=0-"]


def test_a_hub_that_asks_to_wait_is_waited_for(stocked):
    stocked.limited = 2
    assert _catalogue.get(NAME).key == "someone--tiny"


def test_a_hub_that_goes_on_refusing_is_given_up(stocked):
    stocked.limited = 99
    with pytest.raises(SourceError, match=r"429 Too Many Requests(.|\n)*try again later"):
        _catalogue.get(NAME)


def test_weights_that_are_not_what_the_hub_promised_are_thrown_away(stocked):
    stocked.forged = True
    with pytest.raises(SourceError, match=r"has sha256 .*, and it promised .* thrown away"):
        _catalogue.get(NAME)
    stocked.forged = False
    assert _catalogue.fetch(_catalogue.get(NAME)).is_file()


def test_weights_that_come_short_are_not_used(stocked):
    stocked.cut = True
    with pytest.raises(SourceError, match=f"The hub does not give '{NAME}'"):
        _catalogue.get(NAME)


def test_a_closed_door_says_how_to_open_it(stocked):
    stocked.gated.add(NAME)
    with pytest.raises(SourceError, match="accept its terms and set HF_TOKEN"):
        _catalogue.get(NAME)


def test_what_was_fetched_needs_no_network_and_what_was_not_says_so(stocked, monkeypatch):
    source = _catalogue.get(NAME)
    stocked.asked.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert _catalogue.get(NAME) == source
    assert _catalogue.fetch(source).is_file()
    with pytest.raises(
        SourceError, match=r"does not give 'timm/resnet18\.a1_in1k'(.|\n)*the network is off(.|\n)*HF_ENDPOINT"
    ):
        _catalogue.get("resnet18")
    assert stocked.asked == []


def test_a_hub_out_of_reach_says_what_to_do(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(SourceError, match=r"hub out of reach(.|\n)*give its folder"):
        _catalogue.get(NAME)


def test_a_part_that_is_missing_makes_a_download_incomplete(stocked, model, tmp_path):
    from safetensors.torch import load_file, save_file

    tensors = load_file(model / "model.safetensors")
    names, folder = list(tensors), tmp_path / "parts"
    folder.mkdir()
    parts = {"model-1.safetensors": names[:40], "model-2.safetensors": names[40:]}
    for file, some in parts.items():
        save_file({name: tensors[name] for name in some}, folder / file)
    index = {"weight_map": {name: file for file, some in parts.items() for name in some}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_bytes((model / "config.json").read_bytes())
    stocked.repositories["someone/parts"] = folder
    first = _catalogue.get("someone/parts")
    assert _catalogue.fetch(first).is_file()
    os.unlink(os.path.join(first.origin["folder"], "model-2.safetensors"))
    stocked.asked.clear()
    assert _catalogue.get("someone/parts") == first
    assert any("model-2" in request for request in stocked.asked)


# --- one file by plain http, as torchvision's weights come ------------------------------------------------------------


@pytest.fixture
def file(hub, tmp_path):
    """(address, digest, where to put it) of a file on the mirror."""
    made = tmp_path / "served.bin"
    made.write_bytes(os.urandom(3_000_000))
    hub.files["models/served.bin"] = made
    address = f"{os.environ['HEADSTART_TORCHVISION']}/served.bin"
    return address, hashlib.sha256(made.read_bytes()).hexdigest(), tmp_path / "got" / "served.bin"


def test_a_file_comes_whole_though_the_connection_breaks(hub, file):
    address, digest, target = file
    hub.broken, hub.limited = 1, 1
    http.fetch(address, target, digest[:8])
    assert hashlib.sha256(target.read_bytes()).hexdigest() == digest
    assert hub.ranges == ["bytes=1500000-"]
    assert [path.name for path in target.parent.iterdir()] == ["served.bin"]


def test_a_part_longer_than_the_file_is_begun_anew(hub, file):
    address, digest, target = file
    target.parent.mkdir()
    target.with_name("served.bin.part").write_bytes(bytes(4_000_000))
    http.fetch(address, target, digest)
    assert target.stat().st_size == 3_000_000


def test_a_forged_file_is_refused_and_not_kept(hub, file):
    hub.forged = True
    with pytest.raises(SourceError, match="but it should begin with"):
        http.fetch(*(file[0], file[2], file[1][:8]))
    assert not any(file[2].parent.iterdir())


def test_a_server_that_goes_on_refusing_is_given_up(hub, file):
    hub.limited = 99
    with pytest.raises(SourceError, match="429 Too Many Requests, 5 times"):
        http.fetch(file[0], file[2], file[1])


def test_it_waits_as_long_as_the_server_asks_else_longer_each_time():
    def wait(said: str | None, attempt: int = 0) -> float:
        headers = Message()
        if said is not None:
            headers["Retry-After"] = said
        return http._asked_wait(headers, attempt)

    assert (wait("0"), wait("7")) == (0.0, 7.0)
    assert wait(format_datetime(datetime.now(UTC) + timedelta(hours=1))) == pytest.approx(3600, abs=60)
    assert wait("86400") > http._LONGEST, "longer than it may ask: it is then given up"
    assert wait("Thu, 01 Jan 2015 00:00:00 GMT") == 0.0
    assert wait(None, 1) == wait("soon", 1) == 2 * wait(None, 0) > 0


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:9/x", "does not give the file: .*refused"),
        ("file:///etc/passwd", "only http and https"),
        ("{home}/none.bin", "404 Not Found"),
    ],
)
def test_no_such_place_is_told_at_once(hub, tmp_path, address, said):
    with pytest.raises(SourceError, match=said):
        http.fetch(address.format(home=os.environ["HEADSTART_TORCHVISION"]), tmp_path / "x", "0")


def test_a_torchvision_name_without_network_says_where_to_put_the_file(hub, monkeypatch):
    monkeypatch.setenv("HEADSTART_TORCHVISION", "http://127.0.0.1:9")
    with pytest.raises(
        SourceError, match=r"'alexnet.IMAGENET1K_V1' cannot be had(.|\n)*put alexnet-owt-7be5be79\.pth into"
    ):
        _catalogue.get("alexnet")


def test_a_pickle_that_runs_something_is_not_read(hub, tmp_path, monkeypatch):
    import pickle

    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    held = tmp_path / "torch" / "hub" / "checkpoints"
    file = tiny_vision.torchvision_saved(held, "alexnet", monkeypatch, pickle.dumps({"w": Harm()}, 2))
    with pytest.raises(SourceError, match="holds more than plain tensors or is no torch file"):
        _catalogue.fetch(_catalogue.get("alexnet"))
    assert file.is_file()
    assert not (tmp_path / "harm").exists()
