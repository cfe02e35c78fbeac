"""Whole runs on drawn texts, on the smallest real source: imbalanced classes, and numbers in the place of classes."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import headstart
from drawn import PLAIN, tells
from headstart.errors import UsageError
from run_page import unknown

GOOD, BAD = "lovely great superb delightful splendid".split(), "awful dreadful poor broken horrid".split()


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
    how = {"source": "wordllama", "strategy": "probe,prototype,classical"}
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


@pytest.fixture(scope="module")
def scored(wordllama, tmp_path_factory):
    """200 texts with a number that falls with the share of bad words, in noise."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("scored")
    rows = []
    for _ in range(200):
        bad = rng.random()
        rows.append({"text": sentence(rng, bad, 10), "score": round(float(5 - 4 * bad + rng.normal(0, 0.3)), 3)})
    (folder / "texts.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    run = headstart.fit(folder / "texts.jsonl", out=folder / "run", label="score", source="wordllama")
    return SimpleNamespace(run=run, folder=folder, numbers=[row["score"] for row in rows])


def test_numbers_are_predicted_and_judged_by_their_error(scored):
    record, verdict = scored.run.record, scored.run.verdict
    assert (record["task"]["kind"], record["task"]["labels"], record["task"]["classes"]) == (
        "regression",
        ["score"],
        [],
    )
    assert verdict.metric == "mae"
    assert verdict.difference == pytest.approx(verdict.rival.value - verdict.transfer.value)
    assert verdict.interval[0] < verdict.difference < verdict.interval[1]
    assert 0.005 * np.std(scored.numbers) < verdict.margin < 0.02 * np.std(scored.numbers)
    assert set(record["metrics"]) == {"mae", "rmse", "r2", "pearson", "mae_interval", "deviation"}
    assert record["metrics"]["mae"] < record["verdict"]["floor"]["value"]
    assert record["metrics"]["pearson"] > 0.3
    assert {t["strategy"] for t in record["trials"]} == {"probe", "depths", "classical", "constant"}
    assert all(set(t["scores"]) == {"mae", "rmse"} and t["accuracy"] is None for t in record["trials"])
    assert "MAE" in scored.run.sentence
    assert unknown(scored.run.path) == set(), "what it writes is described"
    assert "TF-IDF + ridge regression" in {t["title"] for t in record["trials"]}


def test_the_page_and_the_card_speak_of_numbers(scored):
    page, card = scored.run.report.read_text(), (scored.folder / "run" / "card.md").read_text()
    never = ("Log-loss", "Can its probabilities be believed", "What is taken for what", "–&#8239;%", "nan")
    tells(
        page,
        "Mean absolute error",
        "Pearson",
        "in the unit of the numbers",
        "always the median",
        "the least to beat",
        "largest errors",
        never=never,
    )
    assert "A model of the number `score` of texts" in card
    assert "| Mean absolute error |" in card
    assert "probabilities" not in card


def test_a_prediction_is_a_number(scored):
    texts = [" ".join(PLAIN[:10] + words[:2]) for words in (GOOD, BAD)]
    good, bad = scored.run.predict(texts)
    assert good.value > bad.value
    assert (good.label, good.probability, dict(good.probabilities), good.error) == (None, None, {}, None)
    assert 0 < bad.value < good.value < 6
    from headstart.ship.predict import to_csv

    shown = to_csv([good, bad], scored.run.model.kind.columns(scored.run.model.labels))
    assert shown.splitlines()[0] == "input,value,error"
    assert shown.splitlines()[1].endswith(f",{good.value:.6f},")


def test_a_metric_of_another_kind_is_refused_before_anything_is_trained(scored):
    with pytest.raises(UsageError, match=r"A verdict on regression cannot be in 'accuracy'; allowed: mae\."):
        headstart.fit(scored.folder / "texts.jsonl", out=scored.folder / "no", label="score", source="wordllama",
                      metric="accuracy")  # fmt: skip
    assert not (scored.folder / "no").exists()
