"""A way of looking that a test draws itself: every source shows the classes as sharply as it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from headstart.errors import SourceError
from headstart.plan.cost import Pace
from headstart.source import _catalogue
from headstart.types import Example, Features, Sealed, Source, Task

D = 24


def task(n: int = 600, k: int = 3, **more) -> Task:
    """`n` labelled texts of `k` classes, a fifth of them for validation."""
    examples = tuple(Example(f"table:{i}", f"{i:064x}", f"text {i} " * 40, i % k) for i in range(n))
    fifth = n // 5
    labels = tuple("abcdefgh"[:k])
    return Task("drawn", labels, examples[fifth:], examples[:fifth], Sealed(()), modality="text", **more)


def source(key: str, **more) -> Source:
    """A record of that key."""
    from dataclasses import replace

    return replace(_catalogue.get("minilm-l6"), key=key, **more)


@dataclass
class Drawn:
    """`plan.timed.SourceProber`: sharpness by key (0: noise), as a trained source and with random weights."""

    sharp: Mapping[str, float]
    random: Mapping[str, float] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[str], None] = lambda key: None
    each: Mapping[str, float] = field(default_factory=dict)  # seconds that a look is said to take, an example
    alike: bool = False  # equally sharp sources show the same
    looked: list[tuple[str, int]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    seen: dict[str, set[str]] = field(default_factory=dict)
    paces: dict[str, Pace] = field(default_factory=dict)

    def here(self, source: Source) -> bool:
        return True

    def fetch(self, source: Source) -> None:
        raise AssertionError("all are here")

    def missing(self, source: Source, examples: Sequence[Example]) -> list[Example]:
        seen = self.seen.get(source.key, set())
        return [e for e in examples if e.digest not in seen]

    def look(self, source: Source, examples: Sequence[Example]) -> Features:
        self.before(source.key)
        if source.key in self.broken:
            raise SourceError(self.broken[source.key])
        new = self.missing(source, examples)
        told = {"computed": len(new), "seconds": self.each.get(source.key, 1e-5) * len(new)}
        self.seen.setdefault(source.key, set()).update(e.digest for e in new)
        self.looked.append((source.key, len(examples)))
        return drawn(examples, self.sharp[source.key], "" if self.alike else source.key, **told)

    def look_random(self, source: Source, examples: Sequence[Example]) -> Features:
        self.before(f"{source.key}~random")
        return drawn(examples, self.random.get(source.key, 0.0), f"{source.key}~random")

    def leave(self, source: Source) -> None:
        self.left.append(source.key)

    def kept(self, source: Source) -> Pace | None:
        return self.paces.get(source.key)

    def keep(self, source: Source, pace: Pace) -> None:
        self.paces[source.key] = pace


def drawn(examples: Sequence[Example], sharp: float, name: str, **told: float) -> Features:
    """Class centres `sharp` apart in noise, the same for an example whenever it is asked for."""
    rows = []
    for example in examples:
        rng = np.random.default_rng([int(example.digest, 16), *name.encode()])
        rows.append(rng.normal(0, 1, D) + sharp * np.eye(D)[example.answer])
    return Features(np.array(rows, np.float32), None, name, **told)
