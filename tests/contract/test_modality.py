"""No code asks for a kind of data by its name: what differs stands in the family's files, found by `family.load`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import headstart
from headstart.family import names

ROOT = Path(headstart.__file__).parent
MODALITIES = frozenset(names("modality"))
OWN = {ROOT / "read" / f"{name}.py" for name in MODALITIES} | {*ROOT.rglob("modality/*.py")}
FILES = sorted({*ROOT.rglob("*.py")} - OWN)


def breaches(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and source of what compares a modality with a name, or has something at hand for every one."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=right):
                sides = [left, *right]
                if any(_speaks(side) for side in sides) and any(_named(side) for side in sides):
                    yield node.lineno, ast.unparse(node)
            case ast.Dict(keys=keys) if len([key for key in keys if key is not None and _named(key)]) > 1:
                yield node.lineno, ast.unparse(node)
            case ast.Match(subject=subject) if _speaks(subject):
                yield node.lineno, ast.unparse(subject)


def _speaks(node: ast.AST) -> bool:
    """Whether it is something called a modality."""
    called = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    held = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == "modality"
    return "modality" in called or held


def _named(node: ast.AST) -> bool:
    """Whether the name of a modality stands in it."""
    return any(isinstance(n, ast.Constant) and n.value in MODALITIES for n in ast.walk(node))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nobody_asks_a_modality_by_name(path):
    found = list(breaches(ast.parse(path.read_text(encoding="utf-8"))))
    assert not found, f"{path}: {found}; put it into the modality's own file on this floor"


@pytest.mark.parametrize(
    "code",
    [
        'task.modality == "text"',
        '"image" != modality',
        'facts.modality in ("image", "text")',
        'NOUN = {"image": 1, "text": 2}',
        'record["modality"] == "image"',
        'match source.modality:\n    case "image":\n        pass',
    ],
)
def test_the_contract_sees_a_breach(code):
    assert list(breaches(ast.parse(code)))


@pytest.mark.parametrize("code", ["task.modality == other.modality", 'row["text"] is None', '{"text": 1}'])
def test_the_contract_sees_no_breach(code):
    assert not list(breaches(ast.parse(code)))
