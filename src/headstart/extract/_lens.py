"""Lenses: the ways of looking at a picture or a text. Each turns uint8 [h, w, 3], or a text, into rows of numbers.

A backbone lens gives pooled features of the wanted depths and the source's logits; a pixel lens gives a small
square picture. A lens is cheap to make: its model is loaded when the first batch comes, so that a run whose
rows are all in the cache loads none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..errors import EngineError
from ..family import load, names
from ..read.picture.picture import DECODE_VERSION
from ..runtime import digest
from ..types import InputSpec, Source
from ._augment import VERSION as DRAW_VERSION
from ._augment import variants

if TYPE_CHECKING:
    import torch

Compute = Callable[["torch.Tensor"], list[NDArray[Any]]]


@dataclass(frozen=True)
class Lens:
    """`prepare` one picture, `compute` a batch [b, 3, s, s] uint8 → one array per output.

    With `variants` v > 1 a picture becomes v rows of a batch, and a row of an output becomes [v, …].
    """

    name: str
    key: str
    outputs: tuple[str, ...]
    spec: InputSpec
    build: Callable[[], Compute] = field(repr=False)
    variants: int = 1
    style: str = "photo"

    @cached_property
    def compute(self) -> Compute:
        """The model behind the lens, made on first use."""
        return self.build()

    def prepare(self, picture: NDArray[np.uint8], name: str = "") -> torch.Tensor:
        """uint8 [h, w, 3] → uint8 tensor [v, 3, s, s]; `name`, the picture's digest, seeds its augmented copies."""
        from ..source._backbone import prepare

        prepared = prepare(picture, self.spec)
        if self.variants == 1:
            return prepared[None]
        return variants(prepared, self.style, self.variants, crc32(name.encode()))

    def rows(self, prepared: Sequence[torch.Tensor]) -> list[NDArray[Any]]:
        """b × uint8 [v, 3, s, s] → an array per output, [b, …] or, with variants, [b, v, …]; maps in half precision."""
        import torch

        batch, out = torch.stack(list(prepared)), []
        for name, array in zip(self.outputs, self.compute(batch.flatten(0, 1)), strict=True):
            if name.startswith("cut:"):
                array = array.clip(-65504, 65504).astype(np.float16)
            out.append(array if self.variants == 1 else array.reshape(len(batch), self.variants, *array.shape[1:]))
        return out


@dataclass(frozen=True)
class TextLens:
    """Pooled features of texts: one array per output."""

    name: str
    key: str
    outputs: tuple[str, ...]
    build: Callable[[], Callable[[Sequence[str]], list[NDArray[Any]]]] = field(repr=False)

    @cached_property
    def compute(self) -> Callable[[Sequence[str]], list[NDArray[Any]]]:
        """The model behind the lens, made on first use."""
        return self.build()

    def prepare(self, text: str, name: str = "") -> str:
        """A text is as it is."""
        return text

    def rows(self, prepared: Sequence[str]) -> list[NDArray[Any]]:
        """b texts → [b, d] per output."""
        return self.compute(prepared)


def pick_engine(wanted: str = "auto") -> str:
    """The engine to use: the fastest available on this machine, or the one that was asked for.

    Raises:
        EngineError: the wanted engine cannot run here.
    """
    known = names("extract/engine")
    if wanted == "auto":
        return next(n for n in sorted(known, key=lambda n: load_rank(n)) if load_rank(n) >= 0)
    engine = load("extract/engine", wanted)
    if not engine.available():
        raise EngineError(f"The engine '{wanted}' cannot run on this machine ({engine.WHY_NOT}). Use --engine auto.")
    return wanted


def load_rank(name: str) -> int:
    """How early an engine is tried under `auto` (0 first); −1 when it cannot run here."""
    from ..errors import UsageError

    try:
        engine = load("extract/engine", name)
    except UsageError:  # its package is not installed
        return -1
    return int(engine.RANK) if engine.available() else -1


def backbone_lens(
    source: Source,
    depths: Sequence[str],
    engine: str,
    weights: Path | None = None,
    variants: int = 1,
    style: str = "photo",
) -> Lens:
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
    return Lens(source.key, key, outputs, source.pixels, build, variants, style)


def text_lens(source: Source, weights: Path | None = None) -> TextLens:
    """Pooled features of a language model at all depths, side by side."""
    runner = load("extract/engine", "torch")
    precision = runner.text_precision()
    key = digest("language", source.identity, precision)
    return TextLens(source.key, key, ("all",), partial(runner.build_text, source, weights))


def input_lens(source: Source) -> Lens:
    """The picture as the source wants it before normalisation, [3, s, s] uint8."""
    key = digest("input", DECODE_VERSION, source.pixels)
    return Lens(source.key, key, ("input",), source.pixels, lambda: lambda batch: [batch.numpy()])


def pixel_lens(size: int) -> Lens:
    """The whole picture's centre square at `size` × `size`, [size, size, 3] uint8."""
    spec = InputSpec(size, (0, 0, 0), (1, 1, 1), "bilinear", 1.0)

    def rows(batch: torch.Tensor) -> list[NDArray[Any]]:
        return [batch.permute(0, 2, 3, 1).contiguous().numpy()]

    return Lens(f"pixels-{size}", digest("pixels", DECODE_VERSION, size), ("pixels",), spec, lambda: rows)
