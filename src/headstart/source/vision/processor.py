"""How a vision model wants its pictures, from its own files: timm's `pretrained_cfg`, transformers' processor settings.

In: the tables of those files. Out: an `InputSpec`. What cannot be done as the file says is refused, not approximated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...errors import SourceError
from ...types import InputSpec
from .. import _transformers
from . import settings

_MOST, _LEAST = 4096, 0.1  # pixels a side that a picture is resized to, and the part of it that is seen
_RESAMPLE = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers
_PROCESSORS = ("ViT", "CLIP", "ConvNext", "Bit", "DeiT")  # transformers' classes that are read
_TAKEN = ("do_resize", "size", "resample", "do_center_crop", "crop_size", "crop_pct", "do_rescale", "rescale_factor",
          "do_normalize", "image_mean", "image_std")  # fmt: skip


def from_timm(said: Mapping[str, Any], whose: str) -> InputSpec:
    """timm's evaluation transform.

    Args:
        said: a `pretrained_cfg`; what it leaves out is as timm has it where nothing is said.
        whose: where it stands, for messages.

    Raises:
        SourceError: it cannot be read, or asks for what is not done here.

    >>> from_timm({"input_size": [3, 299, 299], "crop_pct": 0.95, "interpolation": "bicubic"}, "x").size
    299
    """
    shape, mode = said.get("input_size") or (3, 224, 224), said.get("crop_mode") or "center"
    if not (isinstance(shape, list | tuple) and len(shape) == 3 and shape[0] == 3 and shape[1] == shape[2]):
        raise _no(whose, f"input_size = {shape!r}", "square pictures of three colours: [3, s, s]")
    if mode not in ("center", "squash"):
        raise _no(whose, f"crop_mode = {mode!r}", "center and squash")
    how = said.get("interpolation") or "bicubic"
    return _checked(
        whose,
        shape[1],
        said.get("mean") or (0.485, 0.456, 0.406),
        said.get("std") or (0.229, 0.224, 0.225),
        "bilinear" if how == "random" else how,  # in training it is drawn; to look, timm takes the first
        said.get("crop_pct") or 0.875,
        mode == "squash",
    )


def cropped(size: int, short: int, mean: Any, std: Any, how: str, whose: str) -> InputSpec:  # noqa: ANN401
    """The shorter side made `short` pixels, then the middle `size` of it. Raises `SourceError` as the others."""
    return _checked(whose, size, mean, std, how, _crop(size, short), squash=False)


def from_transformers(said: Mapping[str, Any], usual: str, whose: str) -> InputSpec:
    """What an image processor of transformers does, the defaults of its class included.

    Args:
        said: a `preprocessor_config.json`; empty where there is none.
        usual: the class, without "ImageProcessor", where the file names none.
        whose: where it stands, for messages.

    Raises:
        SourceError: a class that is not known here, or settings that are not done here.
    """
    named = str(said.get("image_processor_type") or said.get("feature_extractor_type") or usual)
    kind = named
    for ending in ("Fast", "Pil", "ImageProcessor", "FeatureExtractor"):
        kind = kind.removesuffix(ending)
    if kind not in _PROCESSORS:
        raise _no(whose, f"the processor {named!r}", " and ".join(f"{k}ImageProcessor" for k in _PROCESSORS))
    own = getattr(_transformers.library(), f"{kind}ImageProcessor")
    try:
        return _read(said, own, kind, whose)
    except (TypeError, ValueError, ArithmeticError) as problem:  # a word where a number should be
        raise _no(whose, f"what cannot be read ({problem})", "numbers and lists of numbers") from problem


def _read(said: Mapping[str, Any], own: Any, kind: str, whose: str) -> InputSpec:  # noqa: ANN401 - a class
    does: dict[str, Any] = {
        name: said[name] if said.get(name) is not None else getattr(own, name, None) for name in _TAKEN
    }
    if not does["do_resize"] or not does["do_rescale"]:
        raise _no(whose, "pictures that are not resized and rescaled", "do_resize and do_rescale")
    if not math.isclose(float(does["rescale_factor"]), 1 / 255, rel_tol=1e-6):
        raise _no(whose, f"rescale_factor = {does['rescale_factor']}", "1/255")
    size, squash, short = _sides(does, kind, whose)
    plain = not does["do_normalize"]
    return _checked(
        whose,
        size,
        (0, 0, 0) if plain else does["image_mean"],
        (1, 1, 1) if plain else does["image_std"],
        _RESAMPLE.get(int(does["resample"]), does["resample"]),
        _crop(size, short),
        squash,
    )


def _sides(does: Mapping[str, Any], kind: str, whose: str) -> tuple[int, bool, int]:
    """(what the network sees, whether both sides are made so, the length that the shorter side gets before a crop)."""
    size, crop = does["size"], does["crop_size"]
    if kind == "ConvNext":
        edge = _one(size, whose)
        return edge, edge >= 384, int(edge / does["crop_pct"]) if edge < 384 else edge
    if kind in ("ViT", "DeiT") and isinstance(size, int):
        size = {"height": size, "width": size}
    squash = isinstance(size, Mapping) and "height" in size
    edge = _one(size, whose)
    seen = _one(crop, whose) if does["do_center_crop"] else edge
    if not squash and not does["do_center_crop"]:
        raise _no(whose, "pictures that stay oblong", "a centre crop, or a height and a width")
    if seen > edge:
        raise _no(whose, f"a crop of {seen} from {edge} pixels", "crops that are no larger than the picture")
    return seen, squash, edge


def _one(size: Any, whose: str) -> int:  # noqa: ANN401 - from a file
    """The one number of a size: 224, {"shortest_edge": 224} or {"height": 224, "width": 224}."""
    given = size
    if isinstance(size, Mapping):
        size = size.get("shortest_edge", size.get("height"))
        if given.get("width", size) != size:
            size = None
    if not settings.whole(size, _MOST):
        raise _no(whose, f"the size {given!r}", "squares")
    return int(size)


def _crop(size: int, short: int) -> float:
    """The part whose `floor(size / part)` is `short`, rounding or not.

    >>> [math.floor(224 / _crop(224, short)) for short in (224, 232, 235, 256, 257)]
    [224, 232, 235, 256, 257]
    """
    part = size / short
    while math.floor(size / part) < short:
        part = math.nextafter(part, 0)
    return part


def _checked(whose: str, size: Any, mean: Any, std: Any, how: Any, crop: Any, squash: bool) -> InputSpec:  # noqa: ANN401
    if not settings.whole(size, _MOST):
        raise _no(whose, f"pictures of {size!r} pixels", "1 to 4096")
    for name, three in (("mean", mean), ("std", std)):
        plain = isinstance(three, list | tuple) and len(three) == 3
        if not plain or not all(_number(v) and abs(v) < 1e3 for v in three):
            raise _no(whose, f"{name} = {three!r}", "three numbers")
    if min(std) <= 0:
        raise _no(whose, f"std = {std!r}", "numbers above 0")
    if how not in _RESAMPLE.values():
        raise _no(whose, f"interpolation = {how!r}", "bicubic and bilinear")
    if not _number(crop) or not _LEAST <= crop <= 1 or size / crop > _MOST:
        raise _no(whose, f"crop_pct = {crop!r}", f"a number from {_LEAST} to 1, and pictures of {_MOST} pixels at most")
    m, s = [float(v) for v in mean], [float(v) for v in std]
    return InputSpec(size, (m[0], m[1], m[2]), (s[0], s[1], s[2]), how, float(crop), squash)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _no(whose: str, what: str, allowed: str) -> SourceError:
    return SourceError(
        f"{whose} asks for {what}, which is not done here; done are {allowed}. Change the file if you know that the "
        "model takes it, or use another source."
    )
