"""The two domains of an adaptation: the examples that a finished run learnt from, read again, and unlabelled ones.

Of the target no label is read here, nor anywhere but by the judge: what comes out of this file are examples without
an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import DataError, UsageError
from ...kind import kind_of
from ...modality import noun
from ...read import ReadOptions
from ...types import Example, Task
from .. import learnt
from ..saved import Saved

FEWEST = 20  # target examples
SAME = 0.5  # part of the target that may be examples of the source


@dataclass(frozen=True)
class Target:
    """Unlabelled examples of another domain."""

    shown: tuple[str, ...]  # where each stands, for a person
    examples: tuple[Example, ...]  # as many, each content once
    notes: tuple[str, ...]  # what was set aside, and why


DATA = "Give the labelled data in place of the run: it is fitted anew."


def source_task(
    run: Saved, progress: Callable[[int, int], None] | None = None, verb: str = "adapt", instead: str = DATA
) -> Task:
    """The data that the run learnt from, read as it was; `verb` wants it, and `instead` says what else to do.

    Raises:
        UsageError: its labels are no classes, one an example.
        DataError: the run does not say what it read, or the data have gone or changed.
    """
    kind = run.record["task"]["kind"]
    if not kind_of(kind).exclusive:
        raise UsageError(
            f"{run.path} does {kind}; {verb} takes classification, one class an example. Give a run or data with one "
            "class each."
        )
    return learnt.again(run, instead, progress)


def target(run: Saved, task: Task, given: str | Path, options: ReadOptions, folder: Path) -> Target:
    """The examples of the other domain; labels beside them are not looked at.

    Args:
        run: tells how examples are read.
        task: the source's.
        given: a folder or table.
        options: how it is read.
        folder: for what lies in memory or in tables.

    Raises:
        DataError: there is nothing there, too few, of another modality, or the source's own examples.
    """
    from ...ship._inputs import inputs_of

    model, what = run.model, noun(task.modality)
    place = Path(given)
    if not place.exists():
        raise DataError(f"{given} does not exist. Give a folder, or a table, of unlabelled {what}s of the new domain.")
    found = list(inputs_of(task.modality, _one(place), folder, model.columns, model.pixels, options))
    good = {item.example.digest: item for item in reversed(found) if isinstance(item.example, Example)}
    items = [item for item in found if isinstance(item.example, Example) and good[item.example.digest] is item]
    bad = [f"{item.shown}: {item.example}" for item in found if not isinstance(item.example, Example)]
    if not items and bad:
        raise DataError(f"Nothing of {given} could be read as {what}s. {bad[0]}")
    known = {e.digest for e in (*task.train, *task.valid)}
    own = [item for item in items if item.example.digest in known]  # type: ignore[union-attr]
    if len(own) > SAME * len(items):
        raise DataError(
            f"{len(own)} of the {len(items)} {what}s of {given} are the source's own. Give {what}s of the new domain."
        )
    items = [item for item in items if item.example.digest not in known]  # type: ignore[union-attr]
    if len(items) < FEWEST:
        raise DataError(
            f"{given} holds {_many(len(items), what)} to adapt to; adapt needs {FEWEST} or "
            "more. Collect more of the new domain, or use the model as it is."
        )
    return Target(
        tuple(item.shown for item in items),
        tuple(replace(item.example, answer=None) for item in items if isinstance(item.example, Example)),
        tuple(_notes(what, bad, len(found) - len(bad) - len(items) - len(own), len(own))),
    )


def _one(place: Path) -> Iterable[Any]:
    return [place]


def _notes(what: str, bad: list[str], doubles: int, own: int) -> Iterable[str]:
    if bad:
        yield f"Left out of the target, as they cannot be read: {_many(len(bad), what)}; the first: {bad[0]}"
    if doubles:
        yield f"Left out of the target, as doubles of others: {_many(doubles, what)}."
    if own:
        yield f"Left out of the target, as the source's own: {_many(own, what)}."


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
