"""Decisions, numbers needed and the whole judgement, on a tiny task whose logits the test draws itself."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss

from by_metric import values
from headstart.errors import DataError, UsageError
from headstart.family import load
from headstart.judge import bootstrap
from headstart.judge.contrasts import decide
from headstart.judge.interval import paired, single
from headstart.judge.metric import accuracy
from headstart.judge.verdict import judge, metric_of
from headstart.judge.wording import sentence
from headstart.kind import targets
from headstart.report import _view
from headstart.types import Example, Fitted, Sealed, Task, View, to_dict

LABELS = ("ant", "bee")


def make_task(n=120, share=0.5, train=(10, 10), groups=0):
    def split(counts, name):
        labels = [label for label, c in enumerate(counts) for _ in range(c)]
        group = [str(i % groups) if groups else None for i in range(len(labels))]
        return tuple(
            Example(f"{name}{i}.jpg", f"{name}{i}", answer=label, group=group[i]) for i, label in enumerate(labels)
        )

    ants = round(n * share)
    return Task("insects", LABELS, split(train, "t"), split((4, 4), "v"), Sealed(split((ants, n - ants), "s")))


def fitted(strategy, right, seed=0, source=None, temperature=1.0):
    """A classifier that is right on the first share `right` of the pictures, shuffled by `seed`."""
    config = {"right": right, "seed": seed}
    return Fitted(strategy, View(source), config, LABELS, {}, 1, 1, decoder={"temperature": temperature})


def logits(model, examples):
    rng = np.random.default_rng(model.config["seed"])
    n = len(examples)
    good = rng.permutation(n) < round(model.config["right"] * n)
    y = np.array([e.answer for e in examples])
    answer = np.where(good, y, 1 - y)
    out = np.zeros((n, 2))
    out[np.arange(n), answer] = rng.uniform(0.5, 4.0, n)
    return out


def judged(reuse=0.95, fresh=0.7, task=None, winner="a", fresh_seeds=(1, 2, 3), **more):
    task = task or make_task()
    finalists = {
        "a": [fitted("probe", reuse, 0, "lite0", temperature=0.5)],
        "b": [fitted("scratch", fresh, s) for s in fresh_seeds],
        "c": [fitted("classical", fresh, 9)],
    }
    return judge(task, finalists, logits, transfer="a", rival="b", winner=winner, **more), task


@pytest.mark.parametrize(
    ("difference", "interval", "decision"),
    [
        (0.10, (0.011, 0.20), "helps"),
        (0.10, (0.010, 0.20), "no_evidence"),
        (-0.10, (-0.20, -0.011), "hurts"),
        (-0.10, (-0.20, -0.010), "no_evidence"),
        (0.0, (-0.005, 0.005), "no_evidence"),
        (0.0, (-0.5, 0.5), "no_evidence"),
    ],
)
def test_decide(difference, interval, decision):
    assert decide(difference, interval, 0.01) == decision


def test_decide_refuses_an_interval_of_another_comparison():
    with pytest.raises(UsageError, match="Take all three from the same comparison"):
        decide(0.3, (0.0, 0.1))
    with pytest.raises(UsageError, match="margin be 0 or more"):
        decide(0.0, (-0.1, 0.1), -1)


def needed(a, b, **how):
    return bootstrap.needed(accuracy, *(accuracy.mean(np.atleast_2d(side).astype(float)) for side in (a, b)), **how)


def test_needed_gives_the_promised_power():
    rng = np.random.default_rng(0)
    a, b = np.ones(100), np.ones(100)
    b[:12], a[12:18] = 0, 0  # 12 won, 6 lost: +6 points
    n = needed(a, b, margin=0.01)
    p = (12.75 / 101.5, 6.75 / 101.5)  # the sample with three quarters of an example won by each side
    told = 0
    for won, lost, _ in rng.multinomial(n, [*p, 1 - sum(p)], size=300):
        x, y = np.zeros(n), np.zeros(n)
        x[:won], y[won : won + lost] = 1, 1
        told += paired(x, y, resamples=1000)[0] > 0.01
    assert told / 300 == pytest.approx(0.8, abs=0.07)


def test_needed_is_connors_formula():
    a, b = np.ones(100), np.ones(100)
    b[:12], a[12:18] = 0, 0
    variance = 19.5 / 101.5 - (6 / 101.5) ** 2
    assert needed(a, b, margin=0.01) == int(np.ceil((1.959964 + 0.841621) ** 2 * variance / 0.05**2))
    assert needed(a, b, margin=0.01, power=0.9) > needed(a, b, margin=0.01)


def test_needed_is_none_where_no_number_would_do():
    a, b = np.ones(100), np.ones(100)
    b[0] = 0
    assert needed(a, b, margin=0.01) is None
    unsteady = np.stack([np.arange(100) < share for share in (60, 80, 100)])
    assert needed(np.ones(100), unsteady, margin=0.1) is None
    with pytest.raises(UsageError, match="A power of 80"):
        needed(a, b, power=80)


def test_judgement_of_a_clear_case():
    found, task = judged()
    v = found.verdict
    right = {key: logits(fitted("", r, s), task.test._examples).argmax(1) for key, r, s in (("a", 0.95, 0),)}
    y = np.array([e.answer for e in found.examples])
    assert v.decision == "helps"
    assert v.transfer.value == pytest.approx(0.95)
    assert v.rival.value == pytest.approx(0.7)
    assert v.difference == pytest.approx(0.25)
    assert v.interval[0] < 0.25 < v.interval[1]
    assert v.transfer.interval == single(right["a"] == y)
    assert (v.transfer.source, v.rival.source) == ("lite0", None)
    assert (v.n_test, v.test_reads, v.needed) == (120, 1, None)
    assert "lies above the margin of +1 point" in v.reason
    assert v.caveats == ()


def test_metrics_are_the_winners_after_temperature_scaling():
    found, _ = judged(winner="c")
    assert set(found.shown) == {"a", "b", "c", "constant"}
    assert found.metrics.accuracy == pytest.approx(found.shown["c"].value)
    y = np.array([e.answer for e in found.examples])
    guess = found.probabilities.argmax(axis=1)
    assert found.metrics.log_loss == pytest.approx(log_loss(y, found.probabilities))
    assert found.metrics.macro_f1 == pytest.approx(f1_score(y, guess, average="macro"))
    assert sum(map(sum, found.metrics.confusion)) == 120
    scaled = judged(winner="a")[0].metrics
    assert scaled.temperature == 0.5
    assert scaled.ece != scaled.ece_before


def test_the_rival_can_win():
    found, _ = judged(reuse=0.6, fresh=0.95, winner="b")
    assert found.verdict.decision == "hurts"
    assert found.metrics.accuracy == pytest.approx(0.95)


def test_too_few_pictures_says_how_many_would_do():
    found, _ = judged(reuse=0.9, fresh=0.85, task=make_task(40))
    v = found.verdict
    assert v.decision == "no_evidence"
    assert v.needed > 40
    assert "test pictures would be needed to tell" in v.reason
    assert any("Only 40 test pictures" in c for c in v.caveats)


def test_every_call_opens_the_split_once_and_a_second_is_told():
    found, task = judged()
    assert found.verdict.test_reads == task.test.reads == 1
    again, _ = judged(task=task)
    assert again.verdict.test_reads == 2
    assert any("opened 2 times" in c for c in again.verdict.caveats)


@pytest.mark.parametrize(("seeds", "says"), [((1,), "one training seed"), ((1, 2), "2 training seeds")])
def test_few_training_seeds_are_told(seeds, says):
    found, _ = judged(fresh_seeds=seeds)
    assert any(says in c and "'scratch'" in c for c in found.verdict.caveats)


def test_no_better_than_always_the_same_answer_is_told():
    found, _ = judged(reuse=0.9, task=make_task(share=0.95, train=(50, 5)))
    assert any("no better than always answering 'ant' (95.0 %)" in c for c in found.verdict.caveats)
    thin, _ = judged(task=make_task(100, share=0.97, train=(50, 5)))
    assert any("Fewer than 5 test pictures of 'bee'" in c for c in thin.verdict.caveats)


def test_same_seed_same_verdict():
    assert judged()[0].verdict == judged()[0].verdict


def test_a_missing_model_does_not_open_the_split():
    task = make_task()
    with pytest.raises(UsageError, match=r"No fitted model for b, c; there are models for a\. Fit the best"):
        judge(task, {"a": [fitted("probe", 1)], "b": []}, logits, transfer="a", rival="b", winner="c")
    assert task.test.reads == 0


def test_an_empty_split_and_wrong_logits_are_refused():
    with pytest.raises(DataError, match=r"insects has an empty test split.*Give test/ some pictures"):
        judged(task=make_task(0))
    models = {"a": [fitted("probe", 1)]}
    with pytest.raises(UsageError, match=r"logits of shape \(120, 3\).*\(120, 2\) are needed"):
        judge(make_task(), models, lambda m, e: np.zeros((len(e), 3)), transfer="a", rival="a", winner="a")


def test_a_model_trained_more_than_once_says_which_number_is_its_own():
    found, _ = judged(reuse=0.6, fresh=0.95, winner="b")
    assert any(c.startswith("The model of this run is the first of 3 trainings (") for c in found.verdict.caveats)
    assert not any("trainings" in c for c in judged()[0].verdict.caveats)


def test_imbalanced_classes_are_judged_by_macro_f1_unless_told_otherwise():
    task = make_task(share=0.8, train=(31, 10))
    found, _ = judged(task=task, fresh_seeds=(1,))
    y = np.array([e.answer for e in found.examples])
    assert found.verdict.metric == "macro_f1"
    guesses = {key: logits(fitted("", r, s), found.examples).argmax(1) for key, r, s in (("a", 0.95, 0), ("b", 0.7, 1))}
    wanted = {key: f1_score(y, guess, average="macro") for key, guess in guesses.items()}
    assert found.verdict.transfer.value == pytest.approx(wanted["a"]) == pytest.approx(found.metrics.macro_f1)
    assert found.verdict.difference == pytest.approx(wanted["a"] - wanted["b"])
    assert found.verdict.interval[0] < found.verdict.difference < found.verdict.interval[1]
    assert any(
        c.startswith("The classes are imbalanced (31 training pictures of 'ant', 10 training pictures of 'bee')")
        for c in found.verdict.caveats
    )
    told, _ = judged(task=make_task(share=0.8, train=(31, 10)), metric="accuracy")
    assert told.verdict.metric == "accuracy"
    assert any("accuracy says little of the smaller ones" in c for c in told.verdict.caveats)
    assert judged(task=make_task(share=0.8, train=(30, 10)))[0].verdict.metric == "accuracy"


def test_an_unknown_metric_is_told_before_the_split_is_opened():
    task = make_task()
    with pytest.raises(UsageError, match=r"'f1'.*accuracy, macro_f1"):
        judged(task=task, metric="f1")
    assert task.test.reads == 0


def entered(task=None, winner="a", **right):
    """A judgement of one that reuses, `a`, and rivals by name, each right on such a part of the test."""
    of = {"a": "probe", "b": "classical", "c": "scratch"}
    finalists = {
        key: [fitted(of[key], share, ord(key), "lite0" if key == "a" else None)] for key, share in right.items()
    }
    return judge(task or make_task(), finalists, logits, transfer="a", rival="b", winner=winner).verdict


def test_every_rival_is_compared_and_the_hardest_to_beat_is_told():
    v = entered(a=0.95, b=0.7, c=0.9)
    assert [c.rival.strategy for c in v.against] == ["classical", "scratch", "constant"]
    assert [c.difference for c in v.against] == pytest.approx([0.25, 0.05, 0.45])
    assert all(c.interval[0] < c.difference < c.interval[1] for c in v.against)
    assert (v.rival.strategy, v.difference) == ("scratch", pytest.approx(0.05))
    assert (v.decision, v.against[0].interval[0] > 0.01) == ("no_evidence", True)  # ahead of the weaker one alone
    assert v.interval[0] == min(c.interval[0] for c in v.against)
    assert v.interval[1] > v.against[1].interval[1]  # of two rivals one beats it by luck more often
    assert "against 90.0 % with scratch" in sentence(v)


def test_below_chance_nothing_helps_and_nothing_was_learnt():
    v = entered(make_task(114), a=0.474, b=0.307, c=0.30)
    assert v.against[0].interval[0] > 0.01
    assert (v.decision, v.learnt, v.rival) == ("no_evidence", False, v.floor)
    assert v.floor.value == 0.5
    assert sentence(v, titles={"constant": "always the largest class"}).startswith(
        "Nothing was learnt: no model is shown to be better than always answering the largest class (50.0 %); the "
        "labels may have nothing to do with the pictures. The best that reuses: 47.4 % against 50.0 % by always "
        "answering the largest class (−2.6 points, 95 % interval "
    )


def test_where_a_model_is_right_and_few_groups_cannot_show_it_the_test_is_too_small():
    task = make_task(40)
    persons = tuple(replace(e, group=f"person {i // 10}") for i, e in enumerate(task.test.open()))
    v = entered(replace(task, test=Sealed(persons)), a=0.9, b=0.6)
    assert (v.decision, v.learnt, v.groups) == ("no_evidence", False, 4)
    said = sentence(v, titles={"constant": "always the largest class"})
    assert said.startswith(
        "Too small a test to tell: no model is shown to be better than always answering the largest class (50.0 %), "
        "though one makes at most half its errors. Give more to test on. The best that reuses: 90.0 % against "
    )
    assert _view.decision({"verdict": to_dict(v)}) == "Too small a test to tell"


def test_a_rival_alone_beyond_chance_has_learnt_and_reuse_then_hurts():
    v = entered(a=0.5, b=0.95)
    assert (v.decision, v.learnt, v.rival.strategy) == ("hurts", True, "classical")
    assert any("(50.0 %) is no better than always the same answer (50.0 %)" in c for c in v.caveats)
    assert not any("always the same answer" in c for c in entered(a=0.95, b=0.5).caveats)


@pytest.mark.parametrize(
    ("kind", "answers", "best"),
    [
        ("regression", [1.0, 2.0, 9.0], [2.0]),
        ("multilabel", [(0,), (0,), (0, 1), ()], [[1, 0]]),
        ("classification", [0, 1, 1], [1]),
    ],
)
def test_the_floor_is_the_best_answer_that_looks_at_nothing(kind, answers, best):
    rows = tuple(Example(f"{i}", f"{i}", answer=a) for i, a in enumerate(answers))
    labels = ("size",) if kind == "regression" else LABELS
    task = Task("insects", labels, rows, (), Sealed(rows), kind=kind)
    a, b = (replace(fitted(of, 1), labels=labels, kind=kind) for of in ("probe", "classical"))
    floor = judge(
        task, {"a": [a], "b": [b]}, lambda m, e: np.zeros((len(e), len(labels))),
        transfer="a", rival="b", winner="a",
    ).verdict.floor  # fmt: skip
    given = np.repeat(np.array(best), len(rows), axis=0)
    assert floor.value == pytest.approx(
        values(load("judge/metric", metric_of(task)), given, targets(task, rows), len(labels))[0]
    )


def test_a_given_floor_is_not_computed_again():
    floor = Fitted("constant", View(None), {}, LABELS, {"answer": np.array([0.0, 1.0], np.float32)}, 2, 2)
    given = {"a": [fitted("probe", 0.9, 0, "lite0")], "b": [fitted("classical", 0.7)], "zero": [floor]}

    def answer(model, examples):
        return np.tile([0.0, 1.0], (len(examples), 1)) if model is floor else logits(model, examples)

    found = judge(make_task(share=0.6), given, answer, transfer="a", rival="b", winner="a")
    assert set(found.shown) == {"a", "b", "zero"}
    assert found.verdict.floor.value == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("winner", "right", "better", "says"),
    [
        ("b", {"a": 0.9, "b": 0.6}, "transfer", "which starts fresh and won on validation data, is clearly worse"),
        ("a", {"a": 0.6, "b": 0.9}, "rival", "which reuses and won on validation data, is clearly worse"),
        ("a", {"a": 0.9, "b": 0.6}, "", ""),
        ("b", {"a": 0.82, "b": 0.8}, "", ""),
    ],
)
def test_a_test_that_contradicts_the_choice_says_so_first_and_offers_the_other_model(winner, right, better, says):
    v = entered(winner=winner, **right)
    text = sentence(v, fresh=winner == "b")
    assert v.better == better
    assert text.startswith("The model handed out") == bool(better)
    assert says in text
    assert (f"--take {better}`. Reuse h" in text) == bool(better)


def test_groups_are_resampled_whole_and_told():
    alone, together = entered(a=0.95, b=0.8), entered(make_task(groups=6), a=0.95, b=0.8)
    assert (alone.groups, together.groups, together.difference) == (0, 6, alone.difference)
    assert together.interval != alone.interval
    assert "120 sealed test pictures in 6 groups" in sentence(together)
    assert any("Only 6 groups of test pictures" in c for c in together.caveats)
    one = entered(make_task(groups=1), a=0.95, b=0.8)
    assert (one.groups, one.interval) == (0, alone.interval)
    assert any("All test pictures are of one group" in c for c in one.caveats)
