"""fit: from labelled pictures or texts to an adapted model with an honest verdict; its steps stand in `run/fit.py`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..read import ReadOptions
from ..run import budget as _budget
from ..run.fit import carry_out
from ..run.job import Plan, Watch
from ..runtime import quiet_threads
from ._run import Run


def fit(
    data: str | Path,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    seeds: int = 3,
    budget: str | float | None = _budget.AUTO,
    source: str | Sequence[str] | None = None,
    strategy: str | Sequence[str] | None = None,
    engine: str = "auto",
    group: str | None = None,
    text: str | None = None,
    label: str | None = None,
    kind: str = "auto",
    layout: str | None = None,
    crop: str | None = None,
    duplicates: str = "group",
    mirror: bool = True,
    quotes: str | None = None,
    encoding: str | None = None,
    blank: str | None = None,
    split_column: str | None = None,
    metric: str = "auto",
    margin: float = 0.01,
    layers: bool = False,
    source_data: str | Path | None = None,
    log: str | Path | None = None,
    watch: Watch | None = None,
    command: str | None = None,
) -> Run:
    """Adapt a pre-trained model to labelled pictures or texts, and judge it against rivals that start fresh.

    Args:
        data: folder of class folders (with or without train/ val/ test/) of pictures or text files, a table with image
            or text and label columns, a folder with one such table or some named train and test, or a data set saved
            by Hugging Face `datasets`.
        out: folder for the run; `runs/<name of the data>` when not given.
        seed: of the split and of all training.
        seeds: trainings, at most, of a finalist whose result depends on chance; their spread is part of the verdict's
            interval. One is enough where validation foretells that no other seed would change the verdict.
        budget: seconds, a duration ("90s", "5m", "1h"), None or "none" for no limit, or "auto": four minutes and 3 GB
            for up to 3,000 examples, four minutes for every 3,000 of more. Reading, choosing, looking, training and
            judging are in it; who is not done in time waits, and is said to. The last trainings are left time for, else
            done once instead of `seeds` times, or not at all. Not cut short, and so not held: reading, one download,
            the first rival, the first batch of any step, judging.
        source: keys of the catalogue, folders, names; all are reused. Not given, the two that suit the examples best
            are chosen from the catalogue, see `plan.rounds`.
        strategy: names; narrows the candidates, transfer and rivals separately (rivals always run).
        engine: `auto`, `torch` or `openvino`.
        group: column of the table; pictures of one group never stand on both sides of a split.
        text: column of the table that holds the texts, where it has an unusual name; by comma several, whose texts are
            put together (models that know pairs are given two as a pair).
        label: the same for the classes, or numbers; by comma, or with a star, several columns of 0 and 1, one a label.
        kind: `classification`, `regression` (the labels are numbers to predict), `multilabel` (several labels an
            example, or none; texts are cut at ";" or "|"), or `auto`: multilabel where there are lists or several
            columns; regression where every label is a number, some are no whole ones, and more than 20 differ.
        crop: of pictures far from square: their `centre`, or all of each by `squash` or `letterbox`; chosen by their
            shapes when not given.
        layout: of a folder: its first level names the `classes`, or the `splits`; `nested`: its last one the classes.
            By default the names tell, and what they do not tell is an error.
        duplicates: near ones, `group`: on one side of the split; `keep`: as any other; `drop`: one of each stays.
        quotes: `yes` or `no`: whether quotation marks wrap the cells of a table; found out by default.
        encoding: of a table, by a name that Python knows; found out by default.
        blank: what an empty label means, such as "0" in columns of 0 and 1.
        split_column: column of the table that names the splits, where it is not called split.
        mirror: false: no picture is mirrored in training (else where features say that it changes the class).
        metric: what the verdict is in: `accuracy`, `macro_f1`, or `auto`: macro-F1 where the largest training class is
            more than three times the smallest. Of numbers always `mae`, the mean absolute error; of several labels
            `micro_f1`, or `macro_f1`.
        margin: of practical equivalence, 0.01 being one point of accuracy or macro-F1, or one per cent of the standard
            deviation of the numbers.
        layers: also fine-tune from every depth of the source up, for the whole transfer curve; takes minutes.
        source_data: folder of pictures like those the source learnt from: forgetting is measured on them, and EWC's
            Fisher information taken; in folders named as the source's classes, its accuracy is known too.
        log: folder for TensorBoard's files: losses and validation scores of every training as it goes on, the verdict
            at the end (`pip install 'headstart[log]'`, `tensorboard --logdir FOLDER`).
        watch: called with (what, done, of) as the work goes on; with (a sentence, 0, 0) where it shall stay on screen.
        command: for the record, how the run was asked for.

    Raises:
        DataError: the data cannot be used. SourceError: a source cannot be had. UsageError: an argument is wrong.
        BudgetError: the budget ended before there was anything to show.
    """
    given = dict(locals())
    quiet_threads()
    if seeds < 1 or margin < 0 or not 0 <= seed < 2**31:
        raise UsageError(
            f"seed={seed}, seeds={seeds}, margin={margin} were given; seed must be 0 to 2147483647, seeds 1 or more "
            "and margin 0 or more."
        )
    data = os.fspath(data)
    plan = Plan(
        data=data,
        out=Path(out) if out else _default_out(Path(data)),
        seed=seed,
        seeds=seeds,
        budget=None,
        asked=_budget.asked(budget),
        sources=several(source),
        strategies=several(strategy),
        engine=engine,
        read=ReadOptions.of({option.name: given[option.name] for option in fields(ReadOptions)}),
        mirror=mirror,
        metric=None if metric == "auto" else metric,
        margin=margin,
        layers=layers,
        source_data=str(source_data) if source_data else None,
        command=command or f"headstart.fit({_arguments(given)})",
        log=str(log) if log else None,
    )
    return Run(carry_out(plan, watch).path)


def several(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names, by comma or as a sequence.

    >>> several("probe, svm"), several(["probe"]), several(None)
    (('probe', 'svm'), ('probe',), ())
    """
    return tuple(x.strip() for x in (given.split(",") if isinstance(given, str) else given or ()) if x.strip())


def _default_out(data: Path) -> Path:
    """`runs/<name>`: the folder's name, or the table's without its suffix."""
    whole = Path(os.path.abspath(data))
    return Path("runs") / ((whole.stem if whole.is_file() else whole.name) or "run")


def _arguments(given: Mapping[str, Any]) -> str:
    """The arguments of `fit` that a person would have to repeat."""
    usual = {name: parameter.default for name, parameter in inspect.signature(fit).parameters.items()}
    told = [name for name in usual if name not in ("data", "out", "watch", "command") and given[name] != usual[name]]
    return ", ".join([repr(str(given["data"])), *(f"{name}={given[name]!r}" for name in told)])
