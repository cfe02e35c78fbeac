"""The one door to timm: torchvision cured first, no call to a hub, the caller's random numbers untouched.

In: an architecture's name. Out: a network with fresh weights in eval mode. Knows nothing of files and sources.
This module is light; torch and timm are imported inside the functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import SourceError
from .. import _library
from .settings import checked

if TYPE_CHECKING:
    from torch import Tensor, nn

# Settings of ours, which timm fixes and other libraries do not: class of torch → what is added to a variance.
_EPS = {"LayerNorm": "layer_norm_eps", "BatchNorm2d": "batch_norm_eps"}
OTHERS = "torchvision:"  # stands before the name of a network of torchvision's that timm has not
OURS = "headstart:"  # stands before the name of a network that timm has not, see `networks.py`


def library() -> Any:  # noqa: ANN401 - timm has no types
    """The timm module, ready to use; the hub stays off unless a person says otherwise."""
    return _library.library("timm")


def build(architecture: str, config: Mapping[str, Any] | None = None) -> nn.Module:
    """A network with random weights, in eval mode: timm's, or with a word before its name torchvision's or one of ours.

    Args:
        architecture: its name.
        config: settings that differ from the name's own, see `settings.py`.

    Raises:
        SourceError: no such architecture, or it does not take a setting.
    """
    return _made(architecture, config or {})


def filled(architecture: str, config: Mapping[str, Any], tensors: Mapping[str, Tensor], whose: str) -> nn.Module:
    """As `build`, with weights by any names that timm itself has read for this architecture (its own renaming runs).

    Raises:
        SourceError: the weights do not fit.
    """
    try:
        return _made(architecture, config, dict(tensors))
    except SourceError:
        raise
    except Exception as problem:  # timm's renaming stumbles in many ways over strange names
        why = " ".join(str(problem).split())[:300]
        raise SourceError(
            f"The weights of {whose} do not fit timm's {architecture}: {why}. Correct the architecture or its settings."
        ) from problem


def _made(architecture: str, config: Mapping[str, Any], tensors: dict[str, Tensor] | None = None) -> nn.Module:
    settings = checked(config, f"'{architecture}'")
    eps = {kind: settings.pop(name) for kind, name in _EPS.items() if name in settings}
    import torch

    if architecture.startswith((OURS, OTHERS)):
        net = _not_timms(architecture, settings)
        if tensors is not None:
            net.load_state_dict(tensors)
        return net.eval()
    timm = library()
    if not architecture.isidentifier() or not timm.is_model(architecture):
        near = timm.list_models(f"*{architecture.split('_')[0]}*")[:5]
        raise SourceError(
            f"timm {timm.__version__} has no architecture '{architecture}'; near it: {', '.join(near) or 'none'}. "
            "Correct `architecture` in the record, or update timm."
        )
    more: dict[str, Any] = {"pretrained": False}
    if tensors is not None:
        more = {"pretrained": True, "pretrained_cfg": _given(timm, architecture, settings, tensors)}
    refused = _library.stumbling(f"timm's {architecture} does not take the settings {settings}")
    with nullcontext() if tensors is not None else refused:  # of weights that do not fit `filled` tells
        with torch.random.fork_rng(devices=[]):  # drawing weights must not move the caller's seed
            net = timm.create_model(architecture, **more, **settings)
    for kind, value in eps.items():
        for part in net.modules():
            if isinstance(part, getattr(torch.nn, kind)):
                part.eps = value
    return net.eval()  # type: ignore[no-any-return]


def _not_timms(architecture: str, settings: Mapping[str, Any]) -> nn.Module:
    if architecture.startswith(OURS):
        if settings:
            raise SourceError(
                f"'{architecture}' takes no settings, and {', '.join(sorted(settings))} were given. Leave them out."
            )
        from . import networks

        return networks.build(architecture.removeprefix(OURS))
    if strange := sorted(settings.keys() - {"num_classes"}):
        raise SourceError(f"'{architecture}' takes no settings but num_classes; leave out {', '.join(strange)}.")
    from . import torchvision_nets

    return torchvision_nets.build(architecture.removeprefix(OTHERS), **settings)


def _given(timm: Any, architecture: str, settings: Mapping[str, Any], tensors: dict[str, Tensor]) -> Any:  # noqa: ANN401
    """What timm is told of weights at hand: all else is the architecture's own, and no place to fetch anything from."""
    own = timm.get_pretrained_cfg(architecture, allow_unregistered=True) or timm.models.PretrainedCfg()
    nowhere = {"url": None, "file": None, "hf_hub_id": None, "hf_hub_filename": None, "source": None}
    classes = settings.get("num_classes", own.num_classes)
    return replace(own, state_dict=tensors, num_classes=classes, custom_load=False, label_offset=None, **nowhere)


def resized(net: nn.Module, size: int) -> nn.Module:
    """The network for pictures of `size` pixels: a vision transformer's position embedding is resampled, in place.

    Raises:
        SourceError: the size does not fit its patches.
    """
    timm_net: Any = net  # timm's own methods, which nn.Module's type does not know
    grid: Any = getattr(net, "patch_embed", None)
    if not hasattr(net, "set_input_size") or getattr(grid, "img_size", None) in (None, (size, size)):
        return net
    try:
        timm_net.set_input_size(img_size=(size, size))
    except (AssertionError, RuntimeError, ValueError) as problem:
        raise SourceError(
            f"{type(net).__name__} cannot take pictures of {size} pixels ({problem}): its patches are "
            f"{grid.patch_size[0]} pixels wide. Correct `size` in the catalogue record to a multiple."
        ) from problem
    if grid.grid_size[0] * grid.patch_size[0] != size:
        raise SourceError(
            f"Pictures of {size} pixels do not come out even: the patches of {type(net).__name__} are "
            f"{grid.patch_size[0]} pixels wide. Correct `size` in the catalogue record to a multiple."
        )
    return net


def class_names() -> list[str]:
    """The 1000 ImageNet-1k classes in logit order, from timm's own tables (no network)."""
    library()
    from timm.data import ImageNetInfo

    names: list[str] = ImageNetInfo("imagenet-1k").label_descriptions()
    return names


def imagenet(names: Sequence[str]) -> bool:
    """Whether the names are ImageNet-1k's, in its order: of the first word of each all but a few agree."""
    known = class_names()
    same = sum(a.split(",")[0].strip() == b.split(",")[0].strip() for a, b in zip(names, known, strict=True))
    return same > 0.98 * len(known)
