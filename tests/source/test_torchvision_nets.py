"""torchvision's networks behind timm's door: taken to pieces and put together they are themselves."""

from __future__ import annotations

import dataclasses

import pytest
import tiny_vision
import torch
from tiny_source import packed

from headstart.errors import SourceError
from headstart.source.vision import parity, sizes, timm, torchvision_nets
from headstart.source.vision.backbone import Backbone
from headstart.types import InputSpec

WIDTHS = {
    "alexnet": (192, 384, 256, 256, 4096),
    "googlenet": (256, 480, 512, 512, 512, 528, 832, 832, 1024, 1024),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_from_every_cut_the_rest_leads_to_the_same_answer(name):
    known = sizes.sizes(f"torchvision:{name}", {"num_classes": 5}, 64)
    assert known["widths"] == WIDTHS[name]
    spec = InputSpec(64, (0.5,) * 3, (0.5,) * 3)
    changes = {"architecture": f"torchvision:{name}", "widths": known["widths"], "config": {"num_classes": 5}}
    source = dataclasses.replace(packed(b"").source, input=spec, **changes)
    net = tiny_vision.drawn(timm.build(source.architecture, source.config))
    body, x = Backbone(source, net).eval(), parity.probe(64)
    total = len(body.parts)
    with torch.inference_mode():
        *maps, _ = body(x, [f"cut:{parts}" for parts in range(1, total + 1)])
        for parts, found in enumerate(maps, 1):
            for _, part in body.parts[total - parts :]:
                found = part(found)
            torch.testing.assert_close(body.classify(body.head(found)), net(x), rtol=1e-3, atol=1e-3)
    ours = [id(p) for _, stage in body.stages for p in stage.parameters()]
    head = {id(p) for p in body.own_head.parameters()}
    assert sorted(ours) == sorted(id(p) for p in net.parameters() if id(p) not in head)


def test_a_name_that_is_none_of_them_is_told():
    with pytest.raises(SourceError, match="no network 'torchvision:vgg16'; there are alexnet, googlenet"):
        torchvision_nets.build("vgg16")


def test_answers_that_differ_and_weights_in_another_order_are_noticed():
    one = torch.tensor([[1.0, 2.0]])
    parity.same(one, one + 1e-4, "x")
    for other in (one + 0.1, one * float("nan")):
        with pytest.raises(SourceError, match="x does not answer as its own library"):
            parity.same(one, other, "x")
    given = {"a": torch.zeros(2, 3), "a.num_batches_tracked": torch.zeros(()), "b": torch.zeros(3)}
    assert list(parity.in_order(given, {"c": torch.ones(2, 3, 1, 1), "d": torch.ones(3)})) == ["c", "d"]
    assert parity.in_order(given, {"c": torch.ones(3), "d": torch.ones(2, 3)}) is None
