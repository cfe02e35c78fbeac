"""A setting of fine-tuning: what `finetune`, `gradual`, `l2sp`, `ewc` and adapters share of their `Config`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from ...plan.policy import FEW as FEW

BALANCES = ("none", "weight", "sample")


@dataclass(frozen=True)
class Config:
    """One setting of fine-tuning."""

    parts: int = 3  # last parts of the network that learn (stage, stage, top); the rest is frozen
    lr: float = 1e-3  # peak rate of the last part; AdamW
    decay: float = 2.6  # rate of a part over that of the part before it (ULMFiT's discriminative rates)
    epochs: float = 6
    least: int = 180  # steps, where the epochs have fewer: few pictures are seen more often, as other copies
    batch: int = 16
    schedule: str = "one-cycle"  # or "slanted" (triangular, ULMFiT)
    weight_decay: float = 0.05  # never on norms and biases
    smoothing: float = 0.0  # label smoothing
    mixup: float = 0.0  # Beta(a, a) of MixUp at the cut; 0: off
    norm: str = "frozen"  # batch-norm of learning parts: "frozen" statistics, or those of each "batch"
    balance: str = "none"  # rare classes: "weight" the loss, or "sample" them more often; never both
    head_first: bool = True  # start from the probe's head (LP-FT), not a random one
    keep: str = "best"  # which state: the "best" on validation data, the start among them, or the "last"
    steps: int | None = None  # instead of epochs; 0: the head alone


Setting = TypeVar("Setting", bound=Config)
