"""Photographs with labels, paintings without: a model for the paintings, and which of them it calls otherwise.

Folders such as PACS' `photo` (class folders) and `art_painting`. No label of a painting is used, though its folder may
have some. Beside the sentence that tells whether to adapt stand the paintings that the model handed out and the
untouched one name differently; looking at these by eye is the quickest way to see who is right.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
from pathlib import Path

import headstart as hs

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("photographs", help="a folder of class folders, or a finished run")
parser.add_argument("paintings", type=Path, help="a folder of pictures")
parser.add_argument("out", type=Path, help="folder for the run")
parser.add_argument("--method", default=None, help="ways to adapt, by comma; all when not given")
parser.add_argument("--most", type=int, default=20, help="paintings shown")


def main(given: argparse.Namespace) -> None:
    """Adapt, predict with both, show where they differ."""
    run = hs.adapt(given.photographs, given.paintings, out=given.out, method=given.method)
    before = hs.load(run.told["source"]["run"])
    print(f"{run.sentence}\n  {run.report}\n")
    paintings = sorted(file for file in given.paintings.rglob("*") if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
    rows = [*zip(paintings, before.predict(paintings), run.predict(paintings), strict=True)]
    other = [row for row in rows if row[1].label != row[2].label]
    print(f"{len(other)} of {len(rows)} paintings are called otherwise.")
    if other:
        print("\n| painting | untouched | handed out |\n|---|---|---|")
    for file, old, new in other[: given.most]:
        print(f"| {file.relative_to(given.paintings)} | {old.label} | {new.label} |")


if __name__ == "__main__":
    main(parser.parse_args())
