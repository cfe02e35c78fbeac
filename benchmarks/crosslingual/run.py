"""Labels in English, questions in German and Spanish: does a multilingual source save labelling in that language?

Data: XQuAD (shared/data/xquad), the same questions in each language; a question is to be given its article, of 24. Of
each article's five paragraphs three, drawn by seed, are labelled and two are the sealed test, so that no translation of
a labelled question is tested. The run with English labels is judged by `headstart.evaluate` on the other language's
test questions, against each of RIVALS. A judged pair becomes a line of --results; one that stands there is passed over,
and a finished fit in WORK is not done again until its pairs are judged and it is taken away (4 GB at most). Nothing
here is chosen on test questions.

Run: OMP_NUM_THREADS=1 python benchmarks/crosslingual/run.py --work WORK [--languages de,es] [--seeds 0,1,2,3,4]
[--rivals ...] [--source e5-small-multilingual], then python benchmarks/crosslingual/table.py
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.cells import kept
from _common.data import folder

HERE = Path(__file__).resolve().parent
ARTICLES = 24
PARAGRAPHS, LABELLED = 5, 3  # of an article
# Frozen features and TF-IDF: in ordinary fits fine-tuning and the network from scratch fell behind these in short runs.
CHEAP = "depths,probe,prototype,svm,zeroshot,classical"


@cache
def questions(language: str) -> list[tuple[str, int]]:
    """(question, number of its paragraph), in the order that all languages share."""
    rows = map(json.loads, (folder() / "xquad" / f"{language}.jsonl").read_text(encoding="utf-8").splitlines())
    out: list[tuple[str, int]] = []
    context, number = None, -1
    for row in rows:
        number += row["context"] != context
        context = row["context"]
        out.append((row["question"], number))
    return out


def drawn(seed: int, articles: int, labelled: int = LABELLED) -> tuple[set[int], set[int]]:
    """Paragraphs to learn from and to test on: of each article's five, three and two; of the three `labelled` stay."""
    rng = np.random.default_rng(seed)
    orders = [[PARAGRAPHS * a + int(i) for i in rng.permutation(PARAGRAPHS)] for a in range(articles)]
    return {p for o in orders for p in o[:labelled]}, {p for o in orders for p in o[LABELLED:]}


def table(given: argparse.Namespace, language: str, seed: int, labelled: int = LABELLED) -> Path:
    """A table of the labelled questions and the test ones."""
    train, test = drawn(seed, given.articles, labelled)
    rows = [
        {
            "text": text,
            "label": f"article {paragraph // PARAGRAPHS:02d}",
            "paragraph": paragraph,
            "split": "train" if paragraph in train else "test",
        }
        for text, paragraph in questions(language)
        if paragraph in train | test
    ]
    path = given.work / f"{language}-{seed}-{labelled}.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    return path


def fitted(given: argparse.Namespace, language: str, seed: int, source: str, labelled: int, strategy: str) -> Path:
    """The folder of a finished fit on one language's labels."""
    from headstart import fit

    out = given.work / f"{language}-{seed}-{labelled}-{source}"
    if not (out / "run.json").is_file():
        # Validation keeps paragraphs whole, as the test does; with one labelled paragraph an article that cannot be.
        group = "paragraph" if labelled > 1 else None
        data = table(given, language, seed, labelled)
        how = {"source": source, "strategy": strategy, "group": group, "metric": "accuracy"}
        fit(data, out=out, seed=seed, seeds=1, budget="none", **how)
    return out


def standing(run: Path, role: str) -> Path:
    """A folder like a run's whose model is the run's best one of an arm: "transfer" or "rival", whichever won."""
    from headstart.plan import keep
    from headstart.ship import store
    from headstart.source import _catalogue

    out = run.with_name(f"{run.name}-{role}")
    if not (out / "run.json").is_file():
        record = json.loads((run / "run.json").read_text())
        side = record["verdict"][role]
        name = "-".join(filter(None, (side["strategy"], side["source"])))
        [place] = (run / "trials").glob(f"{name}-refit0-*")
        model = keep.load(place)[0]
        source = _catalogue.get(model.view.source) if model.view.source else None
        store.save(out / "model", model, source, _catalogue.fetch(source) if source else None)
        shutil.copy(run / "seen.safetensors", out)
        shutil.copy(run / "run.json", out)
    return out


def english(given: argparse.Namespace, seed: int) -> Path:
    """The run that is judged: an ordinary fit on English labels."""
    return fitted(given, "en", seed, given.source, LABELLED, given.strategy)


def same(given: argparse.Namespace, language: str, seed: int) -> Path:
    """As many labels in the language itself, started fresh."""
    return standing(fitted(given, language, seed, given.source, LABELLED, CHEAP), "rival")


def fewer(given: argparse.Namespace, language: str, seed: int) -> Path:
    """The questions of one paragraph of each article in the language itself, started fresh."""
    return standing(fitted(given, language, seed, given.source, 1, "prototype,classical"), "rival")


def reused(given: argparse.Namespace, language: str, seed: int) -> Path:
    """The same source on as many labels in the language itself."""
    return standing(fitted(given, language, seed, given.source, LABELLED, CHEAP), "transfer")


def one_language(given: argparse.Namespace, language: str, seed: int) -> Path:
    """A source of English alone on the English labels."""
    return standing(fitted(given, "en", seed, "minilm-l6", LABELLED, CHEAP), "transfer")


def naive(given: argparse.Namespace, language: str, seed: int) -> Path:
    """TF-IDF of the English labels."""
    return standing(english(given, seed), "rival")


RIVALS: dict[str, Callable[[argparse.Namespace, str, int], Path]] = {
    "same": same,
    "fewer": fewer,
    "reused": reused,
    "one_language": one_language,
    "naive": naive,
}


def judged(given: argparse.Namespace, language: str, seed: int, name: str) -> dict[str, Any]:
    """One pair on the test questions of the language."""
    from headstart import evaluate

    run, rival = english(given, seed), RIVALS[name](given, language, seed)
    found = evaluate(run, table(given, language, seed), against=rival)
    shown = found.predictions()
    records = [json.loads((place / "run.json").read_text()) for place in (run, rival)]
    assert found.against is not None
    return {
        "n": found.n,
        "run": found.run.value,
        "against": found.against.value,
        **found.record()["comparison"],
        "sentence": found.sentence.replace(f"{given.work}/", ""),
        "rows": [int(e.path.rpartition(":")[2]) - 1 for e in found.examples],  # of the table, which holds all questions
        "right": [right(shown["label"], shown[side]) for side in ("predicted", "against")],
        "cpu": [record["spend_cpu"] for record in records],
        "models": [
            records[0]["winner"]["id"],
            json.loads((rival / "model" / "model.json").read_text())["head"]["strategy"],
        ],
        "labels": [record["task"]["n"]["train"] + record["task"]["n"]["valid"] for record in records],
        "in_english": records[0]["metrics"]["accuracy"],
        "set_aside": len(found.set_aside),
    }


def forget(work: Path, languages: Sequence[str], seed: int) -> None:
    """Take the runs of a seed away when they are judged: each copy of the source is half a gigabyte."""
    for language in languages:
        for place in work.glob(f"{language}-{seed}-*"):
            if place.is_dir():
                shutil.rmtree(place)


def right(truth: Sequence[str], said: Sequence[str]) -> str:
    """A digit a question."""
    return "".join(str(int(a == b)) for a, b in zip(truth, said, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for tables and runs")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--languages", default="de,es")
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--rivals", default=",".join(RIVALS))
    parser.add_argument("--source", default="e5-small-multilingual")
    parser.add_argument("--articles", type=int, default=ARTICLES, help="the first so many; fewer for a trial")
    parser.add_argument("--strategy", default="", help="of the run with English labels; all by default")
    given = parser.parse_args()
    if unknown := set(given.rivals.split(",")) - RIVALS.keys():
        raise SystemExit(f"no such rivals: {', '.join(sorted(unknown))}; there are {', '.join(RIVALS)}")
    given.work = given.work.resolve()
    given.work.mkdir(parents=True, exist_ok=True)
    done = kept(given.results)
    for seed in map(int, given.seeds.split(",")):
        languages = given.languages.split(",")
        for language in languages:
            for name in given.rivals.split(","):
                key = f"{language}-{seed}-{name}"
                if key in done:
                    continue
                line = {"key": key, "source": given.source, **judged(given, language, seed, name)}
                with given.results.open("a") as f:
                    f.write(json.dumps(line) + "\n")
                print(f"{key}: {line['sentence']}", flush=True)
            forget(given.work, [language] if language != languages[-1] else [language, "en"], seed)
    print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
