"""How much memory tuning a language model takes: all of it, LoRA, and QLoRA, a process each; and what each saves.

In: the labelled part of trec_questions. Out, a row a way: loss of the first and the last epoch, most memory
from the moment the source's file is read (the whole process, less what stood before), CPU seconds a step, numbers that
learn, size of the saved state, and the largest difference of logits between the trained model and the one read back
from disk (for LoRA also merged into plain weights).

Run: python benchmarks/text/memory.py [--source smollm2-135m] [--steps 40]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import folder as data_folder
from _common.tables import lines

WAYS = ("full", "lora", "qlora")
ROWS = 80


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="smollm2-135m")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--way", choices=WAYS, help="this process measures one; else all, a process each")
    given = parser.parse_args()
    if given.way:
        print(json.dumps(measured(given)))
        return 0
    rows = []
    for way in WAYS:
        again = [sys.executable, __file__, "--way", way, "--source", given.source, "--steps", str(given.steps)]
        done = subprocess.run([*again, "--batch", str(given.batch)], capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stderr[-2000:], file=sys.stderr)
            return 1
        r = json.loads(done.stdout.splitlines()[-1])
        memory = [f"{r[what] / 2**20:,.0f}" for what in ("peak_open", "peak_train", "saved")]
        losses = f"{r['first']:.3f} → {r['last']:.3f}"
        gaps = f"{r['reloaded']:.1e}", f"{r['merged']:.1e}" if r["merged"] is not None else "–"
        rows.append([way, losses, *memory, f"{r['cpu_step']:.2f}", f"{r['learn']:,}", *gaps])
    heads = (
        "way",
        "loss",
        "opening, MiB",
        "training, MiB",
        "saved, MiB",
        "CPU s a step",
        "learn",
        "read back",
        "merged",
    )
    lines(f"{given.source}, {given.steps} steps of {given.batch} texts", heads, rows)
    return 0


def measured(given: argparse.Namespace) -> dict[str, float | int | None]:
    """One way, in this process."""
    from headstart.extract.feature_store import FeatureStore
    from headstart.family import load
    from headstart.plan import keep, search
    from headstart.read import read
    from headstart.source import _catalogue
    from headstart.transfer import lora
    from headstart.types import FitContext, View

    source = _catalogue.get(given.source)
    weights = _catalogue.fetch(source)
    task = read(data_folder() / "trec_questions" / "train.jsonl", seed=0)
    view = View(source.key, "input")
    seen = FeatureStore({source.key: source}, weights={source.key: weights}).extract(task.train[:ROWS], [view])[0]
    work = FitContext(seen, len(task.labels), view, source=source, weights=weights, labels=task.labels)
    name = "finetune" if given.way == "full" else given.way
    strategy = load("transfer", name)
    rate = {"lr": 2e-5} if given.way == "full" else {"lr": 5e-4}
    how = {"parts": 99, "decay": 1.0, "keep": "last", "head_first": False, **rate}
    config = strategy.Config(steps=given.steps, batch=given.batch, **how)
    base = now()
    fresh_peak()
    losses, start, run = [], time.process_time(), strategy.run(config, work)
    opened = None
    while True:
        try:
            step = next(run)
        except StopIteration as stop:
            head = stop.value
            break
        if opened is None:  # the first tenth of the steps is done: from here on only training
            opened = peak()
            fresh_peak()
        losses.append(step.loss)
    trained, cpu = peak(), time.process_time() - start
    candidate = search.Candidate(name, name, True, view, long=True)
    fitted = search._fitted(candidate, config, task.labels, head, work.kind)
    with tempfile.TemporaryDirectory() as folder:
        keep.save(Path(folder), fitted)
        back, _ = keep.load(Path(folder))
        size = sum(p.stat().st_size for p in Path(folder).iterdir())
    few = seen.x[:64]
    logits = strategy.logits(fitted, few, source, weights)
    merged = None
    if given.way == "lora":
        plain = lora.merge(fitted, few, source, weights)
        merged = gap(logits, load("transfer", "finetune").logits(plain, few, source, weights))
    return {
        "first": losses[0],
        "last": losses[-1],
        "peak_open": (opened or trained) - base,
        "peak_train": trained - base,
        "saved": size,
        "cpu_step": cpu / given.steps,
        "learn": head.trained_params,
        "reloaded": gap(logits, strategy.logits(back, few, source, weights)),
        "merged": merged,
    }


def gap(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.abs(one - two).max())


def now() -> int:
    """Memory of the process in use, bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def fresh_peak() -> None:
    """Let the kernel forget the highest memory so far."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """The highest since, bytes."""
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


if __name__ == "__main__":
    raise SystemExit(main())
