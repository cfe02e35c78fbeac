"""Text with a mark between cells (CSV, TSV) → rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def delimited(text: str, suffix: str) -> list[Row]:
    first = text.split("\n", 1)[0]
    delimiter = "\t" if suffix == ".tsv" else max(",;\t", key=first.count)
    csv.field_size_limit(2**31 - 1)  # a cell may hold a whole book
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
