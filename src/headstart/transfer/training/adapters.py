"""Low-rank adapters (peft's) in a text tail, on weights as they are or held in four bits (bitsandbytes' nf4).

In: a `TextTail` with the source's weights. Out: the same tail, in which of the source only the adapters and the norms
learn; an adapter starts as zero, so that the tail says what it said. A torch module: import it inside functions.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ...errors import UsageError
from ...family import require
from ...source.language.encoder import layers
from ...source.language.model import STATIC
from .text_tail import TextTail

if TYPE_CHECKING:
    from .tail import Tail

NF4 = "nf4"


def adapt(tail: Tail, rank: int, alpha: float, dropout: float, *, four_bits: bool = False) -> TextTail:
    """Put an adapter on every linear layer of the source's parts and freeze all else but the norms and the new head.

    Args:
        tail: of a language model.
        rank: of each adapter, which is two matrices [rank, in] and [out, rank].
        alpha: the adapter's answer counts alpha / rank.
        dropout: of what enters an adapter, while it learns.
        four_bits: hold the frozen matrices in nf4, blocks of 64, their scales in eight bits (double quantisation).

    Raises:
        UsageError: the source has no linear layers, or four bits are wanted without bitsandbytes.
    """
    # When peft imports it, it warns of kernels nobody needs; and who keeps that record keeps the network.
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
    from peft import LoraConfig, inject_adapter_in_model
    from transformers.pytorch_utils import Conv1D  # GPT-2's linear layer: its matrix is [in, out]

    if not isinstance(tail, TextTail) or tail.source.architecture == STATIC:
        raise UsageError(
            f"Low-rank adapters were asked for on '{tail.source.key}', which has no linear layers of a language model. "
            "Name another source, such as minilm-l6, or another strategy."
        )
    net, stack = tail.net, layers(tail.net)
    inside = {id(module) for module in (stack or net).modules()}  # what stands outside is held by the tail itself too
    targets = [name for name, m in net.named_modules() if isinstance(m, nn.Linear | Conv1D) and id(m) in inside]
    lying = not four_bits and any(isinstance(m, Conv1D) for m in net.modules())
    if four_bits:
        _quantise(net, targets)
        tail.form = NF4
    adapters = {"r": rank, "lora_alpha": alpha, "lora_dropout": dropout, "fan_in_fan_out": lying}
    inject_adapter_in_model(LoraConfig(**adapters, target_modules=targets), net)
    tail.late.requires_grad_(False)  # what stands behind the network's own pooling, too
    for module in net.modules():
        if "norm" in type(module).__name__.lower():
            module.requires_grad_(True)
    return tail


def add_adapters(adapted: Tail, plain: Tail) -> None:
    """Put into the matrices of `plain` those of `adapted` with their adapters added.

    Args:
        adapted: a tail with adapters; matrices in four bits count as what they stand for, which is read before they
            have computed anything: bitsandbytes may then hold them in another order.
        plain: a tail of the same source without.
    """
    from peft.tuners.lora import LoraLayer
    from transformers.pytorch_utils import Conv1D

    assert isinstance(adapted, TextTail)
    assert isinstance(plain, TextTail)
    with torch.no_grad():
        for name, module in adapted.net.named_modules():
            if not isinstance(module, LoraLayer):
                continue
            there, held = plain.net.get_submodule(name), module.get_base_layer().weight
            whole = _opened(held) + module.get_delta_weight("default")
            if adapted.form == NF4 and isinstance(there, Conv1D):
                whole = whole.T
            there.get_parameter("weight").copy_(whole)


def _opened(matrix: Tensor) -> Tensor:
    """[out, in] as plain numbers."""
    if (state := getattr(matrix, "quant_state", None)) is None:
        return matrix
    from bitsandbytes.functional import dequantize_4bit

    return dequantize_4bit(matrix.data, state)  # type: ignore[no-any-return]


def _quantise(net: nn.Module, names: list[str]) -> None:
    """Replace linear layers by ones whose weights are held in nf4 (Dettmers et al. 2023)."""
    require("strategy 'qlora'", ["bitsandbytes"])
    from bitsandbytes.nn import Linear4bit

    for name in names:
        parent, _, child = name.rpartition(".")
        old = net.get_submodule(name)
        state = old.state_dict()
        if not isinstance(old, nn.Linear):
            state["weight"] = state["weight"].T.contiguous()
        out, into = state["weight"].shape
        new = Linear4bit(into, out, "bias" in state, compute_dtype=torch.float32, quant_type=NF4)
        new.load_state_dict(state)
        new.support_avx512bf16_for_cpu = False  # its packed form is for other kernels and sizes, and cannot be trained
        setattr(net.get_submodule(parent), child, new.to(state["weight"].device))  # moving it is what quantises it
    net.__dict__["is_loaded_in_4bit"] = True  # so that peft puts its adapters for such layers in
