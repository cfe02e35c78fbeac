"""A source whose last parts moved: what it now makes of examples, and how it is saved with a head on that.

A torch module: import it inside functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...runtime import device
from ...transfer.modality import open_tail
from ...transfer.training.tail import look, put, soft_root
from ...types import FloatArray, View
from ._both import Both, State


def rows(both: Both, view: View, moved: State, parts: Sequence[NDArray[Any]]) -> list[FloatArray]:
    """What the moved source's head would read of examples as `view` shows them, [n d] each."""
    tail = open_tail(both.source, both.weights, view, both.k)
    put(tail, moved)
    tail = tail.to(device()).eval()
    seen = (torch.from_numpy(look(tail, x, features=True)) for x in parts)
    return [np.asarray(soft_root(x).numpy(), np.float32) for x in seen]


def with_head(moved: State) -> Callable[[State], State]:
    """A linear head on such rows, weight [d k] and bias [k] → the state of a tuned network."""

    def state(head: State) -> State:
        return {**moved, "classifier.weight": head["weight"].T, "classifier.bias": head["bias"]}

    return state
