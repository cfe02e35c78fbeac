"""OpenVINO on the CPU: the same network 4-9 times cheaper; bf16 where the processor has it, else fp32.

The converted graph (normalisation included, so that it eats uint8) is kept below the cache, named by the
source's identity, the depths and the OpenVINO version: from the second run on neither timm nor conversion is needed.
That of a twin with random weights is not kept: it takes as much room as the source's, and its features, which are kept,
answer who asks again.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...runtime import cache_dir, device, digest, exact
from ...types import Source

if TYPE_CHECKING:
    import torch

    from ..modality.image import Compute

REQUIRES = ("openvino",)
RANK = 0
WHY_NOT = "OpenVINO found no CPU it can use, or a GPU is there and PyTorch is faster on it"
BATCH = 32


@cache
def core() -> Any:  # noqa: ANN401 - openvino has no type stubs
    """OpenVINO's door, opened once."""
    # OpenVINO reports its use over the network; without that package it takes its own silent stand-in.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino.Core()


def available() -> bool:
    """Whether there is a CPU device, and no GPU that would make PyTorch the better choice."""
    return device() == "cpu" and "CPU" in core().available_devices


def precision() -> str:
    """`bf16` where the processor computes in it, else `fp32`."""
    return "bf16" if not exact() and "BF16" in capabilities() else "fp32"


@cache
def capabilities() -> list[str]:
    """What the processor computes in, by OpenVINO's names."""
    return list(core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


def build(source: Source, depths: tuple[str, ...], weights: Path | None = None) -> Compute:
    """A function uint8 [b, 3, s, s] → [pooled features per depth …, logits], float32 numpy."""
    if source.random:
        model = _convert(source, depths, weights)
    else:
        model = core().read_model(_graph(source, depths, weights))
    hint = {"bf16": "bf16", "fp32": "f32"}[precision()]
    settings = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
    return Compiled(core().compile_model(model, "CPU", settings), len(depths) + 1)


class Compiled:
    """A network at work: uint8 [b, 3, s, s] → its `count` outputs, float32 numpy."""

    def __init__(self, model: Any, count: int) -> None:  # noqa: ANN401 - openvino has no type stubs
        self._model, self._request, self._count = model, model.create_infer_request(), count

    def __call__(self, batch: NDArray[np.uint8]) -> list[NDArray[Any]]:
        """An array per output."""
        parts = []
        for at in range(0, len(batch), BATCH):
            outs = self._request.infer({0: batch[at : at + BATCH]})
            parts.append([np.array(outs[i], np.float32) for i in range(self._count)])
        return [np.concatenate(outs) for outs in zip(*parts, strict=True)]

    def rest(self) -> None:
        """Let go the room for the maps of a batch.

        Of efficientnet-lite2 0.27 of 0.33 GB; the next batch makes it again in an eighth of a second.
        """
        self._model.release_memory()


def _graph(source: Source, depths: tuple[str, ...], weights: Path | None) -> Path:
    """The converted graph, converting it first where it is not in the cache."""
    import openvino

    name = digest(source.identity, list(depths), openvino.__version__)
    folder = cache_dir() / "openvino" / name
    if not (folder / "model.xml").exists():
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=_made(folder.parent)))
        try:
            openvino.save_model(_convert(source, depths, weights), part / "model.xml", compress_to_fp16=False)
            try:
                part.rename(folder)
            except OSError:
                if not (folder / "model.xml").exists():  # else another process was faster, with the same graph
                    raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder / "model.xml"


def _convert(source: Source, depths: tuple[str, ...], weights: Path | None) -> Any:  # noqa: ANN401
    import torch

    from ...source.vision.backbone import Whole

    side = source.pixels.size
    example = torch.zeros(1, 3, side, side, dtype=torch.uint8)
    return converted(Whole(source, weights, depths), example, (-1, 3, side, side))


def converted(module: torch.nn.Module, example: torch.Tensor, shape: Sequence[int]) -> Any:  # noqa: ANN401
    """A torch module of one input as a model of OpenVINO's.

    Args:
        module: in eval mode.
        example: of its input.
        shape: of its input, −1 where an axis may have any length.
    """
    import openvino
    import torch

    with warnings.catch_warnings():  # tracing warns that mean and deviation become constants: that is wanted
        warnings.simplefilter("ignore")
        with torch.no_grad():  # traced here, for OpenVINO would run the network twice more to check the trace
            trace: Any = torch.jit.trace
            traced = trace(module, example, strict=False, check_trace=False)
        return openvino.convert_model(traced, example_input=example, input=[list(shape)])


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
