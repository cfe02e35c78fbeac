"""Networks for curves: one layer of filters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...types import Source
from .._loaders import fetch
from .._modality import Modality

WIDTH = 17  # steps that a filter sees


@dataclass(frozen=True)
class CurveSpec:
    """How a network wants its curves."""

    scale: float = 1.0  # by which the numbers are divided


class Curves(Modality):
    """What is asked of such networks."""

    spec = CurveSpec

    def shown(self, given):
        """Curves may be of any length."""
        return "any length"

    def drawn(self, source, seed):
        """Filters drawn by chance."""
        import torch

        made = torch.Generator().manual_seed(seed)
        return {"filters": torch.randn(source.widths[0], 1, WIDTH, generator=made) / WIDTH**0.5}


def steps(source: Source, weights: Path | None, curves):
    """What the filters make of every step: curves float64 [t] → a float32 [t c] for each."""
    import torch
    from safetensors.torch import load_file

    filters = load_file(weights or fetch(source))["filters"]
    rows = (torch.from_numpy(c / source.input.scale).float()[None, None] for c in curves)
    return [torch.nn.functional.conv1d(row, filters, padding="same")[0].abs().T.numpy() for row in rows]


SOURCES = Curves()
