"""evaluate: a finished run on labelled data it has not seen, alone or against another run on the same examples.

Also keeps, in a run's folder, which examples it has learnt from: `seen.safetensors`, eight bytes each.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, UsageError
from ..modality import noun
from ..runtime import quiet_threads, write
from ..types import Example, Fitted, Task
from ._run import Run, opened

if TYPE_CHECKING:
    from ..judge.unseen import Evaluation, Own
    from ..ship.store import Model

SEEN = "seen.safetensors"


def evaluate(
    run: str | Path | Run,
    data: str | Path,
    *,
    against: str | Path | Run | None = None,
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
            usual nor those that the run learnt from. `kind` and `crop` are the run's own; near-duplicates stay.

    Returns:
        `sentence`, `run.value`, `run.interval`, `run.metrics["per_class"]`, `comparison`, `record()`, `predictions()`.

    Raises:
        DataError: the data cannot be used, or hold classes that the run does not know.
        UsageError: the two runs do not answer the same question.
    """
    from ..read import ReadOptions

    asked = ReadOptions.of(options)
    quiet_threads()
    from ..judge.unseen import evaluate as judged
    from ..read._unseen import unseen
    from ..ship.store import scores

    runs = [opened(run, take), *([opened(against)] if against is not None else [])]
    models = [r.model for r in runs]
    first = models[0]
    for model, other in zip(models[1:], runs[1:], strict=True):
        _same_question(runs[0], first, other, model)
    seen = [_seen(r.path) for r in runs]
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
    caveats = [
        f"{' and '.join(unknown)} cannot tell which {task.noun}s it has learnt from (no {SEEN} there): any of them "
        "in these data flatter it."
    ] if unknown else []  # fmt: skip
    if first.fitted.kind == "regression" and len(called := {m.labels[0] for m in models}) > 1:
        caveats.append(f"The runs call what they predict {' and '.join(map(repr, called))}: is it the same quantity?")
    caveats += task.notes
    verdict = runs[0].record["verdict"]
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        galleries = {id(m.fitted): m.gallery(engine, Path(folder)) for m in models}
        ways = {id(m.fitted): m.pixels for m in models}

        def logits(fitted: Fitted, examples: Sequence[Example]) -> np.ndarray[Any, Any]:
            columns = [fitted.labels.index(name) for name in task.labels] if len(task.labels) > 1 else [0]
            own = ways[id(fitted)]  # each model reads pictures as it did when it learnt
            seen = [replace(e, digest=own.name(e.digest), pixels=own) for e in examples]
            return scores(fitted, galleries[id(fitted)], seen)[:, columns]  # runs may know them in another order

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


def _own(run: Run) -> Own | None:
    """How a run's model did on its own sealed test; its calibration is known of the winner alone."""
    from ..judge.unseen import Own

    record, name = run.record, run.record["verdict"]["metric"]
    other = record.get("other") or {}
    who, metrics = record["winner"], record["metrics"]
    if run.take == other.get("take"):
        trial = next(t for t in record["trials"] if t["id"] == other["id"])
        who, metrics = {"strategy": trial["strategy"], "source": trial["source"] if trial["reuses"] else None}, {}
    for row in (record["verdict"]["transfer"], *record["rivals"]):
        if (row["strategy"], row["source"]) == (who["strategy"], who["source"]):
            value = metrics.get(name, row["value"])  # of the first training; of several the row holds the mean
            return Own(value, tuple(row["interval"]), record["verdict"]["n_test"], metrics.get("ece"))
    return None


def note_seen(folder: Path, task: Task) -> None:
    """Write down what a run learns from: the first eight bytes of each digest, without labels or splits."""
    from safetensors.numpy import save

    from ..read._unseen import SHORT

    numbers = sorted({int(e.digest[:SHORT], 16) for e in (*task.train, *task.valid, *task.unlabelled)})
    write(folder / SEEN, save({"seen": np.array(numbers, np.uint64)}))


def _seen(folder: Path) -> frozenset[str] | None:
    """What a run has learnt from, as starts of digests; None where its folder does not say."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    from ..read._unseen import SHORT

    try:
        return frozenset(f"{n:0{SHORT}x}" for n in load((folder / SEEN).read_bytes())["seen"].tolist())
    except FileNotFoundError:
        return None
    except (SafetensorError, KeyError) as error:
        raise DataError(f"{folder / SEEN} is damaged ({error}). Copy the run's folder again.") from error


def _same_question(run: Run, model: Model, other: Run, rival: Model) -> None:
    """Both read the same kind of data and know the same classes."""
    one, two = (f"{m.fitted.kind} of {noun(m.modality)}s" for m in (model, rival))
    if one != two:
        raise UsageError(
            f"{run.path} does {one}, {other.path} {two}; only runs that answer the same question can be compared. "
            "Name another run with --against."
        )
    if model.fitted.kind != "regression" and (apart := set(model.labels) ^ set(rival.labels)):
        odd = ", ".join(f"'{name}'" for name in sorted(apart)[:10])
        raise UsageError(
            f"{run.path} and {other.path} must know the same classes to be compared; only one of them knows {odd}. "
            "Fit both with the same classes."
        )
