"""Ways to look at examples with the new domain in mind, a file each; the plain head is then fitted on what is seen.

The methods of align/ see rows that a source made. These see the examples of both domains (`_both.Both`) and the
source, and return other rows (`_both.Looked`): of changed copies, or of a source that learnt on from the unlabelled
ones. Its file has

* `TITLE` for people, `PAPER`;
* `NEEDS`: what a kind of data must offer (`strategy.offers`);
* `ON_REQUEST`: whether it takes minutes, so that it is tried only where it is named;
* a frozen `Config`, whose defaults are the one setting that is tried;
* `cost(n, m, d, k)`: multiply-adds, about, where d are those of one example's way through the source;
* `run(config, both)`: a generator of `Progress` that returns a `Looked`.

They are candidates like all others: chosen without a target label (`choice/choose.py`), or not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...family import load, names
from ...plan import cost
from ...strategy import finished, offers
from ...types import Progress
from .. import method
from .._pair import Pair, Way
from ._both import Both, Looked

__all__ = ["Both", "Domain", "Looked", "method_of", "methods"]

FOLDER = "align/domain"


@dataclass(frozen=True)
class Domain(Way):
    """One way to look with the new domain in mind."""

    on_request: bool

    def takes(self, modality: str) -> bool:
        """Whether it can work on such examples."""
        return self.needs <= offers(modality)

    def look(self, both: Both, told: Callable[[Progress], None]) -> Looked:
        """What it makes of examples, by its one setting; `told` hears of the progress."""
        looked: Looked = finished(self.run(self.config(), both), told)
        return looked

    def fit(self, given: Pair) -> Any:  # noqa: ANN401 - a Model
        """The plain head on rows of its own."""
        return method("none").fit(given)

    def seconds(self, both: Both) -> float:
        """About how long a look will take, by what the source's record lets suppose and one core."""
        pace, examples = cost.guess(both.source), (*both.train, *both.valid, *both.target)
        passes = self.cost(len(both.train) + len(both.valid), len(both.target), 1.0, both.k)
        return pace.start + passes * pace.look(examples) / len(examples)


def method_of(name: str) -> Domain:
    """The member of that name.

    >>> method_of("style").on_request
    False

    Raises:
        UnknownName: there is none.
        UsageError: it needs a package that is not installed.
    """
    return Domain.read(FOLDER, name, on_request=load(FOLDER, name).ON_REQUEST)


def methods() -> dict[str, Domain]:
    """All of them, by name."""
    return {name: method_of(name) for name in names(FOLDER)}
