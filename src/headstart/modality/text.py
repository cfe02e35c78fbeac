"""Texts."""

from __future__ import annotations

NOUN = "text"  # what one example is called
