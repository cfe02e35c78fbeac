"""Extractors for pictures: a backbone gives pooled features or maps, "input" the prepared picture.

Without a source there are small pixels. Each turns uint8 [h, w, 3] into rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ...family import load
from ...read.picture.picture import DECODE_VERSION
from ...runtime import digest
from ...types import Example, InputSpec, Source, View
from .._augment import VERSION as DRAW_VERSION
from .._augment import variants as changed
from .._extractor import Change, Extractor, Modality

if TYPE_CHECKING:
    from torch import nn

Pixels = NDArray[np.uint8]
Compute = Callable[[Pixels], list[NDArray[Any]]]  # uint8 [b, 3, s, s] → an array per output


@dataclass(frozen=True)
class PictureExtractor:
    """With `variants` v > 1 a picture becomes v rows of a batch, and a row of an output becomes [v, …]."""

    name: str
    key: str
    outputs: tuple[str, ...]
    spec: InputSpec
    build: Callable[[], Compute] = field(repr=False)
    variants: int = 1
    style: str = "photo"
    change: Change | None = None  # of each picture, before there are copies of it
    light: bool = False  # torch is not imported to prepare pictures

    @cached_property
    def compute(self) -> Compute:
        """The model behind the extractor, made on first use."""
        return self.build()

    def prepare(self, picture: Pixels, name: str = "") -> Pixels:
        """uint8 [h, w, 3] → uint8 [v, 3, s, s]; `name`, the picture's digest, seeds its augmented copies."""
        from ...source.vision.prepare import prepare

        prepared = prepare(picture, self.spec, light=self.light)
        if self.change is not None:
            prepared = self.change(prepared, name)
        if self.variants == 1:
            return prepared[None]
        return changed(prepared, self.style, self.variants, crc32(name.encode()))

    def rows(self, prepared: Sequence[Pixels]) -> list[NDArray[Any]]:
        """b × uint8 [v, 3, s, s] → an array per output, [b, …] or, with variants, [b, v, …]; maps in half precision."""
        out, b = [], len(prepared)
        for name, array in zip(self.outputs, self.compute(np.concatenate(prepared)), strict=True):
            if name.startswith("cut:"):
                array = array.clip(-65504, 65504).astype(np.float16)
            out.append(array if self.variants == 1 else array.reshape(b, self.variants, *array.shape[1:]))
        return out

    def rest(self) -> None:
        """Let the room for maps go, where the engine keeps it; the network stays."""
        rest = getattr(self.__dict__.get("compute"), "rest", None)
        if rest is not None:
            rest()


def backbone_extractor(
    source: Source,
    depths: Sequence[str],
    engine: str,
    weights: Path | None = None,
    variants: int = 1,
    style: str = "photo",
) -> PictureExtractor:
    """Features of a source at `depths` (see `View.depth`, e.g. "top"), and its logits."""
    runner = load("extract/engine", engine)
    outputs = (*depths, "logits")
    # The engine's precision is part of the key: bf16 and fp32 features are not the same numbers.
    copies = [variants, style, DRAW_VERSION] if variants > 1 else []
    key = digest(
        "backbone",
        DECODE_VERSION,
        source.identity,
        list(depths),
        engine,
        runner.precision(),
        *copies,
    )
    build = partial(runner.build, source, tuple(depths), weights)
    return PictureExtractor(source.key, key, outputs, source.pixels, build, variants, style)


def input_extractor(source: Source) -> PictureExtractor:
    """The picture as the source wants it before normalisation, [3, s, s] uint8."""
    key = digest("input", DECODE_VERSION, source.pixels)
    return PictureExtractor(source.key, key, ("input",), source.pixels, lambda: lambda batch: [batch])


def pixel_extractor(size: int) -> PictureExtractor:
    """The whole picture's centre square at `size` × `size`, [size, size, 3] uint8."""
    spec = InputSpec(size, (0, 0, 0), (1, 1, 1), "bilinear", 1.0)

    def rows(batch: Pixels) -> list[NDArray[Any]]:
        return [np.ascontiguousarray(batch.transpose(0, 2, 3, 1))]

    return PictureExtractor(f"pixels-{size}", digest("pixels", DECODE_VERSION, size), ("pixels",), spec, lambda: rows)


class Pictures(Modality):
    """See the base class."""

    def extractor(self, view: View, source: Source | None, weights: Path | None, engine: str) -> PictureExtractor:
        """Of a backbone, of what enters it, or of small pixels."""
        if source is None:
            return pixel_extractor(view.size)
        if view.depth == "input":
            return input_extractor(source)
        # All pooled depths are columns of one array: whichever is wanted, the graph and the rows are the same.
        depth = view.depth if view.depth.startswith("cut:") else "all"
        return backbone_extractor(source, [depth], engine, weights, view.variants, view.style)

    def entry(self, view: View, source: Source | None, weights: Path | None) -> PictureExtractor:
        """Prepared pictures, [b, 3, s, s] uint8; small ones [b, s, s, 3]."""
        return replace(pixel_extractor(view.size) if source is None else input_extractor(source), light=True)

    def network(self, view: View, source: Source | None, weights: Path | None) -> nn.Module:
        """Normalisation and backbone; nothing where the prepared picture is looked at."""
        from torch import nn

        from ...source.vision.backbone import Rows

        return nn.Identity() if source is None or view.depth == "input" else Rows(source, weights, view.depth)

    def changed(self, extractor: Extractor, change: Change) -> Extractor:
        """One on the same network."""
        if not isinstance(extractor, PictureExtractor):
            return super().changed(extractor, change)
        key = digest("changed", extractor.key, change.key)
        return replace(extractor, key=key, change=change, build=lambda: extractor.compute)

    def content(self, example: Example) -> Pixels:
        """The picture's pixels, uint8 [h, w, 3]."""
        from ...read.picture.picture import decode

        return decode(Path(example.path), example.pixels)

    def plain(self, view: View) -> bool:
        """Never: to decode a picture costs too much."""
        return False

    def side(self, example: Example) -> int:
        """Read from the picture's header."""
        from PIL import Image

        with Image.open(example.path) as picture:
            return min(picture.size)


EXTRACTORS = Pictures()
