"""Several labels an example, or none: lists in a cell, columns of 0 and 1, or strings with a mark between labels.

In: cells, or records with labels as text. Out: each record's cell a tuple, its labels once each and in order. An empty
list says "none of them"; a missing one says nothing, and its row is one without a label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import DataError, UsageError
from ...family import names
from ...kind.regression import COMMA
from .._clean import Clean
from .._record import Found, Record, Shape, in_order, label_text

MARKS = (";", "|", ",")  # between labels in a string, where --kind multilabel says so; a comma where neither other is
_THROUGHOUT = 3  # different labels with a mark inside, from which on these are several in one if all parts recur
_TORN, _FEW = 0.1, 5  # of examples under two labels: from which share and number on these are no slips
YES_NO = dict.fromkeys(("1", "1.0", "true", "yes", "y", "t"), True) | dict.fromkeys(
    ("0", "0.0", "false", "no", "n", "f"), False
)


def listed(value: object, where: str, column: str, *, blank: bool = False) -> tuple[str, ...] | None:
    """The labels that a cell lists; None where it is no list. With `blank` an empty text is an empty list.

    >>> listed(["b", "a", "b"], "t:1", "label"), listed([], "t:1", "label"), listed("a", "t:1", "label")
    (('a', 'b'), (), None)

    Raises:
        DataError: it holds something else than texts and numbers.
    """
    if isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(v, (list, Mapping)) for v in value)):
        raise DataError(
            f"{where}: column '{column}' holds {str(value)[:40]}. Allowed are a label, or a list of labels; an empty "
            "list says that none applies."
        )
    if isinstance(value, list):
        return in_order(text for v in value if (text := label_text(v)) is not None)
    return () if blank and isinstance(value, str) and not value.strip() else None


def flagged(
    row: Mapping[str, Any], columns: Sequence[str], where: str, blank: str | None = None
) -> tuple[str, ...] | None:
    """Of columns of 0 and 1 those that say 1; None where a cell is empty, and `blank` does not say what that means.

    >>> flagged({"toxic": "1", "insult": "FALSE"}, ("toxic", "insult"), "t.csv:1")
    ('toxic',)

    Raises:
        DataError: a cell says something else.
    """
    texts = {c: label_text(row.get(c)) or blank for c in columns}
    if odd := [c for c, text in texts.items() if text is not None and text.casefold() not in YES_NO]:
        raise DataError(
            f"{where}: column '{odd[0]}' holds '{texts[odd[0]]}'; allowed in a column that says whether a label "
            "applies: 0, 1, false, true, no, yes. Repair it (where it says uncertain decide for one, or empty it), or "
            "name other columns with --label."
        )
    if None in texts.values():
        return None
    return tuple(c for c, text in texts.items() if YES_NO[(text or "").casefold()])


def tagged(found: Found, kind: str | None, path: Path, known: tuple[str, ...] = ()) -> Found:
    """The records of the kind multilabel, a tuple in each cell, where an example may have several labels.

    That is so where a list (or several columns) was met, and where `kind` is "multilabel": texts are then cut at ";" or
    "|". A text that is not cut is a set of one; where none is, the labels of the same example are joined later.

    Args:
        found: what was read.
        kind: as asked for, or None.
        path: of the data.
        known: all labels that there can be, where a finished run says so: a text that is one of them is not cut.

    Raises:
        DataError: another kind was asked for and there are lists; lists of 0 and 1; or "multilabel", and texts have
            both marks.
        UsageError: there is no such kind.
    """
    if kind not in (None, *names("kind")):
        raise UsageError(f"The kind '{kind}' cannot be read; allowed: {', '.join(names('kind'))}. Name one of these.")
    texts = [r.cell for r in found.records if isinstance(r.cell, str) and r.cell not in known]
    lists = bool(found.labels) or any(isinstance(r.cell, tuple) for r in found.records)
    inside = {tag for r in found.records if isinstance(r.cell, tuple) for tag in r.cell}
    if lists and kind not in (None, "multilabel"):
        raise DataError(
            f"{path.name}: column '{found.column}' holds lists of labels, which {kind} cannot take. Give one label for "
            "each example" + ("." if known else ", or leave --kind out: several labels are then learnt.")
        )
    if inside and not found.labels and inside <= set(YES_NO):
        raise DataError(
            f"{path.name}: the lists in column '{found.column}' hold 0 and 1 alone, which say nothing of what the "
            "labels are. Allowed: lists of the labels that apply, or columns of 0 and 1 named by --label toxic,insult."
        )
    used = [mark for mark in MARKS if any(mark in text for text in texts)]
    whole = set(texts)
    cut = {text for text in whole if len(_loosely(text)) > 1}
    if not used and kind is None and len(cut) > 1 and all(part in whole for text in cut for part in _loosely(text)):
        said = f"The labels in '{found.column}' are taken as they are, such as {min(cut)!r}; if these are several in "
        said += "one, put ';' between them and pass --kind multilabel."
        return replace(found, notes=(*found.notes, said))
    used = [mark for mark in used if mark != ","] or ([] if lists else used)
    if not lists and kind != "multilabel":
        return _hinted(found, used, texts, path) if kind is None else replace(found, kind=kind)
    if kind == "multilabel" and len(used) > 1:
        raise _unclear(found.column, path, "holds both ';' and '|'")
    join = kind == "multilabel" and not used and not lists
    mark = used[0] if used and kind == "multilabel" else None
    records = tuple(_tagged(r, None if r.label in known else mark) for r in found.records)
    return replace(found, records=records, kind="multilabel", join=join)


def settle_several(cleaned: Clean, found: Found, kind: str | None, path: Path, shape: Shape) -> tuple[str, ...]:
    """What a person is told of examples that stood under several labels, a folder or a row each.

    Raises:
        DataError: they are a tenth of all, and nobody said what they are; or they were to be joined and there are none.
    """
    n, several = len(cleaned.kept), sum(len(k.record.classes) > 1 for k in cleaned.kept)
    if found.join:
        if not several:
            what = "holds neither a list nor a text with ';' or '|', and no example stands in two rows"
            raise _unclear(found.column, path, what)
        return (f"{several} of {n} {shape.nouns} have several labels, joined from as many folders or rows.",)
    if not cleaned.torn:
        return ()
    torn = f"{cleaned.torn} of {n + cleaned.torn} {shape.nouns} stand under two or more labels, a folder or row each"
    if kind is None and cleaned.torn >= max(_FEW, _TORN * (n + cleaned.torn)):
        raise DataError(
            f"{path.name}: {torn}. If each may have several labels, pass --kind multilabel to join them; if they are "
            "mistakes, pass --kind classification to leave them out."
        )
    return (f"{torn}, and are left out; --kind multilabel would join their labels.",)


def _unclear(column: str, path: Path, what: str) -> DataError:
    return DataError(
        f"{path.name}: column '{column}' {what}, so several labels cannot be told apart. Allowed: lists (JSONL, "
        "Parquet), texts with ';' or with '|' between the labels, a row or a folder for each label of an example, or "
        "columns of 0 and 1 named by --label toxic,insult."
    )


def _loosely(text: str) -> list[str]:
    """What blanks, strokes and the like may part.

    >>> _loosely("Drama & Comedy"), _loosely("red blue"), _loosely("and/or")
    (['Drama', 'Comedy'], ['red', 'blue'], ['and', 'or'])
    """
    return [part for part in re.split(r"[\s/&+]+", text) if part]


def _tagged(record: Record, mark: str | None) -> Record:
    if isinstance(record.cell, tuple):
        return record
    parts = record.cell.split(mark) if mark else [record.cell]
    return replace(record, cell=in_order(text for part in parts if (text := label_text(part)) is not None))


def _hinted(found: Found, used: list[str], texts: list[str], path: Path) -> Found:
    """With a note where labels look like several in one: cut at the mark they are far fewer, and they recur.

    Raises:
        DataError: they look so throughout: each part is in several of them.
    """
    for mark in used:
        whole = {text: {part.strip() for part in text.split(mark)} - {""} for text in set(texts)}
        within = Counter(part for parts in whole.values() for part in parts)
        cut = [text for text, parts in whole.items() if len(parts) > 1 or (parts and text.endswith(mark))]
        if len(within) >= len(whole) or len(cut) < 2 or all(COMMA.fullmatch(text) for text in cut):
            continue
        many = f"{len(within)} labels, several an example"
        said = f"The labels in '{found.column}' hold '{mark}' ({min(cut)!r})"
        if len(cut) >= _THROUGHOUT and min(within.values()) > 1:
            raise DataError(
                f"{path.name}: {said[0].lower()}{said[1:]} and look like several in one: cut there they are {many}; as "
                f"they are, {len(whole)} classes. --kind multilabel cuts them, --kind classification keeps them."
            )
        said += f" and are taken as they are, {len(whole)} classes; --kind multilabel would learn {many}."
        return replace(found, notes=(*found.notes, said))
    return found
