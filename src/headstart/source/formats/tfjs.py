"""TensorFlow.js weights: a manifest of names and shapes, and one binary in which whole numbers may stand for floats.

A weight with `quantization` is kept as uint8 or uint16 q and means q · scale + min (the format's own description is in
tensorflow/tfjs, `tfjs-core/src/io/types.ts`). Out: float32 tensors by their names, in the manifest's order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import SourceError

if TYPE_CHECKING:
    from torch import Tensor

_TYPES = ("float32", "uint8", "uint16")


def read(weights: Path, manifest: Path) -> dict[str, Tensor]:
    """Name → tensor.

    Raises:
        SourceError: the manifest is none, or does not tell of as many bytes as there are.
    """
    import torch

    data, at, out = weights.read_bytes(), 0, {}
    try:
        for one in [entry for group in json.loads(manifest.read_bytes()) for entry in group["weights"]]:
            kept: dict[str, Any] = one.get("quantization", {"dtype": one["dtype"], "scale": 1.0, "min": 0.0})
            if kept["dtype"] not in _TYPES:
                raise ValueError(f"{one['name']} is kept as {kept['dtype']}, not as one of {', '.join(_TYPES)}")
            count = int(np.prod(one["shape"], dtype=np.int64))
            values = np.frombuffer(data, np.dtype(kept["dtype"]).newbyteorder("<"), count, at)
            at += values.nbytes
            floats = (values.astype(np.float64) * kept["scale"] + kept["min"]).astype(np.float32)
            out[str(one["name"])] = torch.from_numpy(floats.reshape(one["shape"]))
    except (ValueError, KeyError, TypeError) as problem:
        raise SourceError(
            f"{manifest} does not describe {weights.name} ({problem}). Pull the source again."
        ) from problem
    if at != len(data):
        raise SourceError(f"{manifest} tells of {at} bytes and {weights.name} has {len(data)}. Pull the source again.")
    return out
