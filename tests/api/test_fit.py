"""The door to a fit: how a person would ask for the same again."""

from __future__ import annotations

import inspect

import headstart
from headstart.api import _fit


def test_the_command_repeats_what_was_not_left_as_usual(tmp_path):
    asked = {"watch": None, "out": tmp_path, "data": "photos", "command": None}
    usual = {n: p.default for n, p in inspect.signature(headstart.fit).parameters.items() if n not in asked}
    assert _fit._arguments({**asked, **usual}) == "'photos'"
    assert _fit._arguments({**asked, **usual, "mirror": False, "margin": 0.0, "budget": None}) == (
        "'photos', budget=None, mirror=False, margin=0.0"
    )
