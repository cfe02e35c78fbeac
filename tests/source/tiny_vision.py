"""Vision models with random weights, as timm, transformers and torchvision save them; small where they can be.

The architectures are the true ones, built by their own libraries; widths and depths are small where the library's own
arguments permit it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path

import torch

from headstart.source import _library, _transformers
from headstart.source.vision import timm as _timm

_RESNET = {"channels": [8, 16, 24, 32], "side": 96}
_VIT = {"embed_dim": 32, "depth": 2, "num_heads": 4}
# What a person writes → (the repository that timm names for it, arguments that make it small).
TIMM = {
    "resnet18": ("resnet18.a1_in1k", _RESNET),
    "resnet50": ("resnet50.a1_in1k", _RESNET),
    "resnet101": ("resnet101.a1h_in1k", _RESNET),
    "resnet152": ("resnet152.a1h_in1k", _RESNET),
    "vgg16": ("vgg16.tv_in1k", {"mlp_ratio": 0.01, "side": 64}),
    "vgg19": ("vgg19.tv_in1k", {"mlp_ratio": 0.01, "side": 64}),
    "inception_v3": ("inception_v3.tv_in1k", {"side": 96}),
    "efficientnet_b0": ("efficientnet_b0.ra_in1k", {}),
    "mobilenetv3_small_100": ("mobilenetv3_small_100.lamb_in1k", {}),
    "vit_small_patch16_224": ("vit_small_patch16_224.augreg_in21k_ft_in1k", _VIT),
    "vit_base_patch16_clip_224.openai": ("vit_base_patch16_clip_224.openai", {**_VIT, "num_classes": 512}),
    "resnet50_gn": ("resnet50_gn.a1h_in1k", {"channels": [32, 32, 64, 64], "side": 96}),
}
_TOKENS = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 32, "patch_size": 8}
_ALL = {**_TOKENS, "intermediate_size": 64}
_DEEP, _WIDE, _NARROW = [1, 2, 1, 1], [32, 48, 64, 96], [8, 16, 24, 32]
_EDGE = {"size": {"shortest_edge": 64}}
# Name → (class, settings, what its processor says beside its class's defaults).
TRANSFORMERS = {
    "vit": (
        "ViTForImageClassification",
        {**_TOKENS, "intermediate_size": 48, "num_labels": 5},
        {"size": 32, "feature_extractor_type": "ViTFeatureExtractor"},
    ),
    "vit-headless": ("ViTModel", {**_ALL, "qkv_bias": False}, {"size": {"height": 32, "width": 32}}),
    "clip": (
        "CLIPModel",
        {"projection_dim": 24},
        {"size": 32, "crop_size": 32, "feature_extractor_type": "CLIPFeatureExtractor"},
    ),
    "clip-pictures": ("CLIPVisionModel", _ALL, {"size": 32, "crop_size": {"height": 32, "width": 32}}),
    "dinov2": (
        "Dinov2Model",
        {**_TOKENS, "mlp_ratio": 2, "image_size": 56},
        {"size": {"shortest_edge": 36}, "crop_size": 32, "image_processor_type": "BitImageProcessor"},
    ),
    "resnet-bottleneck": (
        "ResNetForImageClassification",
        {"depths": _DEEP, "hidden_sizes": _WIDE, "num_labels": 4},
        {**_EDGE, "crop_pct": 0.875},
    ),
    "resnet-basic": (
        "ResNetModel",
        {"depths": _DEEP, "hidden_sizes": [64, 48, 64, 96], "layer_type": "basic"},
        _EDGE,
    ),
    "convnext": (
        "ConvNextForImageClassification",
        {"depths": _DEEP, "hidden_sizes": _NARROW, "num_labels": 3},
        {**_EDGE, "image_mean": [0.4, 0.5, 0.6]},
    ),
    "convnextv2": ("ConvNextV2Model", {"depths": _DEEP, "hidden_sizes": _NARROW}, _EDGE),
}


def drawn(net: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """The network with random weights of a sensible size in every place, so that none lost or moved goes unseen."""
    made = torch.Generator().manual_seed(seed)
    for name, tensor in net.state_dict().items():
        if not tensor.is_floating_point():
            continue
        if tensor.ndim > 1:
            tensor.normal_(0, min(0.5, 1.5 / tensor[0].numel() ** 0.5), generator=made)
        elif name.endswith(("bias", "running_mean")):
            tensor.normal_(0, 0.1, generator=made)
        else:
            tensor.uniform_(0.5, 1.5, generator=made)
    return net.eval()


def timm_saved(folder: Path, name: str, *, licence: str = "apache-2.0", side: int = 0, **settings) -> Path:
    """A repository `name` ("resnet50.a1_in1k") as timm pushes it, with a card."""
    timm = _timm.library()
    with torch.device("meta"):  # drawing once is enough
        net = timm.create_model(name, **settings)
    place = folder / name
    how = {"input_size": (3, side, side)} if side else None
    timm.models.save_for_hf(drawn(net.to_empty(device="cpu")), place, safe_serialization=True, data_config=how)
    (place / "README.md").write_text(
        f"---\nlicense: {licence}\ntags:\n- timm\n---\n# Card, see https://arxiv.org/abs/2110.00476\n"
    )
    return place


def transformers_saved(folder: Path, name: str) -> Path:
    """A folder as transformers saves it: the network's own files and its processor's."""
    import json

    library = _transformers.library()
    kind, settings, how = TRANSFORMERS[name]
    made = getattr(library, kind)
    with torch.random.fork_rng(devices=[]):
        if name == "clip":
            inner = {**_TOKENS, "intermediate_size": 64}
            words = {
                "hidden_size": 16,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "intermediate_size": 16,
                "vocab_size": 9,
            }
            config = library.CLIPConfig(vision_config=inner, text_config={**words, "eos_token_id": 2}, **settings)
        else:
            config = made.config_class(**settings)
        net = drawn(made(config))
    place = folder / f"tiny-{name}"
    net.save_pretrained(place)
    (place / "preprocessor_config.json").write_text(json.dumps(how))
    return place


def torchvision_saved(folder: Path, name: str, monkeypatch, content: bytes | None = None) -> Path:
    """A file with random weights (or of `content`) as torchvision's server has it; torchvision is told that it is this.

    Its own table names the digest of the real weights, which cannot be had here; the entry is replaced for the test.
    """
    models = _library.library("torchvision").models
    folder.mkdir(parents=True, exist_ok=True)
    if content is None:
        inner = name in ("googlenet", "inception_v3")
        more = {"aux_logits": True, "transform_input": True, "init_weights": False} if inner else {}
        with torch.device("meta"):
            net = getattr(models, name)(**more)
        state = dict(drawn(net.to_empty(device="cpu")).state_dict())
        if name.startswith("densenet"):  # the real file's names are older, and it holds no counters
            old = {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", n): t for n, t in state.items()}
            state = {n: t for n, t in old.items() if "num_batches" not in n}
        torch.save(state, folder / "new.pth")
    else:
        (folder / "new.pth").write_bytes(content)
    digest = hashlib.sha256((folder / "new.pth").read_bytes()).hexdigest()
    file = (folder / "new.pth").rename(folder / f"{name}-{digest[:8]}.pth")
    entry = models.get_model_weights(name).DEFAULT
    url = f"https://download.pytorch.org/models/{file.name}"
    monkeypatch.setattr(entry, "_value_", dataclasses.replace(entry.value, url=url))
    return file
