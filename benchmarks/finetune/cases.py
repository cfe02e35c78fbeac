"""Makes the cases of the fine-tuning benchmark: the same pictures for all contestants, by data set, size and seed.

The split of seed s is headstart's own, `headstart.read.image.read(folder, seed=s)`; train and valid together are the
labelled pictures a contestant gets, test is the test. hymenoptera brings its test along (val/), so its test is the same
for every seed. Size "full" is all labelled pictures, "10" is ten of each class drawn by `numpy.random.default_rng(s)`.

Run: python benchmarks/finetune/cases.py WORK [--sets ...] [--seeds ...]
Out: WORK/cases/SET-SIZE-SEED/pictures.json (labels, train and test as [path, label number], the network's input) and
table.csv (image, label, split), WORK/weights.safetensors, and WORK/photos/, links to the photographs on which
forgetting is measured, of another set than the one that is learnt. Reads $HEADSTART_DATA, else ../shared/data.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import Row, draw
from _common.data import folder as data_folder

SOURCE = "mobilenet-v2"
SETS = {  # name → folder below the data folder
    "hymenoptera": "hymenoptera",
    "rsscn7": "rsscn7",
    "neu_det": "neu_det/images",
    "pacs_photo": "pacs_photo_art_painting/photo",
    "pacs_art": "pacs_photo_art_painting/art_painting",
}
SIZES = {"full": None, "10": 10}  # labelled pictures a class; None is all
SEEDS = (0, 1, 2, 3, 4)
PHOTOS = {"things": "pacs_photo_art_painting/photo", "insects": "hymenoptera/val"}  # insects for pacs_photo itself
PHOTOS_EACH = 100


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder to write to")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    given = parser.parse_args()
    data = data_folder()
    spec = network(given.work)
    for name, part in PHOTOS.items():
        photographs(data / part, given.work / "photos" / name)
    made = 0
    for name in given.sets.split(","):
        folder = data / SETS[name]
        if not folder.is_dir():
            print(f"{name} is left out: {folder} does not exist. Set HEADSTART_DATA to the folder that holds it.")
            continue
        for seed in map(int, given.seeds.split(",")):
            make(given.work, name, folder, seed, spec)
            made += 1
    return 0 if made else 2


def network(work: Path) -> dict[str, Any]:
    """Puts the weights into the work folder; how the network wants its pictures."""
    from headstart.source import _catalogue

    source = _catalogue.get(SOURCE)
    work.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_catalogue.fetch(source), work / "weights.safetensors")
    return asdict(source.input)


def photographs(folder: Path, place: Path) -> None:
    """Links to every second, third, … picture of a folder, at most `PHOTOS_EACH`; none where the folder is missing."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    place.mkdir(parents=True, exist_ok=True)
    for at, path in enumerate(found[:: max(1, len(found) // PHOTOS_EACH)][:PHOTOS_EACH]):
        link = place / f"{at:03d}{path.suffix}"
        if not link.is_symlink():
            link.symlink_to(path.resolve())


def make(work: Path, name: str, folder: Path, seed: int, spec: dict[str, Any]) -> None:
    """Both sizes of one split."""
    from headstart.read.image import read

    task = read(folder, seed=seed)
    labelled = [(e.path, e.answer) for e in (*task.train, *task.valid)]
    test = [(e.path, e.answer) for e in task.test.open()]
    for size, most in SIZES.items():
        train = labelled if most is None else draw(labelled, most, seed)
        write(work / "cases" / f"{name}-{size}-{seed}", task.labels, train, test, spec)
        print(f"{name}-{size}-{seed}: {len(train)} labelled, {len(test)} test, {len(task.labels)} classes")


def write(place: Path, labels: Sequence[str], train: Sequence[Row], test: Sequence[Row], spec: dict[str, Any]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    pictures = {"labels": list(labels), "train": train, "test": test, "input": spec}
    (place / "pictures.json").write_text(json.dumps(pictures))
    with (place / "table.csv").open("w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(("image", "label", "split"))
        for split, part in (("train", train), ("test", test)):
            rows.writerows((path, labels[label], split) for path, label in part)


if __name__ == "__main__":
    sys.exit(main())
