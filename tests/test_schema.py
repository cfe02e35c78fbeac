"""A run's record is read in one place, whichever build wrote it; one of a newer build is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headstart.errors import DataError
from headstart.report import card, html, text
from headstart.run.saved import Saved
from headstart.schema import SCHEMA, RunRecord, understood

OLD = Path(__file__).parent / "ship" / "runs_of_9974dca"


@pytest.mark.parametrize("name", ["num", "multi", "pic"])
def test_a_record_without_a_version_is_one_of_the_first_and_has_every_field(name):
    record = Saved(OLD / name).record
    assert record["schema_version"] == 1
    assert set(RunRecord.__annotations__) - set(record) <= {"texts", "data"}
    assert (record["other"], record["budget"], record["resources"]) == (None, None, None)
    assert record["task"]["notes"] == record["foremost"] == []
    for page in (html.render(record), card.render(record), text.summary(record)):
        assert record["sentence"][:12] in page


def test_a_record_of_this_schema_is_left_as_it_is():
    given = {
        "schema_version": SCHEMA,
        "other": {"take": "rival", "id": "r"},
        "foremost": ["a"],
        "task": {"notes": ["b"]},
    }
    record = understood(given, "run.json")
    assert {name: record[name] for name in given} == given


def saved(folder: Path, content: object) -> Path:
    (folder / "run.json").write_text(json.dumps(content))
    return folder


def test_a_newer_record_names_both_versions_and_what_to_do(tmp_path):
    with pytest.raises(DataError) as caught:
        Saved(saved(tmp_path, {"schema_version": SCHEMA + 1}))
    for said in (str(tmp_path / "run.json"), f"version {SCHEMA + 1}", f"up to {SCHEMA}", "Update headstart"):
        assert said in str(caught.value)


@pytest.mark.parametrize("content", [[], "run", {"schema_version": "2"}, {"schema_version": True}])
def test_what_is_no_record_is_damaged(content, tmp_path):
    with pytest.raises(DataError, match=r"run\.json is damaged \(it holds no record of a run\)"):
        Saved(saved(tmp_path, content))
