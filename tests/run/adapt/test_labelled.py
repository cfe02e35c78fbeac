"""Which of the judge's examples teach the rival, and what may be asked for."""

import pytest

import tiny_text
from headstart.errors import UsageError
from headstart.run.adapt import labelled
from headstart.types import Example


def test_as_many_teach_as_asked_for_whatever_their_labels_and_order():
    texts = tiny_text.texts(50, 2)
    taught, rest = labelled.drawn(texts, 20, seed=3)
    assert (len(taught), sorted([*taught, *rest])) == (20, [*range(50)])
    bare = [Example(e.path, e.digest, e.content) for e in reversed(texts)]
    assert {bare[i].digest for i in labelled.drawn(bare, 20, seed=3)[0]} == {texts[i].digest for i in taught}
    assert labelled.drawn(texts, 20, seed=4)[0].tolist() != taught.tolist()


def test_examples_of_one_group_teach_or_are_compared_on_together():
    texts = [Example(f"{i}", f"{i}", f"text {i}", 0, f"{i // 7}") for i in range(70)]
    taught, rest = labelled.drawn(texts, 20, seed=0)
    assert not {texts[i].group for i in taught} & {texts[i].group for i in rest}
    assert len(taught) == 21


@pytest.mark.parametrize(("given", "found"), [(None, None), ("", None), ("half", "half"), ("12", 12), (12, 12)])
def test_what_is_asked_for_is_understood(given, found):
    assert labelled.asked(given, "judge.csv") == found


@pytest.mark.parametrize("given", ["all", "-3", "1e3", 9, 0])
def test_another_number_of_labels_is_a_slip(given):
    with pytest.raises(UsageError, match=f"--target-labels {given} was given; allowed: a number from 10 on, or half"):
        labelled.asked(given, "judge.csv")
