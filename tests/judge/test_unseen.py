"""One run, or two on the same examples: the numbers a verdict would have, and a sentence that says who is better."""

import numpy as np
import pytest

from drawn_evaluation import N, first, judged, model, task
from headstart.judge import interval
from headstart.judge.unseen import Own, evaluate
from headstart.report.text import evaluated


def test_one_run_alone_has_its_metric_interval_and_classes():
    data = task()
    found = judged(data, first(0.75))
    assert (found.run.value, found.run.interval) == (0.75, interval.single(first(0.75)))
    assert [row["recall"] for row in found.run.metrics["per_class"]] == [0.75, 0.75]
    assert found.sentence == "runs/en: 75.0 % on 240 texts (95 % interval 69.2 % to 80.1 %)."
    assert (found.against, found.comparison, found.caveats, data.test.reads) == (None, None, (), 1)


def test_two_runs_are_compared_on_the_same_examples_as_a_verdict_compares():
    found = judged(task(), first(0.75), first(0.5))
    low, high = interval.paired(first(0.75), first(0.5))
    assert found.comparison.interval == (low, high)
    assert (found.comparison.decision, found.comparison.difference) == ("helps", 0.25)
    assert found.sentence.startswith(
        "runs/en is better: 75.0 % against 50.0 % by runs/de (+25.0 points, 95 % interval +"
    )
    assert found.sentence.endswith(" 240 texts).")


def test_the_worse_run_is_called_worse_and_a_tie_is_none():
    assert judged(task(), first(0.5), first(0.75)).sentence.startswith(
        "runs/en is worse: 50.0 % against 75.0 % by runs/de"
    )
    near = judged(task(), first(0.70), first(0.73))
    assert near.comparison.decision == "no_evidence"
    assert near.sentence.startswith(
        "No evidence that either is better: 70.0 % by runs/en against 72.9 % by runs/de (−2.9"
    )
    assert "texts would be needed to tell." in near.sentence
    same = judged(task(), first(0.7), first(0.7), margin=0.05)
    assert same.sentence.endswith("The two are equivalent, within ±5 points.")


def test_macro_f1_and_classes_without_an_example():
    data = task(labels=("a", "b", "c"))
    found = judged(data, first(1.0), metric="macro_f1")
    assert found.run.value == found.run.metrics["macro_f1"] == 1.0
    assert found.caveats == ("There is no text of 'c'; in macro-F1 only those that occur count.",)
    assert "100.0 % macro-F1 on 240 texts" in found.sentence


def test_numbers_are_told_by_their_error():
    data = task(labels=("joy",), kind="regression", targets=[i / 10 for i in range(N)])
    models = [("runs/en", model(("joy",), "regression")), ("runs/de", model(("joy",), "regression"))]
    y = np.array([i / 10 for i in range(N)])
    off = {id(models[0][1]): 0.5, id(models[1][1]): 2.0}
    found = evaluate(data, models, lambda f, e: (y + off[id(f)])[:, None], metric="mae", margin=0.1)
    assert found.comparison.decision == "helps"
    assert found.comparison.difference == pytest.approx(1.5)
    assert found.sentence.startswith(
        "runs/en is better: MAE 0.500 against 2.000 by runs/de (+1.500 in favour of runs/en, "
    )
    assert set(found.run.metrics) == {"mae", "rmse", "r2", "pearson"}
    assert set(found.predictions()) == {"text", "value", "predicted", "against"}


def test_few_examples_earn_a_caveat():
    assert judged(task(n=20), first(0.5, 20)).caveats[0].startswith("Only 20 texts: the intervals are wide")


def test_the_runs_own_test_stands_beside_with_the_drop():
    found = judged(task(), first(0.75), own=Own(0.941, (0.892, 0.969), 153, 0.03))
    assert found.drop == pytest.approx((0.191, 0.1206, 0.2556), abs=0.001)
    assert found.sentence.endswith(
        " On its own sealed test it had 94.1 % (153 texts): −19.1 points here, 95 % interval −25.6 to −12.1."
    )
    assert found.record()["own"]["n"] == 153
    shown = evaluated(found)
    assert "calibration error" in shown
    assert "(0.030 on its own test)" in shown
    assert [row["given"] for row in found.run.metrics["per_class"]] == [120, 120]


def test_a_larger_error_than_in_its_own_test_is_below_0():
    data = task(labels=("joy",), kind="regression", targets=[i / 10 for i in range(N)])
    y = np.array([i / 10 for i in range(N)])
    own = Own(0.2, (0.15, 0.25), 60)
    found = evaluate(data, [("en", model(("joy",), "regression"))], lambda f, e: (y + 0.5)[:, None], metric="mae",
                     margin=0.1, own=own)  # fmt: skip
    assert found.drop == pytest.approx((0.3, 0.25, 0.35))
    assert found.sentence.endswith(
        " On its own sealed test it had MAE 0.200 (60 texts): −0.300 (below 0: worse) here, 95 % interval −0.350 to "
        "−0.250."
    )


def test_groups_are_resampled_whole():
    right = np.arange(N) // 20 % 4 > 0  # group by group
    alone, together = judged(task(), right, ~right), judged(task(groups=12), right, ~right)
    assert (together.groups, together.run.value) == (12, alone.run.value)
    assert np.ptp(together.run.interval) > 2 * np.ptp(alone.run.interval)
    assert np.ptp(together.comparison.interval) > 2 * np.ptp(alone.comparison.interval)
    assert "240 texts in 12 groups" in together.sentence
    whole, each = (found.run.metrics["two_classes"]["sensitivity_interval"] for found in (together, alone))
    assert np.ptp(whole) > 2 * np.ptp(each)


def test_of_two_classes_each_ones_part_is_told():
    found = judged(task(labels=("no", "yes")), np.arange(N) % 4 != 1)
    two = found.run.metrics["two_classes"]
    assert (two["positive"], two["sensitivity"], two["specificity"]) == ("yes", 0.5, 1.0)
    assert two["sensitivity_interval"] == pytest.approx(interval.single(np.arange(120) % 2))
    assert "sensitivity 50.0 % (of “yes”, named as such), specificity 100.0 %" in evaluated(found)
