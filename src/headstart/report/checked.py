"""What was understood of a person's data, for a terminal and as a page.

In: the record of `headstart check`. Out: plain text of at most 100 columns, or HTML with pictures inside.
"""

from __future__ import annotations

import textwrap
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..kind import kind_of
from ..modality import noun as noun_of
from ..pixels import Pixels
from . import _kind, _modality, _words
from .text import COLUMNS, pad, shorten, width

CLASSES, ASIDE = 20, 3  # lines at most; the JSON has all


def text(record: Mapping[str, Any]) -> str:
    """In a few lines, no closing line break."""
    record = _words.clean(record)
    lines = [_head(record), "", *_classes(record), ""]
    lines += [line for title, said in _facts(record) for line in _fact(title, said)]
    lines += [f"  {'next':<10} {_words.fit_again(record['data'], record['options'])}"]
    return "\n".join(lines).replace(_words.NARROW, " ")


def page(record: Mapping[str, Any]) -> str:
    """The same as a page, with small pictures of the examples."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    record, here = _words.clean(record), Path(__file__).parent
    env = Environment(
        loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return env.get_template("checked.html").render(
        css=(here / "page.css").read_text(encoding="utf-8"),
        record=record,
        head=_head(record),
        facts=list(_facts(record)),
        examples=[e | {"picture": _picture(e["where"], record)} for e in record["examples"]],
    )


def _picture(where: str, record: Mapping[str, Any]) -> str | None:
    """A small JPEG as base64, of an example that is shown by one."""
    jpeg = _modality.of(record["modality"]).thumbnail(Path(where), Pixels(**record["pixels"]))
    return b64encode(jpeg).decode("ascii") if jpeg else None


def _head(record: Mapping[str, Any]) -> str:
    noun, n = noun_of(record["modality"]), record["n"]
    of = f" of {_words.plural(len(record['labels']), 'class', 'classes')}" if kind_of(record["kind"]).exclusive else ""
    labelled = sum(many for split, many in n.items() if split != "unlabelled")
    return f"{record['name']}: {_words.plural(labelled, noun)}{of}, {_kind.of(record['kind']).data}"


def _classes(record: Mapping[str, Any]) -> list[str]:
    rows, splits = record["classes"], ("train", "valid", "test")
    wide = min(max((width(r["label"]) for r in rows), default=8), 48)

    def line(name: str, *cells: str) -> str:
        return f"  {pad(shorten(name, wide), wide)}" + "".join(f"  {cell:>7}" for cell in cells)

    lines = [line("", *splits), *(line(r["label"], *(f"{r[s]:,}" for s in splits)) for r in rows[:CLASSES])]
    if len(rows) > CLASSES:
        lines.append(f"  … and {len(rows) - CLASSES} more classes; --json has all")
    return [*lines, line("all", *(f"{record['n'][s]:,}" for s in splits))]


def _facts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(title, sentence) of all that was understood, in the order in which a person wants to check it."""
    noun, n = noun_of(record["modality"]), record["n"]
    if columns := record["columns"]:
        yield "columns", ", ".join(f"{role}: '{name}'" for role, name in columns.items())
    yield "splits", record["split_rule"]
    if n.get("unlabelled"):
        yield "unlabelled", f"{_words.plural(n['unlabelled'], noun)} without a label"
    for note in record["notes"]:
        yield "read as", note
    by_reason: dict[str, list[Mapping[str, Any]]] = {}
    for item in record["set_aside"]:
        by_reason.setdefault(item["reason"], []).append(item)
    for name, items in sorted(by_reason.items(), key=lambda pair: -len(pair[1])):
        some = "; ".join(f"{_short(i['path'])}: {i['detail'].rstrip('.')}" for i in items[:ASIDE])
        more = f" … and {len(items) - ASIDE} more" if len(items) > ASIDE else ""
        yield "set aside", f"{len(items)} {_words.REASONS.get(name, name.replace('_', ' ')).lower()}. {some}{more}"
    if not by_reason:
        yield "set aside", "nothing"
    if together := record["together"]["examples"]:
        alike = f"{_words.plural(record['together']['groups'], 'group')} (near-duplicates, or as given)"
        yield "together", f"{_words.plural(together, noun)} of train and valid in {alike}"
    yield "shapes", "; ".join(_shapes(record["shapes"]))
    for said in record["suspicious"]:
        yield "suspicious", said
    for example in record["examples"]:
        label = ", ".join(example["label"]) if isinstance(example["label"], list) else example["label"]
        shown = shorten(" ".join((example["text"] or example["where"]).split()), 76)
        yield "example", f"{label or '(none)'}  ←  {shown}"


def _shapes(shapes: Mapping[str, Any]) -> Iterator[str]:
    for name, value in shapes.items():
        if isinstance(value, Mapping):
            parts = Counter(value).most_common()
            yield f"{name} " + ", ".join(f"{what} ({many:,})" if parts[1:] else what for what, many in parts[:4])
        elif value:
            low, middle, high = value
            yield f"{name} {low:,}" if low == high else f"{name} {low:,} to {high:,}, median {middle:,}"


def _fact(title: str, said: str) -> list[str]:
    first, *rest = textwrap.wrap(said, COLUMNS - 13, max_lines=4, placeholder=" …") or [""]
    return [f"  {title:<10} {first}", *(f"  {'':<10} {line}" for line in rest)]


def _short(path: str) -> str:
    return "/".join(Path(path).parts[-2:])
