"""Small finished runs, and a server of them in this process, on a free port."""

from __future__ import annotations

import json
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tiny_tail
import tiny_text
from headstart.api._serve import opened
from headstart.ship.serve.limits import Limits
from headstart.ship.store import save
from headstart.types import Fitted, View

USUAL = Limits()
OLD = Path(__file__).parent / "ship" / "runs_of_9974dca"


def picture_run(folder: Path, labels: tuple[str, ...] = ("cane", "bug", "twig")) -> Path:
    """A finished run whose model is a random head on the tiny source."""
    source, view = tiny_tail.source(), View("tiny", engine="torch")
    return _run(folder, "pic", Fitted("probe", view, {"share": 1.0}, labels, _head(source, labels), 1, 0), source,
                tiny_tail.weights())  # fmt: skip


def text_run(folder: Path, kind: str = "classification", labels: tuple[str, ...] = ("ask", "tell")) -> Path:
    """The same of texts, of any kind of task."""
    source, view = tiny_text.source(), View("tiny-text")
    decoder = {"classification": {"temperature": 2.0}, "multilabel": {"temperature": 1.0, "threshold": 0.5}}
    fitted = Fitted("probe", view, {"share": 1.0}, labels, _head(source, labels), 1, 0, kind=kind, modality="text",
                    decoder=decoder.get(kind, {}))  # fmt: skip
    return _run(folder, "num" if kind == "regression" else "pic", fitted, source, tiny_text.weights())


def _head(source, labels):
    weight = np.random.default_rng(0).normal(size=(source.feature_dim, len(labels))).astype(np.float32)
    return {"weight": weight, "bias": np.zeros(len(labels), np.float32)}


def _run(folder: Path, like: str, fitted: Fitted, source, weights: Path) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(OLD / like / "run.json", folder)
    save(folder / "model", fitted, source, weights)
    return folder


def judged(run: Path, columns: dict) -> Path:
    """The run with such judged predictions."""
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table(columns), run / "predictions.parquet")
    return run


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass(frozen=True)
class Site:
    """A server at work."""

    url: str
    desk: object

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def ask(self, path: str, body: object = None, method: str | None = None, **headers: str) -> Reply:
        """One request; what is no bytes goes as JSON, without a Content-Type."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data, named, method=method)
        if data is not None and "Content-Type" not in named:
            request.add_unredirected_header("Content-Type", "")
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return Reply(reply.status, reply.read(), dict(reply.headers))
        except urllib.error.HTTPError as refused:
            return Reply(refused.code, refused.read(), dict(refused.headers))


@contextmanager
def serving(
    runs: dict[str, Path], limits: Limits = USUAL, key: str | None = None, change=lambda served: served
) -> Iterator[Site]:
    """A server of these runs, in a thread."""
    from headstart.ship.serve.app import build
    from headstart.ship.serve.server import address, bound, server

    app = build([change(opened(path, name, limits=limits)) for name, path in runs.items()], limits, key)
    at, begun = bound("127.0.0.1", 0), threading.Event()
    made = server(app, limits, begun.set)
    thread = threading.Thread(target=made.run, kwargs={"sockets": [at]}, daemon=True)
    thread.start()
    assert begun.wait(60)
    try:
        yield Site(address(at), app.state.desk)
    finally:
        made.should_exit = True
        thread.join(60)
        at.close()
        assert not thread.is_alive()


def waits_until(true, seconds: float = 20) -> None:
    """Until it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.005)
