"""check: read a person's data as `fit` would, train nothing, and show what was understood.

Nothing of a sealed test split is shown but how many examples of each class it holds.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..family import load
from ..kind import counts, kind_of, targets
from ..read import ReadOptions
from ..schema import SCHEMA
from ..types import Example, Task, to_dict

SHOWN = 3  # examples
TELLS = 0.95  # a property that names the class of so many training examples is suspicious,
FREE = 0.8  # where one answer for all would be right on at most this part of them


@dataclass(frozen=True)
class Checked:
    """What was understood; `record` is the JSON contract, `task` what `fit` would learn from."""

    record: Mapping[str, Any]
    task: Task

    def __repr__(self) -> str:
        return f"Checked({self.record['name']!r}, {self.record['modality']}, {self.record['kind']})"

    def html(self) -> str:
        """A page for people, with pictures inside."""
        from ..report.checked import page

        return page(self.record)


def check(
    data: str | Path,
    *,
    seed: int = 0,
    watch: Callable[[str, int, int], None] | None = None,
    **options: Any,  # noqa: ANN401 - fields of ReadOptions
) -> Checked:
    """Read data without training, and show what was understood.

    Args:
        data: as for `fit`.
        seed: of the split.
        watch: called with ("read", done, of) as the reading goes on.
        options: all options of `fit` that say how data is read: `group`, `text`, `label`, `kind`, ….

    Returns:
        `record`: modality, kind, columns, classes with counts, splits and where they came from, what was set aside,
        doubles, shapes or lengths, what is suspicious, three examples; `html()`, the same as a page.

    Raises:
        DataError: the data cannot be used, and why. UsageError: there is no such option.
    """
    from ..read import read

    progress = (lambda done, of: watch("read", done, of)) if watch else None
    asked = ReadOptions.of(options)
    task = read(os.fspath(data), asked, seed=seed, progress=progress)
    said = asked.said() | ({"seed": str(seed)} if seed else {})
    return Checked(_record(task, str(data)) | {"options": said}, task)


def _record(task: Task, data: str) -> dict[str, Any]:
    shapes, each = load("read", task.modality).shapes(task.train)
    known = (*task.train, *task.valid)
    alike = Counter(e.group for e in known if e.group is not None)
    return {
        "schema_version": SCHEMA,
        "data": data,
        "name": task.name,
        "modality": task.modality,
        "kind": task.kind,
        "columns": dict(task.columns),
        "labels": list(task.labels),
        "n": task.n | ({"unlabelled": len(task.unlabelled)} if task.unlabelled else {}),
        "classes": _classes(task),
        "split_rule": task.split_rule,
        "fingerprint": task.fingerprint,
        "notes": list(task.notes),
        "set_aside": [to_dict(s) for s in task.set_aside],
        "together": {"examples": sum(alike.values()), "groups": len(alike)},
        "shapes": shapes,
        "suspicious": [*task.warnings, *_telling(task, each)],
        "pixels": to_dict(task.pixels),
        "examples": [_example(task, e) for e in _some(task)],
    }


def _classes(task: Task) -> list[dict[str, Any]]:
    """Examples of each class in each split; of numbers none."""
    if not kind_of(task.kind).classes:
        return []
    rows = zip(task.labels, counts(task, task.train), counts(task, task.valid), task.test.counts, strict=True)
    return [{"label": c, "train": a, "valid": b, "test": t} for c, a, b, t in rows]


def _telling(task: Task, each: Sequence[tuple[Example, Mapping[str, Any]]]) -> list[str]:
    """Properties of the files that give the class away: a model may learn these and nothing else."""
    if not kind_of(task.kind).exclusive or not each:
        return []
    y = targets(task, [e for e, _ in each])
    base, found = float(np.bincount(y).max() / len(y)), []
    for name in each[0][1]:
        by_value: dict[Any, Counter[int]] = {}
        for label, (_, said) in zip(y.tolist(), each, strict=True):
            by_value.setdefault(said[name], Counter())[label] += 1
        right = sum(max(c.values()) for c in by_value.values()) / len(y)
        if len(by_value) <= max(2 * len(task.labels), 20) and right >= TELLS and base <= FREE * right:
            what = "length" if name == "length" else f"{name} of the file" if name == "format" else f"pixels' {name}"
            found.append(
                f"The {what} alone names the class of {100 * right:.0f} % of the training {task.noun}s: a model may "
                "learn that in place of what is shown. Make it the same for all classes."
            )
    return found


def _some(task: Task) -> list[Example]:
    """Training examples to show, of different classes where there are several."""
    first = {e.answer: e for e in reversed(task.train)}
    rest = [e for e in task.train if e not in first.values()]
    return [*first.values(), *rest][:SHOWN]


def _example(task: Task, example: Example) -> dict[str, Any]:
    label = kind_of(task.kind).truth(example.answer, task.labels)
    return {"where": example.path, "label": label, "text": example.content}
