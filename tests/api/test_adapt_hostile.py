"""Slips that `adapt` is told of before anything is lost: folders taken, runs adapted before, a judge that fails."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest
import tiny_models

import headstart
import own_source
import tiny_text
from headstart.errors import DataError, UnknownName, UsageError


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A run, texts of another draw, and the run adapted to these."""
    folder = tmp_path_factory.mktemp("desk")
    with own_source.offered(folder):
        source = str(tiny_models.saved("bert", folder))
        data = tiny_text.table(folder / "here.jsonl", 120, 1)
        run = headstart.fit(data, out=folder / "run", source=source, strategy="probe", seeds=1)
        target = tiny_text.table(folder / "there.jsonl", 60, 5)
        made = headstart.adapt(run, target, out=folder / "adapted", method="coral")
        yield SimpleNamespace(folder=folder, data=data, run=run, target=target, made=made, source=source)


def everything(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_run_and_the_data_are_never_written_over(desk, tmp_path):
    before = everything(desk.run.path)
    with pytest.raises(UsageError, match=r"holds a run of `headstart fit`.*--out"):
        headstart.adapt(desk.run, desk.target, out=desk.run.path, method="coral")
    assert everything(desk.run.path) == before
    with pytest.raises(UsageError, match="itself"):
        headstart.adapt(desk.run, desk.target, out=desk.target, method="coral")


def test_nothing_is_fitted_into_an_adapted_folder(desk):
    with pytest.raises(UsageError, match=r"holds a model that `headstart adapt` made.*--out"):
        headstart.fit(desk.data, out=desk.made.path, source=desk.source, strategy="probe", seeds=1)
    assert not (desk.made.path / "run.json").exists()


def test_an_adapted_run_names_the_run_to_begin_with(desk, tmp_path):
    for given in (desk.made, desk.made.path):
        with pytest.raises(UsageError, match=r"was itself adapted\. Give what it began with") as told:
            headstart.adapt(given, desk.target, out=tmp_path / "again")
        assert str(desk.run.path) in str(told.value)


@pytest.mark.parametrize("unseen", [False, True])
def test_a_method_is_misspelt_before_anything_is_fitted(desk, tmp_path, unseen):
    with pytest.raises(UnknownName, match="korall"):
        headstart.adapt(desk.data, desk.target, unseen=unseen, method="korall", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_judge_that_fails_leaves_the_page(desk, tmp_path):
    judge = tiny_text.table(tmp_path / "other.jsonl", 30, 8, "xy")
    with pytest.raises(DataError, match="classes"):
        headstart.adapt(desk.run, desk.target, judge=judge, out=tmp_path / "run", method="coral")
    made = headstart.load(tmp_path / "run")
    assert made.judged is None
    assert made.sentence.split(":")[0] in made.report.read_text()


def test_what_the_judge_sets_aside_and_what_the_target_loses_is_told(desk, tmp_path):
    """Texts that the source learnt from, and doubles."""
    here, there = desk.data.read_text().splitlines()[:30], desk.target.read_text().splitlines()
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text("\n".join([*here, *there]))
    double = tmp_path / "double.jsonl"
    double.write_text("\n".join([*there, there[0]]))
    made = headstart.adapt(desk.run, double, judge=mixed, out=tmp_path / "run", method="coral")
    told = json.loads((made.path / "adapt.json").read_text())["warnings"]
    assert any("of the judge's texts were set aside" in line for line in told)
    assert "Left out of the target, as doubles of others: 1 text." in told
    assert made.judged["n"] < 90
    assert "of 1 methods" not in made.sentence


def test_empty_cells_of_a_table_of_one_column_are_counted(desk, tmp_path):
    texts = [json.loads(line)["text"] for line in desk.target.read_text().splitlines()]
    table = tmp_path / "there.csv"
    table.write_text("\n".join(["text", *texts[:30], "", *texts[30:], '""', ""]))
    made = headstart.adapt(desk.run, table, out=tmp_path / "run", method="coral")
    assert made.told["target"]["n"] == len({*texts})
    said = "Left out of the target, as they cannot be read: 2 texts; the first: there.csv:31: The text is empty."
    assert said in made.told["warnings"]


def test_an_adapted_run_opens_as_one_and_has_one_model(desk):
    again = headstart.load(desk.made.path)
    assert again.chosen == desk.made.chosen
    with pytest.raises(UsageError, match="holds one model"):
        again.predict([str(desk.target)], take="transfer")


@pytest.mark.parametrize(("name", "said"), [("adapt.json", "damaged"), ("source.json", "missing")])
def test_a_damaged_folder_is_told_by_the_file(desk, tmp_path, name, said):
    moved = shutil.copytree(desk.made.path, tmp_path / "adapted")
    (moved / name).write_text("{") if said == "damaged" else (moved / name).unlink()
    with pytest.raises(DataError, match=rf"{name}.*{said}"):
        headstart.load(moved)
