"""A torch.export program, `model.pt2`: fp32, or bf16. For who has torch; it opens without timm and transformers."""

from __future__ import annotations

import json
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ._network import Graph

if TYPE_CHECKING:
    from torch import nn

REQUIRES = ("torch",)
PRECISIONS = ("fp32", "bf16")
NAME = "model.pt2"
# What a program of ours holds, and nothing else: torch would unpickle objects, example inputs and old forms of weights.
_OURS = re.compile(
    r"[^/]+/(models/model\.json|archive_format|archive_version|byteorder|\.data/(version|serialization_id)|"
    r"data/sample_inputs/model\.pt|data/weights/(weight_\d+|model_weights_config\.json)|"
    r"data/constants/(tensor_\d+|model_constants_config\.json))"
)


def write(graph: Graph, folder: Path, precision: str, rows: NDArray[Any]) -> None:
    """See the package."""
    import torch

    module = graph.module if precision == "fp32" else _half(graph.module)
    free = {at: torch.export.Dim.DYNAMIC for at, length in enumerate(graph.shape) if length < 0}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of its own inside
        made = torch.export.export(module, (torch.from_numpy(graph.example),), dynamic_shapes=(free,))
        made.example_inputs = None  # they would be pickled
        torch.export.save(made, folder / NAME)


def opened(folder: Path, precision: str) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """See the package.

    Raises:
        DataError: the file holds more than numbers and a graph, which could run code of a stranger's.
    """
    import torch

    _check(folder / NAME)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.export.load(folder / NAME).module()

    def run(x: NDArray[Any]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(module(torch.from_numpy(np.ascontiguousarray(x))).float().numpy(), np.float32)

    return run


def _half(module: nn.Module) -> nn.Module:
    """The module, its matrices and convolutions in bf16."""
    import torch

    class Half(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                return self.inner(x).float()  # type: ignore[no-any-return]

    return Half().eval()


def _check(path: Path) -> None:
    """See `opened`."""
    try:
        with zipfile.ZipFile(path) as archive:
            strange = [one.filename for one in archive.infolist() if not _OURS.fullmatch(one.filename)]
            for one in archive.infolist():
                if one.filename.endswith("sample_inputs/model.pt") and one.file_size:
                    strange.append(one.filename)
                if one.filename.endswith("_config.json"):
                    told = json.loads(archive.read(one))["config"]
                    strange += [name for name, tensor in told.items() if tensor.get("use_pickle", True)]
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is no program that headstart exported ({error}). Export the run again.") from error
    if strange:
        raise DataError(
            f"{path} holds {strange[0]}, which is neither a graph nor numbers and could run code. It was not exported "
            "by headstart: do not open it. Export the run again."
        )
