"""Clients on one machine: so many connections, each sending its next request as soon as it has its answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Seen:
    """What clients saw; latencies in seconds."""

    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0


def request(body: bytes, port: int) -> bytes:
    """One request for /predict, as bytes on the wire."""
    return (
        f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of one response with a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    return int(head.split()[1]), await reader.readexactly(length)


async def ask(port: int, bodies: Sequence[bytes]) -> list[dict]:
    """Each body once, one after the other: class → probability."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = []
    for body in bodies:
        writer.write(request(body, port))
        status, told = await answer(reader)
        if status != 200:
            raise RuntimeError(f"{status}: {told[:200]!r}")
        found.append(json.loads(told)["predictions"][0]["probabilities"])
    writer.close()
    return found


async def press(port: int, bodies: Sequence[bytes], clients: int, seconds: float, most: int = 0) -> Seen:
    """Press for so many seconds, or until `most` requests were sent."""
    seen, sent = Seen(), 0
    wires = [request(body, port) for body in bodies]
    start = time.perf_counter()

    async def client(at: int) -> None:
        nonlocal sent
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (sent < most) if most else (time.perf_counter() - start < seconds):
            sent += 1
            begun = time.perf_counter()
            writer.write(wires[at % len(wires)])
            status, _ = await answer(reader)
            seen.latencies.append(time.perf_counter() - begun)
            seen.failed += status != 200
            at += clients
        writer.close()

    await asyncio.gather(*map(client, range(clients)))
    seen.seconds = time.perf_counter() - start
    return seen
