"""What looking at examples through a source will cost: seconds and memory, told before it is done.

In: records, and how long the sources looked through so far took on this machine and this data. Out: a `Cost`. The
first source that is looked through is the probe: until it is done, an ordinary processor core is supposed. Does not
know how busy the machine will be, nor how large a picture file is before some were opened.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..types import Source

PER_MAC = 1 / 2e10  # seconds: a core that does 20 G multiply-adds a second, until the first source was timed
PER_BYTE = 1 / 4e6  # seconds: a line of 32 Mbit/s
START = 2.0  # seconds to read weights and build a network, beside PER_PARAM
PER_PARAM = 2e-7  # seconds: converting the graph once, checking digests
BYTES = 4  # of a parameter or a feature, float32
COPIES = 4  # of the weights while they are read: the file, its tensors, the network, the engine's graph
BASE = 1.0e9  # bytes of the libraries, and of one batch on its way through a network


@dataclass(frozen=True)
class Cost:
    """What `n` examples through a source take."""

    fetch: float  # seconds, 0 where the weights are in the cache
    start: float  # seconds until the first example
    look: float  # seconds for the examples
    memory: float  # bytes at the peak, the process's own included

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.fetch + self.start + self.look


@dataclass(frozen=True)
class Pace:
    """How fast this machine is on this data, as far as it is known.

    Attributes:
        per_example: seconds that every example takes whatever the source (decoding, tokens).
        per_mac: seconds for a multiply-add, of the timed source that does most of them an example: there it is least
            mixed with what every example costs.
        per_byte: seconds to fetch a byte.
        own: seconds an example of the sources timed so far, by key.
    """

    per_example: float = 0.005
    per_mac: float = PER_MAC
    per_byte: float = PER_BYTE
    own: Mapping[str, float] = field(default_factory=dict)
    macs: int = 0  # multiply-adds of the source that `per_mac` is of

    def predict(self, source: Source, n: int, *, here: bool, begun: bool = False) -> Cost:
        """The cost of `n` examples that have not been looked at.

        Args:
            source: a record.
            n: examples.
            here: whether its weights are in the cache.
            begun: whether it has been looked through already, so that it stands ready.

        >>> from headstart.source._catalogue import get
        >>> cost = Pace(per_example=0.01).predict(get("mobilenet-v2"), 100, here=True)
        >>> round(cost.look, 1), round(cost.start, 1), cost.fetch
        (2.5, 2.7, 0.0)
        """
        size = source.params * BYTES
        each = self.own.get(source.key, self.per_example + source.macs * self.per_mac)
        return Cost(
            fetch=0.0 if here or begun else size * self.per_byte,
            start=0.0 if begun else START + source.params * PER_PARAM,
            look=n * each,
            memory=BASE + COPIES * size + n * sum(source.widths) * BYTES,
        )

    def learn(self, source: Source, n: int, seconds: float, *, begun: bool) -> Pace:
        """The pace after `n` examples through this source took so long, without the fetching."""
        if n < 1:
            return self
        each = max(seconds - (0.0 if begun else START + source.params * PER_PARAM), 0.2 * seconds) / n
        own = {**self.own, source.key: each}
        # A source whose multiply-adds take no time beside the rest tells nothing of what they cost.
        if source.macs < self.macs or source.macs * PER_MAC < self.per_example:
            return replace(self, own=own)
        rate = max(each - self.per_example, 0.2 * each) / source.macs
        return replace(self, per_mac=rate, macs=source.macs, own=own)

    def fetched(self, source: Source, seconds: float) -> Pace:
        """The pace after this source's weights took so long to come."""
        return replace(self, per_byte=max(seconds, 0.1) / (source.params * BYTES))


def due(ends: float, now: float, rivals: float, seeds: int) -> float:
    """By when a long candidate must be done, so that what follows a race still fits into its time.

    What is chosen is trained again on all examples, once a seed, and so is every rival: each time, it is supposed,
    about as long as its search took.

    Args:
        ends: the end of the budget, in seconds of any clock.
        now: by the same clock.
        rivals: seconds that the searches of all rivals took.
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
