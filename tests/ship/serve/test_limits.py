"""What a server refuses, and that it goes on: long, slow and huge inputs, full queues, slow models, missing keys."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

import headstart
from at_work import picture_run, serving, text_run, waits_until
from drawn import command
from headstart.errors import UsageError
from headstart.ship.serve.limits import Limits
from headstart.ship.serve.served import Served

TEXT = {"inputs": ["river stone lamp"]}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return text_run(tmp_path_factory.mktemp("runs") / "ask")


class Held:
    """A model that answers when it is let, and tells the sizes of its batches."""

    def __init__(self, poison: str = "") -> None:
        self.free, self.sizes, self.poison = Event(), [], poison

    def __call__(self, served):
        def rows(prepared):
            assert self.free.wait(60)
            self.sizes.append(len(prepared))
            if self.poison in prepared:
                raise RuntimeError("this input kills the model")
            return served.rows(prepared)

        return replace(served, rows=rows)


def spoken(site, said: bytes, then: bytes = b"", wait: float = 0.0) -> bytes:
    """What comes back for bytes on the wire."""
    host, port = site.host.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as wire:
        wire.sendall(said)
        if then:
            time.sleep(wait)
            wire.sendall(then)
        return wire.recv(65536)


def head(length: int | str, path: str = "/predict") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()


def test_what_says_that_it_is_long_is_refused_before_it_is_sent(run):
    with serving({"ask": run}, Limits(body=1000)) as site:
        assert b" 413 " in spoken(site, head(200_000_000))
        chunked = b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n" + b" " * 1000
        said = spoken(site, chunked + b"\r\n3e8\r\n" + b" " * 1000 + b"\r\n")
        assert b" 413 " in said
        assert b"The body is longer than 1,000 bytes." in said
        assert site.ask("/predict", TEXT).status == 200
        assert site.desk.door.held == 0


def test_who_sends_too_slowly_or_goes_away_leaves_nothing_behind(run):
    with serving({"ask": run}, Limits(seconds=0.4)) as site:
        assert b" 408 " in spoken(site, head(10) + b"{")
        host, port = site.host.split(":")
        with socket.create_connection((host, int(port))) as wire:
            wire.sendall(head(10) + b"{")
            waits_until(lambda: site.desk.door.held == 1)
        waits_until(lambda: site.desk.door.held == 0)
        assert site.ask("/predict", TEXT).status == 200


def test_more_bytes_at_once_than_memory_may_hold(run):
    with serving({"ask": run}, Limits(held=1500, body=1000)) as site:
        host, port = site.host.split(":")
        with socket.create_connection((host, int(port))) as wire:
            wire.sendall(head(900) + b" " * 800)
            waits_until(lambda: site.desk.door.held == 800)
            said = spoken(site, head(900) + b" " * 900)
            assert b" 429 " in said
            assert b"retry-after: 1" in said.lower()


def test_a_full_queue_says_when_to_come_again_and_a_slow_model_is_given_up(run):
    held = Held()
    with serving({"ask": run}, Limits(queue=3, seconds=1.5), change=held) as site, ThreadPoolExecutor(4) as pool:
        waiting = pool.submit(site.ask, "/predict", {"inputs": ["river", "stone", "lamp"]})
        batcher = site.desk._batchers["ask"]
        waits_until(lambda: batcher.inside == 3)
        full = site.ask("/predict", TEXT)
        assert (full.status, full.headers["retry-after"]) == (429, "1")
        assert full.json["error"] == "3 inputs are waiting, of at most 3. Send it again in a moment."
        assert site.ask("/predict", {"inputs": ["a b"] * 4}).status == 413
        late = waiting.result()
        assert late.status == 504
        assert "no answer within 1.5 seconds" in late.json["error"]
        held.free.set()
        waits_until(lambda: batcher.inside == 0)
        assert site.ask("/predict", TEXT).status == 200


@pytest.mark.parametrize(("most", "sizes"), [(32, 2), (1, 13)])
def test_what_waits_is_answered_together(run, most, sizes):
    held = Held()
    with serving({"ask": run}, Limits(batch=most), change=held) as site, ThreadPoolExecutor(13) as pool:
        first = pool.submit(site.ask, "/predict", TEXT)
        batcher = site.desk._batchers["ask"]
        waits_until(lambda: batcher.inside == 1 and not batcher._ready and not batcher._reading)
        rest = [pool.submit(site.ask, "/predict", {"inputs": [f"stone {n}"]}) for n in range(12)]
        waits_until(lambda: len(batcher._ready) == 12)
        held.free.set()
        assert [reply.result().status for reply in [first, *rest]] == [200] * 13
    assert len(held.sizes) == sizes
    assert sum(held.sizes) == 13


def test_one_input_that_kills_the_model_takes_no_other_with_it(run, caplog):
    held = Held(poison="poison stone")
    with serving({"ask": run}, change=held) as site, ThreadPoolExecutor(3) as pool:
        first = pool.submit(site.ask, "/predict", TEXT)
        batcher = site.desk._batchers["ask"]
        waits_until(lambda: batcher.inside == 1 and not batcher._ready and not batcher._reading)
        bad = pool.submit(site.ask, "/predict", {"inputs": ["poison stone"]})
        good = pool.submit(site.ask, "/predict", TEXT)
        waits_until(lambda: len(batcher._ready) == 2)
        held.free.set()
        assert [reply.result().status for reply in (first, bad, good)] == [200, 500, 200]
    assert "this input kills the model" in caplog.text


def test_a_picture_that_promises_too_much_is_not_decoded(tmp_path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 3_000, 3_000, 8, 2, 0, 0, 0))
    bomb += chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with serving({"bugs": picture_run(tmp_path / "bugs")}, Limits(pixels=1_000_000)) as site:
        for path in ("/predict", "/explain"):
            reply = site.ask(path, bomb, Content_Type="image/png")
            assert reply.status == 422
            assert "3000 × 3000 pixels; the limit is 1,000,000" in reply.json["error"]


def test_a_key_is_asked_for_but_for_health_and_the_page(run):
    with serving({"ask": run}, key="s3cret") as site:
        for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/ask/ready", "/", "/docs", "/openapi.json"):
            assert site.ask(path).status == 200, path
        for path in ("/v2", "/v2/models/ask", "/models", "/metrics"):
            assert site.ask(path).status == 401, path
            assert site.ask(path, X_API_Key="wrong").status == 401
            assert site.ask(path, X_API_Key="s3cret").status == 200
            assert site.ask(path, Authorization="Bearer s3cret").status == 200
        refused = site.ask("/predict", TEXT)
        assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")


def test_the_page_lets_nothing_else_run(run):
    with serving({"ask": run}) as site:
        policy = site.ask("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_answers_what_is_in_and_ends_well(run, how):
    started = subprocess.Popen(command("serve", f"q={run}", "--port", "0"), stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "HEADSTART_API_KEY": ""})  # fmt: skip
    try:
        said = started.stderr.readline()
        assert said.startswith("headstart: serving q at http://127.0.0.1:"), said
        host, port = said.split()[4].removeprefix("http://").rstrip(".").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as wire:
            body = b'{"inputs": ["river stone"]}'
            wire.sendall(head(len(body)) + body[:10])
            time.sleep(0.5)
            started.send_signal(how)
            time.sleep(0.5)
            wire.sendall(body[10:])
            assert b'"label"' in wire.recv(65536)
        assert started.wait(60) == 0
        assert started.stderr.read() == ""
    finally:
        started.kill()
        started.communicate()


def test_examples_that_are_files_cannot_be_served():
    with pytest.raises(UsageError, match=r"A model of smells cannot be served: its examples are files"):
        Served("a", "smells", "classification", ("x", "y"), list, list).wire  # noqa: B018


def test_two_models_of_one_name_and_a_taken_port(run):
    with pytest.raises(UsageError, match=r"2 runs of 1 names were given.* NAME=FOLDER"):
        headstart.serve([run, run], port=0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"Nothing can be served at 127.0.0.1:{port} .*--port 0"):
            headstart.serve(run, port=port)
