"""After the race: the transfer curve with `--layers`, what was forgotten on `--source-data`, and both in the report."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import headstart
import hostile
import own_source
import tiny_tail
from drawn import headstart as command
from drawn import two_classes
from headstart.errors import DataError, UsageError
from headstart.extract.feature_store import FeatureStore
from headstart.report import _layers
from headstart.run import depths, source_data
from headstart.source.vision import timm
from headstart.types import View
from run_page import unknown

FIT = {"source": "tiny", "strategy": "finetune,classical", "engine": "torch", "seeds": 1, "budget": "none"}
TOP = View("tiny")


def own_names() -> dict[int, str]:
    """Class number → a name that only this class has."""
    names = [[n.strip() for n in line.split(",")] for line in timm.class_names()]
    count = Counter(n.casefold() for line in names for n in set(line))
    return {i: n for i, line in enumerate(names) for n in line if count[n.casefold()] == 1}


def draw(folder: Path, many: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths, rng = [folder / f"{i}.png" for i in range(many)], np.random.default_rng(5)
    for i, path in enumerate(paths):
        hostile.draw(i % 2, rng, 64 + 8 * i).save(path)
    return paths


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> SimpleNamespace:
    """A tiny source, 48 pictures of two classes, a whole run, and six pictures of the source's kind.

    These lie in folders named as the source's classes: four as the class that it sees in them, two as another.
    """
    folder = tmp_path_factory.mktemp("desk")
    with own_source.offered(folder) as source:
        data = two_classes(folder / "photos")
        paths = draw(folder / "loose", 6)
        store = FeatureStore({"tiny": source}, engine="torch", folder=folder / "rows")
        found = store.extract(source_data.source_examples(folder / "loose", source, store, TOP), [TOP])[0]
        names = own_names()
        for i, (path, said) in enumerate(zip(paths, found.logits.argmax(1), strict=True)):
            right = names[int(said)] if i < 4 else names[min(set(names) - {int(said)})]
            own = folder / "own" / (right.replace(" ", "_").upper() if i else right)
            own.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, own)
        arguments = [f"--{name}={value}" for name, value in FIT.items()]
        out, own = folder / "run", folder / "own"
        done = command("fit", data, "--out", out, *arguments, "--layers", "--source-data", own)
        assert done.returncode == 0, done.stderr
        yield SimpleNamespace(folder=folder, data=data, source=source, run=headstart.Run(out), told=done.stderr)


def again(desk, name: str, **how):
    """The same trainings, taken over, under another request."""
    out = desk.folder / name
    shutil.copytree(desk.run.path / "trials", out / "trials")
    return headstart.fit(desk.data, out=out, **{**FIT, **how}).record


def notes(out: Path, what: str) -> list[dict]:
    lines = map(json.loads, (out / "journal.jsonl").read_text().splitlines())
    return [line for line in lines if what in line.values()]


def test_layers_train_from_every_depth_up(desk):
    record = desk.run.record["layers"]
    assert unknown(desk.run.path) == set(), "what it writes is described"
    rows = {row["name"]: row for row in record["depths"]}
    assert list(rows) == ["input", *desk.source.depths]
    assert {name for name, row in rows.items() if row["tuned"] is None} == {"top"}, "above it there is nothing to train"
    assert rows["input"]["probe"] is None
    assert [rows[depth]["dim"] for depth in desk.source.depths] == list(desk.source.widths)
    n = desk.run.record["task"]["n"]
    assert (record["n_train"], record["n_valid"]) == (n["train"], n["valid"])
    for row in rows.values():
        for score in (row["probe"], row["tuned"]):
            assert score is None or score * n["valid"] == pytest.approx(round(score * n["valid"]))
    assert record["source"] == "tiny"
    assert record["best"] in desk.source.depths
    tuned = {line["tuned_above"] for line in notes(desk.run.path, "layers") if "tuned_above" in line}
    assert tuned == set(rows) - {"top"}
    assert tuned <= set(re.findall(r"^headstart: \S+ layers-(\S+)$", desk.told, re.M))


def test_without_layers_only_what_the_race_trained_is_shown(desk):
    record = again(desk, "plain")
    tuned = {row["name"]: row["tuned"] for row in record["layers"]["depths"] if row["tuned"] is not None}
    (trial,) = [t for t in record["trials"] if t["strategy"] == "finetune"]
    ((name, value),) = tuned.items()
    assert name == desk.source.depths[-1 - trial["config"]["parts"]]
    n = record["task"]["n"]["valid"]
    assert trial["compared_on"] > n, "of so few on all, of which the curve shows the validation pictures"
    assert n * value == pytest.approx(round(n * value))
    probes = [{row["name"]: row["probe"] for row in r["layers"]["depths"]} for r in (record, desk.run.record)]
    assert probes[0] == {name: value for name, value in probes[1].items() if name != "input"}


def test_with_more_pictures_than_the_curve_looks_at_both_lines_are_of_the_same_ones(desk, monkeypatch):
    monkeypatch.setattr(depths, "MOST", 3)
    record = again(desk, "most", layers=True)["layers"]
    assert (record["n_train"], record["n_valid"]) == (3, 3)
    tuned = [row["tuned"] for row in record["depths"] if row["tuned"] is not None]
    assert len(tuned) == len(desk.source.depths)
    assert all(3 * value == pytest.approx(round(3 * value)) for value in tuned)


def test_in_folders_named_as_the_sources_classes_its_accuracy_is_known(desk):
    found = desk.run.record["forgetting"]
    assert found["on"] == "the 6 pictures of the source's kind"
    assert found["n"] == 6
    assert found["accuracy_before"] == pytest.approx(4 / 6)
    assert found["change"] == pytest.approx(found["accuracy_after"] - found["accuracy_before"])
    assert "At the source's own task it is right on" in found["sentence"]


@pytest.mark.parametrize("strangers", ["all", "one"])
def test_where_a_folder_is_no_class_of_the_source_nothing_is_said_of_its_accuracy(desk, strangers):
    own = desk.folder / f"own {strangers}"
    shutil.copytree(desk.folder / ("loose" if strangers == "all" else "own"), own / "x")
    if strangers == "one":
        shutil.copytree(desk.folder / "loose", own / "holidays")
    found = again(desk, f"strangers {strangers}", source_data=own)["forgetting"]
    assert found["accuracy_before"] is found["accuracy_after"] is found["change"] is None
    assert found["on"] == f"the {6 if strangers == 'all' else 12} pictures of the source's kind"
    assert found["agreement"] == pytest.approx(desk.run.record["forgetting"]["agreement"]), (
        "the same pictures, or twice"
    )
    assert "own task" not in found["sentence"]


def test_without_source_data_it_is_measured_on_validation_pictures(desk):
    record = json.loads((desk.folder / "plain" / "run.json").read_text()) if (desk.folder / "plain").exists() else None
    record = record or again(desk, "no source data")
    n = record["task"]["n"]["valid"]
    assert record["forgetting"]["on"] == f"the {n} validation pictures"
    assert record["forgetting"]["accuracy_before"] is None


def test_where_no_weight_of_the_source_moved_nothing_was_forgotten(desk):
    record = again(desk, "frozen", strategy="prototype,classical")
    assert record["forgetting"] is None
    assert all(row["tuned"] is None for row in record["layers"]["depths"])
    page = (desk.folder / "frozen" / "report.html").read_text()
    assert "What the source forgot" not in page
    assert "How far each depth of the source transfers" in page


def test_the_report_shows_both(desk):
    page = (desk.run.path / "report.html").read_text()
    record = json.loads((desk.run.path / "run.json").read_text())
    assert record == desk.run.record
    assert "How far each depth of the source transfers" in page
    assert "What the source forgot" in page
    assert str(_layers.section(record["layers"])) in page
    assert str(_layers.forgetting_section(record["forgetting"])) in page
    assert "everything</span> above it fine-tuned" in page
    assert record["spend"]["layers"] > 0


def test_the_same_request_is_answered_at_once_and_another_one_is_not(desk):
    how = {"layers": True, "source_data": desk.folder / "own"}
    before = (desk.run.path / "run.json").stat().st_mtime_ns
    assert headstart.fit(desk.data, out=desk.run.path, **FIT, **how).record == desk.run.record
    assert (desk.run.path / "run.json").stat().st_mtime_ns == before
    for change in ({"layers": False}, {"source_data": None}):
        with pytest.raises(UsageError, match="holds a finished run of other data or settings"):
            headstart.fit(desk.data, out=desk.run.path, **FIT, **{**how, **change})


def test_one_validation_picture_draws_no_curve_and_hinders_no_run(desk):
    for i, path in enumerate(sorted(desk.data.rglob("*.jpg"))[16:32]):
        part = "val" if i == 0 else "test" if i % 4 == 3 else "train"
        (desk.folder / "given" / part / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, desk.folder / "given" / part / path.parent.name)
    how = {**FIT, "strategy": "probe,classical"}
    record = headstart.fit(desk.folder / "given", out=desk.folder / "one", layers=True, **how).record
    assert record["task"]["n"]["valid"] == 1
    assert record["layers"] is None
    assert "How far each depth" not in (desk.folder / "one" / "report.html").read_text()


def test_a_network_of_few_parts_is_trained_from_its_pictures_up_too(tmp_path):
    """Its last cut is not the whole network: before it stands the stem."""
    with own_source.offered(tmp_path, "test_resnet") as source:
        data = two_classes(tmp_path / "photos", 8)
        run = headstart.fit(data, out=tmp_path / "run", layers=True, **{**FIT, "strategy": "probe,classical"})
    tuned = [row["name"] for row in run.record["layers"]["depths"] if row["tuned"] is not None]
    assert tuned == ["input", *source.depths[:-1]]
    looked = {view["depth"] for line in notes(run.path, "embed") for view in line["views"] if view["source"]}
    assert looked == {*source.depths, *(f"cut:{parts}" for parts in range(1, 5)), "input"}


@pytest.fixture
def looking(tmp_path):
    return FeatureStore(
        {"tiny": tiny_tail.source()}, engine="torch", weights={"tiny": tiny_tail.weights()}, folder=tmp_path / "rows"
    )


def test_every_name_of_a_class_is_its_number(looking, tmp_path):
    labels = {
        "tabby": 281, "tabby cat": 281, "Tabby_Cat": 281, "goldfish": 1, "Carassius auratus": 1, "crane": None,
        "holidays": None,
    }  # fmt: skip
    for name in labels:
        draw(tmp_path / "own" / name, 1)
    draw(tmp_path / "own" / "deeper" / "great white shark", 1)
    (tmp_path / "own" / "tabby" / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (tmp_path / "own" / "tabby" / "notes.txt").write_text("no picture")
    found = source_data.source_examples(tmp_path / "own", tiny_tail.source(), looking, TOP)
    assert {Path(e.path).parent.name: e.answer for e in found} == {**labels, "great white shark": 2}
    assert len(found) == len(labels) + 1


def test_names_mean_nothing_to_a_source_of_other_classes(looking, tmp_path):
    import dataclasses

    draw(tmp_path / "own" / "tabby", 4)
    found = source_data.source_examples(
        tmp_path / "own", dataclasses.replace(tiny_tail.source(), classes="birds"), looking, TOP
    )
    assert [e.answer for e in found] == [None] * 4


@pytest.mark.parametrize("many", [0, 3])
def test_too_few_pictures_of_the_sources_kind(looking, tmp_path, many):
    draw(tmp_path / "own" / "tabby", many)
    (tmp_path / "own" / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    with pytest.raises(DataError) as caught:
        source_data.source_examples(tmp_path / "own", tiny_tail.source(), looking, TOP)
    assert str(caught.value) == (
        f"{tmp_path / 'own'} holds {many} readable pictures; --source-data needs 4 or more, of the kind that 'tiny' "
        "learnt from (nothing)."
    )


def test_a_folder_that_does_not_exist_is_told_before_anything_is_done(desk):
    nowhere, out = desk.folder / "nowhere", desk.folder / "no folder"
    with pytest.raises(UsageError) as caught:
        headstart.fit(desk.data, out=out, source_data=nowhere, **FIT)
    assert str(caught.value) == (
        f"--source-data {nowhere} is no folder. Name one that holds pictures of the source's own kind."
    )
    assert not out.exists()
