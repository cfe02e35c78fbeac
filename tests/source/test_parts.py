"""Networks taken to pieces: each family of timm's, put together again, is itself."""

from __future__ import annotations

import dataclasses
from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from tiny_source import packed
from torch.nn import functional

import tiny_tail
from headstart.errors import SourceError
from headstart.extract.modality.image import backbone_extractor
from headstart.source.vision import timm
from headstart.source.vision.backbone import Backbone
from headstart.source.vision.parts import Pieces
from headstart.types import InputSpec, Source

# Architecture → pixels, and the pooled widths stage1 to top.
FAMILIES = {
    "test_vit": (64, (64,) * 7),
    "test_vit2": (64, (64,) * 9),  # its tokens' mean is what its classifier reads
    "test_vit3": (64, (96,) * 10),  # pooled by attention
    "test_convnext": (64, (24, 32, 48, 64, 64)),
    "test_efficientnet_gn": (64, (16, 24, 32, 48, 64, 256)),
    "resnet50_gn": (64, (256, 512, 1024, 2048, 2048)),
    "resnetv2_18": (64, (64, 128, 256, 512, 512)),
    "inception_v3": (96, (256, 288, 288, 768, 768, 768, 768, 768, 1280, 2048, 2048, 2048)),
    "legacy_xception": (64, (128, 256, *(728,) * 9, 1024, 2048)),
    "densenet121": (64, (256, 128, 512, 256, 1024, 512, 1024, 1024)),
    "swin_tiny_patch4_window7_224": (224, (96, 192, 384, 768, 768)),
    "vit_small_patch14_dinov2": (56, (384,) * 13),  # no classifier; a class token
}


def _source(architecture: str, widths: tuple[int, ...], size: int = 64) -> Source:
    spec = InputSpec(size, (0.5,) * 3, (0.5,) * 3)
    known = packed(b"").source
    changed = {"architecture": architecture, "widths": widths, "feature_dim": widths[-1], "input": spec}
    return dataclasses.replace(known, **changed)


@cache
def _body(architecture: str) -> Backbone:
    size, widths = FAMILIES[architecture]
    net = timm.resized(timm.build(architecture), size)
    return Backbone(_source(architecture, widths, size), net).eval()


def _pictures(size: int, n: int = 2) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(n, 3, size, size)).astype(np.float32))


@pytest.mark.parametrize("architecture", FAMILIES)
def test_from_every_cut_the_rest_leads_to_the_networks_own_logits(architecture):
    body, size = _body(architecture), FAMILIES[architecture][0]
    x, total = _pictures(size), len(body.parts)
    with torch.inference_mode():
        *maps, _ = body(x, [f"cut:{parts}" for parts in range(1, total + 1)])
        expected = body.net(x)
        for parts, found in enumerate(maps, 1):
            assert found.ndim == 4
            for _, part in body.parts[total - parts :]:
                found = part(found)
            torch.testing.assert_close(body.classify(body.head(found)), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("architecture", FAMILIES)
def test_every_parameter_but_the_heads_stands_in_one_stage(architecture):
    body = _body(architecture)
    head = {id(p) for p in body.own_head.parameters()}
    ours = [id(p) for _, stage in body.stages for p in stage.parameters()]
    assert sorted(ours) == sorted(id(p) for p in body.net.parameters() if id(p) not in head)
    assert list(body.state_dict()) == [f"net.{name}" for name in body.net.state_dict()], "registered once"


@pytest.mark.parametrize("architecture", ["test_vit", "test_vit3", "vit_small_patch14_dinov2"])
def test_a_transformers_depths_are_the_means_of_its_patches(architecture):
    """…as timm's own intermediates give them: without class and register tokens."""
    body, size = _body(architecture), FAMILIES[architecture][0]
    x = _pictures(size)
    with torch.inference_mode():
        *found, top, logits = body(x, body.depths)
        theirs = body.net.forward_intermediates(x, intermediates_only=True)
        features = body.net.forward_head(body.net.forward_features(x), pre_logits=True)
    assert len(found) == len(theirs) == len(body.net.blocks)
    for a, b in zip(found, theirs, strict=True):
        torch.testing.assert_close(a, b.mean((2, 3)))
    torch.testing.assert_close(top, features)
    assert torch.equal(logits, top) == (architecture == "vit_small_patch14_dinov2"), "features, where it has no head"


def test_a_swins_depths_are_the_means_of_its_maps():
    body = _body("swin_tiny_patch4_window7_224")
    with torch.inference_mode():
        *found, _, _ = body(_pictures(224, 1), body.depths)
        theirs = body.net.forward_intermediates(_pictures(224, 1), intermediates_only=True)
    for a, b in zip(found, theirs, strict=True):
        torch.testing.assert_close(a, b.mean((2, 3)))


def _vgg(norm: type | None = None):
    from timm.models.vgg import VGG

    torch.manual_seed(0)
    return VGG([8, 8, "M", 16, "M", 24, 24, "M"], num_classes=5, mlp_ratio=0.01, norm_layer=norm).eval()


@pytest.mark.parametrize("norm", [None, torch.nn.BatchNorm2d])
def test_a_stage_of_a_vgg_ends_where_it_pools(norm):
    timm.library()
    net = _vgg(norm)
    body = Backbone(_source("vgg", (8, 16, 24, 4096)), net).eval()
    assert [name for name, _ in body.parts] == ["stem", "stage1", "stage2", "stage3", "top"]
    with torch.inference_mode():
        *found, top, logits = body(_pictures(64), body.depths)
        theirs = net.forward_intermediates(_pictures(64), intermediates_only=True)[:3]
        expected = net(_pictures(64))
    for a, b in zip(found, theirs, strict=True):  # timm's stand before the pooling
        torch.testing.assert_close(a, functional.max_pool2d(b, 2).mean((2, 3)))
    torch.testing.assert_close(logits, expected)
    assert top.shape == (2, 4096)
    assert len(body.late) == 2, "the two large layers behind the pooling"


def test_a_network_with_two_classifiers_is_refused():
    with pytest.raises(SourceError, match=r"is no plain chain of stages.*a vision transformer"):
        Backbone(_source("deit", (192,)), timm.build("deit_tiny_distilled_patch16_224"))


def test_the_position_embedding_is_resampled_when_the_network_is_built():
    """As timm's own networks that take any size do it at every picture."""
    own = timm.build("test_vit")
    x = _pictures(96)
    with torch.inference_mode():
        expected = own(x)
        before = own.pos_embed.shape
        assert timm.resized(own, 160).pos_embed.shape == before
        found = timm.resized(own, 96)
        torch.testing.assert_close(found(x), expected, rtol=1e-3, atol=1e-4)
    assert found.pos_embed.shape == (1, 37, 64) != before


def test_a_size_that_the_patches_do_not_fill_is_refused():
    with pytest.raises(SourceError, match=r"patches of VisionTransformer are 16 pixels wide.*multiple"):
        timm.resized(timm.build("test_vit"), 100)


def test_gradients_reach_every_part_of_a_transformer():
    torch.manual_seed(0)
    net = timm.resized(timm.build("test_vit"), 64)
    pieces = Pieces(net)
    x = _pictures(64)
    for part in pieces.chain.values():
        x = part(x)
    pieces.head(x).square().sum().backward()
    for name, part in pieces.chain.items():
        assert all(p.grad is not None for p in part.parameters()), name


@pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is an extra and not installed")
@pytest.mark.parametrize("architecture", ["test_vit", "test_convnext"])
def test_both_engines_give_a_networks_depths_and_cuts(architecture, tmp_path, monkeypatch):
    from headstart.family import load

    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    source, weights = tiny_tail.source(architecture), tiny_tail.weights(architecture)
    batch = [tiny_tail.pictures(3, 3, 5).x[i : i + 1] for i in range(3)]
    one, two = (
        backbone_extractor(source, ("all", "cut:3"), engine, weights).rows(batch) for engine in ("torch", "openvino")
    )
    exact = load("extract/engine", "openvino").precision() == "fp32"
    for a, b in zip(one, two, strict=True):
        assert a.shape == b.shape
        flat = [r.reshape(3, -1).astype(np.float64) for r in (a, b)]
        cosine = (flat[0] * flat[1]).sum(1) / np.linalg.norm(flat[0], axis=1) / np.linalg.norm(flat[1], axis=1)
        assert cosine.min() > (0.99999 if exact else 0.995)
