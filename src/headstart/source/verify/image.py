"""Shows that a source is what its record says: it must name photographs that everyone has.

The photographs travel inside scikit-image and scikit-learn and are read as files; nothing is downloaded. What counts
as right is fixed by the picture, not by the model. A network with wrong or shuffled weights, or wrong preprocessing,
names one of them by chance in a hundred tries or more. A network without ImageNet's classes is held against what
another implementation makes of the same files, see `_sketch`.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SourceError
from ...types import Source
from ..vision import timm
from . import _sketch

_CATS = {"tabby, tabby cat", "tiger cat", "Persian cat", "Siamese cat, Siamese", "Egyptian cat"}
# Picture → (package, file inside it, the ImageNet classes that are right for it).
# scikit-learn's flower.jpg is not asked: it shows a dahlia, and ImageNet-1k has no class for it.
_PICTURES: dict[str, tuple[str, str, set[str]]] = {
    "chelsea": ("skimage", "data/chelsea.png", _CATS),
    "coffee": ("skimage", "data/coffee.png", {"espresso", "cup", "coffee mug"}),
    "rocket": ("skimage", "data/rocket.jpg", {"missile", "projectile, missile", "space shuttle"}),
    "motorcycle": ("skimage", "data/motorcycle_left.png", {"moped", "motor scooter, scooter"}),
    "camera": ("skimage", "data/camera.png", {"tripod", "reflex camera"}),
    "china": ("sklearn", "datasets/images/china.jpg", {"palace", "monastery"}),
}


def verify(source: Source, weights: Path | None = None) -> list[dict[str, Any]]:
    """Let a source name the photographs, or compare its features of them.

    Args:
        source: one with `classes = "imagenet-1k"`, or one whose features another implementation has told us.
        weights: its file; else it is fetched if need be.

    Returns:
        A row a picture: `picture`, `expected` (sorted class names), `named` (its first choice), `probability`
        (of that choice, 0..1), `ok`. Of compared features `named` and `probability` tell how near they come.

    Raises:
        SourceError: the weights cannot be had or do not fit, or there is nothing to hold the source against.
    """
    if source.classes != "imagenet-1k" and source.key not in _sketch.TOLD:
        raise SourceError(
            f"'{source.key}' knows the classes '{source.classes}'; only sources with 'imagenet-1k' can be asked to "
            "name photographs. Judge it by a fit on your own data."
        )
    import torch

    from ..vision.backbone import load, normalise, prepare

    backbone, rows = load(source, weights), []
    backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # twice as fast on a CPU
    for title, (package, file, expected) in _PICTURES.items():
        prepared = prepare(_read(package, file), source.pixels)
        with torch.inference_mode():
            *depths, logits = backbone(normalise(prepared.unsqueeze(0), source.pixels), backbone.depths)
        chances = logits.softmax(dim=1)[0]
        if source.classes == "imagenet-1k":
            rows.append(_named(title, chances.tolist(), expected))
        else:
            found = [depth[0] for depth in depths] + ([chances] if source.classifies else [])
            rows.append(_compared(title, _sketch.apart(_sketch.sketch(found), _sketch.TOLD[source.key][title])))
    return rows


def _named(title: str, chances: list[float], expected: set[str]) -> dict[str, Any]:
    best = max(chances)
    named = timm.class_names()[chances.index(best)]
    right = {"expected": sorted(expected), "named": named, "probability": round(best, 4), "ok": named in expected}
    return {"picture": title, **right}


def _compared(title: str, apart: float) -> dict[str, Any]:
    near = {"named": f"{apart:.2%} apart", "probability": round(max(0.0, 1 - apart), 4), "ok": apart <= _sketch.NEAR}
    return {
        "picture": title,
        "expected": [f"at most {_sketch.NEAR:.0%} from another implementation's features"],
        **near,
    }


def _read(package: str, file: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A packaged photograph as RGB [h, w, 3]; the package is found, not imported."""
    from PIL import Image

    spec = find_spec(package)
    path = Path(spec.origin).parent / file if spec and spec.origin else Path(file)
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as problem:
        raise SourceError(
            f"The photograph {path} of the package '{package}' cannot be read ({problem}). Install the package anew."
        ) from problem
