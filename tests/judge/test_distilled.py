"""Whether a teacher helped: paired differences, words, and no test example among the unlabelled."""

import numpy as np
import pytest

from headstart.judge import distilled
from headstart.types import Example, Fitted, Sealed, Task, View

N = 120
TEST = tuple(Example(f"{i}.jpg", f"{i:064x}", answer=i % 2) for i in range(N))
MODEL = Fitted("probe", View("drawn"), {}, ("a", "b"), {}, 1, 1)


def task() -> Task:
    return Task("drawn", ("a", "b"), TEST[:2], TEST[:2], Sealed(TEST))


def right(wrong: int):
    """Scores that name all but the first `wrong` examples rightly."""
    y = np.array([e.answer for e in TEST])
    y[:wrong] = 1 - y[:wrong]
    return lambda some: np.eye(2)[y]


def judged(taught: int, alone: int, teacher: int) -> distilled.Distilled:
    who = (distilled.TAUGHT, taught), (distilled.ALONE, alone), (distilled.TEACHER, teacher)
    sides = {name: (MODEL, right(wrong)) for name, wrong in who}
    return distilled.judge(task(), sides, metric="accuracy", margin=0.01)


@pytest.mark.parametrize(
    ("taught", "alone", "decision", "words"),
    [
        (6, 36, "helps", "The teacher helps: 95.0 % against 70.0 % of the same student alone (+25.0 points"),
        (36, 6, "hurts", "The teacher hurts: 70.0 % against 95.0 %"),
        (6, 7, "no_evidence", "No evidence that the teacher helps: 95.0 % against 94.2 %"),
    ],
)
def test_the_claim_is_what_the_paired_interval_allows(taught, alone, decision, words):
    found = judged(taught, alone, 3)
    assert found.help.decision == decision
    assert found.help.difference == pytest.approx((alone - taught) / N)
    assert found.loss.difference == pytest.approx((3 - taught) / N)
    said = distilled.sentence(found)
    assert words in said
    assert f"{N} sealed test pictures" in said
    assert "The teacher itself: 97.5 %" in said


def test_of_unlabelled_examples_none_is_of_the_sealed_test():
    sealed, new = task(), Example("new.jpg", "f" * 64)
    assert distilled.unseen(sealed, [TEST[7], new]) == (new,)
    assert sealed.test.reads == 1, "that it was opened is counted"
