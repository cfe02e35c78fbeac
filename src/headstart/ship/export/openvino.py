"""OpenVINO: fp32; bf16 where the processor computes in it; int8, by nncf on real examples.

The graph is converted from torch directly, and its weights are kept in fp32: OpenVINO's own habit is to halve them when
it saves, and to compute in bf16 where the processor can.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...family import load, require
from ._network import Graph

if TYPE_CHECKING:
    from types import ModuleType

REQUIRES = ("openvino",)
PRECISIONS = ("fp32", "bf16", "int8")
NAME = "model.xml"


def write(graph: Graph, folder: Path, precision: str, rows: NDArray[Any]) -> None:
    """See the package."""
    import torch

    engine = _engine()
    if precision == "bf16" and "BF16" not in engine.capabilities():
        raise UsageError("This processor does not compute in bf16. Export with --precision fp32 or int8.")
    example = torch.from_numpy(np.ascontiguousarray(graph.example))
    model = engine.converted(graph.module, example, graph.shape)
    if precision == "int8":
        model = _quantised(model, rows, graph)
    import openvino

    openvino.save_model(model, folder / NAME, compress_to_fp16=False)


def opened(folder: Path, precision: str) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """See the package."""
    core = _engine().core()
    hint = {"INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32", "PERFORMANCE_HINT": "LATENCY"}
    model = core.compile_model(core.read_model(folder / NAME), "CPU", hint)
    request = model.create_infer_request()

    def run(x: NDArray[Any]) -> NDArray[np.float32]:
        return np.array(request.infer({0: np.ascontiguousarray(x)})[0], np.float32)

    return run


def _engine() -> ModuleType:
    """The engine that runs pictures through OpenVINO: one way to convert, and one core in a process."""
    return load("extract/engine", "openvino")


def _quantised(model: Any, rows: NDArray[Any], graph: Graph) -> Any:  # noqa: ANN401 - OpenVINO's own
    """Weights and what goes between the layers as 8 bits, by the ranges that real rows show; the head as in `onnx`."""
    require("precision int8 in the format 'openvino'", ["nncf"])
    logging.getLogger("nncf").setLevel(logging.ERROR)
    import nncf

    layers = [op for op in model.get_ordered_ops() if op.get_type_name() in ("MatMul", "Convolution")]
    if not layers:  # a table alone
        return nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
    head = nncf.IgnoredScope(names=[layers[-1].get_friendly_name()] if len(layers) > 1 else [])
    kind = None if graph.convolutions else nncf.ModelType.TRANSFORMER
    data = nncf.Dataset([row[None] for row in rows])
    with redirect_stdout(io.StringIO()):  # it draws its progress there
        return nncf.quantize(model, data, model_type=kind, subset_size=len(rows), ignored_scope=head)
