"""What the terminal shows of a ranking: a line a source, best first, then what to mind.

In: the record of `headstart rank`. Out: plain text of at most 100 columns.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from ..kind import kind_of
from ..kind._words import figures
from ..modality import noun as noun_of
from . import _words
from .text import COLUMNS, pad, shorten, width

SHOWN = ("logme", "knn", "prior")  # scores beside the value; all are in --json


def table(record: Mapping[str, Any]) -> str:
    """The ranking in a few lines, no closing line break."""
    record = _words.clean(record)
    rows, task = record["sources"], record["task"]
    wide = min(max(width(row["source"]) for row in rows), 28)
    head = f"  {pad('', wide)}  {_named(task):>9}  {'loss':>7}  {'random':>7}" + "".join(f"  {s:>7}" for s in SHOWN)
    lines = [f"{head}  {'cost':>7}  licence"]
    for row in rows:
        scores = "".join(f"  {_number(row['scores'].get(name)):>7}" for name in SHOWN)
        start = f"  {pad(shorten(row['source'], wide), wide)}  {_words.gain(row['value'], task):>9}"
        cost = _words.seconds(row["cost_s"]) if row["cost_s"] else "–"
        told = f"{start}  {_number(row['loss']):>7}  {_words.gain(row['random'], task):>7}{scores}  {cost:>7}  "
        licence = textwrap.wrap(row["licence"].partition(";")[0], COLUMNS - width(told), break_on_hyphens=False)
        first, *rest = licence or [""]
        lines += [told + first, *(" " * width(told) + more for more in rest)]
    used = max(row["n_used"] for row in rows)
    noun = noun_of(task["modality"])
    notes = [
        f"{_named(task)}, loss: what a ridge head on frozen features makes of {_words.plural(used, noun)} left out in "
        "turn (groups as a whole); they stand in the order of its loss, where it does not tell, the likelier "
        "(prior) or much lighter one first. random: the same architecture with random weights.",
        "logme, knn: two other scores of the same features (higher is better). prior: what the record promises (size, "
        "published accuracy, domain). cost: seconds for a look at all. In --json every score, and each licence whole.",
        *task.get("notes", ()),
        *(f"warning: {warning}" for warning in task["warnings"]),
        *_caveats(rows, task["warnings"]),
        *([f"Stopped early: {task['stopped']}."] if task["stopped"] else []),
        f"{_words.seconds(record['spend']['total'])} in all",
    ]
    lines += ["", *(line for note in notes for line in textwrap.wrap(note, COLUMNS, max_lines=4, placeholder=" …"))]
    lines += _next(record)  # to be copied whole
    return "\n".join(lines).replace(_words.NARROW, " ")


def _next(record: Mapping[str, Any]) -> list[str]:
    """What to type with the best source, where one could be looked through."""
    best = next((row["source"] for row in record["sources"] if row["value"] is not None), None)
    task = record["task"]
    fit = _words.fit_again(task.get("data") or "DATA", task.get("options", {}))
    return [f"next: {fit} --source {quote(best)}"] if best else []


def _caveats(rows: Sequence[Mapping[str, Any]], warnings: Sequence[str] = ()) -> list[str]:
    """What to mind, each once, with the sources of which it is said; not an alarm that a warning tells already.

    >>> _caveats([{"source": "a", "caveats": ["alarm: z", "x", "y"]}, {"source": "b", "caveats": ["x"]}], ["It is z."])
    ['all sources: x', 'a: y']
    """
    said: dict[str, list[str]] = {}
    for row in rows:
        for caveat in row["caveats"]:
            if not any(caveat.removeprefix("alarm: ") in warning for warning in warnings if "alarm" in caveat):
                said.setdefault(caveat, []).append(row["source"])
    every = len(rows) if len(rows) > 1 else -1
    return [f"{'all sources' if len(of) == every else ', '.join(of)}: {caveat}" for caveat, of in said.items()]


def _named(task: Mapping[str, Any]) -> str:
    return str(kind_of(task["kind"]).gain)


def _number(value: float | None) -> str:
    return figures(value)
