"""Labelled texts → a `Task`: a table with a text in each row, a saved data set, or .txt files in class folders.

A text is NFC without outer blanks, otherwise as it was given: case and accents are the model's affair.
"""

from __future__ import annotations

import codecs
import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..pixels import Pixels
from ..types import Example, SetAside, Task
from ._clean import Clean, Kept, settle
from ._options import ReadOptions
from ._record import TEXTS, Found, Record, Shape, span
from ._table import Table
from ._task import Watch, absolute, make
from .folder.walk import any_of
from .picture.suffixes import PICTURES, SIDECARS
from .table.columns import find, headless
from .table.encoding import decoded, page_of
from .table.table import open_table
from .words import columns
from .words.shingles import near_pairs
from .words.telling import compared

MOST = 1_000_000  # characters of one text
_MET = 0.6  # what is claimed where texts are met: less than for pictures, which may have captions
_SUFFIXES = (".txt", ".text", ".md", ".rst", ".html", ".htm", ".eml")


def read(
    data: str | Path,
    options: ReadOptions = ReadOptions(),
    *,
    name: str | None = None,
    seed: int = 0,
    progress: Watch | None = None,
    table: Table | None = None,
) -> Task:
    """Read a person's texts; arguments and errors as for `read.read`; `table`, if the path is opened."""
    table = table or open_table(absolute(data), options)
    shape = SHAPE.reading(options.text)
    task = make(data, shape, clean, options, name=name, seed=seed, progress=progress, table=table)
    if table is None or options.text:
        return task
    return replace(task, notes=task.notes + compared(table, task))


def sniff(path: Path, table: Table | None) -> float:
    """Texts have a column called so, or of several words a cell; a table without a header may hold them."""
    if table is not None:
        named = any(find(table.columns, column) for column in TEXTS)
        met = named or headless(table) or any(columns.is_text(table, column) for column in table.columns)
    else:
        met = path.is_dir() and any_of(path, is_text)
    return _MET if met else 0.0


def clean(
    found: Found,
    root: Path,
    progress: Watch | None = None,
    options: ReadOptions = ReadOptions(),
    *,
    pixels: Pixels | None = None,
) -> Clean:
    """Read every text, set aside what is empty or doubled, and find near-duplicates; `pixels` is of pictures alone."""
    good, aside = [], []
    page = page_of(r.path for r in found.records if r.content is None)
    for done, record in enumerate(found.records, 1):
        text, why = content(record, page, options.encoding)
        if why is None:
            good.append((Kept(replace(record, content=text), digest(text)), text))
        else:
            aside.append(replace(why, path=str(record.path)))
        if progress is not None:
            progress(done, len(found.records))
    return settle(good, near_pairs, aside, root, "text", duplicates=options.duplicates, of=found)


def content(record: Record, page: str | None = None, encoding: str | None = None) -> tuple[str, SetAside | None]:
    """A record's text made ready, or why there is none.

    `page`: in which a file is that is no UTF-8; `encoding`: of all files, as a person named it.
    """
    raw = record.content
    if raw is None:
        try:
            raw = decoded(record.path.read_bytes(), record.path.name, encoding, page).text
        except OSError as error:
            return "", SetAside("", "unreadable", f"The file cannot be read: {error.strerror or error}.")
    raw = raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # halves of pairs, of texts cut short
    text = unicodedata.normalize("NFC", raw).strip().replace("\x00", "")
    if not any(c.isalnum() or ord(c) > 0x2000 for c in text):  # beyond: emoji and symbols say something too
        return "", SetAside("", "empty", "The text is empty." if not text else "The text holds no word.")
    if len(text) > MOST:
        return "", SetAside("", "too_large", f"The text has {len(text):,} characters; the limit is {MOST:,}.")
    return text, None


def shapes(examples: Sequence[Example]) -> tuple[dict[str, Any], list[tuple[Example, Mapping[str, Any]]]]:
    """What `check` shows: lengths in words and characters.

    Returns:
        the summary; and of each what might give its class away, the tenth of all lengths that its own lies in.
    """
    import numpy as np

    words = [len((e.content or "").split()) for e in examples]
    tenths = np.searchsorted(np.unique(np.quantile(words, np.linspace(0.1, 0.9, 9))), words)
    summary = {"words": span(words), "characters": span([len(e.content or "") for e in examples])}
    return summary, [(e, {"length": int(tenth)}) for e, tenth in zip(examples, tenths, strict=True)]


def digest(text: str) -> str:
    """What a text is cached under."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def cell(folder: Path, value: object) -> str | None:
    """A table's cell as a text."""
    if isinstance(value, (list, dict)):
        raise DataError(
            f"A text column holds {type(value).__name__} values ({str(value)[:40]}). Give one text in each row."
        )
    if isinstance(value, bytes):
        return decoded(value, "").text
    return None if value is None or value != value else str(value)  # only NaN differs from itself


def is_text(path: Path) -> bool:
    """Whether a file is meant as a text: by its suffix, or where that is none or an unknown one, by its first bytes."""
    if path.stem.casefold() in ("readme", "license", "licence", "source", "makefile", "copying"):
        return False
    suffix = path.suffix.lower()
    if suffix in _SUFFIXES:
        return True
    return suffix not in SIDECARS and suffix not in PICTURES and reads(path)


def reads(path: Path) -> bool:
    """Whether the first bytes are characters: mails, postings and notes often have no suffix, or a number for one."""
    try:
        with path.open("rb") as f:
            start = f.read(2048)
    except OSError:
        return False
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    return bool(start) and sum(byte < 32 and byte not in b"\t\n\f\r\x1b" for byte in start) <= len(start) // 100


SHAPE = Shape(
    modality="text",
    how="Pass a table with text and label columns, or put the texts of each class into a folder of its own.",
    wanted=is_text,
    columns=TEXTS,
    cell=cell,
    holds=columns.is_text,
    labels=("label", "class", "category", "intent", "sentiment", "topic", "target", "labels"),
    loose=True,
    options=("text",),
    choose=columns.choose,
)
