"""Near-duplicate texts: Jaccard similarity of their character 5-grams, found by MinHash.

In: texts. Out: pairs whose sets of 5-grams (case, blanks and digits levelled) overlap by `SAME` or more: the same
message with another number, a review with a word changed, a repost. Translations and paraphrases are not found.
MinHash with banding (Broder 1997; Leskovec et al., Mining of Massive Datasets, ch. 3) proposes pairs, exact
overlap decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from ...types import IntArray

SAME = 0.8  # Jaccard similarity
N = 5  # characters of a shingle
BANDS, ROWS = 16, 4  # of 0.8 similar pairs 99.98 % share a band, of 0.4 similar ones a third
_FULL = 30  # texts of one bucket that are compared in all pairs; of larger ones each with its neighbours
_MERSENNE = np.uint64((1 << 61) - 1)


def near_pairs(texts: Sequence[str]) -> IntArray:
    """Pairs [m, 2] (i < j) of near-duplicates."""
    sets = [shingles(text) for text in texts]
    found = set()
    for i, j in _candidates(sets):
        a, b = sets[i], sets[j]
        if min(len(a), len(b)) >= SAME * max(len(a), len(b)):
            both = len(np.intersect1d(a, b, assume_unique=True))
            if both >= SAME * (len(a) + len(b) - both):
                found.add((i, j))
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def shingles(text: str) -> NDArray[np.uint64]:
    """The distinct hashed 5-grams of a text, sorted; of a shorter text the whole."""
    level = re.sub(r"\d+", "0", " ".join(text.casefold().split()))
    codes = np.frombuffer(f" {level} ".encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    width = min(N, len(codes))
    grams = np.lib.stride_tricks.sliding_window_view(codes, width)
    powers = np.array([1_000_003**i % (1 << 61) for i in range(width)], np.uint64)
    return np.unique((grams * powers).sum(1, dtype=np.uint64))


def _candidates(sets: Sequence[NDArray[np.uint64]]) -> set[tuple[int, int]]:
    """Pairs that share a band of their signatures."""
    signatures = _signatures(sets)
    out: set[tuple[int, int]] = set()
    for band in range(BANDS):
        part = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        key = part.view(np.dtype((np.void, part.dtype.itemsize * ROWS))).reshape(-1)
        order = np.argsort(key, kind="stable")
        edges = np.flatnonzero(np.append(True, key[order][1:] != key[order][:-1]))
        for bucket in np.split(order, edges[1:]):
            if len(bucket) > 1:
                members = sorted(bucket.tolist())
                out.update(combinations(members, 2) if len(members) <= _FULL else pairwise(members))
    return out


def _signatures(sets: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint32]:
    """MinHash signatures [n, BANDS · ROWS]."""
    rng = np.random.default_rng(0)
    factors = rng.integers(1, 1 << 31, (BANDS * ROWS, 1), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    shifts = rng.integers(0, 1 << 31, (BANDS * ROWS, 1), dtype=np.uint64)
    out = np.empty((len(sets), BANDS * ROWS), np.uint32)
    for row, values in enumerate(sets):
        # Multiply-shift hashing; overflow of uint64 is the modulus.
        out[row] = ((values[None] * factors + shifts) >> np.uint64(32)).min(1).astype(np.uint32)
    return out
