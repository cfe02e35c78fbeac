"""Vision models in folders as transformers saves them: features, pictures and settings, against transformers itself."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_vision
import torch

from headstart.errors import SourceError
from headstart.source import _catalogue, _transformers
from headstart.source.vision import parity
from headstart.source.vision import transformers as adopting
from headstart.source.vision.backbone import load, normalise, prepare

HEADED = ("vit", "clip", "resnet-bottleneck", "convnext")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("saved")
    return {name: tiny_vision.transformers_saved(place, name) for name in tiny_vision.TRANSFORMERS}


@pytest.fixture
def own(folders, tmp_path, monkeypatch):
    """A name's folder, copied, so that it can be changed."""
    import shutil

    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return lambda name: shutil.copytree(folders[name], tmp_path / name)


def changed(folder, file="config.json", **fields):
    said = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**said, **fields}))
    return str(folder)


def picture(tall=90, wide=130) -> np.ndarray:
    rows, columns = np.mgrid[:tall, :wide]
    return np.stack([rows * 2 % 256, columns % 256, (rows + columns) % 256], 2).astype(np.uint8)


def theirs(folder, name, x):
    """transformers' own (logits or None, features)."""
    made = getattr(_transformers.library(), tiny_vision.TRANSFORMERS[name][0])
    net = made.from_pretrained(folder).eval()
    with torch.inference_mode():
        if name == "clip":
            inner = net.vision_model(pixel_values=x).pooler_output
            return net.visual_projection(inner), inner
        answer = net(pixel_values=x, output_hidden_states=True)
        if name == "vit-headless":
            return None, answer.last_hidden_state[:, 0]
        if name == "vit":
            return answer.logits, net.vit.layernorm(answer.hidden_states[-1])[:, 0]
        if name in HEADED:
            last = answer.hidden_states[-1].mean((2, 3))
            return answer.logits, net.convnext.layernorm(last) if name == "convnext" else last
        return None, answer.pooler_output.flatten(1)


@pytest.mark.parametrize("name", tiny_vision.TRANSFORMERS)
def test_features_and_answers_are_transformers_own(folders, tmp_path, monkeypatch, name):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    source = _catalogue.get(str(folders[name]))
    body, x = load(source), parity.probe(source.pixels.size)
    with torch.inference_mode():
        top, logits = body(x)
    wanted, features = theirs(folders[name], name, x)
    torch.testing.assert_close(top, features, rtol=1e-3, atol=1e-4)
    if wanted is not None:
        torch.testing.assert_close(logits, wanted, rtol=1e-3, atol=1e-4)
    assert source.params == sum(p.numel() for p in body.net.parameters())
    assert (source.classes == "none") == (wanted is None or name == "clip")
    assert (source.pretrained_on, source.domain, source.licence) == ("not stated",) * 3


@pytest.mark.parametrize("name", tiny_vision.TRANSFORMERS)
@pytest.mark.parametrize("shape", [(90, 130), (128, 64)])
def test_pictures_are_prepared_as_transformers_prepares_them(folders, name, shape):
    """To a grey level. (Of an odd margin transformers cuts the smaller half before the picture, timm and we after.)"""
    folder = folders[name]
    source = _catalogue.get(str(folder))
    said = json.loads((folder / "preprocessor_config.json").read_text())
    usual = {"vit": "ViT", "clip": "CLIP", "dinov": "Bit"}.get(name.rstrip("2").partition("-")[0], "ConvNext")
    named = said.pop("image_processor_type", said.pop("feature_extractor_type", f"{usual}ImageProcessor"))
    made = getattr(_transformers.library(), named.replace("FeatureExtractor", "ImageProcessor"))(**said)
    given = picture(*shape)
    wanted = made(given, return_tensors="pt", input_data_format="channels_last").pixel_values
    spec = source.pixels
    found = normalise(prepare(given, spec).unsqueeze(0), spec)
    assert found.shape == wanted.shape
    step = 1 / (255 * min(spec.std))  # a grey level
    assert (found - wanted).abs().max() < 1.6 * step


def test_a_classifiers_names_tell_imagenet_from_others(own):
    from headstart.source.vision import timm

    folder = own("resnet-bottleneck")
    changed(folder, id2label={str(at): name for at, name in enumerate(["oak", "elm", "ash", "fir"])})
    assert _catalogue.get(str(folder)).classes == "its own 4: oak, elm, ash, …"
    names = timm.class_names()
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors |= {"classifier.1.weight": torch.randn(1000, 96), "classifier.1.bias": torch.zeros(1000)}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    changed(folder, id2label={str(at): name for at, name in enumerate(names)})
    assert _catalogue.get(str(folder)).classes == "imagenet-1k"
    changed(folder, id2label={str(at): name for at, name in enumerate(reversed(names))})
    assert _catalogue.get(str(folder)).classes.startswith("its own 1,000")


def test_half_precision_and_parts_are_read(own, tmp_path):
    folder = own("vit")
    net = _transformers.library().ViTForImageClassification.from_pretrained(folder)
    net.half().save_pretrained(tmp_path / "parts", max_shard_size="20KB")
    (tmp_path / "parts" / "preprocessor_config.json").write_bytes((folder / "preprocessor_config.json").read_bytes())
    assert len([*(tmp_path / "parts").glob("*.safetensors")]) > 1
    whole, parts = (load(_catalogue.get(str(f))).state_dict() for f in (folder, tmp_path / "parts"))
    for name, tensor in whole.items():
        torch.testing.assert_close(tensor, parts[name], rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("dinov2", {"use_swiglu_ffn": True}, "use_swiglu_ffn = True has no twin among timm's networks; only False"),
        ("resnet-basic", {"embedding_size": 32}, "with embedding_size = 32 has no twin"),
        ("vit", {"hidden_act": "selu"}, "with hidden_act = 'selu' has no twin"),
        ("vit", {"num_channels": 4}, "num_channels = 4 has no twin"),
        ("vit", {"hidden_size": {"a": 1}}, "which is no plain setting"),
        ("vit", {"hidden_size": 10**9}, "which is no plain setting"),
        ("vit", {"hidden_size": 8192, "num_hidden_layers": 12}, "the safetensors hold .* bytes"),
        ("vit", {"num_hidden_layers": 3}, "do not fit its config.json: .* is missing"),
        ("vit", {"hidden_size": 0}, "describes no network|refuses"),
        ("vit", {"patch_size": 0}, "describes no network|refuses|no plain|asks for"),
        ("vit", {"patch_size": [8, 8, 8]}, "describes no network|refuses|no plain|asks for"),
        ("vit", {"num_attention_heads": 3}, "does not take|refuses"),
        ("resnet-basic", {"hidden_sizes": [8, 16]}, "describes no network|does not take|refuses|no plain|do not fit"),
        ("resnet-basic", {"depths": 3}, "describes no network|refuses"),
        ("vit", {"model_type": "swin"}, "holds a 'swin', a vision model .*those that are: vit, clip"),
    ],
)
def test_what_cannot_be_taken_is_told(own, name, fields, said):
    folder = changed(own(name), **fields)
    with pytest.raises(SourceError, match=said):
        _catalogue.fetch(_catalogue.get(folder))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"image_processor_type": "OwnProcessor"}, "asks for the processor 'OwnProcessor', which is not done here"),
        ({"rescale_factor": 1.0}, "rescale_factor = 1.0"),
        ({"do_resize": False}, "not resized"),
        ({"resample": 1}, "interpolation = 1"),
        ({"size": {"height": 32, "width": 48}}, "the size .* squares"),
        ({"size": 10**6}, "the size .*1000000"),
        ({"image_std": [0, 1, 1]}, "numbers above 0"),
        ({"image_mean": "grey"}, "mean = 'grey'"),
        ({"resample": "best"}, "what cannot be read"),
    ],
)
def test_a_processor_that_does_what_is_not_done_here_is_refused(own, fields, said):
    folder = changed(own("vit"), "preprocessor_config.json", **fields)
    with pytest.raises(SourceError, match=said):
        _catalogue.get(folder)


def test_another_size_than_the_networks_own_is_refused(own):
    folder = changed(own("vit"), "preprocessor_config.json", size=40)
    with pytest.raises(SourceError, match="image_size = 32 has no twin among timm's networks; only 40"):
        _catalogue.get(folder)


@pytest.fixture
def adopt(own):
    """Adopts the weights of the folder "vit", with settings of timm's that are changed."""
    from safetensors.torch import load_file

    folder = own("vit")
    said, tensors = json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors")

    def adopted(**changes):
        name, settings = adopting.architecture(said, 32, 5, "x")
        return adopting.adopted(said, tensors, (name, {**settings, **changes}), 32, "x")

    return adopted


def test_weights_under_a_wrong_name_are_noticed(adopt, monkeypatch):
    """The two norms of a block have equal shapes: only the answers tell them apart."""
    adopt()
    other = {".norm1.": ".norm2.", ".norm2.": ".norm1."}
    monkeypatch.setattr(adopting, "_RULES", [(rule, other.get(by, by)) for rule, by in adopting._RULES])
    with pytest.raises(SourceError, match="does not answer as its own library lets it"):
        adopt()


def test_another_activation_is_noticed(adopt):
    with pytest.raises(SourceError, match="does not answer as its own library lets it"):
        adopt(act_layer="relu")


def test_no_code_of_the_folder_is_run_and_nothing_is_fetched(own, hub):
    folder = own("vit")
    (folder / "own.py").write_text("raise SystemExit('it was run')")
    changed(
        folder,
        auto_map={"AutoModel": "own.Own", "AutoConfig": "own.OwnConfig"},
        _attn_implementation="someone/kernel",
        attn_implementation="someone/kernel",
        quantization_config={"quant_method": "bitsandbytes"},
        _name_or_path="someone/else",
    )
    changed(folder, "preprocessor_config.json", auto_map={"AutoImageProcessor": "own.Own"})
    assert load(_catalogue.get(str(folder))).depths[-1] == "top"
    assert hub.asked == []


def test_without_a_word_on_how_pictures_are_prepared_a_folder_is_refused(own):
    folder = own("clip")
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(SourceError, match=r"does not say how pictures are prepared(.|\n)*AutoImageProcessor"):
        _catalogue.get(str(folder))


def test_a_processor_of_transformers_5_is_read_before_the_older_file(own):
    """CLIPProcessor keeps what its image processor says in a table of one file with all parts."""
    folder = own("clip")
    before = _catalogue.get(str(folder))
    how = json.loads((folder / "preprocessor_config.json").read_text())
    whole = {"image_processor": {**how, "image_mean": [0.1, 0.2, 0.3]}, "processor_class": "CLIPProcessor"}
    (folder / "processor_config.json").write_text(json.dumps(whole))
    after = _catalogue.get(str(folder))
    assert after.pixels.mean == (0.1, 0.2, 0.3)
    assert after.sha256 != before.sha256
    (folder / "preprocessor_config.json").unlink()
    assert _catalogue.get(str(folder)).pixels == after.pixels
    (folder / "processor_config.json").write_text("[]")
    with pytest.raises(SourceError, match="which is no table"):
        _catalogue.get(str(folder))
