"""Vision models by their ordinary names, from a hub-compatible server and a mirror on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_vision
import torch
from tiny_hub import COMMIT

from headstart.errors import SourceError, UnknownName
from headstart.source import _catalogue
from headstart.source import torchvision as _torchvision_loader
from headstart.source.vision.backbone import Backbone, load, normalise, prepare
from headstart.source.vision.folder import _classes
from headstart.source.vision.timm import build, library

LEARNT = {
    "vit_small_patch16_224": "ImageNet-21k, then ImageNet-1k",
    "vit_base_patch16_clip_224.openai": "OpenAI's 400 million pictures with captions",
}


def picture(tall: int = 90, wide: int = 120) -> np.ndarray:
    rows, columns = np.mgrid[:tall, :wide]
    noise = np.random.default_rng(0).integers(0, 60, (tall, wide, 3))
    return (np.stack([rows * 2 % 190, columns % 190, (rows + columns) % 190], 2) + noise).astype(np.uint8)


def looked_at(body: Backbone) -> list[torch.Tensor]:
    """Features of `picture()` at every depth, and logits."""
    spec = body.source.pixels
    x = normalise(prepare(picture(), spec).unsqueeze(0), spec)
    with torch.inference_mode():
        return list(body(x, body.depths))


@pytest.mark.parametrize("name", tiny_vision.TIMM)
def test_a_timm_name_is_fetched_and_answers_as_timm_itself_lets_it(hub, tmp_path, name):
    repository, settings = tiny_vision.TIMM[name]
    folder = tiny_vision.timm_saved(tmp_path, repository, **settings)
    hub.repositories[f"timm/{repository}"] = folder
    source = _catalogue.get(name)
    assert (source.key, source.loader, source.modality) == (f"timm--{repository}", "hub", "image")
    assert source.origin["revision"] == COMMIT
    assert len(source.origin["weights_sha256"]) == 64
    assert source.licence == "apache-2.0"
    assert source.pretrained_on == LEARNT.get(name, "ImageNet-1k")
    assert source.classes == ("none" if "clip" in name else "imagenet-1k")
    timm = library()
    theirs = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    assert source.params == sum(p.numel() for p in theirs.parameters())
    how = timm.data.create_transform(**timm.data.resolve_data_config({}, model=theirs))
    from PIL import Image

    with torch.inference_mode():
        wanted = theirs(how(Image.fromarray(picture())).unsqueeze(0))
    *features, logits = looked_at(load(source))
    assert tuple(f.shape[1] for f in features) == source.widths
    assert (logits - wanted).abs().max() < 0.05 * wanted.abs().max()  # a picture's pixels are rounded on the way


@pytest.mark.parametrize("name", ["alexnet", "googlenet"])
def test_a_torchvision_name_that_timm_has_not_answers_as_torchvisions(hub, tmp_path, monkeypatch, name):
    file = tiny_vision.torchvision_saved(tmp_path, name, monkeypatch)
    hub.files[f"models/{file.name}"] = file
    source = _catalogue.get(name)
    assert (source.key, source.loader) == (f"{name}.IMAGENET1K_V1", "torchvision")
    assert (source.pretrained_on, source.classes) == ("ImageNet-1k", "imagenet-1k")
    assert "not stated" in source.licence
    *_, logits = looked_at(load(source))
    wanted, parameters = theirs(name, file)
    assert (logits - wanted).abs().max() < 0.05 * wanted.abs().max()
    assert source.params == parameters
    assert _catalogue.describe(source)["pulled"] is True


def theirs(name, file) -> tuple[torch.Tensor, int]:
    """torchvision's own answer, by its own transform; and its parameters, without inner classifiers."""
    import torchvision
    from PIL import Image

    more = {"transform_input": True, "init_weights": False} if name == "googlenet" else {}
    net = getattr(torchvision.models, name)(**more).eval()
    net.load_state_dict(torch.load(file, weights_only=True))
    how = torchvision.models.get_model_weights(name).DEFAULT.transforms()
    with torch.inference_mode():
        found = net(how(Image.fromarray(picture())).unsqueeze(0))
    return found, sum(p.numel() for n, p in net.named_parameters() if not n.startswith("aux"))


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "mobilenet_v3_small", "efficientnet_b0"])
def test_torchvisions_weights_stand_in_timms_network_where_there_is_one(hub, tmp_path, monkeypatch, name):
    file = tiny_vision.torchvision_saved(tmp_path / "torch" / "hub" / "checkpoints", name, monkeypatch)
    source = _catalogue.get(f"torchvision:{name}")
    path = _catalogue.fetch(source)  # conversion asks both networks the same
    assert path.is_file()
    assert source.origin["file"] == str(file), "torch's own copy is taken"
    assert hub.asked == []


@pytest.mark.parametrize(
    "said", [{"TORCH_HOME": "~/mine"}, {"XDG_CACHE_HOME": "/other"}, {}, {"TORCH_HOME": "/a", "XDG_CACHE_HOME": "/b"}]
)
def test_torchs_own_cache_is_found_as_torch_finds_it(monkeypatch, tmp_path, said):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**said, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    assert _torchvision_loader._torchs() / "hub" == Path(torch.hub.get_dir())


def test_clip_by_its_name_on_the_hub_gives_its_picture_side(hub, tmp_path):
    hub.repositories["openai/clip-vit-base-patch32"] = tiny_vision.transformers_saved(tmp_path, "clip")
    source = _catalogue.get("openai/clip-vit-base-patch32")
    assert (source.key, source.modality, source.classes) == ("openai--clip-vit-base-patch32", "image", "none")
    *_, top, projected = looked_at(load(source))
    assert (top.shape[1], projected.shape[1]) == (32, 24)


def test_a_snapshot_without_the_processor_is_not_whole_and_is_fetched_again(hub, tmp_path):
    """transformers fetches the model's files alone where only the model is asked for, into the same cache."""
    hub.repositories["someone/clip"] = tiny_vision.transformers_saved(tmp_path, "clip")
    first = _catalogue.get("someone/clip")
    processor = Path(first.origin["folder"]) / "preprocessor_config.json"
    processor.unlink()
    assert _catalogue.get("someone/clip") == first
    assert processor.is_file()


def test_a_repository_without_safetensors_says_where_some_may_be(hub, tmp_path):
    folder = tiny_vision.transformers_saved(tmp_path, "vit")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    hub.repositories["someone/old"] = folder
    with pytest.raises(SourceError, match=r"holds no weights as safetensors.* 'refs/pr/N'"):
        _catalogue.get("someone/old")


def test_a_name_that_nobody_knows_is_answered_with_those_like_it(hub):
    with pytest.raises(SourceError, match=r"no name of timm's or torchvision's \(timm has resnet50(.|\n)*404"):
        _catalogue.get("resnet5")


def test_a_tag_chooses_among_weights_and_a_wrong_one_is_told(hub):
    with pytest.raises(SourceError, match=r"timm has no weights 'resnet18\.a9' .*resnet18\.a1_in1k"):
        _catalogue.get("resnet18.a9")
    with pytest.raises(SourceError, match=r"no weights 'resnet50\.V3'; it has resnet50\.IMAGENET1K_V1"):
        _catalogue.get("torchvision:resnet50.V3")
    timm = library()
    bare = next(n for n in timm.list_models("resnet*") if not timm.get_pretrained_cfg(n).hf_hub_id)
    with pytest.raises(SourceError, match=f"timm names no repository with weights for '{bare}'"):
        _catalogue.get(bare)


def test_a_name_is_looked_for_where_it_says(hub, tmp_path):
    hub.repositories["timm/resnet18.a1_in1k"] = tiny_vision.timm_saved(
        tmp_path, "resnet18.a1_in1k", **tiny_vision.TIMM["resnet18"][1]
    )
    found = [_catalogue.get(f"{said}resnet18.a1_in1k") for said in ("timm:", "hf-hub:timm/", "hub:timm/", "timm/", "")]
    assert len({source.key for source in found}) == 1
    pinned = _catalogue.get(f"hub:timm/resnet18.a1_in1k@{COMMIT}")
    assert (pinned.origin["revision"], pinned.sha256) == (COMMIT, found[0].sha256)
    assert pinned.key != found[0].key
    with pytest.raises(SourceError, match=r"does not give 'timm/resnet18\.a1_in1k@v9'(.|\n)*Revision"):
        _catalogue.get("timm/resnet18.a1_in1k@v9")
    with pytest.raises(SourceError, match="'no_such' is no name that 'timm:' knows"):
        _catalogue.get("timm:no_such")
    with pytest.raises(UnknownName):
        _catalogue.get("nowhere:resnet18")


@pytest.mark.parametrize(
    ("architecture", "tag", "count", "said"),
    [
        ("vit_base_patch16_clip_224", "openai", 512, "none"),
        ("vit_base_patch16_clip_224", "openai_ft_in1k", 1000, "imagenet-1k"),
        ("vit_base_patch16_clip_224", "laion2b_ft_in12k", 11821, "11,821 classes without names"),
        ("convnext_base", "clip_laion2b_augreg", 640, "none"),
        ("convnext_large_mlp", "clip_laion2b_ft_320", 768, "none"),
        ("convnext_base", "clip_laion2b_augreg_ft_in12k_in1k_384", 1000, "imagenet-1k"),
        ("convnext_base", "fb_in22k", 21841, "21,841 classes without names"),
    ],
)
def test_the_tag_tells_a_classifier_from_the_space_shared_with_texts(architecture, tag, count, said):
    """Widths as timm's own table has them for these tags."""
    assert library().get_pretrained_cfg(f"{architecture}.{tag}").num_classes == count
    assert _classes(None, count, tag, architecture) == said


def test_a_strangers_model_is_not_taken_for_imagenets(hub, tmp_path):
    folder = tiny_vision.timm_saved(tmp_path, "resnet18.a1_in1k", **tiny_vision.TIMM["resnet18"][1], num_classes=3)
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**said, "label_names": ["oak", "elm", "ash"]}))
    (folder / "README.md").write_text("---\nlicense: other\nlicense_name: forest-1\ndatasets:\n- me/trees\n---\n")
    hub.repositories["someone/trees"] = folder
    source = _catalogue.get("someone/trees")
    assert (source.pretrained_on, source.domain, source.licence) == ("me/trees", "not stated", "forest-1")
    assert source.classes == "its own 3: oak, elm, ash"
    *_, logits = looked_at(load(source))
    assert logits.shape == (1, 3)


def test_a_file_alone_needs_timms_name_of_its_network(tmp_path, monkeypatch):
    from safetensors.torch import save_file

    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    net = tiny_vision.drawn(build("test_resnet", {"num_classes": 4}))
    file = tmp_path / "mine.safetensors"
    save_file(net.state_dict(), file)
    with pytest.raises(SourceError, match=r"holds weights and not what they are weights of(.|\n)*timm:NAME=.*mine"):
        _catalogue.get(str(file))
    source = _catalogue.get(f"timm:test_resnet={file}")
    assert (source.classes, source.pretrained_on) == ("4 classes without names", "not stated")
    *_, logits = looked_at(load(source))
    spec = source.pixels
    with torch.inference_mode():
        x = normalise(prepare(picture(), spec).unsqueeze(0), spec)
        torch.testing.assert_close(logits, net(x), rtol=1e-4, atol=1e-4)
    assert _catalogue.get(f"timm:test_resnet={file}").key != _catalogue.get(f"timm:test_vit={file}").key
    with pytest.raises(SourceError, match="do not fit timm's test_vit"):
        _catalogue.fetch(_catalogue.get(f"timm:test_vit={file}"))
    with pytest.raises(SourceError, match="is no file with weights"):
        _catalogue.get(f"timm:test_resnet={tmp_path}/none.safetensors")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.safetensors", b"\x08\0\0\0\0\0\0\0{}", "is no whole safetensors file"),
        ("a.safetensors", b"", "is no whole safetensors file"),
        ("a.pth", b"PK\x03\x04 broken", "is no torch file"),
        ("a.pth", [torch.ones(2)], "holds a list, not tensors by name"),
        (
            "a.pth",
            {"epoch": 3, "state_dict": {"a": torch.ones(2)}},
            r"epoch, state_dict (.|\n)*a part of it, 'state_dict'",
        ),
        ("a.pth", {1: torch.ones(2)}, "in place of tensors by name"),
        ("a.pth", {}, "holds nothing"),
        ("a.pth", {"fc.weight": torch.tensor(1.0)}, "do not fit timm's test_resnet"),
    ],
)
def test_a_file_of_no_tensors_by_name_is_told(tmp_path, monkeypatch, name, content, said):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    else:
        torch.save(content, tmp_path / name)
    with pytest.raises(SourceError, match=said):
        _catalogue.fetch(_catalogue.get(f"timm:test_resnet={tmp_path / name}"))


def test_a_run_keeps_where_its_source_came_from(hub, tmp_path):
    from PIL import Image

    from headstart import fit, load

    settings = {"num_classes": 6}
    hub.repositories["someone/tiny"] = tiny_vision.timm_saved(tmp_path, "test_resnet.r160_in1k", **settings)
    rng = np.random.default_rng(0)
    for label, colour in (("red", (200, 40, 40)), ("blue", (40, 40, 200))):
        (tmp_path / "data" / label).mkdir(parents=True)
        for at in range(24):
            pixels = np.clip(rng.normal(colour, 50, (40, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / label / f"{at}.png")
    run = fit(tmp_path / "data", source="someone/tiny", strategy="probe,classical", out=tmp_path / "run", seeds=1)
    [origin] = run.record["origins"].values()
    assert (origin["repository"], origin["revision"]) == ("someone/tiny", COMMIT)
    assert len(origin["weights_sha256"]) == 64
    hub.repositories.clear()
    assert load(tmp_path / "run").predict([tmp_path / "data" / "red" / "0.png"])[0].label in ("red", "blue")
