"""Whole fits with default options: this build against an earlier one, in turns (A B A B), each in a cache of its own.

Every fit is a process of its own that starts with pulled weights and nothing else in its cache, so that networks are
converted and examples embedded anew, as on a first use. A line of the results holds CPU seconds (user and system, of
the process and its children), those until the adapted model was ready, wall seconds, peak memory, the
accuracy of the model handed out, right or wrong of each sealed example, and the decision. By default a fit has a limit
of wall time: leave the machine alone, or say --budget none of both.

Run: python benchmarks/speed/run.py --work WORK [--sets ...] [--seeds 0,1,2] [--rounds 2] [--budget none]
Then: python benchmarks/speed/run.py --table
Lines that stand in the results are not made again, so that a run that was stopped goes on; set by set with --sets.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.cells import environment, kept
from _common.data import TEXTS
from _common.data import folder as data_folder
from _common.tables import gap_text, lines

HERE = Path(__file__).resolve().parent
HOUSE = HERE.parents[1]
BEFORE = "9974dca"
BUILDS = ("before", "now")
SETS = {
    "hymenoptera": "hymenoptera",
    "rsscn7": "rsscn7",
    "pacs_art": "pacs_photo_art_painting/art_painting",
    **{name: TEXTS[name] for name in ("sms_spam", "trec_questions")},
}
MEAN, EACH, LOST = 0.35, 0.5, 0.3  # the aims: CPU of the mean and of each set, points of accuracy
Line = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder for the earlier build and the runs")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--builds", default=",".join(BUILDS))
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--rounds", type=int, default=1, help="how often each fit is made")
    parser.add_argument("--budget", default="default")
    parser.add_argument("--before", default=BEFORE, help="the earlier build's commit")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--table", action="store_true", help="show what the results say; run nothing")
    given = parser.parse_args()
    if given.table:
        return table([*kept(given.results).values()])
    if given.work is None:
        parser.error("--work is needed")
    given.work.mkdir(parents=True, exist_ok=True)
    commits = {"before": given.before, "now": said("git", "describe", "--always", "--dirty")}
    for name in given.sets.split(","):
        data = data_folder() / SETS[name]
        if not data.exists():
            print(f"{name} is left out: {data} does not exist. Set HEADSTART_DATA to what holds it.")
            continue
        for seed, turn in ((s, r) for s in given.seeds.split(",") for r in range(given.rounds)):
            for build in given.builds.split(","):
                key = f"{commits[build]}-{name}-{given.budget}-seed{seed}-{turn}"
                if key in kept(given.results):
                    continue
                line = {"key": key, "build": build, "set": name, "seed": int(seed), "budget": given.budget}
                line |= fit(tree(build, given), data, seed, given)
                with given.results.open("a") as f:
                    f.write(json.dumps(line) + "\n")
                print(f"{key}: {line['cpu']:.0f} CPU s, {line['wall']:.0f} s, {line.get('sentence', line['error'])}")
    return 0


def said(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=True).stdout.strip()


def tree(build: str, given: argparse.Namespace) -> Path:
    """The sources of a build; the earlier one's are taken out of git once."""
    if build == "now":
        return HOUSE
    place = Path(given.work / given.before).resolve()
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=given.work) as part:
            packed = Path(part) / "packed.tar"
            said("git", "archive", "--output", str(packed.resolve()), given.before, "src")
            (Path(part) / "out").mkdir()
            said("tar", "-x", "-f", str(packed.resolve()), "-C", str((Path(part) / "out").resolve()))
            (Path(part) / "out").rename(place)
    return place


def fit(place: Path, data: Path, seed: str, given: argparse.Namespace) -> Line:
    """One fit in a process of its own."""
    from headstart.runtime import cache_dir

    with tempfile.TemporaryDirectory(prefix="speed-", dir=given.work) as folder:
        work = Path(folder).resolve()
        (work / "cache").mkdir()
        (work / "cache" / "sources").symlink_to(cache_dir().resolve() / "sources")
        asked = [] if given.budget == "default" else ["--budget", given.budget]
        out = ["--out", str(work / "run"), "--seed", seed, "--quiet"]
        command = [sys.executable, "-m", "headstart", "fit", str(data), *out, *asked]
        env = environment(1) | {"PYTHONPATH": str(place / "src"), "HEADSTART_CACHE": str(work / "cache")}
        begun = time.perf_counter()
        with (work / "said").open("w") as told:
            process = subprocess.Popen(command, stdout=told, stderr=told, env=env, cwd=work)
            _, status, used = os.wait4(process.pid, 0)
        wall, cpu = time.perf_counter() - begun, used.ru_utime + used.ru_stime
        line: Line = {"cpu": round(cpu, 1), "wall": round(wall, 1), "peak_gb": round(used.ru_maxrss / 1e6, 2)}
        if code := os.waitstatus_to_exitcode(status):
            error = (work / "said").read_text(errors="replace").strip().splitlines()
            return line | {"error": f"exit {code}: {error[-1] if error else 'no word'}"}
        return line | found(work / "run")


def found(run: Path) -> Line:
    """What a run says of itself, and which sealed examples its model names rightly."""
    import pyarrow.parquet as parquet

    record = json.loads((run / "run.json").read_text())
    rows = parquet.read_table(run / "predictions.parquet", columns=["label", "predicted"])
    right = [a == b for a, b in zip(*(column.to_pylist() for column in rows.columns), strict=True)]
    return {
        "adapted": round(record["spend_cpu"]["adapted"], 1),
        "accuracy": float(np.mean(right)),
        "correct": "".join(str(int(one)) for one in right),
        "decision": record["verdict"]["decision"],
        "winner": record["winner"]["id"],
        "sentence": record["sentence"],
        "error": "",
    }


def table(known: Sequence[Line]) -> int:
    """Both builds beside each other, and whether the aims are met. Means over seeds and rounds."""
    of = {
        (s, b): [x for x in known if (x["set"], x["build"]) == (s, b) and not x["error"]] for s in SETS for b in BUILDS
    }
    sets = [name for name in SETS if all(of[name, build] for build in BUILDS)]
    rows, ratios, gaps, same = [], [], [], True
    for name in sets:
        both = [of[name, build] for build in BUILDS]
        ratios.append(mean(both[1], "cpu") / mean(both[0], "cpu"))
        gaps.append(gap(*both))
        decisions = [" / ".join(sorted({x["decision"] for x in some})) for some in both]
        same &= decisions[0] == decisions[1]
        cells = [" → ".join(f"{scale * mean(some, what):.{digits}f}" for some in both) for what, scale, digits in SHOWN]
        rows.append([name, *cells, f"{ratios[-1]:.2f}", gap_text(*gaps[-1]), " → ".join(dict.fromkeys(decisions))])
    head = (
        "set",
        "CPU s",
        "until the model is ready",
        "wall s",
        "peak GB",
        "accuracy",
        "CPU, of before",
        "points [95 %]",
    )
    lines(f"Whole fits, {BEFORE} → now", (*head, "decision"), rows)
    if failed := [x["key"] for x in known if x["error"]]:
        print(f"\nFailed: {', '.join(failed)}")
    if not sets:
        return 0
    print()
    lost = -float(np.mean([one[0] for one in gaps]))
    for met, told in (
        (
            np.mean(ratios) <= MEAN,
            f"{np.mean(ratios):.2f} of the CPU on the mean of {len(sets)} sets; {MEAN} is the aim",
        ),
        (max(ratios) <= EACH, f"{max(ratios):.2f} of it at most; {EACH} is the aim"),
        (lost <= LOST, f"{lost:+.1f} points of accuracy lost on the mean; {LOST} may be"),
        (same, "the decisions are the same"),
    ):
        print(f"- {'PASS' if met else 'BELOW'}: {told}")
    return 0


SHOWN = (("cpu", 1, 0), ("adapted", 1, 0), ("wall", 1, 0), ("peak_gb", 1, 1), ("accuracy", 100, 1))


def mean(some: Sequence[Mapping[str, Any]], what: str) -> float:
    return float(np.mean([x[what] for x in some]))


def gap(before: Sequence[Line], now: Sequence[Line]) -> tuple[float, float, float]:
    """Points by which now is ahead, with a paired 95 % interval over the sealed examples that both have."""
    seeds = sorted({x["seed"] for x in before} & {x["seed"] for x in now})
    pairs = []
    for seed in seeds:
        sides = [
            np.mean([[int(c) for c in x["correct"]] for x in some if x["seed"] == seed], 0) for some in (now, before)
        ]
        pairs.append(sides[0] - sides[1])
    each = 100 * np.concatenate(pairs) if pairs else np.zeros(1)
    half = 1.96 * float(each.std(ddof=1)) / len(each) ** 0.5 if len(each) > 1 else 0.0
    return float(each.mean()), float(each.mean()) - half, float(each.mean()) + half


if __name__ == "__main__":
    sys.exit(main())
