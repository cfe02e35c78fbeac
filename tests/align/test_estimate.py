"""Each way of estimating against its definition, and the estimate against the truth on drawn shifts."""

import numpy as np
import pytest

from headstart.align.choice.estimate import agreeing, difference, estimate, independent, interval, needed, thresholded
from headstart.align.choice.evidence import Shown
from headstart.kind.classification import softmax

RNG = np.random.default_rng(0)
K, D = 3, 12
CENTRES = np.random.default_rng(7).normal(size=(K, D)) * 1.2


def fitted(x: np.ndarray, y: np.ndarray):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=0.3).fit(x, y).predict_proba


def drawn(noise: float, seed: int, n: int = 400) -> tuple[list[Shown], list[float]]:
    """Two models, each of half the columns; the target is noisier. And what each gets right there."""
    rng = np.random.default_rng(seed)
    parts = []
    for more in (0.0, 0.0, noise):
        y = rng.integers(0, K, n)
        parts.append((CENTRES[y] + rng.normal(size=(n, D)) * (1 + more), y))
    (xs, ys), (xv, yv), (xt, yt) = parts
    shown, truth = [], []
    for name, columns in (("one", slice(0, D // 2)), ("other", slice(D // 2, D))):
        model = fitted(xs[:, columns], ys)
        shown.append(Shown("none", name, model(xv[:, columns]), yv, model(xt[:, columns])))
        truth.append(float((shown[-1].target.argmax(1) == yt).mean()))
    return shown, truth


def test_thresholded_confidence_written_out():
    """As many source rows lie above the threshold as are right."""
    p, q = softmax(2 * RNG.normal(size=(90, K))), softmax(RNG.normal(size=(70, K)))
    right = RNG.random(90) < 0.7
    threshold = sorted(p.max(1), reverse=True)[int(right.sum()) - 1]
    assert thresholded(p, right, q) == pytest.approx(sum(row.max() >= threshold for row in q) / 70)
    assert thresholded(p, right, p) == pytest.approx(right.mean())
    assert thresholded(p, np.zeros(90, bool), q) == 0.0


def test_difference_of_confidences_written_out():
    p, q = softmax(2 * RNG.normal(size=(90, K))), softmax(RNG.normal(size=(70, K)))
    right = RNG.random(90) < 0.7
    assert difference(p, right, q) == pytest.approx(right.mean() - (p.max(1).mean() - q.max(1).mean()))
    assert difference(p, right, p) == pytest.approx(right.mean())


def test_agreement_is_accuracy_times_the_share_of_agreement_that_is_left():
    y = np.arange(100) % 2
    sure = np.where(np.eye(2)[y] > 0, 0.9, 0.1)
    other = sure.copy()
    other[:20] = other[:20, ::-1]  # agree on 80 of 100
    there = sure.copy()
    there[:60] = there[:60, ::-1]  # on 40
    chosen = Shown("none", "a", sure, np.where(np.arange(100) < 90, y, 1 - y), sure)  # 90 right
    assert agreeing(chosen, [Shown("none", "b", other, y, there)]) == pytest.approx(0.9 * 0.4 / 0.8)


def test_the_view_is_of_the_same_method_else_unadapted_and_not_blind():
    (one, other), _ = drawn(0.3, 0)
    adapted = Shown("coral", "one", one.valid, one.y, one.target)
    same = Shown("coral", "other", other.valid, other.y, other.target)
    assert independent(adapted, [one, other, same]) == [same]
    assert independent(adapted, [same, other, one]) == [same]
    assert independent(adapted, [one, other]) == [other]
    assert independent(one, [one, other, same]) == [other]
    blind = Shown("none", "other", other.valid, other.y, softmax(0.01 * RNG.normal(size=(400, K))))
    assert independent(one, [one, blind]) == []


def test_without_a_shift_it_is_about_the_accuracy_on_the_source():
    errors, moved = [], []
    for seed in range(6):
        shown, truth = drawn(0.0, seed)
        said = estimate(shown[0], shown)
        assert {*said.parts} == {"source", "confidence", "difference", "agreement"}
        errors.append(said.value - truth[0])
        moved.append(said.value - said.parts["source"])
    assert np.abs(errors).mean() < 0.03
    assert np.abs(moved).mean() < 0.04


def test_on_drawn_shifts_it_errs_by_less_than_five_points_and_the_interval_holds():
    errors, sources, held = [], [], []
    for noise in (0.2, 0.5, 0.9, 1.4):
        for seed in range(4):
            shown, truth = drawn(noise, seed)
            for one, true in zip(shown, truth, strict=True):
                said = estimate(one, shown)
                errors.append(said.value - true)
                sources.append(one.right.mean() - true)
                held.append(said.low <= true <= said.high)
                assert 0 <= said.low <= said.value <= said.high <= 1
    assert np.abs(errors).mean() < 0.05
    assert np.abs(sources).mean() > 0.1  # what one would have thought
    assert np.mean(held) >= 0.9


def test_alone_it_has_no_agreement_and_a_wider_interval():
    (one, other), _ = drawn(0.0, 5)
    alone, beside = estimate(one, [one]), estimate(one, [one, other])
    assert {*alone.parts} == {"source", "confidence", "difference"}
    assert alone.high - alone.low > beside.high - beside.low


def test_the_temperature_of_the_probabilities_does_not_matter():
    (one, other), _ = drawn(0.5, 2)
    harsh = Shown("none", "one", softmax(3 * np.log(one.valid)), one.y, softmax(3 * np.log(one.target)))
    said, same = estimate(harsh, [other]), estimate(one, [other])
    assert said.parts["confidence"] == pytest.approx(same.parts["confidence"], abs=0.01)
    assert said.parts["difference"] == pytest.approx(same.parts["difference"], abs=0.01)


def test_few_rows_widen_the_interval_and_it_stays_within_bounds():
    many, few = interval(0.8, 0.0, 1000, 1000, (0.1, 0.5, 0.4)), interval(0.8, 0.0, 1000, 5, (0.1, 0.5, 0.4))
    assert few[0] < many[0] < 0.8 < many[1] < few[1]
    assert interval(0.99, 0.5, 30, 1, (0.1, 0.5, 0.4))[1] == 1.0
    assert interval(0.02, 0.5, 30, 1, (0.1, 0.5, 0.4))[0] == 0.0
    one = estimate(Shown("none", "a", softmax(RNG.normal(size=(9, K))), np.arange(9) % K, np.full((1, K), 1 / K)), [])
    assert 0 <= one.low <= one.high <= 1


def test_needed_labels_are_the_usual_sample_size():
    assert needed(0.5) == 1068  # 1.96² / 4 / 0.03²
    assert needed(1.0) == 100


def test_no_numbers_are_an_error_that_names_the_candidate():
    bad = Shown("dann", "lite0", np.full((4, 2), np.nan), np.zeros(4, int), np.full((4, 2), 0.5))
    with pytest.raises(ValueError, match="dann on lite0 has probabilities that are no numbers"):
        estimate(bad, [])
