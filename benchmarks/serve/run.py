"""How fast does `headstart serve` answer, beside LitServe and a plain FastAPI + torch handler of the same model?

Every server is a process of its own on 127.0.0.1, asked for the same photographs (hymenoptera's val/, JPEG in base64)
by 1, 8 and 64 clients, each cell for some seconds after a warm-up; a cell that is in the file of results is not done
again. The model is a linear probe on efficientnet-lite0, fitted once by headstart.

Run: python benchmarks/serve/run.py FOLDER [--seconds 10] [--rounds 2] [--only NAME,…] [--also NAME=ARTEFACT …]
[--soak N]. Writes FOLDER/cells.jsonl and prints a Markdown table. LitServe: pip install litserve; else it is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import load
import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("HEADSTART_DATA") or ROOT.parent / "shared" / "data")
CLIENTS = (1, 8, 64)
CHECKED = 24  # pictures whose answers are held against the run's own
ENVIRONMENT = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "HEADSTART_DEVICE": "cpu"}
HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the run and the cells are kept")
    parser.add_argument("--seconds", type=float, default=10.0, help="of a cell")
    parser.add_argument("--rounds", type=int, default=2, help="how often each cell is measured; the order alternates")
    parser.add_argument("--clients", default=",".join(map(str, CLIENTS)))
    parser.add_argument("--only", default="", help="names of contestants")
    parser.add_argument(
        "--also", action="append", default=[], metavar="NAME=ARTEFACT", help="an exported model, served"
    )
    parser.add_argument("--soak", type=int, default=0, help="also so many requests to headstart, by 64 clients")
    given = parser.parse_args()
    pictures = sorted((DATA / "hymenoptera").rglob("val/*/*.jpg"))
    if not pictures:
        print(f"{DATA} does not hold hymenoptera. Set HEADSTART_DATA to the folder that does.", file=sys.stderr)
        return 2
    given.folder.mkdir(parents=True, exist_ok=True)
    run = fitted(given.folder)
    bodies = [json.dumps({"inputs": [base64.b64encode(p.read_bytes()).decode()]}).encode() for p in pictures]
    own = wanted(run, pictures[:CHECKED])
    cells = given.folder / "cells.jsonl"
    known = [json.loads(line) for line in cells.read_text().splitlines()] if cells.exists() else []
    counts = [int(x) for x in given.clients.split(",")]
    chosen = contestants(run, given.also, given.only)
    for at in range(given.rounds):
        for name, command in sorted(chosen.items(), reverse=at % 2 == 1):
            todo = [n for n in counts if not any((c["name"], c["clients"], c["round"]) == (name, n, at) for c in known)]
            if todo:
                known += measured(name, command, bodies, own, todo, given.seconds, at, cells)
    if given.soak and not any(c["round"] == -1 for c in known):
        known += soaked(contestants(run, [], "headstart")["headstart"], bodies, given.soak, cells)
    print(table(known))
    return 0


def contestants(run: Path, also: list[str], only: str) -> dict[str, list[str]]:
    """Name → command, but for the port."""
    ours = [sys.executable, "-m", "headstart", "serve", "--queue", "512"]
    found = {
        "headstart": [*ours, str(run), "--port"],
        "headstart, no batching": [*ours, "--batch", "1", str(run), "--port"],
        "headstart, torch": [*ours, "--engine", "torch", str(run), "--port"],
        "plain FastAPI + torch": [sys.executable, str(HERE / "handlers.py"), str(run)],
    }
    if find_spec("litserve") is not None:
        found["LitServe"] = [sys.executable, str(HERE / "lit.py"), str(run)]
    for name, _, artefact in (one.partition("=") for one in also):
        found[f"headstart, {name}"] = [*ours, artefact, "--port"]
    return {name: command for name, command in found.items() if not only or name in only.split(",") or name == only}


def fitted(folder: Path) -> Path:
    """A run of one candidate, made once."""
    run = folder / "run"
    if not (run / "run.json").exists():
        words = ["fit", str(DATA / "hymenoptera"), "--source", "efficientnet-lite0", "--strategy", "probe"]
        done = subprocess.run([sys.executable, "-m", "headstart", *words, "--out", str(run), "--quiet"], check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
    return run


def wanted(run: Path, pictures: list[Path]) -> list[dict[str, float]]:
    """What the run itself says."""
    words = ["predict", str(run), *map(str, pictures), "--json"]
    said = subprocess.run([sys.executable, "-m", "headstart", *words], capture_output=True, text=True, check=True)
    return [json.loads(line)["probabilities"] for line in said.stdout.splitlines()]


@contextmanager
def at_work(command: list[str]):
    """A server, waited for: its port and its process."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = tempfile.TemporaryFile()
    process = psutil.Popen([*command, str(port)], env=ENVIRONMENT, stderr=said, stdout=said)
    try:
        end = time.monotonic() + 180
        while True:
            if process.poll() is not None or time.monotonic() > end:
                said.seek(0)
                raise SystemExit(f"{' '.join(command)} did not start: {said.read().decode()[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield port, process
    finally:
        with suppress(psutil.NoSuchProcess):
            for one in [*process.children(recursive=True), process]:
                one.terminate()
            process.wait(60)
        said.close()


def measured(name, command, bodies, own, clients, seconds, at, cells) -> list[dict]:
    found = []
    with at_work(command) as (port, process):
        gap = apart(first_answers(port, bodies[: len(own)]), own)
        for n in clients:
            asyncio.run(load.press(port, bodies, n, min(2.0, seconds)))  # warm
            before = spent(process)
            seen = asyncio.run(load.press(port, bodies, n, seconds))
            found.append(
                cell(name, n, at, seen) | {"gap": gap, "cpu_ms": 1000 * (spent(process) - before) / len(seen.latencies)}
            )
            append(cells, found[-1])
    return found


def first_answers(port: int, bodies: list[bytes]) -> list[dict[str, float]]:
    """LitServe listens before its worker is ready: asked again until it answers."""
    last: Exception | None = None
    for _ in range(120):
        try:
            return asyncio.run(load.ask(port, bodies))
        except (RuntimeError, OSError, asyncio.IncompleteReadError) as problem:
            last = problem
            time.sleep(0.5)
    raise SystemExit(f"A server listens and does not answer: {last}")


def soaked(command, bodies, n, cells) -> list[dict]:
    """Many requests: none lost, and what the server's memory does meanwhile."""
    with at_work(command) as (port, process):
        first_answers(port, bodies[:8])
        asyncio.run(load.press(port, bodies, 64, 0, most=1000))
        before = process.memory_info().rss
        seen = asyncio.run(load.press(port, bodies, 64, 0, most=n))
        row = cell("headstart", 64, -1, seen) | {"rss_mb": [before / 1e6, process.memory_info().rss / 1e6]}
    append(cells, row)
    return [row]


def cell(name, clients, at, seen) -> dict:
    return {
        "name": name, "clients": clients, "round": at, "requests": len(seen.latencies), "failed": seen.failed,
        "per_second": len(seen.latencies) / seen.seconds,
        "p50_ms": 1000 * float(np.quantile(seen.latencies, 0.5)),
        "p99_ms": 1000 * float(np.quantile(seen.latencies, 0.99)),
    }  # fmt: skip


def append(path: Path, row: dict) -> None:
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def apart(found: list[dict[str, float]], own: list[dict[str, float]]) -> float:
    """The largest difference of a probability."""
    return max(abs(a[label] - b[label]) for a, b in zip(found, own, strict=True) for label in b)


def spent(process: psutil.Process) -> float:
    """CPU seconds of a server and all its processes."""
    return sum(sum(p.cpu_times()[:2]) for p in [process, *process.children(recursive=True)])


def table(cells: list[dict]) -> str:
    """Medians over the rounds."""
    lines = ["| server | clients | requests/s | p50 ms | p99 ms | CPU ms a request | failed | furthest from the run |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    groups: dict[tuple[str, int], list[dict]] = {}
    for row in cells:
        if row["round"] >= 0:
            groups.setdefault((row["name"], row["clients"]), []).append(row)
    for (name, clients), rows in sorted(groups.items(), key=lambda g: (g[0][1], g[0][0])):
        mid = {
            what: float(np.median([row[what] for row in rows])) for what in ("per_second", "p50_ms", "p99_ms", "cpu_ms")
        }
        lines.append(
            f"| {name} | {clients} | {mid['per_second']:.1f} | {mid['p50_ms']:.0f} | {mid['p99_ms']:.0f} | "
            f"{mid['cpu_ms']:.1f} | {sum(row['failed'] for row in rows)} | {max(row['gap'] for row in rows):.4f} |"
        )
    for row in cells:
        if row["round"] == -1:
            before, after = row["rss_mb"]
            lines.append(f"\n{row['requests']:,} requests by {row['clients']} clients: {row['failed']} failed, memory "
                         f"{before:.0f} MB after the first 1,000 and {after:.0f} MB at the end.")  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
