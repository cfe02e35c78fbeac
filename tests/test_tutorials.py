"""The pages of docs/tutorials: their commands exist, with the options that they name, and their Python runs."""

from __future__ import annotations

import io
import re
import shlex
from contextlib import chdir, redirect_stdout
from pathlib import Path

import pytest
from sklearn.utils.validation import check_is_fitted

import own_source
from drawn import headstart, two_classes

PAGES = sorted((Path(__file__).parents[1] / "docs" / "tutorials").glob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_command_has_the_options_that_it_names(page):
    lines = [shlex.split(line) for block in blocks(page, "sh") for line in block.splitlines()]
    assert {words[0] for words in lines} <= {"headstart", "pip", "tensorboard"}
    for words in lines:
        if words[0] == "headstart":
            said = headstart(words[1], "--help", COLUMNS="200", TERM="dumb").stdout
            assert [word for word in words if word.startswith("--") and word not in said] == []


def test_scikit_learns_page_runs(tmp_path):
    """Its first block, on the tiny network in place of mobilenet-v2; the fit is tests/test_sklearn.py's."""
    (page,) = [page for page in PAGES if page.stem == "other-libraries"]
    code = blocks(page, "python")[0].replace('"mobilenet-v2"', '"tiny"')
    with own_source.offered(tmp_path):
        folder = two_classes(tmp_path / "photos", 16, side=40)
        paths = sorted(map(str, folder.rglob("*.jpg")))
        known = {"paths": paths, "classes": [Path(path).parent.name for path in paths]}
        with chdir(tmp_path), redirect_stdout(io.StringIO()) as said:
            exec(code, known)
    assert "embedding__depth" in said.getvalue()
    check_is_fitted(known["search"])
