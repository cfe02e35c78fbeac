"""Texts without a label in a fit: who reads them, and what the run says of them."""

from __future__ import annotations

import json

import pytest
import tiny_models

import headstart
import tiny_text
from headstart.transfer import classical, intermediate
from watched import calls


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Drawn texts, 40 with a label and 30 without."""
    rows = [{"text": e.content, "label": "ab"[e.answer]} for e in tiny_text.texts(40, 2)]
    rows += [{"text": e.content, "label": None} for e in tiny_text.texts(30, 1, seed=1)]
    path = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_strategy_that_asks_reads_them_and_a_rival_does_not(texts, tmp_path):
    how = {"source": str(tiny_models.saved("bert", tmp_path)), "strategy": "intermediate,classical", "seeds": 1}
    with calls(intermediate.run, classical.run) as runs:
        run = headstart.fit(texts, out=tmp_path / "run", **how)
    count = run.record["task"]["n"]["unlabelled"]
    assert count >= 25  # less those that are like a held-out one
    read = {
        name: {0 if (rows := at["context"].unlabelled) is None else len(rows) for at in runs[name]} for name in runs
    }
    assert read == {intermediate.run: {count}, classical.run: {0}}
    trial = next(t for t in run.record["trials"] if t["strategy"] == "intermediate")
    assert trial["status"] in ("finished", "dropped"), trial["reason"]
    assert any(f"{count} texts have no label" in w for w in run.record["warnings"])
    rows = [*run.predict([str(texts)])]
    assert len(rows) == 70
