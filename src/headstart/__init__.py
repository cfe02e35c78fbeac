"""headstart: transfer learning with proof that the reuse helped.

>>> import headstart as hs
>>> hs.__version__
'0.1.0'

`hs.fit("photos/")` gives a `Run`: `run.verdict`, `run.sentence`, `run.predict(["new.jpg"])`. `hs.load("runs/birds")`
opens a finished one; `run.evaluate("other/")` judges it on other labelled data; `hs.rank("photos/")` tells which
pre-trained source suits; `hs.adapt("books/", "kitchen.csv")` makes a model for a domain without labels;
`hs.embed(pictures, source="efficientnet-lite0")` gives features for any other library;
`hs.search("runs/birds", "photos/")` finds look-alikes; `hs.distil("runs/birds", "mobilenet-v2@160")` teaches a smaller
student.
Importing headstart is light: torch and the rest come in when they are needed. It lets torchvision be imported beside a
CPU-only torch, here and in your own script (`torchvision_cure`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .source._cure import watch_for_it
from .version import __version__ as __version__

watch_for_it()
__all__ = [
    "HeadstartError",
    "Run",
    "__version__",
    "adapt",
    "cache",
    "check",
    "demo",
    "distil",
    "embed",
    "evaluate",
    "export",
    "fit",
    "load",
    "predict",
    "rank",
    "search",
    "serve",
    "sources",
    "torchvision_cure",
]

if TYPE_CHECKING:
    from .api import (
        Run,
        adapt,
        cache,
        check,
        demo,
        distil,
        embed,
        evaluate,
        export,
        fit,
        load,
        predict,
        rank,
        search,
        serve,
        sources,
        torchvision_cure,
    )
    from .errors import HeadstartError


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the door opens to
    if name not in __all__:
        raise AttributeError(f"module 'headstart' has no attribute '{name}'; it has {', '.join(__all__)}")
    from importlib import import_module

    return getattr(import_module("headstart.errors" if name == "HeadstartError" else "headstart.api"), name)
