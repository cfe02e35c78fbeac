"""headstart's contestants of the fine-tuning benchmark, each in a process of its own.

headstart   the whole fit as a user runs it, with its rivals, verdict and report, on the rivals' source alone
strategies  each of headstart's strategies on its own: settings compared on validation pictures, refitted on all, tested
ablations   fine-tuning with one thing left out, on all labelled pictures, no choice of settings

In: a case folder of `cases.py`. Out: a JSON like the rivals'; of `strategies` and `ablations` also `each`: name → the
same. CPU seconds of a strategy are its own; embedding is counted apart, in `cpu_embed`.

Run: python ours.py headstart|strategies|ablations --case FOLDER --seed S --out FILE [--threads T]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import fresh_cache
from _common.process import cpu

SOURCE = "mobilenet-v2"
STRATEGIES = ("probe", "depths", "finetune", "gradual", "l2sp", "ewc")  # the rivals stand in every `headstart` cell
TRIAL = ("id", "status", "reason", "accuracy", "log_loss", "seconds")
LEFT_OUT: dict[str, dict[str, Any]] = {  # what an ablation changes in finetune.Config, and the view's cut and copies
    "as it is": {},
    "three parts": {"parts": 3},
    "one rate for all parts": {"decay": 1.0},
    "random head first": {"head_first": False},
    "batch-norm of each batch": {"norm": "batch"},
    "no augmented copies": {"copies": 1},
    "no cut cache": {"cut": "input"},
    "head alone": {"steps": 0},
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(CONTESTANTS))
    parser.add_argument("--case", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--photos", type=Path, help="folder of photographs, on which forgetting is measured")
    given = parser.parse_args()
    import torch

    torch.set_num_threads(given.threads)
    imported, clock = cpu(), time.perf_counter()
    result = CONTESTANTS[given.name](given)
    used = {"cpu_process": cpu(), "cpu_work": cpu() - imported, "wall": time.perf_counter() - clock}
    given.out.write_text(
        json.dumps({"name": given.name, "seed": given.seed, "threads": given.threads, **used, **result})
    )
    return 0


def headstart(given: argparse.Namespace) -> dict[str, Any]:
    """The whole fit; correctness by the judged predictions."""
    from pyarrow import parquet

    from headstart.api import fit

    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        os.environ["HEADSTART_CACHE"] = fresh_cache(Path(folder))
        run = fit(given.case / "table.csv", out=Path(folder) / "run", seed=given.seed, source=SOURCE, budget="none")
        rows = parquet.read_table(run.path / "predictions.parquet").to_pydict()
        record = run.record
    said = {path: a == b for path, a, b in zip(rows["image"], rows["label"], rows["predicted"], strict=True)}
    right = [bool(said[path]) for path, _ in pictures(given)["test"]]
    verdict = record["verdict"]
    return {
        "accuracy": sum(right) / len(right),
        "correct": right,
        "cpu_fit": record["spend_cpu"]["adapted"],
        "winner": record["winner"]["id"],
        "config": record["winner"]["config"],
        "sentence": record["sentence"],
        "transfer": verdict["transfer"],
        "rival": verdict["rival"],
        "rivals": {rival["strategy"]: rival["value"] for rival in record["rivals"]},
        "spend": record["spend"],
        "trials": [
            {k: t[k] for k in ("id", "status", "reason", "accuracy", "log_loss", "seconds")} for t in record["trials"]
        ],
        "layers": record["layers"],
    }


def strategies(given: argparse.Namespace) -> dict[str, Any]:
    """Every strategy by itself, chosen settings and all."""
    from headstart.plan import search
    from headstart.plan.candidates import candidates

    case = Case(given)
    each = {}
    for name in STRATEGIES:
        candidate = next(c for c in candidates([SOURCE], [name], case.facts) if c.strategy == name)
        train, valid, test = case.look(candidate)
        start = time.process_time()
        work = case.work(candidate.view, train, valid)
        contender = search.contend(candidate, work, case.task.labels, case.facts, folds=case.folds)
        fitted = search.refit(contender, replace(work, train=search.join(train, valid), valid=None))
        each[name] = case.tested(fitted, test) | {
            "cpu_fit": time.process_time() - start,
            "config": contender.trial.config,
            "validation": [contender.trial.accuracy, contender.trial.log_loss],
        }
    return {"each": each, "accuracy": each["finetune"]["accuracy"], "correct": each["finetune"]["correct"],
            "cpu_embed": case.cpu_embed}  # fmt: skip


def ablations(given: argparse.Namespace) -> dict[str, Any]:
    """Fine-tuning, its first setting, all labelled pictures, last state; changed as `LEFT_OUT` says."""
    from headstart.family import load
    from headstart.plan import search
    from headstart.plan.candidates import candidates

    case, module = Case(given), load("transfer", "finetune")
    usual = next(c for c in candidates([SOURCE], ["finetune"], case.facts) if c.strategy == "finetune")
    each = {}
    for name, changes in LEFT_OUT.items():
        changes = dict(changes)
        cut, copies = changes.pop("cut", None), changes.pop("copies", usual.copies)
        candidate = replace(usual, view=replace(usual.view, depth=cut or usual.view.depth), copies=1 if cut else copies)
        train, valid, test = case.look(candidate)
        start = time.process_time()
        work = replace(case.work(candidate.view, search.join(train, valid), None))
        config = replace(module.settings(case.facts)[0], **changes)
        fitted, *_ = search.trained(candidate, config, work, case.task.labels)
        each[name] = case.tested(fitted, test) | {"cpu_fit": time.process_time() - start}
    return {"each": each, "accuracy": each["as it is"]["accuracy"], "correct": each["as it is"]["correct"],
            "cpu_embed": case.cpu_embed}  # fmt: skip


class Case:
    """A case read by headstart: its task, and looks at its pictures through a feature store of its own."""

    def __init__(self, given: argparse.Namespace) -> None:
        from headstart.extract.feature_store import FeatureStore, median_side
        from headstart.plan._folds import of_task
        from headstart.read.image import read
        from headstart.source import _catalogue
        from headstart.types import Facts

        self.task = read(given.case / "table.csv", seed=given.seed)
        self.pictures = pictures(given)
        self.source, self.seed = _catalogue.get(SOURCE), given.seed
        self.weights = _catalogue.fetch(self.source)
        self.facts = Facts(
            len(self.task.train), len(self.task.labels), median_side(self.task.modality, self.task.train)
        )
        self.folder = tempfile.TemporaryDirectory(prefix="headstart-")
        self.folds = of_task(self.task, given.seed)
        self.store = FeatureStore({SOURCE: self.source}, folder=Path(self.folder.name))
        self.cpu_embed = 0.0
        self.photos = given.photos

    def look(self, candidate: Any) -> tuple[Any, Any, Any]:
        """Training and validation pictures as the candidate wants them to learn from, test pictures to be read."""
        from headstart.kind import labelled

        start = time.process_time()
        n = len(self.task.train)
        known = (*self.task.train, *self.task.valid)
        both = labelled(self.store.extract(known, [candidate.training_view])[0], self.task, known)
        by_path = {e.path: e for e in self.task.test.open()}
        some = [by_path[path] for path, _ in self.pictures["test"]]
        test = labelled(self.store.extract(some, [candidate.view])[0], self.task, some)
        self.cpu_embed += time.process_time() - start
        parts = [replace(both, x=both.x[rows], y=both.y[rows], logits=None) for rows in (slice(n), slice(n, None))]
        return parts[0], parts[1], test

    def work(self, view: Any, train: Any, valid: Any) -> Any:
        from headstart.types import FitContext

        source = (self.source, self.weights) if view.source else (None, None)
        return FitContext(train, len(self.task.labels), view, self.seed, valid, source=source[0], weights=source[1])

    def tested(self, fitted: Any, test: Any) -> dict[str, Any]:
        """Right or wrong on the test pictures, and what the source forgot, where its weights moved."""
        from headstart.family import load

        module = load("transfer", fitted.strategy)
        source = self.source if fitted.view.source else None
        right = module.logits(fitted, test.x, source, self.weights).argmax(1) == test.y
        out = {"accuracy": float(right.mean()), "correct": [bool(r) for r in right]}
        if not hasattr(module, "skill") or self.photos is None:
            return out
        from headstart.judge.forgetting import measure
        from headstart.run.source_data import source_examples

        found = source_examples(self.photos, self.source, self.store, fitted.view)
        x = self.store.extract(found, [fitted.view])[0].x
        (top, scores), (top_now, scores_now) = module.skill(fitted, x, self.source, self.weights)
        f = asdict(measure(top, top_now, scores, scores_now, on=f"{len(x)} photographs"))
        return out | {"forgetting": {key: f[key] for key in ("n", "agreement", "divergence", "drift")}}


def pictures(given: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((given.case / "pictures.json").read_text())
    return found


CONTESTANTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "headstart": headstart,
    "strategies": strategies,
    "ablations": ablations,
}

if __name__ == "__main__":
    raise SystemExit(main())
