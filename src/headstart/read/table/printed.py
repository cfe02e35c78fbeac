"""Lists of labels that went through a text table: as pandas, numpy and JSON print them, lists again."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from .._record import in_order, label_text


def printed(cells: Sequence[object]) -> list[tuple[str, ...] | None] | None:
    """The lists that texts are prints of, as pandas, numpy and JSON write them; None where not every text is one.

    >>> printed(["['b', 'a']", '["a"]', "[]", "", "['a' 'b']"])
    [('a', 'b'), ('a',), (), None, ('a', 'b')]
    """
    out: list[tuple[str, ...] | None] = []
    for cell in cells:
        text = cell.strip() if isinstance(cell, str) else ""
        if (not text and (cell is None or cell != cell or cell == "")) or text.casefold() in ("nan", "none", "null"):
            out.append(None)
        elif (values := _printed(text)) is not None:
            out.append(in_order(said for v in values if (said := label_text(v)) is not None))
        else:
            return None
    return out if any(found is not None for found in out) else None


def _printed(text: str) -> list[object] | None:
    """The members of one printed list; of tags in angle brackets too, as Stack Overflow's `<c++><qt>`."""
    if re.fullmatch(r"(?:<[^<>\s]+>)+", text):
        return list(re.findall(r"<([^<>]+)>", text))
    if not (text[:1] in "[({" and text[-1:] in "])}") or len(text) < 2:
        return None
    inside = text[1:-1].strip()
    quoted = r"""(?:'[^']*'|"[^"]*")"""
    if re.fullmatch(rf"{quoted}(?:\s+{quoted})+", inside):  # numpy's have no commas
        return [found[1:-1] for found in re.findall(quoted, inside)]
    try:
        values = ast.literal_eval(text) if inside else []
    except (ValueError, SyntaxError):
        plain = not re.search(r"['\"{}()\[\]:]", inside)
        return [part.strip() for part in inside.split(",")] if plain and text[0] in "[{" else None
    values = list(values) if isinstance(values, list | tuple | set) else [values] if text[0] == "(" else None
    return values if values is not None and all(isinstance(v, str | int | float) for v in values) else None
