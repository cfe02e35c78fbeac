"""Runs the parts of the benchmark of choosing; each writes lines of its own to --results and goes on where it stopped.

frozen   the truth, source by source: the better of headstart's two probes (chosen on labelled examples), on the test
tuned    the truth after fine-tuning (headstart's: the parts of the source that validation lets it train)
random   as frozen, with random weights in the source's architecture
scores   every score of score/, and the planner's evidence, on 256 labelled examples of each source; CPU seconds of each
planner  `plan.rounds` as a fit runs it without a budget, features computed anew; what it chose and its CPU seconds
fits     whole fits: --budget 3m and 30m, and the fixed choice efficientnet-lite0 with the linear probe
alarm    each source against random weights of its own architecture, on 256 labelled examples

Run: python benchmarks/choose/cases.py WORK, then
python benchmarks/choose/run.py PART --work WORK [--sets ...] [--sources ...] [--results FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import fresh_cache
from _common.process import cpu

HERE = Path(__file__).resolve().parent
SETS = "hymenoptera,rsscn7,neu_det,pacs_photo,pacs_art,digits,tuxpaint"
TEXT_SETS = "trec_questions,ag_news,sms_spam,clinc_10,amazon_books"
SEEN = 256  # labelled examples that a score sees
FIXED = {"image": "efficientnet-lite0", "text": "minilm-l6"}  # with the probe
Line = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=sorted(PARTS))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sets", default=f"{SETS},{TEXT_SETS}")
    parser.add_argument("--sources", default="", help="all packaged ones otherwise, cheapest first")
    parser.add_argument("--what", default="", help="of a set's cells, by name (source, or 3m, 30m, fixed); else all")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    import torch

    torch.set_num_threads(given.threads)
    done = (
        {json.loads(line)["key"] for line in given.results.read_text().splitlines()}
        if given.results.exists()
        else set()
    )
    for name in given.sets.split(","):
        table = given.work / "cases" / f"{name}.jsonl"
        if not table.is_file():
            print(f"{name}: left out, there is no {table}; run cases.py", flush=True)
            continue
        for what, work in PARTS[given.part](table, given):
            key = f"{given.part}-{name}-{what}"
            if key in done or (given.what and what not in given.what.split(",")):
                continue
            start, clock = cpu(), time.perf_counter()
            try:
                found = work()
            except Exception as problem:
                print(f"{key}: FAILED, {problem}", flush=True)
                continue
            line = {"key": key, "part": given.part, "set": name, "what": what, "cpu": round(cpu() - start, 2)}
            line |= {"wall": round(time.perf_counter() - clock, 2), **found}
            with given.results.open("a") as f:
                f.write(json.dumps(line) + "\n")
            print(f"{key}: {line.get('accuracy', '')} {line['cpu']:.0f} CPU s", flush=True)
    return 0


class Case:
    """One set, read, and its packaged sources."""

    def __init__(self, table: Path, only: str = "") -> None:
        from headstart.plan.sources import evidence
        from headstart.read import read
        from headstart.source import _catalogue

        self.task = read(table, seed=0)
        named = only.split(",") if only else _catalogue.keys()
        records = [_catalogue.get(key) for key in named]
        spoken = [s for s in records if getattr(s.input, "notation", "plain") == "plain"]
        self.sources = sorted((s for s in spoken if s.modality == self.task.modality), key=lambda s: s.macs)
        self.order = evidence.draw(self.task, 0)

    def store(self) -> Any:
        from headstart.extract.feature_store import FeatureStore
        from headstart.source import _catalogue

        weights = {s.key: _catalogue.fetch(s) for s in self.sources}
        return FeatureStore({s.key: s for s in self.sources}, weights=weights)


def truth(
    strategies: tuple[str, ...], random: bool = False
) -> Callable[[Path, argparse.Namespace], Iterator[tuple[str, Callable[[], Line]]]]:
    """The test accuracy of what headstart makes of each source by some strategies, of which validation chooses one.

    `random`: of its twin with random weights.
    """

    def part(table: Path, given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Line]]]:
        for source in Case(table, given.sources).sources:

            def work(key: str = source.key) -> Line:
                return tested(Case(table, key), strategies, random)

            yield source.key, work

    return part


def tested(case: Case, strategies: tuple[str, ...], random: bool) -> Line:
    source = case.sources[0]
    store = case.store()
    if random:
        from headstart.source import _random

        with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
            twin = _random.twin(source)
            weights = {twin.key: _random.drawn(source, Path(folder), store.weights[source.key])}
            case.sources = [twin]
            return chosen(case, strategies, store.anew({twin.key: twin}, weights))
    return chosen(case, strategies, store)


def chosen(case: Case, strategies: tuple[str, ...], store: Any) -> Line:
    import numpy as np

    from headstart.extract.feature_store import median_side
    from headstart.family import load
    from headstart.kind import labelled, targets
    from headstart.plan import choice, search
    from headstart.plan._folds import of_task
    from headstart.plan.candidates import candidates
    from headstart.types import Facts, FitContext

    task, source, start = case.task, case.sources[0], cpu()
    facts = Facts(len(task.train), len(task.labels), median_side(task.modality, task.train), task.modality, task.kind)
    made = [c for c in candidates([source.key], list(strategies), facts) if c.strategy in strategies and c.reuses]
    arm, works = [], {}
    with tempfile.TemporaryDirectory(prefix="headstart-") as pad:
        for candidate in made:
            known = (*task.train, *task.valid)
            both = labelled(store.extract(known, [candidate.training_view])[0], task, known)
            n = len(task.train)
            work = FitContext(
                train=search.rows(both, slice(None, n)),
                valid=search.rows(both, slice(n, None)),
                k=len(task.labels),
                view=candidate.view,
                checkpoint=Path(pad) / candidate.strategy,
                source=source,
                weights=store.weights[source.key],
                labels=task.labels,
            )
            arm.append(search.contend(candidate, work, task.labels, facts, folds=of_task(task)))
            works[candidate.id] = replace(work, train=both, valid=None, checkpoint=Path(pad) / "all")
        best = choice.prefer(arm)
        fitted = search.refit(best, works[best.trial.id])
    fit = cpu() - start
    examples = task.test.open()
    seen = store.extract(examples, [fitted.view])[0]
    logits = load("transfer", fitted.strategy).logits(fitted, seen.x, source, store.weights[source.key])
    right = np.asarray(logits.argmax(1) == targets(case.task, examples))
    told = {"strategy": fitted.strategy, "validation": best.trial.log_loss, "cpu_fit": round(fit, 2)}
    told["cpu"] = round(cpu() - start, 2)  # reading and fetching left out, as of the planner
    return {"accuracy": float(right.mean()), "correct": right.tolist(), **told}


def scores(table: Path, given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Line]]]:
    """Of a source all scores, each with its CPU seconds; embedding stands beside."""
    for source in Case(table, given.sources).sources:

        def work(key: str = source.key) -> Line:
            from headstart.kind import targets
            from headstart.plan.sources import evidence
            from headstart.types import View

            case = Case(table, key)
            one, some = case.sources[0], case.order[:SEEN]
            seen = case.store().extract(some, [View(key, "all")])[0]
            found = measured(one, seen.x, targets(case.task, some), seen.logits, case.task)
            mine = evidence.of(key, seen, case.task, some)
            return {"scores": found, "loss": mine.loss, "value": mine.value}

        yield source.key, work


def measured(source: Any, x: Any, y: Any, logits: Any, task: Any) -> dict[str, list[Any]]:
    """Score and depth → its value of all depths' features x [n, d], None where it is silent, and its CPU seconds."""
    from headstart.family import names
    from headstart.score._look import Look
    from headstart.score._measure import measure

    found: dict[str, list[Any]] = {}
    for depth in ("top", "all"):
        look = Look(x[:, source.columns(depth)], y, len(task.labels), task.kind, logits, source)
        for name in names("score"):
            before = time.process_time()
            value = measure(name, look).value
            found[f"{name}.{depth}"] = [value, round(time.process_time() - before, 3)]
    return found


def planner(table: Path, given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Line]]]:
    """The rounds by themselves, every feature computed anew; weights are there."""

    def work() -> Line:
        from headstart.extract.feature_store import FeatureStore
        from headstart.plan.sources import rounds, shortlist
        from headstart.run import sources
        from headstart.source import _catalogue

        case = Case(table, given.sources)
        records = case.sources if given.sources else _catalogue.usual(case.task.modality)
        [_catalogue.fetch(s) for s in records]
        with tempfile.TemporaryDirectory(prefix="headstart-") as empty:
            eyes = sources.Looking(FeatureStore({}, folder=Path(empty)))
            start, deadline = cpu(), time.monotonic() + sources.TIME
            asked = {"keep": sources.KEEP, "deadline": deadline}
            found = rounds.Rounds(case.task, shortlist.order(records), eyes, **asked).run()
            used = cpu() - start
        entries = [asdict(e) for e in found.entries]
        return {
            "chosen": list(found.chosen),
            "entries": entries,
            "stopped": found.stopped,
            "cpu_choice": round(used, 2),
        }

    yield "rounds", work


def fits(table: Path, given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Line]]]:
    """Whole fits in a cache without features."""

    def work(asked: dict[str, Any]) -> Line:
        import headstart

        with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
            before = os.environ.get("HEADSTART_CACHE")
            os.environ["HEADSTART_CACHE"] = fresh_cache(Path(folder))
            try:
                run = headstart.fit(table, out=Path(folder) / "run", seeds=1, **asked)
            finally:
                os.environ.pop("HEADSTART_CACHE")
                os.environ |= {"HEADSTART_CACHE": before} if before else {}
            record = run.record
        kept = {name: record[name] for name in ("sentence", "winner", "verdict", "spend", "ranking")}
        return {"accuracy": record["metrics"]["accuracy"], "transfer": record["verdict"]["transfer"], **kept}

    for name, asked in (
        ("3m", {"budget": 180.0}),
        ("30m", {"budget": 1800.0}),
        ("fixed", {"source": FIXED["text" if table.stem in TEXT_SETS.split(",") else "image"], "strategy": "probe"}),
    ):
        yield name, lambda asked=asked: work(asked)


def alarm(table: Path, given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Line]]]:
    """Whether the alarm goes off for a source."""
    for source in Case(table, given.sources).sources:

        def work(key: str = source.key) -> Line:
            from headstart.plan.sources import alarm, rounds
            from headstart.run import sources

            case = Case(table, key)
            eyes = sources.Looking(case.store())
            entry = rounds.Rounds(case.task, case.sources, eyes, keep=1, once=alarm.ASKED).run().entries[0]
            return asdict(entry) | {"fired": entry.margin is not None and entry.margin <= 0}

        yield source.key, work


PARTS = {
    "frozen": truth(("probe", "depths")),
    "tuned": truth(("finetune",)),
    "random": truth(("probe", "depths"), random=True),
    "scores": scores,
    "planner": planner,
    "fits": fits,
    "alarm": alarm,
}

if __name__ == "__main__":
    sys.exit(main())
