"""Pictures."""

from __future__ import annotations

NOUN = "picture"  # what one example is called
GENERAL = ("photographs",)
