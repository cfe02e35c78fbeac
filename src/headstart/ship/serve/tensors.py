"""Tensors of the Open Inference Protocol, version 2, in JSON and in its binary tensor extension, both ways.

A request's body is a JSON object; with the header `Inference-Header-Content-Length` its first so many bytes are, and
behind them lie the bytes of each tensor that says `binary_data_size`, in order. An element of a BYTES tensor is four
bytes of length, little end first, and its bytes. Knows no model and no server.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .refused import Refused

HEADER = "Inference-Header-Content-Length"
_DEEPEST = 4  # of nested lists: a batch of pictures


@dataclass(frozen=True)
class Tensor:
    """`data` is a list of bytes (BYTES in binary), of texts (BYTES in JSON), or uint8 of `shape`."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: Any


@dataclass(frozen=True)
class Request:
    """What is asked; `outputs` is empty where all are wanted, else name → whether in binary."""

    id: str
    inputs: tuple[Tensor, ...]
    outputs: Mapping[str, bool]
    binary: bool  # outputs for which nothing is said

    def in_binary(self, output: str) -> bool:
        """Whether this output goes out in binary."""
        return self.outputs.get(output, self.binary)


def understood(body: bytes, header: str | None) -> Request:
    """A request's body.

    Args:
        body: as it came.
        header: the value of `Inference-Header-Content-Length`, if there is one.

    Raises:
        Refused: it is no such request, and why.
    """
    size = _header(header, len(body))
    asked = loads(body[:size])
    parameters = _object(asked.get("parameters"), "parameters")
    raw, at, inputs = memoryview(body)[size:], 0, []
    for one in _list(asked.get("inputs"), "inputs"):
        given = _object(one, "an input", required=True)
        long = _object(given.get("parameters"), "parameters").get("binary_data_size")
        if long is None:
            inputs.append(_tensor(given, None))
            continue
        if type(long) is not int or not 0 <= long <= len(raw) - at:
            raise Refused(400, f"binary_data_size is {long!r}; {len(raw) - at} bytes are left behind the JSON part.")
        inputs.append(_tensor(given, raw[at : at + long]))
        at += long
    if at != len(raw):
        raise Refused(400, f"{len(raw) - at} bytes stand behind the inputs. Give each input its binary_data_size.")
    if not inputs:
        raise Refused(400, "There are no inputs. Give one tensor in 'inputs'.")
    whole = parameters.get("binary_data_output") is True
    outputs = dict(_output(one, whole) for one in _list(asked.get("outputs") or [], "outputs"))
    return Request(str(asked.get("id") or ""), tuple(inputs), outputs, whole)


def answered(model: str, request: Request, outputs: Mapping[str, Any]) -> tuple[bytes, int | None]:
    """A response's body, and the length of its JSON part where bytes stand behind it.

    Args:
        model: its name.
        request: says which outputs, and how.
        outputs: name → float32 [n …], or a list of texts [n].
    """
    told, binary = [], []
    for name in request.outputs or outputs:
        value = outputs[name]
        texts = not isinstance(value, np.ndarray)
        row: dict[str, Any] = {
            "name": name,
            "datatype": "BYTES" if texts else "FP32",
            "shape": [len(value)] if texts else list(value.shape),
        }
        if request.in_binary(name):
            data = packed([text.encode() for text in value]) if texts else np.asarray(value, "<f4").tobytes()
            row["parameters"] = {"binary_data_size": len(data)}
            binary.append(data)
        else:
            row["data"] = list(value) if texts else value.ravel().tolist()
        told.append(row)
    head: dict[str, Any] = {"model_name": model, "model_version": "1", "outputs": told}
    json_part = dumps({**head, "id": request.id} if request.id else head)
    return b"".join([json_part, *binary]), len(json_part) if binary else None


def packed(elements: Sequence[bytes]) -> bytes:
    r"""Elements of a BYTES tensor in binary.

    >>> packed([b"ab"])
    b'\x02\x00\x00\x00ab'
    """
    return b"".join(chain.from_iterable((struct.pack("<I", len(one)), one) for one in elements))


def unpacked(data: bytes | memoryview) -> list[bytes]:
    """The elements of a BYTES tensor. Raises `Refused` where they do not come out even."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            raise Refused(400, f"A BYTES tensor ends inside the length of element {len(found) + 1}.")
        (long,) = struct.unpack_from("<I", data, at)
        at += 4
        if at + long > len(data):
            raise Refused(400, f"Element {len(found) + 1} of a BYTES tensor is {long} bytes long, more than there are.")
        found.append(bytes(data[at : at + long]))
        at += long
    return found


def loads(data: bytes) -> dict[str, Any]:
    """A JSON object. Raises `Refused` where it is none, or holds NaN or infinity."""
    try:
        value = json.loads(data, parse_constant=_constant)
    except (ValueError, RecursionError) as problem:
        raise Refused(400, f"The body is no JSON object ({problem or 'too deep'}).") from None
    return _object(value, "the body", required=True)


def dumps(value: Any) -> bytes:  # noqa: ANN401 - anything JSON takes
    """JSON as it is sent."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _header(given: str | None, whole: int) -> int:
    if given is None:
        return whole
    if not (given.isascii() and given.isdigit() and len(given) < 12 and int(given) <= whole):
        raise Refused(400, f"{HEADER} is {given[:20]!r}; the body has {whole} bytes.")
    return int(given)


def _tensor(given: Mapping[str, Any], raw: memoryview | None) -> Tensor:
    name, datatype, shape = given.get("name"), given.get("datatype"), given.get("shape")
    if not isinstance(name, str) or not isinstance(datatype, str):
        raise Refused(400, "An input needs a name and a datatype, both texts.")
    if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
        raise Refused(400, f"The shape of input '{name[:40]}' must be a list of whole numbers from 0 on.")
    if datatype not in ("BYTES", "UINT8"):
        raise Refused(400, f"Input '{name[:40]}' is {datatype[:20]}; it must be BYTES, or UINT8 for pixels.")
    data: Any
    if datatype == "BYTES":
        data = unpacked(raw) if raw is not None else _texts(given.get("data"))
    else:
        data = np.frombuffer(raw, np.uint8) if raw is not None else _bytes(given.get("data"))
    if math.prod(shape) != len(data):
        raise Refused(400, f"Input '{name[:40]}' has {len(data)} elements; its shape {shape} makes {math.prod(shape)}.")
    return Tensor(name, datatype, tuple(shape), data.reshape(shape) if datatype == "UINT8" else data)


def _flat(data: Any) -> list[Any]:  # noqa: ANN401 - whatever JSON holds
    """Nested lists as one."""
    level = _list(data, "data")
    for _ in range(_DEEPEST):
        if not any(isinstance(one, list) for one in level):
            return level
        if not all(isinstance(one, list) for one in level):
            break
        level = [*chain.from_iterable(level)]
    raise Refused(400, "The lists in 'data' are nested unevenly, or too deep.")


def _texts(data: Any) -> list[str]:  # noqa: ANN401 - whatever JSON holds
    found = _flat(data)
    if not all(isinstance(one, str) for one in found):
        raise Refused(400, "The data of a BYTES tensor in JSON must be texts.")
    return found


def _bytes(data: Any) -> NDArray[np.uint8]:  # noqa: ANN401 - whatever JSON holds
    found = _flat(data)
    if not all(type(one) is int and 0 <= one <= 255 for one in found):
        raise Refused(400, "The data of a UINT8 tensor must be whole numbers from 0 to 255.")
    return np.array(found, np.uint8)


def _output(given: Any, whole: bool) -> tuple[str, bool]:  # noqa: ANN401 - whatever JSON holds
    asked = _object(given, "an output", required=True)
    name, parameters = asked.get("name"), _object(asked.get("parameters"), "parameters")
    if not isinstance(name, str):
        raise Refused(400, "An output that is asked for needs a name.")
    if parameters.get("classification"):
        raise Refused(400, "The classification parameter is not known here. Ask for the outputs as they are.")
    said = parameters.get("binary_data")
    return name, whole if said is None else said is True


def _object(value: Any, what: str, required: bool = False) -> dict[str, Any]:  # noqa: ANN401
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise Refused(400, f"{what} must be a JSON object, and is a {type(value).__name__}.")
    return value


def _list(value: Any, what: str) -> list[Any]:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, list):
        raise Refused(400, f"'{what}' must be a list, and is a {type(value).__name__}.")
    return value
