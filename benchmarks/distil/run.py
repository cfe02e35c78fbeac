"""Does a teacher help a student of at most a quarter of its multiply-adds?

Of each set a draw gives `LABELLED` pictures of each class with labels (four fifths to train, one to validate), `TESTED`
to the sealed test, and all others to the unlabelled extra. efficientnet-lite2 with a linear probe is fitted to the
labelled ones and teaches mobilenet-v2 at 160 pixels (`headstart distil`); the same student without a teacher stands
beside, on the same test. A line of the results is one distillation's verdict.

Run: OMP_NUM_THREADS=1 python benchmarks/distil/run.py --work WORK [--sets ...] [--seeds 0,1,2]
Then: python benchmarks/distil/run.py --table
Lines that stand in the results are not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.cells import kept
from _common.data import folder as data_folder

HERE = Path(__file__).resolve().parent
SETS = {"hymenoptera": ("hymenoptera/train", "hymenoptera/val"), "rsscn7": ("rsscn7",)}
LABELLED = {"hymenoptera": 40, "rsscn7": 15}  # of a class
TESTED = {"hymenoptera": 80, "rsscn7": 20}
TEACHER, STUDENT = "efficientnet-lite2", "mobilenet-v2@160"
Line = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder for the draws and the runs")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--strategy", default="probe", help="of the teacher")
    parser.add_argument("--student", default=STUDENT)
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--table", action="store_true", help="show what the results say; run nothing")
    given = parser.parse_args()
    if not given.table:
        known = kept(given.results)
        for seed in map(int, given.seeds.split(",")):
            for name in given.sets.split(","):
                key = f"{name}-{seed}-{given.strategy}-{given.student}"
                if key not in known:
                    line = {"key": key, "set": name, "seed": seed, **distilled(given, name, seed)}
                    with given.results.open("a") as file:
                        file.write(json.dumps(line) + "\n")
                    print(f"{key}: {line['sentence']}", flush=True)
    table([*kept(given.results).values()])
    return 0


def distilled(given: argparse.Namespace, name: str, seed: int) -> Line:
    import headstart as hs

    place = given.work.resolve() / f"{name}-{seed}"
    drawn(name, seed, place)
    teacher = hs.fit(
        place / "data", source=TEACHER, strategy=given.strategy, budget=None, seeds=1, seed=seed, out=place / "teacher"
    )
    made = hs.distil(
        hs.Run(teacher.path, "transfer"), given.student, unlabelled=place / "more", out=place / "student", seed=seed
    )
    told = made.told
    return {key: told[key] for key in ("sentence", "n", "teacher", "student", "candidates", "verdict", "pace", "spend")}


def drawn(name: str, seed: int, place: Path) -> None:
    """Links: data/train, data/val, data/test by class, and more/ without classes."""
    if place.exists():
        return
    classes: dict[str, list[Path]] = {}
    for part in SETS[name]:
        for folder in sorted(p for p in (data_folder() / part).iterdir() if p.is_dir()):
            classes.setdefault(folder.name, []).extend(sorted(p for p in folder.iterdir() if p.is_file()))
    rng = np.random.default_rng(seed)
    for label, files in classes.items():
        shuffled = [files[at] for at in rng.permutation(len(files))]
        end = TESTED[name] + LABELLED[name]
        test, labelled = shuffled[: TESTED[name]], shuffled[TESTED[name] : end]
        cut = LABELLED[name] * 4 // 5
        parts = {"data/test": test, "data/train": labelled[:cut], "data/val": labelled[cut:]}
        for part, some in parts.items():
            link(place / part / label, some, "")
        link(place / "more", shuffled[end:], f"{label}-")


def link(folder: Path, files: list[Path], prefix: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / f"{prefix}{file.name}").symlink_to(file)


def table(lines: list[Line]) -> None:
    print("| set, seed | labelled, unlabelled | teacher % | student alone | taught | difference [95 %] | decision |")
    print("|---|---|---|---|---|---|---|")
    for line in sorted(lines, key=lambda line: line["key"]):
        v, n = line["verdict"], line["n"]
        teacher, alone, taught = (f"{100 * v[who]['value']:.1f}" for who in ("teacher", "alone", "taught"))
        low, high = (100 * end for end in v["help"]["interval"])
        gap = f"{100 * v['help']['difference']:+.1f} [{low:+.1f}, {high:+.1f}]"
        counts = f"{n['train'] + n['valid']}, {n['unlabelled']}"
        row = [f"{line['set']}, {line['seed']}", counts, teacher, alone, taught, gap, v["help"]["decision"]]
        print(f"| {' | '.join(row)} |")
    for name in sorted({line["set"] for line in lines}):
        some = [line for line in lines if line["set"] == name]
        gaps = [100 * line["verdict"]["help"]["difference"] for line in some]
        lost = [100 * line["verdict"]["loss"]["difference"] for line in some]
        spread = f" (spread {np.std(gaps, ddof=1):.1f})" if len(gaps) > 1 else ""
        size = some[0]["student"]["params"] / some[0]["teacher"]["params"]
        work = some[0]["student"]["macs"] / some[0]["teacher"]["macs"]
        quick = np.median([line["pace"]["ratio"] for line in some])
        print(
            f"\n{name}, {len(some)} draws: {np.mean(gaps):+.1f} points by the teacher{spread}, "
            f"{np.mean(lost):+.1f} to the teacher itself; {size:.2f} of its parameters, {work:.2f} of its multiply-adds"
            f", {quick:.1f} times as quick."
        )


if __name__ == "__main__":
    sys.exit(main())
