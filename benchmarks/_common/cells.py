"""Runs the cells (set, size, seed, contestant) of a benchmark one after another, each in a process of its own.

A cell that is kept already is passed over, so a run that was stopped goes on where it was. A cell that fails is named
in the log, its output is kept in WORK/failed/, and the run goes on; the next run tries it again. Order: size, seed,
set, contestant, each as given.

A contestant is a function Cell → command; the command must write its JSON, with `accuracy` and `correct` (a bool per
test example, in the order of the case's file), to `cell.out`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST = 3 * 3600  # seconds of one cell, then it counts as failed


@dataclass(frozen=True)
class Cell:
    """One contestant on one case."""

    work: Path
    data: str
    size: str
    seed: int
    name: str
    given: argparse.Namespace  # the other options of the run

    @property
    def key(self) -> str:
        return f"{self.data}-{self.size}-{self.seed}-{self.name}"

    @property
    def case(self) -> Path:
        """Folder with what cases.py made."""
        return self.work / "cases" / f"{self.data}-{self.size}-{self.seed}"

    @property
    def out(self) -> Path:
        """Where the command writes; kept only when it is whole."""
        return self.work / "results" / f"{self.key}.part"


Contestants = Mapping[str, Callable[[Cell], list[str]]]


def parser(doc: str | None, contestants: Contestants, sets: str, sizes: str) -> argparse.ArgumentParser:
    """The options that every benchmark of cells has."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--work", type=Path, required=True, help="the folder cases.py wrote to")
    made.add_argument("--contestants", default=",".join(contestants))
    made.add_argument("--sets", default=sets)
    made.add_argument("--sizes", default=sizes)
    made.add_argument("--seeds", default="0,1,2,3,4")
    made.add_argument("--threads", type=int, default=1)
    return made


def run(
    given: argparse.Namespace,
    contestants: Contestants,
    case_file: str,
    known: Callable[[Cell], bool],
    keep: Callable[[Cell, dict[str, Any]], object],
) -> int:
    """Runs what is asked for and not `known`, hands whole results to `keep`; 1 if a cell failed."""
    if unknown := set(given.contestants.split(",")) - contestants.keys():
        raise SystemExit(f"no such contestants: {', '.join(sorted(unknown))}; there are {', '.join(contestants)}")
    (given.work / "results").mkdir(parents=True, exist_ok=True)
    failed = 0
    for cell in cells(given):
        if known(cell):
            continue
        if not (cell.case / case_file).is_file():
            print(f"{cell.key}: left out, there is no {cell.case}; run cases.py", flush=True)
            continue
        result = measured(cell, contestants[cell.name](cell), case_file)
        if result is None:
            failed += 1
        else:
            keep(cell, result)
    print(f"done, {failed} failed", flush=True)
    return 1 if failed else 0


def cells(given: argparse.Namespace) -> Iterator[Cell]:
    for size in given.sizes.split(","):
        for seed in map(int, given.seeds.split(",")):
            for data in given.sets.split(","):
                for name in given.contestants.split(","):
                    yield Cell(given.work.resolve(), data, size, seed, name, given)


def measured(cell: Cell, command: list[str], case_file: str) -> dict[str, Any] | None:
    """The whole result of one cell, or None."""
    start = time.perf_counter()
    cell.out.unlink(missing_ok=True)
    result: dict[str, Any] = {}
    try:
        environ = environment(cell.given.threads)
        done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=LONGEST)
        problem = done.stdout + done.stderr or "no word" if done.returncode else ""
        result = {} if problem else json.loads(cell.out.read_text())
        tested = len(json.loads((cell.case / case_file).read_text())["test"])
        if not problem and len(result["correct"]) != tested:
            problem = f"{len(result['correct'])} answers for {tested} test examples"
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        problem = repr(error)
    if problem:
        place = cell.work / "failed" / f"{cell.key}.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(problem)
        print(f"{cell.key}: FAILED, {problem.strip().splitlines()[-1:]}, see {place}", flush=True)
        return None
    used = ", ".join(f"{what} {result[what]:.0f} s" for what in ("cpu_process", "cpu_work") if what in result)
    wall = time.perf_counter() - start
    print(f"{cell.key}: {result['accuracy']:.3f}, {used}, wall {wall:.0f} s", flush=True)
    return result


def environment(threads: int) -> dict[str, str]:
    """The same for all: threads that sleep while they wait, no GPU, no network."""
    number = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    still = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "HEADSTART_DEVICE": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    return {**os.environ, **number, **still, "HF_HUB_OFFLINE": "1"}


def flags(options: Mapping[str, object]) -> list[str]:
    return [word for key, value in options.items() for word in (f"--{key}", str(value))]


def kept(file: Path) -> dict[str, dict[str, Any]]:
    """Cell key → its result, of a file with one a line; take a line out of it to run that cell again."""
    lines = file.read_text().splitlines() if file.is_file() else []
    return {cell["key"]: cell for cell in map(json.loads, lines)}
