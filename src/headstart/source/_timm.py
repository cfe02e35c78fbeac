"""The one door to timm: torchvision cured first, no call to a hub, the caller's random numbers untouched.

In: an architecture's name. Out: a network with fresh weights in eval mode. Knows nothing of files and sources.
This module is light; torch and timm are imported inside the functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import SourceError
from . import _library

if TYPE_CHECKING:
    from torch import nn

OURS = "headstart:"  # stands before the name of a network that timm has not, see `_networks`


def library() -> Any:  # noqa: ANN401 - timm has no types
    """The timm module, ready to use; the hub stays off unless a person says otherwise."""
    return _library.library("timm")


def build(architecture: str, config: Mapping[str, Any] | None = None) -> nn.Module:
    """A network with random weights, in eval mode: timm's, or with "headstart:" before its name one of ours.

    Args:
        architecture: its name.
        config: settings that differ from the name's own (`num_classes`, …).

    Raises:
        SourceError: there is no such architecture.
    """
    if architecture.startswith(OURS):
        from . import _networks

        return _networks.build(architecture.removeprefix(OURS))
    timm = library()
    import torch

    if not timm.is_model(architecture):
        near = timm.list_models(f"*{architecture.split('_')[0]}*")[:5]
        raise SourceError(
            f"timm {timm.__version__} has no architecture '{architecture}'; near it: {', '.join(near) or 'none'}. "
            "Correct `architecture` in the catalogue record, or update timm."
        )
    with torch.random.fork_rng(devices=[]):  # drawing weights must not move the caller's seed
        net: nn.Module = timm.create_model(architecture, pretrained=False, **(config or {}))
    return net.eval()


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
