"""Data that no reader knows, told as what it is: sounds, films, scans, tables of numbers and categories.

In: a path, and the table it holds or none. Out: nothing, or an error in a person's own terms. Columns are judged by
what stands in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from ..errors import DataError
from ._reader import shapes
from ._table import Table
from .folder.walk import any_of, files
from .picture.suffixes import PICTURES

SOUNDS = frozenset(".wav .mp3 .flac .ogg .oga .opus .m4a .aac .aif .aiff .wma .amr".split())
FILMS = frozenset(".mp4 .avi .mov .mkv .webm .m4v .mpg .mpeg .wmv".split())
SCANS = frozenset(".dcm .dicom .nii .nrrd .mha .mhd .npy .npz .mat .h5 .svs .ndpi .czi .lif .nd2".split())
_KINDS = ((SOUNDS, "sounds"), (FILMS, "films"), (SCANS, "scans or arrays"))
_LOOKED_AT = 500  # rows
_MOST = 100  # different words of a category, each twice or more on average
_COLUMNS = 3  # of numbers and categories, from which on a table is told as one of these
_LONG = 40  # characters of a cell that says more than a name


def refuse(path: Path, table: Table | None, label: str | None = None) -> None:
    """Say what data is that headstart cannot learn from yet; nothing where it may hold what some reader knows.

    Args:
        path: the data.
        table: what it holds, if it is a table.
        label: the column of labels, where it is named.

    Raises:
        DataError: it is sounds, films, scans, or a table of numbers and categories.
    """
    if table is not None:
        _refuse_table(table, label)
    for suffixes, what in _KINDS:
        if path.is_file() and path.suffix.lower() in suffixes:
            raise DataError(f"{path} is one of the {what}. {_advice(what)}")
        if table is None and path.is_dir() and (found := _of(path, suffixes)):
            counted = Counter(p.suffix.lower() for p in found)
            named = ", ".join(suffix or "DICOM" for suffix, _ in counted.most_common(3))
            raise DataError(f"{path.name}/ holds {len(found)} {what} ({named}) and no pictures. {_advice(what)}")


def _of(root: Path, suffixes: frozenset[str]) -> list[Path]:
    """All files of these kinds in a folder that holds nothing that a reader knows; else none."""
    found = files(root, lambda p: p.suffix.lower() in suffixes or (suffixes is SCANS and not p.suffix and _is_dicom(p)))
    return [] if found and any(any_of(root, shape.wanted) for shape in shapes()) else found


def _is_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as f:
            return f.read(132)[128:] == b"DICM"
    except OSError:
        return False


def _refuse_table(table: Table, label: str | None) -> None:
    rows = [row for _, row, _ in islice(table.rows, _LOOKED_AT)]
    cells = {c: [v for row in rows if (v := row.get(c)) not in (None, "")] for c in table.columns}
    for suffixes, what in _KINDS:
        for column, values in cells.items():
            if values and all(isinstance(v, str) and Path(v).suffix.lower() in suffixes for v in values):
                raise DataError(f"{table.name} names {what} in its column '{column}'. {_advice(what)}")
    usual = {column for shape in shapes() for column in shape.columns}
    plain = [c for c, values in cells.items() if values and _plain(values)]
    others = [c for c, values in cells.items() if c.strip().casefold() in usual or (c not in plain and _speaks(values))]
    if others or len([c for c in plain if c != label]) < _COLUMNS:
        return
    shown = ", ".join(plain[:3]) + (", …" if len(plain) > 3 else "")
    raise DataError(
        f"{table.name} is a table of numbers and categories ({shown}); {_so_far()}, so there is nothing pre-trained to "
        "reuse on it. Of such tables gradient boosting is the usual choice (scikit-learn's "
        "HistGradientBoostingClassifier). If a column holds texts, name it with `--text COLUMN`; if one holds paths of "
        "pictures, call it image."
    )


def _so_far() -> str:
    return f"headstart learns from {' and '.join(shape.nouns for shape in shapes())} so far"


def _advice(what: str) -> str:
    made = {"sounds": "Spectrograms", "films": "Single frames"}.get(what, "Slices")
    return f"{_so_far()}. {made}, saved as pictures in class folders, are one way to use it on {what}."


def _plain(values: Sequence[object]) -> bool:
    """Whether a column's cells are numbers or truth values, or a few words that come again and again."""
    if all(isinstance(v, int | float) or (isinstance(v, str) and _is_number(v)) for v in values):
        return True
    words = [v for v in values if isinstance(v, str)]
    if len(words) < len(values) or any(Path(w).suffix.lower() in PICTURES for w in words):
        return False
    return len(set(words)) <= min(_MOST, len(words) / 2)


def _speaks(values: Sequence[object]) -> bool:
    """Whether a column might hold texts, pictures or names of these: whatever is not one word a cell."""
    words = [v for v in values if isinstance(v, str)]
    if len(words) < len(values) or any(Path(w).suffix.lower() in PICTURES for w in words):
        return True
    return sum(" " in w.strip() or len(w) > _LONG for w in words) > len(words) / 2


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return text.strip() in ("?", "NA", "NaN", "nan", "-")
    return True
