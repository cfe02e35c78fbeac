"""Labels as people spell them: "Cat", "cat " and "CAT" are one class, and "N/A" may be none at all.

In: records with labels as text. Out: the same, spellings joined, and what is said of it. Letters alone ("a", "A") stay
apart: they are classes of alphabets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from ...kind import kind_of
from .._record import Found, Record, in_order

_SHOWN = 3
_NOTHING = frozenset("na n/a n.a. nan null none nil ? - #n/a undefined unlabeled unlabelled".split())


def spelled(found: Found, kind: str | None, known: tuple[str, ...] = ()) -> Found:
    """The records, labels that differ by capitals, blanks or a ".0" alone read as one.

    Args:
        found: what was read.
        kind: as a person asked for: "classification" keeps each spelling, of a table `known` to a run too.
        known: all labels that a finished run knows: others are spelled as these.
    """
    asked = kind_of(kind) if kind else None
    if found.labels or (asked and (asked.structured or not asked.classes)) or (kind == "classification" and not known):
        return found
    counts = Counter(name for r in found.records for name in r.classes)
    alike: dict[str, list[str]] = {}
    for name in in_order({*counts, *known}):
        alike.setdefault(_key(name), []).append(name)
    usual = {
        name: _usual(same, counts, known) for same in alike.values() if len(same) > 1 for name in same if name in counts
    }
    usual = {name: to for name, to in usual.items() if name != to and name not in known}
    notes = () if known or not found.columns else _nothing(counts)
    if usual:
        pairs = [f"'{name}' as '{to}'" for name, to in usual.items()]
        some = ", ".join(pairs[:_SHOWN]) + (f" and {len(pairs) - _SHOWN} more" if pairs[_SHOWN:] else "")
        how = "" if known else " (--kind classification keeps them apart)"
        notes += (f"Labels that differ by capitals or blanks alone are one: {some}{how}.",)
    return replace(found, records=tuple(_renamed(r, usual) for r in found.records), notes=(*found.notes, *notes))


def _key(label: str) -> str:
    """What spellings of one label have in common.

    >>> _key("Very  Good"), _key("1.0"), _key("A"), _key("01")
    ('very good', '1', 'A', '01')
    """
    plain = re.sub(r"^([+-]?\d+)\.0+$", r"\1", " ".join(label.split()))
    return plain if len(plain) == 1 else plain.casefold()


def _usual(same: list[str], counts: Mapping[str, int], known: tuple[str, ...]) -> str:
    """The spelling that a run knows, where it knows one alone; else the one that is met most."""
    own = [name for name in same if name in known]
    return own[0] if len(own) == 1 else max(same, key=lambda name: (counts.get(name, 0), -len(name)))


def _nothing(counts: Mapping[str, int]) -> tuple[str, ...]:
    """What is said of labels that seem to say that there is none."""
    odd = in_order(name for name in counts if name.casefold() in _NOTHING)
    if not odd or len(odd) == len(counts):
        return ()
    named = ", ".join(f"'{name}' ({counts[name]:,})" for name in odd)
    which = "is a class as any other" if len(odd) == 1 else "are classes as any other"
    return (f"{named} {which}; to leave such rows out, empty their labels.",)


def _renamed(record: Record, usual: Mapping[str, str]) -> Record:
    if not usual.keys() & set(record.classes):
        return record
    if isinstance(record.cell, str):
        return replace(record, cell=usual[record.cell])
    return replace(record, cell=in_order(usual.get(tag, tag) for tag in record.cell))
