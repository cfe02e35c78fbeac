"""Unlabelled examples for a distillation: none that the run learnt from, none of its sealed test, each content once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...errors import DataError
from ...judge.distilled import unseen
from ...modality import noun
from ...read import ReadOptions
from ...types import Example, Task
from ..saved import Saved


def unlabelled(
    run: Saved, task: Task, given: str | None, options: ReadOptions, folder: Path
) -> tuple[tuple[Example, ...], list[str]]:
    """The examples without an answer, and what was left out.

    Args:
        run: tells how examples are read.
        task: the run's; its own unlabelled examples count too.
        given: a folder or table; labels in it are not looked at. None: there is none.
        options: how it is read.
        folder: for what lies in tables.

    Raises:
        DataError: nothing there can be read.
    """
    from ...ship._inputs import inputs_of

    model, what, notes = run.model, noun(task.modality), list[str]()
    found: dict[str, Example] = {e.digest: e for e in task.unlabelled}
    bad: list[str] = []
    if given is not None:
        for item in inputs_of(task.modality, [Path(given)], folder, model.columns, model.pixels, options):
            if isinstance(item.example, Example):
                found.setdefault(item.example.digest, replace(item.example, answer=None))
            else:
                bad.append(f"{item.shown}: {item.example}")
        if not found:
            why = f" {bad[0]}" if bad else ""
            raise DataError(
                f"{given} holds no {what}s that can be read.{why} Name a folder of {what}s, or leave it out."
            )
    known = {e.digest for e in (*task.train, *task.valid)}
    own = [digest for digest in found if digest in known]
    examples = unseen(task, [e for digest, e in found.items() if digest not in known]) if found else ()
    for n, why in (
        (len(bad), "as they cannot be read"),
        (len(own), "as the teacher's run has learnt from them"),
        (len(found) - len(own) - len(examples), "as they are of its sealed test"),
    ):
        if n:
            notes.append(f"Left out of the unlabelled, {why}: {n:,} {what}{'s' * (n > 1)}.")
    return examples, notes
