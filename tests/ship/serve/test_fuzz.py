"""Broken, cut and changed bodies: never a 5xx, never the end. `benchmarks/serve/fuzz.py` sends ten times as many."""

from __future__ import annotations

import http.client
import io
import json

import numpy as np
import pytest

from at_work import picture_run, serving, text_run
from hostile import draw
from mutated import change, requests

N = 200


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    desk = tmp_path_factory.mktemp("runs")
    with serving({"bugs": picture_run(desk / "bugs"), "ask": text_run(desk / "ask")}) as site:
        yield site


def pictures() -> list[bytes]:
    found = []
    for form in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
        out = io.BytesIO()
        draw(0, np.random.default_rng(1), 40).save(out, form)
        found.append(out.getvalue())
    return found


@pytest.mark.filterwarnings("ignore")  # Pillow's, of damaged files
def test_changed_bodies_are_answered_or_refused(site):
    wire, seen = http.client.HTTPConnection(site.host, timeout=60), set()
    for path, headers, body in requests(pictures(), "bugs", "ask", N, seed=0):
        wire.request("POST", path, body, headers)
        reply = wire.getresponse()
        told = reply.read()
        assert reply.status < 500, (path, headers, body[:300], told)
        if reply.status >= 400:
            assert json.loads(told)["error"]
        seen.add(reply.status)
    wire.close()
    assert {200, 400, 422} <= seen
    assert site.ask("/predict?model=ask", {"inputs": ["river"]}).status == 200
    assert site.desk.door.held == 0


def test_a_change_is_the_same_again():
    data = bytes(range(200))
    assert change(data, np.random.default_rng(4)) == change(data, np.random.default_rng(4)) != data
