"""A verdict names the sources that nobody looked at, and claims nothing against them."""

from dataclasses import replace

import pytest

from drawn_verdict import CLASSICAL, CLEAR
from headstart.judge import looked
from headstart.judge.wording import sentence

LEFT = [{"source": "minilm-l6", "why": "time"}, {"source": "mpnet-base", "why": "memory"}]
EVEN = replace(
    CLEAR,
    decision="no_evidence",
    difference=-0.004,
    interval=(-0.029, 0.021),
    transfer=replace(CLEAR.transfer, source="wordllama"),
    rival=CLASSICAL,
)


def test_start_fresh_is_claimed_against_the_sources_that_were_looked_at_alone():
    ranking = {"looked_at": ["wordllama"], "left_out": LEFT}
    said = sentence(EVEN, titles={"classical": "TF-IDF"}, fresh=True, reusable=looked.reused(ranking))
    assert said.startswith("Start fresh: TF-IDF is as good as wordllama (")
    assert looked.missed(ranking) == (
        "Of the sources only wordllama was looked at; minilm-l6 was left out for time, "
        "mpnet-base was left out for memory."
    )


@pytest.mark.parametrize(
    ("why", "said"),
    [("interrupted", "were left out when choosing was interrupted."), ("failed", "could not be had.")],
)
def test_whatever_left_them_out_is_told(why, said):
    ranking = {"looked_at": ["a", "b"], "left_out": [{"source": key, "why": why} for key in "cd"]}
    assert looked.missed(ranking) == f"Of the sources only a and b were looked at; c and d {said}"


def test_many_sources_are_counted_and_those_a_person_named_are_all_there_is():
    many = {"looked_at": list("abcde"), "left_out": LEFT}
    assert looked.reused(many) == "the 5 sources that were looked at"
    assert looked.missed(many).startswith("Of the sources only 5 of 7 were looked at; minilm-l6 was left out for time")
    own = {"looked_at": ["a"], "left_out": [], "named": True, "chosen": ["a"]}
    assert (looked.reused(own), looked.missed(own)) == ("a", "")


def test_nothing_is_said_where_every_source_was_looked_at():
    ranking = {"looked_at": ["a", "b"], "left_out": []}
    assert (looked.reused(ranking), looked.missed(ranking)) == (looked.EVERY, "")
    assert (looked.reused({}), looked.missed({})) == (looked.EVERY, "")
