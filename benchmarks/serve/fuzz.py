"""Does anything that a client sends bring `headstart serve` down? Never a 5xx, never the end, memory bounded.

Against one server of two runs: 2,000 changed pictures and JSON bodies (`tests/mutated.py`), a body of 200 MB, 40
clients that stop in the middle of a body, and what schemathesis makes of the OpenAPI (pip install schemathesis; else it
is left out).

Run: python benchmarks/serve/fuzz.py RUN_OF_PICTURES RUN_OF_TEXTS [--requests 2000] [--examples 100]
Prints what came back, and ends with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import http.client
import io
import socket
import sys
from collections import Counter
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil

from run import at_work

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))
from hostile import draw  # noqa: E402
from mutated import requests  # noqa: E402

GROWTH = 400  # MB that the server may grow by: a picture of 40 megapixels takes 120 or more while it is decoded
LONG = 200_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--examples", type=int, default=100, help="of schemathesis, a path")
    given = parser.parse_args()
    command = [sys.executable, "-m", "headstart", "serve", f"pictures={given.pictures}", f"texts={given.texts}"]
    with at_work([*command, "--seconds", "5", "--port"]) as (port, process):
        changed(port, 50, seed=1)  # warm
        before = process.memory_info().rss
        counts = {"changed bodies": changed(port, given.requests, seed=0)}
        counts["200 MB"] = Counter([long(port)])
        slow(port)
        counts["slow clients, then"] = changed(port, 20, seed=2)
        if find_spec("schemathesis") is not None:
            counts["schemathesis"] = described(port, given.examples)
        grown = (process.memory_info().rss - before) / 1e6
        alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    for what, seen in counts.items():
        print(f"{what}: {', '.join(f'{n} × {status}' for status, n in sorted(seen.items()))}")
    print(f"memory: {grown:+.0f} MB")
    bad = [status for seen in counts.values() for status in seen if status >= 500]
    return int(bool(bad) or not alive or grown > GROWTH)


def changed(port: int, n: int, seed: int) -> Counter[int]:
    """Status → how often, of changed bodies."""
    wire, seen = http.client.HTTPConnection("127.0.0.1", port, timeout=60), Counter()
    for path, headers, body in requests(encoded(), "pictures", "texts", n, seed):
        wire.request("POST", path, body, headers)
        reply = wire.getresponse()
        told = reply.read()
        seen[reply.status] += 1
        if reply.status >= 500:
            print(path, headers, body[:200], told)
    return seen


def encoded() -> list[bytes]:
    """A drawn picture in each common format."""
    found = []
    for form in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "JPEG2000", "PPM", "ICO"):
        out = io.BytesIO()
        draw(0, np.random.default_rng(1), 60).save(out, form)
        found.append(out.getvalue())
    return found


def long(port: int) -> int:
    """A body of 200 MB whose length is not told, sent until the answer comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
        wire.sendall(b"POST /predict?model=pictures HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
        try:
            for _ in range(LONG >> 20):
                wire.sendall(piece)
        except OSError:
            pass
        return int(wire.recv(4096).split()[1])


def slow(port: int) -> None:
    """Clients that send half of what they said, and stay."""
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
    for wire in held:
        wire.sendall(b"POST /predict?model=texts HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{")
    for wire in held[20:]:
        wire.settimeout(60)
        assert b" 408 " in wire.recv(4096)
    for wire in held:
        wire.close()


def described(port: int, examples: int) -> Counter[int]:
    """What schemathesis makes of the OpenAPI, valid and not."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable

    seen: Counter[int] = Counter()
    api = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
    for found in api.get_all_operations():
        operation = found.ok()
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            cases = operation.as_strategy(generation_mode=mode)

            @given(cases)
            @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
                      phases=[Phase.generate], derandomize=True)  # fmt: skip
            def send(case) -> None:
                reply = case.call()
                seen[reply.status_code] += 1
                if reply.status_code >= 500:
                    print(case.as_curl_command(), reply.text[:300])

            with suppress(Unsatisfiable):  # of a path without parameters nothing wrong can be asked
                send()
    return seen


if __name__ == "__main__":
    raise SystemExit(main())
