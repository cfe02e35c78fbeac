"""How far evidence must lead before it outdoes the prior, and single scores: on halves of the labelled parts alone.

Of each case's labelled examples one half decides, as the planner does: the loss of a ridge head on examples left out,
sources within `ties` standard errors of the best ordered by the prior. What is chosen is held against the other half:
what headstart's probe (top features, or all depths at two weights) that learnt the first half has right there, mean
over the draws, the best of the three. `ties` 0 is the evidence alone, `inf` the prior alone; "cost weighs" is what a
fit does. With --scores each member of score/ chooses too, from the whole first half, at the top and at all depths. No
test is opened.

Run: python benchmarks/choose/halves.py WORK [--sets ...] [--draws 4] [--scores]      (WORK as cases.py made it)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.tables import lines

from headstart.plan import cost
from headstart.plan.sources import evidence
from headstart.plan.sources.evidence import Evidence
from headstart.plan.sources.rounds import LEAST
from headstart.types import Features, Source
from run import SETS, TEXT_SETS, Case, measured

TIES = (0, 0.5, 1, 2, float("inf"))
SEEN = (128, 0)  # examples that decide; 0: the whole half
SHARE = 1 / 8  # the probes' first penalty
Floats, Ints = NDArray[np.float32], NDArray[np.int64]
# source → evidence by examples seen, shares right, scores
Draw = dict[str, tuple[dict[int, Evidence], NDArray[np.float64], dict[str, float]]]
Choose = Callable[[Draw, Sequence[str]], str]
Heavier = Callable[[str, str], bool]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--sets", default="")
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--scores", action="store_true", help="hold the single scores against it too; slow")
    given = parser.parse_args()
    from headstart.source import _catalogue

    for sets in (SETS, TEXT_SETS):
        names = [n for n in sets.split(",") if n in (given.sets or sets).split(",")]
        tables = {n: given.work / "cases" / f"{n}.jsonl" for n in names}
        cases = {n: Case(table) for n, table in tables.items() if table.is_file()}
        made = {n: draws(case, given.draws, given.scores) for n, case in cases.items()}
        if not made:
            continue
        usual = {s.key for s in _catalogue.usual("image" if sets == SETS else "text")}
        for title, only in (("every packaged source", None), ("those a fit considers", usual)):
            rows = [
                [str(seen or "half"), f"{close:g}", f"{np.mean(of):.2f}", *(f"{gap:.2f}" for gap in of)]
                for seen in SEEN
                for close in TIES
                for of in [[regret(case, by_evidence(seen, close), only) for case in made.values()]]
            ]
            for seen in SEEN:
                of = [regret(made[n], by_evidence(seen, 1, weighed(case)), only) for n, case in cases.items()]
                rows.append(
                    [str(seen or "half"), "1, cost weighs", f"{np.mean(of):.2f}", *(f"{gap:.2f}" for gap in of)]
                )
            lines(f"Regret in points, {title}", ("examples", "ties", "mean", *made), rows)
            spoke = ways(next(iter(made.values())))
            found = [(w, [regret(case, by_score(w), only) for case in made.values()]) for w in spoke]
            found.sort(key=lambda row: float(np.mean(row[1])))
            rows = [[w, f"{np.mean(of):.2f}", *(f"{gap:.2f}" for gap in of)] for w, of in found]
            if rows:
                lines(f"Regret in points of single scores, {title}", ("score", "mean", *made), rows)
    return 0


def draws(case: Case, many: int, scored: bool) -> list[Draw]:
    """What each source says on one half and is worth on the other, sources in the order of the prior."""
    from headstart.kind import targets
    from headstart.plan.sources import shortlist
    from headstart.types import View

    store, examples, out = case.store(), case.order, [Draw() for _ in range(many)]
    y, k = np.asarray(targets(case.task, examples)), len(case.task.labels)
    for source in shortlist.order(case.sources):
        looked = store.extract(examples, [View(source.key, "all")])[0]
        x = np.asarray(looked.x, np.float32).reshape(len(y), -1)
        for seed, draw in enumerate(out):
            a, b = halves(y, seed)
            known = {}
            for n in (m or len(a) for m in SEEN):
                seen = Features(x[a[:n]], y[a[:n]], "")
                known[n] = evidence.of(source.key, seen, case.task, [examples[i] for i in a[:n]])
            told = None if looked.logits is None else looked.logits[a]
            said = measured(source, x[a], y[a], told, case.task) if scored else {}
            spoken = {way: value for way, (value, _) in said.items() if value is not None}
            draw[source.key] = known, worth(source, x[a], y[a], x[b], y[b], k), spoken
    return out


def worth(source: Source, x: Floats, y: Ints, other: Floats, truth: Ints, k: int) -> NDArray[np.float64]:
    """The shares of the other half that three logistic heads name: on the top, on all depths, on all weighed evenly."""
    from headstart.score._axes import decompose, signed_root
    from headstart.transfer import depths
    from headstart.transfer.heads.linear import logistic_head

    even, top, out = depths.weights(source, x.shape[1]), source.columns("top"), []
    for columns, unit in ((top, None), (slice(None), even**0.5), (slice(None), even)):
        weight, bias, _ = logistic_head(decompose(signed_root(x[:, columns]), unit=unit), y, k, SHARE)
        out.append(((signed_root(other[:, columns]) @ weight + bias).argmax(1) == truth).mean())
    return np.array(out)


def halves(y: Ints, seed: int) -> tuple[Ints, Ints]:
    """Two halves with as many rows of each class; every beginning of a half is as even as can be."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(y == code)) for code in np.unique(y)]
    parts = [
        sorted((turn, rng.random(), int(row)) for of in rows for turn, row in enumerate(of[at::2])) for at in (0, 1)
    ]
    first, second = ([row for *_, row in part] for part in parts)
    return np.array(first), np.array(second)


def ways(case: Sequence[Draw]) -> list[str]:
    """The scores that spoke, of any source."""
    return sorted({way for draw in case for *_, said in draw.values() for way in said})


def by_evidence(seen: int, close: float, heavier: Heavier = lambda *_: False) -> Choose:
    """As the planner: the likeliest of those within `close` standard errors of the best."""

    def choose(draw: Draw, keys: Sequence[str]) -> str:
        known = [draw[key][0][seen or max(draw[key][0])] for key in keys]
        return evidence.order(known, close, heavier, LEAST)[0]

    return choose


def weighed(case: Case) -> Heavier:
    """Who is heavier than whom, by the records: what an idle machine would measure."""
    takes = {source.key: cost.guess(source).run(case.order) for source in case.sources}
    return lambda key, other: cost.heavier(takes[key], takes[other])


def by_score(way: str) -> Choose:
    """The highest value of a score."""
    return lambda draw, keys: max(keys, key=lambda key: draw[key][2].get(way, -np.inf))


def regret(case: Sequence[Draw], choose: Choose, only: set[str] | None) -> float:
    """In points, mean over the draws."""
    keys = [key for key in case[0] if only is None or key in only]
    mean: Mapping[str, float] = {key: float(np.mean([draw[key][1] for draw in case], axis=0).max()) for key in keys}
    return 100 * float(max(mean.values()) - np.mean([mean[choose(draw, keys)] for draw in case]))


if __name__ == "__main__":
    sys.exit(main())
