"""A run keeps two models, the best of each arm: both predict what was judged, and share one backbone."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

import headstart
import own_source
import tiny_tail
from drawn import headstart as command
from drawn import two_classes
from headstart.errors import DataError, UsageError
from headstart.ship.store import BACKBONE, load, save
from headstart.types import Fitted, View

HOW = {"source": "tiny", "engine": "torch", "seeds": 1, "strategy": "probe,classical"}
CAMPS = ("transfer", "rival")


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> SimpleNamespace:
    """A finished run of two cheap candidates, and the test part's share of right answers by arm."""
    folder = tmp_path_factory.mktemp("desk")
    with own_source.offered(folder):
        data = two_classes(folder / "photos", 16)
        split = folder / "split"
        for at, path in enumerate(sorted(data.rglob("*.jpg"))):
            target = split / ("test" if at % 4 == 3 else "train") / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        yield SimpleNamespace(folder=folder, test=split / "test", run=headstart.fit(split, out=folder / "run", **HOW))


def right(desk, **how) -> float:
    paths = sorted(desk.test.rglob("*.jpg"))
    rows = desk.run.predict(paths, **how)
    return float(np.mean([row.label == path.parent.name for row, path in zip(rows, paths, strict=True)]))


def test_each_of_the_two_predicts_what_was_judged(desk):
    record, strategy = desk.run.record, {}
    shown = {row["strategy"]: row["value"] for row in [*record["rivals"], record["verdict"]["transfer"]]}
    for arm in CAMPS:
        strategy[arm] = headstart.load(desk.run.path, take=arm).model.fitted.strategy
        assert right(desk, take=arm) == pytest.approx(shown[strategy[arm]])
    assert strategy == {"transfer": "probe", "rival": "classical"}
    lost = record["other"]["take"]
    (winner,) = {*CAMPS} - {lost}
    assert record["winner"]["strategy"] == desk.run.model.fitted.strategy == strategy[winner]
    assert [t["strategy"] for t in record["trials"] if t["id"] == record["other"]["id"]] == [strategy[lost]]


def test_the_command_takes_the_other(desk):
    some = sorted(desk.test.rglob("*.jpg"))[:3]
    arm = desk.run.record["other"]["take"]
    done = command("predict", desk.run.path, *some, "--take", arm, "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    told = [row.probabilities for row in headstart.predict(desk.run.path, some, take=arm)]
    assert [row["probabilities"] for row in rows] == [pytest.approx(each, abs=1e-4) for each in told]
    wrong = command("predict", desk.run.path, *some, "--take", "best")
    assert wrong.returncode != 0
    assert "take='best' was given; a run keeps winner, transfer, rival. Name one of these." in " ".join(
        wrong.stderr.split()
    )


def test_the_two_are_compared_on_data_they_have_not_seen(desk):
    run = headstart.load(desk.run.path)
    found = run.evaluate(two_classes(desk.folder / "more", 8, seed=5), take="transfer", against=run.path)
    alone = headstart.evaluate(run, desk.folder / "more", take="transfer")
    assert alone.run.value == found.run.value
    assert f"{run.path} (transfer)" in alone.sentence


def test_a_run_that_kept_its_winner_alone_says_so(desk, tmp_path):
    old = shutil.copytree(desk.run.path, tmp_path / "old")
    shutil.rmtree(old / "other")
    lost = desk.run.record["other"]["take"]
    with pytest.raises(DataError, match=rf"kept its winner alone, .*best {lost} was not saved. Run `headstart fit`"):
        headstart.load(old, take=lost).predict([])
    assert headstart.load(old, take=(set(CAMPS) - {lost}).pop()).model
    with pytest.raises(UsageError, match="take='both' was given"):
        headstart.load(old, take="both")


def test_two_models_on_one_source_share_its_file(tmp_path):
    source, view = tiny_tail.source(), View("tiny", engine="torch")
    state = {"weight": np.ones((source.feature_dim, 2), np.float32), "bias": np.zeros(2, np.float32)}
    fitted = Fitted("probe", view, {"share": 1.0}, ("a", "b"), state, 2 * source.feature_dim + 2, 0)
    one, two = tmp_path / "model", tmp_path / "other"
    save(one, fitted, source, tiny_tail.weights())
    save(two, fitted, source, tiny_tail.weights(), beside=one)
    assert (one / BACKBONE).samefile(two / BACKBONE)
    save(two, fitted, source, tiny_tail.weights(), beside=one)  # again: it is left as it is
    assert (one / BACKBONE).samefile(two / BACKBONE)
    shutil.rmtree(one)
    assert load(two).weights == two / BACKBONE, "and each stands on its own"
    save(one, fitted, source, tiny_tail.weights(), beside=tmp_path / "nothing")
    assert not (one / BACKBONE).samefile(two / BACKBONE)
