"""Who is preferred and who is spared: the whole table, as it was when each strategy's file still held its own part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from headstart.plan.candidates import candidates
from headstart.plan.policy import LAST, UNMEASURED, place
from headstart.plan.policy import TABLE as TABLE_ROWS
from headstart.strategy import strategies, strategy
from headstart.types import Facts, View

TABLE = Path(__file__).with_name("policy.txt")
SIZES = {"fewest": 60, "few": 149, "from few on": 150, "middling": 600, "up to many": 2000, "many": 5000}


def row(facts: Facts) -> str:
    """Ranks of all that may be named, lowest first; who waits for that; who is spared; turns of the usual ones."""
    able = [name for name, way in strategies().items() if way.takes(facts.modality, facts.kind)]
    named = {c.strategy: c.prior for c in candidates(("a",), able, facts)}
    usual = [c.strategy + ("…" if c.long else "") for c in candidates(("a",), (), facts)]
    spared = [name for name in able if place(strategy(name), facts).spared]
    ranks = " ".join(f"{name}:{rank}" for name, rank in sorted(named.items(), key=lambda at: (at[1], at[0])))
    waits = " ".join(n for n in able if not any(u.rstrip("…") == n for u in usual))
    turns = " ".join(usual)
    return f"  ranks    {ranks}\n  asked    {waits or '-'}\n  spared   {' '.join(spared) or '-'}\n  turns    {turns}"


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


def test_the_table_names_strategies_that_there_are_and_says_why():
    assert {row.strategy for row in TABLE_ROWS} <= {*strategies()}
    assert all(row.why for row in TABLE_ROWS)


def test_who_is_not_in_the_table_has_a_stated_place():
    new, facts = replace(strategy("probe"), name="new"), Facts(60, 3, 40)
    assert place(new, facts).rank == UNMEASURED > max(row.rank for row in TABLE_ROWS if row.rank != LAST)
    assert place(replace(new, rank=3), facts).rank == 3
    assert not place(new, facts).on_request
    assert not place(new, facts).spared


def test_a_kind_of_data_that_brings_nothing_gets_heads_on_frozen_features():
    """And `constant`, which looks at the examples as they are."""
    found = candidates(("a",), (), Facts(600, 3, 0, "a kind of data that has no file"))
    assert {c.strategy for c in found} == {"probe", "depths", "svm", "prototype", "constant"}
    assert [c.view for c in found if not c.reuses] == [View(None, "input")]


@pytest.mark.parametrize(
    ("name", "facts", "why"),
    [
        ("finetune", Facts(149, 3, 0, "text"), "of fewer than 150 texts contrastive tuning makes more"),
        ("contrastive", Facts(2001, 3, 0, "text"), "of more than 2,000 texts fine-tuning alone is tried, to save time"),
        ("gradual", Facts(600, 3, 0, "text"), "on request alone: as long as fine-tuning"),
        ("gradual", Facts(600, 3, 40), "on request alone: as long as fine-tuning"),
        ("finetune", Facts(60, 3, 40), ""),
    ],
)
def test_who_is_spared_is_told_why(name, facts, why):
    assert place(strategy(name), facts).spared == why
