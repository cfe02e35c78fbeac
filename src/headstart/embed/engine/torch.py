"""Plain PyTorch: runs everywhere, on a GPU where there is one. fp32 on CPU, bf16 autocast on CUDA."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ...runtime import device
from ...types import Source

if TYPE_CHECKING:
    import torch

    from .._lens import Compute

REQUIRES = ("torch",)
RANK = 1
WHY_NOT = "PyTorch does not import"
BATCH = 32


def available() -> bool:
    """Always: PyTorch is a dependency."""
    return True


def precision() -> str:
    """`bf16` on CUDA, else `fp32`."""
    return "bf16" if device() == "cuda" else "fp32"


def build(source: Source, depths: tuple[str, ...], weights: Path | None = None) -> Compute:
    """A function uint8 [b, 3, s, s] → [pooled features per depth …, logits], float32 numpy."""
    import torch

    from ...source._backbone import load, normalise

    where = device()
    model = load(source, weights).to(where, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def compute(batch: torch.Tensor) -> list[NDArray[Any]]:
        parts = []
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16, enabled=where == "cuda"):
            for piece in torch.split(batch, BATCH):
                x = normalise(piece.to(where), source.input).contiguous(memory_format=torch.channels_last)
                parts.append([out.float().cpu() for out in model(x, depths)])
        return [torch.cat(outs).numpy() for outs in zip(*parts, strict=True)]

    return compute
