"""Fitted heads on disk: a folder with `head.safetensors` (the arrays) and `model.json` (everything else). No pickle.

Also finished candidates: the same folder, with what validation said of them in `model.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from ..runtime import write, write_json
from ..types import Fitted, Trial, View, to_dict
from .choice import Validated

HEAD, RECORD = "head.safetensors", "model.json"


def save(folder: Path, fitted: Fitted, extra: dict[str, Any] | None = None, name: str = RECORD) -> None:
    """Write a head; the file `name` comes last, so that a folder without it is no model."""
    from safetensors.numpy import save as pack

    arrays = {name: np.ascontiguousarray(value) for name, value in fitted.state.items()}
    data = pack(arrays)
    write(folder / HEAD, data)
    record = {key: value for key, value in to_dict(fitted).items() if key != "state"}
    write_json(folder / name, {**(extra or {}), "head_sha256": sha256(data).hexdigest(), "head": record})


def load(folder: Path, name: str = RECORD) -> tuple[Fitted, dict[str, Any]]:
    """Read a head and what else the file `name` holds.

    Raises:
        DataError: there is no model in the folder, or it is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as unpack

    try:
        record = json.loads((folder / name).read_text(encoding="utf-8"))
        data = (folder / HEAD).read_bytes()
        if sha256(data).hexdigest() != record.pop("head_sha256"):
            raise ValueError("head.safetensors is not the file that was saved")
        state = unpack(data)
        head = record.pop("head")
        if "decoder" not in head:  # as it was until format 2: two numbers, of every kind
            head["decoder"] = {name: head.pop(name) for name in ("temperature", "threshold")}
        view, labels = View(**head.pop("view")), tuple(head.pop("labels"))
        head.setdefault("modality", _modality(record, view))
        return Fitted(**head, view=view, labels=labels, state=state), record
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{folder} holds no model ({Path(error.filename).name} is missing). Give the folder that `headstart fit` "
            "wrote (its --out), after the fit has finished."
        ) from error
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"The model in {folder} is damaged ({error}). Run `headstart fit` again.") from error


def _modality(record: Mapping[str, Any], view: View) -> str:
    """What a head reads that does not say it: as the file or its source has it; else pictures, or texts as they are."""
    said = record.get("modality") or (record.get("source") or {}).get("modality")
    return str(said) if said else "text" if view.depth == "input" else "image"


def found(folder: Path) -> tuple[Fitted, dict[str, Any]] | None:
    """What an earlier attempt left, or None where that is nothing or damaged: it is then simply done again."""
    try:
        return load(folder) if (folder / "model.json").exists() else None
    except DataError:
        return None


def remember(folder: Path, contender: Validated) -> None:
    """Keep a finished candidate, so that a killed run need not do it again."""
    arrays = {name: getattr(contender, name) for name in ("losses", "right", "groups")}
    extra = {name: None if array is None else array.tolist() for name, array in arrays.items()}
    extra |= {"trial": to_dict(contender.trial), "notes": dict(contender.notes), "prior": contender.prior}
    save(folder, contender.fitted, extra)


def recall(folder: Path) -> Validated | None:
    """A candidate finished by an earlier attempt."""
    kept = found(folder)
    if kept is None:
        return None
    fitted, extra = kept
    trial = Trial(**{**extra["trial"], "curve": tuple(extra["trial"]["curve"])})
    losses, right = np.array(extra["losses"]), np.array(extra["right"])
    groups = None if extra["groups"] is None else np.array(extra["groups"], np.int64)
    return Validated(trial, fitted, extra["notes"], losses, right, extra["prior"], groups)
