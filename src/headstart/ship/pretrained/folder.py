"""`Run.save_pretrained`: the folder is written beside its place, opened by its own library, compared, then kept.

What lies in it: the network as its library saves it, all that was learnt in its weights (adapters merged); the head,
its steps in config.json and its numbers in head.safetensors; label names; how examples are prepared; a card.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn, Protocol, cast

import numpy as np

from ...errors import DataError, EngineError, UsageError
from ...family import load, names
from ...runtime import write, write_json
from ...strategy import strategy
from ...transfer.modality import open_tail
from ...types import Example, FloatArray, Source, View
from .._inputs import inputs_of
from ..store import Model
from .head import Head, head_of, straight

_FOLDER = "ship/pretrained/modality"
_OPENED = Path(__file__).parent / "opened"
CODE, HEAD_CODE = "modeling_headstart.py", "headstart_head.py"
ALLOWED = 1e-3  # largest difference of logits, as a part of the largest logit


class Modality(Protocol):
    """What a file of `modality/` has."""

    LIBRARY: str  # that opens the network
    CLASSES: tuple[str, str]  # of the code in the folder: configuration, and model
    AUTO: str  # transformers' class that opens the whole
    CODE: str  # the file in `opened/`

    def refused(self, model: Model) -> str | None:
        """Why that library cannot open such a network, if it cannot."""

    def written(self, folder: Path, model: Model, body: Any, head: Head) -> dict[str, Any]:  # noqa: ANN401
        """The network's own files; returns what config.json says of it."""

    def compared(self, folder: Path, model: Model, body: Any, head: Head) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401
        """Logits [n, k] by the folder, as the library opens it, and by the model at hand, on the same inputs."""

    def how(self, folder: str, head: Head) -> str:
        """Lines of Python that open it."""


def save(model: Model, folder: Path, linear: Iterable[Any] | None = None) -> tuple[Modality, Head]:
    """Write the model into a new folder, all but its card.

    Args:
        model: a run's.
        folder: a new or empty one.
        linear: examples without labels, to give it a linear head that says nearly the same (`head.straight`).

    Returns:
        Its library, and the head that it got.

    Raises:
        UsageError: no other library could open such a model, or the folder holds something.
        EngineError: what the folder says when it is opened is not what the model says.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty. Name a new folder.")
    fitted, member = model.fitted, _member(model)
    body, head = _network(model) or _refuse(f"a head of '{fitted.strategy}' has no counterpart there")
    if linear is not None:
        head = straight(head, _features(model, linear), fitted.kind, fitted.labels)
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    desk = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    try:
        _write(desk, member, model, body, head)
        found, wanted = member.compared(desk, model, body, head)
        gap, scale = float(np.abs(found - wanted).max()), float(np.abs(wanted).max())
        if not gap <= ALLOWED * max(scale, 1.0):
            raise EngineError(
                f"Opened by {member.LIBRARY}, the folder gives logits that differ by {gap:.2g} (largest {scale:.2g}); "
                "it was deleted. Please report this with the run's model/model.json."
            )
        if folder.exists():
            folder.rmdir()
        os.chmod(desk, 0o755)
        desk.rename(folder)
    finally:
        shutil.rmtree(desk, ignore_errors=True)
    return member, head


def _write(desk: Path, member: Modality, model: Model, body: Any, head: Head) -> None:  # noqa: ANN401
    from safetensors.numpy import save as packed

    fitted = model.fitted
    said = member.written(desk, model, body, head)
    ids = {str(at): label for at, label in enumerate(fitted.labels)}
    said |= {"id2label": ids, "label2id": {label: int(at) for at, label in ids.items()}}
    if head.linear is None:
        problem = {"softmax": "single_label", "sigmoid": "multi_label"}.get(model.kind.link)
        configuration, made = member.CLASSES
        said |= {"head": [*head.steps], "architectures": [made], "num_labels": len(ids)}
        said |= {"problem_type": f"{problem}_classification" if problem else "regression"}
        stem = CODE.removesuffix(".py")
        said |= {"auto_map": {"AutoConfig": f"{stem}.{configuration}", member.AUTO: f"{stem}.{made}"}}
        write(desk / "head.safetensors", packed(head.tensors))
        write(desk / CODE, _OPENED / f"{member.CODE}.py")
        write(desk / HEAD_CODE, _OPENED / HEAD_CODE)
    write_json(desk / "config.json", said)


def _member(model: Model) -> Modality:
    """How such a network is written. Raises `UsageError` where no other library could open it."""
    fitted, source = model.fitted, model.source
    name, way = fitted.strategy, strategy(fitted.strategy)
    if source is None or not way.reuses:
        why = f"it ('{name}') reuses no network of theirs"
    elif model.modality not in names(_FOLDER):
        why = f"networks for {model.modality} data are of a format of their own"
    else:
        member = cast(Modality, load(_FOLDER, model.modality))
        told = member.refused(model)
        if told is None and way.predictor is None and fitted.view.depth != "top":
            told = f"its head reads the depth '{fitted.view.depth}', and their networks give the last features alone"
        if told is None:
            return member
        why = told
    _refuse(why)


def _refuse(why: str) -> NoReturn:
    raise UsageError(
        f"This run's model cannot be opened by timm, transformers or sentence-transformers: {why}. Take the run's "
        "other model if that reuses a network (take='transfer'), fit again with `--strategy probe` or finetune, or "
        "keep the run's own folder, which `headstart.load` opens."
    )


def _network(model: Model) -> tuple[Any, Head] | None:
    """The source's whole network with all that was learnt in its weights, and the head; None without a counterpart."""
    from ...transfer.training.tail import ROOT, Plain

    fitted, source = model.fitted, cast(Source, model.source)
    module = strategy(fitted.strategy).module
    if module is None:
        return None
    made: Any = module(fitted, source, model.weights)
    if isinstance(made, Plain):  # a tuned network, adapters merged
        whole, layers = made.source, [ROOT, made.tail.classifier]
    else:
        whole = open_tail(source, model.weights, View(source.key, "input"), len(fitted.labels)).whole
        layers = [*made]
    head = head_of(layers, float(fitted.decoder.get("temperature", 1.0)))
    return None if head is None else (whole.eval(), head)


def _features(model: Model, given: Iterable[Any]) -> FloatArray:
    with tempfile.TemporaryDirectory(prefix="headstart-") as place:
        found = _examples(model, given, Path(place))
        with model.predictor("torch", Path(place)) as predictor:
            return predictor.features(found)


def _examples(model: Model, given: Iterable[Any], place: Path) -> list[Example]:
    out = []
    for one in inputs_of(model.modality, given, place, model.columns, model.pixels):
        if isinstance(one.example, str):
            raise DataError(f"{one.shown} cannot be read: {one.example} Leave it out, or repair it.")
        out.append(one.example)
    return out
