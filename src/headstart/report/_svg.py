"""Charts as inline SVG: small, crisp at every width, coloured by the page's own style sheet.

In: numbers in 0..1 (accuracies, differences) or seconds. Out: `Markup`. Charts that stretch give their
horizontal places in per cent and have no viewBox, so that text keeps its size on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ._words import number, percent, points

Domain = tuple[float, float]
LEFT, RIGHT, TOP, BELOW = 58, 324, 12, 46  # the frame of a plot inside its viewBox, pixels; BELOW is kept for its axis
SIDE = (RIGHT - LEFT) + TOP + BELOW  # height that makes a plot's inside square


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between two others.

    >>> [round(t, 2) for t in ticks(-0.03, 0.17)]
    [0.0, 0.05, 0.1, 0.15]
    """
    rough = (high - low) / about
    power = 10 ** math.floor(math.log10(rough))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda s: abs(math.log(s / rough)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def place(value: float, domain: Domain) -> float:
    """Where a value stands between the ends of a domain, in per cent.

    >>> place(0.05, (0.0, 0.2))
    25.0
    """
    return 100 * (value - domain[0]) / (domain[1] - domain[0])


def difference(
    value: float, interval: Sequence[float], margin: float, label: str, form: Callable[[float], str] = points
) -> Markup:
    """The difference with its interval, the zero line and the band of no practical weight."""
    low, high = min(interval[0], -margin, 0.0), max(interval[1], margin, 0.0)
    pad = 0.2 * max(high - low, 0.01)
    domain = (low - pad, high + pad)

    def x(v: float) -> str:
        return f"{place(v, domain):.2f}%"

    grid = Markup("").join(
        Markup(
            '<line class="grid" x1="{0}" x2="{0}" y1="8" y2="80"/><text class="tick" x="{0}" y="98">{1}</text>'
        ).format(x(t), form(t).removesuffix(".0"))
        for t in ticks(*domain)
        if 3 < place(t, domain) < 97
    )
    return Markup(
        '<svg class="chart wide" height="104" role="img" aria-label="{label}">{grid}'
        '<rect class="band" x="{a}" y="8" width="{w}" height="72"/>'
        '<line class="zero" x1="{zero}" x2="{zero}" y1="2" y2="80"/>'
        '<line class="axis" x1="0" x2="100%" y1="80" y2="80"/>'
        '<line class="range" x1="{lo}" x2="{hi}" y1="50" y2="50"/><circle class="dot" cx="{mid}" cy="50" r="8"/>'
        '<text class="value" x="{mid}" y="32">{v}</text>'
        '<text class="end" x="{lo}" y="55" dx="-9" text-anchor="end">{vlo}</text>'
        '<text class="end" x="{hi}" y="55" dx="9">{vhi}</text></svg>'
    ).format(
        label=label, grid=grid, a=x(-margin), w=f"{place(margin, domain) - place(-margin, domain):.2f}%", zero=x(0.0),
        lo=x(interval[0]), hi=x(interval[1]), mid=x(value), v=form(value), vlo=form(interval[0]), vhi=form(interval[1]),
    )  # fmt: skip


def common(intervals: Sequence[Sequence[float]], *, part: bool = True) -> Domain:
    """One axis for several intervals, of parts of one or of any numbers."""
    low, high = min(i[0] for i in intervals), max(i[1] for i in intervals)
    pad = 0.06 * max(high - low, 0.02)
    if not part:
        return low - pad, high + pad
    return max(low - pad, -0.02), min(high + pad, 1.02)


def whisker(value: float, interval: Sequence[float], domain: Domain, kind: str) -> Markup:
    """One row of a forest plot: a dot with its interval on a common axis. `kind` is "transfer" or "rival"."""
    grid = Markup("").join(
        Markup('<line class="grid" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="100%"/>').format(place(t, domain))
        for t in ticks(*domain)
    )
    return Markup(
        '<svg class="chart wide" height="30" aria-hidden="true">{}'
        '<line class="range {}" x1="{:.2f}%" x2="{:.2f}%" y1="15" y2="15"/>'
        '<circle class="dot {}" cx="{:.2f}%" cy="15" r="6"/></svg>'
    ).format(grid, kind, place(interval[0], domain), place(interval[1], domain), kind, place(value, domain))


def axis(domain: Domain, form: Callable[[float, int], str] = percent) -> Markup:
    """The axis under the rows of a forest plot."""
    digits = 0 if form is percent else 2
    marks = Markup("").join(
        Markup('<text class="tick" x="{:.2f}%" y="16">{}</text>').format(place(t, domain), form(t, digits))
        for t in ticks(*domain)
        if 4 < place(t, domain) < 96
    )
    return Markup(
        '<svg class="chart wide" height="22" aria-hidden="true">'
        '<line class="axis" x1="0" x2="100%" y1="1" y2="1"/>{}</svg>'
    ).format(marks)


def stack(parts: Sequence[Mapping[str, Any]], label: str) -> Markup:
    """One bar, cut by shares; piece i has the class `part i % 8`."""
    bars, at = Markup(""), 0.0
    for i, part in enumerate(parts):
        width = 100 * part["share"]
        bars += Markup('<rect class="part{}" x="{:.2f}%" y="0" width="{:.2f}%" height="30"/>').format(i % 8, at, width)
        at += width
    return Markup('<svg class="chart wide" height="30" role="img" aria-label="{}">{}</svg>').format(label, bars)


def reliability(bins: Sequence[Mapping[str, float]], label: str) -> Markup:
    """Stated confidence against how often it was right; a dot's area grows with the pictures in its bin."""
    used = [b for b in bins if b.get("n")]
    most = max((b["n"] for b in used), default=1)
    unit = (0.0, 1.0)
    x, y = _scales(unit, unit, SIDE)
    shapes = Markup('<line class="ideal" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(x(0), y(0), x(1), y(1))
    for b in used:
        shapes += Markup(
            '<line class="gap" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>'
            '<circle class="dot transfer" cx="{0:.1f}" cy="{2:.1f}" r="{3:.1f}"/>'
        ).format(x(b["confidence"]), y(b["confidence"]), y(b["accuracy"]), 3 + 8 * math.sqrt(b["n"] / most))

    def form(v: float) -> str:
        return percent(v, 0)

    return _plot(label, SIDE, (unit, unit), shapes, ("stated confidence", "share that was right"), (form, form))


def curve(line: Sequence[tuple[float, float]], title: str, part_of_one: bool, label: str) -> Markup:
    """A training curve: [(step, value)], two points or more."""
    steps, values = [p[0] for p in line], [p[1] for p in line]
    pad = 0.08 * max(max(values) - min(values), 0.01)
    xd = (min(steps), max(max(steps), min(steps) + 1))
    yd = (min(values) - pad, max(values) + pad)
    height = 190
    x, y = _scales(xd, yd, height)
    path = "M" + " L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in line)
    shapes = Markup('<path class="line" d="{}"/><circle class="dot transfer" cx="{:.1f}" cy="{:.1f}" r="3.5"/>').format(
        path, x(line[-1][0]), y(line[-1][1])
    )
    digits = 0 if yd[1] - yd[0] > 0.05 else 1

    def form(v: float) -> str:
        return percent(v, digits) if part_of_one else number(v, 2 + digits)

    return _plot(label, height, (xd, yd), shapes, ("step", title), (lambda v: f"{v:,.0f}", form))


def _scales(xd: Domain, yd: Domain, height: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """From values to pixels of a plot's inside."""
    bottom = height - BELOW
    return (
        lambda v: LEFT + (RIGHT - LEFT) * place(v, xd) / 100,
        lambda v: bottom - (bottom - TOP) * place(v, yd) / 100,
    )


def _plot(
    label: str, height: int, domains: tuple[Domain, Domain], inside: Markup, titles: tuple[str, str],
    forms: tuple[Callable[[float], str], Callable[[float], str]],
) -> Markup:  # fmt: skip
    """Axes, grid and titles round a drawing made with `_scales`."""
    x, y = _scales(*domains, height)
    bottom = height - BELOW
    grid = Markup("").join(
        Markup(
            '<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>'
            '<text class="tick y" x="{3}" y="{4:.1f}">{5}</text>'
        ).format(LEFT, RIGHT, y(t), LEFT - 7, y(t) + 4, forms[1](t))
        for t in ticks(*domains[1])
    )
    grid += Markup("").join(
        Markup('<text class="tick" x="{:.1f}" y="{}">{}</text>').format(x(t), bottom + 18, forms[0](t))
        for t in ticks(*domains[0])
    )
    return Markup(
        '<svg class="chart" viewBox="0 0 340 {}" role="img" aria-label="{}">{}'
        '<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>{}<text class="name" x="{}" y="{}">{}</text>'
        '<text class="name" transform="translate(12 {}) rotate(-90)">{}</text></svg>'
    ).format(height, label, grid, LEFT, RIGHT, bottom, bottom, inside, (LEFT + RIGHT) // 2, height - 8, titles[0],
             (bottom + TOP) // 2, titles[1])  # fmt: skip
