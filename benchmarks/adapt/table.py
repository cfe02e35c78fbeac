"""The tables of EXPECTED.md, from the results of run.py: pairs, methods, the estimate, and the aims.

Run: python benchmarks/adapt/table.py [--results FILE]
Out: Markdown on standard output. Accuracy in per cent, mean ± standard deviation over seeds; a mean over pairs weighs
each pair alike. "Best" is the best candidate in hindsight, by the judge's labels; of each seed its own. All are answers
of the candidates that were compared, fitted on the same source rows.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.cells import kept
from _common.tables import lines, mean_of, spread

HERE = Path(__file__).resolve().parent
Line = dict[str, Any]
Pairs = Mapping[str, Sequence[Line]]  # name → its seeds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    given = parser.parse_args()
    pairs: dict[str, list[Line]] = {}
    for line in kept(given.results).values():
        pairs.setdefault(line["pair"], []).append(line)
    if not pairs:
        print("There are no results; run run.py first.", file=sys.stderr)
        return 2
    by_pair(pairs)
    chosen(pairs)
    by_method(pairs)
    aims(pairs)
    return 0


def named(line: Line, role: str) -> str:
    """REPRESENTATION/METHOD of "chosen" or "untouched"."""
    return f"{line['run'][role]['representation']}/{line['run'][role]['method']}"


def untouched(line: Line) -> float:
    return line["accuracy"][named(line, "untouched")]


def choice(line: Line) -> float:
    return line["accuracy"][named(line, "chosen")]


def best(line: Line) -> float:
    return max(line["accuracy"].values())


def plain(line: Line) -> float:
    """The best representation in hindsight, not adapted."""
    return max(value for who, value in line["accuracy"].items() if who.endswith("/none"))


def oracle(line: Line) -> float:
    return max(line["oracle"].values(), default=np.nan)


def skada(line: Line) -> float:
    """The best of skada's in hindsight."""
    return max((row["accuracy"] or 0.0 for of in line["skada"].values() for row in of.values()), default=np.nan)


def error(line: Line) -> float:
    """The estimate less the truth."""
    return line["run"]["estimate"]["value"] - choice(line)


def held(line: Line) -> float:
    """Whether the estimate's interval holds the truth."""
    low, high = line["run"]["estimate"]["interval"]
    return float(low <= choice(line) <= high)


def of(seeds: Sequence[Line], what: Callable[[Line], float]) -> np.ndarray:
    values = np.array([what(line) for line in seeds], float)
    return values[np.isfinite(values)]


def by_pair(pairs: Pairs) -> None:
    columns: dict[str, Callable[[Line], float]] = {
        "source-only": untouched,
        "chosen": choice,
        "gain": lambda line: choice(line) - untouched(line),
        "not adapted, best representation": plain,
        "best": best,
        "chosen − best": lambda line: choice(line) - best(line),
        "skada's best": skada,
        "target-trained": oracle,
        "estimate − truth": error,
    }
    rows = []
    for name, seeds in pairs.items():
        n = {line["run"]["target"]["n"] for line in seeds}
        cpu = np.array([line["cost"]["cpu"] for line in seeds])
        cells = [spread(of(seeds, what)) for what in columns.values()]
        rows.append([name, "-".join(map(str, sorted(n))), *cells, spread(cpu, 1, 0)])
    means = [mean_of([of(seeds, what) for seeds in pairs.values()]) for what in columns.values()]
    rows.append(["mean", "", *means, ""])
    lines("Accuracy on the target, %", ("pair", "n", *columns, "CPU s"), rows)


def chosen(pairs: Pairs) -> None:
    rows = []
    for name, seeds in pairs.items():
        told = Counter(verdict(line) for line in seeds)
        picks, tops = (Counter(map(which, seeds)) for which in (lambda line: named(line, "chosen"), hindsight))
        rows.append([name, *(", ".join(f"{n} {what}" for what, n in c.most_common()) for c in (picks, tops, told))])
    lines("What was chosen", ("pair", "chosen", "best in hindsight", "verdicts"), rows)


def hindsight(line: Line) -> str:
    return max(line["accuracy"], key=line["accuracy"].__getitem__)


def verdict(line: Line) -> str:
    told = line["run"]["verdict"]
    return told["decision"] if told else "none"


def by_method(pairs: Pairs) -> None:
    """Each method's gain over not adapting, on the same representation; ours and skada's."""
    methods = sorted({who.rpartition("/")[2] for seeds in pairs.values() for line in seeds for who in line["accuracy"]})
    theirs = {m for seeds in pairs.values() for line in seeds for own in line["skada"].values() for m in own}
    rows = []
    for method in sorted({*methods, *theirs} - {"none"}):
        gains = [np.concatenate([gain(line, method) for line in seeds]) for seeds in pairs.values()]
        other = [np.concatenate([skada_gain(line, method) for line in seeds]) for seeds in pairs.values()]
        both = [[g for g in some if len(g)] for some in (gains, other)]
        cells = [f"{100 * np.mean([g.mean() for g in some]):+.1f}" if some else "–" for some in both]
        worst = [f"{100 * min(g.mean() for g in some):+.1f}" if some else "–" for some in both]
        rows.append([method, cells[0], worst[0], seconds(pairs, method), cells[1], worst[1], cpu(pairs, method)])
    head = ("method", "gain", "worst pair", "seconds", "skada's gain", "worst pair", "CPU s")
    lines("Gain over not adapting on the same features or words, points, mean over pairs", head, rows)
    every = [own for seeds in pairs.values() for line in seeds for own in line["skada"].values()]
    for method in sorted(theirs):
        failed = [own[method]["error"] for own in every if method in own and own[method]["accuracy"] is None]
        if failed:
            print(f"\nskada's {method} failed in {len(failed)} of {len(every)}: {failed[0]}")


def gain(line: Line, method: str) -> np.ndarray:
    """On each representation."""
    known = line["accuracy"]
    return np.array(
        [known[who] - known[f"{at}/none"] for who in known for at, _, m in [who.rpartition("/")] if m == method]
    )


def skada_gain(line: Line, method: str) -> np.ndarray:
    rows = [(own.get(method, {}).get("accuracy"), own["none"]["accuracy"]) for own in line["skada"].values()]
    return np.array([mine - none for mine, none in rows if mine is not None])


def seconds(pairs: Pairs, method: str) -> str:
    told = [
        c["seconds"]
        for seeds in pairs.values()
        for line in seeds
        for c in line["run"]["candidates"]
        if c["method"] == method
    ]
    return f"{np.mean(told):.1f}" if told else "–"


def cpu(pairs: Pairs, method: str) -> str:
    told = [
        own[method]["cpu"]
        for seeds in pairs.values()
        for line in seeds
        for own in line["skada"].values()
        if own.get(method, {}).get("accuracy") is not None
    ]
    return f"{np.mean(told):.1f}" if told else "–"


def aims(pairs: Pairs) -> None:
    """The aims of the issue, each with what was seen."""
    by = {name: (of(s, choice) - of(s, untouched)).mean() * 100 for name, s in pairs.items()}
    worst = min(by, key=by.__getitem__)
    behind = {name: (of(s, best) - of(s, choice)).mean() * 100 for name, s in pairs.items()}
    far = max(behind, key=behind.__getitem__)
    everyone = [line for seeds in pairs.values() for line in seeds]
    off, inside = 100 * np.abs(of(everyone, error)).mean(), 100 * of(everyone, held).mean()
    mean, regret = (float(np.mean([*values.values()])) for values in (by, behind))
    print()
    for good, what in (
        (by[worst] >= -1, f"no pair more than 1 point below source-only: the lowest is {worst}, {by[worst]:+.1f}"),
        (mean >= 1.5, f"1.5 points above source-only in the mean of {len(pairs)} pairs: {mean:+.1f}"),
        (regret <= 2, f"within 2 points of the best in hindsight, in the mean: {regret:.1f}"),
        (behind[far] <= 2, f"within 2 points of the best in hindsight, on every pair: {far}, {behind[far]:.1f}"),
        (off <= 5, f"the estimate off by at most 5 points in the mean of {len(everyone)} runs: {off:.1f}"),
        (85 <= inside <= 95, f"its 90 % interval holds the truth in 85 to 95 %: {inside:.0f} %"),
    ):
        print(f"- {'PASS' if good else 'BELOW'}: {what}")


if __name__ == "__main__":
    sys.exit(main())
