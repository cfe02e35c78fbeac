"""Text with a mark between cells (CSV, TSV) → rows.

The mark is the one by which lines have as many cells as the header. Quotation marks wrap cells where the file uses them
so throughout; a line in which they do not pair is read by itself, so that none swallows the lines behind it; and where
lines come out even without them, and only then, they are characters (GLUE's files). See `_even.py` for rows of too many
or too few cells.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ...errors import UsageError

MARKS = ",;\t|"
_ALONE = "\x1f"  # stands in no text: a table of one column
_LOOKED = 200  # lines by which the mark between cells is told
_WRAPPED = 0.9  # part of a column's cells in quotation marks from which on a TSV is taken to wrap its cells


@dataclass(frozen=True)
class Lines:
    """Rows of cells as they stand in a file."""

    mark: str
    rows: list[list[str]]
    at: list[int]  # the line in which each row begins, from 1
    broken: list[int] = field(default_factory=list)  # lines in which quotation marks do not pair
    notes: tuple[str, ...] = ()

    @property
    def uneven(self) -> float:
        """The part of the rows that has another number of cells than most have, or marks that do not pair."""
        counts = Counter(map(len, self.rows))
        return 1 - (max(counts.values(), default=0) - len(self.broken)) / max(len(self.rows), 1)


def lines_of(text: str, name: str, suffix: str, quotes: str | None = None) -> Lines:
    """The rows of a text, the header among them.

    Args:
        text: of the file.
        name: the file's, for the notes.
        suffix: ".tsv" says that tabs stand between cells.
        quotes: "yes" or "no": whether quotation marks wrap cells; None: found out.

    Raises:
        UsageError: `quotes` is neither.
    """
    if quotes not in (None, "yes", "no"):
        raise UsageError(f"--quotes {quotes} was given; allowed: yes (they wrap cells), no (they are characters).")
    lines = list(io.StringIO(text, newline=None))
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    told = re.fullmatch(r'"?sep=(.)"?\s*', lines[first]) if lines else None  # as Excel writes it
    if told:
        first += 1
    lines = ["\n"] * first + lines[first:]
    mark = told[1] if told else _mark(lines[first : first + _LOOKED], suffix)
    return _with_empty(_rows_of(lines, mark, name, quotes), lines)


def _rows_of(lines: Sequence[str], mark: str, name: str, quotes: str | None) -> Lines:
    plain, apostrophes = _plain(lines, mark), _apostrophes(lines, mark)
    if quotes == "no" or not (apostrophes or any('"' in line for line in lines)):
        return plain
    if apostrophes:
        lines = [line.replace('"', '""').replace("'", '"') for line in lines]
    wrapped = min((_wrapped(form, mark) for form in _forms(lines, mark)), key=lambda found: found.uneven)
    if quotes is None and _characters(plain, wrapped, mark):
        return _with_difference(plain, wrapped, lines, name)
    return _with_broken(wrapped, name)


def _mark(lines: Sequence[str], suffix: str) -> str:
    """What stands between cells: the mark that divides most lines into as many cells as the header."""
    header = lines[0] if lines else ""
    if not any(mark in header for mark in MARKS):  # a title or a remark above it
        usual = Counter(mark for line in lines for mark in MARKS if mark in line)
        mark = max(usual, key=lambda m: usual[m], default="")
        header = next((line for line in lines if mark in line), header) if usual[mark] > len(lines) / 2 else header
        lines = lines[lines.index(header) :] if header else lines
    if suffix == ".tsv" and "\t" in header:
        return "\t"

    def fit(mark: str) -> tuple[float, int]:
        rows = _wrapped(lines, mark).rows
        return round(sum(len(row) == len(rows[0]) for row in rows) / len(rows), 1), header.count(mark)

    return max((mark for mark in MARKS if mark in header), key=fit, default=_ALONE)


def _plain(lines: Sequence[str], mark: str) -> Lines:
    """Each line a row, quotation marks being characters."""
    kept = [(at, line.rstrip("\n").split(mark)) for at, line in enumerate(lines, 1) if line.strip(f"\n {mark}")]
    return Lines(mark, [row for _, row in kept], [at for at, _ in kept])


def _with_empty(found: Lines, lines: Sequence[str]) -> Lines:
    """Of one column an empty cell is an empty line: those between rows, and wrapped ones, are rows as well."""
    if found.mark != _ALONE or not found.rows:
        return found
    inside = {n for at, row in zip(found.at, found.rows, strict=True) for n in range(at, at + row[0].count("\n") + 1)}
    cells = {n: line.strip() for n, line in enumerate(lines, 1) if n > found.at[0] and n not in inside}
    empty = [n for n, cell in cells.items() if cell == '""' or (not cell and n < found.at[-1])]
    rows = sorted([*zip(found.at, found.rows, strict=True), *((n, [""]) for n in empty)], key=lambda row: row[0])
    return replace(found, rows=[row for _, row in rows], at=[at for at, _ in rows])


def _forms(lines: Sequence[str], mark: str) -> Iterator[Sequence[str]]:
    r"""The lines; with marks inside cells doubled, as the standard has it, where they are written \" or stand alone."""
    yield lines
    if any('\\"' in line for line in lines):
        yield [line.replace('\\"', '""') for line in lines]
    kept = [line.strip() for line in lines if line.strip()]
    if all(len(line) > 1 and line[0] == line[-1] == '"' for line in kept):  # every cell of every line is wrapped
        yield [_doubled(line.strip(), f'"{mark}"') + "\n" for line in lines]


def _doubled(line: str, between: str) -> str:
    """A line of wrapped cells, the quotation marks inside them doubled."""
    cells = (cell.replace('""', '"').replace('"', '""') for cell in line[1:-1].split(between))
    return f'"{between.join(cells)}"' if line else ""


def _wrapped(lines: Sequence[str], mark: str) -> Lines:
    """Rows whose cells may be wrapped in quotation marks, line breaks inside included."""
    csv.field_size_limit(2**31 - 1)  # a cell may hold a whole book
    spaced = any(f'{mark} "' in line for line in lines)  # "a", "b"
    found, broken, begin, most = [], [], 0, 50 + len(lines) // 10
    while begin < len(lines):
        start = begin
        reader = csv.reader(
            (lines[n] for n in range(start, len(lines))), delimiter=mark, strict=True, skipinitialspace=spaced
        )
        try:
            for row in reader:
                if row and any(cell.strip() for cell in row):
                    found.append((begin + 1, row))
                begin = start + reader.line_num
        except csv.Error:
            found.append((begin + 1, lines[begin].rstrip("\n").split(mark)))
            broken.append(begin + 1)
            begin += 1
        if len(broken) > most:  # this is no way to read it
            break
    return Lines(mark, [row for _, row in found], [at for at, _ in found], broken)


def _apostrophes(lines: Sequence[str], mark: str) -> bool:
    """Whether apostrophes wrap the cells: nearly every line begins or ends with one, and has one beside each mark."""
    kept = [line.strip() for line in lines[1:] if line.strip()]
    wrapped = [line for line in kept if line[:1] == line[-1:] == "'" and f"'{mark}'" in line.replace(f"{mark} ", mark)]
    return bool(kept) and len(wrapped) >= _WRAPPED * len(kept)


def _characters(plain: Lines, wrapped: Lines, mark: str) -> bool:
    """Whether quotation marks are characters of the texts, and wrap no cells."""
    if plain.uneven != wrapped.uneven:
        return plain.uneven < wrapped.uneven
    if len(plain.rows[0]) > 1 and not plain.uneven and len(wrapped.rows) < len(plain.rows):
        return True
    return mark == "\t" and not _throughout(plain, wrapped)


def _throughout(plain: Lines, wrapped: Lines) -> bool:
    """Whether a TSV wraps its cells as a rule: some need it, or nearly all of a column have it."""
    if any(c in cell for row in wrapped.rows for cell in row for c in '"\n\t'):
        return True
    width, rows = len(plain.rows[0]), plain.rows[1:]
    return any(
        sum(len(row) > at and len(row[at]) > 1 and row[at][0] == row[at][-1] == '"' for row in rows)
        >= _WRAPPED * max(len(rows), 1)
        for at in range(width)
    )


def _with_difference(plain: Lines, wrapped: Lines, lines: Sequence[str], name: str) -> Lines:
    """With a note where it matters that quotation marks are characters."""
    others = sum(1 for row in csv.reader(lines, delimiter=plain.mark) if row) - 1
    if not wrapped.broken and others == len(plain.rows) - 1:
        return plain
    apart = f"leave {others:,} rows, several lines in one" if others < len(plain.rows) - 1 else "not pair in all lines"
    said = (
        f"{name}: quotation marks are read as characters ({len(plain.rows) - 1:,} rows); as wraps of cells they would "
        f"{apart}. --quotes yes reads them so."
    )
    return Lines(plain.mark, plain.rows, plain.at, notes=(said,))


def _with_broken(wrapped: Lines, name: str) -> Lines:
    """With a note where quotation marks of a line do not pair."""
    if not wrapped.broken:
        return wrapped
    many = len(wrapped.broken)
    which = f"line {wrapped.broken[0]}" if many == 1 else f"{many:,} lines, the first of them line {wrapped.broken[0]},"
    said = f"{name}: the quotation marks in {which} do not pair; they are read as characters there."
    return Lines(wrapped.mark, wrapped.rows, wrapped.at, wrapped.broken, (said,))
