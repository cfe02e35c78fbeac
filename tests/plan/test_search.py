"""The search: who takes part, how a candidate is compared, given up, refitted and remembered."""

from __future__ import annotations

import time
from dataclasses import asdict, replace

import numpy as np
import pytest

import drawn_task
import tiny_tail
import tiny_text
from contenders import contender
from headstart.errors import BudgetError
from headstart.family import load
from headstart.kind.classification import KIND, log_loss, softmax
from headstart.plan._folds import folds
from headstart.plan.candidates import Candidate
from headstart.plan.choice import CLOSE, UNFINISHED, Validated, explain
from headstart.plan.keep import recall, remember
from headstart.plan.remaining import training
from headstart.plan.search import Behind, contend, join, measure, refit, rows, trained
from headstart.strategy import SEARCH, strategy
from headstart.types import Facts, Features, FitContext, Fitted, Trial, View

FACTS = Facts(24, 3, 40)


def probe(**changes) -> Candidate:
    return replace(Candidate("probe-some", "probe", True, View("some"), 7), **changes)


@pytest.fixture(scope="module")
def halves():
    return drawn_task.features(24, 3, 1, spread=3), drawn_task.features(18, 3, 2, spread=3)


def context(halves, view: View | None = None, k: int = 3, **how) -> FitContext:
    return FitContext(halves[0], k, view or View("some"), valid=halves[1], **how)


def everything(halves) -> FitContext:
    return FitContext(join(*halves), 3, View("some"))


def run(halves, candidate=None, **how) -> Validated:
    return contend(candidate or probe(), context(halves), ("a", "b", "c"), FACTS, **how)


def test_contending_chooses_the_setting_of_the_lowest_validation_loss(halves):
    train, valid = halves
    seen = []
    found = run(halves, watch=lambda what, done, of: seen.append(what))
    probes = load("transfer", "probe")
    losses = []
    for config in probes.settings(FACTS):
        steps = probes.run(config, FitContext(train, 3, View("some")))
        next(steps)
        with pytest.raises(StopIteration) as stop:
            next(steps)
        fitted = Fitted("probe", View("some"), {}, ("a", "b", "c"), stop.value.value.state, 0, 0)
        scores = probes.logits(fitted, valid.x)
        doubt = np.where(np.eye(3, dtype=bool)[valid.y], 1 - 1 / 36, 1 / 72)
        best = min(np.geomspace(0.1, 100, 2001), key=lambda t: -(doubt * np.log(softmax(scores, t))).sum())
        losses.append(log_loss(softmax(scores, best), valid.y))
    at = int(np.argmin(losses))
    assert found.trial.config == asdict(probes.settings(FACTS)[at])
    assert found.trial.log_loss == pytest.approx(losses[at], rel=1e-2)
    assert found.losses.shape == (18,)
    assert found.losses.mean() == pytest.approx(losses[at], rel=1e-2)
    assert found.prior == 7
    assert (found.trial.tried, found.trial.status, found.trial.source) == (SEARCH, "finished", "some")
    assert seen == [f"probe-some: setting {i + 1} of {SEARCH}" for i in range(SEARCH)]


def test_a_strategy_with_a_rung_compares_briefly_and_then_runs_in_full():
    train, valid = (drawn_task.pictures(n, 2, seed, 32) for n, seed in ((8, 1), (6, 2)))
    seen: dict[str, int] = {}

    def watch(what, done, of):
        what = what.split(" · ")[0]
        seen[what] = of
        if what == "scratch":  # the full run has begun, and its length is all that is asked here
            raise InterruptedError(what)

    candidate = Candidate("scratch", "scratch", False, View(None, size=32))
    with pytest.raises(InterruptedError):
        contend(candidate, context((train, valid), candidate.view, 2), ("a", "b"), Facts(8, 2, 30), watch=watch)
    assert seen == {f"scratch: setting {i + 1} of {SEARCH}": 30 for i in range(SEARCH)} | {"scratch": 300}


def test_the_deadline_ends_it(halves):
    with pytest.raises(BudgetError, match=r"The time budget ended\. Give more with --budget, e\.g\. --budget 10m"):
        run(halves, deadline=time.monotonic() - 1)
    assert run(halves, deadline=time.monotonic() + 60).trial.status == "finished"


def test_by_cross_validation_every_picture_is_named_by_a_head_that_had_not_seen_it(halves):
    train, valid = halves
    both = join(train, valid)
    drawn = folds(both.y, np.arange(len(both.y)))
    found = contend(probe(), FitContext(train, 3, View("some"), valid=valid), ("a", "b", "c"), FACTS, folds=drawn)
    module = load("transfer", "probe")
    scores = []
    for config in module.settings(FACTS):
        logits = np.zeros((len(both.y), 3))
        for fold in range(5):
            context = FitContext(rows(both, drawn != fold), 3, View("some"))
            fitted = trained(probe(), config, context, ("a", "b", "c"))[0]
            logits[drawn == fold] = module.logits(fitted, both.x[drawn == fold])
        scores.append((KIND.compared(logits, both.y)[1], logits))
    losses, logits = min(scores, key=lambda s: s[0].mean())
    assert np.allclose(found.losses, losses)
    assert np.array_equal(found.right, logits.argmax(1) == both.y)
    assert (found.trial.compared_on, found.trial.folds) == (len(both.y), 5)
    assert found.trial.accuracy == (logits.argmax(1) == both.y).mean()
    alone = run(halves)
    assert (alone.trial.compared_on, alone.trial.folds) == (len(valid.y), 0)


def test_a_picture_that_is_never_held_out_is_not_counted(halves):
    train, valid = halves
    drawn = folds([*train.y, *valid.y], np.arange(len(train.y) + len(valid.y)))
    drawn[:4] = -1
    found = contend(probe(), FitContext(train, 3, View("some"), valid=valid), ("a", "b", "c"), FACTS, folds=drawn)
    assert len(found.losses) == len(found.right) == found.trial.compared_on == len(drawn) - 4


def test_a_refit_uses_all_rows_and_keeps_setting_and_temperature(halves):
    found = run(halves)
    assert len(join(*halves).y) == 42
    fitted = refit(found, everything(halves))
    assert fitted.config == found.fitted.config
    assert fitted.decoder == found.fitted.decoder
    assert fitted.state["weight"].shape == found.fitted.state["weight"].shape
    assert not np.array_equal(fitted.state["weight"], found.fitted.state["weight"])


def test_a_refit_asks_the_strategy_for_its_longer_setting():
    train, valid = (drawn_task.pictures(n, 2, seed, 32) for n, seed in ((8, 1), (4, 2)))
    config = {"style": "glyph", "lr": 1e-3, "width": 4, "batch": 4, "steps": 0}
    trial = Trial("scratch", "scratch", None, False, config, SEARCH, "finished", "")
    fitted = Fitted("scratch", View(None, size=32), config, ("a", "b"), {}, 0, 0, decoder={"temperature": 1.7})
    notes = {"step": 16, "steps": 20, "n": 8}
    again = refit(
        Validated(trial, fitted, notes, np.zeros(4), np.ones(4, bool)), FitContext(join(train, valid), 2, fitted.view)
    )
    assert again.config["steps"] == 24  # 16 steps of 8 pictures are as many epochs as 24 of 12
    assert again.trained_params > 0
    assert again.decoder == {"temperature": 1.7}


TUNING = Candidate("finetune-tiny", "finetune", True, View("tiny", "cut:3"), long=True)
MAPS = Facts(200, 2, 30)  # as for so many, of which training takes few epochs
FEW_MAPS = Facts(8, 2, 30)


def tuning_work(**how) -> FitContext:
    """Eight training and six validation pictures at the cut of a tiny source."""
    return tiny_tail.context("cut:3", 8, 2, valid=6, **how)


@pytest.fixture(scope="module")
def short() -> np.ndarray:
    """The losses of the best of the candidate's short runs, by which it is judged."""
    given = tuning_work(share=strategy("finetune").short)
    runs = [trained(TUNING, config, given, ("a", "b"))[0] for config in load("transfer", "finetune").settings(MAPS)]
    losses = [measure(fitted, given.valid, given).losses for fitted in runs]
    return min(losses, key=lambda of_one: of_one.mean())


def goes_on(leader: Validated | None) -> bool:
    """Whether a full run begins after the short ones; raises `Behind` where it does not."""

    def watch(what, done, of):
        if what.split(" · ")[0] == TUNING.id:
            raise InterruptedError(what)

    try:
        contend(TUNING, tuning_work(), ("a", "b"), MAPS, leader=leader, watch=watch)
    except InterruptedError:
        return True
    raise AssertionError("neither given up nor run in full")


@pytest.mark.parametrize("spread", [0.5, 4.0], ids=["by far", "by half a standard error"])
@pytest.mark.parametrize("ahead", [1e-3, 0.1])
def test_a_long_candidate_behind_the_leader_after_its_short_runs_is_given_up(short, ahead, spread):
    losses = short - ahead * (1 + spread * np.array([1, -1] * 3))
    with pytest.raises(Behind) as why:
        goes_on(contender("best", losses))
    gap = short - losses
    errors = gap.mean() / (gap.std(ddof=1) / 6**0.5)
    assert errors > 0
    assert str(why.value) == (
        f"dropped after its short runs: log-loss {short.mean():.3f} on validation, {errors:.1f} standard errors "
        f"behind best ({losses.mean():.3f})"
    )


@pytest.mark.parametrize("errors", [0.9, 1.1])
def test_one_that_is_preferred_at_a_tie_goes_on_within_a_standard_error(short, errors):
    """The paired gap has a standard error of known size: spread / √5 for ±spread on six pictures."""
    ahead = 0.1 * np.array([1, -1] * 3) / 5**0.5
    leader = contender("best", short - 0.1 / 5 * errors - ahead * 1.0, prior=TUNING.prior + 1)
    if errors < CLOSE:
        assert goes_on(leader)
    else:
        with pytest.raises(Behind, match=r"1\.1 standard errors"):
            goes_on(leader)


def test_with_one_setting_the_preferred_is_tried_in_full_at_once(short):
    """Short runs could decide nothing: there is no other setting, and what they lack a full run may make up for."""
    (_,) = load("transfer", "finetune").settings(FEW_MAPS)
    started = []

    def watch(what, done, of):
        started.append(what.split(" · ")[0])
        raise InterruptedError

    leader = contender("best", short / 1e6, prior=TUNING.prior + 1)
    with pytest.raises(InterruptedError):
        contend(TUNING, tuning_work(), ("a", "b"), FEW_MAPS, leader=leader, watch=watch)
    assert started == [TUNING.id]
    with pytest.raises(Behind):
        contend(TUNING, tuning_work(), ("a", "b"), FEW_MAPS, leader=replace(leader, prior=0))


def test_one_that_is_level_could_only_lose_the_tie(short):
    with pytest.raises(Behind, match=r"0\.0 standard errors behind last"):
        goes_on(contender("last", short))


@pytest.mark.parametrize("behind", [None, 1e-3])
def test_one_that_is_ahead_goes_on(short, behind):
    assert goes_on(None if behind is None else contender("last", short + behind))


def test_a_cheap_candidate_is_compared_in_full_whoever_leads(halves):
    assert run(halves, leader=contender("best", np.zeros(18))).trial.status == "finished"


def test_of_few_a_long_candidate_too_is_compared_on_all_of_them():
    """Contrastive tuning of texts, the quickest: trained once in full, then for each fold."""
    view = View(tiny_text.source().key, "input")
    train, valid = (tiny_text.drawn(view, n, 2, seed) for n, seed in ((8, 1), (4, 2)))
    given = FitContext(train, 2, view, valid=valid, source=tiny_text.source(), weights=tiny_text.weights())
    candidate = Candidate("contrastive-tiny", "contrastive", True, view, long=True)
    drawn, groups, seen = np.arange(12) % 5, np.arange(12) // 2, []
    drawn[0] = -1  # as if its class would be missing without it
    watch = lambda what, done, of: seen.append(what.split(" · ")[0])  # noqa: E731
    how = {"folds": drawn, "groups": groups, "watch": watch}
    found = contend(candidate, given, ("a", "b"), Facts(8, 2, 0, "text"), **how)
    assert list(dict.fromkeys(seen)) == ["contrastive-tiny", *(f"contrastive-tiny: fold {i} of 5" for i in range(1, 6))]
    assert (found.trial.compared_on, found.trial.folds, len(found.losses), len(found.right)) == (11, 5, 11, 11)
    assert np.array_equal(found.groups, groups[1:])
    assert 0 < training(found, 8) < found.trial.seconds / 2, "a last training is one, not six"
    full = trained(candidate, load("transfer", "contrastive").Config(**found.trial.config), given, ("a", "b"))[0]
    assert tiny_tail.same(full, found.fitted), "the model is that of the whole training part"


def test_a_long_run_keeps_its_state_by_setting_and_short_ones_keep_none(tmp_path):
    """Killed in its full run, it left one file; a refit of other steps must not go on from it."""

    def watch(what, done, of):
        if what.split(" · ")[0] != TUNING.id:
            assert list(tmp_path.iterdir()) == []
        elif done > 1:
            raise InterruptedError(what)

    given = tuning_work(checkpoint=tmp_path)
    with pytest.raises(InterruptedError):
        contend(TUNING, given, ("a", "b"), MAPS, watch=watch)
    (pad,) = tmp_path.iterdir()
    assert pad.name.startswith("loop-")
    config = asdict(load("transfer", "finetune").Config())
    trial = Trial(TUNING.id, "finetune", "tiny", True, config, SEARCH, "finished", "")
    old = Validated(
        trial, Fitted("finetune", TUNING.view, config, ("a", "b"), {}, 0, 0), {}, np.zeros(6), np.ones(6, bool)
    )

    def stop(what, done, of):
        raise InterruptedError(what)

    for files, steps in ((2, 9), (3, 18)):
        notes = {"step": steps, "steps": steps, "n": 8}
        with pytest.raises(InterruptedError):
            refit(replace(old, notes=notes), replace(given, valid=None), watch=stop)
        assert len(list(tmp_path.iterdir())) == files


def test_remembered_and_recalled(halves, tmp_path):
    found = run(halves)
    folder = tmp_path / "trials" / "probe-some"
    assert recall(folder) is None
    remember(folder, found)
    back = recall(folder)
    assert back.trial == found.trial
    assert back.prior == found.prior
    assert dict(back.notes) == dict(found.notes)
    np.testing.assert_array_equal(back.losses, found.losses)
    for name, value in found.fitted.state.items():
        np.testing.assert_array_equal(back.fitted.state[name], value)
    assert replace(back.fitted, state={}) == replace(found.fitted, state={})
    np.testing.assert_array_equal(
        refit(back, everything(halves)).state["weight"], refit(found, everything(halves)).state["weight"]
    )


def test_a_candidate_killed_while_it_was_remembered_is_not_recalled(halves, tmp_path):
    remember(tmp_path, run(halves))
    (tmp_path / "model.json").unlink()  # it is written last
    assert recall(tmp_path) is None


def test_a_rival_that_could_not_win_stays_at_its_short_runs_and_is_refitted_in_full():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 255, (24, 32, 32, 3), dtype=np.uint8), np.arange(24) % 2
    train, valid = Features(x[:16], y[:16], "t"), Features(x[16:], y[16:], "v")
    context = FitContext(train, 2, View(None, size=32), valid=valid)
    candidate, seen = Candidate("scratch", "scratch", False, context.view, long=True), []
    watch = lambda what, done, of: seen.append((what.split(" · ")[0], of))  # noqa: E731
    best = contender("t", [0.1] * 8, right=[True] * 8)
    found = contend(candidate, context, ("a", "b"), replace(FACTS, n=16), other=best, watch=watch)
    assert {what for what, _ in seen} == {f"scratch: setting {i} of 4" for i in range(1, 5)}
    assert (found.trial.status, found.trial.tried, found.notes[UNFINISHED]) == ("finished", SEARCH, 0.1)
    steps = found.notes["steps"]
    assert steps == found.notes["step"] == 10 * seen[0][1]
    assert "after 10 % of its training" in explain(found, replace(found, trial=replace(found.trial, id="w"))).reason
    way = strategy("scratch")
    again = way.refit(way.config(**found.trial.config), found.notes, 16, 24)
    assert again.steps == round(steps * 24 / 16)


def test_a_rival_far_behind_after_its_first_short_run_tries_no_other_setting_and_what_reuses_tries_all(short):
    """A second leader, not as far ahead, lets the rival's settings too have their short run first."""
    x, y = np.random.default_rng(0).integers(0, 255, (24, 32, 32, 3), dtype=np.uint8), np.arange(24) % 2
    pixels = FitContext(Features(x[:18], y[:18], "t"), 2, View(None, size=32), valid=Features(x[18:], y[18:], "v"))
    rival = Candidate("scratch", "scratch", False, pixels.view, long=True)
    for ahead, spread, settings in ((50.0, 0.2, 1), (50.0, 0.55, 4)):
        losses = short - ahead * (1 + spread * np.array([1, -1] * 3))
        for candidate, context, facts, tried in (
            (rival, pixels, replace(FACTS, n=18, k=2), settings),
            (TUNING, tuning_work(), MAPS, 4),
        ):
            seen = []
            with pytest.raises(Behind):
                contend(
                    candidate, context, ("a", "b"), facts,
                    leader=contender("best", losses), watch=lambda w, d, o: seen.append(w),  # noqa: B023
                )  # fmt: skip
            assert len({what.split(" · ")[0] for what in seen}) == tried
