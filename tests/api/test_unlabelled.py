"""Texts without a label in a fit: who reads them, and what the run says of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import headstart
from headstart.transfer import classical, intermediate
from watched import calls


@pytest.fixture(scope="module")
def chains(real, tmp_path_factory):
    """Drawn chains of atoms, 40 with a label and 30 without."""
    real("albert-reactions")
    rng = np.random.default_rng(0)
    rows = [
        {"text": "".join(rng.choice([*"CCC", *"NO"[i % 2] * 3], 12)), "label": ("amine", "ether")[i % 2]}
        for i in range(40)
    ]
    rows += [{"text": "".join(rng.choice([*"CCCNO"], 14)), "label": None} for _ in range(30)]
    path = tmp_path_factory.mktemp("chains") / "chains.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_strategy_that_asks_reads_them_and_a_rival_does_not(chains, tmp_path):
    how = {"source": "albert-reactions", "strategy": "intermediate,classical", "seeds": 1}
    with calls(intermediate.run, classical.run) as runs:
        run = headstart.fit(chains, out=tmp_path / "run", **how)
    count = run.record["task"]["n"]["unlabelled"]
    assert count >= 25  # less those that are like a held-out one
    read = {name: {0 if (rows := at["work"].unlabelled) is None else len(rows) for at in runs[name]} for name in runs}
    assert read == {intermediate.run: {count}, classical.run: {0}}
    trial = next(t for t in run.record["trials"] if t["strategy"] == "intermediate")
    assert trial["status"] in ("finished", "dropped"), trial["reason"]
    assert any(f"{count} texts have no label" in w for w in run.record["warnings"])
    rows = [*run.predict([str(chains)])]
    assert len(rows) == 70
