"""serve: finished runs behind HTTP, until the process is told to stop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..family import require
from ..runtime import quiet_threads
from ._run import load

if TYPE_CHECKING:
    from ..ship.serve.limits import Limits
    from ..ship.serve.served import Served

LOCAL = "127.0.0.1"


def serve(
    runs: str | Path | Sequence[str | Path] | Mapping[str, str | Path],
    *,
    host: str = LOCAL,
    port: int = 8000,
    key: str | None = None,
    take: str = "winner",
    engine: str = "auto",
    limits: Limits | None = None,
    watch: Callable[[str], None] | None = None,
) -> None:
    """Answer requests for the models of finished runs until SIGTERM or Ctrl-C, in the main thread.

    The Open Inference Protocol at /v2, files and texts at /predict, a page to try it at /, its description at /docs,
    counters at /metrics.

    Args:
        runs: a folder that `load` opens, or several. A model is called as its folder, or as "NAME=FOLDER" or a mapping
            says.
        host: where to listen; this machine alone, unless told.
        port: 0 takes one that is free.
        key: that requests must give; nobody is asked where there is none.
        take: which of a run's two models, see `Run`.
        engine: `auto`, `torch` or `openvino`.
        limits: `headstart.ship.serve.limits.Limits`, of requests.
        watch: called with a sentence when it is ready.

    Raises:
        UsageError: a package is missing, two models have one name, or the address is taken. DataError: no such run.
    """
    require("server", ("fastapi", "uvicorn", "python_multipart", "prometheus_client"))
    quiet_threads()
    from ..ship.serve.app import build
    from ..ship.serve.limits import Limits
    from ..ship.serve.server import address, bound, server

    if key is not None and not (key and key.isascii() and key.isprintable()):
        raise UsageError("The key must be of one or more printable ASCII characters. Give another.")
    limits = limits or Limits()
    with bound(host, port) as at:
        models = [opened(path, name, take, engine, limits) for name, path in _named(runs).items()]
        where, names = address(at), ", ".join(model.name for model in models)
        server(build(models, limits, key), limits, partial(watch or _told, f"{names} at {where}")).run(sockets=[at])


def opened(
    path: str | Path, name: str, take: str = "winner", engine: str = "auto", limits: Limits | None = None
) -> Served:
    """One model of a server, its networks built: it has answered once."""
    from ..ship.serve.coverage import kept
    from ..ship.serve.limits import Limits
    from ..ship.serve.served import Served
    from ..ship.warm import Warm

    run = load(path, take)
    model = run.model
    warm = Warm(model, engine)
    sure = kept(run.path / "predictions.parquet") if take == "winner" else None
    served = Served(
        name=name,
        modality=model.modality,
        kind_name=model.kind.name,
        labels=model.labels,
        prepare=partial(warm.prepare, most=(limits or Limits()).pixels),
        rows=warm.rows,
        coverage=sure if model.kind.exclusive or not model.kind.classes else None,
        about={"sentence": run.sentence},
    )
    served.rows([served.prepare(served.wire.sample())])
    return served


def _named(runs: Any) -> dict[str, str | Path]:  # noqa: ANN401 - see `serve`
    """Name → folder.

    >>> _named("runs/birds"), _named(["runs/birds", "ask=runs/questions/"])
    ({'birds': 'runs/birds'}, {'birds': 'runs/birds', 'ask': 'runs/questions/'})
    """
    if isinstance(runs, Mapping):
        return dict(runs)
    given = [runs] if isinstance(runs, str | Path) else list(runs)
    found: dict[str, str | Path] = {}
    for one in given:
        name, sign, folder = str(one).partition("=")
        path = folder if sign and not Path(one).exists() else one
        found[name if path is folder else Path(path).absolute().name] = path
    if len(found) < len(given) or not found:
        raise UsageError(
            f"{len(given)} runs of {len(found)} names were given; each model needs a name of its own. Name them: "
            "NAME=FOLDER."
        )
    return found


def _told(what: str) -> None:
    sys.stderr.write(f"headstart: serving {what}. Ctrl-C stops.\n")
