"""Vision models in a folder: as timm saves them, or as transformers does.

In: the folder, and the table of its config.json. Out: its `Source`, all of it read or computed from the files, and its
weights by timm's names. No code of the folder is run, only safetensors are read, and of its settings only what
`settings.py` and `transformers.py` let through reaches a library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SourceError
from ...types import InputSpec
from .. import _card, _library
from ..files import saved
from . import processor, timm, transformers
from .settings import checked

if TYPE_CHECKING:
    from torch import Tensor

PROCESSOR = "preprocessor_config.json"
PROCESSORS = ("processor_config.json", PROCESSOR)  # the first, of transformers 5, holds all parts of a CLIP's
_OWNERS = ("timm/",)  # whose repositories are what timm's own tags say of them


@dataclass(frozen=True)
class Found:
    """A vision model that a folder holds, before its size is known."""

    folder: Path
    said: Mapping[str, Any]  # its config.json
    architecture: str
    config: Mapping[str, Any]
    input: InputSpec

    @property
    def theirs(self) -> bool:
        """Whether transformers saved it."""
        return "model_type" in self.said


def holds(said: Mapping[str, Any], folder: Path) -> bool:
    """Whether config.json tells of a vision model that is read here.

    Raises:
        SourceError: it tells of another one.
    """
    kind = said.get("model_type")
    if kind is None:
        return isinstance(said.get("architecture"), str)
    if not isinstance(kind, str):
        raise SourceError(f"{folder}/config.json has model_type = {kind!r}; it must be a name. Save the model again.")
    if kind in transformers.TYPES:
        return True
    alone = any((folder / name).is_file() for name in PROCESSORS) and not any(folder.glob("tokenizer*"))
    if alone or kind in transformers.classifiers():
        raise SourceError(
            f"{folder} holds a '{kind}', a vision model of transformers that is not read here; those that are: "
            f"{', '.join(transformers.TYPES)}. timm has most others: `--source timm:NAME`."
        )
    return False


def wants(said: object) -> bool:
    """Whether a config.json is of a model that needs a file which says how pictures are prepared."""
    kind = said.get("model_type") if isinstance(said, Mapping) else None
    return isinstance(kind, str) and kind in transformers.TYPES


def record(folder: Path, said: Mapping[str, Any], repository: str | None) -> dict[str, Any]:
    """Fields of the `Source`, those of its name and origin aside.

    Args:
        folder: where it lies.
        said: the table of its config.json.
        repository: whose name it has on a hub; None of a person's own folder.

    Raises:
        SourceError: it cannot be used as it is.
    """
    from .sizes import sizes

    found = _found(folder, said)
    made = sizes(found.architecture, found.config, found.input.size)
    held = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    if made["params"] > held:  # no weight takes less than a byte
        raise SourceError(
            f"{folder}/config.json describes {made['params']:,} weights, and the safetensors hold {held:,} bytes. The "
            "files do not belong together, or one is not whole: delete them and fetch again."
        )
    return {
        **made,
        **_learnt(found, repository),
        "modality": "image",
        "architecture": found.architecture,
        "config": found.config,
        "input": found.input,
    }


def tensors(folder: Path, said: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights by timm's names. Raises `SourceError` where they do not fit the settings."""
    given, found = read(folder), _found(folder, said)
    network = (found.architecture, dict(found.config))
    if found.theirs:
        with _library.stumbling(f"The weights of {folder} do not fit its config.json"):
            return transformers.adopted(said, given, network, found.input.size, str(folder))
    return dict(timm.filled(*network, given, str(folder)).state_dict())


def read(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder's safetensors files. Raises `SourceError` where one is damaged or missing."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    out: dict[str, Tensor] = {}
    for path in saved.weights(folder):
        try:
            out |= load_file(path)
        except (SafetensorError, OSError) as problem:
            raise SourceError(f"{path} is no whole safetensors file ({problem}). Fetch it again.") from problem
    return out


def _found(folder: Path, said: Mapping[str, Any]) -> Found:
    whose = str(folder / "config.json")
    if "model_type" not in said:
        pretrained = said.get("pretrained_cfg")
        pretrained = pretrained if isinstance(pretrained, Mapping) else said  # older files have one table
        settings = checked(said.get("model_args") or {}, whose)
        settings["num_classes"] = said.get("num_classes", pretrained.get("num_classes", 1000))
        spec = processor.from_timm(pretrained, whose)
        return Found(folder, said, str(said["architecture"]), checked(settings, whose), spec)
    kind = transformers.TYPES[str(said["model_type"])]
    file, how = prepared(folder)
    if how is None:
        raise SourceError(
            f"{folder} does not say how pictures are prepared: there is no {PROCESSOR}, and what its library takes "
            "where nothing is said is often wrong. Save it there too, from where the model comes: "
            "`AutoImageProcessor.from_pretrained(NAME).save_pretrained(folder)`."
        )
    spec = processor.from_transformers(how, kind.processor, str(file))
    classes = transformers.head(said, _shapes(folder))
    with _library.stumbling(f"{whose} describes no network that can be built"):
        name, settings = transformers.architecture(said, spec.size, classes, whose)
    return Found(folder, said, name, settings, spec)


def prepared(folder: Path) -> tuple[Path, Mapping[str, Any] | None]:
    """The file that says how a model of transformers wants its pictures, and what it says; None where none does.

    Raises:
        SourceError: it is no JSON object.
    """
    for name in PROCESSORS:
        if not (file := folder / name).is_file():
            continue
        try:
            how = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise SourceError(f"{file} is no readable JSON ({problem}). Save the model again.") from problem
        if not isinstance(how, dict):
            raise SourceError(f"{file} holds {str(how)[:80]!r}, which is no table. Save the model again.")
        if isinstance(how.get("image_processor"), dict):
            return file, how["image_processor"]
        if name == PROCESSOR:
            return file, how
    return folder / PROCESSOR, None


def _shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Name → shape of every tensor, from the files' heads."""
    from safetensors import SafetensorError, safe_open

    out: dict[str, tuple[int, ...]] = {}
    for path in saved.weights(folder):
        try:
            with safe_open(path, "pt") as opened:
                out |= {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}
        except (SafetensorError, OSError) as problem:
            raise SourceError(f"{path} is no whole safetensors file ({problem}). Fetch it again.") from problem
    return out


def _learnt(found: Found, repository: str | None) -> dict[str, Any]:
    """`licence`, `pretrained_on`, `domain`, `classes`, `paper`: what the files say, and nothing that they do not."""
    card, said, classes = _card.read(found.folder), found.said, int(found.config["num_classes"])
    inner = said.get("pretrained_cfg")
    own = inner if isinstance(inner, Mapping) else said
    tag = own.get("tag") if repository and repository.startswith(_OWNERS) else None
    sets = _card.sets_of(tag) if isinstance(tag, str) else card.datasets
    labels = said.get("id2label") or said.get("label_names") or own.get("label_names") or own.get("labels")
    licence = own.get("license") if isinstance(tag, str) else None  # else it is that of what the training began with
    return {
        "licence": card.licence or str(licence or "not stated"),
        "pretrained_on": ", then ".join(sets) if sets else "not stated",
        "domain": _card.domain(sets),
        "classes": _classes(labels, classes, tag, found.architecture),
        "paper": f"arXiv:{card.papers[0]}" if card.papers else "not stated",
    }


def _classes(labels: object, count: int, tag: object, architecture: str) -> str:
    """What the model's own classifier tells apart: a known list of names, its own, or nothing."""
    told = tag if isinstance(tag, str) else ""
    # CLIP's last layer leads to the space that it shares with texts, unless it was tuned on classes.
    if count == 0 or ("clip" in architecture + told and "_ft_in" not in told):
        return "none"
    if re.search(r"in1k(_\d+)?$", told) and count == 1000:
        return "imagenet-1k"
    if isinstance(labels, Mapping):
        labels = [labels[key] for key in sorted(labels, key=lambda key: (len(str(key)), str(key)))]
    if not isinstance(labels, list | tuple) or len(labels) != count:
        return f"{count:,} classes without names"
    names = [str(label) for label in labels]
    if count == 1000 and timm.imagenet(names):
        return "imagenet-1k"
    return f"its own {count:,}: {', '.join(names[:3])}{', …' if count > 3 else ''}"[:200]
