"""Which sources a verdict speaks of: those that were looked at, and by name those that were not.

In: what a run keeps of its choice (`run.json`, "ranking"). Out: pieces of English. A verdict says nothing of a source
that nobody looked at, and must not sound as if it did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

WHY = {
    "time": "for time",
    "memory": "for memory",
    "interrupted": "when choosing was interrupted",
    "needless": "by what those showed",
}
EVERY = "anything pre-trained here"
NAMED = 3  # so many sources are named where a sentence speaks of those looked at


def reused(ranking: Mapping[str, Any] | None) -> str:
    """What a claim about everything pre-trained may speak of.

    >>> reused(None), reused({"looked_at": ["a", "b"], "left_out": []})
    ('anything pre-trained here', 'anything pre-trained here')
    >>> reused({"looked_at": ["wordllama"], "left_out": [{"source": "minilm-l6", "why": "time"}]})
    'wordllama'
    >>> reused({"looked_at": ["minilm-l6"], "left_out": [], "named": True, "chosen": ["minilm-l6"]})
    'minilm-l6'
    """
    known = ranking or {}
    looked = known.get("chosen", ()) if known.get("named") else known.get("looked_at", ())
    if not looked or not (known.get("named") or known.get("left_out")):
        return EVERY
    return _listed(looked) if len(looked) <= NAMED else f"the {len(looked)} sources that were looked at"


def missed(ranking: Mapping[str, Any] | None) -> str:
    """A sentence on the sources that nobody looked at; nothing where there are none, or where they were named.

    >>> missed({"looked_at": ["wordllama"], "left_out": [{"source": s, "why": "time"} for s in ("a", "b")]})
    'Of the sources only wordllama was looked at; a and b were left out for time.'
    >>> missed({"looked_at": ["a", "b"], "left_out": []})
    ''
    """
    known = ranking or {}
    if known.get("named") or not known.get("left_out"):
        return ""
    looked, by = known.get("looked_at", ()), defaultdict(list)
    for entry in known["left_out"]:
        by[WHY.get(entry["why"], "could not be had")].append(entry["source"])
    told = []
    for why, keys in by.items():
        were = "were" if len(keys) > 1 else "was"
        told.append(f"{_listed(keys)} {were} left out {why}" if why in WHY.values() else f"{_listed(keys)} {why}")
    which = _listed(looked) if len(looked) <= NAMED else f"{len(looked)} of {len(looked) + len(known['left_out'])}"
    return f"Of the sources only {which} {'were' if len(looked) > 1 else 'was'} looked at; {', '.join(told)}."


def _listed(keys: Sequence[str], most: int = 5) -> str:
    """Names in a row, many of them counted.

    >>> _listed("ab"), _listed("abcdefg", 3)
    ('a and b', 'a, b, c and 4 more')
    """
    *first, last = keys if len(keys) <= most else [*keys[:most], f"{len(keys) - most} more"]
    return f"{', '.join(first)} and {last}" if first else last
