"""A model's head as steps that any library can take: what leads from a network's features [n, d] to its logits [n, k].

The last step is linear, and holds the temperature too: softmax (of several labels sigmoid) of the logits is what
`predict` says. Where a library has no other head than a linear one, `straight` finds the one that says most nearly the
same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...kind import kind_of
from ...score._axes import decompose
from ...transfer.heads.linear import logistic, ridge
from ...types import FloatArray

AGREE = 0.95  # part of the answers that a straight head must share with the model's own
HELD = 4  # every fourth example is not learnt from and tells whether it does
FEWEST = 40


@dataclass(frozen=True)
class Head:
    """Steps of `opened/headstart_head.Head`, and the numbers of those that have some, by torch's names."""

    steps: tuple[str, ...]
    tensors: dict[str, FloatArray]
    agreement: float = 1.0  # of a straight head, with the model's own
    apart: float = 0.0  # the mean difference of their probabilities

    @property
    def linear(self) -> tuple[FloatArray, FloatArray] | None:
        """Weight [k, d] and bias [k], where it is nothing else."""
        return (self.tensors["0.weight"], self.tensors["0.bias"]) if len(self.steps) == 1 else None


def head_of(layers: Iterable[Any], warmth: float) -> Head | None:
    """The layers of a head, its temperature in the last one; None where one of them has no counterpart.

    Args:
        layers: torch modules, linear, rectified, `SignedRoot`; a number ε is a soft root (`tail.soft_root`).
        warmth: the temperature by which probabilities are calibrated.
    """
    from torch import nn

    from ...transfer.heads.module import SignedRoot

    steps, tensors, last = list[str](), dict[str, FloatArray](), 0
    for at, layer in enumerate(layers):
        if isinstance(layer, nn.Linear):
            steps.append(f"linear:{layer.in_features}:{layer.out_features}")
            tensors |= {f"{at}.{name}": array.numpy().copy() for name, array in layer.state_dict().items()}
            last = at
        elif isinstance(layer, float):
            steps.append(f"root:{layer}")
        elif isinstance(layer, SignedRoot | nn.ReLU):
            steps.append("relu" if isinstance(layer, nn.ReLU) else "root:0")
        else:
            return None
    scaled = {name: array / warmth for name, array in tensors.items() if name.startswith(f"{last}.")}
    return Head(tuple(steps), tensors | scaled)


def run(head: Head, x: NDArray[Any]) -> FloatArray:
    """Features [n, d] → logits [n, k], by the code that the folder carries."""
    import torch

    from .opened.headstart_head import Head as Network

    net = Network(head.steps)
    net.load_state_dict({name: torch.from_numpy(value) for name, value in head.tensors.items()})
    with torch.inference_mode():
        return np.asarray(net(torch.from_numpy(np.asarray(x, np.float32))).numpy(), np.float32)


def straight(head: Head, x: NDArray[Any], kind: str, names: Sequence[str]) -> Head:
    """The linear head on the same features that says most nearly what `head` says of x [n, d].

    It is fitted to the answers of the model, not to labels: of classes and labels to its probabilities, of numbers to
    the numbers. On every fourth row, which it has not learnt from, the two are compared.

    Raises:
        UsageError: too few examples, or a linear head would be another model.
    """
    if len(x) < FEWEST:
        raise UsageError(f"{len(x)} examples were given for a linear head; give {FEWEST} or more, without labels.")
    of = kind_of(kind)
    said = of.decode(run(head, x))
    held = np.arange(len(x)) % HELD == 0
    first = _fitted(x[~held], said[~held], of.link)
    found = of.decode(run(first, x[held]))
    apart = float(np.abs(found - said[held]).mean())
    if of.link == "identity":
        agreement = 1 - float(
            ((found - said[held]) ** 2).sum() / max(((said[held] - said[held].mean()) ** 2).sum(), 1e-12)
        )
    else:
        agreement = float((of.answers(run(first, x[held])) == of.answers(run(head, x[held]))).mean())
    if not agreement >= AGREE:
        raise UsageError(
            f"The nearest linear head agrees with this run's on {100 * agreement:.1f} % of {held.sum()} examples "
            f"({len(names)} classes); at least {100 * AGREE:.0f} % are asked for. Leave `linear` out: the folder then "
            "has the run's own head."
        )
    whole = _fitted(x, said, of.link)
    return Head(whole.steps, whole.tensors, agreement, apart)


def _fitted(x: NDArray[Any], said: NDArray[Any], link: str) -> Head:
    axes = decompose(x)
    if link == "identity":
        weight, bias = axes.unrotate(*ridge(axes, said[:, 0], 1.0))
    else:
        weight, bias = axes.unrotate(*logistic(axes.z, said, said.shape[1], 1.0, link))
    return Head(
        (f"linear:{weight.shape[0]}:{weight.shape[1]}",), {"0.weight": np.ascontiguousarray(weight.T), "0.bias": bias}
    )
