"""Whole runs on drawn texts, on the smallest real source: imbalanced classes, and numbers in the place of classes."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import headstart
from headstart.errors import SourceError, UsageError
from headstart.source import _catalogue

GOOD, BAD = "lovely great superb delightful splendid".split(), "awful dreadful poor broken horrid".split()
PLAIN = "the room had a table and two chairs near the old window where people sat for tea every day".split()


@pytest.fixture(scope="module")
def wordllama():
    try:
        _catalogue.fetch(_catalogue.get("wordllama"))
    except SourceError as problem:
        if "cannot be had" not in str(problem):
            raise
        pytest.skip(f"its weights cannot be fetched here: {str(problem).splitlines()[0]}")


def sentence(rng, bad, words=14):
    """Plain words with two that tell; the share `bad` of these is of the bad kind."""
    told = [str(rng.choice(BAD if rng.random() < bad else GOOD)) for _ in range(2)]
    return " ".join(rng.permutation([*rng.choice(PLAIN, words), *told]))


@pytest.fixture(scope="module")
def rare(wordllama, tmp_path_factory):
    """200 texts, one in five of them 'bad'; some bear the wrong label."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("rare")
    rows = [{"text": sentence(rng, 0.85 if i % 5 == 0 else 0.15), "label": "bad" if i % 5 == 0 else "good"}
            for i in range(200)]  # fmt: skip
    (folder / "texts.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    how = {"source": "wordllama", "strategy": "probe,prototype"}
    run = headstart.fit(folder / "texts.jsonl", out=folder / "run", **how)
    return SimpleNamespace(run=run, how=how, folder=folder)


def test_imbalanced_texts_are_judged_by_macro_f1(rare):
    verdict, record = rare.run.verdict, rare.run.record
    assert verdict.metric == "macro_f1"
    side = verdict.rival if record["winner"]["source"] is None else verdict.transfer
    assert side.value == pytest.approx(record["metrics"]["macro_f1"])
    assert "% macro-F1 against" in rare.run.sentence or "(macro-F1: " in rare.run.sentence
    page, card = rare.run.report.read_text(), (rare.folder / "run" / "card.md").read_text()
    assert "Difference in macro-F1, in points" in page
    assert "Macro-F1 on the sealed texts" in page
    assert "Difference in macro-F1" in card
    assert 'metric="auto"' not in record["command"]


def test_another_metric_is_another_request(rare):
    with pytest.raises(UsageError, match="holds a finished run of other data or settings"):
        headstart.fit(rare.folder / "texts.jsonl", out=rare.folder / "run", metric="accuracy", **rare.how)
    with pytest.raises(UsageError, match=r"There is no metric 'macrof1'\. Did you mean 'macro_f1'"):
        headstart.fit(rare.folder / "texts.jsonl", out=rare.folder / "other", metric="macrof1", **rare.how)
