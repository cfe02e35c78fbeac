"""Whole runs with several labels an example: drawn texts on the smallest real source, and drawn pictures."""

import json
from types import SimpleNamespace

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image, ImageDraw

import headstart
from drawn import PLAIN, tells
from headstart.errors import DataError, UsageError
from headstart.ship.predict import to_csv
from run_page import unknown

TOPICS = {
    "food": "bread soup apple dinner cheese".split(),
    "music": "violin song piano concert melody".split(),
    "money": "bank loan credit invoice salary".split(),
}


def drawn(rng, names):
    """Plain words with one of each topic, and one time in eight of a topic that is not named."""
    told = [str(rng.choice(TOPICS[name])) for name in names]
    told += [str(rng.choice(TOPICS[str(rng.choice([*TOPICS]))]))] if rng.random() < 0.125 else []
    return " ".join(rng.permutation([*rng.choice(PLAIN, 8), *told]))


@pytest.fixture(scope="module")
def topics(wordllama, tmp_path_factory):
    """240 texts of none to three topics."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("topics")
    rows = []
    for _ in range(240):
        names = [name for name, share in zip(TOPICS, (0.5, 0.4, 0.3), strict=True) if rng.random() < share]
        rows.append({"text": drawn(rng, names), "label": names})
    (folder / "texts.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    how = {"source": "wordllama", "strategy": "probe,svm,classical"}
    run = headstart.fit(folder / "texts.jsonl", out=folder / "run", **how)
    return SimpleNamespace(run=run, how=how, folder=folder)


def test_the_verdict_is_in_micro_f1_and_says_so(topics):
    record, verdict = topics.run.record, topics.run.verdict
    assert (record["task"]["kind"], record["task"]["labels"]) == ("multilabel", sorted(TOPICS))
    assert verdict.metric == "micro_f1"
    assert unknown(topics.run.path) == set(), "what it writes is described"
    assert verdict.difference == pytest.approx(verdict.transfer.value - verdict.rival.value)
    assert "% micro-F1 against" in topics.run.sentence or "(micro-F1: " in topics.run.sentence
    side = verdict.rival if record["winner"]["source"] is None else verdict.transfer
    assert side.value == pytest.approx(record["metrics"]["micro_f1"])
    assert record["metrics"]["micro_f1"] > record["verdict"]["floor"]["value"] + 0.1
    assert {t["strategy"] for t in record["trials"]} == {"probe", "svm", "classical", "constant"}
    assert all(set(t["scores"]) == {"example_f1", "log_loss"} for t in record["trials"])
    assert all("F1 0." in t["reason"] for t in record["trials"])


def test_the_record_holds_all_that_the_contract_promises_and_each_label(topics):
    record, metrics = topics.run.record, topics.run.record["metrics"]
    for name in ("accuracy", "macro_f1", "log_loss", "ece", "mean_average_precision", "hamming_loss", "threshold"):
        assert 0 <= metrics[name] <= 1
    assert metrics["accuracy"] == metrics["subset_accuracy"] <= 1 - metrics["hamming_loss"]
    assert [row["label"] for row in metrics["per_class"]] == sorted(TOPICS)
    assert {c["label"]: c["test"] for c in record["task"]["classes"]} == {
        row["label"]: row["n"] for row in metrics["per_class"]
    }
    assert "confusion" not in metrics
    assert sum(b["n"] for b in metrics["reliability"]) == 3 * record["task"]["n"]["test"]


def test_metrics_are_those_of_the_judged_predictions(topics):
    from sklearn.metrics import average_precision_score, f1_score, hamming_loss, log_loss

    table = pyarrow.parquet.read_table(topics.folder / "run" / "predictions.parquet").to_pydict()
    y, guess = (
        np.array([[name in cell.split("; ") for name in sorted(TOPICS)] for cell in table[column]])
        for column in ("label", "predicted")
    )
    p = np.column_stack([table[f"p({name})"] for name in sorted(TOPICS)])
    metrics = topics.run.record["metrics"]
    np.testing.assert_array_equal(guess, p >= metrics["threshold"])
    assert metrics["micro_f1"] == pytest.approx(f1_score(y, guess, average="micro"))
    assert metrics["macro_f1"] == pytest.approx(f1_score(y, guess, average="macro"))
    assert metrics["mean_average_precision"] == pytest.approx(average_precision_score(y, p, average="macro"))
    assert metrics["hamming_loss"] == pytest.approx(hamming_loss(y, guess))
    assert metrics["subset_accuracy"] == pytest.approx((y == guess).all(1).mean())
    assert metrics["log_loss"] == pytest.approx(log_loss(y.reshape(-1), p.reshape(-1)))


def test_the_page_and_the_card_speak_of_labels(topics):
    page, card = topics.run.report.read_text(), (topics.folder / "run" / "card.md").read_text()
    never = ("What is taken for what", "Class by class", "–&#8239;%", "nan", "Numbers, “")
    tells(
        page,
        "Micro-F1",
        "Wholly right",
        "Label by label",
        "Hamming loss",
        "the least to beat",
        "is one answer here",
        never=never,
    )
    assert "for any of 3 labels an example, or none" in card
    assert "| Micro-F1 |" in card
    assert "Difference in micro-F1" in card


def test_a_prediction_is_a_list_of_labels(topics):
    both, none = topics.run.predict(["bread soup cheese and a bank loan", "two chairs near the old window"])
    assert (both.labels, both.label) == (("food", "money"), "food; money")
    assert (none.labels, none.label) == ((), "")
    assert both.probability == min(both.probabilities["food"], both.probabilities["money"])
    assert none.probability == pytest.approx(1 - max(none.probabilities.values()))
    shown = to_csv([both, none], topics.run.model.kind.columns(topics.run.model.labels)).splitlines()
    assert shown[0] == "input,label,probability,p(food),p(money),p(music),error"
    assert ",food; money," in shown[1]
    assert shown[2].startswith("two chairs near the old window,,0.")


def test_what_the_saved_model_gives_hangs_on_its_threshold(topics):
    threshold = topics.run.model.fitted.decoder["threshold"]
    assert threshold == topics.run.record["metrics"]["threshold"]
    texts = [" ".join(PLAIN[:4] + words[:1]) for words in TOPICS.values()] + [" ".join(PLAIN)]
    for row in topics.run.predict(texts):
        assert row.labels == tuple(name for name, p in row.probabilities.items() if p >= threshold)


def test_macro_f1_is_another_request_and_accuracy_none(topics):
    with pytest.raises(UsageError, match=r"cannot be in 'accuracy'; allowed: micro_f1, macro_f1\."):
        headstart.fit(topics.folder / "texts.jsonl", out=topics.folder / "no", metric="accuracy", **topics.how)
    run = headstart.fit(topics.folder / "texts.jsonl", out=topics.folder / "macro", metric="macro_f1", **topics.how)
    assert run.verdict.metric == "macro_f1"
    values = {run.verdict.transfer.value, run.verdict.rival.value}
    assert any(run.record["metrics"]["macro_f1"] == pytest.approx(value) for value in values)


def test_a_strategy_that_takes_one_label_alone_is_refused(topics):
    with pytest.raises(UsageError, match="The strategy 'prototype' does not take texts with multilabel"):
        headstart.fit(topics.folder / "texts.jsonl", out=topics.folder / "no", source="wordllama", strategy="prototype")


def test_the_whole_transfer_curve_is_refused_before_anything_is_trained(topics):
    with pytest.raises(
        UsageError, match="--layers draws the transfer curve of classification; this task is multilabel"
    ):
        headstart.fit(topics.folder / "texts.jsonl", out=topics.folder / "no", source="wordllama", layers=True)


def test_pictures_with_several_shapes(weights, tmp_path):
    rng, rows = np.random.default_rng(0), []
    for i in range(72):
        names = [name for name in ("disc", "bar") if rng.random() < 0.5]
        picture = Image.fromarray(rng.integers(90, 140, (64, 64, 3), np.uint8))
        pen, (x, y) = ImageDraw.Draw(picture), rng.integers(4, 30, 2).tolist()
        if "disc" in names:
            pen.ellipse((x, y, x + 22, y + 22), fill="red")
        if "bar" in names:
            pen.rectangle((2, y + 24, 62, y + 30), fill="blue")
        picture.save(tmp_path / f"{i}.png")
        rows.append({"image": f"{i}.png", **{name: int(name in names) for name in ("disc", "bar")}})
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    run = headstart.fit(tmp_path / "t.jsonl", out=tmp_path / "run", label="disc,bar", source="mobilenet-v2",
                        strategy="probe,classical")  # fmt: skip
    assert run.record["task"]["labels"] == ["bar", "disc"]
    assert run.record["metrics"]["micro_f1"] > 0.8
    rows_of = run.predict([tmp_path / "0.png", tmp_path / "gone.png"])
    assert rows_of[0].label == "; ".join(rows_of[0].labels)
    assert (rows_of[1].labels, rows_of[1].label) == (None, None)


def test_evaluate_takes_lists_and_columns_and_sets_aside_what_was_learnt(topics, tmp_path):
    rng = np.random.default_rng(9)
    rows = [{"text": drawn(rng, names), "label": names} for names in [["food"], [], ["music", "money"]] * 20]
    (tmp_path / "new.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    table = [
        "text," + ",".join(TOPICS),
        *(",".join([r["text"], *(str(int(t in r["label"])) for t in TOPICS)]) for r in rows),
    ]
    (tmp_path / "new.csv").write_text("\n".join(table))
    lists, columns = (topics.run.evaluate(tmp_path / name) for name in ("new.jsonl", "new.csv"))
    assert (lists.metric, lists.n, columns.n) == ("micro_f1", 60, 60)
    assert 0.5 < lists.run.value == columns.run.value
    again, sizes = topics.run.evaluate(topics.folder / "texts.jsonl"), topics.run.record["task"]["n"]
    assert again.n == sizes["test"]
    assert [aside.reason for aside in again.set_aside].count("learnt") == sizes["train"] + sizes["valid"]
    said = lists.predictions()
    assert said["label"][:3] == ["food", "", "money; music"]
    assert set(lists.run.metrics["per_class"][0]) >= {"label", "n", "f1"}


def as_columns(path, rows, names):
    table = [["text", *names], *([r["text"], *(str(int(t in r["label"])) for t in names)] for r in rows)]
    path.write_text("\n".join(map(",".join, table)))
    return path


def test_runs_that_met_the_labels_in_another_order_are_compared_label_by_label(topics, tmp_path):
    rows = [json.loads(line) for line in (topics.folder / "texts.jsonl").read_text().splitlines()]
    names = ("music", "food", "money")
    told = as_columns(tmp_path / "told.csv", rows, names)
    other = headstart.fit(told, out=tmp_path / "other", label=",".join(names), **topics.how)
    rng = np.random.default_rng(9)
    new = as_columns(
        tmp_path / "new.csv", [{"text": drawn(rng, n), "label": n} for n in [["food"], ["music"]] * 20], names
    )
    for one, two in ((topics.run, other), (other, topics.run)):
        found = one.evaluate(new, against=two)
        assert found.run.value == pytest.approx(found.against.value, abs=0.05)
        assert found.comparison.decision == "no_evidence"
    assert other.record["task"]["labels"] == sorted(names)


def test_evaluate_reads_its_own_table_and_refuses_one_that_says_nothing_of_a_label(topics, tmp_path):
    rng = np.random.default_rng(5)
    rows = [{"text": drawn(rng, n), "label": n} for n in [["food"], [], ["music"], ["money"], []] * 6]
    (tmp_path / "new.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    first = topics.run.evaluate(tmp_path / "new.jsonl")
    single = [{"text": r["text"], "label": "".join(r["label"])} for r in rows]  # one label each, or an empty text
    (tmp_path / "single.jsonl").write_text("\n".join(json.dumps(row) for row in single))
    assert topics.run.evaluate(tmp_path / "single.jsonl").run.value == first.run.value
    table = pyarrow.table({name: first.predictions()[name] for name in ("text", "label")})
    pyarrow.parquet.write_table(table, tmp_path / "own.parquet")
    assert topics.run.evaluate(tmp_path / "own.parquet").n == 30
    partly = as_columns(tmp_path / "partly.csv", rows, ("food", "money"))
    with pytest.raises(DataError, match=r"say nothing of music.*food,money,music"):
        topics.run.evaluate(partly, label="food,money")
