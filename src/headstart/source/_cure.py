"""Makes `import torchvision` work where its compiled operators do not fit the installed torch.

The package index's torchvision is a CUDA build. Beside a CPU-only torch its extension cannot be loaded and
`import torchvision` dies with "operator torchvision::nms does not exist", and with it timm and everything that
builds on them. `watch_for_it()`, called by `import headstart`, has torchvision cured when anybody first imports it, so
that a person's own script can use timm and transformers too; `cure()` does it at once. On a healthy installation both
change nothing. After a cure transforms, models, nms, roi_align and the detectors work; `deform_conv2d` and
`torchvision.io` do not. Knows nothing of sources or pictures.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_kept: list[Any] = []  # torch drops a library's operators as soon as nobody holds the library


def cure() -> bool:
    """Define torchvision's missing operators; safe to call any number of times.

    Public as `headstart.torchvision_cure`. `import headstart` alone does as much when torchvision is first imported.

    Returns:
        True if the operators are ours (now or since an earlier call), False if torchvision needs no cure or is absent.
    """
    if _kept:
        return True
    if "torchvision" in sys.modules or (spec := find_spec("torchvision")) is None or spec.origin is None:
        return False
    if _operators_load(Path(spec.origin).parent):
        return False
    _define()
    _adjust()
    log.debug("torchvision's compiled operators do not fit this torch; nms is done in plain torch")
    return True


class _Finder:
    """Finds torchvision as everybody else does, and has it cured where it is executed."""

    def __init__(self) -> None:
        self._asking = False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ANN401
        """The spec of torchvision, whose loader cures; None of any other module."""
        if name != "torchvision" or self._asking:
            return None
        self._asking = True  # of the other finders
        try:
            spec = find_spec(name)
        finally:
            self._asking = False
        if spec is not None and spec.loader is not None and spec.origin is not None:
            spec.loader.exec_module = partial(_executed, spec.loader.exec_module, spec.origin)  # type: ignore[method-assign]
        return spec


def watch_for_it() -> None:
    """Have torchvision cured whenever it is first imported; imports neither it nor torch now."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _executed(execute: Callable[[ModuleType], None], origin: str, module: ModuleType) -> None:
    """Execute torchvision between the two halves of the cure, where it needs one."""
    if not _kept and not _operators_load(Path(origin).parent):
        _define()
    execute(module)
    if _kept:
        _adjust()


def _operators_load(folder: Path) -> bool:
    """Whether torchvision's own extension gives `torchvision::nms`: tried as torchvision itself would."""
    import torch

    load: Any = torch.ops.load_library  # torch gives it no types
    for file in (folder / f"_C{suffix}" for suffix in EXTENSION_SUFFIXES):
        if file.is_file():
            try:
                load(str(file))
            except OSError as problem:  # built for another torch, or CUDA libraries that are not here
                log.debug("%s: %s", file.name, problem)
    return hasattr(torch.ops.torchvision, "nms")


def _define() -> None:
    import torch

    make: Any = torch.library.Library  # torch gives it no types
    library = make("torchvision", "DEF")
    for schema in _SCHEMAS:
        library.define(schema)
    library.impl("nms", nms, "CPU")
    _kept.append(library)


def _adjust() -> None:
    """Let torchvision use what there is: our nms, and its own roi_align in Python, as it stands.

    `ops.nms` asks `_has_ops` before it calls; roi_align has kept the first answer, "no", and so takes its Python path.
    That path would be put through `torch.compile`: half a minute, and a C++ compiler that many machines lack.
    """
    import torchvision.extension

    torchvision.extension._has_ops = lambda: True
    module = sys.modules["torchvision.ops.roi_align"]  # `torchvision.ops.roi_align` is the function
    inner = getattr(module, "_roi_align", None)
    if plain := getattr(inner, "__wrapped__", None):
        module._roi_align = plain  # type: ignore[attr-defined]


def nms(dets: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: keep a box unless a kept box of a higher score overlaps it by more than the threshold.

    Args:
        dets: boxes [n, 4] as x1, y1, x2, y2.
        scores: [n].
        iou_threshold: intersection over union above which the lower box is dropped.

    Returns:
        Indices of the kept boxes [m], int64, by falling score; equal scores keep their order.
    """
    import torch

    boxes = dets.float() if dets.dtype in (torch.float16, torch.bfloat16) else dets
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = scores.argsort(descending=True, stable=True)
    keep = []
    while order.numel():
        best, order = order[0], order[1:]
        keep.append(best)
        low = torch.maximum(boxes[best, :2], boxes[order, :2])
        high = torch.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = (high - low).clamp(min=0).prod(dim=1)
        order = order[~(shared / (area[best] + area[order] - shared) > iou_threshold)]
    return torch.stack(keep) if keep else order
