"""Runs the contestants of the text benchmark, one cell (set, size, seed, contestant) after another.

How stands in benchmarks/_common/cells.py. A whole cell becomes a line of --results (results.jsonl beside this); one
that stands there is passed over. Several runs may write to it at once, each with cells of its own.

Run: python benchmarks/text/cases.py WORK, then
python benchmarks/text/run.py --work WORK [--contestants ...] [--sets ...] [--sizes 8,16,64,full] [--seeds ...]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common import cells
from _common.cells import Cell, flags

HERE = Path(__file__).resolve().parent
SETS = "trec_questions,ag_news,sms_spam,clinc_intents,amazon_books,tweets"
DERIVED = ("correct",)  # of `guess` and the case


def rival(cell: Cell) -> list[str]:
    """A contestant of rivals.py."""
    options = {
        "texts": cell.case / "texts.json",
        "minilm": cell.work / "minilm",
        "size": cell.size,
        "seed": cell.seed,
        "out": cell.out,
        "threads": cell.given.threads,
        **({"lr": cell.given.lr} if cell.given.lr else {}),
    }
    return [sys.executable, str(HERE / "rivals.py"), cell.name, *flags(options)]


def ours(cell: Cell) -> list[str]:
    """headstart."""
    options = {"case": cell.case, "seed": cell.seed, "out": cell.out, "threads": cell.given.threads}
    return [sys.executable, str(HERE / "ours.py"), cell.name, *flags(options)]


CONTESTANTS: dict[str, Callable[[Cell], list[str]]] = {
    "headstart": ours,
    **dict.fromkeys(("setfit", "trainer", "lora", "probe_lr", "tfidf_lr"), rival),
}


def main() -> int:
    parser = cells.parser(__doc__, CONTESTANTS, SETS, "8,16,64,full")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--lr", type=float, help="of trainer and lora, to choose it on cases of --held-out")
    given = parser.parse_args()
    done = cells.kept(given.results)

    def known(cell: Cell) -> bool:
        return cell.key in done or (cell.name == "setfit" and cell.size == "full")  # pairs of thousands never end

    def keep(cell: Cell, result: dict[str, object]) -> None:
        line = {"key": cell.key, **{k: v for k, v in result.items() if k not in DERIVED}}
        with given.results.open("a") as f:
            f.write(json.dumps(line) + "\n")
        cell.out.unlink()

    return cells.run(given, CONTESTANTS, "texts.json", known, keep)


if __name__ == "__main__":
    sys.exit(main())
