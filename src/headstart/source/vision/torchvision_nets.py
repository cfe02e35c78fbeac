"""Networks that torchvision has and timm has not, behind timm's door: AlexNet and GoogLeNet.

In: torchvision's name. Out: its own layers as a chain with the three methods that `parts.py` asks for, so that a
`Backbone` is made of it as of any other. The order of the weights is torchvision's, their names are not.

Papers: Krizhevsky, One weird trick for parallelizing convolutional neural networks, 2014 (AlexNet as torchvision has
it); Szegedy et al., Going deeper with convolutions, CVPR 2015.

This module imports torch at its top, because `Chain` is a torch module: import it inside functions.
"""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn

from ...errors import SourceError
from .. import _library
from . import parity

NAMES = ("alexnet", "googlenet")


class Chain(nn.Module):
    """Layers one after another: stem, blocks, what stands before the classifier, the classifier."""

    def __init__(
        self, stem: list[nn.Module], blocks: list[list[nn.Module]], late: list[nn.Module], fc: nn.Module
    ) -> None:
        super().__init__()
        self.stem, self.blocks = nn.Sequential(*stem), nn.Sequential(*(nn.Sequential(*block) for block in blocks))
        self.pre_logits, self.fc = nn.Sequential(*late), fc

    def forward(self, x: Tensor) -> Tensor:
        """[b, 3, s, s] → [b, classes]."""
        return self.forward_head(self.blocks(self.stem(x)))

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """The last map → what the classifier reads [b, d], or its answer."""
        x = self.pre_logits(x)
        return x if pre_logits else cast(Tensor, self.fc(x))

    def get_classifier(self) -> nn.Module:
        """The last layer."""
        return self.fc

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """Which of the names are stages."""
        return {"blocks": r"^blocks\.\d+"}


def build(name: str, num_classes: int = 1000) -> Chain:
    """torchvision's network of that name, with random weights.

    Raises:
        SourceError: it is none of `NAMES`.
    """
    if name not in NAMES:
        raise SourceError(
            f"There is no network 'torchvision:{name}'; there are {', '.join(NAMES)}. timm has most others: leave "
            "'torchvision:' out of `architecture`."
        )
    import torch

    with torch.random.fork_rng(devices=[]):
        return _alexnet(num_classes) if name == "alexnet" else _googlenet(num_classes)


def _models() -> Any:  # noqa: ANN401 - torchvision has no types
    return _library.library("torchvision").models


def _alexnet(num_classes: int) -> Chain:
    """Five stages, each a convolution and what follows it; "top" is what the last of three linear layers reads."""
    net = _models().alexnet(num_classes=num_classes)
    layers, starts = list(net.features), (3, 6, 8, 10)
    blocks = [layers[a:b] for a, b in zip(starts, (*starts[1:], len(layers)), strict=True)]
    return Chain(layers[:3], blocks, [net.avgpool, nn.Flatten(), *net.classifier[:6]], net.classifier[6])


def _googlenet(num_classes: int) -> Chain:
    """Nine stages, each an inception block; without the two classifiers in its middle, which serve its training."""
    net = _models().googlenet(num_classes=num_classes, aux_logits=False, transform_input=False, init_weights=False)
    block = net.get_submodule
    blocks = [[block(f"inception{at}")] for at in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")]
    blocks[2].insert(0, net.maxpool3)
    blocks[7].insert(0, net.maxpool4)
    stem = [net.conv1, net.maxpool1, net.conv2, net.conv3, net.maxpool2]
    return Chain(stem, blocks, [net.avgpool, nn.Flatten(), net.dropout], net.fc)


def reference(name: str, size: int, tensors: dict[str, Tensor]) -> Tensor:
    """What torchvision's own network of that name, with these weights, answers to `parity.probe(size)`.

    Raises:
        SourceError: the weights are not that network's.
    """
    import torch

    maker = _models().get_model_builder(name)
    more: dict[str, Any] = (
        {"transform_input": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    )
    with torch.random.fork_rng(devices=[]):
        net = maker(weights=None, **more).eval()
    try:
        missing, strange = net.load_state_dict(tensors, strict=False)
        wrong = [*strange, *(n for n in missing if not n.endswith(parity.COUNTER))]
    except RuntimeError as problem:  # of another shape
        wrong = str(problem).split("\n")[1:]
    if wrong:
        raise SourceError(
            f"The file holds other weights than those of torchvision's {name}: {', '.join(wrong)[:300]}. Fetch it "
            "again, or update torchvision."
        )
    with torch.inference_mode():
        return cast(Tensor, net(parity.probe(size)))
