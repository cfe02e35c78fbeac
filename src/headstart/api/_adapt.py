"""adapt: a model for a new domain without its labels; see `run/adapt/`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..interrupt import presses
from ..read import ReadOptions
from ..run.adapt import labelled
from ..run.adapt import record as _record
from ..run.adapt.steps import Adapted, Asked, carry_out
from ..run.job import Watch
from ..run.lock import locked
from ..run.saved import ADAPTED, DISTILLED, SOURCE, Saved
from ..runtime import quiet_threads, write
from ._evaluate import evaluate
from ._fit import fit, several
from ._run import AdaptedRun, Run

if TYPE_CHECKING:
    from ..judge.unseen import Evaluation


def adapt(
    source: str | Path | Saved,
    target: str | Path | Sequence[str | Path],
    *,
    unseen: bool = False,
    judge: str | Path | None = None,
    target_labels: int | str | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    method: str | list[str] | None = None,
    source_model: str | list[str] | None = None,
    budget: str | float | None = "auto",
    engine: str = "auto",
    watch: Watch | None = None,
    command: str | None = None,
    **options: Any,  # noqa: ANN401 - fields of ReadOptions
) -> AdaptedRun:
    """Adapt to a new domain of which there are examples and no labels; not to adapt is always a candidate.

    Every method of `align/` is tried on every representation that suits it (top features of the run's sources; TF-IDF
    of texts, HOG of pictures). Which one is handed out is chosen without a target label, and how good it will be on the
    target is estimated.

    Args:
        source: labelled examples, as `fit` takes them, or a finished run and its folder. Data are fitted first, with
            linear probes and the rivals, into OUT/source.
        target: unlabelled examples of the new domain: a folder, or a table. Labels in it are not looked at.
        unseen: `source` and all of `target` are labelled domains, and the model is for one of which there is nothing:
            each is left out in turn, to choose among the methods of `align/unseen/` by.
        judge: labelled examples of the target domain, which the judge alone sees: the chosen model against the
            untouched one, with a paired interval.
        target_labels: with `judge`: also against a model trained on so many of its labels, or on "half" of them; the
            two are compared on the others.
        out: folder for what is made; `runs/NAME-adapted` when not given, after the target's name.
        seed: of all that is drawn.
        method: names of methods, in place of all; "intermediate" (texts) and "selfsupervised" (pictures), of which a
            source learns on from both domains, take minutes and are tried only where they are named.
        source_model: sources to reuse, as `fit(source=…)`; with data alone.
        budget: of the fit that comes before.
        engine: `auto`, `torch` or `openvino`.
        watch: called with (what, done, of) as the work goes on.
        command: for the record, how it was asked for.
        options: how data are read, as for `fit`.

    Raises:
        DataError: one of the data cannot be used; fewer than 20 target examples; the target is the source.
        UsageError: the labels are no classes, or an argument is wrong.
    """
    quiet_threads()
    read, labels = ReadOptions.of(options), labelled.asked(target_labels, judge)
    several_targets = [target] if isinstance(target, str | Path) else [*target]
    first = several_targets[0]
    place = Path(out) if out else Path("runs") / f"{Path(os.path.abspath(first)).stem}-adapted"
    if judge is not None and not Path(judge).exists():
        raise UsageError(f"--judge {judge} does not exist. Give labelled examples of the target, or leave it out.")
    if missing := [str(one) for one in several_targets if not Path(one).exists()]:
        raise UsageError(f"{missing[0]} does not exist. Give a folder, or a table, of examples of the other domain.")
    if len(several_targets) > 1 and not unseen:
        raise UsageError(
            f"{len(several_targets)} targets were given; adapt takes one. To learn from several labelled domains for "
            "an unseen one say so: --unseen, or unseen=True."
        )
    if unseen and (isinstance(source, Saved) or (Path(source) / "run.json").is_file()):
        raise UsageError("With --unseen all domains are labelled data, no runs. Give the data in place of the run.")
    _check(source, several_targets, place, unseen, several(method))
    run = _run(source, place, seed, source_model, budget, engine, watch, options)
    data = [str(source), *map(str, several_targets)] if unseen else [str(first)]
    asked = Asked(run, tuple(data), place, seed, several(method), engine, read, command or "headstart.adapt(…)")
    if unseen:
        return _unseen(asked, judge, labels, watch, options)
    with presses.heard(), locked(place, work="adapted"):
        found = carry_out(asked, presses.polling(watch))
        _record.publish(asked, found)
    made = _shown(place)
    _record.kept(place, _kept(made, run, found, engine))
    if judge is not None:
        against = None if found.chosen is found.untouched else run
        seen = evaluate(made, judge, against=against, engine=engine, watch=watch, **options)
        _judged(asked, seen, "Not adapted", labels, watch)
    return _shown(place)


def _check(
    source: str | Path | Saved, targets: Sequence[str | Path], place: Path, unseen: bool, names: Sequence[str]
) -> None:
    """What can be told before anything is fitted or written.

    Raises:
        UsageError: there is no such method, the source was itself adapted, or OUT holds a run or data.
    """
    from ..run.adapt import steps
    from ..run.adapt import unseen as many

    (many.ways if unseen else steps.ways)(names)
    begun = source.path if isinstance(source, Saved) else Path(source)
    if any((begun / file).is_file() for file in (ADAPTED, DISTILLED)):
        made = Saved(begun).made or {}
        before, how = (made.get("source") or made["teacher"])["run"], "distilled" if "teacher" in made else "adapted"
        raise UsageError(f"{begun} was itself {how}. Give what it began with, a run of `headstart fit`: {before}.")
    if (place / "run.json").is_file():
        raise UsageError(
            f"{place} holds a run of `headstart fit`, which the adapted model would lie over. Name another folder with "
            "--out."
        )
    if taken := [str(one) for one in (begun, *targets) if Path(one).resolve() == place.resolve()]:
        raise UsageError(f"--out {place} is {taken[0]} itself. Name another folder with --out.")


def _shown(place: Path) -> AdaptedRun:
    """The run in the folder, its page written."""
    from ..report import adapted

    made = AdaptedRun(place)
    write(made.report, adapted.page(made.told))
    return made


def _judged(asked: Asked, seen: Evaluation, alone: str, labels: int | str | None, watch: Watch | None) -> None:
    """Add what the judge found; then, on request, against a model that learns from some of the judge's labels."""
    _record.judged(asked.out, seen, alone)
    if labels is not None:
        tell = watch or (lambda *_: None)
        rival = labelled.target_trained(asked.run, seen, labels, seed=asked.seed, engine=asked.engine, watch=tell)
        _record.beside_labels(asked.out, seen, rival, asked.run.record["verdict"]["margin"])


def _unseen(
    asked: Asked,
    judge: str | Path | None,
    labels: int | str | None,
    watch: Watch | None,
    options: Mapping[str, Any],
) -> AdaptedRun:
    """Several labelled domains, for one that nobody has seen."""
    from ..run.adapt import unseen

    with presses.heard(), locked(asked.out, work="adapted"):
        unseen.carry_out(asked, presses.polling(watch))
    made = _shown(asked.out)
    if judge is not None:
        seen = evaluate(made, judge, engine=asked.engine, watch=watch, **options)
        _judged(asked, seen, "On the domain kept for the judge", labels, watch)
    return _shown(asked.out)


def _run(
    source: str | Path | Saved,
    place: Path,
    seed: int,
    sources: str | list[str] | None,
    budget: str | float | None,
    engine: str,
    watch: Watch | None,
    options: Mapping[str, Any],
) -> Saved:
    """The finished run to begin with."""
    if isinstance(source, Saved):
        return source
    if (Path(source) / "run.json").is_file():
        return Run(source)
    return fit(
        source,
        out=place / SOURCE,
        seed=seed,
        seeds=1,
        source=sources,
        strategy="probe",
        budget=budget,
        engine=engine,
        watch=watch,
        **options,
    )


def _kept(made: AdaptedRun, run: Saved, found: Adapted, engine: str) -> Mapping[str, Any] | None:
    """The source's own sealed test, before and after; None where nothing was adapted."""
    from ..judge.adapted import kept

    if found.chosen is found.untouched:
        return None
    with (
        tempfile.TemporaryDirectory(prefix="headstart-") as folder,
        made.model.predictor(engine, Path(folder)) as after,
        run.model.predictor(engine, Path(folder)) as before,
    ):
        return kept(found.task, after.logits, before.logits)
