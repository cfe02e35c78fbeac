"""Whether two networks are one: they are asked the same, and must answer the same.

Used whenever weights are put under other names. Knows nothing of sources and files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import SourceError

if TYPE_CHECKING:
    from torch import Tensor

_ALLOWED = 1e-3  # of the largest answer; two ways of summing in float32 differ by some 1e-6
COUNTER = "num_batches_tracked"  # batch-norm's step counter: not a weight, and absent from some files


def probe(size: int) -> Tensor:
    """A fixed picture-like input [1, 3, size, size], to ask two networks the same."""
    import torch

    return torch.arange(3 * size * size).mul(12.9898).sin_().mul_(2).reshape(1, 3, size, size)


def same(found: Tensor, wanted: Tensor, what: str) -> None:
    """Raises `SourceError` where two networks that should be one answer differently."""
    gap, scale = float((found - wanted).abs().max()), float(wanted.abs().max())
    if not gap <= _ALLOWED * max(scale, 1e-6):
        raise SourceError(
            f"{what} does not answer as its own library lets it (largest difference {gap:.2g} of {scale:.2g}), so its "
            "features would be wrong. Update headstart, or load the model by timm's name for it."
        )


def in_order(given: dict[str, Tensor], wanted: dict[str, Tensor]) -> dict[str, Tensor] | None:
    """`given` by the names of `wanted`, in their order; None where a size differs. Whether it is right `same` tells."""
    old = [name for name in given if not name.endswith(COUNTER)]
    new = [name for name in wanted if not name.endswith(COUNTER)]
    if [given[name].numel() for name in old] != [wanted[name].numel() for name in new]:
        return None
    return {b: given[a].reshape(wanted[b].shape) for a, b in zip(old, new, strict=True)}
