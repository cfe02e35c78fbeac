"""Numbers of results.jsonl as Markdown tables: the truth, each way of choosing against it, whole fits, the alarm.

A way of choosing gives every source a value. Regret@m is the best source's true accuracy less that of the best of the
m sources with the highest values, in points; tau is scipy's weighted Kendall tau. What is chosen among several ways
(the best score, the best pair, the best constant source) is chosen on the other sets: nothing is tuned on the set it is
judged on.

Run: python benchmarks/choose/table.py [--results FILE] [--truth frozen|tuned|best]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.tables import lines

from run import SETS, TEXT_SETS

HERE = Path(__file__).resolve().parent
Values = Mapping[str, float]  # source → value, higher is better
Line = dict[str, Any]
DRAWS = 200  # halves of a test


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--truth", choices=("frozen", "tuned", "best"), default="frozen")
    given = parser.parse_args()
    cells = [json.loads(line) for line in given.results.read_text().splitlines()]
    for sets in (SETS, TEXT_SETS):
        show(cells, [name for name in sets.split(",") if any(c["set"] == name for c in cells)], given.truth)
    return 0


def show(cells: Sequence[Line], sets: Sequence[str], kind: str) -> None:
    true = {name: truth(cells, name, kind) for name in sets}
    sets = [name for name in sets if len(true[name]) > 1]
    if not sets:
        return
    known = sorted({s for name in sets for s in true[name]}, key=lambda s: -np.mean([true[n].get(s, 0) for n in sets]))
    rows = [[s, *(f"{100 * true[n][s]:.1f}" if s in true[n] else "–" for n in sets)] for s in known]
    lines(f"True accuracy on the test, %, {kind}", ("source", *sets), rows)
    ways = {name: values(cells, name) for name in sets}
    named = [way for way in ways[sets[0]] if all(way in ways[name] for name in sets)]
    found = {way: [judged(ways[n][way], true[n]) for n in sets] for way in named}
    found |= chosen_elsewhere(ways, true, sets, named)
    found["by chance"] = [(float("nan"), chance(true[n], 1), chance(true[n], 3)) for n in sets]
    found["half of the test, on the other half"] = [(float("nan"), half(cells, n, kind), float("nan")) for n in sets]
    rows = []
    for way, of in sorted(found.items(), key=lambda item: np.mean([r for _, r, _ in item[1]])):
        tau, first, third = (np.mean([row[i] for row in of]) for i in range(3))
        by_set = [f"{100 * r:.1f}" for _, r, _ in of]
        rows.append(
            [way, *("–" if np.isnan(v) else f"{s * v:.2f}" for s, v in ((1, tau), (100, first), (100, third))), *by_set]
        )
    lines("Ways of choosing, mean over sets, best first", ("way", "tau", "regret@1", "regret@3", *sets), rows)
    planner(cells, true, sets)
    fits(cells, sets)
    alarms(cells, true, sets)


def truth(cells: Sequence[Line], name: str, kind: str) -> dict[str, float]:
    """Source → accuracy on the test."""
    kinds = ("frozen", "tuned") if kind == "best" else (kind,)
    out: dict[str, float] = {}
    for cell in cells:
        if cell["part"] in kinds and cell["set"] == name:
            out[cell["what"]] = max(out.get(cell["what"], 0.0), cell["accuracy"])
    return out


def values(cells: Sequence[Line], name: str) -> dict[str, dict[str, float]]:
    """Way → source → value. A score that is silent on a source says nothing of it."""
    from headstart.source import _catalogue

    out: dict[str, dict[str, float]] = {"parameters": {}, "efficientnet-lite0 or minilm-l6 always": {}}
    for cell in cells:
        if cell["set"] != name or cell["part"] != "scores":
            continue
        source = _catalogue.get(cell["what"])
        for way, (value, _) in cell["scores"].items():
            if value is not None:
                way = "prior" if way.startswith("prior.") else way
                out.setdefault(way, {})[source.key] = value
        out.setdefault("the planner's evidence", {})[source.key] = -cell["loss"]
        out["parameters"][source.key] = source.params
        out["efficientnet-lite0 or minilm-l6 always"][source.key] = float(
            source.key in ("efficientnet-lite0", "minilm-l6")
        )
    return out


def judged(guess: Values, true: Values) -> tuple[float, float, float]:
    """tau, regret@1, regret@3; a source without a value ranks last."""
    from scipy.stats import weightedtau

    lowest = min(guess.values(), default=0.0)
    order = sorted(true, key=lambda s: (-guess.get(s, lowest - 1), s))
    best = max(true.values())
    full = [guess.get(s, lowest - 1) for s in true]
    tau = float(weightedtau(full, list(true.values())).statistic) if len(set(full)) > 1 else 0.0
    return tau, best - true[order[0]], best - max(true[s] for s in order[:3])


def chosen_elsewhere(
    ways: Mapping[str, Mapping[str, Values]], true: Mapping[str, Values], sets: Sequence[str], named: Sequence[str]
) -> dict[str, list[tuple[float, float, float]]]:
    """The best single score, pair of scores (mean rank) and constant source of the other sets."""
    if len(sets) < 2:
        return {}
    scores = [way for way in named if "." in way or way == "prior"]
    pairs = {f"{a} + {b}": (a, b) for a, b in combinations(scores, 2)}
    guesses: dict[str, dict[str, dict[str, Values]]] = {
        "best score of the other sets": {w: {n: ways[n][w] for n in sets} for w in scores},
        "best pair of scores of the other sets": {
            p: {n: ranks(ways[n][a], ways[n][b], true[n]) for n in sets} for p, (a, b) in pairs.items()
        },
        "best source of the other sets": {
            s: {n: {s: 1.0} for n in sets} for s in true[sets[0]] if all(s in true[n] for n in sets)
        },
    }
    out: dict[str, list[tuple[float, float, float]]] = {}
    for title, options in guesses.items():
        if not options:
            continue
        of = {option: {n: judged(guess[n], true[n]) for n in sets} for option, guess in options.items()}
        out[title] = []
        for n in sets:
            best = min(of, key=lambda o: (np.mean([of[o][m][1] for m in sets if m != n]), o))
            out[title].append(of[best][n])
    return out


def ranks(a: Values, b: Values, true: Values) -> dict[str, float]:
    """Mean of two ranks, higher is better."""
    from scipy.stats import rankdata

    worst = [min(v.values(), default=0) - 1 for v in (a, b)]
    placed = [rankdata([v.get(s, w) for s in true]) for v, w in zip((a, b), worst, strict=True)]
    of = [dict(zip(true, place, strict=True)) for place in placed]
    return {s: float(of[0][s] + of[1][s]) for s in true}


def chance(true: Values, m: int) -> float:
    """Expected regret of m sources drawn at random."""
    best = max(true.values())
    return float(np.mean([best - max(c) for c in combinations(true.values(), min(m, len(true)))]))


def half(cells: Sequence[Line], name: str, kind: str) -> float:
    """Regret of taking the best source of half the test, judged on the other half: what the test's luck alone costs."""
    rows = [c for c in cells if c["set"] == name and c["part"] == ("frozen" if kind == "best" else kind)]
    right = np.array([c["correct"] for c in rows], float)
    rng, gaps = np.random.default_rng(0), []
    for _ in range(DRAWS):
        order = rng.permutation(right.shape[1])
        a, b = order[: len(order) // 2], order[len(order) // 2 :]
        means = right[:, b].mean(1)
        gaps.append(means.max() - means[right[:, a].mean(1).argmax()])
    return float(np.mean(gaps))


def planner(cells: Sequence[Line], true: Mapping[str, Values], sets: Sequence[str]) -> None:
    """What the rounds chose, and at what part of the oracle's cost."""
    from headstart.plan.sources import shortlist
    from headstart.source import _catalogue

    rows, means = [], []
    for cell in (c for c in cells if c["part"] == "planner" and c["set"] in sets):
        known = {s: v for s, v in true[cell["set"]].items() if s in {e["source"] for e in cell["entries"]}}
        first, second = (cell["chosen"] + cell["chosen"])[:2]
        if first not in known:
            continue
        best, oracle = max(known, key=lambda s: known[s]), cost(cells, cell["set"], known)
        gap = 100 * (known[best] - known[first])
        both = 100 * (known[best] - max(known[first], known.get(second, 0)))
        share = cell["cpu_choice"] / oracle if oracle else float("nan")
        likely = shortlist.order([_catalogue.get(s) for s in known])[0].key
        blind = 100 * (known[best] - known[likely])
        means.append((gap, both, blind, share))
        row = [
            cell["set"],
            first,
            best,
            f"{gap:.1f}",
            f"{both:.1f}",
            f"{blind:.1f} {likely}",
            f"{cell['cpu_choice']:.0f}",
            f"{100 * share:.0f} %",
        ]
        rows.append(row)
    if rows:
        gap, both, blind, share = np.mean(means, 0)
        rows.append(["mean", "", "", f"{gap:.2f}", f"{both:.2f}", f"{blind:.2f}", "", f"{100 * share:.0f} %"])
        head = ("set", "chosen", "best", "regret@1", "of the two kept", "the prior's", "CPU s", "of the oracle's")
        lines("The planner, among the sources it considers", head, rows)


def cost(cells: Sequence[Line], name: str, known: Values) -> float:
    """CPU seconds of finding the truth of these sources: frozen, and tuned where that was done."""
    return sum(c["cpu"] for c in cells if c["part"] in ("frozen", "tuned") and c["set"] == name and c["what"] in known)


def fits(cells: Sequence[Line], sets: Sequence[str]) -> None:
    of = {(c["set"], c["what"]): c for c in cells if c["part"] == "fits"}
    done = [n for n in sets if (n, "3m") in of and (n, "fixed") in of]
    rows = []
    for n in done:
        row = [n]
        for what in ("fixed", "3m", "30m"):
            cell = of.get((n, what))
            row.append(
                "–"
                if cell is None
                else f"{100 * cell['transfer']['value']:.1f} {cell['transfer']['source']}, {cell['wall']:.0f} s"
            )
        rows.append(row)
    if rows:
        gaps = [100 * (of[n, "3m"]["transfer"]["value"] - of[n, "fixed"]["transfer"]["value"]) for n in done]
        rows.append([f"3m − fixed: {np.mean(gaps):+.2f}", "", "", ""])
        lines("Whole fits: the chosen transfer model's accuracy on the test, %", ("set", "fixed", "3m", "30m"), rows)


def alarms(cells: Sequence[Line], true: Mapping[str, Values], sets: Sequence[str]) -> None:
    """Whether it went off, against who is really better on the test: the source or random weights."""
    of = [c for c in cells if c["part"] == "alarm" and c["set"] in sets and c.get("random") is not None]
    chance = {(c["set"], c["what"]): c["accuracy"] for c in cells if c["part"] == "random"}
    rows, counts = [], {True: [0, 0], False: [0, 0]}
    for c in sorted(of, key=lambda c: c["margin"]):
        pair = (c["set"], c["what"])
        known = pair in chance and c["what"] in true[c["set"]]
        worse = known and true[c["set"]][c["what"]] <= chance[pair]
        if known:
            counts[worse][c["fired"]] += 1
        if c["fired"] or worse or len(rows) < 8:
            tests = [f"{100 * v:.1f}" for v in (true[c["set"]][c["what"]], chance[pair])] if known else ["–", "–"]
            asked = [f"{100 * c['value']:.1f}", f"{100 * c['random']:.1f}", f"{c['margin']:+.1f}"]
            rows.append([*pair, *asked, *tests, "yes" if c["fired"] else "no"])
    if not of:
        return
    head = ("set", "source", "right", "random", "margin, s.e.", "test", "test, random", "alarm")
    said = f"{counts[False][1]} of {sum(counts[False])} sources that beat random weights on the test"
    missed = f"{counts[True][1]} of {sum(counts[True])} that do not"
    fired = sum(c["fired"] for c in of)
    lines(
        f"The alarm went off for {fired} of {len(of)} pairs; as far as the test is known for {said}, and {missed}",
        head,
        rows,
    )


if __name__ == "__main__":
    sys.exit(main())
