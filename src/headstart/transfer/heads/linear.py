"""Linear heads in one eigendecomposition: a ridge path with exact leave-one-out, logistic and squared-hinge heads.

What y holds follows from the `link` of the task's kind: classes [n] ("softmax"), which of several labels apply, [n k]
of 0 and 1 ("sigmoid", one for each), or numbers [n] ("identity").

x [n d] is standardised and turned into its principal axes, z [n r], r ≤ min(n − 1, d): all heads below have the same
solution there as in the d features (their penalty is rotation-invariant), at a fraction of the cost when d > n.
Returned weights are in the original units: logits = x @ weight [d k] + bias [k].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...score._axes import Array, Axes, Ints, decompose, left_out, one_hot, penalties, signed_root
from .._once import once


def axes(x: NDArray[np.floating], *, root: bool) -> Axes:
    """Axes of `signed_root(x)`, each feature in its own unit; or of x itself, all features in one unit. Made once."""
    return once(x, ("axes", root), lambda: decompose(signed_root(x), each=True) if root else decompose(x, each=False))


def ridge_path(a: Axes, y: Ints, k: int, penalties: Array, link: str = "softmax") -> tuple[Array, Array]:
    """Exact leave-one-out of ridge regression on 0/1 targets, for every penalty.

    With H the hat matrix (intercept included), the left-out residual of row i is e_i / (1 − H_ii).

    Returns:
        mean squared left-out error [p], left-out accuracy [p] (of several labels that of all decisions).
    """
    targets = _columns(y, k, link)
    errors, accuracies = [], []
    for rest in left_out(a, targets, penalties):
        errors.append(float((rest**2).mean()))
        guess = targets - rest
        accuracies.append(float(((guess.argmax(1) == y) if link == "softmax" else ((guess > 0.5) == y)).mean()))
    return np.array(errors), np.array(accuracies)


def ridge_head(a: Axes, y: Array, share: float) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """A ridge head for numbers y [n]: at a share of 1/8 the penalty is the one that exact leave-one-out likes best.

    So the settings of a probe, whose penalties are shares of eight times that, lie around it.

    Returns:
        weight [d 1] and bias [1] on x, the penalty that leave-one-out likes best.
    """
    grid, targets = penalties(a), np.asarray(y, np.float64)[:, None]
    best = float(grid[np.array([(left**2).mean() for left in left_out(a, targets, grid)]).argmin()])
    return *a.unrotate(*ridge(a, y, 8 * share * best)), best


def ridge(a: Axes, y: Array, penalty: float) -> tuple[Array, Array]:
    """Ridge regression on numbers y [n]: minimises Σ (z w + b − y)² + penalty · ‖w‖², bias free.

    Returns:
        w [r 1], b [1].
    """
    mean = float(np.mean(y))
    return (a.z.T @ (np.asarray(y, np.float64) - mean) / (a.power + penalty))[:, None], np.array([mean])


def head(
    a: Axes, y: NDArray[np.generic], k: int, share: float, link: str = "softmax"
) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """`logistic_head` for classes y [n] or label sets [n k], `ridge_head` for numbers."""
    if link == "identity":
        return ridge_head(a, np.asarray(y, np.float64), share)
    return logistic_head(a, np.asarray(y, np.int64), k, share, link)


def logistic_head(
    a: Axes, y: Ints, k: int, share: float, link: str = "softmax"
) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """A logistic head whose penalty is a share of the ridge penalty that exact leave-one-out likes best.

    Returns:
        weight [d k] and bias [k] on x, the ridge penalty.
    """
    grid = penalties(a)
    best = float(grid[ridge_path(a, y, k, grid, link)[0].argmin()])
    return *a.unrotate(*logistic(a.z, y, k, share * best, link)), best


def logistic(
    z: Array, y: NDArray[np.generic], k: int, l2: float, link: str = "softmax", weight: Array | None = None
) -> tuple[Array, Array]:
    """Multinomial logistic regression (of label sets [n k] one of each label): minimises Σ cross-entropy + l2/2 · ‖w‖².

    The bias is free.

    Args:
        z: rows [n r].
        y: classes [n], probabilities of classes [n k], or label sets [n k].
        k: classes.
        l2: the penalty.
        link: of the task's kind.
        weight: of each row [n], where not all count the same.

    Returns:
        w [r k], b [k].
    """
    from scipy.special import expit

    targets, z = _columns(y, k, link), economical(z)
    each = None if weight is None else np.asarray(weight, np.float64)[:, None]

    def value(w: Array, b: Array) -> tuple[float, Array]:
        scores = z @ w.astype(z.dtype) + b
        if link == "sigmoid":
            losses, slope = np.logaddexp(0.0, scores) - targets * scores, expit(scores) - targets
        else:
            top = scores.max(1, keepdims=True)
            norm = np.log(np.exp(scores - top).sum(1, keepdims=True)) + top
            losses, slope = targets * (norm - scores), np.exp(scores - norm) - targets
        return (float(losses.sum()), slope) if each is None else (float((each * losses).sum()), each * slope)

    return minimise(z, k, l2, value)


def squared_hinge(z: Array, y: Ints, k: int, c: float, link: str = "softmax") -> tuple[Array, Array]:
    """One-versus-rest linear SVM: minimises ½‖w‖² + c · Σ max(0, 1 − ±score)², bias free.

    Returns:
        w [r k], b [k].
    """
    signs, z = 2 * _columns(y, k, link) - 1, economical(z)

    def value(w: Array, b: Array) -> tuple[float, Array]:
        slack = np.maximum(0.0, 1 - signs * (z @ w.astype(z.dtype) + b))
        return float((slack**2).sum()), -2 * signs * slack

    return minimise(z, k, 1 / c, value)


def _columns(y: NDArray[np.generic], k: int, link: str) -> Array:
    """Classes [n] → [n k] of 0 and 1; probabilities and label sets [n k] as they are."""
    return one_hot(np.asarray(y, np.int64), k) if link == "softmax" and y.ndim == 1 else np.asarray(y, np.float64)


def economical(z: Array) -> Array:
    """Single precision for large data: half the time, and no picture's class depends on the difference."""
    return z if z.size < 1_000_000 else z.astype(np.float32)


def minimise(z: Array, k: int, l2: float, value: Callable[[Array, Array], tuple[float, Array]]) -> tuple[Array, Array]:
    """L-BFGS on loss(z @ w + b) + l2/2 ‖w‖²; `value` gives the loss and its gradient with respect to the scores."""
    from scipy.optimize import minimize

    r = z.shape[1]
    # One unit for all axes, in which the steepest curves like the bias: any penalty is then as easy as another.
    # A unit for each axis would be Newton's first step, but took three times the steps on 3,000 pictures.
    unit = np.sqrt(len(z) / (float((z**2).sum(0).max(initial=0.0)) + 4 * l2))

    def objective(flat: Array) -> tuple[float, Array]:
        w = flat[: r * k].reshape(r, k) * unit
        loss, slope = value(w, flat[r * k :])
        grad_w = (z.T @ slope.astype(z.dtype) + l2 * w) * unit
        return loss + l2 / 2 * float((w**2).sum()), np.concatenate([grad_w.ravel(), slope.sum(0)])

    start, stop = np.zeros(r * k + k), {"maxiter": 500, "ftol": 1e-9 if z.dtype == np.float64 else 1e-6, "gtol": 1e-5}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=stop)
    return found.x[: r * k].reshape(r, k) * unit, found.x[r * k :]
