"""docs/run-json.md and what runs write say the same: every field that is written stands there, and the reverse."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
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
from headstart.schema import SCHEMA, LeftOut, RunRecord

ROOT = Path(headstart.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "run-json.md"
OLD = Path(__file__).parents[1] / "ship" / "runs_of_9974dca"
TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def rows(section: str) -> dict[str, list[str]]:
    """First column of a section's tables, without its marks → the other columns."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {first.strip("`"): rest for first, *rest in cells}


def walk(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and type of everything in JSON that is no object and no list."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield from walk(held, f"{path}.{name.replace('.', '')}" if path else name)
    elif isinstance(value, list):
        for held in value:
            yield from walk(held, f"{path}[]")
    else:
        yield path, TYPES[type(value)]


def means(row: str, path: str) -> bool:
    """Whether a row of the page speaks of a path; behind `*` may stand anything."""
    pattern = re.escape(row).replace(r"\*", "[^.]+?") + (r"(\[\]|\.[^.]+)*" if row.endswith("*") else "")
    return re.fullmatch(pattern, path) is not None


def undocumented(found: object, page: dict[str, list[str]]) -> set[tuple[str, str]]:
    """What is written and not on the page, or there under another type."""
    odd = set()
    for path, kind in set(walk(found)):
        told = [page[row][0].split(" or ") for row in page if means(row, path)]
        if not any(kind in types or "any" in types or (kind == "integer" and "number" in types) for types in told):
            odd.add((path, kind))
    return odd


def unwritten(page: dict[str, list[str]], found: list[object]) -> set[str]:
    """Rows of the page of which nothing is written anywhere."""
    paths = {path for one in found for path, _ in walk(one)}
    return {
        row for row in page if not any(means(row, path) or re.match(re.escape(row) + r"[.\[]", path) for path in paths)
    }


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Whole runs on drawn texts of each kind of task; some of the classes' have no label, and one comes twice."""
    folder = tmp_path_factory.mktemp("desk")
    table = [json.loads(line) for line in tiny_text.table(folder / "all.jsonl", 260, 1).read_text().splitlines()]
    texts, labels = [row["text"] for row in table], [row["label"] for row in table]
    answers = {
        "classification": [*labels, "", labels[0]],
        "multilabel": [[*label, *"c" * (i % 3 == 0)] for i, label in enumerate(labels[:80])],
        "regression": [len(text) + i / 100 for i, text in enumerate(texts[:80])],
    }
    with own_source.offered(folder):
        how = {"source": str(tiny_models.saved("bert", folder)), "strategy": "probe,classical", "seeds": 1}
        for kind, given in answers.items():
            more = zip([*texts, "river lamp", texts[0]], given, strict=False)
            (folder / f"{kind}.jsonl").write_text("\n".join(json.dumps({"text": t, "label": a}) for t, a in more))
        runs = {kind: headstart.fit(folder / f"{kind}.jsonl", out=folder / kind, **how) for kind in answers}
        yield SimpleNamespace(folder=folder, runs=runs, source=how["source"])


@pytest.fixture(scope="module")
def written(desk, finished):
    """Folders of runs: of texts of each kind, and of pictures."""
    return {**{kind: run.path for kind, run in desk.runs.items()}, "pictures": finished.out}


def read(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("which", ["classification", "multilabel", "regression", "pictures"])
def test_every_field_that_a_run_writes_is_on_the_page(which, written):
    record = read(written[which], "run.json")
    assert undocumented(record, rows("`run.json`")) == set()
    assert record["schema_version"] == SCHEMA
    names = get_type_hints(RunRecord, include_extras=True)
    assert set(record) <= set(names)
    assert set(record) >= {name for name, hint in names.items() if get_origin(hint) is not NotRequired}
    for model in ("model", "other"):
        assert undocumented(read(written[which], f"{model}/model.json"), rows("`model/model.json`")) == set()


def test_every_field_on_the_page_is_written_by_some_run(written):
    held = {
        "task": {"notes": [""]},
        "budget": {"cut": [""]},
        "forgetting": {name: [0] for name in ["sentence", *(f.name for f in fields(Forgetting))]},
        "ranking": {"left_out": [dict.fromkeys(LeftOut.__annotations__, "")]},
    }  # what these runs have no occasion for
    seen = [read(out, "run.json") for out in [*written.values(), *OLD.iterdir()]]
    assert unwritten(rows("`run.json`"), [*seen, held]) == set()
    models = [read(out, f"{which}/model.json") for out in written.values() for which in ("model", "other")]
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


def test_the_other_verbs_print_what_the_page_says(desk):
    data = tiny_text.table(desk.folder / "more.jsonl", 60, 9)
    given = {
        "check": headstart.check(data).record,
        "rank": headstart.rank(data, source=desk.source, examples=40).record,
        "evaluate": desk.runs["classification"].evaluate(data).record(),
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
