"""evaluate: a finished run on labelled data it has not seen, alone or against another run on the same examples."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError
from ..kind import kind_of
from ..modality import noun
from ..run import learnt
from ..run.saved import Saved, opened
from ..runtime import quiet_threads
from ..types import Example, Fitted, Task

if TYPE_CHECKING:
    from ..judge.unseen import Evaluation, Own
    from ..ship.store import Model


def evaluate(
    run: str | Path | Saved,
    data: str | Path,
    *,
    against: str | Path | Saved | None = None,
    engine: str = "auto",
    take: str | None = None,
    watch: Callable[[str, int, int], None] | None = None,
    **options: Any,  # noqa: ANN401 - fields of ReadOptions
) -> Evaluation:
    """Judge a run on labelled data it has not seen, in its own metric.

    Examples that a run has learnt from (training and validation, by content) are set aside, and so are doubles. Where
    the data bring a test part of their own, only that is judged.

    Args:
        run: a finished run, or its folder.
        data: labelled pictures or texts, as `fit` takes them; nothing is split.
        against: another finished run, which knows the same classes: both predict the same examples, and whether the
            first is better is decided as `fit` decides, with the first one's margin.
        engine: `auto` is the engine a model was judged with.
        take: which of the first run's two models is judged, `transfer` or `rival`; its winner when not given. With the
            run itself as `against` its two models are compared.
        watch: called with (what, done, of) as the work goes on.
        options: options of `fit` that say how data is read, such as `text` and `label`, columns whose names are neither
            usual nor those that the run learnt from. `kind` and `crop` are the run's own.

    Returns:
        `sentence`, `run.value`, `run.interval`, `run.metrics["per_class"]`, `comparison`, `record()`, `predictions()`.

    Raises:
        DataError: the data cannot be used, or hold classes that the run does not know.
        UsageError: the two runs do not answer the same question, or an option says nothing of such data.
    """
    from ..read import ReadOptions

    asked = ReadOptions.of(options)
    quiet_threads()
    from ..judge.unseen import evaluate as judged
    from ..read._unseen import unseen

    runs = [opened(run, take), *([opened(against)] if against is not None else [])]
    models = [r.model for r in runs]
    first = models[0]
    for model, other in zip(models[1:], runs[1:], strict=True):
        _same_question(runs[0], first, other, model)
    seen = [learnt.of(r.path) for r in runs]
    task = unseen(
        data,
        modality=first.modality,
        kind=first.fitted.kind,
        labels=first.labels,
        learnt=frozenset().union(*(s for s in seen if s is not None)),
        options=asked,
        ways={m.pixels for m in models},
        columns=first.columns,
        progress=(lambda done, of: watch("read", done, of)) if watch else None,
    )
    unknown = [str(r.path) for r, s in zip(runs, seen, strict=True) if s is None]
    caveats = [*_caveats(task, unknown, models), *task.notes]
    verdict = runs[0].record["verdict"]
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        predictors = {id(m.fitted): m.predictor(engine, Path(folder)) for m in models}
        ways = {id(m.fitted): m.pixels for m in models}

        kind = kind_of(task.kind)

        def logits(fitted: Fitted, examples: Sequence[Example]) -> np.ndarray[Any, Any]:
            own = ways[id(fitted)]  # each model reads pictures as it did when it learnt
            seen = [replace(e, digest=own.name(e.digest), pixels=own) for e in examples]
            return kind.aligned(predictors[id(fitted)].logits(seen), fitted.labels, task.labels)

        return judged(
            task,
            [(r.name, m.fitted) for r, m in zip(runs, models, strict=True)],
            logits,
            metric=verdict["metric"],
            margin=verdict["margin"],
            level=verdict["level"],
            caveats=caveats,
            own=_own(runs[0]),
        )


def _caveats(task: Task, unknown: Sequence[str], models: Sequence[Model]) -> Iterator[str]:
    """What may flatter a run, or make two runs unlike; `unknown` are those that do not say what they learnt from."""
    if unknown:
        yield (
            f"{' and '.join(unknown)} cannot tell which {task.noun}s it has learnt from (no {learnt.FILE} there): any "
            "of them in these data flatter it."
        )
    if not kind_of(task.kind).classes and len(called := {m.labels[0] for m in models}) > 1:
        yield f"The runs call what they predict {' and '.join(map(repr, called))}: is it the same quantity?"


def _own(run: Saved) -> Own | None:
    """How a run's model did on its own sealed test; its calibration is known of the winner alone."""
    from ..judge.unseen import Own

    if "taught" in (found := (run.made or {}).get("verdict") or {}):  # a distilled student has its own
        return Own(found["taught"]["value"], tuple(found["taught"]["interval"]), found["n_test"])
    if run.made is not None and run.made["chosen"] != run.made["untouched"]:
        return None  # the sealed test was of another model
    record, name = run.record, run.record["verdict"]["metric"]
    other = record["other"]
    who: Mapping[str, Any] = record["winner"]
    metrics = record["metrics"]
    if other is not None and run.take == other["take"]:
        trial = next(t for t in record["trials"] if t["id"] == other["id"])
        who, metrics = {"strategy": trial["strategy"], "source": trial["source"] if trial["reuses"] else None}, {}
    for row in (record["verdict"]["transfer"], *record["rivals"]):
        if (row["strategy"], row["source"]) == (who["strategy"], who["source"]):
            value = metrics.get(name, row["value"])  # of the first training; of several the row holds the mean
            return Own(value, tuple(row["interval"]), record["verdict"]["n_test"], metrics.get("ece"))
    return None


def _same_question(run: Saved, model: Model, other: Saved, rival: Model) -> None:
    """Both read the same kind of data and know the same classes."""
    one, two = (f"{m.fitted.kind} of {noun(m.modality)}s" for m in (model, rival))
    if one != two:
        raise UsageError(
            f"{run.path} does {one}, {other.path} {two}; only runs that answer the same question can be compared. "
            "Name another run with --against."
        )
    if model.kind.classes and (apart := set(model.labels) ^ set(rival.labels)):
        odd = ", ".join(f"'{name}'" for name in sorted(apart)[:10])
        raise UsageError(
            f"{run.path} and {other.path} must know the same classes to be compared; only one of them knows {odd}. "
            "Fit both with the same classes."
        )
