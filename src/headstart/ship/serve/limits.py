"""What one request, and all together, may cost: bytes, inputs, pixels, seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .refused import Refused, busy

if TYPE_CHECKING:
    from starlette.requests import Request

MB = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Of one server."""

    body: int = 20 * MB  # bytes of a request
    held: int = 200 * MB  # bytes of all requests that are being answered
    pixels: int = 40 * MB  # that a picture's header may promise
    queue: int = 256  # inputs that wait for a model, or are at work
    seconds: float = 30.0  # to receive a body; and to answer it
    batch: int = 32  # inputs that a model sees at once
    wait: float = 0.004  # seconds that a batch waits for inputs that are being read
    connections: int = 1000


class Door:
    """Reads bodies, no more of them at a time than memory may hold."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.held = limits, 0

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """A request's whole body, counted as long as the block works.

        Raises:
            Refused: 413 too long, 429 too many at once, 408 too slow, 415 packed.
        """
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refused(415, "Bodies are taken as they are. Leave Content-Encoding out.")
        declared = request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and (len(declared) > 15 or int(declared) > self.limits.body):
            raise self._long()
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self.limits.seconds):
                async for part in request.stream():
                    parts.append(part)
                    self.held += len(part)
                    if sum(map(len, parts)) > self.limits.body:
                        raise self._long()
                    if self.held > self.limits.held:
                        raise busy("Too many bytes are being received at once.")
        except BaseException as problem:
            self.held -= sum(map(len, parts))
            if isinstance(problem, TimeoutError):
                raise Refused(408, f"The body did not arrive within {self.limits.seconds:g} seconds.") from None
            raise
        whole = b"".join(parts)
        parts.clear()
        try:
            yield whole
        finally:
            self.held -= len(whole)

    def _long(self) -> Refused:
        return Refused(413, f"The body is longer than {self.limits.body:,} bytes. Send fewer or smaller inputs.")
