"""Vision models that transformers saved, as timm's networks: settings and weights by timm's names, checked by asking.

In: the table of a config.json and the tensors beside it. Out: timm's architecture with its settings, and the weights it
takes. transformers itself reads the tensors, whatever names its versions gave them; then its network and timm's are
asked the same and must answer the same. Of config.json only the plain settings of `TYPES` are taken.

Papers: Dosovitskiy et al., ViT, ICLR 2021; Radford et al., CLIP, ICML 2021; Oquab et al., DINOv2, TMLR 2024; He et al.,
ResNet, CVPR 2016; Liu et al., ConvNeXt, CVPR 2022; Woo et al., ConvNeXt V2, CVPR 2023.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ...errors import SourceError
from .. import _transformers
from . import parity, timm
from .settings import checked

if TYPE_CHECKING:
    from torch import Tensor, nn

Timm = tuple[str, dict[str, Any]]  # timm's architecture, and its settings
_TOKENS = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act",
           "layer_norm_eps", "image_size", "patch_size", "num_channels", "qkv_bias")  # fmt: skip
_STAGES = ("num_channels", "hidden_sizes", "depths", "hidden_act")
_TEXT = ("text_model.", "text_projection.", "logit_scale")  # of a CLIP
_ACTS = {"gelu": "gelu", "quick_gelu": "quick_gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh"}


def _vit(own: Any, size: int, classes: int) -> Timm:  # noqa: ANN401 - a configuration, as in those below
    _only(own, "image_size", size)
    return "vit_base_patch16_224", _transformer(own, size, classes)


def _clip(own: Any, size: int, classes: int) -> Timm:  # noqa: ANN401
    _only(own, "image_size", size)
    return "vit_base_patch32_clip_224", _transformer(own, size, classes)


def _dinov2(own: Any, size: int, classes: int) -> Timm:  # noqa: ANN401
    _only(own, "use_swiglu_ffn", False)
    own.intermediate_size = int(own.hidden_size * own.mlp_ratio)
    return "vit_base_patch14_dinov2", {**_transformer(own, size, classes), "init_values": 1.0}


def _transformer(own: Any, size: int, classes: int) -> dict[str, Any]:  # noqa: ANN401
    if own.hidden_act not in _ACTS:
        _only(own, "hidden_act", "gelu")
    return {
        "img_size": size,
        "patch_size": own.patch_size,
        "embed_dim": own.hidden_size,
        "depth": own.num_hidden_layers,
        "num_heads": own.num_attention_heads,
        "mlp_ratio": own.intermediate_size / own.hidden_size,
        "qkv_bias": getattr(own, "qkv_bias", True),
        "act_layer": _ACTS[own.hidden_act],
        "layer_norm_eps": own.layer_norm_eps,
        "num_classes": classes,
    }


def _resnet(own: Any, size: int, classes: int) -> Timm:  # noqa: ANN401
    wanted = {"embedding_size": 64, "hidden_act": "relu"}
    for name, value in {**wanted, "downsample_in_first_stage": False, "downsample_in_bottleneck": False}.items():
        _only(own, name, value)
    wide = own.layer_type == "bottleneck"
    channels = [width // (4 if wide else 1) for width in own.hidden_sizes]
    settings = {"layers": list(own.depths), "channels": channels, "num_classes": classes}
    return "resnet50" if wide else "resnet18", settings


def _convnext(own: Any, size: int, classes: int) -> Timm:  # noqa: ANN401
    _only(own, "hidden_act", "gelu")
    name = "convnextv2_tiny" if own.model_type == "convnextv2" else "convnext_tiny"
    settings = {"depths": list(own.depths), "dims": list(own.hidden_sizes), "patch_size": own.patch_size}
    return name, {**settings, "num_classes": classes}


class Kind(NamedTuple):
    """What is known of one model type of transformers."""

    stem: str  # its classes' names begin with it
    processor: str  # the usual one
    settings: tuple[str, ...]  # that are taken of config.json
    timm: Callable[[Any, int, int], Timm]
    pooled: bool = True  # whether the network without a head gives one vector that timm's "top" can be held against


TYPES = {
    "vit": Kind("ViT", "ViT", _TOKENS, _vit, False),
    "clip": Kind("CLIPVision", "CLIP", (*_TOKENS, "projection_dim"), _clip),
    "clip_vision_model": Kind("CLIPVision", "CLIP", (*_TOKENS, "projection_dim"), _clip),
    "dinov2": Kind("Dinov2", "Bit", (*_TOKENS, "mlp_ratio", "use_swiglu_ffn"), _dinov2),
    "resnet": Kind("ResNet", "ConvNext", (*_STAGES, "embedding_size", "layer_type", "downsample_in_first_stage",
                                          "downsample_in_bottleneck"), _resnet),
    "convnext": Kind("ConvNext", "ConvNext", (*_STAGES, "num_stages", "patch_size"), _convnext),
    "convnextv2": Kind("ConvNextV2", "ConvNext", (*_STAGES, "num_stages", "patch_size"), _convnext),
}  # fmt: skip


def classifiers() -> Collection[str]:
    """Model types that tell pictures apart in transformers, read here or not."""
    _transformers.library()
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES as KNOWN

    return cast("Collection[str]", KNOWN.keys())


def configuration(said: Mapping[str, Any], whose: str) -> Any:  # noqa: ANN401 - of transformers' own class
    """transformers' configuration of a vision model, made of the plain settings alone.

    Raises:
        SourceError: a setting that is no number, word or list of numbers; or not three colours.
    """
    model_type = str(said["model_type"])
    kind = TYPES[model_type]
    given: Mapping[str, Any] = said
    if model_type == "clip":  # its pictures' side stands in a table of its own
        inner = said.get("vision_config") or {}
        given = {**inner, "projection_dim": said.get("projection_dim", 512)} if isinstance(inner, Mapping) else {}
    taken = {name: given[name] for name in kind.settings if given.get(name) is not None}
    for name, value in taken.items():
        items = value if isinstance(value, list) else [value]
        numbers = all(isinstance(v, bool) or (isinstance(v, int | float) and 0 <= v <= 65536) for v in items)
        if len(items) > 8 or not (numbers or (isinstance(value, str) and value.isidentifier())):
            raise SourceError(f"{whose} has {name} = {str(value)[:80]!r}, which is no plain setting. Correct the file.")
    try:
        own = getattr(_transformers.library(), f"{kind.stem}Config")(**taken)
    except Exception as problem:  # the library checks settings with errors of its own making
        raise SourceError(f"{whose} has settings that transformers refuses ({problem}). Correct the file.") from problem
    _only(own, "num_channels", 3)
    return own


def architecture(said: Mapping[str, Any], size: int, classes: int, whose: str) -> Timm:
    """timm's name of the network, and its settings.

    Args:
        said: the table of config.json; its model type is one of `TYPES`.
        size: pixels a side that the network will see.
        classes: width of the head, 0 without one.
        whose: where it stands, for messages.

    Raises:
        SourceError: a variant that timm's network is not.
    """
    own = configuration(said, whose)
    name, settings = TYPES[str(said["model_type"])].timm(own, size, classes)
    return name, checked(settings, whose)


def head(said: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How wide the answer of the model's own last layer is, by the shapes of its tensors; 0 where timm has no such.

    (DINOv2's classifiers read two vectors side by side, so there the features alone are taken.)
    """
    if said["model_type"] == "dinov2":
        return 0
    ends = ("visual_projection.weight", "classifier.weight", "classifier.1.weight")
    return next((shapes[name][0] for name in ends if name in shapes), 0)


def adopted(
    said: Mapping[str, Any], tensors: Mapping[str, Tensor], network: Timm, size: int, whose: str
) -> dict[str, Tensor]:
    """The weights by timm's names, after both networks have given the same answer.

    Args:
        said: the table of config.json.
        tensors: what stands in the safetensors files.
        network: what `architecture` gave.
        size: pixels a side.
        whose: where they stand, for messages.

    Raises:
        SourceError: weights are missing, have other shapes, or make timm's network answer otherwise.
    """
    import torch

    theirs, headed = _theirs(said, tensors, whose), network[1]["num_classes"] > 0
    renamed = _renamed(theirs.state_dict(), size // network[1].get("patch_size", size))
    net = timm.build(*network)
    wanted = {name: tuple(t.shape) for name, t in net.state_dict().items()}
    if headed and "head.bias" not in renamed and "head.bias" in wanted:  # CLIP's projection has none
        renamed["head.bias"] = torch.zeros(wanted["head.bias"])
    lacking = [n for n in wanted if n not in renamed and not n.endswith(parity.COUNTER)]
    wrong = lacking + [n for n in wanted if n in renamed and renamed[n].numel() != math.prod(wanted[n])]
    if wrong:
        raise SourceError(f"The weights of {whose} do not fit timm's {network[0]}: {', '.join(wrong)[:300]}.")
    net.load_state_dict({n: renamed[n].reshape(wanted[n]) for n in wanted if n in renamed}, strict=False)
    x = parity.probe(size)
    with torch.inference_mode():
        answer: Any = theirs(pixel_values=x)
        parity.same(_mine(net, x, headed), _answer(answer, headed, said), whose)
    return net.state_dict()


def _theirs(said: Mapping[str, Any], tensors: Mapping[str, Tensor], whose: str) -> Any:  # noqa: ANN401 - a network
    """transformers' own network with the weights."""
    own, kind = configuration(said, whose), TYPES[str(said["model_type"])]
    shapes = {name: tuple(t.shape) for name, t in tensors.items()}
    classes = head(said, shapes)
    ending = "Model"
    if kind.stem == "CLIPVision":
        ending = "ModelWithProjection" if classes else "Model"
        tensors = {n: t for n, t in tensors.items() if not n.startswith(_TEXT) and not n.endswith("position_ids")}
    elif classes:
        ending, own.num_labels = "ForImageClassification", classes
    made = getattr(_transformers.library(), kind.stem + ending)
    net, wrong, _ = _transformers.filled(made, None, config=own, state_dict=dict(tensors))
    if bad := [f"{name} {why}" for name, why in wrong.items() if ".pooler." not in name and "pooler" != name]:
        raise SourceError(
            f"The weights of {whose} do not fit its config.json: {'; '.join(sorted(bad))[:300]}. Save the model again."
        )
    return net.eval()


def _answer(answer: Any, headed: bool, said: Mapping[str, Any]) -> Tensor:  # noqa: ANN401 - a transformers output
    """Of their network: the logits, CLIP's projection, or the vector that a head would read."""
    if headed:
        return cast("Tensor", answer.image_embeds if "image_embeds" in answer else answer.logits)
    if not TYPES[str(said["model_type"])].pooled:
        return cast("Tensor", answer.last_hidden_state[:, 0])
    return cast("Tensor", answer.pooler_output.flatten(1))


def _mine(net: nn.Module, x: Tensor, headed: bool) -> Tensor:
    """The same of timm's."""
    timm_net: Any = net
    if headed:
        return cast("Tensor", net(x))
    return cast("Tensor", timm_net.forward_head(timm_net.forward_features(x), pre_logits=True))


# transformers' names → timm's, one rule after another. Alternatives are older and newer names of the same.
_RULES = [
    (r"^(vit|dinov2|vision_model|resnet|convnext|convnextv2)\.", ""),
    (r"^embeddings\.(cls_token|class_embedding)$", "cls_token"),
    (r"^embeddings\.position_embedd(ings|ing\.weight)$", "pos_embed"),
    (r"^embeddings\.patch_embedd(ings\.projection|ing)\.", "patch_embed.proj."),
    (r"^embeddings\.patch_embeddings\.", "stem.0."),
    (r"^embeddings\.layernorm\.", "stem.1."),
    (r"^pre_layrnorm\.", "norm_pre."),
    (r"^embedder\.embedder\.convolution\.", "conv1."),
    (r"^embedder\.embedder\.normalization\.", "bn1."),
    (r"^encoder\.stages\.(\d+)\.downsampling_layer\.", r"stages.\1.downsample."),
    (r"^encoder\.stages\.(\d+)\.layers\.(\d+)\.(?=layer\.|shortcut\.)", lambda m: f"layer{int(m[1]) + 1}.{m[2]}."),
    (r"\.layer\.(\d)\.convolution\.", lambda m: f".conv{int(m[1]) + 1}."),
    (r"\.layer\.(\d)\.normalization\.", lambda m: f".bn{int(m[1]) + 1}."),
    (r"\.shortcut\.convolution\.", ".downsample.0."),
    (r"\.shortcut\.normalization\.", ".downsample.1."),
    (r"^encoder\.stages\.(\d+)\.layers\.", r"stages.\1.blocks."),
    (r"^(encoder\.)?layers?\.(?=\d)", "blocks."),
    (r"\.layer_scale_parameter$", ".gamma"),
    (r"\.dwconv\.", ".conv_dw."),
    (r"\.pwconv(\d)\.", r".mlp.fc\1."),
    (r"\.grn\.", ".mlp.grn."),
    (r"^(stages.*)\.layernorm\.", r"\1.norm."),
    (r"\.(self_attn|attention\.attention|attention)\.(q_proj|query)\.", ".attn.q."),
    (r"\.(self_attn|attention\.attention|attention)\.(k_proj|key)\.", ".attn.k."),
    (r"\.(self_attn|attention\.attention|attention)\.(v_proj|value)\.", ".attn.v."),
    (r"\.(self_attn\.out_proj|attention\.o_proj|attention\.output\.dense)\.", ".attn.proj."),
    (r"\.(layernorm_before|layer_norm1)\.", ".norm1."),
    (r"\.(layernorm_after|layer_norm2)\.", ".norm2."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    (r"\.layer_scale(\d)\.lambda1$", r".ls\1.gamma"),
    (r"^(layernorm|post_layernorm)\.", "norm."),
    (r"^(classifier(\.1)?|visual_projection)\.", "head."),
]


def _renamed(tensors: Mapping[str, Tensor], grid: int) -> dict[str, Tensor]:
    """By timm's names; query, key and value in one; positions for `grid` × `grid` patches."""
    import torch

    out: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        new = name
        for rule, by in _RULES:
            new = re.sub(rule, cast(str, by), new)
        out[new] = tensor
    for query in [name for name in out if ".attn.q." in name]:
        three = [out.pop(query.replace(".q.", f".{part}.")) for part in "qkv"]
        out[query.replace(".q.", ".qkv.")] = torch.cat(three)
    if "pos_embed" in out:
        out["pos_embed"] = _positions(out["pos_embed"], grid)
    elif "conv1.weight" in out:  # timm calls the last layer of a ResNet otherwise
        out = {name.replace("head.", "fc.") if name.startswith("head.") else name: t for name, t in out.items()}
    else:  # a ConvNeXt's last norm stands in its head
        out = {re.sub(r"^norm\.", "head.norm.", re.sub(r"^head\.", "head.fc.", n)): t for n, t in out.items()}
    return out


def _positions(table: Tensor, grid: int) -> Tensor:
    """The class token's and the patches' positions, these resampled as transformers does it, where need be."""
    from torch.nn import functional

    table = table.reshape(1, -1, table.shape[-1])
    side, width = round((table.shape[1] - 1) ** 0.5), table.shape[-1]
    if side == grid:
        return table
    import torch

    patches = table[:, 1:].reshape(1, side, side, width).permute(0, 3, 1, 2)
    patches = functional.interpolate(patches, (grid, grid), mode="bicubic", align_corners=False)
    return torch.cat([table[:, :1], patches.permute(0, 2, 3, 1).reshape(1, -1, width)], 1)


def _only(own: Any, name: str, value: object) -> None:  # noqa: ANN401 - a configuration
    if getattr(own, name, value) != value:
        raise SourceError(
            f"A {own.model_type} with {name} = {getattr(own, name)!r} has no twin among timm's networks; only "
            f"{value!r} has. Use timm's own name of such a model, e.g. `--source timm:NAME`."
        )
