"""Ways to learn from several labelled domains for one that nobody has seen, a file each; its name is the method's.

A method sees `Domains` (`_domains.py`): labelled rows, and which domain each is of. It returns a linear head on such
rows. Its file has

* `TITLE` for people, `PAPER`;
* `NEEDS`: "dense" where it takes rows of few columns alone (not the sparse ones of TF-IDF);
* a frozen `Config`, whose defaults are the one setting that is tried;
* `cost(n, d, k)`: multiply-adds, about, for n rows, d columns, k classes;
* `run(config, domains)`: a generator of `Progress` that returns a `Head`.

The weights of all rows that it hands to `fit` at once sum to n, so that the head's penalty weighs the same everywhere.
`erm` is one of them: all rows together, whichever domain they are of. Which one is handed out is chosen by leaving
one domain out after the other (`_choose.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ...family import names
from .._pair import Way
from ._domains import Domains

__all__ = ["Domains", "Method", "method", "methods"]

FOLDER = "align/unseen"


@dataclass(frozen=True)
class Method(Way):
    """One way to learn for an unseen domain."""

    def takes(self, domains: Domains) -> bool:
        """Whether it can work on such rows."""
        return "dense" not in self.needs or domains.dense


def method(name: str) -> Method:
    """The member of that name.

    >>> method("erm").title
    'all domains together (ERM)'

    Raises:
        UnknownName: there is none.
    """
    return Method.read(FOLDER, name)


def methods() -> dict[str, Method]:
    """All of them, by name."""
    return {name: method(name) for name in names(FOLDER)}
