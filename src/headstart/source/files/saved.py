"""The weights in a folder that `save_pretrained` wrote: which files they are, and what these hold together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...errors import SourceError
from . import digest


def settings(path: Path) -> dict[str, Any]:
    """The object in one of its JSON files; empty where there is no such file.

    Raises:
        SourceError: it is no readable JSON.
    """
    found = parsed(path) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def parsed(path: Path) -> Any:  # noqa: ANN401 - what stands there
    """What stands in one of its JSON files. Raises `SourceError`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise SourceError(f"{path} is no readable JSON ({problem}). Save the model again.") from problem


def weights(folder: Path) -> list[Path]:
    """`model.safetensors`, or the parts of it."""
    if (one := folder / "model.safetensors").is_file():
        return [one]
    return sorted(folder.glob("model-*.safetensors")) or sorted(folder.glob("*.safetensors"))


def weights_sha256(folder: Path) -> str:
    """Of the one file with weights; of several, of their names and contents together.

    Raises:
        SourceError: there are no weights as safetensors.
    """
    files = weights(folder)
    if not files:
        raise SourceError(
            f"{folder} holds no weights as safetensors, and no others are read. Load the model where you trust it and "
            "save it with `model.save_pretrained(folder)`."
        )
    return digest.of(files[0]) if len(files) == 1 else digest.of_all(files)
