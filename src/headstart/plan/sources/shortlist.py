"""The order in which sources are considered before any of their features are seen: by the `prior` score, then by cost.

In: records. Out: the same, the likelier ones first. What is published of a source and how large it is says much of
what it will be worth (facts.md §5: the parameter count alone orders ImageNet networks well); what it costs decides
between equals.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...score import prior
from ...score._look import Look
from ...types import Source


def order(sources: Iterable[Source]) -> list[Source]:
    """Likelier ones first.

    >>> from headstart.source._catalogue import get
    >>> [s.key for s in order([get("mobilenet-v2"), get("efficientnet-lite2")])]
    ['efficientnet-lite2', 'mobilenet-v2']
    """
    known, none = list(sources), (np.zeros((0, 1), np.float32), np.zeros(0, np.int64))
    worth = {s.key: prior.score(Look(*none, k=2, source=s)) for s in known}
    return sorted(known, key=lambda s: (-worth[s.key], s.macs, s.key))
