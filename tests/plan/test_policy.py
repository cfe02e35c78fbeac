"""Who is preferred and who is spared: the whole table, as it was when each strategy's file still held its own part."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.family import load, names
from headstart.plan.candidates import candidates, kinds, reads
from headstart.types import Facts

TABLE = Path(__file__).with_name("policy.txt")
SIZES = {"fewest": 60, "few": 149, "from few on": 150, "middling": 600, "up to many": 2000, "many": 5000}


def row(facts: Facts) -> str:
    """Ranks of all that may be named, lowest first; who waits for that; who is spared; turns of the usual ones."""
    able = [n for n in names("transfer") if facts.modality in reads(m := load("transfer", n)) and facts.kind in kinds(m)]
    named = {c.strategy: c.prior for c in candidates(("a",), able, facts)}
    usual = [c.strategy + ("…" if c.long else "") for c in candidates(("a",), (), facts)]
    spared = [n for n in able if hasattr(load("transfer", n), "spared") and load("transfer", n).spared(facts)]
    ranks = " ".join(f"{name}:{rank}" for name, rank in sorted(named.items(), key=lambda at: (at[1], at[0])))
    waits = " ".join(n for n in able if not any(u.rstrip("…") == n for u in usual))
    return f"  ranks    {ranks}\n  asked    {waits or '-'}\n  spared   {' '.join(spared) or '-'}\n  turns    {' '.join(usual)}"


def table() -> str:
    """Every size, number of classes, modality and kind."""
    out = []
    for modality in ("image", "text"):
        for kind in ("classification", "regression", "multilabel"):
            for name, n in SIZES.items():
                for k in (3, 75) if kind == "classification" else (1,) if kind == "regression" else (3,):
                    facts = Facts(n, k, 40 if modality == "image" else 0, modality, kind)
                    out.append(f"{modality}, {kind}, {name} ({n}), {k} classes\n{row(facts)}\n")
    return "".join(out)


def test_the_whole_table_is_as_it_was():
    assert table().splitlines() == TABLE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("name", "facts", "why"),
    [
        ("finetune", Facts(149, 3, 0, "text"), "of fewer than 150 texts contrastive tuning makes more"),
        ("contrastive", Facts(2001, 3, 0, "text"), "of more than 2,000 texts fine-tuning alone is tried, to save time"),
        ("gradual", Facts(600, 3, 0, "text"), "of texts, on request alone: as long as fine-tuning"),
        ("gradual", Facts(600, 3, 40), None),
        ("finetune", Facts(60, 3, 40), None),
    ],
)
def test_who_is_spared_is_told_why(name, facts, why):
    strategy = load("transfer", name)
    assert strategy.spared(facts) == why if hasattr(strategy, "spared") else why is None
