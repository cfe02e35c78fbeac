"""The tables of EXPECTED.md, from the results of run.py.

Run: python benchmarks/crosslingual/table.py [--results FILE]
Out: Markdown on standard output. Tests of different seeds overlap, so the interval over seeds is of distinct questions,
each with its mean over the seeds whose test holds it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.cells import kept
from _common.tables import Gap, by_example, gap_text, lines, spread

HERE = Path(__file__).resolve().parent
NAMES = {
    "same": "TF-IDF, as many labels in the language",
    "fewer": "TF-IDF, one paragraph's labels in the language",
    "reused": "the same source, as many labels in the language",
    "one_language": "minilm-l6 (English alone), English labels",
    "naive": "TF-IDF, English labels",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    given = parser.parse_args()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for key, cell in kept(given.results).items():
        language, _, name = key.split("-", 2)
        groups.setdefault((language, name), []).append(cell)
    if not groups:
        print("There are no results; run run.py first.", file=sys.stderr)
        return 2
    for language in dict.fromkeys(language for language, _ in groups):
        rows = [row(name, cells) for (of, name), cells in groups.items() if of == language]
        head = (
            "against",
            "labels",
            "English labels, %",
            "against, %",
            "ahead, points",
            "verdicts",
            "CPU s of the fit it is from",
        )
        lines(f"Test questions in {language}: mean ± sd over seeds", head, rows)
    once = {cell["key"].split("-")[1]: cell for (_, name), cells in groups.items() for cell in cells}
    english = np.array([cell["in_english"] for cell in once.values()])
    for what in ("adapted", "total"):
        spent = np.array([cell["cpu"][0][what] for cell in once.values()])
        print(f"\nThe run with English labels, CPU s {what}: {spread(spent, 1, 0)}", end="")
    print(f"; its accuracy on the English test questions, %: {spread(english)}")
    print("Its models: " + ", ".join(f"{m} {n}" for m, n in Counter(c["models"][0] for c in once.values()).items()))
    return 0


def row(name: str, cells: list[dict[str, Any]]) -> list[str]:
    """One rival in one language."""
    of = {what: np.array([cell[what] for cell in cells], float) for what in ("run", "against", "difference")}
    said = Counter({"helps": "better", "hurts": "worse", "no_evidence": "cannot tell"}[c["decision"]] for c in cells)
    labels = sorted({cell["labels"][1] for cell in cells})
    return [
        NAMES[name],
        f"{labels[0]}-{labels[-1]}" if len(labels) > 1 else str(labels[0]),
        spread(of["run"]),
        spread(of["against"]),
        gap_text(*gap(cells)),
        ", ".join(f"{n} {what}" for what, n in said.most_common()),
        spread(np.array([cell["cpu"][1]["total"] for cell in cells]), 1, 0),
    ]


def gap(cells: list[dict[str, Any]]) -> Gap:
    """Mean difference in points and its interval, of distinct questions."""
    from headstart.judge.interval import paired

    sides = [
        by_example(([f"{r:04d}" for r in c["rows"]], [x == "1" for x in c["right"][at]]) for c in cells)
        for at in (0, 1)
    ]
    low, high = paired(*sides)
    return 100 * float(sides[0].mean() - sides[1].mean()), 100 * low, 100 * high


if __name__ == "__main__":
    sys.exit(main())
