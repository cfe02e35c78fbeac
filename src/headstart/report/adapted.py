"""What came of an adaptation, for a terminal and as a page. In: `adapt.json`. Out: plain text, or HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from ..kind._words import percent
from ..modality import noun
from . import _modality, _words
from .text import COLUMNS, pad, shorten, width

SHOWN = 12  # candidates in a terminal; the page and the JSON have all
_FIRST = {"chosen": 0, "lost": 1, "not supported": 1, "failed": 2}


def text(record: Mapping[str, Any]) -> str:
    """In a few lines, no closing line break."""
    record = _words.clean(record)
    lines = [*textwrap.wrap(record["sentence"], COLUMNS), ""]
    if (rival := (record["verdict"] or {}).get("target_trained")) is not None:
        lines += [*textwrap.wrap(rival["sentence"], COLUMNS), ""]
    rows = ordered(record)
    wide = max(width(_name(r)) for r in rows[:SHOWN])
    for row in rows[:SHOWN]:
        value = row["estimate"].get("value")
        told = percent(value) if value is not None else ""
        lines.append(f"  {pad(_name(row), wide)}  {told:>7}  {shorten(row['status'], 13):<13} {_short(row, wide)}")
    if len(rows) > SHOWN:
        lines.append(f"  … and {len(rows) - SHOWN} more; the report has all")
    for warning in record["warnings"]:
        lines += ["", *textwrap.wrap(f"warning: {warning}", COLUMNS)]
    if (kept := record["source"]["kept"]) is not None:
        lines += ["", *textwrap.wrap(forgotten(record, kept), COLUMNS)]
    lines += ["", f"  report  {Path(record['run']) / 'report.html'}", f"  model   {Path(record['run']) / 'model'}"]
    return "\n".join([*lines, f"  next    {_next(record)}"])


def page(record: Mapping[str, Any]) -> str:
    """The same as a page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    record, here = _words.clean(record), Path(__file__).parent
    env = Environment(
        loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    kept = record["source"]["kept"]
    return env.get_template("adapted.html").render(
        css=(here / "page.css").read_text(encoding="utf-8"),
        record=record,
        noun=noun(record["modality"]),
        rows=ordered(record),
        evidence=sorted({name for row in record["candidates"] for name in row["evidence"]}),
        course=next((row["notes"]["course"] for row in ordered(record) if row["notes"].get("course")), None),
        kept=None if kept is None else forgotten(record, kept),
        rival=(record["verdict"] or {}).get("target_trained"),
        percent=percent,
        next=_next(record),
    )


def ordered(record: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The candidates: the chosen one, those not adapted, the others; those that failed come last."""

    def place(row: Mapping[str, Any]) -> tuple[int, bool]:
        return _FIRST.get(row["status"], 1), row["method"] != "none"

    return sorted(record["candidates"], key=place)


def forgotten(record: Mapping[str, Any], kept: Mapping[str, Any]) -> str:
    """What the chosen model still knows of the domain that it came from."""
    low, high = (f"{100 * x:+.1f}" for x in kept["interval"])
    return (
        f"On the {kept['n']} sealed {noun(record['modality'])}s of {record['source']['name']}, the domain that it came "
        f"from: {percent(kept['after'])} right, {percent(kept['before'])} before ({low} to {high} points)."
    )


def _next(record: Mapping[str, Any]) -> str:
    return f"headstart predict {quote(record['run'])} {_modality.of(record['modality']).new}"


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['method']} on {row['representation']}"


def _short(row: Mapping[str, Any], wide: int) -> str:
    return str(shorten(row["reason"], max(COLUMNS - wide - 28, 20)))
