"""The tables of EXPECTED.md, from the results of `run.py`.

Run: python benchmarks/finetune/table.py WORK [--keep FILE]
In: WORK/cases, of cases.py; WORK/results/*.json, and the lines of FILE (results.jsonl beside this file by default) for
cells that WORK lacks; --keep writes all of them back to it. Out: Markdown on standard output. Tests of different seeds
overlap (hymenoptera's is the same five times), so differences are of pictures: each counts once, with its mean.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.cells import kept
from _common.tables import Gap, Results, ahead, by_example, lines, mean_of, seeds, spread

HERE = Path(__file__).resolve().parent
SETS = ("hymenoptera", "rsscn7", "neu_det", "pacs_photo", "pacs_art")
RIVALS = ("fastai", "plain", "tutorial")
STRATEGIES = ("probe", "depths", "finetune", "gradual", "l2sp", "ewc", "scratch", "classical")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="the folder of cases.py and run.py")
    parser.add_argument("--keep", type=Path, help="write all cells to this file, one a line")
    given = parser.parse_args()
    cells = read(given.work, given.keep or HERE / "results.jsonl")
    if not cells:
        print("There are no results; run cases.py and run.py first.", file=sys.stderr)
        return 2
    if given.keep:
        given.keep.write_text("".join(json.dumps(cell) + "\n" for _, cell in sorted(cells.items())))
    results = flat(cells)
    for size in ("full", "10"):
        accuracy(results, size)
        ahead(results, size, RIVALS, SETS, partial(gap, results, given.work / "cases", size))
        spent(results, size)
    forgetting(results)
    ablations(results, given.work / "cases")
    return 0


def read(work: Path, lines_of: Path) -> dict[str, dict[str, Any]]:
    """Cell key → its result, `correct` packed into a text of 0 and 1."""
    cells = kept(lines_of)
    for file in sorted((work / "results").glob("*.json")):
        cell = json.loads(file.read_text())
        for part in (cell, *cell.get("each", {}).values()):
            part["correct"] = "".join(str(int(right)) for right in part["correct"])
        cells[file.stem] = {"key": file.stem, **{k: v for k, v in cell.items() if k not in ("layers", "config")}}
    return cells


def flat(cells: dict[str, dict[str, Any]]) -> Results:
    """One entry a contestant; headstart's strategies and ablations each for themselves."""
    out: Results = {}
    for key, cell in cells.items():
        data, size, seed, name = key.split("-", 3)
        parts = cell["each"] if "each" in cell else {name: cell}
        for part, value in parts.items():
            label = f"ablation: {part}" if name == "ablations" else part
            right = np.array([c == "1" for c in value["correct"]])
            out[data, size, int(seed), label] = {**value, "right": right, "embed": cell.get("cpu_embed", 0.0)}
        for rival, right_share in cell.get("rivals", {}).items():
            out[data, size, int(seed), rival] = {"accuracy": right_share}
    return out


def values(results: Results, data: str, size: str, name: str, what: str = "accuracy") -> np.ndarray:
    found = [results[data, size, seed, name] for seed in seeds(results, data, size, name)]
    return np.array([cell[what] for cell in found if what in cell], float)


def joined(results: Results, cases: Path, data: str, size: str, of: Sequence[int], name: str) -> np.ndarray:
    """How often each picture was right, over those seeds whose test holds it; the same order for every `name`."""
    parts = []
    for seed in of:
        test = json.loads((cases / f"{data}-{size}-{seed}" / "pictures.json").read_text())["test"]
        parts.append(([path for path, _ in test], results[data, size, seed, name]["right"]))
    return by_example(parts)


def accuracy(results: Results, size: str) -> None:
    """Contestant × set."""
    names = ("headstart", *RIVALS, *STRATEGIES)
    rows = []
    for name in names:
        found = [values(results, data, size, name) for data in SETS]
        rows.append([name, *map(spread, found), mean_of(found)])
    lines(f"Accuracy, %, size {size}: mean ± sd over seeds", ("contestant", *SETS, "mean"), rows)


def gap(results: Results, cases: Path, size: str, data: str, of: Sequence[int], rival: str) -> Gap:
    """headstart less the rival on the same pictures, in points."""
    from headstart.judge.interval import paired

    a, b = (joined(results, cases, data, size, of, name) for name in ("headstart", rival))
    low, high = paired(a, b)
    return 100 * float(a.mean() - b.mean()), 100 * low, 100 * high


def spent(results: Results, size: str) -> None:
    """CPU seconds after imports, one thread."""
    rows = []
    for name in ("headstart", *RIVALS):
        rows.append([name, *(spread(values(results, data, size, name, "cpu_work"), 1, 0) for data in SETS)])
    ready = [spread(values(results, data, size, "headstart", "cpu_fit"), 1, 0) for data in SETS]
    rows.insert(1, ["headstart, until the model is ready", *ready])
    for name in STRATEGIES:
        rows.append([f"{name} alone", *(spread(values(results, data, size, name, "cpu_fit"), 1, 0) for data in SETS)])
    embedding = [spread(values(results, data, size, "probe", "embed"), 1, 0) for data in SETS]
    rows.append(["… embedding for all of them", *embedding])
    lines(f"CPU seconds, size {size}", ("contestant", *SETS), rows)


def forgetting(results: Results) -> None:
    """Of fine-tuning, plain and ours, and of what is to hold it near the source, at their accuracy; cells all have."""
    names, rows = ("plain", "finetune", "gradual", "l2sp", "ewc"), []
    for size in ("full", "10"):
        measured = {(d, seed, n): c for (d, s, seed, n), c in results.items() if s == size and "forgetting" in c}
        common = [at for at in {key[:2] for key in measured} if all((*at, name) in measured for name in names)]
        for name in names if common else ():
            cells = [measured[*at, name] for at in sorted(common)]
            right = 100 * np.array([c["accuracy"] for c in cells])
            kept = 100 * np.array([c["forgetting"]["agreement"] for c in cells])
            moved = np.array([c["forgetting"]["divergence"] for c in cells])
            less = kept - [100 * measured[*at, "plain"]["forgetting"]["agreement"] for at in sorted(common)]
            error = f" ± {less.std(ddof=1) / len(less) ** 0.5:.1f}" if len(less) > 1 and name != "plain" else ""
            numbers = [f"{right.mean():.1f}", f"{kept.mean():.1f}", f"{less.mean():+.1f}{error}", f"{moved.mean():.3f}"]
            rows.append([size, name, *numbers, str(len(cells))])
    head = ("size", "contestant", "accuracy, %", "source's answer kept, %", "less plain's, ± SE", "KL, nats", "cells")
    lines("Forgetting, on 100 photographs of another set", head, rows)


def ablations(results: Results, cases: Path) -> None:
    """Fine-tuning with one thing changed, against fine-tuning as it is on the same pictures."""
    from headstart.judge.interval import paired

    usual = "ablation: as it is"
    rows = []
    for name in dict.fromkeys(n for *_, n in results if n.startswith("ablation: ")):
        cells = [cell for (*_, n), cell in results.items() if n == name]
        own = {data: of for data in SETS if (of := seeds(results, data, "full", name))}
        a, b = (
            np.concatenate([joined(results, cases, d, "full", of, n) for d, of in own.items()]) for n in (name, usual)
        )
        low, high = (100 * end for end in paired(a, b))
        gap = "–" if name == usual else f"{100 * (a.mean() - b.mean()):+.1f} [{low:+.1f}, {high:+.1f}]"
        right = [spread(values(results, data, "full", name)) for data in own]
        kept = [cell["forgetting"]["agreement"] for cell in cells if "forgetting" in cell]
        cpu = np.mean([cell["cpu_fit"] for cell in cells])
        rows.append([name.removeprefix("ablation: "), *right, gap, f"{100 * np.mean(kept):.1f}", f"{cpu:.1f}"])
    if rows:
        head = ("", *own, "less as it is, points [95 %]", "source's answer kept, %", "CPU s")
        lines("Ablations of fine-tuning, all labelled pictures, accuracy in %", head, rows)


if __name__ == "__main__":
    sys.exit(main())
