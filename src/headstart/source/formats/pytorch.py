"""Torch files and safetensors: plain tensors by name, and nothing that could run.

In: a file that `torch.save` or safetensors wrote. Out: its tensors, by the names they have there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SourceError

if TYPE_CHECKING:
    from torch import Tensor


def read(file: Path) -> dict[str, Tensor]:
    """Name → tensor; never unpickles objects.

    Raises:
        SourceError: the file holds anything else.
    """
    import torch
    from safetensors.torch import load_file

    try:
        found: Any = load_file(file) if file.suffix == ".safetensors" else None
        if found is None:
            found = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as problem:  # what is no such file makes the readers stumble in every way
        why = str(problem).partition("\n")[0]
        what = "is no whole safetensors file" if file.suffix == ".safetensors" else "is no torch file"
        raise SourceError(
            f"{file} holds more than plain tensors or {what} ({why}). Only such files are read: save its state_dict "
            "as safetensors and name that file."
        ) from problem
    if not isinstance(found, Mapping):
        raise SourceError(f"{file} holds a {type(found).__name__}, not tensors by name. Save its state_dict.")
    strange = [name for name, value in found.items() if not (isinstance(name, str) and torch.is_tensor(value))]
    if strange or not found:
        inner = next((name for name in found if isinstance(found[name], Mapping)), None)
        hint = f" The weights seem to be a part of it, {inner!r}." if inner is not None else ""
        raise SourceError(
            f"{file} holds {', '.join(map(str, strange))[:200] or 'nothing'} beside or in place of tensors by name, as "
            f"a checkpoint of a training does.{hint} Save the state_dict alone, as safetensors."
        )
    return dict(found)


def once(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without the second names of tied weights."""
    first: dict[int, str] = {}
    return {n: t for n, t in state.items() if first.setdefault(t.data_ptr(), n) == n}
