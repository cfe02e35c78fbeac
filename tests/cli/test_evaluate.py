"""`headstart evaluate` as a person runs it: what is printed, the table it leaves, errors in one sentence."""

import csv
import json
import os
from types import SimpleNamespace

import pytest
import tiny_models

import headstart
import own_source
import tiny_text
from drawn import headstart as command


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Runs on many and on few texts of the same classes, of a tiny language model's source, and other texts."""
    folder = tmp_path_factory.mktemp("desk")
    with own_source.offered(folder):  # sets a cache of its own
        how = {"source": str(tiny_models.saved("bert", folder)), "strategy": "prototype,classical", "seeds": 1}
        for seed, (name, n) in enumerate({"many": 160, "few": 24}.items()):
            data = tiny_text.table(folder / f"{name}.jsonl", n, seed)
            headstart.fit(data, out=folder / "runs" / name, **how)
        headstart.fit(renamed(folder, "many"), out=folder / "runs/renamed", text="said", label="mood", **how)
        tiny_text.table(folder / "more.jsonl", 200, 9)
        yield SimpleNamespace(folder=folder)


def renamed(folder, name):
    """The same table with columns that nothing would guess, and one beside them that looks like the texts."""
    rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    made = [{"text": "nothing", "said": row["text"], "mood": row["label"]} for row in rows]
    (folder / f"{name}_renamed.jsonl").write_text("\n".join(map(json.dumps, made)))
    return folder / f"{name}_renamed.jsonl"


def shell(*words, desk):
    return command("evaluate", *words, cwd=desk.folder, HEADSTART_CACHE=os.environ["HEADSTART_CACHE"])


def test_the_command_prints_the_sentence_the_classes_and_what_was_left_out(desk):
    done = shell("runs/many", "more.jsonl", "--against", "runs/few", "--csv", "out.csv", desk=desk)
    assert done.returncode == 0, done.stderr
    found = headstart.evaluate(desk.folder / "runs/many", desk.folder / "more.jsonl", against=desk.folder / "runs/few")
    told = found.sentence.replace(f"{desk.folder}/", "")
    assert " ".join(done.stdout.split()).startswith(told)
    assert [line.split()[0] for line in done.stdout.splitlines() if line.endswith(" %")] == ["a", "b"]
    assert max(map(len, done.stdout.splitlines())) <= 100
    rows = [*csv.DictReader((desk.folder / "out.csv").read_text().splitlines())]
    assert [*rows[0]] == ["text", "label", "predicted", "p(a)", "p(b)", "against"]
    assert [row["predicted"] for row in rows] == found.predictions()["predicted"]
    assert f"{found.n} rows in out.csv" in done.stderr


def test_a_run_knows_the_columns_that_it_learnt_from_and_the_usual_ones(desk):
    usual = headstart.evaluate(desk.folder / "runs/renamed", desk.folder / "more.jsonl")
    own = headstart.evaluate(desk.folder / "runs/renamed", renamed(desk.folder, "more"))
    assert own.n == usual.n > 100
    assert own.predictions()["predicted"] == usual.predictions()["predicted"]
    told = list(headstart.load(desk.folder / "runs/renamed").predict([desk.folder / "more_renamed.jsonl"]))
    plain = list(headstart.load(desk.folder / "runs/renamed").predict([desk.folder / "more.jsonl"]))
    assert [row.probability for row in told] == [row.probability for row in plain]


def test_json_is_one_object(desk):
    done = shell("runs/many", "many.jsonl", "--json", "--quiet", desk=desk)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    record = json.loads(done.stdout)
    assert (record["run"]["run"], record["against"], record["comparison"]) == ("runs/many", None, None)
    assert [row["label"] for row in record["run"]["metrics"]["per_class"]] == ["a", "b"]
    assert record["n"] == headstart.load(desk.folder / "runs/many").record["task"]["n"]["test"]


def test_wrong_use_is_told_in_one_sentence(desk):
    tiny_text.table(desk.folder / "odd.jsonl", 8, 4, "ac")
    for words, code, said in (
        (("runs/none", "more.jsonl"), 3, "runs/none holds no finished run"),
        (("runs/many", "none.jsonl"), 3, "none.jsonl does not exist"),
        (
            ("runs/many", "odd.jsonl"),
            3,
            "odd.jsonl has texts of classes that the run does not know: 'c' (5). Allowed: 'a'",
        ),
        (("runs/many", "more.jsonl", "--label", "mood"), 3, "but none named mood"),
    ):
        done = shell(*words, desk=desk)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
