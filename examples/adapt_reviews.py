"""Labelled reviews of one shop, unlabelled ones of another: what adapting promises, and what labels then show.

Two JSONL tables of `text` and `label`, such as the books and kitchen parts of the Multi-Domain Sentiment data (Blitzer
et al. 2007). Of the second the texts alone are adapted to; its labels are kept for the judge. The first table that is
printed was chosen from without a target label, with the accuracy that each promises where it is told; the last line
holds the promise against what the judge found.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
from pathlib import Path

import headstart as hs
from headstart.judge.wording import percent

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source", help="reviews with labels, or a finished run")
parser.add_argument("target", type=Path, help="reviews of the other shop, with labels for the judge")
parser.add_argument("out", type=Path, help="folder for the table without labels and the run")
parser.add_argument("--sources", default=None, help="keys of `headstart sources list`; chosen when not given")
parser.add_argument("--method", default=None, help="ways to adapt, by comma; all when not given")
parser.add_argument("--seed", type=int, default=0)


def texts_alone(table: Path, place: Path) -> Path:
    """The same rows without their labels."""
    rows = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines() if line.strip()]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("".join(json.dumps({"text": row["text"]}) + "\n" for row in rows), encoding="utf-8")
    return place


def main(given: argparse.Namespace) -> None:
    """Adapt, show what was compared, hold the promise against the judge."""
    target = texts_alone(given.target, given.out / "unlabelled.jsonl")
    how = {"source_model": given.sources, "method": given.method, "seed": given.seed}
    run = hs.adapt(given.source, target, judge=given.target, out=given.out / "run", **how)
    print(f"{run.sentence}\n  {run.report}\n")
    print("| way | representation | promises | |\n|---|---|---|---|")
    for row in run.candidates:
        value = row["estimate"].get("value")
        print(f"| {row['method']} | {row['representation']} | {percent(value) if value else '–'} | {row['status']} |")
    low, high = run.estimate["interval"]
    promised = f"{percent(run.estimate['value'])} ({percent(low)} to {percent(high)})"
    judged = run.judged
    assert judged is not None, "a judge was given"
    print(f"\nPromised {promised}; found {percent(judged['value'])} on {judged['n']} labelled reviews.")


if __name__ == "__main__":
    main(parser.parse_args())
