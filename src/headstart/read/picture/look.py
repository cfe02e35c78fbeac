"""One look at each file: sha256, size in pixels, or why it cannot be read, and a thumbnail to find twins by.

In: paths. Out: a `Look` for each. Remembered in one file below the cache folder, so that a second look at unchanged
files decodes nothing. A file counts as unchanged while its size and its times of change are; a renamed or moved file
is known again by its digest. Does not compare pictures: see `_hygiene`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL import __version__ as pillow_version

from ... import runtime
from ...pixels import Pixels
from .picture import DECODE_VERSION, Unreadable, decode, deep_range, file_bytes, has_frames

SIDE = 32  # pixels of the grey thumbnail
FORM = 3  # of what is remembered
_SAVE_EVERY = 30.0  # seconds
Stamp = tuple[int, int, int]  # bytes, modified and changed in ns


@dataclass(frozen=True)
class Look:
    """What is known of one file. `reason` is empty for a good picture; else there are no pixels."""

    digest: str  # sha256 of the bytes; empty where nothing lasting is known
    height: int = 0  # pixels, upright
    width: int = 0
    contrast: float = 0.0  # standard deviation of the grey thumbnail, 0..127
    grey: NDArray[np.uint8] | None = None  # [SIDE * SIDE], stretched to 0..255
    colour: NDArray[np.int8] | None = None  # [4 * 4 * 3], halved differences of R, G, B from their mean
    low: float = 0.0  # range of a picture deeper than 8 bits, its 0.1 and 99.9 percentiles; of others 0 and 0
    high: float = 0.0
    frames: bool = False  # whether there are others behind the one that is read
    reason: str = ""
    detail: str = ""


def look_at(paths: Sequence[Path], memory: str, progress: Callable[[int, int], None] | None = None) -> list[Look]:
    """A look at every path, in order. `memory` names the cache file; `progress(done, total)` is called after each."""
    book = _Book(memory)
    looks: list[Look] = []
    saved = time.monotonic()
    pool = ThreadPoolExecutor(min(os.cpu_count() or 1, 8))
    try:
        for look in pool.map(book.look, map(str, paths)):
            looks.append(look)
            if progress is not None:
                progress(len(looks), len(paths))
            if time.monotonic() - saved > _SAVE_EVERY:
                book.save()
                saved = time.monotonic()
    finally:
        pool.shutdown(cancel_futures=True)  # an interrupt must not wait for all the rest
        book.save()
    return looks


def measure(data: bytes, digest: str) -> Look:
    """Decode a file's bytes and take its measure; the digest stays empty where another try may go better."""
    try:
        rgb, (black, white) = decode(data), deep_range(data)
        rgb = decode(data, Pixels(black, white)) if white > black else rgb
    except Unreadable as e:
        return Look(digest if e.lasting else "", reason=e.reason, detail=e.detail)
    small = np.asarray(Image.fromarray(rgb).resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    grey = small @ np.array([0.299, 0.587, 0.114], np.float32)
    low, high = float(grey.min()), float(grey.max())
    stretched = np.rint((grey - low) * (255 / max(high - low, 1e-6))).astype(np.uint8).ravel()
    cells = small.reshape(4, SIDE // 4, 4, SIDE // 4, 3).mean((1, 3))
    colour = np.rint((cells - cells.mean(-1, keepdims=True)) / 2).astype(np.int8).ravel()
    contrast, frames = float(grey.std()), has_frames(data)
    return Look(digest, rgb.shape[0], rgb.shape[1], contrast, stretched, colour, black, white, frames)


class _Book:
    """Looks by digest, digests by path and stamp; one npz file without pickle."""

    def __init__(self, memory: str) -> None:
        name = runtime.digest(DECODE_VERSION, FORM, SIDE, pillow_version, memory)
        self._file = runtime.cache_dir() / "read" / f"{name}.npz"
        self._stamps, self._looks = _load(self._file)
        self._seen: dict[str, tuple[Stamp, str]] = {}
        self._dirty = False

    def look(self, path: str) -> Look:
        """From memory, or by reading the file. Safe to call from several threads."""
        try:
            stamp = _stamp(path)
        except (OSError, ValueError):
            stamp = (-1, -1, -1)
        known = self._stamps.get(path)
        if known is not None and known[0] == stamp and known[1] in self._looks:
            self._seen[path] = known
            return self._looks[known[1]]
        try:
            data = file_bytes(Path(path))
        except Unreadable as e:
            return Look("", reason=e.reason, detail=e.detail)
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._looks:
            look = measure(data, digest)
            if not look.digest:
                return look
            self._looks[digest] = look
        self._seen[path] = (stamp, digest)
        self._dirty = True
        return self._looks[digest]

    def save(self) -> None:
        """Write what was seen; files that are gone are forgotten."""
        if not self._dirty and len(self._seen) == len(self._stamps):
            return
        seen = dict(self._seen)
        looks = [self._looks[d] for d in dict.fromkeys(digest for _, digest in seen.values())]
        good = [x for x in looks if not x.reason]
        about = {
            "files": [[path, *stamp, digest] for path, (stamp, digest) in seen.items()],
            "good": [[x.digest, x.height, x.width, x.contrast, x.low, x.high, x.frames] for x in good],
            "bad": [[x.digest, x.reason, x.detail] for x in looks if x.reason],
        }
        # A name that is no valid unicode travels as a lone surrogate, which JSON escapes.
        out = io.BytesIO()
        np.savez(
            out,
            about=np.frombuffer(json.dumps(about).encode(), np.uint8),
            grey=np.array([x.grey for x in good], np.uint8).reshape(len(good), SIDE * SIDE),
            colour=np.array([x.colour for x in good], np.int8).reshape(len(good), 48),
        )
        runtime.write(self._file, out.getvalue())
        self._dirty = False


def _stamp(path: str) -> Stamp:
    info = os.stat(path)
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _load(file: Path) -> tuple[dict[str, tuple[Stamp, str]], dict[str, Look]]:
    """What the cache file holds; nothing where it is missing or damaged."""
    try:
        with file.open("rb") as f, np.load(f, allow_pickle=False) as held:
            about = json.loads(held["about"].tobytes())
            looks = {
                digest: Look(digest, h, w, contrast, grey, colour, low, high, frames)
                for (digest, h, w, contrast, low, high, frames), grey, colour in zip(
                    about["good"], held["grey"], held["colour"], strict=True
                )
            }
        looks |= {digest: Look(digest, reason=reason, detail=detail) for digest, reason, detail in about["bad"]}
        return {path: ((a, b, c), digest) for path, a, b, c, digest in about["files"]}, looks
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return {}, {}
