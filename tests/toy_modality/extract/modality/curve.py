"""Extractors for curves: mean over steps of what the filters say, and with it their deviation."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ...read.curve import numbers
from ...runtime import digest
from .._extractor import Modality, WholeExtractor


class Curves(Modality):
    """See the base class."""

    def content(self, example):
        """The numbers, float64 [t]."""
        return numbers(Path(example.path))

    def extractor(self, view, source, weights, engine):
        """All depths side by side, [n 24]: "stage1" is the mean alone."""
        return WholeExtractor(source.key, digest("curve", source.identity), ("all",), partial(_built, source, weights))


def _built(source, weights):
    from ...source.modality.curve import steps

    def compute(curves):
        seen = steps(source, weights, curves)
        return [np.stack([np.concatenate([s.mean(0), s.mean(0), s.std(0)]) for s in seen])]

    return compute


EXTRACTORS = Curves()
