"""The tables of EXPECTED.md, from the results of run.py.

Run: python benchmarks/text/table.py WORK [--results FILE]
In: WORK/cases, of cases.py; the lines of FILE (results.jsonl beside this). Out: Markdown on standard output. The metric
is accuracy, of sms_spam macro-F1. Tests of different seeds overlap, so differences are of distinct texts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np

from score import Answers, macro_gap

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.cells import kept
from _common.tables import Gap, Results, ahead, by_example, lines, mean_of, seeds, spread

HERE = Path(__file__).resolve().parent
SETS = ("trec_questions", "ag_news", "sms_spam", "clinc_intents", "amazon_books", "tweets")
SIZES = ("8", "16", "64", "full")
RIVALS = ("setfit", "trainer", "lora", "probe_lr", "tfidf_lr")
METRIC = {"sms_spam": "macro_f1"}  # of the others accuracy


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="the folder of cases.py")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    given = parser.parse_args()
    results: Results = {}
    for key, cell in kept(given.results).items():
        data, size, seed, name = key.split("-", 3)
        results[data, size, int(seed), name] = cell
    if not results:
        print("There are no results; run cases.py and run.py first.", file=sys.stderr)
        return 2
    for size in [size for size in SIZES if any(size == s for _, s, _, _ in results)]:
        right(results, size)
        ahead(results, size, RIVALS, SETS, partial(gap, results, given.work / "cases", size))
        spent(results, size)
    return 0


def values(results: Results, data: str, size: str, name: str, what: str) -> np.ndarray:
    return np.array([results[data, size, seed, name][what] for seed in seeds(results, data, size, name)], float)


def right(results: Results, size: str) -> None:
    """Contestant × set."""
    rows = []
    for name in ("headstart", *RIVALS):
        found = [values(results, data, size, name, METRIC.get(data, "accuracy")) for data in SETS]
        rows.append([name, *map(spread, found), mean_of(found)])
    head = ("contestant", *(f"{data}, macro-F1" if data in METRIC else data for data in SETS), "mean")
    lines(f"Accuracy or macro-F1, %, size {size}: mean ± sd over seeds", head, rows)


def gap(results: Results, cases: Path, size: str, data: str, of: Sequence[int], rival: str) -> Gap:
    """In points, by the set's metric."""
    from headstart.judge.interval import paired

    pair = [[answers(results, cases, data, size, seed, name) for seed in of] for name in ("headstart", rival)]
    if data in METRIC:
        found = macro_gap(*pair)
    else:
        a, b = (by_example([(texts, (true == said).tolist()) for texts, true, said in side]) for side in pair)
        found = (float(a.mean() - b.mean()), *paired(a, b))
    return 100 * found[0], 100 * found[1], 100 * found[2]


def answers(results: Results, cases: Path, data: str, size: str, seed: int, name: str) -> Answers:
    texts, true = tested(cases / f"{data}-{size}-{seed}")
    said = np.array(results[data, size, seed, name]["guess"])
    if len(said) != len(true):
        raise SystemExit(
            f"{data}-{size}-{seed}-{name} has {len(said)} answers for {len(true)} texts; make its case anew"
        )
    return texts, true, said


@cache
def tested(case: Path) -> tuple[list[str], np.ndarray]:
    test = json.loads((case / "texts.json").read_text())["test"]
    return [text for text, _ in test], np.array([label for _, label in test])


def spent(results: Results, size: str) -> None:
    """CPU seconds after imports, one thread, and what was trained."""
    names = {"headstart": "headstart, whole", **{name: name for name in RIVALS}}
    rows = []
    for name, said in names.items():
        rows.append([said, *(spread(values(results, data, size, name, "cpu_work"), 1, 0) for data in SETS)])
    for name in ("headstart", *RIVALS):
        ready = [spread(values(results, data, size, name, "cpu_fit"), 1, 0) for data in SETS]
        rows.append([f"{name}, until the model is ready", *ready])
    lines(f"CPU seconds, size {size}", ("contestant", *SETS), rows)
    trained = [
        [name, *(spread(values(results, data, size, name, "trained_params"), 1e-3, 0) for data in SETS)]
        for name in names
    ]
    lines(f"Trained parameters, thousands, size {size}", ("contestant", *SETS), trained)


if __name__ == "__main__":
    sys.exit(main())
