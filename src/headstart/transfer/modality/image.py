"""Pictures, where something is learnt from them."""

from __future__ import annotations

OFFERS = frozenset({"classical", "scratch", "tail", "maps", "classifier"})
