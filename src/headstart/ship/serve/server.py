"""A server to its end: bound first, so that a taken port is told at once; stopped by SIGTERM or Ctrl-C, gracefully."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from ...errors import UsageError
from .limits import Limits

if TYPE_CHECKING:
    from fastapi import FastAPI

GRACE = 30  # seconds that requests have to be answered once it stops


def bound(host: str, port: int) -> socket.socket:
    """A socket on that address; port 0 takes a free one. Raises `UsageError` where it cannot be had."""
    made = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.socket(family)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except (OSError, OverflowError) as problem:
        if made is not None:
            made.close()
        raise UsageError(
            f"Nothing can be served at {host}:{port} ({problem}). Name another with --host or --port; --port 0 takes "
            "any that is free."
        ) from None
    return made


def address(bound_to: socket.socket) -> str:
    """Its URL, as a person on this machine opens it."""
    host, port = bound_to.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def server(app: FastAPI, limits: Limits, begun: Callable[[], None]) -> uvicorn.Server:
    """A server whose `run(sockets=…)` answers until SIGTERM or Ctrl-C; requests that are in by then are answered."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE,
        lifespan="on",
        ws="none",
    )
    return _Server(config, begun)


class _Server(uvicorn.Server):
    """Tells when it listens, and ends as a command that is done: uvicorn's would kill itself by the signal."""

    def __init__(self, config: uvicorn.Config, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's."""
        await super().startup(sockets)
        self._begun()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Both signals stop it; what they did before they do again afterwards. In a thread there are none."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
