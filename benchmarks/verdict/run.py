"""Is the verdict honest? How often the interval holds the truth, and how often the decision is wrong.

1. Pairs: right/wrong pairs drawn with a known true difference; one training seed.
2. Seeds: the same with three training seeds, the seed being a second source of variance.
3. Rivals: several at once; the interval is to hold the difference to the best of them.
4. Groups: examples of one group have their luck in common; whole groups are resampled.
5. Digits: scikit-learn's handwritten digits; the same procedure on both sides, so that there is no true difference.

Run: python benchmarks/verdict/run.py [--quick] [--only pairs|seeds|rivals|groups|digits]
Prints a table a part; ends with 1 when a bound is broken. Knows nothing of networks: see benchmarks/frozen.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from headstart.judge.contrasts import Contrasts, decide
from headstart.judge.interval import paired
from headstart.judge.metric import accuracy

MARGIN, LEVEL, SEED = 0.01, 0.95, 20_240
COVERAGE = (0.93, 0.97)  # bounds on the coverage of the 95 % interval
WRONG = 0.05  # most wrong decisions where the true difference is within the margin
PAIRS_FOR_UPPER = 10  # with fewer discordant pairs expected, an interval that never lies must cover more than 97 %


@dataclass(frozen=True)
class Row:
    """One setting's result; shares in 0..1."""

    setting: str
    repetitions: int
    coverage: float
    width: float  # mean width of the interval
    helps: float
    hurts: float
    null: bool  # is the true difference within the margin?
    bounded_above: bool = True  # does the upper bound on coverage hold here?

    def broken(self) -> list[str]:
        """The bounds that this setting breaks."""
        out = []
        if self.coverage < COVERAGE[0] or (self.bounded_above and self.coverage > COVERAGE[1]):
            out.append(f"{self.setting}: coverage {self.coverage:.3f}")
        if self.null and self.helps + self.hurts > WRONG:
            out.append(f"{self.setting}: wrong decisions {self.helps + self.hurts:.3f}")
        return out


def table(title: str, rows: list[Row]) -> None:
    print(f"\n{title}\n{'setting':46} {'reps':>7} {'coverage':>9} {'width':>7} {'helps':>7} {'hurts':>7}  bounds")
    for r in rows:
        state = "BROKEN" if r.broken() else "ok" if r.bounded_above else "ok (held to ≥ 93 % only)"
        shares = f"{100 * r.coverage:8.1f}% {100 * r.width:6.1f}p {100 * r.helps:6.1f}% {100 * r.hurts:6.1f}%"
        print(f"{r.setting:46} {r.repetitions:7} {shares}  {state}")
    wrong = [r.helps + r.hurts for r in rows if r.null]
    bound = [r.coverage for r in rows if r.bounded_above]
    if bound:
        print(f"coverage {100 * min(bound):.1f} to {100 * max(bound):.1f} % where held to 93-97 %", end="; ")
    print(f"lowest anywhere {100 * min(r.coverage for r in rows):.1f} %", end="; ")
    print(f"most wrong decisions {100 * max(wrong):.1f} %" if wrong else "")


def outcome(low: float, high: float, observed: float, truth: float) -> tuple[bool, float, bool, bool]:
    decision = decide(observed, (min(low, observed), max(high, observed)), MARGIN)
    return low - 1e-12 <= truth <= high + 1e-12, high - low, decision == "helps", decision == "hurts"


@cache
def by_counts(n: int, won: int, lost: int) -> tuple[float, float]:
    """The interval of n pairs, `won` by the candidate and `lost` to the rival; the order of the pairs is no matter."""
    candidate, rival = np.zeros(n), np.zeros(n)
    candidate[:won] = 1
    rival[won : won + lost] = 1
    return paired(candidate, rival, level=LEVEL)


def pairs(quick: bool) -> list[Row]:
    """Trinomial pairs: share `discordant`, of which the candidate wins more by the true difference."""
    repetitions = 4_000 if quick else 20_000
    sizes = (40, 153) if quick else (40, 84, 105, 153, 400)
    shares = (0.1, 0.2) if quick else (0.05, 0.1, 0.2, 0.3)
    rng = np.random.default_rng(SEED)
    rows = []
    for n, share, truth in product(sizes, shares, (0.0, 0.01, 0.05, 0.1, 0.2)):
        if truth > share:
            continue
        p = ((share + truth) / 2, (share - truth) / 2, 1 - share)
        cells, times = np.unique(rng.multinomial(n, p, size=repetitions)[:, :2], axis=0, return_counts=True)
        seen = [outcome(*by_counts(n, int(w), int(x)), (w - x) / n, truth) for w, x in cells]
        covered, width, helps, hurts = np.average(np.array(seen, dtype=float), axis=0, weights=times)
        name = f"n {n:3}, discordant {100 * share:2.0f} %, truth {100 * truth:+3.0f} points"
        rows.append(Row(name, repetitions, covered, width, helps, hurts, truth <= MARGIN, n * share >= PAIRS_FOR_UPPER))
    return rows


def seeds(quick: bool) -> list[Row]:
    """A latent ease of each picture, a luck of each training seed, and their interaction; no true difference."""
    repetitions = 300 if quick else 1_000
    rng = np.random.default_rng(SEED)
    rows = []

    def draw(s: int, ease: np.ndarray, spread: float) -> np.ndarray:
        level = 1.0 * np.sqrt(2 + spread**2)  # expected accuracy Φ(1) = 84 %, whatever the spread
        luck = spread * rng.standard_normal((s, 1)) + rng.standard_normal((s, len(ease)))
        return level + ease + luck > 0

    spreads = ((3, 0.0), (3, 0.1)) if quick else ((1, 0.0), (3, 0.0), (3, 0.05), (3, 0.1), (3, 0.2))
    for n, (many, spread) in product((84,) if quick else (84, 400), spreads):
        seen = []
        for _ in range(repetitions):
            ease = rng.standard_normal(n)
            candidate, rival = draw(1, ease, 0.0), draw(many, ease, spread)
            low, high = paired(candidate, rival, level=LEVEL)
            seen.append(outcome(low, high, candidate.mean() - rival.mean(), 0.0))
        # standard deviation of the accuracy of one seed, by the slope of Φ at 1
        points = 100 * spread * 0.242 / np.sqrt(2 + spread**2)
        name = f"n {n:3}, {many} seed{'s' * (many > 1)} of the rival, sd {points:.1f} points"
        rows.append(Row(name, repetitions, *np.mean(seen, axis=0), null=True, bounded_above=False))
    return rows


def rivals(quick: bool) -> list[Row]:
    """A latent ease of each picture and every model's own luck on it; transfer 84 %, rivals at or below it."""
    from scipy.stats import norm

    repetitions = 200 if quick else 800
    below = ((0.0, 0.0), (0.0, 0.1)) if quick else ((0.0, 0.0), (0.0, 0.1), (0.0, 0.0, 0.0, 0.0), (0.05, 0.1))
    rng = np.random.default_rng(SEED)
    rows = []
    n = 153
    for gaps in below:
        shares = (0.84, *(0.84 - gap for gap in gaps))
        ids, seen = [str(at) for at in range(len(shares))], []
        for _ in range(repetitions):
            ease = rng.standard_normal(n)
            right = [(ease + rng.standard_normal(n)) / np.sqrt(2) < norm.ppf(share) for share in shares]
            sides = {key: accuracy.mean(r.astype(float)[None]) for key, r in zip(ids, right, strict=True)}
            found, _ = Contrasts(accuracy, sides, None, LEVEL, SEED).against_all(ids[0], ids[1:], ids[1:], MARGIN)
            seen.append(outcome(*found.interval, found.difference, min(gaps)))
        name = f"n {n}, rivals {', '.join(f'−{100 * gap:.0f}' for gap in gaps)} points"
        rows.append(Row(name, repetitions, *np.mean(seen, axis=0), null=min(gaps) <= MARGIN, bounded_above=False))
    return rows


def groups(quick: bool) -> list[Row]:
    """Luck that the examples of a group have in common (correlation 0.5); even groups, or of geometric size."""
    from scipy.stats import norm

    repetitions = 200 if quick else 1_000
    settings = ((12, 13, True), (20, 50, True)) if quick else (
        (6, 25, True), (12, 13, True), (12, 13, False), (30, 5, True), (30, 10, False), (20, 50, True), (100, 5, True),
    )  # fmt: skip
    rng = np.random.default_rng(SEED)
    rows = []
    for (many, each, even), truth in product(settings, (0.0, 0.05)):
        seen = []
        for at in range(repetitions):
            of = np.repeat(np.arange(many), each if even else np.maximum(rng.geometric(1 / each, many), 1))
            a, b = (
                np.sqrt(0.5) * (rng.standard_normal(len(of)) + rng.standard_normal(many)[of]) < norm.ppf(share)
                for share in (0.8 + truth, 0.8)
            )
            low, high = paired(a, b, groups=of, level=LEVEL, resamples=2_000, seed=at)
            seen.append(outcome(low, high, a.mean() - b.mean(), truth))
        name = f"{many:3} groups of {each:2}{'' if even else ' on average'}, truth {100 * truth:+.0f} points"
        rows.append(Row(name, repetitions, *np.mean(seen, axis=0), null=truth <= MARGIN, bounded_above=many >= 20))
    return rows


def digits(quick: bool) -> list[Row]:
    """Both sides the same procedure on a random half of 600 digits; test sets of 150 from the other 1197."""
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    x, y = load_digits(return_X_y=True)
    x = x / 16.0
    procedures = {
        "nearest neighbours": lambda seed: KNeighborsClassifier(3),
        "logistic regression": lambda seed: LogisticRegression(C=1.0, max_iter=300),
        "random forest": lambda seed: RandomForestClassifier(30, random_state=seed),
    }
    trainings, tests, redraws = (40, 5, 50) if quick else (200, 7, 50)
    rows = []
    for name, make in procedures.items():
        if quick and name == "random forest":
            continue
        rng = np.random.default_rng(SEED)
        split, drawn = [], []
        for seed in range(trainings):
            order = rng.permutation(len(y))
            halves, pool = (order[:300], order[300:600]), order[600:]
            a, b = (
                make(2 * seed + i).fit(x[half], y[half]).predict(x[pool]) == y[pool] for i, half in enumerate(halves)
            )
            truth = a.mean() - b.mean()
            parts = [slice(150 * t, 150 * t + 150) for t in range(tests)]  # the pool is shuffled: disjoint test sets
            split += [one_test(a[p], b[p], truth) for p in parts]
            again = rng.integers(0, len(pool), size=(redraws, 150))  # drawn with replacement: the pool is the truth
            drawn += [one_test(a[i], b[i], truth) for i in again]
        covered, width = np.mean(drawn, axis=0)[:2]
        helps, hurts = np.mean(split, axis=0)[2:]
        setting = f"{name}, {len(split)} splits, {len(drawn)} redraws"
        rows.append(Row(setting, len(split), covered, width, helps, hurts, null=True))
    return rows


def one_test(a: np.ndarray, b: np.ndarray, truth: float) -> tuple[bool, float, bool, bool]:
    won, lost = int((a & ~b).sum()), int((b & ~a).sum())
    return outcome(*by_counts(len(a), won, lost), (won - lost) / len(a), truth)


def main() -> int:
    parts = {"pairs": pairs, "seeds": seeds, "rivals": rivals, "groups": groups, "digits": digits}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer settings and repetitions")
    parser.add_argument("--only", choices=parts, help="one part alone")
    given = parser.parse_args()
    broken = []
    for name, part in parts.items():
        if given.only in (None, name):
            start = time.perf_counter()
            rows = part(given.quick)
            table(f"{name}: {part.__doc__}", rows)
            print(f"{time.perf_counter() - start:.0f} s")
            broken += [line for row in rows for line in row.broken()]
    print("\nBroken bounds:\n  " + "\n  ".join(broken) if broken else "\nAll bounds hold.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
