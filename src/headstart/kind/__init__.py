"""Kinds of task, one file each: the whole of an answer, from a label's cell to the report. See `_base.Kind`.

Nobody else knows what form an answer has: who holds some asks the kind, found by its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..family import load
from ..types import Example, Features, Task
from ._base import Kind as Kind
from ._base import Outputs as Outputs


def kind_of(name: str) -> Kind:
    """The kind of task of that name.

    Raises:
        UnknownName: there is none.
    """
    found: Kind = load("kind", name).KIND
    return found


def targets(task: Task, examples: Sequence[Example]) -> Any:  # noqa: ANN401 - an array in the kind's own form
    """What is true of some of a task's examples, `[n …]` as its kind batches answers."""
    return kind_of(task.kind).targets([e.answer for e in examples], len(task.labels))


def proxy(task: Task, examples: Sequence[Example]) -> Any:  # noqa: ANN401 - [n t]
    """What a regression on some of a task's examples is to reach, see `Kind.proxy`."""
    return kind_of(task.kind).proxy(targets(task, examples))


def labelled(seen: Features, task: Task, examples: Sequence[Example]) -> Features:
    """What was seen of these examples, with what is true of them."""
    return replace(seen, y=targets(task, examples))


def counts(task: Task, examples: Sequence[Example]) -> list[int]:
    """How many of some of a task's examples have each of its classes; none where there are no classes."""
    return kind_of(task.kind).counts([e.answer for e in examples], len(task.labels))
