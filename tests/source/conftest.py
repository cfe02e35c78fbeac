"""Sources for the tests: the four real ones from the person's own cache, and a tiny one packed by the test."""

from __future__ import annotations

import io
import os
import socket

import pytest
from tiny_hub import Hub, serving
from tiny_source import ARCHITECTURE, Tiny, packed

from headstart import runtime

runtime.quiet_threads()  # before the first test imports torch


@pytest.fixture
def offline(monkeypatch):
    """No index for pip, no connection for this process."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)

    def refuse(*_args, **_kwargs):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="session")
def tiny_weights() -> bytes:
    """A torch file as packages carry it: other names, no batch-norm counters, right order."""
    import torch

    from headstart.source.vision import timm

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = timm.build(ARCHITECTURE).state_dict()
    kept = [tensor for name, tensor in state.items() if "num_batches" not in name]
    buffer = io.BytesIO()
    torch.save({f"layer{i}.w": tensor for i, tensor in enumerate(kept)}, buffer)
    return buffer.getvalue()


@pytest.fixture
def tiny(tiny_weights, tmp_path, monkeypatch) -> Tiny:
    """The tiny source, with an empty cache and an empty wheel folder of its own."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HEADSTART_WHEELS", str(tmp_path / "wheels"))
    return packed(tiny_weights)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty hub on this machine, which the client is told to ask; all caches are the test's own."""
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    made = Hub()
    with serving(made) as endpoint:
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        monkeypatch.setenv("HEADSTART_TORCHVISION", f"{endpoint}/models")
        yield made
