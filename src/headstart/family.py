"""Families: a folder of modules, one method a file, the file name being the method's key.

Nothing is registered anywhere: dropping `transfer/lora.py` in makes `lora` a strategy.
Files that start with `_` are helpers, not members.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from .errors import UnknownName, UsageError

_HERE = Path(__file__).parent
# What each optional package is called in our extras, for the sentence that tells how to add it.
_EXTRAS = {"openvino": "openvino", "bitsandbytes": "quantize", "h5py": "weights", "onnx": "weights", "ot": "adapt"}
_EXTRAS |= dict.fromkeys(("fastapi", "uvicorn", "python_multipart", "prometheus_client"), "serve")
_EXTRAS |= dict.fromkeys(("onnxruntime", "onnxscript", "nncf"), "export")
_EXTRAS |= {"sentence_transformers": "sentence", "tensorboard": "log"}


@cache
def names(folder: str) -> list[str]:
    """The keys of a family, sorted; `folder` is relative to the package, e.g. `"extract/engine"`.

    >>> "torch" in names("extract/engine")
    True
    """
    return sorted(p.stem for p in (_HERE / folder).glob("*.py") if not p.stem.startswith("_"))


def load(folder: str, name: str) -> ModuleType:
    """Import one member. Raises `UnknownName`, or `UsageError` naming the extra that is missing.

    >>> load("transfer", "probe").__name__
    'headstart.transfer.probe'
    """
    if name not in names(folder):
        raise UnknownName(_title(folder), name, names(folder))
    module = import_module(f"headstart.{folder.replace('/', '.')}.{name}")
    require(f"{_title(folder)} '{name}'", getattr(module, "REQUIRES", ()))
    return module


def require(what: str, packages: Sequence[str]) -> None:
    """Raises `UsageError`, which names the extra to add, where an optional package is not installed."""
    for package in packages:
        if find_spec(package) is None:
            extra = _EXTRAS.get(package, package)
            raise UsageError(
                f"The {what} needs the package '{package}', which is not installed. "
                f"Add it with: pip install 'headstart[{extra}]'"
            )


def _title(folder: str) -> str:
    return {
        "transfer": "strategy",
        "extract/engine": "engine",
        "read": "reader",
        "judge/metric": "metric",
        "kind": "kind of task",
        "modality": "kind of data",
        "ship/export": "format",
        "align": "way to adapt",
        "align/domain": "way to look with the new domain in mind",
        "align/unseen": "way to learn for an unseen domain",
    }.get(folder, folder.split("/")[-1])
