"""docs/run-json.md and what runs write say the same: every field that is written stands there, and the reverse.

Runs of several labels, of numbers, and with all that `--layers` adds are held against the page where they are made.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import NotRequired, get_origin, get_type_hints

import pytest
import tiny_models

import headstart
import own_source
import tiny_text
from headstart.judge.forgetting import Forgetting
from headstart.judge.measured.multilabel import LabelMetrics
from headstart.judge.measured.regression import NumberMetrics
from headstart.schema import SCHEMA, LeftOut, RunRecord
from run_page import read, rows, undocumented, unknown, unwritten

ROOT = Path(headstart.__file__).parent


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A whole run on drawn texts of two classes; one of them has no label, and one comes twice."""
    folder = tmp_path_factory.mktemp("desk")
    lines = tiny_text.table(folder / "all.jsonl", 260, 1).read_text().splitlines()
    lines += [json.dumps({"text": "river lamp", "label": ""}), lines[0]]
    (folder / "texts.jsonl").write_text("\n".join(lines))
    with own_source.offered(folder):
        how = {"source": str(tiny_models.saved("bert", folder)), "strategy": "probe,classical", "seeds": 1}
        run = headstart.fit(folder / "texts.jsonl", out=folder / "run", **how)
        yield SimpleNamespace(folder=folder, run=run, source=how["source"])


@pytest.fixture(params=["texts", "pictures"])
def written(request, desk):
    """The folder of a run."""
    return desk.run.path if request.param == "texts" else request.getfixturevalue("finished").out


def test_every_field_that_a_run_writes_is_on_the_page(written):
    record, names = read(written, "run.json"), get_type_hints(RunRecord, include_extras=True)
    assert unknown(written) == set()
    assert record["schema_version"] == SCHEMA
    assert set(record) <= set(names)
    assert set(record) >= {name for name, hint in names.items() if get_origin(hint) is not NotRequired}


def test_every_field_on_the_page_is_written_by_some_run(desk, finished):
    held = {
        "task": {"notes": [""]},
        "budget": {"cut": [""]},
        "metrics": {f.name: [0] for of in (LabelMetrics, NumberMetrics) for f in fields(of)},
        "trials": [{"scores": {"mae": 0}, "curve": [dict.fromkeys(["step", "metric", "loss"], 0)]}],
        "forgetting": {name: [0] for name in ["sentence", *(f.name for f in fields(Forgetting))]},
        "ranking": {"left_out": [dict.fromkeys(LeftOut.__annotations__, "")]},
        "data": {"options": {"text": ""}},
    }  # what these runs have no occasion for
    runs = [desk.run.path, finished.out]
    assert unwritten(rows("`run.json`"), [*(read(out, "run.json") for out in runs), held]) == set()
    models = [read(out, f"{which}/model.json") for out in runs for which in ("model", "other")]
    assert unwritten(rows("`model/model.json`"), models) == set()


def test_the_page_names_every_event_of_the_journal_with_its_facts():
    noted: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="note"), args=[ast.Constant(value=str(event))], keywords=facts):
                    noted.setdefault(event, set()).update(fact.arg or "**" for fact in facts)
    told = {event: set(re.findall(r"`(\w+)`", facts)) for event, (facts, _) in rows("`journal.jsonl`").items()}
    assert set(told) == set(noted)
    for event, facts in noted.items():
        assert facts - {"**"} <= told[event], event
        assert "**" in facts or facts == told[event], event


@pytest.mark.parametrize("page", ["_view", "card", "html", "text"])
def test_pages_ask_a_run_for_nothing_that_it_does_not_hold(page):
    asked = set()
    for node in ast.walk(ast.parse((ROOT / "report" / f"{page}.py").read_text(encoding="utf-8"))):
        match node:
            case (
                ast.Subscript(value=ast.Name(id="run"), slice=ast.Constant(value=str(name)))
                | ast.Call(func=ast.Attribute(value=ast.Name(id="run")), args=[ast.Constant(value=str(name)), *_])
            ):
                asked.add(name)
    assert asked
    assert asked <= {*RunRecord.__annotations__, "noun", "shown", "panels"}, "the last are `_view.whole`'s own"


def test_the_other_verbs_print_what_the_page_says(desk):
    data = tiny_text.table(desk.folder / "more.jsonl", 60, 9)
    given = {
        "check": headstart.check(data).record,
        "rank": headstart.rank(data, source=desk.source, examples=40).record,
        "evaluate": desk.run.evaluate(data).record(),
    }
    for verb, (told,) in rows("`--json` of other verbs").items():
        outer, inner = re.sub(r"\(.*\)", "", told), re.findall(r"\((.*)\)", told)
        assert {"schema_version", *re.findall(r"`(\w+)`", outer)} == set(given[verb]), verb
        assert given[verb]["schema_version"] == SCHEMA
        if inner:
            assert set(re.findall(r"`(\w+)`", inner[0])) == set(given[verb]["sources"][0])


def test_a_field_that_nobody_described_is_found():
    page = {"a.b": ["string"], "c[].*": ["number or null"]}
    assert undocumented({"a": {"b": "", "x": 1}, "c": [{"d": None, "e": 1}, {"e": True}]}, page) == {
        ("a.x", "integer"),
        ("c[].e", "boolean"),
    }
    assert unwritten(page, [{"a": {"b": 1}}]) == {"c[].*"}
