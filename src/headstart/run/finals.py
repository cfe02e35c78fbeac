"""The last trainings: the chosen settings on training and validation examples together, in what is left of the budget.

Everyone once; then, with other seeds, the two that the verdict rests on. Where even once would not end in time, nobody
is trained again, and the models that validation has judged are compared as they are: neither camp has learnt from more.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ..errors import BudgetError
from ..family import load
from ..interrupt import presses
from ..types import Fitted

if TYPE_CHECKING:
    from ..plan.choice import Contender
    from .race import Race

INTERRUPTED = "It was interrupted, which"  # how a cut begins that a person's Ctrl-C made: the same command goes on
SLACK = 0.1  # of the budget, that a training begun in time may take more than it was thought to


def last_trainings(race: Race, chosen: Sequence[Contender], repeated: Collection[str]) -> dict[str, list[Fitted]]:
    """Trial id → its models, the first being the one that ships.

    Args:
        race: whose `outcome.cut` is told what was left out for time.
        chosen: who is judged.
        repeated: ids of those that are trained once a seed, if chance plays a part in them.
    """
    job = race.job
    ends = race.over()
    late = None if ends is None else ends + SLACK * (job.plan.budget or 0.0)

    def round_of(who: Sequence[Contender], extra: int) -> dict[str, Fitted]:
        if ends is not None and time.monotonic() + sum(race.again(c) for c in who) > ends:
            raise BudgetError("no time for the last trainings")
        job.tell("last trainings", 0, 1)
        return {c.trial.id: race.refit(c, extra, late) for c in who}

    try:
        out = {id_: [fitted] for id_, fitted in round_of(chosen, 0).items()}
    except BudgetError:
        race.cut(
            "The budget left no time to train the chosen models again on training and validation "
            f"{job.task.noun}s together: those that validation judged are compared, and handed out."
        )
        return {c.trial.id: [c.fitted] for c in chosen}
    again = [c for c in chosen if c.trial.id in repeated and load("transfer", c.fitted.strategy).STOCHASTIC]
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
