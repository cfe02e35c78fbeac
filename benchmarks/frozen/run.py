"""What does a fit cost, and how good is it? headstart against two ways to reuse a frozen network by hand.

On hymenoptera (its val/ is the test) and rsscn7 (split by headstart with seed 0), with the same pictures for all:
1. headstart: the whole fit, with its rivals, the verdict and the report; no feature in the cache.
2. scikit-learn: logistic regression on features of efficientnet-lite0 from plain torch.
3. tutorial: the same network run again in each of 10 epochs over augmented pictures; dense 64 + softmax, Adam.

Run: python benchmarks/frozen/run.py [--seeds N] [--only hymenoptera|rsscn7] [--json FILE] [--quick]
Prints a Markdown table and whether the aims are met; see EXPECTED.md. Reads $HEADSTART_DATA, else ../shared/data.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from workers import CORES, WORKERS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "efficientnet-lite0"  # the rivals' network; headstart chooses among its default sources, this one among them
EPOCHS = 10
NAMES = {"headstart": "headstart", "sklearn": "scikit-learn on features", "tutorial": "tutorial's way"}
ENVIRONMENT = {  # the same for all: two threads that sleep while they wait, no GPU, no network but for the pull
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(CORES)),
    **{"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "HEADSTART_DEVICE": "cpu", "CUDA_VISIBLE_DEVICES": ""},
}


@dataclass(frozen=True)
class Case:
    """One data set: what headstart reads, and the list of the same pictures for the rivals."""

    name: str
    data: str
    pictures: Path
    test: tuple[str, ...]  # paths, in the order of all per-picture results


@dataclass(frozen=True)
class Contestant:
    """Its runs, one a seed, on one data set."""

    name: str
    runs: tuple[dict[str, Any], ...]
    right: np.ndarray  # [seeds, n] correctness on the test pictures

    def mean(self, what: str) -> float:
        return float(np.mean([run[what] for run in self.runs]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="training seeds of headstart and the tutorial")
    parser.add_argument("--only", choices=("hymenoptera", "rsscn7"), help="one data set alone")
    parser.add_argument("--json", help="also write every measurement to this file")
    parser.add_argument("--quick", action="store_true", help="few pictures, one seed, one epoch: does it run at all?")
    for name in ("worker", "data", "out", "weights", "strategy", "source"):
        parser.add_argument(f"--{name}", default="", help=argparse.SUPPRESS)
    for name in ("seed", "epochs"):
        parser.add_argument(f"--{name}", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        print(json.dumps(WORKERS[given.worker](given)))
        return 0
    with tempfile.TemporaryDirectory(prefix="headstart-frozen-") as folder:
        return compare(given, Path(folder))


def compare(given: argparse.Namespace, folder: Path) -> int:
    data = Path(os.environ.get("HEADSTART_DATA") or ROOT.parent / "shared" / "data")
    wanted = [given.only] if given.only else ["hymenoptera"] if given.quick else ["hymenoptera", "rsscn7"]
    if missing := [name for name in wanted if not (data / name).is_dir()]:
        print(
            f"{data} does not hold {', '.join(missing)}. Set HEADSTART_DATA to the folder that does.", file=sys.stderr
        )
        return 2
    ready = prepared(folder, given.quick)
    results = {name: contest(case(data, name, folder, given.quick), ready, folder, given) for name in wanted}
    if given.quick:
        print("\n**--quick: few pictures, one epoch. A smoke test; quote none of these figures.**")
    table(results)
    once(ready)
    for name, contestants in results.items():
        aims(name, contestants)
    if given.json:
        kept = {"prepare": ready} | {name: {c.name: c.runs for c in cs} for name, cs in results.items()}
        Path(given.json).write_text(json.dumps(kept, indent=1))
    return 0


def prepared(folder: Path, quick: bool) -> dict[str, Any]:
    """Sources pulled and converted into an empty cache, at a cost of its own."""
    from headstart.runtime import cache_dir

    cache = folder / "prepared"
    if quick and (cache_dir() / "sources").is_dir():  # a smoke test needs no second download
        shutil.copytree(cache_dir() / "sources", cache / "sources")
    out = call("prepare", cache, out=made(folder / "prepare"), source=SOURCE)
    os.environ["HEADSTART_CACHE"] = str(folder / "split")  # for reading the pictures here
    return {**out, "cache": str(cache)}


def case(data: Path, name: str, folder: Path, quick: bool) -> Case:
    """The split as headstart makes it with seed 0; written down where the seed of a fit would change the test."""
    from headstart.read.image import read

    task = read(data / name, seed=0)
    parts = {"train": task.train, "valid": task.valid, "test": task.test.open()}
    if quick:
        parts = {split: some(examples, 24, len(task.labels)) for split, examples in parts.items()}
    place = made(folder / name)
    table = place / f"{name}.csv"
    with table.open("w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(("image", "label", "split"))
        rows.writerows((e.path, task.labels[e.answer], s) for s, examples in parts.items() for e in examples)
    listed = {s: [(e.path, e.answer) for e in examples] for s, examples in parts.items()}
    pictures = place / "pictures.json"
    pictures.write_text(
        json.dumps({"labels": task.labels, "train": listed["train"] + listed["valid"], "test": listed["test"]})
    )
    given = "val" in {p.name for p in (data / name).iterdir()} and not quick
    return Case(name, str(data / name) if given else str(table), pictures, tuple(path for path, _ in listed["test"]))


def some(examples: Sequence[Any], most: int, k: int) -> list[Any]:
    """The first `most` pictures, as many of each class."""
    return [e for label in range(k) for e in [e for e in examples if e.answer == label][: most // k]]


def contest(case: Case, ready: dict[str, Any], folder: Path, given: argparse.Namespace) -> list[Contestant]:
    seeds = range(1 if given.quick else given.seeds)
    strategy = "probe,classical" if given.quick else ""
    fits = []
    for seed in seeds:
        cache = folder / case.name / f"cache{seed}"
        shutil.copytree(ready["cache"], cache)
        out = folder / case.name / f"run{seed}"
        fits.append(call("headstart", cache, data=case.data, out=out, seed=seed, strategy=strategy))
        if seed == 0:
            again = call("headstart", cache, data=case.data, out=f"{out}-again", seed=seed, strategy=strategy)
            fits[0]["again"] = {key: again[key] for key in ("embed_wall", "embedded", "cpu_work", "cpu_ready")}
    rival = {"data": case.pictures, "weights": ready["weights"]}
    cache = Path(ready["cache"])
    logistic = [call("sklearn", cache, **rival)]
    epochs = 1 if given.quick else EPOCHS
    tutorials = [call("tutorial", cache, **rival, seed=seed, epochs=epochs) for seed in seeds]
    runs = {"headstart": fits, "sklearn": logistic, "tutorial": tutorials}
    return [
        Contestant(name, tuple(of), np.array([[run["correct"][path] for path in case.test] for run in of]))
        for name, of in runs.items()
    ]


def call(worker: str, cache: Path, **options: Any) -> dict[str, Any]:
    """One contestant in a process of its own; what it prints last is its result."""
    flags = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    command = [sys.executable, str(Path(__file__).resolve()), "--worker", worker, *flags]
    start = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT, "HEADSTART_CACHE": str(cache)}
    )
    if done.returncode:
        raise SystemExit(f"{worker} failed:\n{done.stderr}")
    out: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    figures = ", ".join(f"{k} {v:.2f}" for k, v in out.items() if isinstance(v, float))
    rate = f"{np.mean(list(out['correct'].values())):.3f}, " if "correct" in out else ""
    wall = time.perf_counter() - start
    seed = options.get("seed", "-")
    print(f"{worker} (seed {seed}): {rate}{figures}, wall_process {wall:.1f}", file=sys.stderr, flush=True)
    return {**out, "wall_process": wall}


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def table(results: dict[str, list[Contestant]]) -> None:
    from headstart.judge.interval import paired, single

    print(
        "\n| data | contestant | accuracy [95 %] | over seeds | headstart − it, points [95 %] "
        "| CPU s, whole process | CPU s after imports | … until the model is ready | wall s |\n" + "|---" * 9 + "|"
    )
    for name, contestants in results.items():
        ours = contestants[0]
        for c in contestants:
            low, high = single(c.right)
            each = " ".join(f"{r:.3f}" for r in c.right.mean(1))
            gap = "–"
            if c is not ours:
                gap = points(ours.right.mean() - c.right.mean(), *paired(ours.right, c.right))
            print(
                f"| {name}, n {c.right.shape[1]} | {NAMES[c.name]} | {c.right.mean():.3f} [{low:.3f}, {high:.3f}] "
                f"| {each} | {gap} | {c.mean('cpu_process'):.1f} | {c.mean('cpu_work'):.1f} "
                f"| {c.mean('cpu_ready'):.1f} | {c.mean('wall_process'):.1f} |"
            )


def points(value: float, low: float, high: float) -> str:
    return f"{100 * value:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def once(ready: dict[str, Any]) -> None:
    pull, convert = ready["pull"], ready["convert"]
    print(
        f"\nOnce per machine, in none of the figures above: pulling the sources {pull['cpu']:.1f} s of CPU "
        f"({pull['wall']:.1f} s wall), converting them for {ready['engine']} {convert['cpu']:.1f} s "
        f"({convert['wall']:.1f} s wall)."
    )


def aims(name: str, contestants: Sequence[Contestant]) -> None:
    """Each aim of the project with its figure, PASS or BELOW."""
    from headstart.judge.interval import paired

    ours, _, tutorial = contestants
    best = max(contestants[1:], key=lambda c: float(c.right.mean()))
    gap = float(ours.right.mean() - best.right.mean())
    faster = tutorial.mean("cpu_ready") / ours.mean("cpu_ready")
    body = np.mean([run["parts"]["backbone"] for run in tutorial.runs]) / ours.mean("cpu_ready")
    whole = ours.mean("cpu_work") / tutorial.mean("cpu_work")
    first, again = ours.runs[0], ours.runs[0]["again"]
    share = again["embed_wall"] / first["embed_wall"]
    print(f"\n{name}: {first['sentence']}\nchosen by seed: {', '.join(run['winner'] for run in ours.runs)}")
    rows = (
        (gap > -1e-9, f"accuracy − that of the best rival ({NAMES[best.name]}): "
         f"{points(gap, *paired(ours.right, best.right))} points (aim: not below 0)"),
        (faster >= 20, f"CPU of the tutorial's way / headstart's, until the model is ready: {faster:.1f} (aim: 20 or "
         f"more; the tutorial's backbone alone, its pictures and head taken off: {body:.1f})"),
        (whole <= 0.5, f"CPU of the whole fit, rivals, verdict and report / the tutorial's way: {whole:.2f} "
         "(aim: at most 0.5)"),
        (share <= 0.1, f"embedding in the second fit / the first: {again['embed_wall']:.3f} s / "
         f"{first['embed_wall']:.2f} s = {share:.3f} (aim: at most 0.1; {again['embedded']} rows computed anew)"),
    )  # fmt: skip
    for met, line in rows:
        print(f"- {'PASS' if met else 'BELOW'}: {line}")


if __name__ == "__main__":
    sys.exit(main())
