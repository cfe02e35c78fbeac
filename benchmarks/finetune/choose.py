"""Fine-tuning's settings side by side on labelled pictures alone: what its defaults were chosen on. Opens no test.

A draw takes from the labelled pictures (train + valid) of seed 0: ten of each class to learn from (`few`), or three
quarters of each class (`most`, `hold`); at most 150 of the rest, to be right on. One setting, no selection. `hold` also
gives what is left of the source's answers.

Run: python choose.py WORK few|most|hold [--sets rsscn7,pacs_art,neu_det,hymenoptera] [--draws 2] [--threads 1]
In: WORK of cases.py. Out: a line for each draw, then a table, on standard output.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ours import SOURCE, Case

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.tables import lines

REST = 150
PROBES: dict[str, tuple[str, dict[str, Any]]] = {"probe": ("probe", {}), "depths": ("depths", {})}
FEW = {"steps": 180, "keep": "last"}
QUESTIONS: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {  # label → strategy, what its Config changes
    "few": PROBES
    | {
        "2 parts, 180 steps": ("finetune", {**FEW, "parts": 2}),
        "2 parts, 90 steps": ("finetune", {**FEW, "parts": 2, "steps": 90}),
        "3 parts, 180 steps": ("finetune", FEW),
        "3 parts, 30 steps": ("finetune", {**FEW, "steps": 30}),
        "3 parts, 180 steps, batch-norm of each batch": ("finetune", {**FEW, "norm": "batch"}),
    },
    "most": PROBES
    | {
        "3 parts": ("finetune", {}),
        "2 parts": ("finetune", {"parts": 2}),
        "3 parts, batch-norm of each batch": ("finetune", {"norm": "batch"}),
        "3 parts, lr 3e-4": ("finetune", {"lr": 3e-4}),
    },
    "hold": {
        "finetune": ("finetune", {}),
        "gradual": ("gradual", {}),
        **{f"l2sp, alpha {a:g}": ("l2sp", {"alpha": a}) for a in (0.1, 1.0, 10.0)},
        **{f"ewc, strength {a:g}": ("ewc", {"strength": a}) for a in (0.1, 1.0, 10.0)},
    },
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("question", choices=sorted(QUESTIONS))
    parser.add_argument("--sets", default="rsscn7,pacs_art,neu_det,hymenoptera")
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    import torch

    torch.set_num_threads(given.threads)
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for data in given.sets.split(","):
        photos = given.work / "photos" / "things" if given.question == "hold" else None
        place = given.work / "cases" / f"{data}-full-0"
        case = Case(argparse.Namespace(case=place, seed=0, photos=photos))
        for draw in range(given.draws):
            learn, rest = split(case, draw, 10 if given.question == "few" else None)
            for label, (strategy, changes) in QUESTIONS[given.question].items():
                result = learnt(case, strategy, changes, learn, rest, draw)
                found.setdefault(label, []).append((data, result))
                print(data, draw, label, f"{result['accuracy']:.3f}, {result['cpu_fit']:.0f} CPU s", flush=True)
    show(given.question, found)
    return 0


def split(case: Case, draw: int, most: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Masks over train + valid, [n] each: what to learn from, and what to be right on."""
    y = np.array([e.answer for e in (*case.task.train, *case.task.valid)])
    rng = np.random.default_rng(1000 + draw)
    mixed = [rng.permutation(np.flatnonzero(y == label)) for label in range(len(case.task.labels))]
    learn = np.isin(np.arange(len(y)), np.concatenate([m[: most or int(0.75 * len(m))] for m in mixed]))
    rest = rng.permutation(np.flatnonzero(~learn))[:REST]
    return learn, np.isin(np.arange(len(y)), rest)


def learnt(
    case: Case, strategy: str, changes: dict[str, Any], learn: np.ndarray, rest: np.ndarray, seed: int
) -> dict[str, Any]:
    """One setting, learnt from some labelled pictures, on others: as `Case.tested`, and CPU seconds."""
    from headstart.family import load
    from headstart.plan import search
    from headstart.plan.candidates import candidates

    facts = replace(case.facts, n=int(learn.sum()))
    candidate = next(c for c in candidates([SOURCE], [strategy], facts) if c.strategy == strategy)
    seen = case.store.extract((*case.task.train, *case.task.valid), [candidate.training_view])[0]
    train, others = search.rows(seen, learn), search.rows(seen, rest)
    if candidate.long:
        others = replace(others, x=others.x[:, :1])  # the picture itself, without its augmented copies
    work = replace(case.work(candidate.view, train, None), seed=seed)
    start = time.process_time()
    fitted, *_ = search.trained(candidate, load("transfer", strategy).Config(**changes), work, case.task.labels)
    return case.tested(fitted, others) | {"cpu_fit": time.process_time() - start}


def show(question: str, found: dict[str, list[tuple[str, dict[str, Any]]]]) -> None:
    """Setting × set: per cent right, mean over draws; mean of sets; what the source kept; CPU seconds."""
    sets = list(dict.fromkeys(data for data, _ in next(iter(found.values()))))
    rows = []
    for label, results in found.items():
        right = [100 * np.mean([r["accuracy"] for data, r in results if data == at]) for at in sets]
        kept = [100 * r["forgetting"]["agreement"] for _, r in results if "forgetting" in r]
        numbers = [f"{v:.1f}" for v in (*right, np.mean(right))]
        cpu = np.mean([r["cpu_fit"] for _, r in results])
        rows.append([label, *numbers, f"{np.mean(kept):.1f}" if kept else "–", f"{cpu:.0f}"])
    lines(f"{question}: right, %", ("setting", *sets, "mean", "source's answer kept, %", "CPU s"), rows)


if __name__ == "__main__":
    raise SystemExit(main())
