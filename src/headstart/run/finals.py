"""Who is judged: the best of each arm and every rival, trained again on training and validation examples together.

In what is left of the budget: everyone once; then, with other seeds, the two that the verdict rests on. Where even
once would not end in time, nobody is trained again, and the models that validation has judged are compared as they
are: neither arm has learnt from more.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ..errors import BudgetError
from ..interrupt import presses
from ..runtime import give_back, one_blas_thread
from ..strategy import strategy
from ..types import Fitted
from .race import SLACK

if TYPE_CHECKING:
    from ..plan.choice import Validated
    from .race import Race

INTERRUPTED = "It was interrupted, which"  # how a cut begins that a person's Ctrl-C made: the same command goes on


def choose(race: Race) -> None:
    """Who stands for each arm, trained again on all labelled examples, and which of the two is the run's model.

    Fills `finalists`, `roles` and `reading` of the race's outcome, and gives its trials their reasons.
    """
    from ..plan.choice import explain, prefer, select_final

    finished = {c.trial.id: c for arm in race.done.values() for c in arm}
    roles = race.outcome.roles
    chosen: list[Validated] = []
    for role, arm in (("transfer", True), ("rival", False)):
        best = prefer(race.done[arm])
        roles[role] = best.trial.id
        chosen += [best] if arm else race.done[arm]  # every rival is shown beside the verdict
    race.outcome.finalists = last_trainings(race, chosen, [*roles.values()])  # the verdict rests on these two
    of_arm = {True: finished[roles["transfer"]], False: finished[roles["rival"]]}
    crossed = [c for c in race.done[True] if c.trial.folds]
    winner = select_final(of_arm[True], of_arm[False], prefer(crossed) if crossed else None)
    roles["winner"] = winner.trial.id
    race.outcome.reading = sum(float(winner.notes.get(part, 0.0)) for part in ("looking", "reading"))
    race.outcome.trials = [
        explain(finished[t.id], winner if t.id in roles.values() else of_arm[t.reuses], race.job.task.noun)
        if t.id in finished
        else t
        for t in race.outcome.trials
    ]
    for trial in race.outcome.trials:
        race.job.journal.note("trial", id=trial.id, status=trial.status, reason=trial.reason)
    race.job.journal.note("chosen", **roles)


def last_trainings(race: Race, chosen: Sequence[Validated], repeated: Collection[str]) -> dict[str, list[Fitted]]:
    """Trial id → its models, the first being the one that ships.

    Args:
        race: whose `outcome.cut` is told what was left out for time.
        chosen: who is judged.
        repeated: ids of those that are trained once a seed, if chance plays a part in them.
    """
    from ..plan.choice import UNFINISHED

    job = race.job
    ends = race.over()
    late = None if ends is None else ends + SLACK * (job.plan.budget or 0.0)

    def round_of(who: Sequence[Validated], extra: int) -> dict[str, Fitted]:
        if ends is not None and time.monotonic() + sum(race.again(c) for c in who) > ends:
            raise BudgetError("no time for the last trainings")
        job.tell("last trainings", 0, 1)
        return {c.trial.id: _refit(race, c, extra, late) for c in who}

    try:
        out = {id_: [fitted] for id_, fitted in round_of(chosen, 0).items()}
    except BudgetError:
        race.cut(
            "The budget left no time to train the chosen models again on training and validation "
            f"{job.task.noun}s together: those that validation judged are compared, and handed out."
        )
        # A rival that stayed at its short runs is trained in full all the same: else it would be judged unfinished.
        return {c.trial.id: [_refit(race, c, 0, None) if UNFINISHED in c.notes else c.fitted] for c in chosen}
    again = [c for c in chosen if c.trial.id in repeated and strategy(c.fitted.strategy).stochastic]
    if again and _settled(race, chosen):
        again = []
        job.journal.note("one training", why="by validation no other seed would change the verdict")
    for extra in range(1, job.plan.seeds if again else 1):
        try:
            if race.stopped or presses.early:
                raise BudgetError("interrupted")
            for id_, fitted in round_of(again, extra).items():
                out[id_].append(fitted)
        except BudgetError:
            who = "once" if extra == 1 else f"{extra} times"
            why = INTERRUPTED if race.stopped or presses.early else "The budget"
            race.cut(
                f"{why} left time to train the finalists {who}, not {job.plan.seeds} times: what another seed would "
                "change is not in the interval."
            )
            break
    return out


def _settled(race: Race, chosen: Sequence[Validated]) -> bool:
    """Whether other seeds could not change the verdict, where it is in right answers: see `plan/repeats.py`."""
    from ..judge.verdict import metric_of
    from ..plan.repeats import settled

    task, reuses = race.job.task, [c for c in chosen if c.trial.reuses]
    if metric_of(task, race.job.plan.metric) != "accuracy" or len(reuses) != 1:
        return False
    return settled(reuses[0], [c for c in chosen if not c.trial.reuses], len(task.test), race.job.plan.margin)


def _refit(race: Race, contender: Validated, extra: int, deadline: float | None) -> Fitted:
    """The chosen setting on all labelled examples, by the seed of the run plus `extra`. Raises `BudgetError`."""
    from ..plan import keep, search

    job, start = race.job, time.process_time()
    candidate = next(c for c in race.candidates if c.id == contender.trial.id)
    train, _ = race.looks.of(candidate.training_view)
    part = contender.trial.part  # one that was cut short is trained as long again, and anew where there is more time
    name = f"{contender.trial.id}-refit{extra}" + ("" if part == 1 else f"-part{100 * part:.0f}")
    folder = race.folder(name, train.key, candidate.view)
    if kept := keep.found(folder):
        return kept[0]
    both = race.looks.both(candidate.training_view)  # the same array for every seed: see transfer/_once.py
    context = race.context(candidate, both, None, folder, job.plan.seed + extra)
    try:
        with job.clock("race"), one_blas_thread():
            fitted = search.refit(contender, context, deadline=deadline, watch=job.watch)
    finally:
        race.proof_cpu += time.process_time() - start if extra or not contender.trial.reuses else 0.0
    keep.save(folder, fitted)
    if not strategy(fitted.strategy).stochastic:  # it is not trained again
        race.looks.rest(candidate.training_view)
    give_back()
    return fitted
