"""Whole fits under a budget: which sources are chosen, what that costs in points, and what it takes; a line a run.

Budgets 1m, 3m, 5m, the default and none, on the seven picture and six text sets as they lie in the data folder, alone
or beside one busy process. Each fit is a process of its own, in a cache with pulled weights and nothing else. A line
holds the sources chosen, looked at and left out, the value of the best that reuses and of the model handed out, the
decision, wall seconds and peak memory of the process, and of every step of choosing the seconds expected and taken.

Run: python benchmarks/choose/budget.py --work WORK [--sets ...] [--budgets ...] [--busy] [--results FILE]
Then: python benchmarks/choose/budget.py --table [--results FILE]
The table has the regret of the chosen sources twice: against the run without a budget, where there is one, and by the
truth of `run.py frozen` (probes of every source on at most 600 labelled examples): how far the best of those chosen
lies behind the best of all usual ones.
Lines that stand in the results for this commit are not made again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import TEXTS, linked_cache
from _common.data import folder as data_folder
from _common.process import watched
from _common.tables import lines

from cases import PICTURES, digits

HERE = Path(__file__).resolve().parent
LEFT_OUT = {"clinc_intents": ("train.jsonl", "val.jsonl", "test.jsonl")}  # of a folder, the tables that are the task
BUDGETS = ("1m", "3m", "5m", "default", "none")
MEASURED = ("look", "alarm")  # steps expected by what a source was measured to take; the others are guesses
FACTOR, MOMENT = 2.0, 0.5  # a step was foretold within this factor, or so few seconds that nobody minds
Line = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder for what is made on the way")
    parser.add_argument("--sets", default=",".join([*PICTURES, *TEXTS]))
    parser.add_argument("--budgets", default=",".join(BUDGETS))
    parser.add_argument("--busy", action="store_true", help="beside a process that keeps one core busy")
    parser.add_argument("--results", type=Path, default=HERE / "budget.jsonl")
    parser.add_argument("--table", action="store_true", help="show what the results say; run nothing")
    given = parser.parse_args()
    known = [json.loads(line) for line in given.results.read_text().splitlines()] if given.results.exists() else []
    if given.table:
        return table(known)
    if given.work is None:
        parser.error("--work is needed")
    commit, done = head(), {line["key"] for line in known}
    for name in given.sets.split(","):
        data = digits(given.work / "digits") if name == "digits" else data_folder() / {**PICTURES, **TEXTS}[name]
        if not data.exists():
            print(f"{name} is left out: {data} does not exist. Set HEADSTART_DATA to what holds it.")
            continue
        for budget in given.budgets.split(","):
            key = f"{commit}-{name}-{budget}{'-busy' if given.busy else ''}"
            if key in done:
                continue
            with busy() if given.busy else alone():
                line = {"key": key, "commit": commit, "set": name, "budget": budget, "busy": given.busy}
                line |= fit(own_tables(data, name, given.work), budget, given.work)
            with given.results.open("a") as f:
                f.write(json.dumps(line) + "\n")
            print(f"{key}: {', '.join(line['chosen']) or line['error']} in {line['seconds']:.0f} s", flush=True)
    return 0


def head() -> str:
    """The commit that is measured; with changes that are not committed, marked so."""
    said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True)
    return said.stdout.strip() or "unknown"


def own_tables(data: Path, name: str, work: Path) -> Path:
    """The folder with the tables of the task alone, where it holds others beside them."""
    if name not in LEFT_OUT:
        return data
    place = work / name
    place.mkdir(parents=True, exist_ok=True)
    for table_name in LEFT_OUT[name]:
        if not (place / table_name).exists():
            (place / table_name).symlink_to((data / table_name).resolve())
    return place


@contextmanager
def busy() -> Iterator[None]:
    """One core kept busy."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        try:
            yield
        finally:
            other.kill()


@contextmanager
def alone() -> Iterator[None]:
    """Nothing beside."""
    yield


def fit(data: Path, budget: str, work: Path) -> Line:
    """One fit in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="budget-", dir=work) as folder:
        place = Path(folder)
        asked = [] if budget == "default" else ["--budget", budget]
        command = [sys.executable, "-m", "headstart", "fit", str(data), "--out", str(place / "run"), "--quiet", *asked]
        env = {**os.environ, "HEADSTART_CACHE": str(linked_cache(place))}
        line: Line = watched(command, env, place / "said")
        line["steps"] = steps(place / "run" / "journal.jsonl")
        if line["exit"]:
            error = (place / "said").read_text(errors="replace").strip().splitlines()
            return line | {"chosen": [], "error": error[-1] if error else "no word"}
        return line | found(json.loads((place / "run" / "run.json").read_text()))


def steps(journal: Path) -> list[Line]:
    """What every step of choosing was expected to take, and took."""
    if not journal.exists():
        return []
    told = (json.loads(line) for line in journal.read_text().splitlines())
    wanted = ("source", "step", "n", "predicted", "taken")
    return [{name: line[name] for name in wanted} for line in told if line["event"] == "step"]


def found(record: Mapping[str, Any]) -> Line:
    """What a run says of itself."""
    verdict, ranking = record["verdict"], record["ranking"]
    return {
        "limit": record["budget"]["limit"],
        "chosen": ranking["chosen"],
        "looked_at": ranking["looked_at"],
        "left_out": {entry["source"]: entry["why"] for entry in ranking["left_out"]},
        "metric": verdict["metric"],
        "reuses": verdict["transfer"]["value"],
        "handed_out": record["metrics"][verdict["metric"]],
        "winner": record["winner"]["id"],
        "decision": verdict["decision"],
        "error": "",
    }


def table(known: Sequence[Line]) -> int:
    """Regret against no budget, time over the budget, and how well steps were foretold."""
    runs = {(line["set"], line["budget"], line["busy"]): line for line in known}
    sets = [name for name in [*PICTURES, *TEXTS] if any(line["set"] == name for line in known)]
    ways = [(b, q) for q in (False, True) for b in BUDGETS if any((s, b, q) in runs for s in sets)]
    heads = [f"{budget}{', busy' if beside else ''}" for budget, beside in ways]
    for title, tell in (
        ("Sources chosen", lambda line, _: " + ".join(line["chosen"]) or line["error"]),
        ("Regret of the best that reuses, points, against no budget", regret),
        ("Regret of the sources chosen, points, by the frozen truth", by_truth(frozen())),
        ("Seconds taken (over the limit, %)", taken),
        ("Peak memory, GB", lambda line, _: f"{line['peak_gb']:.1f}"),
    ):
        rows = []
        for name in sets:
            best = runs.get((name, "none", False))
            cells = [runs.get((name, *way)) for way in ways]
            rows.append([name, *(tell(cell, best) if cell else "–" for cell in cells)])
        lines(title, ("set", *heads), rows)
    rows = []
    for way, title in zip(ways, heads, strict=True):
        of = [step for name in sets for step in runs.get((name, *way), {}).get("steps", ())]
        rows.append(
            [title, *(told(step for step in of if (step["step"] in MEASURED) is kind) for kind in (True, False))]
        )
    lines(
        f"Steps foretold within a factor of {FACTOR:g}", ("budget", "looks and alarms", "starts and first looks"), rows
    )
    return 0


def frozen() -> dict[str, dict[str, float]]:
    """Of each set, what probes on each source have right on a test, by `run.py frozen`."""
    from table import truth

    from headstart.family import names
    from headstart.source import _catalogue

    usual = {source.key for modality in names("modality") for source in _catalogue.usual(modality)}
    cells = [json.loads(line) for line in (HERE / "results.jsonl").read_text().splitlines()]
    known = {name: truth(cells, name, "frozen") for name in {cell["set"] for cell in cells}}
    return {name: {key: value for key, value in of.items() if key in usual} for name, of in known.items()}


def by_truth(known: Mapping[str, Mapping[str, float]]) -> Callable[[Line, Line | None], str]:
    """By how many points the best of the chosen sources lies behind the best of all that are usual."""

    def tell(line: Line, _: Line | None) -> str:
        of = known.get(line["set"], {})
        values = [of[source] for source in line["chosen"] if source in of]
        partly = any("@" in source for source in line["chosen"])  # of the beginnings of texts the truth is not known
        return f"{100 * (max(of.values()) - max(values)):+.1f}" if values and not partly else "–"

    return tell


def regret(line: Line, best: Line | None) -> str:
    """By how many points it lies behind the run without a budget; negative: ahead of it."""
    if line["error"] or best is None or best["error"]:
        return "–"
    sign = -1 if line["metric"] == "mae" else 1
    return f"{100 * sign * (best['reuses'] - line['reuses']):+.1f}"


def taken(line: Line, _: Line | None) -> str:
    """Wall seconds, and how far over the limit."""
    limit = line.get("limit")
    over = f" ({100 * (line['seconds'] / limit - 1):+.0f} %)" if limit else ""
    return f"{line['seconds']:.0f}{over}"


def told(some: Iterable[Line]) -> str:
    """The share of steps that took about what was expected.

    >>> told([{"predicted": 3.0, "taken": 5.0}, {"predicted": 3.0, "taken": 9.0}, {"predicted": 0.1, "taken": 0.4}])
    '67 % of 3'
    """
    known = list(some)
    good = [
        max(s["predicted"], s["taken"]) <= FACTOR * min(s["predicted"], s["taken"])
        or abs(s["predicted"] - s["taken"]) < MOMENT
        for s in known
    ]
    return f"{100 * sum(good) / len(good):.0f} % of {len(good)}" if good else "–"


if __name__ == "__main__":
    sys.exit(main())
