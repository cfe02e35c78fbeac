"""Numbers, names and dangerous characters as words for a page, a card or a terminal.

In: plain values of `run.json`. Out: short strings. Knows no HTML and no Markdown, decides nothing.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from shlex import quote
from typing import Any

from ..judge import wording
from ..judge.wording import Units, points
from ..kind import _words as plain
from ..kind import kind_of
from ..kind._words import number

__all__ = [
    "DECISIONS",
    "NARROW",
    "REASONS",
    "clean",
    "count",
    "fit_again",
    "gain",
    "number",
    "percent",
    "plural",
    "points",
    "reason",
    "seconds",
    "settings",
    "span",
    "tie",
]

NARROW = "\u202f"  # narrow no-break space, between a number and its unit
DECISIONS = {
    "helps": "Reuse helps",
    "no_evidence": "No evidence either way",
    "hurts": "Reuse hurts",
}
REASONS = {
    "unreadable": "Could not be read",
    "truncated": "Cut off in the middle",
    "empty": "Empty",
    "not_an_image": "Not pictures",
    "too_large": "Too large",
    "too_small": "Too few pixels",
    "near_duplicate": "Near-duplicates of one that was kept",
    "held_out_group": "Without a label, of a held-out group",
    "two_labels": "The same under two labels",
    "missing": "Listed, but not there",
}
_OVERRIDES = "\u202d\u202e"  # they would show the text around them backwards


def fit_again(data: str, options: Mapping[str, str]) -> str:
    """The command that learns from data as it was read, with every option that was said of it.

    >>> fit_again("my scans", {"group": "groups.csv", "split_column": "part"})
    "headstart fit 'my scans' --group groups.csv --split-column part"
    """
    said = (f"--{name.replace('_', '-')} {quote(value)}" for name, value in options.items())
    return " ".join(["headstart fit", quote(data), *said])


def clean(value: Any) -> Any:  # noqa: ANN401 - anything JSON holds
    r"""The same value, every string printable: control characters and broken file names shown as escapes.

    >>> clean({"path": "a\x00\udcff.jpg"})
    {'path': 'a\\x00\\udcff.jpg'}
    """
    if isinstance(value, str):
        return "".join(_escape(c) if _hidden(c) else c for c in value)
    if isinstance(value, Mapping):
        return {clean(k): clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean(v) for v in value]
    return value


def _hidden(c: str) -> bool:
    return c in _OVERRIDES or unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}


def _escape(c: str) -> str:
    return c.encode("unicode_escape", "surrogatepass").decode()


def percent(value: float | None, digits: int = 1) -> str:
    """A part of one as per cent.

    >>> percent(0.941).replace(NARROW, " ")
    '94.1 %'
    """
    return plain.percent(value, digits).replace(" ", NARROW)


def gain(given: float | None, task: Mapping[str, Any]) -> str:
    """How well a task's examples were answered on average, as its kind shows it.

    >>> gain(0.941, {"kind": "classification"}).replace(NARROW, " "), gain(-0.512, {"kind": "regression"})
    ('94.1 %', '0.512')
    """
    return str(kind_of(task.get("kind", "classification")).shown(given)).replace(" ", NARROW)


def value(given: float | None, unit: Units) -> str:
    """A value of a metric.

    >>> from headstart.judge.wording import units
    >>> value(0.941, units("accuracy")).replace(NARROW, " "), value(0.512, units("mae"))
    ('94.1 %', '0.512')
    """
    return unit.value(given).replace(" ", NARROW)


def spread(interval: tuple[float, float] | list[float] | None, unit: Units) -> str:
    """An interval of a metric's values.

    >>> from headstart.judge.wording import units
    >>> spread((0.8956, 0.972), units("accuracy")), spread((0.45, 0.51), units("mae"))
    ('[89.6, 97.2]', '[0.450, 0.510]')
    """
    if interval is None or unit.part:
        return span(interval)
    return f"[{', '.join(number(v) for v in interval)}]"


def gap(difference: float, interval: tuple[float, float] | list[float], unit: Units) -> str:
    """A difference of a metric's values with its interval.

    >>> from headstart.judge.wording import units
    >>> gap(0.0357, (-0.004, 0.07), units("accuracy"))
    '+3.6 [−0.4, +7.0]'
    """
    return f"{unit.change(difference)} [{', '.join(unit.change(x) for x in interval)}]"


def span(interval: tuple[float, float] | list[float] | None) -> str:
    """An interval of parts of one, in per cent, without the sign.

    >>> span((0.8956, 0.972))
    '[89.6, 97.2]'
    """
    if interval is None:
        return "–"
    return f"[{', '.join(number(100 * v, 1) for v in interval)}]"


def tie(text: str) -> str:
    """The text with intervals and numbers with their units kept on one line.

    >>> tie("by 20.3 points [13.1, 27.5] at 95 %").replace(NARROW, "_").replace("\u00a0", "~")
    'by 20.3~points [13.1,~27.5] at 95_%'
    """
    text = re.sub(r"\[[^\]]{1,24}\]", lambda m: m[0].replace(" ", "\u00a0"), text)
    return re.sub(r"(\d) (?=points?\b)", "\\1\u00a0", re.sub(r"(\d) %", rf"\1{NARROW}%", text))


def count(value: float | None) -> str:
    """A whole number with separators; millions in short.

    >>> count(2562), count(3_413_024)
    ('2,562', '3.4\u202fM')
    """
    if value is None:
        return "–"
    return f"{value / 1e6:.1f}{NARROW}M" if value >= 1e6 else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """A duration as people say it.

    >>> seconds(200).replace(NARROW, " ")
    '3 min 20 s'
    """
    if value is None or not math.isfinite(value):
        return "–"
    return re.sub(r" (?=[a-z])", NARROW, wording.duration(value))


def plural(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> plural(1, "picture"), plural(2, "class", "classes")
    ('1 picture', '2 classes')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def reason(key: str) -> str:
    """The title of a reason for setting something aside.

    >>> reason("two_labels"), reason("wrong_moon")
    ('The same under two labels', 'Wrong moon')
    """
    return REASONS.get(key) or key.replace("_", " ").capitalize()


def settings(config: Mapping[str, Any]) -> str:
    """A chosen setting on one line.

    >>> settings({"C": 0.1, "depth": "top"})
    'C = 0.1, depth = top'
    """
    return ", ".join(f"{k} = {f'{v:.4g}' if isinstance(v, float) else v}" for k, v in config.items())
