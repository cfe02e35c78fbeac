"""The same on mean colours: a rival that starts fresh. x [n, 64, 64, 3] uint8 → [n h]."""

from __future__ import annotations

from collections.abc import Sequence

from ..types import View
from .ridge_steps import KINDS, PAPER, SHORT_RUN, STOCHASTIC, Config, logits, run, settings

__all__ = ["KINDS", "PAPER", "SHORT_RUN", "STOCHASTIC", "Config", "logits", "run", "settings"]
TITLE = "ridge regression on mean colours"
REUSES = False


def views(sources: Sequence[str]) -> list[View]:
    """Small pictures, whatever the sources."""
    return [View(None, size=64)]
