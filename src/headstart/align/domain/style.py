"""Source pictures in the target's colours: each has a copy that is given what one target picture, drawn, looks like.

Half of the copies by Fourier domain adaptation: the amplitudes of low frequencies are the target picture's, the phases
stay. That carries light, shade and where colours lie, and leaves fine contrast as it was. The other half by colour
transfer: mean and spread of each channel of CIELAB are the target picture's, which carries contrast and knows no place.
Neither is trained, and either alone misses what the other moves; which shift a person has we do not know. The head is
fitted on pictures and copies alike.

Departures. The window's size is drawn from the three that Yang & Soatto train a network each for. CIELAB in place of
Reinhard's lαβ, whose logarithms the black pixels of a night picture decide; a spread grows at most `STRETCH` times,
so that noise in a grey picture's colours stays noise.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ...runtime import digest
from ...score._axes import signed_root
from ...types import Progress, View
from ._both import Both, Looked
from ._lab import from_lab, to_lab

Pixels = NDArray[np.uint8]  # [3, s, s]
Floats = NDArray[np.float32]

TITLE = "source pictures in the target's colours"
PAPER = (
    "Yang & Soatto 2020, FDA: Fourier Domain Adaptation for Semantic Segmentation; "
    "Reinhard et al. 2001, Color Transfer between Images"
)
NEEDS = frozenset({"pixels"})
ON_REQUEST = False

VERSION = 1  # part of the key that copies are kept under: count on when they change
STRETCH = 5.0


@dataclass(frozen=True)
class Config:
    """One setting."""

    looked: int = 100  # target pictures whose looks are drawn from, at most
    fourier: float = 0.5  # share of the copies that are made by Fourier domain adaptation
    windows: tuple[float, ...] = (0.01, 0.05, 0.09)  # half its side over the picture's: the paper's β


def cost(n: int, m: int, d: int, k: int) -> float:
    """One more pass of every source picture, and as much again to change them (of the smallest sources)."""
    return 2.0 * n * d + m + k


def run(config: Config, both: Both) -> Generator[Progress, None, Looked]:
    """Look at the copies; all else is as it was."""
    _, some = both.drawn(config.looked)
    key = both.source.key
    looks = Looks.of(both.store.extract(some, [View(key, "input")])[0].x, config, both.seed)
    yield Progress(1, 2)
    view = View(key, "top")
    parts = [both.store.extract(part, [view])[0].x for part in (both.train, both.valid, both.target)]
    copies = both.store.changed((*both.train, *both.valid), view, looks)
    yield Progress(2, 2)
    train, valid, target, copies = (signed_root(x) for x in (*parts, copies))
    return Looked(train, valid, target, view, copies=copies, notes={"looks": len(some), "copies": len(copies)})


@dataclass(frozen=True)
class Looks:
    """What some pictures look like, to be given to others; a change as `FeatureStore.changed` takes it."""

    means: Floats  # [m 3], of CIELAB
    spreads: Floats  # [m 3]
    waves: Floats  # [m 3 2b+1 b+1], amplitudes as `window` has them
    config: Config
    seed: int
    key: str = field(default="")

    @classmethod
    def of(cls, pictures: Pixels, config: Config, seed: int) -> Looks:
        """Of pictures [m 3 s s]."""
        labs = [to_lab(picture) for picture in pictures]
        means, spreads = (np.array([f(lab, (1, 2)) for lab in labs], np.float32) for f in (np.mean, np.std))
        half = half_side(max(config.windows), pictures.shape[-1])
        waves = np.array([window(np.abs(spectrum(picture)), half) for picture in pictures], np.float32)
        known = [digest_of(x) for x in (means, spreads, waves)]
        return cls(means, spreads, waves, config, seed, digest("style", VERSION, STRETCH, asdict(config), seed, *known))

    def __call__(self, prepared: Pixels, name: str) -> Pixels:
        """A picture [3 s s] in the looks of one of them; its name decides of which, and how."""
        random = np.random.default_rng((self.seed, crc32(name.encode())))
        one = int(random.integers(len(self.means)))
        if random.random() >= self.config.fourier:
            return transferred(prepared, self.means[one], self.spreads[one])
        share = self.config.windows[int(random.integers(len(self.config.windows)))]
        return swapped(prepared, self.waves[one], half_side(share, prepared.shape[-1]))


def swapped(picture: Pixels, amplitudes: Floats, half: int) -> Pixels:
    """Fourier domain adaptation: low frequencies' amplitudes are others, the phases stay.

    Args:
        picture: [3 s s].
        amplitudes: [3 2b+1 b+1], of `window`, b no less than `half`.
        half: frequencies from −half to half are changed.
    """
    from scipy.fft import irfft2

    z, beyond = spectrum(picture), amplitudes.shape[-1] - 1 - half
    inner = amplitudes[:, beyond : amplitudes.shape[1] - beyond, : half + 1]
    rows = np.arange(-half, half + 1)
    z[:, rows, : half + 1] = inner * np.exp(1j * np.angle(z[:, rows, : half + 1]))
    return as_bytes(irfft2(z, picture.shape[1:]))


def spectrum(picture: Pixels) -> NDArray[np.complex64]:
    """Of each channel, [3 s s] → [3 s s//2+1]; the other half mirrors it."""
    from scipy.fft import rfft2

    return np.asarray(rfft2(picture.astype(np.float32)), np.complex64)


def window(spectrum: Floats, half: int) -> Floats:
    """Frequencies up to `half`, [3 s s//2+1] → [3 2·half+1 half+1], rows from −half to half."""
    return spectrum[:, np.arange(-half, half + 1), : half + 1]


def half_side(share: float, side: int) -> int:
    """Of a window in pixels' number of frequencies.

    >>> half_side(0.05, 224), half_side(0.01, 64)
    (11, 0)
    """
    return int(share * side)


def transferred(picture: Pixels, mean: Floats, spread: Floats) -> Pixels:
    """Colour transfer: each channel of CIELAB gets this mean and spread [3], of a picture [3 s s]."""
    lab = to_lab(picture)
    own, before = lab.mean((1, 2)), lab.std((1, 2))
    gain = np.minimum(spread / np.maximum(before, 1e-3), STRETCH)
    return as_bytes(from_lab((lab - own[:, None, None]) * gain[:, None, None] + mean[:, None, None]))


def as_bytes(x: Floats) -> Pixels:
    """Rounded and cut to 0 … 255."""
    return np.ascontiguousarray(np.rint(x).clip(0, 255).astype(np.uint8))


def digest_of(x: Floats) -> str:
    """Of an array's bytes."""
    import hashlib

    return hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()
