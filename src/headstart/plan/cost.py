"""What looking at examples through a source costs: seconds and memory, measured on that source and these examples.

In: records, examples, and how long a few of them took. Out: a `Pace`, which tells what any others will take. A source's
multiply-adds give a guess alone (`guess`), which nothing rests on but the order of trying, and whether starting still
fits. Does not know how busy the machine will be.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..modality import measure
from ..types import Example, Source
from . import remaining

PER_BYTE = 1 / 4e6  # seconds: a line of 32 Mbit/s, until one source was fetched
START, PER_PARAM = 2.0, 1e-8  # seconds to read weights and build a network: a guess
PER_MAC = 1 / 6e10  # seconds: likewise; a core measured does 40 to 200 G multiply-adds a second
RIDGE = 2e-10  # seconds for an entry of [n n d]: the evidence (`evidence.of`) of n examples with d features
WARM = 2  # examples that a new network sees before it is timed: the first batch costs more
FEW, ENOUGH = 12, 4000  # examples that it is timed on; short texts are more, up to so many characters
LONGEST = 2000  # characters of a text that count: a source cuts longer ones
STEADY = 24  # characters' worth that every text takes, however short
HELD, DRAWN = 8, 12  # bytes a parameter while weights become a network, and while random ones are drawn: measured
ROOM = 0.4e9  # bytes that a batch takes on its way through a network
COPIES = 3  # of the features of all labelled examples while candidates are compared
BYTES = 4  # of a feature, float32
LONG = 6000  # looks that one long training takes, at least: 180 steps of 32, and back again behind what is frozen
HEAVIER = 3  # times the seconds from which on a source is heavier than another
FREE = 60.0  # seconds of a run with it below which no source is heavy


@dataclass(frozen=True)
class Pace:
    """What one source takes on this machine, with these examples.

    Attributes:
        start: seconds until it stood ready, its first batch done; without the fetching.
        each: seconds for one unit of `size`.
    """

    start: float
    each: float

    def look(self, examples: Sequence[Example]) -> float:
        """Seconds for these examples, once it stands ready."""
        return self.each * sum(map(size, examples))

    def run(self, examples: Sequence[Example]) -> float:
        """Seconds of a run with it: a look at all of these examples, and one long training."""
        mean = self.look(examples) / max(len(examples), 1)
        return mean * (len(examples) + LONG)


def size(example: Example) -> float:
    """How much there is to look at: of a picture 1, of a text its characters.

    >>> size(Example("a.jpg", "")), size(Example("row 1", "", "So long, and thanks."))
    (1.0, 44.0)
    """
    return 1.0 if example.content is None else float(STEADY + min(len(example.content), LONGEST))


def guess(source: Source) -> Pace:
    """What its record lets suppose, before anything was measured.

    >>> from headstart.source._catalogue import get
    >>> pace = guess(get("mobilenet-v2"))
    >>> round(pace.start, 1), round(pace.each, 3)
    (2.0, 0.005)
    """
    return Pace(START + source.params * PER_PARAM, source.macs * PER_MAC / measure(source.modality))


def few(examples: Sequence[Example]) -> list[Example]:
    """Those that a source is timed on: evenly many short and long texts, for what they cost goes by length.

    The first `WARM` are for the network to get warm.
    """
    if len(examples) <= WARM:
        return list(examples)
    warm, rest = list(examples[:WARM]), sorted(examples[WARM:], key=size)
    many = len(rest) * ENOUGH / sum(map(size, rest)) if rest[0].content is not None else FEW
    step = max(len(rest) / max(many, FEW), 1.0)
    return [*warm, *(rest[int(at * step + step / 2)] for at in range(int(len(rest) / step)))]


def fetching(source: Source, per_byte: float = PER_BYTE) -> float:
    """Seconds to fetch its weights, supposed."""
    return source.params * BYTES * per_byte


def memory(source: Source, n: int, *, begun: bool) -> float:
    """Bytes that the process will hold at the peak with `n` examples looked at; `begun`: its network is there."""
    new = 0.0 if begun else HELD * source.params + ROOM
    return remaining.resident() + new + COPIES * BYTES * n * sum(source.widths)


def twin_memory(source: Source) -> float:
    """Bytes that the process will hold at the peak while it looks through the twin with random weights."""
    return remaining.resident() + DRAWN * source.params + ROOM


def evidence(source: Source, n: int) -> float:
    """Seconds that `evidence.of` takes for `n` examples."""
    return RIDGE * n * n * sum(source.widths)


def heavier(a: float, b: float) -> bool:
    """Whether a run of `a` seconds is one that must promise more than one of `b`.

    >>> heavier(200, 40), heavier(50, 1), heavier(200, 100)
    (True, False, False)
    """
    return a > max(FREE, HEAVIER * b)


def due(ends: float, now: float, rivals: float, seeds: int) -> float:
    """By when a long candidate must be done, so that what follows a race still fits into its time.

    What is chosen is trained again on all examples, once a seed, it is supposed for as long as its search took; and so
    is every rival.

    Args:
        ends: the end of the budget, in seconds of any clock.
        now: by the same clock.
        rivals: seconds that training all rivals again will take.
        seeds: trainings of what is chosen.

    >>> due(ends=300.0, now=100.0, rivals=40.0, seeds=3)
    140.0
    """
    return now + (ends - rivals - now) / (1 + seeds)


def free_memory() -> float:
    """Bytes that a process may still take on this machine (or in its container), the file cache counted as free."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
        return min(free, _contained())
    except (OSError, StopIteration):  # no Linux
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):  # no such call on this system: nothing is known, nothing is refused
        return float("inf")


def _contained() -> float:
    """What the control group (version 2) that we run in still allows."""
    try:
        most, used = (Path(f"/sys/fs/cgroup/memory.{name}").read_text(encoding="ascii") for name in ("max", "current"))
        return float(most) - float(used)
    except (OSError, ValueError):  # none, or "max"
        return float("inf")
