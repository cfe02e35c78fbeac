"""rank: which pre-trained source suits some labelled data, with the evidence, what each costs, and what to mind.

Every source looks at the same labelled examples (never at a sealed test one); the order is that of `plan.rounds`, the
scores of `score/` stand beside it. Nothing is trained but ridge heads; what is fetched and computed stays in the cache.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..kind import kind_of, targets
from ..run.sources import KEEP, Looking, named
from ..runtime import Clock, one_blas_thread, quiet_threads
from ..schema import SCHEMA
from ..types import Example, Features, Source, Task
from ._fit import several

if TYPE_CHECKING:
    from ..plan.sources.ranking import Entry, Ranking

EXAMPLES = 256  # that each source looks at


@dataclass(frozen=True)
class Ranked:
    """What `rank` found; `record` is the JSON contract, best source first."""

    record: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Ranked({', '.join(self.sources) or 'nothing'})"

    @property
    def sources(self) -> tuple[str, ...]:
        """The keys of those that could be looked through, best first."""
        return tuple(row["source"] for row in self.record["sources"] if row["value"] is not None)


def rank(
    data: str | Path,
    *,
    source: str | Sequence[str] | None = None,
    seed: int = 0,
    budget: str | float | None = None,
    examples: int = EXAMPLES,
    engine: str = "auto",
    watch: Callable[[str, int, int], None] | None = None,
    **options: Any,  # noqa: ANN401 - fields of ReadOptions
) -> Ranked:
    """Order sources by what their frozen features make of a person's labelled data.

    Args:
        data: as for `fit`.
        source: keys of the catalogue, folders, names; all that a fit chooses among when not given.
        seed: of the split and of the examples drawn.
        budget: seconds, or a duration such as "90s"; sources that would not be done by then are listed without a
            value, and why.
        examples: labelled ones that each source looks at, at most.
        engine: `auto`, `torch` or `openvino`.
        watch: called with (what, done, of) as the work goes on.
        options: all options of `fit` that say how data is read; examples of one `group` are left out together.

    Raises:
        DataError: the data cannot be used. SourceError: no source can be had. UsageError: an argument is wrong.
        BudgetError: the budget ended before one source was looked through.
    """
    quiet_threads()
    if examples < 2 or not 0 <= seed < 2**31:
        raise UsageError(
            f"examples={examples}, seed={seed} were given; examples must be 2 or more and seed 0 to 2147483647."
        )
    from ..extract._extractor import pick_engine
    from ..extract.feature_store import FeatureStore
    from ..plan.sources import rounds, shortlist
    from ..read import ReadOptions, read
    from ..run import budget as _budget
    from ..source import _catalogue

    limit = _budget.limit(_budget.asked(budget), examples)
    asked = ReadOptions.of(options)
    clock, deadline = Clock(), None if limit is None else time.monotonic() + limit
    keys = several(source)
    [_catalogue.get(key) for key in keys]  # a slip of the pen is told at once
    pick_engine(engine)
    if asked.kind:
        kind_of(asked.kind)
    tell = watch or (lambda *_: None)
    with clock("read"):
        task = read(os.fspath(data), asked, seed=seed, progress=lambda done, of: tell("read", done, of))
    chosen = named(keys, task) if keys else _catalogue.usual(task.modality)
    known = {s.key: s for s in shortlist.order(chosen)}
    seen: dict[str, tuple[Sequence[Example], Features]] = {}

    def keep(source: Source, some: Sequence[Example], features: Features) -> None:
        seen[source.key] = some, features

    with clock("embed"):
        ranking = rounds.Rounds(
            task,
            list(known.values()),
            Looking(FeatureStore({}, engine=engine, watch=watch)),
            seed=seed,
            keep=len(known) if keys else KEEP,  # of those named each is looked at to the end
            deadline=deadline,
            tell=tell,
            seen=keep,
            once=examples,
        ).run()
    with clock("score"), one_blas_thread():
        scores = {key: _scores(task, known[key], *what, seed) for key, what in seen.items()}
    most, noun = max(entry.n for entry in ranking.entries), task.noun
    rows = [
        _row(entry, known[entry.source], *scores.get(entry.source, ({}, [])), _fewer(entry, most, noun))
        for entry in _placed(ranking)
    ]
    said = _told(task, ranking) | {"data": str(data), "options": asked.said() | ({"seed": str(seed)} if seed else {})}
    return Ranked(
        {"schema_version": SCHEMA, "task": said, "sources": rows, "spend": {**clock.spend, "total": clock.total()}}
    )


def _scores(
    task: Task, source: Source, examples: Sequence[Example], features: Features, seed: int
) -> tuple[dict[str, float | None], list[str]]:
    """Every score's value (None where it cannot speak), and its caveats."""
    from ..family import names
    from ..plan._folds import groups
    from ..score._look import Look
    from ..score._measure import measure

    top = features.x[:, source.columns("top")]
    of = groups(examples) if any(e.group is not None for e in examples) else None
    look = Look(top, targets(task, examples), len(task.labels), task.kind, features.logits, source, seed, of)
    found = [measure(name, look) for name in names("score")]
    said: dict[str, list[str]] = {}
    for e in found:
        for caveat in e.caveats if e.value is not None else ():
            said.setdefault(caveat, []).append(e.score)
    return {e.score: e.value for e in found}, [f"{', '.join(by)}: {caveat}" for caveat, by in said.items()]


def _placed(ranking: Ranking) -> list[Entry]:
    """Those that were looked through best first, alarmed or not; then the others."""
    place = {key: at for at, key in enumerate(ranking.order)}
    return sorted(ranking.entries, key=lambda e: place.get(e.source, len(place)))


def _fewer(entry: Entry, most: int, noun: str) -> list[str]:
    """Why a source was looked through on fewer examples than others, where it was."""
    return [f"far behind on its first {entry.n} {noun}s, and left there"] if 0 < entry.n < most else []


def _row(
    entry: Entry,
    source: Source,
    scores: Mapping[str, float | None],
    caveats: Sequence[str],
    fewer: Sequence[str],
) -> dict[str, Any]:
    """One source, as the JSON contract has it."""
    told = [entry.reason] if entry.value is None or entry.status == "alarmed" else [*fewer]
    if not source.licensed:
        told.append("nobody says under which licence it may be used")
    return {
        "source": source.key,
        "title": source.title,
        "value": entry.value,
        "loss": entry.loss,
        "n_used": entry.n,
        "random": entry.random,
        "scores": dict(scores),
        "cost_s": entry.whole,
        "spent_s": entry.seconds,
        "memory_gb": entry.memory / 1e9,
        "params": source.params,
        "licence": source.licence,
        "domain": source.domain,
        "pretrained_on": source.pretrained_on,
        "caveats": [*told, *caveats],
    }


def _elsewhere(warning: str, ranking: Ranking) -> bool:
    """Whether it is the alarm of a source that others are ahead of."""
    alarmed = [e.source for e in ranking.entries if e.status == "alarmed"]
    return any(f" {key} does not beat" in warning for key in alarmed if key != ranking.order[0])


def _told(task: Task, ranking: Ranking) -> dict[str, Any]:
    return {
        "name": task.name,
        "modality": task.modality,
        "kind": task.kind,
        "labels": list(task.labels),
        "n": task.n,
        "fingerprint": task.fingerprint,
        "notes": list(task.notes),
        # An alarm about one that is not the best is told beside it: nobody would take it.
        "warnings": [*task.warnings, *(w for w in ranking.warnings if not _elsewhere(w, ranking))],
        "stopped": ranking.stopped,
    }
