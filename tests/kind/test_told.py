"""How well examples are answered is told in one way, wherever a person reads of it: that of the task's kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contenders import contender
from drawn_eyes import Drawn, source, task
from headstart.family import names
from headstart.kind import kind_of
from headstart.plan import search
from headstart.plan.choice import explain
from headstart.plan.sources import evidence, rounds
from headstart.report import _view, ranking
from headstart.types import Progress

SAID = {  # kind: what the mean of gains and the mean loss are told as, and the first of them in a column
    "classification": (0.945, 0.25, "94.5 % right", "log-loss 0.250", "94.5 %"),
    "multilabel": (0.812, 0.25, "F1 0.812", "log-loss 0.250", "0.812"),
    "regression": (-0.412, 0.25, "mean absolute error 0.412", "RMSE 0.5", "0.412"),
}


def test_every_kind_is_here():
    assert set(SAID) == set(names("kind"))


@pytest.mark.parametrize("kind", SAID)
def test_candidates_and_their_progress(kind):
    gain, loss, words, losses, _ = SAID[kind]
    made = contender("probe", [loss] * 4)
    made = replace(made, fitted=replace(made.fitted, kind=kind), right=np.full(4, gain))
    assert explain(made, made).reason == f"chosen: {words}, {losses}, validation: 4 pictures"
    told = []
    search._tell(lambda *step: told.append(step), "finetune", kind)(Progress(1, 2, gain, 0.4))
    assert told == [(f"finetune · loss 0.400 · {words}", 1, 2)]


@pytest.mark.parametrize("kind", SAID)
def test_sources_before_training(kind):
    gain, loss, words, losses, _ = SAID[kind]
    at = rounds.Rounds(replace(task(8), kind=kind), [source("a")], Drawn({"a": 1.0}))
    found = evidence.Evidence("a", np.full(4, loss), np.full(4, gain))
    assert at._said(found) == f"{words}, {losses}"


@pytest.mark.parametrize("kind", SAID)
def test_columns_of_the_report_and_of_the_ranking(kind):
    gain, *_, column = SAID[kind]
    row = {"source": "a", "status": "chosen", "value": gain, "random": None, "n": 4}
    (shown,) = _view.sources({"task": {"kind": kind}, "ranking": {"sources": [row]}})
    assert (shown["shown"].replace("\u202f", " "), shown["random"]) == (column, "–")
    row |= {"scores": {}, "loss": 0.3, "cost_s": 1.0, "licence": "MIT", "n_used": 4, "caveats": []}
    told = {"kind": kind, "modality": "image", "warnings": [], "stopped": ""}
    head, line, *_ = ranking.table({"sources": [row], "task": told, "spend": {"total": 1.0}}).splitlines()
    assert kind_of(kind).gain in head.split()
    assert line.replace(" %", "%").split()[:4] == ["a", column.replace(" %", "%"), "0.3", "–"]
