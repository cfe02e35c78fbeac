"""The door to transformers: quiet, no hub, no stranger's code, the caller's random numbers untouched."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any

from . import _library
from ._library import stumbling


def library() -> Any:  # noqa: ANN401 - imported late
    """The transformers module; the hub stays off unless a person says otherwise."""
    transformers = _library.library("transformers")
    transformers.logging.set_verbosity_error()  # it reports every weight that it does not need
    transformers.logging.disable_progress_bar()
    return transformers


def filled(
    made: Any,  # noqa: ANN401 - a class of transformers
    place: Path | None,
    **more: Any,  # noqa: ANN401
) -> tuple[Any, dict[str, str], list[str]]:
    """A network, what is wrong with the weights given for it (name → why), and the weights it does not need."""
    import torch

    refused = stumbling(f"transformers can put no weights into a {made.__name__} as it is described")
    with refused, torch.random.fork_rng(devices=[]):  # what is missing is drawn
        net, told = made.from_pretrained(
            place,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
            **bare(made),
            **more,
        )
    shapes = {name: tuple(t.shape) for name, t in net.state_dict().items()}
    wrong = {name: f"{shapes.get(name)} is missing" for name in told["missing_keys"]}
    wrong |= {name: f"{shapes.get(name)} is {tuple(found)}" for name, found, _ in told["mismatched_keys"]}
    return net, wrong, sorted(told["unexpected_keys"])


def bare(made: Any) -> dict[str, bool]:  # noqa: ANN401 - a class of transformers
    """The argument that leaves out BERT's pooler, which few models have trained, for those that take it."""
    return {"add_pooling_layer": False} if "add_pooling_layer" in signature(made.__init__).parameters else {}
