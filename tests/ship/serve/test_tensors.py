"""Tensors on the wire: tritonclient's are understood, ours it reads, and nothing else goes through."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from headstart.ship.serve.refused import Refused
from headstart.ship.serve.tensors import answered, loads, packed, understood, unpacked

PICTURES = [b"\xff\xd8 one", b"", b"\x00two"]


def given(array: np.ndarray, datatype: str, binary: bool = True) -> InferInput:
    tensor = InferInput("input", list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


def sent(tensor: InferInput, outputs=None) -> tuple[bytes, str | None]:
    body, size = InferenceServerClient.generate_request_body([tensor], outputs=outputs)
    return bytes(body), None if size is None else str(size)


def test_bytes_as_tritonclient_sends_them():
    asked = understood(*sent(given(np.array(PICTURES, object), "BYTES")))
    assert asked.inputs[0].data == PICTURES
    assert asked.inputs[0].shape == (3,)
    assert asked.in_binary("label")


@pytest.mark.parametrize("binary", [True, False])
def test_pixels_as_tritonclient_sends_them(binary):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 3), dtype=np.uint8)
    wanted = [InferRequestedOutput("label", binary_data=False), InferRequestedOutput("probabilities")]
    asked = understood(*sent(given(pixels, "UINT8", binary), wanted))
    np.testing.assert_array_equal(asked.inputs[0].data, pixels)
    assert dict(asked.outputs) == {"label": False, "probabilities": True}


def test_texts_in_json():
    asked = understood(*sent(given(np.array(["one", "zwei ü"], object), "BYTES", binary=False)))
    assert asked.inputs[0].data == ["one", "zwei ü"]


@pytest.mark.parametrize("binary", [True, False])
def test_tritonclient_reads_the_answer(binary):
    wanted = [InferRequestedOutput(name, binary_data=binary) for name in ("probabilities", "label")]
    asked = understood(*sent(given(np.array([b"a", b"b"], object), "BYTES"), wanted))
    shares = np.array([[0.25, 0.75], [1.0, 0.0]], np.float32)
    body, head = answered("birds", asked, {"label": ["wren", "Zaunkönig"], "probabilities": shares})
    read = InferenceServerClient.parse_response_body(body, header_length=head)
    np.testing.assert_array_equal(read.as_numpy("probabilities"), shares)
    told = [one.decode() if isinstance(one, bytes) else one for one in read.as_numpy("label")]
    assert told == ["wren", "Zaunkönig"]
    assert (head is None) is not binary


def test_packed_comes_out_as_it_went_in():
    assert unpacked(packed(PICTURES)) == PICTURES


def request(**changed) -> bytes:
    tensor = {"name": "input", "datatype": "BYTES", "shape": [1], "data": ["a"]} | changed
    return json.dumps({"inputs": [tensor]}).encode()


@pytest.mark.parametrize(
    ("body", "header", "said"),
    [
        (b"", None, "no JSON object"),
        (b"[]", None, "must be a JSON object, and is a list"),
        (b"[" * 100_000, None, "no JSON object"),
        (b'{"inputs": NaN}', None, "NaN is no JSON"),
        (b'{"inputs": 1' + b"0" * 5000 + b"}", None, "no JSON object"),
        (b"{}", None, "'inputs' must be a list, and is a NoneType"),
        (b'{"inputs": []}', None, "There are no inputs"),
        (b'{"inputs": [7]}', None, "an input must be a JSON object"),
        (request(shape=[2]), None, "has 1 elements; its shape [2] makes 2"),
        (request(shape=[-1]), None, "whole numbers from 0 on"),
        (request(shape=[True]), None, "whole numbers from 0 on"),
        (request(shape="1"), None, "whole numbers from 0 on"),
        (request(shape=[10**30]), None, "has 1 elements"),
        (request(name=None), None, "needs a name"),
        (request(datatype="FP32"), None, "is FP32; it must be BYTES, or UINT8"),
        (request(data=[1]), None, "must be texts"),
        (request(data=[["a"], "b"]), None, "nested unevenly"),
        (request(data=[[[[[["a"]]]]]]), None, "too deep"),
        (request(datatype="UINT8", data=[256]), None, "from 0 to 255"),
        (request(datatype="UINT8", data=[1.0]), None, "from 0 to 255"),
        (request(datatype="UINT8", data=[True]), None, "from 0 to 255"),
        (request(parameters={"binary_data_size": 4}), None, "0 bytes are left"),
        (request(parameters={"binary_data_size": -1}), None, "0 bytes are left"),
        (request(parameters=[]), None, "parameters must be a JSON object"),
        (request(), "-1", "is '-1'"),
        (request(), "9999", "is '9999'"),
        (request(), "²", "is '²'"),
        (request() + b"more", str(len(request())), "4 bytes stand behind"),
        (b'{"inputs": [{"name": "a", "datatype": "BYTES", "shape": [0], "data": []}], "outputs": [1]}', None, "output"),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(body, header, said):
    with pytest.raises(Refused) as refused:
        understood(body, header)
    assert refused.value.status == 400
    assert said in str(refused.value)


@pytest.mark.parametrize("data", [b"\1", b"\2\0\0\0a", b"\xff\xff\xff\xff"])
def test_elements_that_do_not_come_out_even(data):
    with pytest.raises(Refused, match="BYTES tensor"):
        unpacked(data)


def test_an_answer_of_nothing_still_has_its_shape():
    asked = understood(request(), None)
    body, head = answered("a", asked, {"probabilities": np.zeros((0, 3), np.float32)})
    assert loads(body)["outputs"][0]["shape"] == [0, 3]
    assert head is None
