"""Networks for pictures, as timm saves them; the whole opens as transformers' AutoModelForImageClassification.

With a head of steps the folder's network has no classifier of timm's own: `create_model` then gives the head's
features. With a linear head the classifier is timm's.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....errors import EngineError
from ....runtime import write_json
from ....source.vision import parity, timm
from ....types import FloatArray, InputSpec, Source
from ..head import Head, run

if TYPE_CHECKING:
    from ...store import Model

LIBRARY = "timm"
CLASSES = "HeadstartConfig", "HeadstartForImageClassification"
AUTO = "AutoModelForImageClassification"
CODE = "pictures"
_RESAMPLE = {"bilinear": 2, "bicubic": 3}  # Pillow's numbers
_APART = 0.05  # mean difference of prepared pictures, in standard deviations: bytes are rounded in two ways


def refused(model: Model) -> str | None:
    """See `folder.Modality`."""
    source, pixels = cast(Source, model.source), model.pixels
    if source.architecture.startswith((timm.OURS, timm.OTHERS)):
        return f"timm has no network '{source.architecture.partition(':')[2]}'"
    if pixels.fit == "letterbox":
        return "its pictures get grey bars to become square (--crop letterbox), which their preprocessing cannot do"
    if pixels.scaled:
        return "its pictures are deeper than 8 bits, and their preprocessing has no scale for these"
    return None


def written(folder: Path, model: Model, body: Any, head: Head) -> dict[str, Any]:  # noqa: ANN401
    """See `folder.Modality`."""
    from safetensors.torch import save_file

    source, spec, linear = cast(Source, model.source), _spec(model), head.linear
    settings = {n: v for n, v in source.config.items() if n != "num_classes" and not n.endswith("_eps")}
    if getattr(getattr(body.net, "patch_embed", None), "img_size", None):
        settings["img_size"] = spec.size
    settings["num_classes"] = 0 if linear is None else len(linear[1])
    tensors, own = body.net.state_dict(), _names(body)
    wanted = timm.build(source.architecture, settings).state_dict()
    tensors = {n: t.contiguous().clone() for n, t in tensors.items() if n in wanted and n not in own}
    if linear is not None:
        import torch

        shape = wanted[own[0]].shape  # of a ResNet-v2 a convolution
        tensors |= {
            own[0]: torch.from_numpy(linear[0].copy()).reshape(shape),
            own[1]: torch.from_numpy(linear[1].copy()),
        }
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    processor = _processor(spec)
    write_json(folder / "preprocessor_config.json", processor)
    known = timm.library().get_pretrained_cfg(source.architecture, allow_unregistered=True)
    pretrained = {
        "input_size": [3, spec.size, spec.size],
        "fixed_input_size": bool(known and known.fixed_input_size),
        "pool_size": None,
        "crop_pct": spec.crop,
        "crop_mode": "squash" if spec.squash else "center",
        "interpolation": spec.interpolation,
        "mean": [*spec.mean],
        "std": [*spec.std],
        "num_classes": settings["num_classes"],
        "first_conv": known.first_conv if known else None,
        "classifier": known.classifier if known else None,
    }
    said = {"architecture": source.architecture, "num_classes": settings["num_classes"], "model_args": settings}
    said |= {"num_features": source.feature_dim, "pretrained_cfg": pretrained}
    said |= {"image_processor_type": processor["image_processor_type"]}  # looked for here where timm saved a model
    return said | ({"model_type": "headstart_pictures"} if linear is None else {})


def compared(folder: Path, model: Model, body: Any, head: Head) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401
    """See `folder.Modality`. Raises `EngineError` where pictures are prepared in another way."""
    import torch

    from ....source import _transformers

    spec = _spec(model)
    x = torch.cat([parity.probe(spec.size), parity.probe(spec.size).flip(3) / 2])
    with torch.inference_mode():
        if head.linear is None:
            classifier: Any = getattr(_transformers.library(), AUTO)
            found = classifier.from_pretrained(folder, trust_remote_code=True)(pixel_values=x).logits
        else:
            found = timm.library().create_model(f"local-dir:{folder}", pretrained=True).eval()(x)
        wanted = run(head, body(x)[0].numpy())
    _prepared_alike(folder, spec)
    return np.asarray(found.numpy(), np.float32), wanted


def how(folder: str, head: Head) -> str:
    """See `folder.Modality`."""
    network = f'network = timm.create_model("local-dir:{folder}", pretrained=True)'
    if head.linear is not None:
        return f"import timm\n\n{network}  # pictures → logits"
    return (
        f"import timm\nfrom transformers import AutoImageProcessor, {AUTO}\n\n"
        f'processor = AutoImageProcessor.from_pretrained("{folder}")\n'
        f'model = {AUTO}.from_pretrained("{folder}", trust_remote_code=True)\n'
        'logits = model(**processor(picture, return_tensors="pt")).logits\n\n'
        f"{network}  # the network alone: pictures → features"
    )


def _names(body: Any) -> list[str]:  # noqa: ANN401
    """The classifier's own weights, by timm's names."""
    name = next((name for name, module in body.net.named_modules() if module is body.own_head), "")
    return [f"{name}.weight", f"{name}.bias"]


def _spec(model: Model) -> InputSpec:
    """How pictures become what the network takes; squashed ones whole."""
    spec = cast(Source, model.source).pixels
    return replace(spec, squash=True) if model.pixels.fit == "squash" else spec


def _processor(spec: InputSpec) -> dict[str, Any]:
    """How transformers prepares such pictures."""
    short = max(spec.size, math.floor(spec.size / spec.crop))
    return {
        "image_processor_type": "BitImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": short, "width": short} if spec.squash else {"shortest_edge": short},
        "resample": _RESAMPLE[spec.interpolation],
        "do_center_crop": True,
        "crop_size": {"height": spec.size, "width": spec.size},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [*spec.mean],
        "image_std": [*spec.std],
    }


def _prepared_alike(folder: Path, spec: InputSpec) -> None:
    from PIL import Image

    from ....source import _transformers
    from ....source.vision.backbone import normalise, prepare

    rows, columns = np.mgrid[:300, :400]
    picture = np.stack([(rows * at + columns * (4 - at)) // 8 for at in (1, 2, 3)], 2).astype(np.uint8)
    processor = _transformers.library().AutoImageProcessor.from_pretrained(folder)
    found = processor(Image.fromarray(picture), return_tensors="pt")["pixel_values"]
    ours = normalise(prepare(picture, spec)[None], spec)
    gap = float((found - ours).abs().mean()) if found.shape == ours.shape else math.inf
    if not gap < _APART:
        raise EngineError(
            f"transformers prepares pictures in another way than this run (mean difference {gap:.2g} standard "
            "deviations). The folder was deleted; please report this with the run's model/model.json."
        )
