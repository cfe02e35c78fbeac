"""A verdict without its rivals is none: what counts as missing, and what is said."""

from dataclasses import replace

import pytest

from headstart.judge.unheard import unheard, withheld
from headstart.judge.verdict import sentence
from headstart.types import Rival, Trial, Verdict

TITLES = {"probe": "linear probe", "scratch": "a network from scratch", "classical": "HOG + linear"}
VERDICT = Verdict(
    decision="helps",
    metric="accuracy",
    difference=0.027,
    interval=(0.012, 0.051),
    level=0.95,
    margin=0.01,
    transfer=Rival("probe", 0.961, (0.9, 0.97), "lite0"),
    rival=Rival("classical", 0.934, (0.9, 0.95)),
    n_test=153,
    test_reads=1,
    reason="",
    needed=900,
)


def trial(strategy: str, status: str, reason: str = "", reuses: bool = False) -> Trial:
    return Trial(strategy, strategy, None, reuses, {}, 0, status, reason)


@pytest.mark.parametrize(
    ("status", "missing"), [("waiting", True), ("failed", True), ("dropped", False), ("finished", False)]
)
def test_who_is_missing(status, missing):
    trials = [trial("probe", "waiting", reuses=True), trial("scratch", status, "far behind after its short runs")]
    assert bool(unheard(trials)) is missing
    assert withheld(VERDICT, trials, TITLES).complete is not missing


def test_the_sentence_says_who_is_missing_and_what_the_others_show():
    found = withheld(VERDICT, [trial("scratch", "waiting", "interrupted before it was done")], TITLES)
    assert (found.decision, found.complete, found.needed) == ("no_evidence", False, None)
    assert sentence(found, titles=TITLES) == (
        "No verdict yet: a network from scratch did not run to its end (interrupted before it was done). Of what ran: "
        "96.1 % against 93.4 % with HOG + linear (+2.7 points, 95 % interval +1.2 to +5.1, 153 sealed test pictures; "
        "lite0, linear probe)."
    )


def test_that_reuse_hurts_stands():
    worse = replace(VERDICT, decision="hurts", difference=-0.1, interval=(-0.15, -0.05))
    found = withheld(worse, [trial("scratch", "failed", "no memory")], TITLES)
    assert (found.decision, found.complete) == ("hurts", False)
    assert sentence(found, titles=TITLES).startswith("Reuse hurts: ")
