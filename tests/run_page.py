"""docs/run-json.md as a list of fields, held beside what a run wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "run-json.md"
TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def rows(section: str) -> dict[str, list[str]]:
    """First column of a section's tables, without its marks → the other columns."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {first.strip("`"): rest for first, *rest in cells}


def read(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def walk(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and type of everything in JSON that is no object and no list."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield from walk(held, f"{path}.{name.replace('.', '')}" if path else name)
    elif isinstance(value, list):
        for held in value:
            yield from walk(held, f"{path}[]")
    else:
        yield path, TYPES[type(value)]


def means(row: str, path: str) -> bool:
    """Whether a row of the page speaks of a path; behind a last `*` may stand anything."""
    pattern = re.escape(row).replace(r"\*", "[^.]+?") + (r"(\[\]|\.[^.]+)*" if row.endswith("*") else "")
    return re.fullmatch(pattern, path) is not None


def undocumented(found: object, page: dict[str, list[str]]) -> set[tuple[str, str]]:
    """What is written and not on the page, or there under another type."""
    odd = set()
    for path, kind in set(walk(found)):
        told = [page[row][0].split(" or ") for row in page if means(row, path)]
        if not any(kind in types or "any" in types or (kind == "integer" and "number" in types) for types in told):
            odd.add((path, kind))
    return odd


def unwritten(page: dict[str, list[str]], found: list[object]) -> set[str]:
    """Rows of the page of which nothing is written anywhere."""
    paths = {path for one in found for path, _ in walk(one)}
    return {
        row for row in page if not any(means(row, path) or re.match(re.escape(row) + r"[.\[]", path) for path in paths)
    }


def unknown(run: Path) -> set[tuple[str, str]]:
    """What a run's folder says and the page does not."""
    odd = undocumented(read(run, "run.json"), rows("`run.json`"))
    for model in ("model", "other"):
        odd |= undocumented(read(run, f"{model}/model.json"), rows("`model/model.json`"))
    return odd
