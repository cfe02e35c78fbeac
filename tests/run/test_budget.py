"""How long a fit may take: said in many ways, kept by the last trainings, and what a finished run does with more."""

from __future__ import annotations

import time

import pytest

import headstart
import own_source
from drawn import two_classes
from headstart.errors import UsageError
from headstart.run import budget
from headstart.run.fit import _more
from headstart.run.job import STOPPED


@pytest.mark.parametrize("said", ["90s", "90", "1.5m", 90, 90.0, " 90S "])
def test_one_duration_is_said_in_many_ways(said):
    assert budget.asked(said) == 90.0


@pytest.mark.parametrize("said", [None, "none", "None"])
def test_no_limit(said):
    assert budget.limit(budget.asked(said), 10_000) is None


@pytest.mark.parametrize("said", ["soon", "", "0", "-5", 0, -1.0, float("nan"), float("inf")])
def test_what_is_no_duration_is_told(said):
    with pytest.raises(UsageError, match=r"is no duration; give seconds, minutes or hours: 90, 90s, 5m, 1h; or auto"):
        budget.asked(said)


def test_by_default_time_grows_with_the_examples_from_3000_on():
    assert [budget.limit("auto", n) for n in (10, 3000, 9000)] == [240.0, 240.0, 720.0]
    assert 1.2 * budget.USUAL <= 300, "a fifth over is still within five minutes"


def record(*reasons: str, limit: float | None = 60.0, cut: tuple[str, ...] = ()) -> dict:
    trials = [{"status": "waiting", "reason": reason} for reason in reasons]
    return {"trials": trials, "budget": {"asked": "auto", "limit": limit, "cut": list(cut)}}


def test_a_finished_run_goes_on_with_more_time_alone():
    for left in (record("over"), record(cut=("once",))):
        assert not _more(left, 60.0)
        assert not _more(left, 30.0)
        assert _more(left, 61.0)
        assert _more(left, None)
    assert not _more(record(), None), "nothing was left out"
    assert not _more(record("no memory", limit=None), None), "more there is not"
    assert _more(record(STOPPED), 60.0), "a person stopped it: the same command goes on"
    assert _more({"trials": record("over")["trials"], "budget": None}, 60.0), "of an earlier version"


@pytest.mark.parametrize("at", [1, 4])
def test_time_that_runs_out_in_the_last_trainings_cuts_these_short(tmp_path, monkeypatch, at):
    """The clock leaps in the first training of all, or in the second round; transfer and rival are then alike."""
    now, begun, last, said_once = time.monotonic, [], [0], []

    def watch(what, done, of):
        if not of and what.startswith("about"):
            said_once.append(what)
        if what.partition(" · ")[0].endswith("all training pictures"):
            if not begun or begun[-1] != what.partition(":")[0] or done <= last[0]:
                begun.append(what.partition(":")[0])
            last[0] = done
            if len(begun) == at:
                monkeypatch.setattr(time, "monotonic", lambda: now() + 10_000)

    how = {"source": "tiny", "engine": "torch", "strategy": "finetune,classical", "seeds": 3}
    with own_source.offered(tmp_path):
        data = two_classes(tmp_path / "photos", 12)
        run = headstart.fit(data, out=tmp_path / "run", budget="20m", watch=watch, **how).record
    assert run["spend"]["predicted"] == run["resources"]["predicted"]["seconds"] <= 1200
    assert 0 < run["resources"]["taken"]["seconds"]
    assert 1e8 < run["resources"]["taken"]["bytes"]
    (said,) = said_once
    assert said.startswith("about ")
    assert "GB" in said
    (cut,) = [c for c in run["budget"]["cut"] if "curve" not in c]
    assert cut in run["warnings"]
    assert run["budget"]["asked"] == run["budget"]["limit"] == 1200.0
    kept = [
        p.name for p in (tmp_path / "run" / "trials").iterdir() if (p / "model.json").exists() and "refit" in p.name
    ]
    if at == 1:
        assert cut.startswith("The budget left no time to train the chosen models again on training and validation")
        assert not kept
    else:
        assert cut.startswith("The budget left time to train the finalists once, not 3 times")
        assert len(kept) == 3, "each once, the largest class too"
    assert run["layers"] is None
