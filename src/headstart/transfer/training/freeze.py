"""Which parts of a network learn: stages frozen whole, statistics held, learning rates by depth.

A frozen stage is frozen wholly: no gradients, batch-norm in eval mode with untouched running statistics, dropout off;
also after `.train()` of any parent. How: the instance gets a `train` of its own (`_Stay`), which lets deepcopy, pickle
and `state_dict` work as before and comes off without a trace.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import torch  # only imported by strategies, inside their functions
from torch import nn
from torch.nn.modules.batchnorm import _NormBase


class _Stay:
    """The `train` of a module that stays in eval mode; remembers the mode asked for last, which it gets when let go.

    Holds its module weakly, so that no reference cycle keeps a network in memory, and goes along when it is copied.
    """

    def __init__(self, module: Any, mode: bool, reasons: Iterable[str] = ()) -> None:  # noqa: ANN401 - nn.Module
        self.owner: weakref.ref[nn.Module] = weakref.ref(module)
        self.mode = mode
        self.reasons = set(reasons)  # "frozen", "held": the mode is let go when both are gone

    def __call__(self, mode: bool = True) -> nn.Module | None:
        module = self.owner()
        self.mode = mode
        if module is not None:
            module.training = False
            for child in module.children():
                child.train(mode)  # a frozen stage's children have a _Stay of their own
        return module

    def __deepcopy__(self, memo: dict[int, Any]) -> _Stay:
        # A module is entered into the memo before its attributes are copied, hence its copy is already there.
        owner = self.owner()
        return _Stay(memo.get(id(owner), owner), self.mode, self.reasons)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Stay, (self.owner(), self.mode, sorted(self.reasons))


def freeze(stage: nn.Module) -> None:
    """No gradients for any parameter inside; every module in eval mode until `unfreeze`, whatever its parents do."""
    for parameter in stage.parameters():
        parameter.requires_grad_(False)
        parameter.grad = None  # a gradient left over would still be stepped along
    for module in stage.modules():
        _hold(module, "frozen")


def unfreeze(stage: nn.Module) -> None:
    """Undo `freeze`: gradients for all, each module in the mode last asked for. Held statistics stay held."""
    for parameter in stage.parameters():
        parameter.requires_grad_(True)
    for module in stage.modules():
        stay = module.__dict__.get("train")
        if not isinstance(stay, _Stay):
            continue
        stay.reasons.discard("frozen")
        if not stay.reasons:
            del module.__dict__["train"]
            module.training = stay.mode


def hold_statistics(module: nn.Module) -> None:
    """Normalise by the running statistics and leave them untouched, for good; weights and biases may still learn.

    For batches too small to estimate statistics from (Ioffe & Szegedy 2015). Where the new pictures are far from those
    of pre-training, their own statistics may serve better (Li et al. 2018, Adaptive Batch Normalization). Any
    `_NormBase` with running statistics counts, timm's BatchNormAct2d too.
    """
    for part in module.modules():
        if isinstance(part, _NormBase) and part.running_mean is not None:
            _hold(part, "held")


def frozen(stage: nn.Module) -> bool:
    """Whether all of it is frozen."""
    stays = (module.__dict__.get("train") for module in stage.modules())
    return not any(p.requires_grad for p in stage.parameters()) and all(
        isinstance(stay, _Stay) and "frozen" in stay.reasons for stay in stays
    )


def groups(
    stages: Sequence[tuple[str, nn.Module]], lr: float, decay: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Optimiser groups with rates by depth: the last stage learns at `lr`, each one before it at 1/`decay` of the next.

    Discriminative fine-tuning (Howard & Ruder 2018, section 3.1, who take `decay` 2.6). Matrices and kernels get the
    weight decay, norms and biases (one dimension or none) none. All parameters count, frozen ones too, since a stage
    may be opened later; a parameter that two stages share belongs to the earlier one; empty groups are left out.

    Returns:
        Dicts of `name` ("stage" or "stage, no decay"), `params`, `lr` and `weight_decay`, earliest stage first.
    """
    seen: set[int] = set()
    made: list[dict[str, Any]] = []
    for depth, (name, stage) in enumerate(reversed(stages)):
        rate = lr / decay**depth
        made += [
            {"name": f"{name}, no decay", "params": _flat(stage, True), "lr": rate, "weight_decay": 0.0},
            {"name": name, "params": _flat(stage, False), "lr": rate, "weight_decay": weight_decay},
        ]
    made.reverse()
    for group in made:
        group["params"] = [p for p in group["params"] if id(p) not in seen]
        seen |= {id(p) for p in group["params"]}
    return [group for group in made if group["params"]]


def _hold(module: nn.Module, reason: str) -> None:
    stay = module.__dict__.get("train")
    if not isinstance(stay, _Stay):
        stay = module.__dict__["train"] = _Stay(module, module.training)
    stay.reasons.add(reason)
    module.training = False


def _flat(stage: nn.Module, flat: bool) -> list[torch.nn.Parameter]:
    return [p for p in stage.parameters() if (p.ndim <= 1) == flat]
