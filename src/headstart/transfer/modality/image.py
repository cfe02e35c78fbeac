"""Pictures: maps at a cut, kept with augmented copies; HOG and a small ResNet are their rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...types import Facts, Source, View
from ..baseline import convnet as scratch
from ..baseline import hog_svm as classical
from ..training.setting import FEW, Setting

if TYPE_CHECKING:
    from ..training.tail import Tail

__all__ = ["classical", "scratch"]

OFFERS = frozenset({"classical", "scratch", "tail", "maps", "pixels", "classifier"})
RATES = 1e-3, 3e-4
GLYPH = 48  # pixels: smaller pictures are taken for glyphs, of which a mirrored one is another


def plain() -> View:
    """Small pictures."""
    return View(None, size=classical.SIDE)


def open_tail(source: Source, weights: Path | None, view: View, k: int) -> Tail:
    """Of the view's cut."""
    from ...source.vision.backbone import load
    from ..training.map_tail import MapTail

    return MapTail(load(source, weights), view.depth, k)


def tuned_view(view: View, facts: Facts) -> View:
    """Maps at the cut, copies augmented as the pictures' size and mirror images allow."""
    return replace(view, style="glyph" if facts.side < GLYPH else "photo" if facts.mirror else "oriented")


def copies(facts: Facts) -> int:
    """Eight, fewer for much data (a copy costs one pass and ~40 KB)."""
    return min(8, max(2, round(8000 / facts.n)))


def suited(config: Setting, facts: Facts, decay: float = 1.0) -> Setting:
    """As it is; with few pictures the last two parts, the last state kept: validation could choose nothing."""
    return replace(config, parts=2, keep="last") if facts.n < FEW else config


def alternatives(config: Setting) -> Sequence[Setting]:
    """The last two parts; the last three, also with batch-norm's statistics learning, and at a lower rate."""
    return [replace(config, parts=2), config, replace(config, norm="batch"), replace(config, lr=RATES[1])]
