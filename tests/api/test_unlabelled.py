"""Texts without a label in a fit: who reads them, and what the run says of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import headstart
from headstart.errors import SourceError
from headstart.source import _catalogue
from headstart.transfer import intermediate


@pytest.fixture(scope="module")
def chains(tmp_path_factory):
    """Drawn chains of atoms, 40 with a label and 30 without."""
    try:
        _catalogue.fetch(_catalogue.get("albert-reactions"))
    except SourceError as problem:
        pytest.skip(f"albert-reactions cannot be fetched here: {str(problem).splitlines()[0]}")
    rng = np.random.default_rng(0)
    rows = [
        {"text": "".join(rng.choice([*"CCC", *"NO"[i % 2] * 3], 12)), "label": ("amine", "ether")[i % 2]}
        for i in range(40)
    ]
    rows += [{"text": "".join(rng.choice([*"CCCNO"], 14)), "label": None} for _ in range(30)]
    path = tmp_path_factory.mktemp("chains") / "chains.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_strategy_that_asks_reads_them_and_a_rival_does_not(chains, tmp_path, monkeypatch):
    """Short: a few steps of each; what each is given is seen as it is given."""
    from headstart.api import _race

    given = []
    real = _race.Race.work

    def watched(self, candidate, *rest):
        made = real(self, candidate, *rest)
        given.append((candidate.strategy, made))
        return made

    monkeypatch.setattr(_race.Race, "work", watched)
    monkeypatch.setattr(
        intermediate, "settings", lambda facts: [intermediate.Config(steps=4, lm_most=4, keep="last", thaw="none")]
    )
    how = {"source": "albert-reactions", "strategy": "intermediate,classical", "seeds": 1}
    run = headstart.fit(chains, out=tmp_path / "run", **how)
    count = run.record["task"]["n"]["unlabelled"]
    assert count >= 25  # less those that are like a held-out one
    assert {s for s, work in given if work.unlabelled is not None} == {"intermediate"}
    assert {len(work.unlabelled) for s, work in given if s == "intermediate"} == {count}
    trial = next(t for t in run.record["trials"] if t["strategy"] == "intermediate")
    assert trial["status"] in ("finished", "dropped"), trial["reason"]
    assert any(f"{count} texts have no label" in w for w in run.record["warnings"])
    rows = [*run.predict([str(chains)])]
    assert len(rows) == 70
