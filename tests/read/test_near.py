"""Near-duplicates that are a leak, and those that are only one scene."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.errors import UsageError
from headstart.read import ReadOptions, read
from headstart.read._near import components, telling
from headstart.read._record import Record
from headstart.read.picture.hygiene import near_pairs
from headstart.read.picture.look import Look

RNG = np.random.default_rng(2)


def records(*labels):
    return [Record(Path(str(i)), label) for i, label in enumerate(labels)]


def chain(*members):
    return np.array(list(pairwise(members)), np.int64)


def test_a_component_with_most_of_two_classes_tells_nothing_and_others_still_do():
    some = records(*["good"] * 20, *["scratch"] * 20, *["other"] * 60)
    pairs = np.concatenate([chain(*range(5, 38)), chain(50, 51, 52)])
    left, (said,) = telling(some, pairs, "picture")
    assert left.tolist() == [[50, 51], [51, 52]]
    assert said.startswith("33 of 100 pictures (of 'good', 'scratch') are near-duplicates of each other")


@pytest.mark.parametrize(
    ("labels", "crowd", "is_scene"),
    [
        (["a"] * 50 + ["b"] * 50, range(30), False),  # a film: one class, and others of it besides
        (["a"] * 50 + ["b"] * 50, range(45), True),  # nearly all of a class: kept whole, no part could judge it
        (["a"] * 50 + ["b"] * 50, range(38, 62), True),  # a camera of several that saw both
        (["a"] * 100 + ["b"] * 100, range(90, 110), False),  # a film in which the class changes
        (["a"] * 4 + ["b"] * 4, range(8), False),  # too few to be a crowd
    ],
)
def test_what_is_a_scene(labels, crowd, is_scene):
    pairs = chain(*crowd)
    assert len(telling(records(*labels), pairs, "picture")[0]) == (0 if is_scene else len(pairs))


def test_many_that_are_alike_give_few_pairs_and_one_component():
    noise = np.random.default_rng(0).integers(0, 255, (16, 1024))
    colour = np.zeros(48, np.int8)
    base = np.repeat(np.repeat(noise[0].reshape(32, 32)[::4, ::4], 4, 0), 4, 1).ravel()
    alike = [Look("x", 64, 64, 50.0, np.clip(base + RNG.normal(0, 2, 1024), 0, 255), colour) for _ in range(3000)]
    others = [Look("x", 64, 64, 50.0, other.astype(np.uint8), colour) for other in noise]
    pairs = near_pairs([*others, *alike])
    assert len(pairs) < 40 * 3000  # of 4.5 million
    part = components(pairs, len(others) + len(alike))
    assert np.bincount(part).max() == 3000
    assert len(np.unique(part)) == 17


@pytest.fixture
def copies(tmp_path):
    """Two classes of twelve pictures, and of the first of each three copies at other qualities."""
    for c in "ab":
        (tmp_path / c).mkdir()
        for i in range(12):
            picture = Image.fromarray(RNG.integers(0, 255, (8, 8, 3), np.uint8)).resize(
                (96, 96), Image.Resampling.BICUBIC
            )
            picture.save(tmp_path / c / f"{i:02}.jpg", quality=95)
            for quality in (70, 80, 90) if i == 0 else ():
                picture.save(tmp_path / c / f"{i:02}_{quality}.jpg", quality=quality)
    return tmp_path


@pytest.mark.parametrize(("duplicates", "n", "groups"), [("group", 30, 2), ("keep", 30, 0), ("drop", 24, 0)])
def test_what_becomes_of_near_duplicates_may_be_said(copies, duplicates, n, groups):
    task = read(copies, ReadOptions(duplicates=duplicates))
    every = [*task.train, *task.valid, *task.test.open()]
    assert len(every) == n
    assert len({e.group for e in every} - {None}) == groups
    assert [s.reason for s in task.set_aside] == ["near_duplicate"] * (30 - n)


def test_another_way_is_told(copies):
    with pytest.raises(UsageError, match="'forget' is not known; allowed: group, keep, drop"):
        read(copies, ReadOptions(duplicates="forget"))


def test_repeated_rows_count_once_and_that_is_said(tmp_path):
    rows = [
        f"{'river stone market'.split()[i % 3]} {i * 37} {'garden engine'.split()[i % 2]},{'ab'[i % 2]}"
        for i in range(20)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *rows, *rows[::2]]))
    task = read(tmp_path / "t.csv")
    assert len(task.set_aside) == 10
    assert task.notes[0].startswith(
        "10 of 30 texts are exact repeats of others: each counts once, also if meant to bal"
    )


def test_two_scenes_of_one_class_do_not_take_it_out_of_train():
    """Each camera's crowd is under a fifth of all; together they hold all that train shows of a class."""
    splits = [*["train"] * 14, *["test"] * 6] * 3
    some = [Record(Path(str(i)), "abc"[i // 20], split) for i, split in enumerate(splits)]
    pairs = np.concatenate([chain(*range(0, 20, 2)), chain(*range(1, 20, 2))])
    pairs = np.concatenate([pairs, [(i, 14 + i % 2) for i in range(14)]])
    left, said = telling(some, pairs, "picture")
    assert not len(left)
    assert "20 of 60 pictures (of 'a')" in said[0]
