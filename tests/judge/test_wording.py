"""The sentences people read, word for word."""

from dataclasses import replace

import pytest

from drawn_verdict import CLASSICAL, CLEAR, TITLES
from headstart.judge.wording import explain, points, rounded, sentence
from headstart.types import Rival


def test_helps():
    assert sentence(CLEAR, seconds=9.2, titles=TITLES) == (
        "Reuse helps: 94.8 % against 71.2 % from scratch (+23.6 points, 95 % interval +16.3 to +30.7, "
        "153 sealed test pictures; efficientnet-lite0, linear probe, 9 s)."
    )


def test_start_fresh():
    even = replace(CLEAR, decision="no_evidence", difference=-0.004, interval=(-0.029, 0.021), rival=CLASSICAL)
    text = sentence(even, titles=TITLES, fresh=True)
    assert text.startswith(
        "Start fresh: HOG + linear is as good as anything pre-trained here (−0.4 points, 95 % interval −2.9 to +2.1, "
    )
    assert "model" not in text


def test_no_evidence_and_a_model_that_reuses_is_not_told_to_start_fresh():
    worse = replace(
        CLEAR, decision="no_evidence", difference=-0.02, interval=(-0.09, 0.05), rival=CLASSICAL, needed=634,
        transfer=Rival("probe", 0.932, (0.9, 0.97), "efficientnet-lite0"),
    )  # fmt: skip
    assert sentence(worse, titles=TITLES) == (
        "No evidence that reuse helps: 93.2 % against 95.2 % with HOG + linear (−2.0 points, 95 % interval −9.0 to "
        "+5.0, 153 sealed test pictures; efficientnet-lite0, linear probe). About 640 test pictures would be needed to "
        "tell. Yet no rival was clearly ahead of all that reuse on validation data, so this run's model is the one "
        "that reuses."
    )
    assert sentence(worse, titles=TITLES, fresh=True).startswith("Start fresh: HOG + linear is as good as anything")


@pytest.mark.parametrize(("fresh", "end"), [(True, "is a rival."), (False, "is the one that reuses.")])
def test_when_reuse_hurts_it_says_which_model_one_gets(fresh, end):
    worse = replace(CLEAR, decision="hurts", difference=-0.1, interval=(-0.15, -0.05))
    assert sentence(worse, fresh=fresh).endswith(end)


def test_a_rival_that_won_on_validation_but_not_here_is_not_called_as_good():
    close = replace(CLEAR, decision="no_evidence", difference=0.02, interval=(-0.029, 0.061), rival=CLASSICAL)
    text = sentence(close, titles=TITLES, fresh=True)
    assert text.startswith(
        "Start fresh: a rival won on validation data, and nothing pre-trained is shown to be better than"
    )
    assert "Yet a rival won on validation data" in sentence(CLEAR, fresh=True)


def test_no_evidence_says_how_many_pictures_would_tell():
    unsure = replace(
        CLEAR, decision="no_evidence", difference=0.03, interval=(-0.02, 0.08), rival=CLASSICAL, needed=634
    )
    text = sentence(unsure, titles=lambda key: TITLES.get(key, key))
    assert text.startswith("No evidence that reuse helps: 94.8 % against 95.2 % with HOG + linear (+3.0 points")
    assert text.endswith(" About 640 test pictures would be needed to tell.")


def test_equivalent_and_hurts():
    same = replace(CLEAR, decision="no_evidence", difference=0.001, interval=(-0.008, 0.009))
    assert sentence(same).endswith("The two are equivalent, within ±1 point.")
    worse = replace(CLEAR, decision="hurts", difference=-0.2, interval=(-0.3, -0.1))
    assert sentence(worse, seconds=300).startswith("Reuse hurts: 94.8 % against 71.2 % with scratch (−20.0 points")
    assert "probe, 5 min)" in sentence(worse, seconds=300)


@pytest.mark.parametrize(
    ("difference", "interval", "needed", "says"),
    [
        (0.2, (0.1, 0.3), None, "The whole 95 % interval (+10.0 to +30.0 points) lies above the margin of +1 point."),
        (-0.2, (-0.3, -0.1), None, "lies below the margin of −1 point."),
        (0.0, (-0.01, 0.01), None, "Equivalent: the whole 95 % interval"),
        (0.02, (0.005, 0.04), 900, "lies above 0, but not above +1 point. About 900 test pictures"),
        (-0.02, (-0.04, -0.005), 900, "lies below 0, but not below −1 point."),
        (0.02, (-0.02, 0.06), 900, "holds 0: the difference may be chance. About 900 test pictures"),
        (0.004, (-0.05, 0.06), None, "no number of test pictures would tell it apart"),
        (0.2, (-0.3, 0.6), None, "more training seeds (--seeds) would tell sooner than more test pictures."),
    ],
)
def test_explain(difference, interval, needed, says):
    assert says in explain(difference, interval, 0.01, 0.95, needed)


def test_numbers():
    assert (points(-0.00001), points(-0.236), points(1)) == ("0.0", "−23.6", "+100.0")
    assert (rounded(7), rounded(99), rounded(101), rounded(1_000_001)) == ("7", "99", "110", "1,100,000")
    assert "90 % interval" in explain(0.2, (0.1, 0.3), 0.02, 0.9)
    assert "margin of +2 points" in explain(0.2, (0.1, 0.3), 0.02, 0.9)


def test_macro_f1_is_named():
    rare = replace(CLEAR, metric="macro_f1")
    assert sentence(rare, titles=TITLES).startswith(
        "Reuse helps: 94.8 % macro-F1 against 71.2 % from scratch (+23.6 points, 95 % interval +16.3 to +30.7, "
    )
    even = replace(rare, decision="no_evidence", difference=-0.004, interval=(-0.029, 0.021), rival=CLASSICAL)
    assert "is as good as anything pre-trained here (macro-F1: −0.4 points, " in sentence(
        even, titles=TITLES, fresh=True
    )
