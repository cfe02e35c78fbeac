"""Call one score on one look: its value, or why it cannot speak."""

from __future__ import annotations

import time
from types import ModuleType

import numpy as np

from ..family import load
from ..kind import kind_of
from ..types import Estimate
from ._look import Look, Silent


def measure(name: str, look: Look) -> Estimate:
    """What the score `name` says; `value` is None where it cannot speak, and the first caveat says why.

    Raises:
        UnknownName: there is no such score.
    """
    module, start = load("score", name), time.perf_counter()
    key = look.source.key if look.source else None
    reads_data = bool(module.NEEDS - {"record"})
    try:
        _hold(name, module, look)
        if reads_data:
            _hold_data(look)
            _hold_groups(module, look)
        value = float(module.score(look))
        if not np.isfinite(value):
            raise Silent("It came to no finite number.")
    except Silent as why:
        return Estimate(name, key, None, 0, time.perf_counter() - start, (str(why),))
    seconds = time.perf_counter() - start
    caveats = (*(_caveats(module, look) if reads_data else ()), *getattr(module, "caveats", lambda look: ())(look))
    return Estimate(name, key, value, len(look.y) if reads_data else 0, seconds, caveats)


def _hold(name: str, module: ModuleType, look: Look) -> None:
    """Whether what the score needs is there."""
    if look.kind not in module.KINDS:
        raise Silent(
            f"{name} does not speak of tasks of kind '{look.kind}', only of {', '.join(sorted(module.KINDS))}."
        )
    if "logits" in module.NEEDS and look.logits is None:
        raise Silent(f"{name} needs the source's own class scores, and this source has no classifier.")
    if "record" in module.NEEDS and look.source is None:
        raise Silent(f"{name} needs the source's record, and none was given.")
    if "features" in module.NEEDS and not np.isfinite(look.x).all():
        raise Silent("Some features are not finite numbers.")
    if "logits" in module.NEEDS and not np.isfinite(np.asarray(look.logits)).all():
        raise Silent("Some of the source's class scores are not finite numbers.")


def _hold_data(look: Look) -> None:
    """Whether there is anything to be told apart, and to check it on."""
    if len(look.y) < 2:
        raise Silent(f"A score needs two examples or more, not {len(look.y)}.")
    if not kind_of(look.kind).finite(look.y):
        raise Silent("Some labels are not finite numbers.")
    if not (look.targets != look.targets[:1]).any():
        raise Silent("All examples have the same label.")
    if kind_of(look.kind).exclusive and look.classes[1].max() < 2:
        raise Silent("No class has two examples.")


def _hold_groups(module: ModuleType, look: Look) -> None:
    """Whether anything is left to learn from where a whole group is left out."""
    if getattr(module, "GROUPS", False) and look.groups is not None and len(np.unique(look.groups)) < 2:
        raise Silent("All examples are of one group, which would be left out as a whole.")


def _caveats(module: ModuleType, look: Look) -> tuple[str, ...]:
    out = []
    together = look.groups is not None and len(np.unique(look.groups)) < len(look.y)
    if together and not getattr(module, "GROUPS", False):
        out.append(
            "It counts examples of one group as independent, so it is too high for a source that recognises the group."
        )
    if not kind_of(look.kind).exclusive:
        return tuple(out)
    counts = look.classes[1]
    if len(counts) < look.k:
        out.append(f"{look.k - len(counts)} of {look.k} classes have no example.")
    if single := int((counts == 1).sum()):
        out.append(f"{single} of {look.k} classes {'has' if single == 1 else 'have'} a single example.")
    return tuple(out)
