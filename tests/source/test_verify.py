"""Verification: the real sources name the photographs, a network that learned nothing does not."""

from __future__ import annotations

import dataclasses

import pytest
from tiny_source import REAL

from headstart.errors import SourceError
from headstart.source.verify import image, sound, verify
from headstart.source.vision import timm


@pytest.mark.parametrize("key", REAL)
def test_the_real_weights_name_the_photographs(real, key):
    rows = verify(real(key))
    assert sound(rows), rows
    assert {row["picture"]: row["ok"] for row in rows} | {"rocket": True} == dict.fromkeys(image._PICTURES, True)


def test_random_weights_do_not(tiny, tmp_path):
    tiny.put_into(tmp_path / "wheels")
    assert not sound(verify(tiny.source))


def test_expected_names_are_imagenets():
    names = set(timm.class_names())
    assert len(timm.class_names()) == 1000
    assert all(expected <= names for _, _, expected in image._PICTURES.values())


def test_other_classes_cannot_be_asked(tiny):
    with pytest.raises(SourceError, match="'tiny' knows the classes 'birds'"):
        verify(dataclasses.replace(tiny.source, classes="birds"))


def test_a_missing_photograph():
    with pytest.raises(SourceError, match="of the package 'skimage' cannot be read"):
        image._read("skimage", "data/none.png")
