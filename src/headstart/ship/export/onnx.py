"""ONNX, computed by ONNX Runtime: fp32, or int8 (of networks with convolutions calibrated, of others by rows).

Written by torch's own exporter. int8 weights have a scale for each channel: with one for each layer a mobile network
named 27 % of pictures otherwise, so 2 %.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...family import require
from ._network import INPUT, OUTPUT, Graph

REQUIRES = ("onnxruntime",)
PRECISIONS = ("fp32", "int8")
NAME, DATA = "model.onnx", "model.onnx.data"
OPSET = 20
LARGE = 1 << 30  # bytes of weights from which on they lie in a file of their own: protobuf ends at 2 GB
BATCH = 32


def write(graph: Graph, folder: Path, precision: str, rows: NDArray[Any]) -> None:
    """See the package."""
    require("format 'onnx'", ["onnxscript"])
    if precision == "int8":
        plain = folder / "plain"
        plain.mkdir()
        _export(graph, plain / NAME)
        _quantise(graph, plain / NAME, folder / NAME, rows)
        for file in plain.iterdir():
            file.unlink()
        plain.rmdir()
    else:
        _export(graph, folder / NAME)


def opened(folder: Path, precision: str) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """See the package. Threads that wait sleep: they would spin, and take three times the processor's time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    for threads in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{threads}.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(folder / NAME), options, providers=["CPUExecutionProvider"])

    def run(x: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(session.run([OUTPUT], {INPUT: np.ascontiguousarray(x)})[0], np.float32)

    return run


def _export(graph: Graph, path: Path) -> None:
    import torch

    free = {at: torch.export.Dim.DYNAMIC for at, length in enumerate(graph.shape) if length < 0}
    large = sum(p.numel() * p.element_size() for p in graph.module.parameters()) > LARGE
    with _quiet():
        torch.onnx.export(
            graph.module,
            (torch.from_numpy(graph.example),),
            str(path),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=(free,),
            opset_version=OPSET,
            dynamo=True,
            external_data=large,
            verbose=False,
        )


def _quantise(graph: Graph, plain: Path, path: Path, rows: NDArray[Any]) -> None:
    """Weights and, of networks with convolutions, what goes between the layers as 8 bits; the head stays as it is.

    A probe weighs features that hardly vary by tens of thousands, and one scale for all would make the rest zero.

    Raises:
        UsageError: there is nothing that would count in 8 bits.
    """
    import onnx
    from onnxruntime import quantization as q

    how: dict[str, Any] = {"per_channel": True, "nodes_to_exclude": _head(onnx.load(plain, load_external_data=False))}
    with _quiet():
        if graph.convolutions:
            ready = plain.with_name("ready.onnx")
            q.quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
            kinds = {"activation_type": q.QuantType.QUInt8, "weight_type": q.QuantType.QInt8}
            q.quantize_static(str(ready), str(path), _reader(rows), quant_format=q.QuantFormat.QDQ, **kinds, **how)
        else:
            q.quantize_dynamic(str(plain), str(path), **how)
    made = onnx.load(path, load_external_data=False)
    if not any(array.data_type in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8) for array in made.graph.initializer):
        raise UsageError("Nothing of this model would count in 8 bits. Export it with --precision fp32.")


def _head(model: Any) -> list[str]:  # noqa: ANN401 - onnx's own
    """The last matrix product, by both its names; nothing where it is the only layer.

    The quantiser first makes a Gemm a MatMul of another name, and passes over an exclusion of the first in silence.
    """
    layers = [node for node in model.graph.node if node.op_type in ("Gemm", "MatMul", "Conv")]
    return [layers[-1].name, f"{layers[-1].name}_MatMul"] if len(layers) > 1 else []


def _reader(rows: NDArray[Any]) -> Any:  # noqa: ANN401 - a class of onnxruntime's
    """Rows in batches, as the quantiser asks for them."""
    from onnxruntime.quantization import CalibrationDataReader

    class Rows(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(np.array_split(rows, -(-len(rows) // BATCH)))

        def get_next(self) -> dict[str, NDArray[Any]] | None:
            some = next(self.left, None)
            return None if some is None else {INPUT: some}

    return Rows()


@contextmanager
def _quiet() -> Iterator[None]:
    """What exporters say of their own inside is nobody's business here."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
