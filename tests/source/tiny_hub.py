"""A small server on 127.0.0.1 that answers as a Hugging Face-compatible hub does, faults included.

Repository info and file lists; HEAD and GET of a file with its commit and etag; weights lie elsewhere, on a second path
to which a redirection leads, with their sha256 as etag, and can be had in parts (Range). Any other path can be a plain
file, as a mirror of torchvision's weights has them.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_JSON = "application/json"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
_REVISIONS = ("main", "v2", COMMIT)


@dataclass
class Hub:
    """Repository name → folder, path → file, and what goes wrong; `asked` are the requests so far, "GET /…"."""

    repositories: dict[str, Path] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)  # Range headers so far
    gated: set[str] = field(default_factory=set)  # repositories for which 401 is the answer
    limited: int = 0  # so many requests get 429
    broken: int = 0  # so many downloads of weights break off in the middle
    forged: bool = False  # weights are others than their etag says, of the same length
    cut: bool = False  # weights come shorter than their etag's file, and the answer says that this is all


def _about(name: str, folder: Path, verb: str) -> object:
    files = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}
    if verb == "tree":
        return [{"type": "file", "path": n, "size": p.stat().st_size, "oid": "0" * 40} for n, p in files.items()]
    return {"id": name, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    endpoint: str

    def do_GET(self):
        self.answer(body=True)

    def do_HEAD(self):
        self.answer(body=False)

    def answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0].strip("/")
        self.hub.asked.append(f"{self.command} /{path}")
        if self.hub.limited > 0:
            self.hub.limited -= 1
            return self.send(b"{}", {"Retry-After": "0"}, body, 429)
        api = re.fullmatch(r"api/models/(.+?)/(revision|tree)/([^/]+).*", path)
        found = api or re.fullmatch(r"(.+?)/(resolve)/([^/]+)/(.+)", path)
        if path.startswith("cdn/"):
            path = path.removeprefix("cdn/")
            name = max((name for name in self.hub.repositories if path.startswith(f"{name}/")), key=len)
            return self.weights(self.hub.repositories[name] / path.removeprefix(f"{name}/"), body)
        if path in self.hub.files:
            return self.weights(self.hub.files[path], body)
        name, verb, revision = found.group(1, 2, 3) if found else ("", "", "")
        if name in self.hub.gated:
            return self.send(b"{}", {"X-Error-Code": "GatedRepo"}, body, 401)
        folder = self.hub.repositories.get(name)
        if folder is None or revision not in _REVISIONS:
            return self.send(b"{}", {"X-Error-Code": "RevisionNotFound" if folder else "RepoNotFound"}, body, 404)
        if api:
            return self.send(json.dumps(_about(name, folder, verb)).encode(), {"Content-Type": _JSON}, body)
        return self.resolve(name, folder / found[4], body)

    def resolve(self, name: str, file: Path, body: bool) -> None:
        if not file.is_file():
            return self.send(b"{}", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, body, 404)
        data, commit = file.read_bytes(), {"X-Repo-Commit": COMMIT}
        if file.suffix != ".safetensors":
            return self.send(data, {**commit, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'}, body)
        linked = {"X-Linked-Size": str(len(data)), "X-Linked-ETag": f'"{hashlib.sha256(data).hexdigest()}"'}
        path = file.relative_to(self.hub.repositories[name]).as_posix()
        place = f"{self.endpoint.replace('127.0.0.1', 'localhost')}/cdn/{name}/{path}"  # another host
        self.send(b"", {**commit, **linked, "Location": place}, body, 302)

    def weights(self, file: Path, body: bool) -> None:
        """Bytes of the second place, from where the asker wants them."""
        data = file.read_bytes()
        if self.hub.forged:
            data = data[:-4] + bytes(4)
        if self.hub.cut:
            data = data[:-4]
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        headers, start, status = {"Accept-Ranges": "bytes"}, 0, 200
        if asked:
            self.hub.ranges.append(self.headers["Range"])
            start, status = int(asked[1]), 206
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        if start >= len(data):
            return self.send(b"", {"Content-Range": f"bytes */{len(data)}"}, body, 416)
        breaks = body and self.hub.broken > 0
        self.hub.broken -= breaks
        self.send(data[start:], headers, body, status, breaks=breaks)

    def send(
        self, data: bytes, headers: dict[str, str], body: bool, status: int = 200, *, breaks: bool = False
    ) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(data[: len(data) // 2] if breaks else data)
        self.close_connection = breaks or self.close_connection

    def log_message(self, *_):
        pass


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """Gives the endpoint."""

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Handler.endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
