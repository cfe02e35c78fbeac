"""Makes the cases of the text benchmark: the same texts for all contestants, by data set, size and seed.

The split of seed s is headstart's own, `headstart.read(…, seed=s)`; trec_questions and clinc_intents bring their test
along. Train and valid together are the labelled texts a contestant gets: size "8" is eight of each class in all, "full"
is all. The test is the same for all sizes; of one with more than 1,000 texts 1,000 are drawn, once a seed.

Run: python benchmarks/text/cases.py WORK [--sets ...] [--seeds ...] [--held-out]
Out: WORK/cases/SET-SIZE-SEED/texts.json (labels, train and test as [text, label number]) and table.jsonl (text, label,
split), and WORK/minilm, the source as transformers reads it, which must give headstart's own features. With --held-out
"test" is labelled texts that were not drawn, to choose the rivals' settings on. Reads $HEADSTART_DATA, else
../shared/data.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import TEXTS as SETS
from _common.data import Row, draw
from _common.data import folder as data_folder

SOURCE = "minilm-l6"
SIZES = {"8": 8, "16": 16, "64": 64, "full": None}  # labelled texts a class; None is all
SEEDS = (0, 1, 2, 3, 4)
MOST_TESTED = 1000
ALIKE = 0.999  # cosine of headstart's features and the rivals', at least


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder to write to")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--held-out", action="store_true", help="no test: be right on other labelled texts")
    given = parser.parse_args()
    data, seen = data_folder(), []
    for name in given.sets.split(","):
        if not (data / SETS[name]).exists():
            print(f"{name} is left out: {data / SETS[name]} does not exist. Set HEADSTART_DATA to what holds it.")
            continue
        for seed in map(int, given.seeds.split(",")):
            seen += make(given.work, name, data / SETS[name], seed, given.held_out)[:20]
    if not seen:
        return 2
    network(given.work / "minilm")
    alike = same(given.work / "minilm", seen)
    print(f"features of the rivals' weights and headstart's: cosine {alike:.5f} or more on {len(seen)} texts")
    return 0 if alike >= ALIKE else 1


def make(work: Path, name: str, path: Path, seed: int, held_out: bool) -> list[str]:
    """All sizes of one split; the labelled texts."""
    from headstart.read import read

    task = read(path, seed=seed)
    labelled = [(e.content or "", e.answer) for e in (*task.train, *task.valid)]
    test = some([(e.content or "", e.answer) for e in task.test.open()], seed)
    for size, most in SIZES.items():
        train = labelled if most is None else draw(labelled, most, seed)
        if held_out:
            test = some(sorted(set(labelled) - set(train)), seed)
        if test:
            write(work / "cases" / f"{name}-{size}-{seed}", task.labels, train, test)
            print(f"{name}-{size}-{seed}: {len(train)} labelled, {len(test)} test, {len(task.labels)} classes")
    return [text for text, _ in labelled]


def some(rows: Sequence[Row], seed: int) -> list[Row]:
    """`MOST_TESTED` of them by chance, in the order they came."""
    if len(rows) <= MOST_TESTED:
        return list(rows)
    chosen = np.random.default_rng(seed).choice(len(rows), MOST_TESTED, replace=False)
    return [rows[i] for i in sorted(chosen.tolist())]


def write(place: Path, labels: Sequence[str], train: Sequence[Row], test: Sequence[Row]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    (place / "texts.json").write_text(json.dumps({"labels": list(labels), "train": train, "test": test}))
    with (place / "table.jsonl").open("w") as f:
        for split, part in (("train", train), ("test", test)):
            for text, label in part:
                f.write(json.dumps({"text": text, "label": labels[label], "split": split}) + "\n")


def network(place: Path) -> None:
    """The source's published file, with the pooler that headstart leaves out, its tokenizer and its configuration.

    Raises:
        SystemExit: a tensor differs from the one that headstart uses.
    """
    from safetensors.torch import load, load_file

    from headstart.source import _catalogue, _transformers, package

    source = _catalogue.get(SOURCE)
    ours = load_file(_catalogue.fetch(source))
    weights, words = package.files(source)  # checked against the catalogue's sha256
    theirs = load(weights)
    if wrong := [name for name in ours if not ours[name].equal(theirs[name].float())]:
        raise SystemExit(f"not headstart's weights: {', '.join(wrong[:5])}")
    place.mkdir(parents=True, exist_ok=True)
    (place / "model.safetensors").write_bytes(weights)
    (place / "tokenizer.json").write_bytes(words)
    transformers = _transformers.library()
    transformers.CONFIG_MAPPING[source.architecture](**source.config).save_pretrained(place)
    marks = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
    named = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": source.words.length, **marks}
    (place / "tokenizer_config.json").write_text(json.dumps(named))


def same(place: Path, texts: Sequence[str]) -> float:
    """The least cosine of headstart's features and those of transformers, fp32, from the folder."""
    from speed import cosines, headstart_way, padded_way

    return float(cosines(headstart_way(texts), padded_way(place, texts, length=256)).min())


if __name__ == "__main__":
    sys.exit(main())
