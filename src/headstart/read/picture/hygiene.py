"""Pictures that must not go into an honest test: broken ones, the same one twice, near-duplicates on both sides.

In: labelled paths, with splits where given. Out: see `_clean`. Near-duplicates are re-encoded, resized or brightened
copies and frames of one film. Crops, mirrored copies, most greyed copies and resized copies of tiny pictures
(28 × 28) are not found, nor anything in flat pictures.

Two pictures are near-duplicates when their 32 × 32 grey thumbnails correlate by at least 0.95, the Laplacians of
these (the fine structure, which tells two smooth scenes apart) by at least 0.90, and their colours agree. The limits
were chosen on the sets they are tested on: among photographs, aerial scenes and steel textures different pictures
reach 0.57 in the Laplacian, among 5,000 MNIST digits 0.91 (one pair is merged). Of copies at JPEG quality 50, 92 to
100 of 100 are found. The low frequencies of the thumbnail's DCT, as in the pHash but not rounded to bits, give a
lower bound of the distance, so no pair over the limits is missed and few are compared in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...pixels import Pixels
from ...types import IntArray, SetAside
from .._clean import Clean, Kept, settle
from .._near import components
from .._options import ReadOptions
from .._record import Found, Record
from .copies import copies
from .look import SIDE, Look, look_at
from .scale import chosen

Floats = NDArray[np.float32]
_SAME = 0.95  # correlation of grey thumbnails
_SAME_FINE = 0.90  # correlation of their Laplacians
_SAME_COLOUR = 0.35  # distance of colours, relative to their strength
_FAINT = 8.0  # strength of colour (rms, 0..127) below which a picture counts as grey
_FLAT = 2.0  # contrast below which a picture has no structure to compare
_BLANK = 0.2  # contrast below which it shows nothing at all
_LOW = 8  # frequencies a side
_BLOCK = 256  # rows compared at once: 256 × n floats
_CHUNK = 20_000  # pairs compared in full at once
_ENOUGH = 32  # near-duplicates of one picture


def clean(
    found: Found,
    root: Path,
    progress: Callable[[int, int], None] | None = None,
    options: ReadOptions = ReadOptions(),
    *,
    pixels: Pixels | None = None,
) -> Clean:
    """Look at every picture, set aside what is broken or doubled, find near-duplicates, choose how pixels are read.

    Args:
        found: the records.
        root: paths are told relative to it.
        progress: called with (done, total).
        options: `duplicates` (see `_clean.settle`), and `crop`: how pictures far from square are fitted.
        pixels: how they are read, where that was chosen before; else those that no test split claims decide.
    """
    records = sorted(found.records, key=lambda r: (r.path.as_posix(), r.label))
    records, aside = _printable(records)
    looks = look_at([r.path for r in records], str(root), progress)
    aside += [SetAside(str(r.path), x.reason, x.detail) for r, x in zip(records, looks, strict=True) if x.reason]
    good = [(Kept(r, x.digest), x) for r, x in zip(records, looks, strict=True) if not x.reason]
    cleaned = settle(good, near_pairs, aside, root, "picture", duplicates=options.duplicates, of=found)
    notes: tuple[str, ...] = ()
    if pixels is None:
        pixels, notes = chosen([look for kept, look in good if kept.record.split != "test"], options.crop)
        if all(r.split is None and r.group is None for r in records):  # else somebody has settled it
            notes += copies([kept.record.path for kept, _ in good])
    if many := sum(look.frames for _, look in good):
        notes += (f"{many:,} of {len(good):,} pictures hold several frames or pages: the first of each is read.",)
    if flat := [k.record.path for k, look in good if look.contrast < _BLANK]:
        notes += (
            f"{len(flat):,} of {len(good):,} pictures show one colour alone, such as {flat[0]} (what is transparent is "
            "read as white): of these nothing can be learnt.",
        )
    kept = tuple(Kept(replace(k.record, pixels=pixels), pixels.name(k.digest)) for k in cleaned.kept)
    return replace(cleaned, kept=kept, pixels=pixels, notes=cleaned.notes + notes)


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
    found = _Found(len(low))
    for start in range(0, len(low), _BLOCK):
        for rows, columns in found.open(start, min(start + _BLOCK, len(low))):
            near = left[rows] @ right[columns].T >= _SAME - 1 - 1e-4
            i, j = np.divmod(np.flatnonzero(near), max(len(columns), 1))
            i, j = rows[i], columns[j]
            i, j = i[i < j], j[i < j]
            for part in np.array_split(np.arange(len(i)), len(i) // _CHUNK + 1):
                a, b = found.unsettled(i[part], j[part])
                same = (_dots(grey, a, b) >= _SAME) & (_dots(fine, a, b) >= _SAME_FINE) & _same_colour(colour, a, b)
                found.add(np.stack([a[same], b[same]], 1))
    return np.asarray(textured[found.pairs], np.int64)


class _Found:
    """Pairs so far. Where thousands are alike, each need not be compared with each: who has twins enough is settled.

    Two that are settled and of one component are not compared any more, so that the pairs stay linear in number.
    """

    def __init__(self, n: int) -> None:
        self._pairs = [np.empty((0, 2), np.int64)]
        self._twins = np.zeros(n, np.int64)
        self._part = np.arange(n)

    @property
    def pairs(self) -> IntArray:
        return np.concatenate(self._pairs)

    def open(self, start: int, stop: int) -> list[tuple[IntArray, IntArray]]:
        """Which rows, start to stop, are to be compared with which columns behind start."""
        rows, columns = np.arange(start, stop), np.arange(start, len(self._part))
        settled = self._twins >= _ENOUGH
        if not settled.any():
            return [(rows, columns)]
        crowd = settled & (self._part == np.bincount(self._part[settled]).argmax())
        return [(rows[~crowd[rows]], columns), (rows[crowd[rows]], columns[~crowd[columns]])]

    def unsettled(self, a: IntArray, b: IntArray) -> tuple[IntArray, IntArray]:
        """Of pairs of one and another those that are worth a comparison."""
        some = (self._twins[a] < _ENOUGH) | (self._twins[b] < _ENOUGH) | (self._part[a] != self._part[b])
        return a[some], b[some]

    def add(self, pairs: IntArray) -> None:
        """Keep these [m, 2]."""
        if not len(pairs):
            return
        self._pairs.append(pairs)
        self._twins += np.bincount(pairs.ravel(), minlength=len(self._twins))
        if self._twins.max() >= _ENOUGH:
            self._part = components(self.pairs, len(self._part))


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
