"""Texts."""

from __future__ import annotations

NOUN = "text"  # what one example is called
GENERAL = ("sentences", "words", "web pages")
MEASURE = 64 * 5.0  # characters of the text that a record's multiply-adds are for
