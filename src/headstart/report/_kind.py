"""What a report says of a kind of task; a kind's file in `report/kind/` has one such object, `PANELS`.

`of("regression")` finds it by its name; nobody else in `report/` tells kinds apart. The base class says what holds for
a kind that has no such file, or says nothing else in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..family import load, names
from ..plan.choice import named
from . import _words

_FOLDER = "report/kind"
Run = Mapping[str, Any]
Figure = tuple[str, str, str]  # title, value, a remark


class Panels:
    """One kind of task, on a page, a card or a terminal."""

    one, many = "class", "classes"  # what `labels` are
    classes = True  # whether answers name these
    confidences = True  # whether there are probabilities
    each = ""  # what is said before "Of the answers given with 80 % confidence …"
    worst = "The worst answers; in red the model’s. Look here first for wrong labels."
    rests = "its answer"  # what a typical text's words speak for
    right = "Accuracy"  # the share of right answers
    curve = "score"  # what a training curve is of
    purpose = "Answer for {examples} like those"
    always = "something"  # of an example of anything else
    hub: tuple[str, ...] = ()  # metrics, as the hub calls them
    data = "one label each"  # what examples have

    def task(self, tag: str) -> tuple[str, str]:
        """The hub's name of the task, of examples that the hub calls `tag`, and of its pipeline, if it has one."""
        return "other", ""

    def what(self, one: str, nouns: str, labels: Sequence[str]) -> str:
        """What the model is: `one` is "an image", `nouns` "pictures", the labels are quoted."""
        return f"A model of {nouns}"

    def labels(self, labels: Sequence[str]) -> str:
        """How many classes there are, or what is predicted."""
        return _words.plural(len(labels), self.one, self.many)

    def figures(self, metrics: Run) -> list[Figure]:
        """The key figures of the run's model, for a page: all single numbers that were measured."""
        return [(named(name), _words.number(value), "") for name, value in metrics.items() if isinstance(value, float)]

    def table(self, metrics: Run) -> list[Figure]:
        """The same for a card: title, value and interval."""
        return self.figures(metrics)

    def trial(self, trial: Run) -> list[tuple[str, str]]:
        """The scores of a trial, each with its name."""
        found = [(named(name), _words.number(value)) for name, value in (trial.get("scores") or {}).items()]
        return found or [("Score", "–"), ("Loss", "–")]


def of(kind: str) -> Panels:
    """What is said of that kind."""
    return cast(Panels, load(_FOLDER, kind).PANELS) if kind in names(_FOLDER) else Panels()
