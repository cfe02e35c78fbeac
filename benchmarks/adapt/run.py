"""`headstart adapt` on every pair of domains, both ways, and other hands beside it: a line a pair and seed.

Each adaptation is a process of its own, `headstart adapt SOURCE TARGET --judge JUDGE --json`, in a cache that holds
pulled sources and nothing else; rivals.py is another, on the features that this one made. A line holds what was
printed (less the list of the target's inputs), the accuracy of *every* candidate on the judge's labels, wall and CPU
seconds, peak memory, skada's results and the target-trained oracle. The judge's labels are read here after the
adaptation is done; no choice sees them.

Run: python benchmarks/adapt/run.py --work WORK [--pairs ...] [--seeds 0,1,2] [--results FILE] [-- options of adapt]
Then: python benchmarks/adapt/table.py [--results FILE]
A pair and seed that stand in the results are passed over; one that fails is named and tried again the next time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.cells import environment, kept
from _common.data import linked_cache
from _common.process import watched
from pairs import MOST, PAIRS, Pair, make
from rivals import labelled

HERE = Path(__file__).resolve().parent
LANGUAGES = ("--source", "e5-small-multilingual")
OPTIONS = {name: LANGUAGES for name in PAIRS if {"de", "es"} & {*name.split("-")}}
Line = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for the pairs and what is made on the way")
    parser.add_argument("--pairs", default=",".join(PAIRS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--most", type=int, nargs=2, default=MOST, help="source and target examples at most")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--alone", action="store_true", help="without skada and the oracle")
    parser.add_argument("options", nargs="*", help="after --: given to adapt, e.g. -- --method coral")
    given = parser.parse_args()
    if unknown := set(given.pairs.split(",")) - {*PAIRS}:
        raise SystemExit(f"no such pairs: {', '.join(sorted(unknown))}; there are {', '.join(PAIRS)}")
    done, failed = kept(given.results), 0
    for seed in map(int, given.seeds.split(",")):
        for name in given.pairs.split(","):
            key = f"{name}-{seed}"
            if key in done:
                continue
            place = given.work.resolve() / key
            try:
                pair = make(name, place, seed, tuple(given.most))
                line = {"key": key, "pair": name, "seed": seed, **adapted(pair, name, seed, given)}
            except (OSError, RuntimeError) as problem:
                print(f"{key}: FAILED, {problem}", flush=True)
                failed += 1
                continue
            with given.results.open("a") as f:
                f.write(json.dumps(line) + "\n")
            print(f"{key}: {shown(line)}", flush=True)
    print(f"done, {failed} failed", flush=True)
    return 1 if failed else 0


def adapted(pair: Pair, name: str, seed: int, given: argparse.Namespace) -> Line:
    """One adaptation and its rivals.

    Raises:
        RuntimeError: one of the two ended with an error; the last of what it said.
    """
    with tempfile.TemporaryDirectory(prefix="adapt-", dir=given.work.resolve()) as folder:
        place = Path(folder)
        env = {**environment(given.threads), "HEADSTART_CACHE": str(linked_cache(place))}
        command = [sys.executable, "-m", "headstart", "adapt", str(pair.source), str(pair.target)]
        command += ["--judge", str(pair.judge), "--json", "--quiet", "--out", str(place / "out"), "--seed", str(seed)]
        used = _run([*command, *OPTIONS.get(name, ()), *given.options], env, place)
        said = json.loads((place / "stdout").read_text())
        line: Line = {"run": said, "cost": used, "accuracy": accuracies(said, place / "out", pair)}
        said["target"].pop("shown", None)
        said["target"]["unlike"] = len(said["target"].get("unlike", ()))
        if given.alone:
            return line | {"skada": {}, "oracle": {}}
        dense = {c["representation"] for c in said["candidates"] if c["method"] == "deepcoral"}  # on sources alone
        sources = sorted(dense)
        command = [sys.executable, str(HERE / "rivals.py"), str(pair.source.parent), str(place / "rivals.json")]
        _run([*command, "--sources", ",".join(sources)], env, place)
        return line | json.loads((place / "rivals.json").read_text())


def _run(command: Sequence[str], env: Mapping[str, str], place: Path) -> Line:
    used = watched(command, env, place / "stdout", place / "stderr")
    if used["exit"]:
        told = (place / "stderr").read_text(errors="replace").strip().splitlines()
        raise RuntimeError(f"{' '.join(command[:4])} ended with {used['exit']}: {told[-1] if told else 'no word'}")
    return used


def accuracies(said: Mapping[str, Any], out: Path, pair: Pair) -> dict[str, float]:
    """Of each candidate, REPRESENTATION/METHOD, the part of the target that it names rightly."""
    from safetensors.numpy import load_file

    truth = truths(pair)
    wanted = np.array([truth[os.path.basename(name)] for name in said["target"]["shown"]])
    names = np.array(said["labels"])
    answers = load_file(out / "adapt" / "target.safetensors")
    return {who: float((names[p.argmax(1)] == wanted).mean()) for who, p in sorted(answers.items())}


def truths(pair: Pair) -> dict[str, str]:
    """Name of a picture's file, or of a row as it is shown ("target.jsonl:3") → the judge's label."""
    inputs, labels = labelled(pair.judge.parent, "judge")
    if pair.judge.is_dir():
        return {os.path.basename(file): label for file, label in zip(inputs, labels, strict=True)}
    return {f"{pair.target.name}:{at}": label for at, label in enumerate(labels, 1)}


def shown(line: Line) -> str:
    """One line for whoever waits."""
    said, right = line["run"], line["accuracy"]
    chosen, plain = (f"{said[role]['representation']}/{said[role]['method']}" for role in ("chosen", "untouched"))
    return f"{plain} {right[plain]:.3f}, chosen {chosen} {right[chosen]:.3f}, {line['cost']['cpu']:.0f} CPU s"


if __name__ == "__main__":
    sys.exit(main())
