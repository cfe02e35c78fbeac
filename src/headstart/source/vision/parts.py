"""A network taken to pieces: "stem", "stage1", …, "top", each a module that turns a map into the next one.

In: a network with timm's door (`group_matcher`, `forward_head(x, pre_logits=…)`, `get_classifier`). Out: its pieces in
the order in which a picture goes through them. A map is [b, c, h, w] whatever the network: the tokens of a vision
transformer are a map n tokens high and one wide, and what a Swin holds channels last is turned around. Knows no
source and no weights; whether the pieces put together are the network is for `backbone.py` to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from torch import Tensor, nn

# Children of a timm network that belong to its head, run by `forward_head`.
_HEAD = {"global_pool", "flatten", "head_drop", "pre_logits", "classifier", "fc", "head"}
_BLOCKS = {"InceptionV3": r"^Mixed_"}  # of a network whose own grouping rule is a function: what its stages are
# How a network holds what goes through it.
MAP, LAST, TOKENS = "[b, c, h, w]", "[b, h, w, c]", "[b, n, c]"


class Pieces:
    """A network's pieces.

    Attributes:
        chain: name → module from map to map, "stem" first and "top" last; either may hold nothing.
        late: modules with weights behind the pooling that are not the classifier, run by the network's `forward_head`.
        prefix: how many of a transformer's tokens, the first ones, show no part of the picture.
    """

    def __init__(self, net: nn.Module) -> None:
        timm_net: Any = net  # timm's own attributes, which nn.Module's type does not know
        self._net = [net]
        self._form = LAST if getattr(net, "output_fmt", "NCHW") == "NHWC" else MAP
        self.prefix = 0
        if _is_transformer(net):
            self._form, self.prefix = TOKENS, int(timm_net.num_prefix_tokens)
            self.chain: dict[str, nn.Module] = {"stem": _Embedding(net)}
            for at, block in enumerate(timm_net.blocks, 1):
                self.chain[f"stage{at}"] = _Turned([block], TOKENS)
            self.chain["top"] = _Turned([timm_net.norm], TOKENS)
        else:
            self.chain = {name: _Turned.of(modules, self._form, name) for name, modules in _plain(net).items()}
        head = timm_net.get_classifier()
        known = {id(m) for piece in (*self.chain.values(), head) for m in piece.modules()}
        self.late = besides(net, known | ({id(net)} if self._form == TOKENS else set()))

    def pool(self, x: Tensor) -> Tensor:
        """A map → its mean over the picture's places [b, c]."""
        return x[:, :, self.prefix :].mean((2, 3))

    def head(self, x: Tensor) -> Tensor:
        """The map behind "top" → what the network's classifier reads [b, d]."""
        net: Any = self._net[0]
        top: Tensor = net.forward_head(inner(x, self._form), pre_logits=True)
        return top.mean((2, 3)) if top.ndim == 4 else top  # a VGG pools behind its two large layers


def besides(net: nn.Module, known: set[int]) -> list[nn.Module]:
    """Modules with weights or buffers of their own that are not among `known` (by id)."""
    own = [m for m in net.modules() if [*m.parameters(recurse=False), *m.buffers(recurse=False)]]
    return [module for module in own if id(module) not in known]


def inner(x: Tensor, form: str) -> Tensor:
    """A map [b, c, h, w] as the network holds it."""
    if form == TOKENS:
        return x.flatten(2).transpose(1, 2)
    return x.permute(0, 2, 3, 1) if form == LAST else x


def outer(x: Tensor, form: str) -> Tensor:
    """What the network holds as a map."""
    if form == TOKENS:
        return x.transpose(1, 2).unsqueeze(3)
    return x.permute(0, 3, 1, 2) if form == LAST else x


class _Turned(nn.Sequential):
    """Modules one after another, which hold their data in another form, from map to map."""

    def __init__(self, modules: Iterable[nn.Module], form: str, *, first: bool = False) -> None:
        super().__init__(*modules)
        self._form, self._first = form, first

    @classmethod
    def of(cls, modules: list[nn.Module], form: str, name: str) -> nn.Sequential:
        """The same modules, turned around if they must be; a stem is given the picture itself."""
        return nn.Sequential(*modules) if form == MAP else cls(modules, form, first=name == "stem")

    def forward(self, x: Tensor) -> Tensor:
        """[b, c, h, w] → [b, c, h, w]."""
        x = x if self._first else inner(x, self._form)
        for module in self:
            x = module(x)
        return outer(x, self._form)


class _Embedding(nn.Module):
    """A vision transformer up to its first block: picture → tokens as a map; holds the parameters of the net itself."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        timm_net: Any = net
        for name, parameter in net.named_parameters(recurse=False):
            self.register_parameter(name, parameter)
        self.patch_embed, self.norm_pre = timm_net.patch_embed, timm_net.norm_pre
        self.pos_drop, self.patch_drop = timm_net.pos_drop, timm_net.patch_drop
        self._net = [net]  # in a list: it is not registered a second time

    def forward(self, x: Tensor) -> Tensor:
        """[b, 3, s, s] → [b, c, n, 1]."""
        net: Any = self._net[0]
        return outer(self.norm_pre(self.patch_drop(net._pos_embed(self.patch_embed(x)))), TOKENS)


def _is_transformer(net: nn.Module) -> bool:
    """Whether it is put together as timm's `VisionTransformer` (ViT, DeiT, DINO, CLIP's and SigLIP's picture side)."""
    return any(kind.__name__ == "VisionTransformer" for kind in type(net).__mro__)


def _plain(net: nn.Module) -> dict[str, list[nn.Module]]:
    """The pieces of a network whose children run one after another; by timm's own grouping rule."""
    parts: dict[str, list[nn.Module]] = {"stem": []}
    top: list[nn.Module] = []
    layers = [*getattr(net, "features", nn.Identity()).children()]
    if layers and not any([*layer.children()] for layer in layers):
        return _between_pools(layers)
    pattern = _pattern(net)
    for name, child in net.named_children():
        if name in _HEAD:
            break
        inside = [(f"{name}.{sub}", module) for sub, module in child.named_children()]
        whole = re.match(pattern, f"{name}.") or not any(re.match(pattern, f"{path}.") for path, _ in inside)
        for path, module in [(name, child)] if whole else inside:
            if re.match(pattern, f"{path}."):
                parts[f"stage{len(parts)}"] = [module]
            else:
                (top if len(parts) > 1 else parts["stem"]).append(module)
    return {**parts, "top": top}


def _pattern(net: nn.Module) -> str:
    """A regular expression that the names of a network's stages match."""
    timm_net: Any = net
    if given := _BLOCKS.get(type(net).__name__):
        return given
    rule = timm_net.group_matcher(coarse=True)
    blocks = rule.get("blocks", "(?!)") if isinstance(rule, dict) else "(?!)"
    return blocks if isinstance(blocks, str) else str(blocks[0][0])


def _between_pools(layers: list[nn.Module]) -> dict[str, list[nn.Module]]:
    """A VGG's layers: what comes before the second convolution is the stem, and a stage ends with a pooling."""
    second = [at for at, layer in enumerate(layers) if isinstance(layer, nn.Conv2d)][1]
    ends = [at + 1 for at, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d) and at > second]
    bounds = [0, *sorted({second, *ends, len(layers)})]
    pieces = {f"stage{at}": layers[a:b] for at, (a, b) in enumerate(pairwise(bounds))}
    return {"stem": pieces.pop("stage0"), **pieces, "top": []}
