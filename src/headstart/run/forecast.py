"""About how long a fit will take, and in how much memory: said when its data is read, and when sources are chosen.

In: the job and the sources in question, each with the pace at which it was last timed on this machine (else a guess by
its record). The constants are of one processor core, by rough measurement. What was then taken stands beside it in
run.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import TYPE_CHECKING, Any

from ..strategy import strategies
from . import budget, fresh, particulars
from . import sources as _sources

if TYPE_CHECKING:
    from ..types import Example, Source
    from .job import Job

HEADS = 0.003  # seconds an example and source for all heads on frozen features
TUNED = 1.2  # whole trainings that a search takes
BASE = 0.9e9  # bytes of the libraries and a rival
STANDING = 0.1e9  # bytes of a network that stands while others are looked through


def say(job: Job, sources: Sequence[Source], *, chosen: bool) -> dict[str, float]:
    """Tell the person, note it in the journal, and return {"seconds", "bytes"} of the whole run."""
    from ..judge.wording import duration

    seconds, size = _time(job, sources, chosen), _memory(job, sources, chosen)
    limit = job.plan.budget
    more = "" if limit is None or seconds < limit else "; --budget none lets it go on"
    seconds = seconds if limit is None else min(seconds, limit)
    usual = job.plan.asked == budget.AUTO
    size = min(size, budget.MEMORY) if usual else size
    job.tell(f"about {duration(seconds, rough=True)} and {size / 1e9:.1f} GB{more}", 0, 0)
    job.journal.note("predicted", what="the run", seconds=round(seconds), bytes=round(size), chosen=chosen)
    return {"seconds": seconds, "bytes": size}


def taken(job: Job) -> Mapping[str, Any]:
    """What the run took of both: {"predicted": …, "taken": …}."""
    from ..plan import remaining

    took = {"seconds": job.clock.total(), "bytes": remaining.peak()}
    job.journal.note("taken", what="the run", seconds=round(took["seconds"]), bytes=round(took["bytes"]))
    return {"predicted": job.forecast, "taken": took}


def _time(job: Job, sources: Sequence[Source], chosen: bool) -> float:
    """Seconds: choosing, looking, heads, one long training of the best source, rivals, the last trainings, pages."""
    from ..plan import cost, remaining

    task, eyes = job.task, _sources.Looking(job.store)
    examples = (*task.train, *task.valid)
    paces = [eyes.kept(source) or cost.guess(source) for source in sources]
    every = [pace.start + pace.look(examples) * sum(task.n.values()) / len(examples) for pace in paces]
    likely = every[: _sources.KEEP] if chosen else [median_low(every)] * min(_sources.KEEP, len(every))
    at = 0 if chosen else every.index(likely[0])
    trained = any(s.long and s.takes(task.modality, task.kind) for s in strategies().values())
    long = paces[at].run(examples) - paces[at].look(examples) if trained else 0.0
    own = particulars.of(task.modality)
    scratch = fresh.training(job) * (fresh.SEARCH + job.plan.seeds)
    asked = 0.0 if chosen else sum(pace.start + pace.look(_some(examples)) for pace in paces)
    rest = len(examples) * (own.classical + HEADS * len(likely)) + remaining.PAGES
    return job.clock.total() + asked + sum(likely) + long * (TUNED + job.plan.seeds) + scratch + rest


def _some(examples: Sequence[Example], most: int = 256) -> Sequence[Example]:
    """As many as a source is held against others with, evenly drawn."""
    return examples[:: max(1, len(examples) // most)]


def _memory(job: Job, sources: Sequence[Source], chosen: bool) -> float:
    """Bytes at the peak: of the largest source, a look through it, and the networks that stand until one is chosen."""
    from ..plan import cost
    from .race import TRAINING

    n = len(job.task.train) + len(job.task.valid)
    held = (max(cost.HELD, TRAINING) * s.params + cost.COPIES * cost.BYTES * n * sum(s.widths) for s in sources)
    return BASE + cost.ROOM + (0.0 if chosen else STANDING * len(sources)) + max(held, default=0.0)
