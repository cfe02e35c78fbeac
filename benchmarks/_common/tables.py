"""Numbers of cells as Markdown tables on standard output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

Gap = tuple[float, float, float]  # a difference and its interval, in points
Results = dict[tuple[str, str, int, str], dict[str, Any]]  # (set, size, seed, contestant)


def lines(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def spread(x: np.ndarray, scale: float = 100, digits: int = 1) -> str:
    """mean ± standard deviation over seeds (number of seeds, where it is not five)."""
    if not len(x):
        return "–"
    sd = f" ± {scale * x.std(ddof=1):.{digits}f}" if len(x) > 1 else ""
    return f"{scale * x.mean():.{digits}f}{sd}" + (f" ({len(x)})" if len(x) != 5 else "")


def mean_of(parts: Sequence[np.ndarray]) -> str:
    """Mean over sets of their means, in per cent; none where a set has no value."""
    return f"{100 * np.mean([part.mean() for part in parts]):.1f}" if all(map(len, parts)) else "–"


def by_example(parts: Iterable[tuple[Sequence[str], Sequence[bool]]]) -> np.ndarray:
    """(names, right or wrong) a seed → how often each example was right; the same order for the same names."""
    answers: dict[str, list[bool]] = {}
    for names, right in parts:
        for name, one in zip(names, right, strict=True):
            answers.setdefault(name, []).append(one)
    return np.array([np.mean(answers[name]) for name in sorted(answers)])


def seeds(results: Results, data: str, size: str, name: str) -> list[int]:
    return sorted(seed for d, s, seed, n in results if (d, s, n) == (data, size, name))


def ahead(
    results: Results,
    size: str,
    rivals: Sequence[str],
    sets: Sequence[str],
    gap: Callable[[str, Sequence[int], str], Gap],
) -> None:
    """headstart less each rival: `gap(set, seeds, rival)` on the same tests, of the seeds that both have."""
    rows = []
    for rival in rivals:
        both = [
            sorted(set(seeds(results, data, size, "headstart")) & set(seeds(results, data, size, rival)))
            for data in sets
        ]
        rows.append([rival, *gaps([gap(data, of, rival) if of else None for data, of in zip(sets, both, strict=True)])])
    lines(f"headstart − rival, points [95 %], size {size}", ("rival", *sets, "mean"), rows)


def gaps(found: Sequence[Gap | None]) -> list[str]:
    """A row of differences a set, then their mean. Sets share no example, so that their variances add up."""
    known = [gap for gap in found if gap is not None]
    if not known:
        return ["–"] * (len(found) + 1)
    mean = float(np.mean([gap for gap, _, _ in known]))
    half = float(np.sqrt(sum(((high - low) / 2) ** 2 for _, low, high in known))) / len(known)
    return ["–" if gap is None else gap_text(*gap) for gap in (*found, (mean, mean - half, mean + half))]


def gap_text(gap: float, low: float, high: float) -> str:
    return f"{gap:+.1f} [{low:+.1f}, {high:+.1f}]"
