"""Ways to adapt a model to a new domain without its labels, a file each; the file's name is the method's.

A method sees a `Pair` (`_pair.py`): labelled rows of one domain and unlabelled rows of another, as one representation
shows them. What it returns is a head on these rows, fixed from then on: it never depends on what else is in a batch.
Its file has

* `TITLE` for people, `PAPER`;
* `NEEDS`: "dense" where it takes rows of few columns alone (not the sparse ones of TF-IDF);
* `DEEP`: whether it trains a network (`transfer/mlp.py`) with a loss of its own; the others are solved;
* a frozen `Config`, whose defaults are the one setting that is tried;
* `cost(n, m, d, k)`: multiply-adds, about, for n source rows, m target rows, d columns, k classes;
* `run(config, pair)`: a generator of `Progress` that returns a `Head`, or an `Mlp` where it is deep.

What needs other rows than a source made stands in `domain/`. `none` is one of them: not to adapt. Which one is handed
out is chosen without a target label (`choice/choose.py`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from ..errors import UsageError
from ..family import load, names
from ._pair import Head, Model, Pair, Way, wanted

__all__ = ["Head", "Method", "Model", "Pair", "method", "methods", "wanted"]

FOLDER = "align"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Method(Way):
    """One way to adapt to a domain without labels."""

    deep: bool

    def takes(self, pair: Pair) -> bool:
        """Whether it can work on such rows."""
        return "dense" not in self.needs or pair.dense


def method(name: str) -> Method:
    """The member of that name.

    >>> method("none").title
    'not adapted'

    Raises:
        UnknownName: there is none.
        UsageError: it needs a package that is not installed.
    """
    return Method.read(FOLDER, name, deep=load(FOLDER, name).DEEP)


def methods() -> dict[str, Method]:
    """All of them whose packages are installed, by name; of others the log says what to add."""
    found = {}
    for name in names(FOLDER):
        try:
            found[name] = method(name)
        except UsageError as missing:
            log.warning("%s", missing)
    return found
