"""Verification: the real sources name the photographs, a network that learned nothing does not."""

from __future__ import annotations

import dataclasses

import pytest
from tiny_source import REAL

from headstart.errors import SourceError
from headstart.source import _timm, _verify


@pytest.mark.parametrize("key", REAL)
def test_the_real_weights_name_the_photographs(real, key):
    rows = _verify.verify(real(key))
    assert _verify.sound(rows), rows
    assert {row["picture"]: row["ok"] for row in rows} | {"rocket": True} == dict.fromkeys(_verify._PICTURES, True)


def test_random_weights_do_not(tiny, tmp_path):
    tiny.put_into(tmp_path / "wheels")
    assert not _verify.sound(_verify.verify(tiny.source))


def test_expected_names_are_imagenets():
    names = set(_timm.class_names())
    assert len(_timm.class_names()) == 1000
    assert all(expected <= names for _, _, expected in _verify._PICTURES.values())


def test_other_classes_cannot_be_asked(tiny):
    with pytest.raises(SourceError, match="'tiny' knows the classes 'birds'"):
        _verify.verify(dataclasses.replace(tiny.source, classes="birds"))


def test_a_missing_photograph():
    with pytest.raises(SourceError, match="of the package 'skimage' cannot be read"):
        _verify._read("skimage", "data/none.png")
