"""What a judge says of an adapted model beside the untouched one, and what is left of what it knew."""

import numpy as np
import pytest

from drawn_evaluation import first, judged, task
from headstart.judge import interval
from headstart.judge.adapted import beside_labels, kept, verdict


def test_a_model_that_is_better_on_the_same_examples_is_said_to_help():
    told, said = verdict(judged(task(), first(0.75), first(0.5)))
    assert said.startswith(
        "Adapting helps: 75.0 % against 50.0 % of the untouched model (+25.0 points, 95 % interval +"
    )
    assert said.endswith(", 240 texts with labels).")
    assert (told["decision"], told["value"], told["untouched"], told["difference"]) == ("helps", 0.75, 0.5, 0.25)
    assert tuple(told["difference_interval"]) == interval.paired(first(0.75), first(0.5))


@pytest.mark.parametrize(
    ("right", "what", "begins"),
    [
        ((0.5, 0.75), "Adapting", "Adapting hurts: 50.0 %"),
        ((0.5, 0.5), "Adapting", "No evidence that adapting helps: 50.0 %"),
        ((0.75, 0.5), "The other representation", "The other representation helps: 75.0 %"),
        ((0.5, 0.5), "The other representation", "No evidence that the other representation helps: "),
    ],
)
def test_only_what_was_changed_is_said_to_help(right, what, begins):
    assert verdict(judged(task(), *map(first, right)), what=what)[1].startswith(begins)


@pytest.mark.parametrize(("metric", "value"), [("accuracy", "75.0 %"), ("macro_f1", "75.0 % macro-F1")])
def test_alone_it_is_told_in_its_metric(metric, value):
    told, said = verdict(judged(task(), first(0.75), metric=metric))
    assert said.startswith(f"Not adapted: {value} (95 % interval ")
    assert (told["decision"], told["metric"]) == ("untouched", metric)


def test_what_was_kept_is_counted_on_the_sealed_test_example_by_example():
    data, n = task(), 240
    y = np.array([e.answer for e in data.test._examples])

    def answering(right):
        return lambda examples: np.eye(2)[np.where(right, y, 1 - y)]

    told = kept(data, answering(first(0.6)), answering(first(0.8)))
    assert (told["n"], told["before"], told["after"], told["change"]) == (n, 0.8, 0.6, pytest.approx(-0.2))
    assert tuple(told["interval"]) == interval.paired(first(0.6), first(0.8))
    assert data.test.reads == 1


@pytest.mark.parametrize(("right", "decision"), [(0.5, "helps"), (1.0, "hurts"), (0.75, "no_evidence")])
def test_a_model_that_learnt_target_labels_is_compared_on_the_others_alone(right, decision):
    """Of 240 the last 200; the one handed out has 140 of these right."""
    found, rest = judged(task(), first(0.75)), np.arange(40, 240)
    y = np.array([found.examples[i].answer for i in rest])
    rival = first(right)[rest]
    told = beside_labels(found, rest, np.where(rival, y, 1 - y), 40, 0.01)
    assert (told["labels"], told["n"], told["decision"]) == (40, 200, decision)
    assert (told["value"], told["target_trained"]) == (0.7, rival.mean())
    assert tuple(told["interval"]) == interval.paired(first(0.75)[rest], rival)
    assert told["difference"] == pytest.approx(0.7 - rival.mean())
    assert "one trained on 40 labels of the target" in told["sentence"]
    assert told["sentence"].endswith(", the other 200 texts).")


def test_groups_of_the_others_are_resampled_whole():
    rest = np.arange(40, 240)
    alone, grouped = (
        beside_labels(judged(task(groups=n), first(0.75)), rest, rest % 2, 40, 0.01)["interval"] for n in (0, 24)
    )
    assert grouped[1] - grouped[0] > alone[1] - alone[0]
