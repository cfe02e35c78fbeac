"""Runs the contestants of the fine-tuning benchmark, one cell (set, size, seed, contestant) after another.

How, and what a contestant must do, stands in benchmarks/_common/cells.py. A cell is kept whose result file
WORK/results/SET-SIZE-SEED-NAME.json is there, or that stands in results.jsonl beside this.

Run: python benchmarks/finetune/cases.py WORK, then
python benchmarks/finetune/run.py --work WORK --fastai-python PYTHON [--contestants ...] [--sets ...] [--sizes 10,full]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common import cells
from _common.cells import Cell, flags

HERE = Path(__file__).resolve().parent
SETS = "hymenoptera,rsscn7,neu_det,pacs_photo,pacs_art"


def rival(cell: Cell) -> list[str]:
    """A contestant of rivals.py."""
    python = cell.given.fastai_python if cell.name == "fastai" else sys.executable
    options = {
        "pictures": cell.case / "pictures.json",
        "weights": cell.work / "weights.safetensors",
        "seed": cell.seed,
        "out": cell.out,
        "threads": cell.given.threads,
        "epochs-scale": cell.given.epochs_scale,
        **photos(cell),
    }
    return [python, str(HERE / "rivals.py"), cell.name, *flags(options)]


def ours(cell: Cell) -> list[str]:
    """A contestant of ours.py."""
    options = {"case": cell.case, "seed": cell.seed, "out": cell.out, "threads": cell.given.threads, **photos(cell)}
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
    parser = cells.parser(__doc__, CONTESTANTS, SETS, "10,full")
    # fastai has a virtual environment of its own
    parser.add_argument("--fastai-python", default=sys.executable, help="the Python that has fastai")
    parser.add_argument("--epochs-scale", type=float, default=1.0, help="below 1 for a smoke test, in its own WORK")
    known = cells.kept(HERE / "results.jsonl")
    return cells.run(
        parser.parse_args(),
        CONTESTANTS,
        "pictures.json",
        known=lambda cell: cell.key in known or result(cell).exists(),
        keep=lambda cell, _: cell.out.replace(result(cell)),
    )


def result(cell: Cell) -> Path:
    """Where a whole result stands."""
    return cell.out.with_suffix(".json")


if __name__ == "__main__":
    sys.exit(main())
