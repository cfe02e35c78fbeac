"""A language model with a new head, as the tail of a source: `tail.Tail` for texts.

Tokens [b, l] (−1 where a row is padded), or the states [b, l, d] that enter a later layer (NaN where padded) → logits
[b, k]. The frozen front can be run once and its states kept, see `advance`. A torch module: import it inside functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...extract.engine.torch import text_precision
from ...source.language.encoder import Language, behind, layers
from ...source.language.pairs import token_types
from ...source.vision.parts import besides
from .tail import Tail

ROWS = 64  # texts at once where nothing is learnt
MOST_STATES = 3 << 28  # bytes of states that are kept in memory


class TextTail(Tail):
    """Its parts are the embeddings ("stem"), each layer, and the last layer ("top"); behind that comes `late`."""

    precision = "auto"

    def __init__(self, language: Language, k: int) -> None:
        stack, late = layers(language.net), behind(language.net)
        named = {id(m) for m in (*(stack.modules() if stack is not None else ()), *late)}
        parts: dict[str, nn.Module] = {"stem": nn.ModuleList(besides(language.net, named))}
        if stack is not None:
            parts |= dict(zip(language.depths, stack, strict=True))
        learnt = (m for m in language.after if any(True for _ in m.parameters()))
        super().__init__(language.source, parts, [*late, *learnt], k)
        self._language, self._stack = [language], [stack]  # in lists: not to be registered a second time
        self._given: Tensor | None = None

    @property
    def net(self) -> nn.Module:
        """transformers' network without a head."""
        return self._language[0].net

    @property
    def whole(self) -> nn.Module:
        """The language model."""
        return self._language[0]

    def features(self, x: Tensor) -> Tensor:
        """Tokens or states → pooled features [b, d]."""
        language = self._language[0]
        if x.ndim == 2:
            mask, ids = x >= 0, x.clamp_min(0)
        else:
            mask, self._given = ~x[..., 0].isnan(), x.nan_to_num()
            ids = torch.zeros(x.shape[:2], dtype=torch.long, device=x.device)  # only their shape is looked at
        whole = language.net(input_ids=ids, attention_mask=mask.long(), **token_types(ids, language.between))
        self._given = None
        return language.top(whole.last_hidden_state, mask)

    def as_batch(self, x: NDArray[Any]) -> Tensor:
        """Rows of tokens, or of states, as a padded batch."""
        rows = [torch.from_numpy(np.asarray(row)) for row in x]
        states = rows[0].is_floating_point()
        return nn.utils.rnn.pad_sequence(
            [row.float() if states else row for row in rows],
            batch_first=True,
            padding_value=torch.nan if states else -1,
        )

    def batches(self, x: NDArray[Any]) -> list[NDArray[np.int64]]:
        """Row numbers of texts of like length."""
        order = np.argsort([len(row) for row in x], kind="stable")
        return np.array_split(order, max(1, -(-len(order) // ROWS)))

    def advance(self, parts: int, x: NDArray[Any]) -> NDArray[Any]:
        """Tokens [n] → the states behind the first `parts` parts, [l, d] each in half precision; in eval mode."""
        self.eval()
        caught: list[Tensor] = []
        assert self._stack[0] is not None
        entry = self._stack[0][parts - 1]  # the stem is a part too
        hook = entry.register_forward_pre_hook(
            lambda module, args, kwargs: caught.append(args[0] if args else kwargs["hidden_states"]), with_kwargs=True
        )
        out, where = np.empty(len(x), dtype=object), next(self.parameters()).device
        try:
            with torch.inference_mode(), self.cast():
                for rows in self.batches(x):
                    self.features(self.as_batch(x[rows]).to(where))
                    states = caught[0].clamp(-65504, 65504).half().cpu().numpy()
                    for row, state in zip(rows.tolist(), states, strict=True):
                        out[row] = state[: len(x[row])].copy()
                    caught.clear()  # ALBERT's one layer was entered several times
        finally:
            hook.remove()
        return out

    def fits(self, rows: Sequence[NDArray[Any]]) -> bool:
        """Whether the states of so many tokens stay below `MOST_STATES`."""
        return 2 * max(self.source.widths) * sum(len(row) for some in rows for row in some) <= MOST_STATES

    def cast(self) -> AbstractContextManager[Any]:
        """The precision in which texts are embedded too."""
        where = next(self.parameters()).device.type
        return torch.autocast(where, torch.bfloat16) if text_precision() == "bf16" else nullcontext()

    def begin_behind(self, parts: int) -> None:
        """From now on the inputs are states that have gone through the first `parts` parts."""
        super().begin_behind(parts)
        stack = self._stack[0]
        assert stack is not None
        for at in range(parts - 1):
            stack[at] = _Skipped(stack[at])
        stack[parts - 1].register_forward_pre_hook(self._give, with_kwargs=True)

    def _give(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The states that the tail was given, instead of those that come; once, as ALBERT's layer runs many times."""
        given, self._given = self._given, None
        if given is None:
            return args, kwargs
        if args:
            return (given, *args[1:]), kwargs
        return args, {**kwargs, "hidden_states": given}


class _Skipped(nn.Module):
    """Stands for a layer that was run before. Of T5's first layer the others need the positions' bias: that is run."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.form = type(layer).__name__
        biased = any("relative_attention_bias" in name for name, _ in layer.named_parameters())
        self.layer = layer if biased else None

    def forward(self, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if self.layer is not None:
            return self.layer(hidden_states, *args, **kwargs)
        if self.form == "T5Block":
            return hidden_states, args[1], None
        return (hidden_states,) if self.form == "MPNetLayer" else hidden_states
