"""The documentation site's pages: docs/*.md, the README as its first page, a page an example, a page a folder's API.

    python docs/site.py build/pages

Writes Markdown that mkdocs builds (docs/mkdocs.yml). Links to files that are no pages lead to their text in the source
tree, copied beside the pages, so that no link is broken offline.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
PUBLIC = ["headstart", "headstart.sklearn"]


def main(target: Path) -> None:
    """Write all pages anew."""
    shutil.rmtree(target, ignore_errors=True)
    pages = {ROOT / "README.md": target / "index.md", ROOT / "CONTRIBUTING.md": target / "contributing.md"}
    pages |= {path: target / path.name for path in sorted((ROOT / "docs").glob("*.md"))}
    pages |= {path: target / "tutorials" / path.name for path in sorted((ROOT / "docs" / "tutorials").glob("*.md"))}
    benches = sorted(ROOT.glob("benchmarks/*/EXPECTED.md"))
    pages |= {path: target / "benchmarks" / f"{path.parent.name}.md" for path in benches}
    for page, place in pages.items():
        write(place, linked(page.read_text(encoding="utf-8"), page, place, pages, target))
    for example in sorted((ROOT / "examples").glob("*.py")):
        write(target / "examples" / f"{example.stem}.md", shown(example))
    folders = sorted(p.parent.name for p in (ROOT / "src" / "headstart").glob("*/__init__.py"))
    for name in [*PUBLIC, *(f"headstart.{folder}" for folder in folders if folder != "cli")]:
        write(target / "api" / f"{name}.md", f"# `{name}`\n\n::: {name}\n")


def linked(text: str, page: Path, place: Path, pages: dict[Path, Path], target: Path) -> str:
    """A page's text, its links to other files leading to where these lie in the site."""

    def to(found: re.Match[str]) -> str:
        file = (page.parent / found[1]).resolve()
        if file.suffix == ".py" and file.parent.name == "examples":
            other = target / "examples" / f"{file.stem}.md"
        elif file in pages:
            other = pages[file]
        elif file.is_file():
            other = target / "files" / file.relative_to(ROOT)
            other.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, other)
        else:
            return found[0]  # which `mkdocs build --strict` names
        return f"]({os.path.relpath(other, place.parent)}{found[2] or ''})"

    return LINK.sub(to, text)


def shown(example: Path) -> str:
    """An example as a page: what its docstring says, the command that runs it, and its code."""
    code = example.read_text(encoding="utf-8")
    title, _, rest = (ast.get_docstring(ast.parse(code)) or example.stem).partition("\n")
    return f"# {title}\n{rest}\n\n```sh\npython examples/{example.name}\n```\n\n```python\n{code}```\n"


def write(place: Path, text: str) -> None:
    """A page, its folders made."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
