"""Weights out of an ONNX graph, by the names that the exporter left them.

A linear layer's matrix loses its name (`onnx::MatMul_1966`): it is found by the bias that is added to what it gives,
and turned around, as torch keeps it. Out: float32 tensors; what has no name of its own keeps the exporter's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import SourceError
from ...family import require

if TYPE_CHECKING:
    from torch import Tensor


def read(file: Path) -> dict[str, Tensor]:
    """Name → tensor.

    Raises:
        UsageError: the package `onnx` is not installed.
        SourceError: the file is no ONNX graph.
    """
    require(f"file {file.name}, an ONNX graph,", ["onnx"])
    import numpy as np
    import onnx
    import torch
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load_model_from_string(file.read_bytes()).graph
    except (DecodeError, ValueError) as problem:
        raise SourceError(f"{file} is no ONNX graph ({problem}). Pull the source again.") from problem
    raw = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    out = {
        name: torch.from_numpy(np.array(value, np.float32)) for name, value in raw.items() if value.dtype.kind == "f"
    }
    products = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    for node in graph.node:
        if node.op_type == "Add":
            for bias, product in (node.input, node.input[::-1]):
                matrix = products.get(product)
                if bias.endswith(".bias") and bias in out and matrix in out:
                    out[bias.removesuffix("bias") + "weight"] = out.pop(matrix).T.contiguous()
    return out
