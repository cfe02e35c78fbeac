"""How far evidence must lead before it outdoes the prior: on halves of the labelled parts, no test is opened.

Of each case's labelled examples one half decides, as the planner does: the loss of a ridge head on examples left out,
sources within `ties` standard errors of the best ordered by the prior. What is chosen is held against the other half:
what a ridge head that learnt the first one has right there. The best source is the one best over all draws. `ties` 0
is the evidence alone, `inf` the prior alone.

Run: python benchmarks/choose/halves.py WORK [--sets ...] [--draws 10]      (WORK as cases.py made it)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.tables import lines
from run import SETS, TEXT_SETS, Case

from headstart.plan import evidence
from headstart.plan.evidence import Evidence

TIES = (0, 0.5, 1, 1.5, 2, 3, float("inf"))
SEEN = (64, 128, 0)  # examples that decide; 0: the whole half
Draw = dict[str, tuple[dict[int, Evidence], float]]  # source → evidence by examples seen, and share right


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--sets", default="")
    parser.add_argument("--draws", type=int, default=10)
    given = parser.parse_args()
    from headstart.source import _catalogue

    for sets in (SETS, TEXT_SETS):
        names = [n for n in sets.split(",") if n in (given.sets or sets).split(",")]
        tables = {n: given.work / "cases" / f"{n}.jsonl" for n in names}
        made = {n: draws(Case(table), given.draws) for n, table in tables.items() if table.is_file()}
        if not made:
            continue
        usual = {s.key for s in _catalogue.usual("image" if sets == SETS else "text")}
        for title, only in (("every packaged source", None), ("those a fit considers", usual)):
            rows = [
                [str(seen or "half"), f"{close:g}", f"{np.mean(of):.2f}", *(f"{gap:.2f}" for gap in of)]
                for seen in SEEN
                for close in TIES
                for of in [[regret(case, seen, close, only) for case in made.values()]]
            ]
            lines(f"Regret in points, {title}", ("examples", "ties", "mean", *made), rows)
    return 0


def draws(case: Case, many: int) -> list[Draw]:
    """What each source says on one half and is worth on the other, sources in the order of the prior."""
    from headstart.plan import shortlist
    from headstart.types import View, answers

    gallery, examples, out = case.gallery(), case.order, [Draw() for _ in range(many)]
    y, k = np.asarray(answers(examples)), len(case.task.labels)
    for source in shortlist.order(case.sources):
        x = np.asarray(gallery.look(examples, [View(source.key, "all")])[0].x, np.float32).reshape(len(y), -1)
        for seed, draw in enumerate(out):
            order = dealt(y, seed)
            a, b = order[0::2], order[1::2]
            known = {n: judged(source.key, x[a[:n]], y[a[:n]], k) for n in (m or len(a) for m in SEEN)}
            draw[source.key] = known, worth(x[a], y[a], x[b], y[b])
    return out


def judged(source: str, x: NDArray[np.float32], y: NDArray[np.int64], k: int) -> Evidence:
    """As `evidence.of`."""
    from headstart.score._ridge import out_of_sample

    losses, right = out_of_sample(x, y, k, "classification", None)
    return Evidence(source, np.asarray(losses, np.float64), np.asarray(right, np.float64))


def worth(x: NDArray[np.float32], y: NDArray[np.int64], other: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The share of the other half that scikit-learn's ridge head, its strength by leave-one-out, names."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    head = make_pipeline(StandardScaler(), RidgeClassifierCV(np.logspace(0, 5, 11))).fit(x, y)
    return float((head.predict(other) == truth).mean())


def dealt(y: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Rows shuffled, then the first of each class, the second of each class, …: every beginning is even."""
    turn: dict[int, int] = {}
    order = []
    for at, row in enumerate(np.random.default_rng(seed).permutation(len(y))):
        turn[y[row]] = turn.get(y[row], 0) + 1
        order.append((turn[y[row]], at, row))
    return np.array([row for _, _, row in sorted(order)])


def regret(case: Sequence[Draw], seen: int, close: float, only: set[str] | None) -> float:
    """In points, mean over the draws."""
    keys = [key for key in case[0] if only is None or key in only]
    mean: Mapping[str, float] = {key: float(np.mean([draw[key][1] for draw in case])) for key in keys}
    chosen = [evidence.order([draw[key][0][seen or max(draw[key][0])] for key in keys], close)[0] for draw in case]
    return 100 * float(max(mean.values()) - np.mean([mean[key] for key in chosen]))


if __name__ == "__main__":
    sys.exit(main())
