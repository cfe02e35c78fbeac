"""A small server on 127.0.0.1 that answers as a Hugging Face-compatible hub does: repository info, HEAD and GET."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_JSON = "application/json"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _about(name: str, folder: Path, verb: str) -> object:
    files = sorted(p for p in folder.iterdir() if p.is_file())
    if verb == "tree":
        return [{"type": "file", "path": p.name, "size": p.stat().st_size, "oid": "0" * 40} for p in files]
    return {"id": name, "sha": COMMIT, "siblings": [{"rfilename": p.name} for p in files]}


@contextmanager
def serving(repositories: dict[str, Path]) -> Iterator[tuple[str, list[str]]]:  # noqa: C901 - a class stands in it
    """Repository name → folder. Gives the endpoint and the list of requests so far, "GET /…"."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(body=True)

        def do_HEAD(self):
            self.answer(body=False)

        def answer(self, *, body: bool) -> None:
            path = self.path.partition("?")[0].strip("/")
            asked.append(f"{self.command} /{path}")
            for verb in ("revision", "tree"):
                name = path.removeprefix("api/models/").partition(f"/{verb}/")[0]
                if name in repositories and path.startswith("api/"):
                    return self.send(json.dumps(_about(name, repositories[name], verb)).encode(), _JSON, {}, body)
            name, _, rest = path.partition("/resolve/")
            file = repositories.get(name, Path("/nowhere")) / rest.partition("/")[2]
            if rest and file.is_file():
                data = file.read_bytes()
                etag = f'"{hashlib.sha256(data).hexdigest()}"'
                return self.send(data, "application/octet-stream", {"ETag": etag, "X-Repo-Commit": COMMIT}, body)
            code = "EntryNotFound" if name in repositories else "RepoNotFound"
            return self.send(b"{}", _JSON, {"X-Error-Code": code}, body, 404)

        def send(self, data: bytes, kind: str, headers: dict[str, str], body: bool, status: int = 200) -> None:
            self.send_response(status)
            for key, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if body:
                self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
