"""Texts: shown by their words."""

from __future__ import annotations

from .._modality import Modality


class Texts(Modality):
    """See the base class."""

    one, tag, made = "a text", "text", "written"
    more, given = "more.jsonl", "a new text"


SHOWN = Texts()
