"""Requests that somebody's client should not send: pictures and JSON, cut, doubled, overwritten, of wrong types."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence

import numpy as np

JUNK = [None, True, -1, 1e308, 10**40, "", "é" * 50, "\x00", [], {}, [[]], {"data": {}}, "iVBORw0KGgo=", [None] * 3]


def change(data: bytes, rng: np.random.Generator) -> bytes:
    """The data after one to four changes: bytes overwritten, a piece cut, doubled or moved, an end."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        at = int(rng.integers(0, max(len(out), 1)))
        size = int(rng.integers(1, 40))
        match rng.integers(0, 5):
            case 0:
                out[at : at + size] = rng.bytes(min(size, max(len(out) - at, 0)))
            case 1:
                del out[at : at + size]
            case 2:
                out[at:at] = out[at : at + size]
            case 3:
                del out[at:]
            case _:
                out[at : at + 1] = bytes([int(rng.choice([0, 255, 34, 91, 123, 92]))])
    return bytes(out) if bytes(out) != data else data + b"\x00"


def twisted(value: object, rng: np.random.Generator) -> object:
    """JSON with one value somewhere replaced by another kind, or a key lost."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = str(rng.choice(list(value)))
        if rng.random() < 0.15:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: twisted(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = int(rng.integers(len(value)))
        return [*value[:at], twisted(value[at], rng), *value[at + 1 :]]
    return JUNK[int(rng.integers(len(JUNK)))]


def requests(
    pictures: Sequence[bytes], of_pictures: str, of_texts: str, n: int, seed: int
) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """Path, headers, body; the two names are those of a model of pictures and one of texts."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        picture, changed = pictures[int(rng.integers(len(pictures)))], rng.random() < 0.9
        data = change(picture, rng) if changed else picture
        tensor = {"name": "input", "datatype": "BYTES", "shape": [1], "data": ["river stone"]}
        asked = {"id": "1", "inputs": [tensor], "outputs": [{"name": "label"}], "parameters": {}}
        match rng.integers(0, 6):
            case 0:
                yield f"/predict?model={of_pictures}", {"Content-Type": "image/jpeg"}, data
            case 1:
                form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n%b\r\n--x--\r\n'
                body = form % data
                yield (f"/predict?model={of_pictures}", {"Content-Type": "multipart/form-data; boundary=x"},
                       change(body, rng) if changed else body)  # fmt: skip
            case 2:
                coded = {"inputs": [base64.b64encode(data).decode(), "river"]}
                yield (
                    f"/predict?model={of_pictures}",
                    {},
                    json.dumps(twisted(coded, rng) if changed else coded).encode(),
                )
            case 3:
                whole = json.dumps(twisted(asked, rng)).encode()
                yield f"/v2/models/{of_texts}/infer", {}, change(whole, rng) if rng.random() < 0.3 else whole
            case 4:
                tensor |= {"parameters": {"binary_data_size": len(data) + 4}}
                del tensor["data"]
                start = json.dumps(twisted(asked, rng) if rng.random() < 0.3 else asked).encode()
                behind = len(data).to_bytes(4, "little") + data
                size = str(len(start) if rng.random() < 0.8 else rng.integers(-5, 2 * len(start)))
                yield (f"/v2/models/{of_pictures}/infer", {"Inference-Header-Content-Length": size},
                       start + (change(behind, rng) if rng.random() < 0.3 else behind))  # fmt: skip
            case _:
                side = [int(x) for x in rng.integers(0, 9, int(rng.integers(0, 6)))]
                pixels = {"name": "input", "datatype": "UINT8", "shape": side, "data": [7] * int(np.prod(side))}
                yield f"/v2/models/{of_pictures}/infer", {}, json.dumps({"inputs": [pixels]}).encode()
