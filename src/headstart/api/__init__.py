"""The Python door: each verb of the command line as a function."""

from __future__ import annotations

from ..source._cure import cure as torchvision_cure
from ._adapt import adapt
from ._cache import cache
from ._check import Checked, check
from ._demo import demo
from ._distil import distil
from ._embed import embed
from ._evaluate import evaluate
from ._export import Exported, export
from ._fit import fit
from ._rank import Ranked, rank
from ._run import AdaptedRun, DistilledRun, Run, load, predict, sources
from ._search import SearchIndex, search
from ._serve import serve

__all__ = [
    "AdaptedRun",
    "Checked",
    "DistilledRun",
    "Exported",
    "Ranked",
    "Run",
    "SearchIndex",
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
