"""Forgetting: how much of the source's own skill is left in a network that was tuned to another task.

In: top features and the source's own class scores of the same pictures, before and after tuning. Out: a `Forgetting`
and a sentence about it. Knows no network, no file and no target label. What it can say depends on the pictures: on
those of the new task it shows that the network changed; that it got worse at the old one, only the source's own
labelled pictures show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from ..kind._words import number, percent
from ..kind.classification import accuracy
from .interval import Float64, paired, single
from .wording import points

FEWEST = 4  # the unbiased HSIC divides by n − 3
STILL = 1e-7  # features that vary less, relative to their size, do not vary: the resolution of float32
Interval = tuple[float, float]


@dataclass(frozen=True)
class Forgetting:
    """What changed between a source and the network tuned from it, on `n` pictures."""

    on: str  # which pictures, as the sentence shall call them: "the 49 validation pictures"
    n: int
    # Share of the pictures that the source's own classifier puts into the same class as before.
    agreement: float
    agreement_interval: Interval
    named: int  # different classes the source saw in these pictures; with one, agreement says little
    divergence: float  # mean KL(before‖after) of the source's class probabilities, in nats; 0 = the same
    # 1 − debiased CKA of the top features: 0 = the same up to rotation and scale, about 1 = unrelated. Chance may take
    # unrelated features a little above 1.
    drift: float
    level: float  # of all intervals
    # The source's own classifier against the source's own labels; None where these were not given.
    accuracy_before: float | None = None
    accuracy_after: float | None = None
    accuracy_before_interval: Interval | None = None
    accuracy_after_interval: Interval | None = None
    change: float | None = None  # after − before
    change_interval: Interval | None = None  # paired: the same pictures


def measure(
    before: ArrayLike,
    after: ArrayLike,
    logits_before: ArrayLike,
    logits_after: ArrayLike,
    y: ArrayLike | None = None,
    *,
    on: str,
    level: float = 0.95,
) -> Forgetting:
    """Compare a tuned network with the source it came from.

    Args:
        before: `[n d]` top features of the source.
        after: `[n d']` top features of the tuned network, the same pictures in the same order.
        logits_before: `[n s]` the source's own class scores.
        logits_after: `[n s]` the same classifier on the tuned network's features.
        y: `[n]` true classes of the source, where they are known.
        on: which pictures, for the sentence.
        level: of the intervals.

    Raises:
        UsageError: shapes that do not pair, fewer than four pictures, values that are not finite, labels that the
            source does not have.

    >>> f = measure(np.eye(6), np.eye(6), np.eye(6), np.eye(6)[[0, 1, 2, 3, 4, 4]], on="6 pictures")
    >>> round(f.agreement, 3), f.named, f.accuracy_after is None
    (0.833, 6, True)
    """
    old, new = _scores(logits_before, logits_after)
    drift = 1 - cka(before, after)
    if len(np.asarray(before)) != len(old):
        raise UsageError(
            f"Features of {len(np.asarray(before))} pictures came with class scores of {len(old)}; both must be of the "
            "same pictures. Pass them in the same order."
        )
    then, now = old.argmax(1), new.argmax(1)
    p, q = _log_softmax(old), _log_softmax(new)
    found = Forgetting(
        on=on,
        n=len(old),
        agreement=float((then == now).mean()),
        agreement_interval=single(then == now, level),
        named=len(np.unique(then)),
        divergence=max(0.0, float((np.exp(p) * (p - q)).sum(1).mean())),
        drift=drift,
        level=level,
    )
    if y is None:
        return found
    true = _source_labels(y, *old.shape)
    right_then, right_now = then == true, now == true
    return Forgetting(
        **{
            **vars(found),
            "accuracy_before": accuracy(then, true),
            "accuracy_after": accuracy(now, true),
            "accuracy_before_interval": single(right_then, level),
            "accuracy_after_interval": single(right_now, level),
            "change": float(right_now.mean() - right_then.mean()),
            "change_interval": paired(right_now, right_then, level=level),
        }
    )


def sentence(f: Forgetting) -> str:
    """The measurement as a person wants to read it.

    >>> print(sentence(Forgetting("the 49 validation pictures", 49, 0.878, (0.758, 0.943), 9, 0.2, 0.12, 0.95)))
    The tuned network still names 87.8 % of the 49 validation pictures as the source did (95 % interval 75.8 to 94.3); \
its features moved by 0.12 (1 − CKA).
    """
    low, high = (number(100 * end, 1) for end in f.agreement_interval)
    level = f"{100 * f.level:g} % interval"
    text = (
        f"The tuned network still names {percent(f.agreement)} of {f.on} as the source did ({level} {low} to {high}); "
        f"its features moved by {number(f.drift, 2)} (1 − CKA)."
    )
    if f.change is None or f.change_interval is None:
        return text
    return (
        f"{text} At the source's own task it is right on {percent(f.accuracy_after)}, the source on "
        f"{percent(f.accuracy_before)} ({points(f.change)} points, {level} {points(f.change_interval[0])} to "
        f"{points(f.change_interval[1])})."
    )


def cka(a: ArrayLike, b: ArrayLike, *, debiased: bool = True) -> float:
    """Linear centred kernel alignment: how alike two views of the same pictures are, whatever their rotation and scale.

    CKA = HSIC(K, L) / √(HSIC(K, K) · HSIC(L, L)) with K = AAᵀ, L = BBᵀ (Kornblith et al. 2019, Similarity of Neural
    Network Representations Revisited). The plain (biased) HSIC calls unrelated features alike when there are fewer
    pictures than features: 40 pictures × 1280 random features give 0.97. The unbiased HSIC (Song et al. 2012; used for
    CKA by Nguyen et al. 2021) gives 0 there on average. For centred features, with k, l the diagonals of K, L:

        n(n − 3) · HSIC = ⟨K, L⟩ − n/(n − 2) · k·l + Σk · Σl / ((n − 1)(n − 2))

    Debiased, it is the cosine of two U-centred matrices (Székely & Rizzo 2014): at most 1, and it may fall below 0 by
    chance. Either way, directions of large variance count most: a change in small ones hardly shows.

    Args:
        a: `[n d]`.
        b: `[n d']`, the same pictures in the same order.
        debiased: correct for few pictures.

    Returns:
        1 for the same features, 0 for unrelated ones. Where one of the two is the same for all pictures (or, debiased,
        for all but one) there is nothing to be alike: 0; where both are, nothing changed: 1.

    Raises:
        UsageError: not two matrices of as many rows, fewer than four rows, values that are not finite.

    >>> x = np.arange(10.0).reshape(5, 2) ** 2
    >>> round(cka(x, 3 * x[:, ::-1] + 7), 6)
    1.0
    """
    x, y = _centred(a, "a"), _centred(b, "b")
    if len(x) != len(y):
        raise UsageError(
            f"Features of {len(x)} and of {len(y)} pictures were given; CKA compares two views of the same pictures. "
            "Pass as many rows for both, in the same order."
        )
    xx, yy = _hsic(x, x, debiased), _hsic(y, y, debiased)
    # What rounding leaves of a difference of sums of this size counts as nothing.
    flat = [own <= 1e-10 * _hsic(z, z, debiased=False) for own, z in ((xx, x), (yy, y))]
    if any(flat):
        return 1.0 if all(flat) else 0.0
    return float(np.clip(_hsic(x, y, debiased) / np.sqrt(xx * yy), -1.0, 1.0))


def _hsic(x: Float64, y: Float64, debiased: bool) -> float:
    """n(n − 3) times the unbiased HSIC of centred rows, or ⟨K, L⟩; by way of the smaller of the two products."""
    n = len(x)
    if n * n <= x.shape[1] * y.shape[1]:
        shared = float(((x @ x.T) * (y @ y.T)).sum())
    else:
        shared = float(((x.T @ y) ** 2).sum())
    if not debiased:
        return shared
    k, m = (x * x).sum(1), (y * y).sum(1)
    return shared - n / (n - 2) * float(k @ m) + float(k.sum() * m.sum()) / ((n - 1) * (n - 2))


def _centred(features: ArrayLike, name: str) -> Float64:
    """Columns less their means, all in one unit, so that no product overflows; zeros where nothing varies."""
    x = np.asarray(features, dtype=np.float64)
    if x.ndim != 2 or len(x) < FEWEST or x.shape[1] == 0:
        raise UsageError(
            f"Features '{name}' have the shape {x.shape}; [n d] with {FEWEST} or more pictures and at least one "
            "feature is needed. Measure on more pictures, one row each."
        )
    _finite(x, f"Features '{name}'")
    largest = float(np.abs(x).max()) or 1.0
    x = x / largest
    centred = x - x.mean(0)
    return centred if (centred**2).sum() > STILL**2 * (x**2).sum() else np.zeros_like(x)


def _scores(before: ArrayLike, after: ArrayLike) -> tuple[Float64, Float64]:
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if old.ndim != 2 or old.shape != new.shape or old.shape[1] < 2:
        raise UsageError(
            f"Class scores of shape {old.shape} before and {new.shape} after were given; two of the same shape [n s] "
            "with two or more classes are needed. Pass the source's own classifier's scores of the same pictures."
        )
    _finite(old, "Class scores before")
    _finite(new, "Class scores after")
    return old, new


def _finite(x: Float64, what: str) -> None:
    if not np.isfinite(x).all():
        raise UsageError(
            f"{what} hold {int((~np.isfinite(x)).sum())} values that are not finite; all must be. Training diverged: "
            "tune with a lower learning rate."
        )


def _source_labels(y: ArrayLike, n: int, s: int) -> NDArray[np.int64]:
    true = np.asarray(y)
    if true.shape != (n,) or true.dtype.kind not in "iu" or true.min() < 0 or true.max() >= s:
        raise UsageError(
            f"Source labels of shape {true.shape} and type {true.dtype} were given; {n} whole numbers from 0 to "
            f"{s - 1} are needed, one a picture. Pass the source's class numbers, or None where they are not known."
        )
    return true.astype(np.int64)


def _log_softmax(z: Float64) -> Float64:
    z = z - z.max(axis=1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))
