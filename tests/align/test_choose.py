"""The rule, case by case, on answers drawn with known accuracy."""

import numpy as np
import pytest

from headstart.align.choice.choose import CLEARLY, choose
from headstart.align.choice.evidence import Shown
from headstart.kind.classification import softmax

K, V, M = 3, 200, 400
RNG = np.random.default_rng(0)
Y, YT = RNG.integers(0, K, V), RNG.integers(0, K, M)


def answers(y: np.ndarray, accuracy: float, seed: int, sure: float = 4.0) -> np.ndarray:
    """Probabilities that are right so often, surer where they are right."""
    rng = np.random.default_rng(seed)
    right = rng.random(len(y)) < accuracy
    named = np.where(right, y, (y + rng.integers(1, K, len(y))) % K)
    scores = rng.normal(0, 0.3, (len(y), K))
    scores[np.arange(len(y)), named] += np.where(right, sure, sure / 2)
    return softmax(scores)


def shown(method: str, where: str, source: float, there: float, seed: int, sure: float = 4.0) -> Shown:
    return Shown(method, where, answers(Y, source, seed), Y, answers(YT, there, seed + 100, sure))


PLAIN = shown("none", "lite0", 0.85, 0.6, 1)
OTHER = shown("none", "TF-IDF", 0.8, 0.62, 2)
GAIN = shown("coral", "lite0", 0.84, 0.8, 3, sure=5.0)
LOSS = shown("kmm", "lite0", 0.84, 0.45, 4, sure=5.0)


def test_a_clear_gain_is_taken_and_its_reason_said():
    choice = choose([PLAIN, OTHER, GAIN, LOSS], "lite0")
    assert choice.index == 2
    assert [r.status for r in choice.ruled] == ["lost", "lost", "chosen", "not supported"]
    assert choice.ruled[2].reason.startswith("Agreement with the other representations rises from ")
    assert "its agreement with the other representations does not clearly rise" in choice.ruled[3].reason
    assert choice.ruled[2].evidence["agreement_rise"] > 2
    assert "agreement_rise" not in choice.ruled[0].evidence


def test_the_order_of_candidates_does_not_matter():
    given = [PLAIN, OTHER, GAIN, LOSS, shown("tca", "lite0", 0.84, 0.79, 5, sure=5.0)]
    first = choose(given, "lite0")
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(given))
        again = choose([given[i] for i in order], "lite0")
        assert order[again.index] == first.index
        assert [again.ruled[list(order).index(i)].status for i in range(len(given))] == [r.status for r in first.ruled]


def test_a_tie_keeps_what_is_there():
    same = Shown("coral", "lite0", PLAIN.valid, Y, PLAIN.target)
    choice = choose([same, PLAIN, OTHER], "lite0")
    assert choice.index == 1
    assert choice.ruled[1].reason == "No change is supported, so it stays as it is."
    twin = Shown("none", "a-twin", PLAIN.valid, Y, PLAIN.target)
    assert choose([twin, PLAIN], "lite0").index == 1
    assert choose([twin, PLAIN], "a-twin").index == 0


def test_a_method_that_the_rule_was_not_tried_on_is_chosen_only_where_it_is_named():
    gain = Shown("cdan", "lite0", GAIN.valid, Y, GAIN.target)
    choice = choose([PLAIN, OTHER, gain], "lite0")
    assert (choice.index, choice.ruled[2].status) == (0, "not supported")
    assert "named with --method it may be chosen" in choice.ruled[2].reason
    assert choose([PLAIN, OTHER, gain], "lite0", ["cdan"]).index == 2


def test_one_answer_for_all_is_never_taken():
    """However sure it is, and though the other representation gives little else."""
    one = Shown("kmm", "lite0", GAIN.valid, Y, np.tile([0.98, 0.01, 0.01], (M, 1)))
    leaning = Shown("none", "TF-IDF", OTHER.valid, Y, softmax(np.log(OTHER.target) + np.array([3.0, 0, 0])))
    choice = choose([PLAIN, leaning, one], "lite0")
    assert choice.index == 0
    assert choice.ruled[2].status == "not supported"
    assert "one answer" in choice.ruled[2].reason


def test_no_numbers_are_a_failure_and_stop_nothing():
    broken = Shown("tca", "lite0", PLAIN.valid, Y, np.full((M, K), np.nan))
    choice = choose([PLAIN, OTHER, GAIN, broken], "lite0")
    assert choice.index == 2
    assert (choice.ruled[3].status, choice.ruled[3].evidence) == ("failed", {})
    gone = Shown("none", "lite0", np.full((V, K), np.nan), Y, PLAIN.target)
    choice = choose([gone, OTHER, GAIN], "lite0")
    assert choice.index == 1
    assert choice.ruled[0].status == "failed"
    with pytest.raises(ValueError, match="No candidate that is not adapted gives finite probabilities"):
        choose([gone, GAIN])


def test_without_another_representation_nothing_is_adapted():
    choice = choose([PLAIN, GAIN])
    assert choice.index == 0
    assert choice.ruled[1].reason == "Not adapted so: no other representation is there that could speak for it."


def test_agreement_alone_is_not_enough():
    """It agrees better, but is less sure of each: one evidence against the other."""
    unsure = Shown("coral", "lite0", GAIN.valid, Y, softmax(0.3 * np.log(GAIN.target)))
    choice = choose([PLAIN, OTHER, unsure], "lite0")
    assert choice.index == 0
    assert "carry no more information" in choice.ruled[2].reason


def test_worse_on_the_source_needs_another_evidence():
    spoilt = Shown("coral", "lite0", answers(Y, 0.5, 9), Y, GAIN.target)
    named = np.eye(K)[GAIN.target.argmax(1)]
    uneven = Shown("coral", "lite0", spoilt.valid, Y, softmax(named * np.where(np.arange(M) % 4, 9.0, 1.0)[:, None]))
    mild = Shown("none", "lite0", PLAIN.valid, Y, softmax(2 * np.eye(K)[PLAIN.target.argmax(1)]))
    choice = choose([mild, OTHER, uneven], "lite0")
    known, before = choice.ruled[2].evidence, choice.ruled[0].evidence
    assert known["information"] > before["information"]
    assert known["mixed"] < before["mixed"]
    assert choice.index == 0
    assert "it is worse on the source" in choice.ruled[2].reason


def test_another_representation_is_taken_where_it_knows_more_there():
    """As when words of another language are read by TF-IDF: as good on the source, and the target gives it nothing."""
    blind = Shown("none", "TF-IDF", answers(Y, 0.86, 7), Y, softmax(RNG.normal(0, 0.1, (M, K))))
    choice = choose([blind, PLAIN], "TF-IDF")
    assert choice.index == 1
    assert "carry more information than those of TF-IDF" in choice.ruled[1].reason
    poor = Shown("none", "lite0", answers(Y, 0.6, 8), Y, PLAIN.target)
    assert choose([blind, poor], "TF-IDF").index == 0  # far worse on the source
    close = Shown("none", "TF-IDF", PLAIN.valid, Y, softmax(0.995 * np.log(PLAIN.target)))
    difference = choose([close, PLAIN], "TF-IDF")
    gap = difference.ruled[1].evidence["information"] - difference.ruled[0].evidence["information"]
    assert 0 < gap < CLEARLY
    assert difference.index == 0


def test_without_an_untouched_one_the_sources_rows_decide():
    worse = Shown("none", "lite0", answers(Y, 0.6, 8), Y, PLAIN.target)
    same = Shown("none", "TF-IDF", answers(Y, 0.9, 6), Y, PLAIN.target)
    assert choose([worse, same]).index == 1


POOR = shown("none", "TF-IDF", 0.5, 0.4, 2)  # tells too little to speak for anything
GOOD = shown("none", "TF-IDF", 0.8, 0.75, 2)
BLIND = Shown("none", "lite0", PLAIN.valid, Y, softmax(0.2 * np.log(PLAIN.target)))


def favourite(
    method: str = "mcc", mended: float = 0.1, spoilt: float = 0.0, sure: float = 1.5, source: float = 0.84
) -> Shown:
    """As the unadapted one, but surer, with some of its errors mended and some of what was right spoilt."""
    rng = np.random.default_rng(12)
    scores = sure * np.log(PLAIN.target)
    right = PLAIN.target.argmax(1) == YT
    named = np.where(right, (YT + 1) % K, YT)
    moved = rng.random(M) < np.where(right, spoilt, mended)
    scores[moved] = sure * 3.0 * np.eye(K)[named[moved]]
    return Shown(method, "lite0", answers(Y, source, 13), Y, softmax(scores))


def test_the_favourite_is_taken_where_nothing_speaks_against_it():
    choice = choose([PLAIN, POOR, favourite(), favourite("dan")], "lite0")
    assert choice.ruled[2].evidence["agreement_rise"] < 2
    assert choice.index == 2
    assert choice.ruled[2].reason.startswith(
        "On other pairs it gained where nothing spoke against it, and nothing does"
    )
    assert [r.status for r in choice.ruled] == ["lost", "lost", "chosen", "not supported"]
    assert choice.ruled[0].reason == "It is adapted (mcc): nothing speaks against it."


@pytest.mark.parametrize(
    ("given", "before", "other"),
    [
        (favourite(mended=0.0, spoilt=0.3), PLAIN, GOOD),  # it agrees less
        (favourite(sure=0.8), PLAIN, POOR),  # it knows no more
        (favourite(source=0.6), PLAIN, POOR),  # it is worse on the source
        (favourite(), BLIND, POOR),  # the untouched one is blind
        (Shown("mcc", "lite0", PLAIN.valid, Y, np.tile([0.98, 0.01, 0.01], (M, 1))), PLAIN, POOR),  # one answer for all
    ],
)
def test_what_speaks_against_the_favourite(given: Shown, before: Shown, other: Shown):
    choice = choose([before, other, given], "lite0")
    assert choice.index == 0
    assert choice.ruled[2].status == "not supported"
