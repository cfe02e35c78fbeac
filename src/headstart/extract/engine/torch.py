"""Plain PyTorch: runs everywhere, on a GPU where there is one. fp32 on CPU, bf16 autocast on CUDA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...runtime import device, exact, free_cores, give_back, has_bf16, torch_threads
from ...types import Source

if TYPE_CHECKING:
    from ..modality.image import Compute

REQUIRES = ("torch",)
RANK = 1
WHY_NOT = "PyTorch does not import"
BATCH = 32
TOKENS = 1024  # of a batch of texts, padding included; measured: larger ones leave the processor's cache


def available() -> bool:
    """Always: PyTorch is a dependency."""
    return True


def precision() -> str:
    """`bf16` on CUDA, else `fp32`."""
    return "bf16" if device() == "cuda" and not exact() else "fp32"


def build(source: Source, depths: tuple[str, ...], weights: Path | None = None) -> Compute:
    """A function uint8 [b, 3, s, s] → [pooled features per depth …, logits], float32 numpy."""
    import torch

    from ...source.vision.backbone import load, normalise

    where = device()
    model = load(source, weights).to(where, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def compute(batch: NDArray[np.uint8]) -> list[NDArray[Any]]:
        parts = []
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16, enabled=precision() == "bf16"):
            for piece in torch.split(torch.from_numpy(batch), BATCH):
                x = normalise(piece.to(where), source.pixels).contiguous(memory_format=torch.channels_last)
                parts.append([out.float().cpu() for out in model(x, depths)])
        return [torch.cat(outs).numpy() for outs in zip(*parts, strict=True)]

    return compute


def text_precision() -> str:
    """`bf16` on a GPU and on processors that compute in it, else `fp32`."""
    return "bf16" if has_bf16() else "fp32"


def build_text(source: Source, weights: Path | None = None) -> Callable[[Sequence[str]], list[NDArray[Any]]]:
    """A function b texts → [pooled features of all depths [b, d]], float32; sorted by length, batched by tokens."""
    import torch

    from ...source.language.encoder import batch
    from ...source.language.model import STATIC, load, tokenizer, tokens

    where = device()
    model, words = load(source, weights).to(where), tokenizer(source, weights)
    if text_precision() == "bf16" and source.architecture != STATIC:
        model.net.to(torch.bfloat16)
        give_back()

    def compute(texts: Sequence[str]) -> list[NDArray[Any]]:
        rows = tokens(words, source, list(texts))
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        out = np.empty((len(rows), sum(source.widths)), np.float32)
        at = 0
        with torch.inference_mode(), torch_threads(free_cores()):
            while at < len(order):
                end = at + 1
                while end < len(order) and len(rows[order[end]]) * (end + 1 - at) <= TOKENS:
                    end += 1
                ids, mask = batch([rows[i] for i in order[at:end]])
                out[order[at:end]] = model(ids.to(where), mask.to(where), ("all",))[0].float().cpu().numpy()
                at = end
        return [out]

    return compute
