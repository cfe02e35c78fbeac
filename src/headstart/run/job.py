"""One fit at work: what was asked for (`Plan`), and what its stages share (`Job`). Knows no stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..read import ReadOptions
from ..runtime import Clock, digest
from ..types import Source, Task
from ..version import __version__
from . import budget

if TYPE_CHECKING:
    from ..extract.feature_store import FeatureStore
    from ..plan.journal import Journal

Watch = Callable[[str, int, int], None]
STOPPED = "interrupted before it was done"  # why a candidate waits that a person's Ctrl-C left out


@dataclass(frozen=True)
class Plan:
    """What was asked for; its digest tells whether a folder holds the same run."""

    data: str
    out: Path
    seed: int
    seeds: int
    budget: float | None  # seconds, once it is known how many examples there are
    asked: str | float | None  # what a person said of it, see `budget.py`
    sources: tuple[str, ...]
    strategies: tuple[str, ...]
    engine: str
    read: ReadOptions
    mirror: bool
    metric: str | None
    margin: float
    layers: bool
    source_data: str | None
    command: str
    log: str | None = None  # folder for TensorBoard's files

    def request(self, task: Task, sources: Sequence[Source], source_print: str) -> str:
        """A name for this task judged in this way."""
        shas = [s.identity for s in sources]
        asked = [self.strategies, self.seed, self.seeds, self.margin, self.engine, self.layers, source_print]
        asked += [self.read.kind or "auto", self.metric, self.mirror]
        # Who belongs together decides folds and intervals, and is no part of the fingerprint.
        asked += [self.read.group, self.read.duplicates, [e.group for e in (*task.train, *task.valid)]]
        return digest(__version__, task.fingerprint, shas, asked)


@dataclass
class Job:
    """One fit whose data was read."""

    plan: Plan
    clock: Clock
    watch: Watch
    task: Task
    store: FeatureStore
    journal: Journal
    source_print: str = ""  # of --source-data
    deadline: float | None = None  # of the whole run, as of `time.monotonic()`
    forecast: dict[str, float] = field(default_factory=dict)  # what the whole run was thought to take
    mirror: bool | None = None  # whether pictures may be mirrored, once that was asked
    cpu_adapted: float = 0.0  # CPU seconds of the process when the adapted model was ready

    def tell(self, what: str, done: int, of: int) -> None:
        """What is going on; `of` 0: a line that stays, such as how the data was understood."""
        self.watch(what, done, of)

    def left(self) -> float:
        """Seconds until the run must end."""
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    def in_memory(self, more: float, what: str) -> None:
        """Raises `plan.remaining.Slow` where so many bytes more are not there, or not meant for a fit by default."""
        from ..plan import cost, remaining

        usual = self.plan.asked == budget.AUTO
        free = min(cost.free_memory(), budget.MEMORY - remaining.resident() if usual else float("inf"))
        if more > free:
            told = f"{more / 1e9:.1f} GB of memory more, and {max(free, 0.0) / 1e9:.1f} GB are left"
            raise remaining.Slow(f"{what} would take about {told}" + ("; --budget none allows more" if usual else ""))
