"""What must not go into an honest test: broken files, the same picture twice, near-duplicates on both sides.

In: labelled paths, with splits where given. Out: the records that stay, each with its digest, the pairs of near-
duplicates among them, and what was set aside and why. Near-duplicates are re-encoded, resized or brightened copies
and frames of one film. Crops, mirrored copies, most greyed copies and resized copies of tiny pictures (28 × 28) are
not found, nor anything in flat pictures.

Two pictures are near-duplicates when their 32 × 32 grey thumbnails correlate by at least 0.95, the Laplacians of
these (the fine structure, which tells two smooth scenes apart) by at least 0.90, and their colours agree. The limits
were chosen on the sets they are tested on: among photographs, aerial scenes and steel textures different pictures
reach 0.57 in the Laplacian, among 5,000 MNIST digits 0.91 (one pair is merged). Of copies at JPEG quality 50, 92 to
100 of 100 are found. The low frequencies of the thumbnail's DCT, as in the pHash but not rounded to bits, give a
lower bound of the distance, so no pair over the limits is missed and few are compared in full.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..types import IntArray, SetAside
from ._look import SIDE, Look, look_at
from ._record import Found, Record

Floats = NDArray[np.float32]
_SAME = 0.95  # correlation of grey thumbnails
_SAME_FINE = 0.90  # correlation of their Laplacians
_SAME_COLOUR = 0.35  # distance of colours, relative to their strength
_FAINT = 8.0  # strength of colour (rms, 0..127) below which a picture counts as grey
_FLAT = 2.0  # contrast below which a picture has no structure to compare
_LOW = 8  # frequencies a side
_BLOCK = 256  # rows compared at once: 256 × n floats
_RANK = {"test": 0, "valid": 1, "train": 2, None: 2}  # which twin stays: the one in the split that must not shrink


@dataclass(frozen=True)
class Kept:
    """A record that stays, with the sha256 of its file."""

    record: Record
    digest: str


@dataclass(frozen=True)
class Clean:
    """The outcome: `pairs` [m, 2] index `kept`, near-duplicates that may go to one side together."""

    kept: tuple[Kept, ...]
    pairs: IntArray
    set_aside: tuple[SetAside, ...]
    warnings: tuple[str, ...]


def clean(found: Found, root: Path, progress: Callable[[int, int], None] | None = None) -> Clean:
    """Look at every picture, set aside what is broken or doubled, and find near-duplicates.

    Where splits are given, the twin outside the stricter split goes (test before valid before train).
    """
    records = sorted(found.records, key=lambda r: (r.path.as_posix(), r.label))
    records, aside = _printable(records)
    looks = look_at([r.path for r in records], str(root), progress)
    aside += [SetAside(str(r.path), x.reason, x.detail) for r, x in zip(records, looks, strict=True) if x.reason]
    good = [(Kept(r, x.digest), x) for r, x in zip(records, looks, strict=True) if not x.reason]
    good, doubled = _once(good, root)
    kept = [k for k, _ in good]
    pairs = near_pairs([x for _, x in good])
    dropped = _across(kept, pairs)
    aside += doubled + [
        SetAside(
            str(kept[i].record.path),
            "near_duplicate",
            f"Nearly the same picture as {_short(kept[j].record.path, root)} of the {kept[j].record.split} split.",
        )
        for i, j in dropped.items()
    ]
    stay = np.array([i for i in range(len(kept)) if i not in dropped], np.int64)
    place = np.full(len(kept), -1, np.int64)
    place[stay] = np.arange(len(stay))
    pairs = place[pairs]
    pairs = pairs[(pairs >= 0).all(1)]
    kept = [kept[i] for i in stay]
    return Clean(tuple(kept), pairs, tuple(sorted(aside, key=lambda s: s.path)), _remarks(kept, pairs, root))


def near_pairs(looks: Sequence[Look]) -> IntArray:
    """Pairs [m, 2] (i < j) of near-duplicates among good looks."""
    textured = np.array([i for i, x in enumerate(looks) if x.contrast >= _FLAT], np.int64)
    if len(textured) < 2:
        return np.empty((0, 2), np.int64)
    grey = np.stack([looks[i].grey for i in textured]).astype(np.float32)
    colour = np.stack([looks[i].colour for i in textured]).astype(np.float32)
    grey = _unit(grey - grey.mean(1, keepdims=True))
    fine = _unit(_laplacian(grey))
    low = grey @ _low_frequencies()
    # |a − b|² of unit vectors is 2 − 2 corr; over part of the frequencies it can only be less. One product gives
    # a·b − |a|²/2 − |b|²/2 = −|a − b|²/2.
    half, one = -(low**2).sum(1, keepdims=True) / 2, np.ones((len(low), 1), np.float32)
    left, right = np.hstack([low, half, one]), np.hstack([low, one, half])
    out = []
    for start in range(0, len(low), _BLOCK):
        near = left[start : start + _BLOCK] @ right[start:].T >= _SAME - 1 - 1e-4
        i, j = np.divmod(np.flatnonzero(near), near.shape[1])
        i, j = i[i < j] + start, j[i < j] + start
        for part in np.array_split(np.arange(len(i)), len(i) // 20_000 + 1):
            a, b = i[part], j[part]
            same = (_dots(grey, a, b) >= _SAME) & (_dots(fine, a, b) >= _SAME_FINE) & _same_colour(colour, a, b)
            out.append(np.stack([a[same], b[same]], 1))
    return np.asarray(textured[np.concatenate(out)], np.int64)


def _printable(records: list[Record]) -> tuple[list[Record], list[SetAside]]:
    """Set aside what has a name that is no valid Unicode: no report or table could hold it."""
    good, aside = [], []
    for r in records:
        shown = str(r.path).encode(errors="replace").decode()
        if shown == str(r.path) and "\x00" not in shown:
            good.append(r)
        else:
            detail = "The name of the file or its folder is not valid Unicode; rename it."
            aside.append(SetAside(shown.replace("\x00", "?"), "bad_name", detail))
    return good, aside


def _once(good: list[tuple[Kept, Look]], root: Path) -> tuple[list[tuple[Kept, Look]], list[SetAside]]:
    """One of each set of files with the same bytes; none where these carry two labels."""
    by_digest: dict[str, list[int]] = defaultdict(list)
    for i, (kept, _) in enumerate(good):
        by_digest[kept.digest].append(i)
    aside = {}
    for twins in by_digest.values():
        records = [good[i][0].record for i in twins]
        first = min(range(len(twins)), key=lambda n: (_RANK[records[n].split], n))
        two = len({r.label for r in records}) > 1
        for n, r in enumerate(records):
            if two:
                other = next(o for o in records if o.label != r.label)
                detail = f"The same picture is '{r.label}' here and '{other.label}' as {_short(other.path, root)}."
                aside[twins[n]] = SetAside(str(r.path), "two_labels", detail)
            elif n != first:
                detail = f"It is the same picture as {_short(records[first].path, root)}."
                aside[twins[n]] = SetAside(str(r.path), "duplicate", detail)
    return [g for i, g in enumerate(good) if i not in aside], list(aside.values())


def _across(kept: list[Kept], pairs: IntArray) -> dict[int, int]:
    """Pictures to drop, each with the twin in a stricter split."""
    dropped: dict[int, int] = {}
    if not any(k.record.split for k in kept):
        return dropped
    for i, j in pairs.tolist():
        a, b = _RANK[kept[i].record.split], _RANK[kept[j].record.split]
        if a != b:
            loser, winner = (i, j) if a > b else (j, i)
            dropped.setdefault(loser, winner)
    return dropped


def _remarks(kept: list[Kept], pairs: IntArray, root: Path) -> tuple[str, ...]:
    out = []
    twins = len(np.unique(pairs))
    if twins > max(4, 0.05 * len(kept)):
        out.append(
            f"{twins} of {len(kept)} pictures have a near-duplicate; such pictures stay on the same side of the split."
        )
    labels = [k.record.label for k in kept]
    if odd := [(i, j) for i, j in pairs.tolist() if labels[i] != labels[j]]:
        a, b = (kept[n].record for n in odd[0])
        out.append(
            f"Near-duplicates with different labels: {len(odd)}. Look at {_short(a.path, root)} ('{a.label}') "
            f"and {_short(b.path, root)} ('{b.label}')."
        )
    return tuple(out)


def _short(path: Path, root: Path) -> str:
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)


def _unit(a: Floats) -> Floats:
    return np.asarray(a / np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-6), np.float32)


def _dots(x: Floats, a: IntArray, b: IntArray) -> Floats:
    return np.asarray(np.einsum("nd,nd->n", x[a], x[b]), np.float32)


def _same_colour(colour: Floats, a: IntArray, b: IntArray) -> NDArray[np.bool_]:
    def rms(x: Floats) -> Floats:
        return np.asarray(np.sqrt((x**2).mean(1)), np.float32)

    strength = np.maximum(np.maximum(rms(colour[a]), rms(colour[b])), _FAINT)
    return np.asarray(rms(colour[a] - colour[b]) <= _SAME_COLOUR * strength)


def _laplacian(grey: Floats) -> Floats:
    """[n, 32 * 32] → [n, 30 * 30]."""
    g = grey.reshape(-1, SIDE, SIDE)
    out = 4 * g[:, 1:-1, 1:-1] - g[:, :-2, 1:-1] - g[:, 2:, 1:-1] - g[:, 1:-1, :-2] - g[:, 1:-1, 2:]
    return np.asarray(out.reshape(len(g), -1), np.float32)


def _low_frequencies() -> Floats:
    """Orthonormal columns [32 * 32, 8 * 8]: the lowest frequencies of the two-dimensional DCT-II."""
    x = (np.arange(SIDE) + 0.5) * np.pi / SIDE
    basis = np.cos(x[:, None] * np.arange(_LOW)) * np.sqrt(2 / SIDE)  # [32, 8]
    basis[:, 0] = np.sqrt(1 / SIDE)
    return np.asarray(np.kron(basis, basis), np.float32)
