"""Runs the contestants of the fine-tuning benchmark, one cell (set, size, seed, contestant) after another.

A cell whose result file WORK/results/SET-SIZE-SEED-NAME.json is there, or that stands in results.jsonl beside this, is
kept, so a run that was stopped goes on where it was. A cell that fails is named in the log, its output is kept in
WORK/failed/, and the run goes on; the next run tries it again. Order: size, seed, set, contestant, each as given.

A contestant is a function Cell → command; the command must write its JSON, with `accuracy` and `correct` (a bool per
test picture, in the order of pictures.json), to `cell.out`.

Run: python benchmarks/finetune/cases.py WORK, then
python benchmarks/finetune/run.py --work WORK --fastai-python PYTHON [--contestants ...] [--sets ...] [--sizes 10,full]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SETS = "hymenoptera,rsscn7,neu_det,pacs_photo,pacs_art"
LONGEST = 3 * 3600  # seconds of one cell, then it counts as failed


@dataclass(frozen=True)
class Cell:
    """One contestant on one case."""

    work: Path
    data: str
    size: str
    seed: int
    name: str
    threads: int
    fastai_python: str  # fastai has a virtual environment of its own
    epochs_scale: float

    @property
    def key(self) -> str:
        return f"{self.data}-{self.size}-{self.seed}-{self.name}"

    @property
    def case(self) -> Path:
        """Folder with pictures.json and table.csv."""
        return self.work / "cases" / f"{self.data}-{self.size}-{self.seed}"

    @property
    def out(self) -> Path:
        """Where the command writes; becomes `result` when it is whole."""
        return self.work / "results" / f"{self.key}.part"

    @property
    def result(self) -> Path:
        return self.work / "results" / f"{self.key}.json"


def rival(cell: Cell) -> list[str]:
    """A contestant of rivals.py."""
    python = cell.fastai_python if cell.name == "fastai" else sys.executable
    options = {
        "pictures": cell.case / "pictures.json",
        "weights": cell.work / "weights.safetensors",
        "seed": cell.seed,
        "out": cell.out,
        "threads": cell.threads,
        "epochs-scale": cell.epochs_scale,
        **photos(cell),
    }
    return [python, str(HERE / "rivals.py"), cell.name, *flags(options)]


def ours(cell: Cell) -> list[str]:
    """A contestant of ours.py."""
    options = {"case": cell.case, "seed": cell.seed, "out": cell.out, "threads": cell.threads, **photos(cell)}
    return [sys.executable, str(HERE / "ours.py"), cell.name, *flags(options)]


def photos(cell: Cell) -> dict[str, Path]:
    """Photographs that are not what the cell learns, where there are any: on them forgetting is measured."""
    folder = cell.work / "photos" / ("insects" if cell.data == "pacs_photo" else "things")
    return {"photos": folder} if folder.is_dir() and any(folder.iterdir()) else {}


CONTESTANTS: dict[str, Callable[[Cell], list[str]]] = {
    **dict.fromkeys(("fastai", "plain", "tutorial"), rival),
    **dict.fromkeys(("headstart", "strategies", "ablations"), ours),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the folder cases.py wrote to")
    parser.add_argument("--contestants", default=",".join(CONTESTANTS))
    parser.add_argument("--sets", default=SETS)
    parser.add_argument("--sizes", default="10,full")
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--fastai-python", default=sys.executable, help="the Python that has fastai")
    parser.add_argument("--epochs-scale", type=float, default=1.0, help="below 1 for a smoke test, in its own WORK")
    given = parser.parse_args()
    if unknown := set(given.contestants.split(",")) - CONTESTANTS.keys():
        parser.error(f"no such contestants: {', '.join(sorted(unknown))}; there are {', '.join(CONTESTANTS)}")
    (given.work / "results").mkdir(parents=True, exist_ok=True)
    failed, known = 0, kept()
    for cell in cells(given):
        if cell.result.exists() or cell.key in known:
            continue
        if not (cell.case / "pictures.json").is_file():
            print(f"{cell.key}: left out, there is no {cell.case}; run cases.py", flush=True)
            continue
        failed += not run(cell)
    print(f"done, {failed} failed", flush=True)
    return 1 if failed else 0


def kept() -> set[str]:
    """Keys of the cells that an earlier run left in results.jsonl; take a line out of it to run that cell again."""
    file = HERE / "results.jsonl"
    return {json.loads(line)["key"] for line in file.read_text().splitlines()} if file.is_file() else set()


def cells(given: argparse.Namespace) -> Iterator[Cell]:
    for size in given.sizes.split(","):
        for seed in map(int, given.seeds.split(",")):
            for data in given.sets.split(","):
                for name in given.contestants.split(","):
                    yield Cell(
                        given.work.resolve(),
                        *(data, size, seed, name, given.threads),
                        *(given.fastai_python, given.epochs_scale),
                    )


def run(cell: Cell) -> bool:
    """Runs one cell in a process of its own; whether it gave a whole result."""
    start = time.perf_counter()
    cell.out.unlink(missing_ok=True)
    try:
        command = CONTESTANTS[cell.name](cell)
        done = subprocess.run(command, capture_output=True, text=True, env=environment(cell), timeout=LONGEST)
        problem = done.stdout + done.stderr if done.returncode else ""
        result = {} if problem else json.loads(cell.out.read_text())
        tested = len(json.loads((cell.case / "pictures.json").read_text())["test"])
        if not problem and len(result["correct"]) != tested:
            problem = f"{len(result['correct'])} answers for {tested} test pictures"
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        problem = repr(error)
    if problem:
        place = cell.work / "failed" / f"{cell.key}.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(problem)
        print(f"{cell.key}: FAILED, {problem.strip().splitlines()[-1:]}, see {place}", flush=True)
        return False
    cell.out.replace(cell.result)
    used = ", ".join(f"{what} {result[what]:.0f} s" for what in ("cpu_process", "cpu_work") if what in result)
    wall = time.perf_counter() - start
    print(f"{cell.key}: {result['accuracy']:.3f}, {used}, wall {wall:.0f} s", flush=True)
    return True


def environment(cell: Cell) -> dict[str, str]:
    """The same for all: threads that sleep while they wait, no GPU, no network."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(cell.threads))
    still = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "HEADSTART_DEVICE": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    return {**os.environ, **threads, **still, "HF_HUB_OFFLINE": "1"}


def flags(options: dict[str, object]) -> list[str]:
    return [word for key, value in options.items() for word in (f"--{key}", str(value))]


if __name__ == "__main__":
    sys.exit(main())
