"""The run's two models on disk, the best of each arm: saved, and each read back and held against what was judged.

The winner lies in `model/`, the other one beside it, for who thinks otherwise (`--take`). Both stand on their own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import HeadstartError
from ..kind import kind_of, targets
from ..strategy import strategy
from ..transfer.training.tuned import added
from ..types import Fitted, Source
from . import particulars
from .saved import MODEL, OTHER

if TYPE_CHECKING:
    from ..judge.interval import Float64
    from ..judge.verdict import Judgement
    from ..ship.store import Model
    from .job import Job
    from .race import Outcome
    from .sources import Picked


def save(job: Job, judgement: Judgement, outcome: Outcome, picked: Picked, engine: str) -> Fitted:
    """Write both and test them; returns the winner as it was saved.

    Raises:
        HeadstartError: a saved model does not predict what the model in memory predicts.
    """
    from ..ship import store

    task = job.task
    of = kind_of(task.kind)
    kept = (task.modality, *(["label"] if of.exclusive or of.structured else []))  # other kinds' labels by their names
    columns = {role: task.columns[role] for role in kept if role in task.columns}
    columns |= {"blank": job.plan.read.blank} if job.plan.read.blank else {}
    whole: dict[str, Fitted] = {}
    for role, folder in (("winner", MODEL), (loser(outcome.roles), OTHER)):
        fitted = whole[role] = _whole(outcome.finalists[outcome.roles[role]][0], picked.sources, engine)
        source = picked.sources[fitted.view.source] if fitted.view.source else None
        weights = picked.weights[source.key] if source else None
        out, judged = job.plan.out / folder, judgement.probabilities if role == "winner" else None
        store.save(out, fitted, source, weights, columns, job.plan.out / MODEL, job.task.pixels)
        _check_saved(out, job, judgement, fitted, judged)
    return whole["winner"]


def loser(roles: Mapping[str, str]) -> str:
    """The role of the best of the arm that did not win."""
    return "rival" if roles["winner"] == roles["transfer"] else "transfer"


def _check_saved(folder: Path, job: Job, judgement: Judgement, fitted: Fitted, judged: Float64 | None) -> None:
    """The self-test: the model read back from disk, on its own, must give the outputs that were judged.

    Its head on the very rows that were judged, to rounding; and the whole of it on picture files looked at anew, with
    its own backbone and preprocessing, to what bf16 in other batches may change. Where the outputs were not kept
    (`judged` is None) they are made again from the model in memory.
    """
    from ..ship.predictor import Predictor
    from ..ship.store import load as open_model

    model: Model = open_model(folder)
    store, kind = job.store, kind_of(job.task.kind)
    some = judgement.examples[:64]
    few, unit = some[:16], kind.unit(targets(job.task, job.task.train))
    wanted = Predictor(fitted, store).probabilities(some) if judged is None else judged
    with tempfile.TemporaryDirectory(prefix="headstart-") as empty:
        with model.predictor(store.engine, Path(empty)) as predictor:
            anew = predictor.probabilities(few)
    head = Predictor(model.fitted, store).probabilities(some)
    rounding = particulars.of(job.task.modality).rounding(model.fitted.view)
    for again, allowed in ((head, rounding), (anew, 0.05)):
        gap = kind.apart(again, wanted[: len(again)]) / unit
        if not gap < allowed:
            raise HeadstartError(
                f"The saved model in {folder} does not predict what was judged (largest difference {gap:.2g}; at most "
                f"{allowed:g} is allowed). The run is not finished. Please report this with journal.jsonl."
            )


def _whole(fitted: Fitted, sources: Mapping[str, Source], engine: str) -> Fitted:
    """The head with what only the whole model knows: its engine, and the backbone's parameters counted in."""
    key = fitted.view.source
    reuses = strategy(fitted.strategy).reuses
    # Where a network was tuned, what it trained is the source's own but for the head and adapters.
    own = (reuses and added(fitted.state)) or fitted.trained_params
    reused = sources[key].params if key and reuses else 0
    return replace(
        fitted,
        view=replace(fitted.view, engine=engine if key else ""),
        total_params=own + reused,
    )
