"""What choosing and estimating without target labels gets wrong on the development pairs, a family left out at a time.

Run: OMP_NUM_THREADS=1 PYTHONPATH=src python benchmarks/adapt/development.py [--deep] [--most PAIRS]

Every method of align/ that is not deep, and the favourite of `choose.py` (all with --deep); each pair, one split: 70 %
of the source rows are learnt from, 30 % are shown with their labels. Target labels measure the errors that are printed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice, product
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from development_embedded import embedded
from development_pairs import Development, pairs

from headstart.align import Head, Pair, methods
from headstart.align.choice.choose import FAVOURITE, choose
from headstart.align.choice.estimate import Estimated, estimate, interval
from headstart.align.choice.evidence import Shown, density_ratio
from headstart.kind.classification import softmax, temperature


@dataclass(frozen=True)
class Measured:
    """All candidates of a pair, and what no one else sees: their accuracy on the target."""

    pair: Development
    shown: list[Shown]
    accuracy: np.ndarray


def fit_of(xs: Any, ys: np.ndarray, k: int):  # the plain head, its penalty fixed by the source rows
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    sizes = (0.3, 3.0, 30.0) if not isinstance(xs, np.ndarray) else (0.001, 0.01, 0.1, 1.0)
    best = max(sizes, key=lambda c: cross_val_score(LogisticRegression(C=c, max_iter=3000), xs, ys, cv=3).mean())

    def fit(x: Any, y: np.ndarray, weight: np.ndarray | None) -> Head:
        if y.ndim == 2:  # probabilities: each row once a class
            keep = y.ravel() > 1e-6
            rows, classes = np.repeat(np.arange(len(y)), k)[keep], np.tile(np.arange(k), len(y))[keep]
            weight = y.ravel()[keep] * (1.0 if weight is None else np.repeat(weight, k)[keep])
            x, y = x[rows], classes
        model = LogisticRegression(C=best, max_iter=3000).fit(x, y, sample_weight=weight)
        w, b = np.zeros((x.shape[1], k)), np.full(k, -30.0)
        if len(model.classes_) == 2:
            a, c = model.classes_
            w[:, c], b[a], b[c] = model.coef_[0], 0.0, model.intercept_[0]
        else:
            w[:, model.classes_], b[model.classes_] = model.coef_.T, model.intercept_
        return Head(w, b)

    return fit


def measured(pair: Development, deep: bool = False) -> Measured:
    """Each method on each representation."""
    k = int(max(pair.ys.max(), pair.yt.max())) + 1
    learnt = np.random.default_rng(1).random(len(pair.ys)) < 0.7
    shown, accuracy = [], []
    for key, (xs, xt) in pair.views.items():
        if isinstance(xs, np.ndarray):
            mean, spread = xs[learnt].mean(0), xs[learnt].std(0)
            scale = np.maximum(spread, 0.2 * spread.mean())
            xs, xt = (xs - mean) / scale, (xt - mean) / scale
        ys = pair.ys[learnt]
        given = Pair(xs[learnt], ys, xt, k, fit_of(xs[learnt], ys, k))
        valid, ratio = xs[~learnt], density_ratio(xs[~learnt], xt) if given.dense else None
        rows = (valid, xt) if given.dense else (None, None)
        for method in methods().values():
            if not method.takes(given) or (method.deep and not deep and method.name != FAVOURITE):
                continue
            steps = method.run(method.config(), given)
            try:
                while True:
                    next(steps)
            except StopIteration as end:
                head = end.value
            y, scores = pair.ys[~learnt], head(valid)
            even = temperature(scores, y)
            there = softmax(head(xt), even)
            shown.append(Shown(method.name, key, softmax(scores, even), y, there, *rows, ratio))
            accuracy.append(float((there.argmax(1) == pair.yt).mean()))
    return Measured(pair, shown, np.array(accuracy))


RULE = ("hospitals", "another rule", "cloud turned", "wines")  # pairs whose rule itself differs, as far as we know


def changed_rule(pair: Development) -> bool:
    """Whether the same row has another answer on the target: what no estimate without labels can see."""
    return any(word in (pair.family, pair.name) or word in pair.name for word in RULE)


@dataclass(frozen=True)
class Told:
    """An estimate of what would be handed out, and the truth."""

    family: str
    rule: bool  # another rule
    said: Estimated
    sizes: tuple[int, int]
    truth: float

    def within(self, width: tuple[float, float, float]) -> tuple[float, float]:
        return interval(self.said.value, abs(self.said.parts["source"] - self.said.value), *self.sizes, width)

    def score(self, width: tuple[float, float, float]) -> float:
        """Interval score at 90 %: width, and twenty times what it misses the truth by."""
        low, high = self.within(width)
        return high - low + 20 * max(low - self.truth, self.truth - high, 0.0)


def told(found: Sequence[Measured]) -> None:
    """Prints what the estimates err by, how often the interval holds, and how often if each family set no width."""
    print("estimates of what is handed out, cases: mean absolute error, median, mean; interval holds, of a family left")
    print("out; its median width")
    for lone in (False, True):
        rows = [
            Told(
                one.pair.family, changed_rule(one.pair), estimate(s, among), (len(s.y), len(s.target)), one.accuracy[i]
            )
            for one in found
            for at in sorted({s.representation for s in one.shown})
            for i in [choose(one.shown, at).index]
            for s in [one.shown[i]]
            for among in [[o for o in one.shown if not lone or o.representation == s.representation]]
        ]
        kept = [row for row in rows if not row.rule]
        for name, cut in (("the same rule", kept), ("another rule", [row for row in rows if row.rule])):
            if not cut:
                continue
            error = 100 * np.array([row.said.value - row.truth for row in cut])
            held = np.mean([row.said.low <= row.truth <= row.said.high for row in cut])
            width = np.median([row.said.high - row.said.low for row in cut])
            beside = "without" if lone else "with"
            print(
                f"{beside} another representation, {name}, {len(cut)}: {np.abs(error).mean():.1f}, "
                f"{np.median(np.abs(error)):.1f}, {error.mean():+.1f}; {held:.0%}, {left_out(cut, kept):.0%}; "
                f"{width:.0%}"
            )


def left_out(cut: Sequence[Told], kept: Sequence[Told]) -> float:
    """How often the interval holds whose widths are those that fit the pairs of all other families best."""
    grid = list(product((0.06, 0.1, 0.13, 0.16), (0.1, 0.3, 0.5, 0.7), (0.2, 0.4, 0.6)))
    held = []
    for family in {row.family for row in cut}:
        others = [row for row in kept if row.family != family]
        width = min(grid, key=lambda w: sum(row.score(w) for row in others)) if others else grid[0]
        held += [row.within(width)[0] <= row.truth <= row.within(width)[1] for row in cut if row.family == family]
    return float(np.mean(held))


def chosen(found: Sequence[Measured]) -> None:
    """Prints what choosing gains over the untouched model, and over the best in hindsight, by family."""
    print(
        "family, cases: gain over the untouched model, its worst; below the best in hindsight; changed, of these harmed"
    )
    rows = []
    for one in found:
        for at in sorted({s.representation for s in one.shown}):
            index = choose(one.shown, at).index
            before = next(i for i, s in enumerate(one.shown) if (s.representation, s.method) == (at, "none"))
            gain = one.accuracy[index] - one.accuracy[before]
            rows.append((one.pair.family, gain, one.accuracy.max() - one.accuracy[index], index != before))
    for family in [*dict.fromkeys(r[0] for r in rows), "all"]:
        cut = [r for r in rows if family in (r[0], "all")]
        gain, regret, changed = (np.array([r[i] for r in cut]) for i in (1, 2, 3))
        print(
            f"{family}, {len(cut)}: {100 * gain.mean():+.1f}, {100 * gain.min():+.1f}; {100 * regret.mean():.1f}; "
            f"{int(changed.sum())}, {int((gain < -0.01).sum())}"
        )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--deep", action="store_true", help="networks too, which takes long")
    parser.add_argument("--most", type=int, default=10**6, help="so many pairs at most")
    given = parser.parse_args()
    began, found = time.process_time(), []
    for pair in islice(chain(pairs(), embedded()), given.most):
        found.append(measured(pair, given.deep))
    chosen(found)
    told(found)
    candidates = sum(len(one.shown) for one in found)
    print(f"{len(found)} pairs, {candidates} candidates, {time.process_time() - began:.0f} CPU s")


if __name__ == "__main__":
    main()
