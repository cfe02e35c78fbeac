"""Settings of a stranger's file: plain ones pass, all others are named and refused; timm's own files in folders."""

from __future__ import annotations

import json

import pytest
import tiny_vision

from headstart.errors import SourceError
from headstart.source import _catalogue
from headstart.source.vision import processor, settings
from headstart.source.vision.timm import library


@pytest.mark.parametrize(
    "given",
    [
        {"block": "os.system"},
        {"act_layer": "torch.nn.ReLU"},
        {"norm_layer": "layernorm"},
        {"depth": 10**6},
        {"depth": 1.5},
        {"embed_dim": -1},
        {"img_size": [224, 196]},
        {"layers": [3] * 9},
        {"layers": [3, "x"]},
        {"depths": [3, 10_000]},
        {"qkv_bias": 1},
        {"mlp_ratio": float("inf")},
        {"in_chans": 1},
        {"pretrained_cfg": {"url": "http://127.0.0.1/x"}},
        {"checkpoint_path": "x.pth"},
        {"features_only": True},
        {"num_classes": True},
    ],
)
def test_what_is_no_plain_setting_is_refused(given):
    with pytest.raises(SourceError, match=f"asks for {next(iter(given))} = .*not taken from a file.*Taken are"):
        settings.checked(given, "config.json")


def test_what_only_matters_in_training_is_left_out():
    given = {"drop_path_rate": 0.2, "proj_drop_rate": 0.1, "scriptable": True, "num_classes": 0, "img_size": [32, 32]}
    assert settings.checked(given, "x") == {"num_classes": 0, "img_size": [32, 32]}
    with pytest.raises(SourceError, match="must be a table"):
        settings.checked([1], "x")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tiny_vision.timm_saved(tmp_path, "test_vit.r160_in1k", num_classes=4)


def rewritten(folder, change) -> str:
    said = json.loads((folder / "config.json").read_text())
    change(said)
    (folder / "config.json").write_text(json.dumps(said))
    return str(folder)


def test_a_persons_own_folder_says_nothing_of_what_it_learnt(folder):
    source = _catalogue.get(str(folder))
    assert source.key == f"test_vit.r160_in1k@{source.sha256[:8]}"
    assert (source.pretrained_on, source.classes) == ("not stated", "4 classes without names")
    assert source.pixels.size == 160


def test_an_older_file_with_one_table_is_read(folder):
    new = _catalogue.get(str(folder))
    rewritten(folder, lambda said: said.update(said.pop("pretrained_cfg")))
    old = _catalogue.get(str(folder))
    assert (old.input, old.widths, old.config["num_classes"]) == (new.input, new.widths, 4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(architecture="hf-hub:someone/harm"), "no architecture 'hf-hub:someone/harm'"),
        (lambda c: c.update(architecture="no_such"), "no architecture 'no_such'"),
        (lambda c: c.update(model_args={"block_fn": "x"}), "asks for block_fn"),
        (lambda c: c.update(model_args={"layers": [1]}), "does not take the settings"),
        (lambda c: c["pretrained_cfg"].update(input_size=[1, 160, 160]), "square pictures of three colours"),
        (lambda c: c["pretrained_cfg"].update(input_size=[3, 160, 96]), "square pictures of three colours"),
        (lambda c: c["pretrained_cfg"].update(crop_mode="border"), "crop_mode = 'border'"),
        (lambda c: c["pretrained_cfg"].update(interpolation="lanczos"), "interpolation = 'lanczos'"),
        (lambda c: c["pretrained_cfg"].update(crop_pct=3), "crop_pct = 3"),
        (lambda c: c["pretrained_cfg"].update(crop_pct=0.0005), "crop_pct = 0.0005"),
        (lambda c: c["pretrained_cfg"].update(crop_pct=True), "crop_pct = True"),
        (lambda c: c["pretrained_cfg"].update(input_size=[3, 2048, 2048], crop_pct=0.4), "of 4096 pixels at most"),
        (lambda c: c["pretrained_cfg"].update(mean=[True, 0.5, 0.5]), "mean = .True"),
        (lambda c: c["pretrained_cfg"].update(std=[0.5, True, 0.5]), "std = .*True"),
        (lambda c: c.update(model_args={"embed_dim": 32}), "do not fit timm's test_vit"),
        (lambda c: c.update(model_args={"embed_dim": 63}), "does not take the settings .*AssertionError"),
        (lambda c: c.update(model_args={"patch_size": 4096}), "SourceError|does not take|no plain chain|pixels"),
        (lambda c: c.update(architecture="headstart:faces"), "'headstart:faces' takes no settings, and .*num_classes"),
        (lambda c: c.update(architecture="torchvision:alexnet", model_args={"depth": 3}), "leave out depth"),
        (lambda c: c.update(model_type=[]), r"model_type = \[\]; it must be a name"),
    ],
)
def test_a_file_that_asks_for_more_is_refused(folder, change, said):
    with pytest.raises(SourceError, match=said):
        _catalogue.fetch(_catalogue.get(rewritten(folder, change)))


@pytest.mark.parametrize("said", [{"input_size": [3, 64, 64]}, {"crop_pct": 0.9, "mean": [0.5, 0.5, 0.5]}])
def test_what_a_file_leaves_out_is_as_timm_has_it(said):
    wanted = library().data.resolve_data_config(pretrained_cfg=said)
    found = processor.from_timm(said, "x")
    assert (3, found.size, found.size) == tuple(wanted["input_size"])
    assert (found.interpolation, found.crop) == (wanted["interpolation"], wanted["crop_pct"])
    assert (found.mean, found.std) == (tuple(wanted["mean"]), tuple(wanted["std"]))


def test_a_picture_is_squashed_where_the_file_says_so(folder):
    import numpy as np
    import torch
    from PIL import Image

    from headstart.source.vision.backbone import normalise, prepare

    rewritten(folder, lambda c: c["pretrained_cfg"].update(crop_mode="squash", crop_pct=0.9))
    source = _catalogue.get(str(folder))
    timm = library()
    net = timm.create_model("test_vit", num_classes=4)
    said = json.loads((folder / "config.json").read_text())["pretrained_cfg"]
    how = timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg=said, model=net))
    rows, columns = np.mgrid[:100, :240]
    given = np.stack([rows * 2, columns, rows + columns], 2).clip(0, 255).astype(np.uint8)
    found = normalise(prepare(given, source.pixels).unsqueeze(0), source.pixels)
    torch.testing.assert_close(found[0], how(Image.fromarray(given)), rtol=0, atol=1.6 / (255 * 0.2))


def test_a_resnet_v2_is_taken_by_its_name(tmp_path, monkeypatch):
    """Its classifier is a convolution."""
    from headstart.source.vision.sizes import sizes

    found = sizes("resnetv2_50", {"num_classes": 7}, 64)
    assert (found["feature_dim"], found["widths"]) == (2048, (256, 512, 1024, 2048, 2048))


def test_a_card_tells_its_licence_and_data(folder):
    card = (
        "---\nlicense: mit\ndatasets: [imagenet-1k, 'imagenet-21k']\n---\nSee https://arxiv.org/pdf/2010.11929 there."
    )
    (folder / "README.md").write_text(card)
    source = _catalogue.get(str(folder))
    assert (source.licence, source.paper, source.domain) == ("mit", "arXiv:2010.11929", "photographs")
    assert source.pretrained_on == "imagenet-1k, then imagenet-21k"
    (folder / "README.md").write_text("no head\nlicense: mit\n")
    assert _catalogue.get(str(folder)).licence == "not stated"
