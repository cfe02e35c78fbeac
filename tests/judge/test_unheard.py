"""A verdict without its rivals is none: what counts as missing, and what is said."""

from dataclasses import replace

import pytest

from drawn_verdict import CLEAR, TITLES
from headstart.judge.unheard import shortened, unheard, withheld
from headstart.judge.wording import sentence
from headstart.types import Trial

VERDICT = replace(CLEAR, needed=900)


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
        "94.8 % against 71.2 % from scratch (+23.6 points, 95 % interval +16.3 to +30.7, 153 sealed test pictures; "
        "efficientnet-lite0, linear probe)."
    )


def test_that_reuse_hurts_stands():
    worse = replace(VERDICT, decision="hurts", difference=-0.1, interval=(-0.15, -0.05))
    found = withheld(worse, [trial("scratch", "failed", "no memory")], TITLES)
    assert (found.decision, found.complete) == ("hurts", False)
    assert sentence(found, titles=TITLES).startswith("Reuse hurts: ")


def test_a_rival_that_was_cut_short_is_told_first_but_where_reuse_hurts_all_the_same():
    cut = [trial("probe", "finished", reuses=True), replace(trial("scratch", "finished"), part=0.4)]
    assert withheld(VERDICT, cut, TITLES) == VERDICT, "it had its say"
    said = "A network from scratch had time for 40 % of its usual training, which may flatter reuse."
    assert shortened(VERDICT, cut, TITLES) == said
    assert not shortened(replace(VERDICT, decision="hurts"), cut, TITLES)
    assert not shortened(VERDICT, [trial("scratch", "finished")], TITLES)
