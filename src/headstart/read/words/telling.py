"""Which of several text columns tells of the label: a cheap look at the training part, where none was named.

In: a table, the column taken by its name, the training examples. Out: what to say, or an error where that column tells
nothing and another one, or both together, do: a verdict on it would mean nothing. Each reading is judged by ridge
regression on the kernel of TF-IDF, exact leave-one-out; of two columns also by how much their words overlap, as those
of a question and its answer do. At most 600 examples: a tenth of a second a reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...kind import kind_of, proxy
from ...types import Task
from .._table import Table
from ..table.columns import find
from .columns import MOST, is_text

LEAST = 60  # examples from which on anything is said but what was read
SURE = 2.5  # standard errors by which a reading must be better than none,
CLEARLY = 3.0  # and by which than the one that was taken, and
SHARE = 0.1  # of its error, at least, for a note
_COLUMNS = 4  # that are compared
_PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Reading:
    """One way of reading, and how well it tells."""

    columns: tuple[str, ...]
    errors: Floats  # [n] squared, each example left out
    right: float  # part of the examples whose class is the highest; of other labels the variance explained
    better: float  # by how many standard errors than knowing nothing

    @property
    def name(self) -> str:
        return " and ".join(f"'{c}'" for c in self.columns)

    @property
    def option(self) -> str:
        return (
            f"--text '{','.join(self.columns)}'" if " " in "".join(self.columns) else f"--text {','.join(self.columns)}"
        )


def compared(table: Table, task: Task) -> tuple[str, ...]:
    """What to say of the text column that was taken by its name.

    Args:
        table: the data.
        task: what was read of it.

    Raises:
        DataError: it tells nothing of the label, and another one does, or both together.
    """
    taken, train = task.columns.get("text", ""), task.train
    others = _others(table, taken, task.columns)
    if not others:
        return ()
    left = f"Texts are read from '{taken}'; {', '.join(repr(c) for c in others)} left out (see --text)."
    if len(train) < LEAST:
        return (left,)
    readings = _readings(table, (taken, *others), task)
    mine, best = readings[0], min(readings, key=lambda r: r.errors.mean())
    lead = _errors_apart(mine.errors, best.errors)
    said = ", ".join(f"{r.name} {f'{r.right:.0%}' if r.better >= SURE else 'as by guessing'}" for r in readings)
    what = "right answers" if kind_of(task.kind).exclusive else "part explained"
    how = f"{what} of a quick look at {min(len(train), MOST):,} training texts: {said}"
    if mine.better < SURE and best.better >= SURE and lead >= 2:
        does = "does" if len(best.columns) == 1 else "do"
        raise DataError(
            f"{table.name}: the texts would be read from '{taken}', which tells nothing of the label, while "
            f"{best.name} {does} ({how}). Which is meant? Pass {best.option}, or {mine.option} to keep it."
        )
    if lead >= CLEARLY and best.errors.mean() < (1 - SHARE) * mine.errors.mean():
        return (f"Texts are read from '{taken}'; {best.name} would tell more of the label, see {best.option} ({how}).",)
    return (left,)


def _others(table: Table, taken: str, columns: Mapping[str, str]) -> list[str]:
    """Other columns of texts: called so, or of several words a cell that seldom come again."""
    roles = {c for role, named in columns.items() if role != "not read" for c in find(table.columns, named)}
    if taken not in table.columns:  # several were named
        return []
    return [c for c in table.columns if c not in roles and is_text(table, c)][: _COLUMNS - 1]


def _readings(table: Table, columns: Sequence[str], task: Task) -> list[_Reading]:
    """The column that was taken, the others, and the first with the best of these."""
    some = [task.train[n] for n in np.random.default_rng(0).permutation(len(task.train))[:MOST]]
    rows = {str(table.folder / where): row for where, row, _ in table.rows}
    texts = {c: [str(rows[e.path].get(c) or "") for e in some] for c in columns}
    wanted = proxy(task, some)
    kernels = {c: _kernel(words) for c, words in texts.items()}
    alone = [_reading((c,), kernels[c], wanted) for c in columns]
    second = min(alone[1:], key=lambda r: r.errors.mean()).columns[0]
    first = columns[0]
    both = (kernels[first] + kernels[second]) / 2 + _overlap(texts[first], texts[second])
    in_order = tuple(c for c in table.columns if c in (first, second))
    return [*alone, _reading(in_order, both, wanted)]


def _kernel(texts: Sequence[str]) -> Floats:
    """Similarities of texts by their words and pairs of words, [n, n]."""
    x = _tfidf(texts, (1, 2))
    return np.asarray((x @ x.T).toarray(), np.float64)


def _overlap(one: Sequence[str], two: Sequence[str]) -> Floats:
    """The kernel of one feature: how much the words of two texts of an example overlap, scaled to variance 1."""
    x = _tfidf([*one, *two], (1, 1))
    shared = np.asarray(x[: len(one)].multiply(x[len(one) :]).sum(1), np.float64).ravel()
    scaled = (shared - shared.mean()) / max(float(shared.std()), 1e-12)
    return np.outer(scaled, scaled)


def _tfidf(texts: Sequence[str], words: tuple[int, int]) -> Any:  # noqa: ANN401 - a scipy matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, ngram_range=words, token_pattern=r"(?u)\w+|[^\w\s]").fit_transform(
        [text or "∅" for text in texts]
    )


def _reading(columns: tuple[str, ...], kernel: Floats, wanted: Floats) -> _Reading:
    """How well a kernel tells, by exact leave-one-out with the best of a few penalties."""
    n = len(kernel)
    centred = kernel - kernel.mean(0) - kernel.mean(1)[:, None] + kernel.mean()
    values, axes = np.linalg.eigh(centred)
    y = wanted - wanted.mean(0)
    along = axes.T @ y

    def left_out(penalty: float) -> Floats:
        kept = values.clip(0) / (values.clip(0) + penalty)
        return np.asarray((y - axes @ (kept[:, None] * along)) / (1 - axes**2 @ kept - 1 / n)[:, None], np.float64)

    tried = [left_out(penalty) for penalty in _PENALTIES]
    missed, nothing = min(tried, key=lambda e: (e**2).sum()), left_out(np.inf)
    errors = (missed**2).sum(1)
    if wanted.shape[1] > 1 and (wanted.sum(1) == 1).all():
        right = float(((wanted - missed).argmax(1) == wanted.argmax(1)).mean())
    else:
        right = max(0.0, 1 - float(errors.mean() / (nothing**2).sum(1).mean()))
    return _Reading(columns, errors, right, _errors_apart((nothing**2).sum(1), errors))


def _errors_apart(one: Floats, other: Floats) -> float:
    """By how many standard errors the second is lower."""
    apart = one - other
    return float(apart.mean() / max(float(apart.std()) / np.sqrt(len(apart)), 1e-12))
