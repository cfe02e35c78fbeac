"""Pictures deeper than 8 bits, or far from square, as the shared cases have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.read import ReadOptions, read
from headstart.read.picture.picture import decode


@pytest.mark.parametrize("kind", ["float", "int", "twelve_bits"])
def test_deep_pictures_have_one_scale_which_a_single_bright_pixel_does_not_move(cases, kind):
    task = read(cases / "deep_pixels" / kind)
    means = [decode(Path(e.path), e.pixels).mean() for e in (*task.train, *task.valid)]
    assert 100 < min(means)
    assert max(means) - min(means) < 10
    assert task.pixels.scaled
    (note,) = task.notes
    assert note.startswith("80 pictures have more than 8 bits a pixel. All are read on one scale, ")


def test_strips_are_squashed_so_that_all_of_each_is_seen_and_it_is_said(cases):
    task = read(cases / "strips")
    assert task.pixels.fit == "squash"
    assert task.notes[0].startswith("Of these pictures the middle square is 7 % only: they are squashed to a square")
    first = task.train[0]
    assert decode(Path(first.path), first.pixels).shape == (512, 512, 3)
    middle = read(cases / "strips", ReadOptions(crop="centre"))
    assert (middle.pixels.fit, middle.notes) == ("centre", ())
    assert {e.digest for e in middle.train}.isdisjoint(e.digest for e in task.train), "what is cached is not shared"
