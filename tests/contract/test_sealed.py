"""The test split stays sealed: only judge/ opens it, and only types.py, which defines it, touches what is inside."""

import ast
from pathlib import Path

import pytest

import headstart

ROOT = Path(headstart.__file__).parent
FILES = [p for p in sorted(ROOT.rglob("*.py")) if p.relative_to(ROOT).parts[0] not in ("judge", "types.py")]


def breaches(code: str) -> list[str]:
    """Places that open a test split or reach inside a Sealed."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value
        owner_name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        if node.attr == "_examples":
            found.append(f"line {node.lineno}: reaches for ._examples")
        if node.attr == "open" and owner_name in ("test", "sealed"):
            found.append(f"line {node.lineno}: opens {owner_name}")
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and node.value == "_examples":
            found.append(f"line {node.lineno}: names '_examples'")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_judge_opens_the_test_split(path):
    assert breaches(path.read_text(encoding="utf-8")) == [], (
        f"{path.name} looks into the sealed test split. Choose on validation data, or move the code to judge/."
    )


def test_judge_opens_it_where_something_is_judged():
    """A fit, an evaluation, an adaptation, a distillation; the last also sifts the unlabelled by it."""
    opened = [p.name for p in sorted((ROOT / "judge").glob("*.py")) for _ in breaches(p.read_text(encoding="utf-8"))]
    assert opened == ["adapted.py", "distilled.py", "distilled.py", "unseen.py", "verdict.py"]


@pytest.mark.parametrize(
    "code",
    ["task.test.open()", "test.open()", "f = task.test.open", "run.task.test._examples", "getattr(t, '_examples')"],
)
def test_a_breach_is_seen(code):
    assert breaches(code)
