"""A way of looking that a test draws itself: every source shows the classes as sharply as it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from headstart.errors import SourceError
from headstart.source import _catalogue
from headstart.types import Example, Features, Sealed, Source, Task, answers

D = 24


def task(n: int = 600, k: int = 3, **more) -> Task:
    """`n` labelled texts of `k` classes, a fifth of them for validation."""
    examples = tuple(Example(f"table:{i}", i % k, f"{i:064x}", text=f"text {i}") for i in range(n))
    fifth = n // 5
    labels = tuple("abcdefgh"[:k])
    return Task("drawn", labels, examples[fifth:], examples[:fifth], Sealed(()), modality="text", **more)


def source(key: str, **more) -> Source:
    """A record of that key."""
    from dataclasses import replace

    return replace(_catalogue.get("minilm-l6"), key=key, **more)


@dataclass
class Drawn:
    """`plan.rounds.Eyes`: sharpness by key (0: noise), as a trained source and with random weights."""

    sharp: Mapping[str, float]
    random: Mapping[str, float] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[str], None] = lambda key: None
    seconds: Mapping[str, float] = field(default_factory=dict)  # that a look is said to have taken
    alike: bool = False  # equally sharp sources show the same
    looked: list[tuple[str, int]] = field(default_factory=list)

    def here(self, source: Source) -> bool:
        return True

    def missing(self, source: Source, examples: Sequence[Example]) -> int:
        return len(examples) - max((n for key, n in self.looked if key == source.key), default=0)

    def opening(self, examples: Sequence[Example]) -> float:
        return 1e-4

    def look(self, source: Source, examples: Sequence[Example]) -> Features:
        self.before(source.key)
        if source.key in self.broken:
            raise SourceError(self.broken[source.key])
        told = {"computed": self.missing(source, examples), "seconds": self.seconds.get(source.key, 0.01)}
        self.looked.append((source.key, len(examples)))
        return drawn(examples, self.sharp[source.key], "" if self.alike else source.key, **told)

    def look_random(self, source: Source, examples: Sequence[Example]) -> Features:
        self.before(f"{source.key}~random")
        return drawn(examples, self.random.get(source.key, 0.0), f"{source.key}~random")


def drawn(examples: Sequence[Example], sharp: float, name: str, **told: float) -> Features:
    """Class centres `sharp` apart in noise, the same for an example whenever it is asked for."""
    rows = []
    for example in examples:
        rng = np.random.default_rng([int(example.digest, 16), *name.encode()])
        rows.append(rng.normal(0, 1, D) + sharp * np.eye(D)[example.label])
    return Features(np.array(rows, np.float32), answers(examples), name, **told)
