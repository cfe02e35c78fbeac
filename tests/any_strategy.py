"""A drawn task for any strategy, whatever it looks at: pooled features, maps at a cut, pixels, texts or tokens."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

import drawn_task
import tiny_causal
import tiny_tail
import tiny_text
from headstart.runtime import one_blas_thread
from headstart.strategy import Strategy, TrainResult, strategies, strategy
from headstart.types import Facts, Features, FitContext, Fitted, Source, View

STRATEGIES = [*strategies()]
SIDE = 40
LABELS = tuple("猫 dog ñandú é\u2028x z 6 7".split(" "))
TINY = {"image": tiny_tail, "text": tiny_text}  # modality → its tiny source


@dataclass(frozen=True)
class Case:
    """A strategy on one of the modalities it reads, with one label an example or several."""

    name: str
    modality: str
    kind: str = "classification"

    def __str__(self) -> str:
        usual = ("image", "classification")
        return "-".join([self.name, *(word for word in (self.modality, self.kind) if word not in usual)])

    @property
    def strategy(self) -> Strategy:
        """What callers know of it."""
        return strategy(self.name)

    def facts(self, n: int, k: int) -> Facts:
        """Of a drawn task."""
        return Facts(n, k, SIDE if self.modality == "image" else 0, self.modality, self.kind)

    def shaped(self, y: np.ndarray, k: int) -> np.ndarray:
        """Classes [n] as the kind wants them: of several labels marks [n k]."""
        return np.eye(k, dtype=np.int64)[y] if self.kind == "multilabel" else y

    def view(self, n: int = 24, k: int = 2) -> View:
        """The strategy's first view."""
        view = self.strategy.views([self.tiny.source().key])[0]
        return self.strategy.fit_view(view, self.facts(n, k))

    @property
    def tiny(self) -> ModuleType:
        """`tiny_tail` or `tiny_text`; `tiny_causal` for a strategy that needs a head which tells the next word."""
        return tiny_causal if self.strategy.needs_head == "causal" else TINY[self.modality]

    def known(self) -> tuple[Source, Path] | tuple[()]:
        """Record and weights file of its view's source, as `logits` wants them."""
        return (self.tiny.source(), self.tiny.weights()) if self.view().source else ()


CASES = [
    Case(name, m, kind)
    for name in STRATEGIES
    for m in TINY
    for kind in strategy(name).kinds
    if strategy(name).takes(m, kind) and kind != "regression"  # of one column, see test_numbers.py
]
LONG = [case for case in CASES if case.strategy.long and case.kind == "classification"]  # a loop knows no kind
# Learn parts of the source outright.
TUNED = [c for c in LONG if hasattr(c.strategy.config(), "parts") and not hasattr(c.strategy.config(), "rank")]


def look(case: Case, n: int, k: int, seed: int) -> Features:
    """What the strategy would be shown of a drawn task; small pictures, so that networks are quick.

    Of several labels every third example has the next one too, and every fifth none.
    """
    if case.kind == "multilabel":
        plain = look(replace(case, kind="classification"), n, k, seed)
        marks, rows = case.shaped(plain.y, k), np.arange(n)
        marks[rows % 3 == 0, (plain.y[rows % 3 == 0] + 1) % k] = 1
        marks[rows % 5 == 4] = 0
        return replace(plain, y=marks)
    view = case.view(n, k)
    if case.modality == "text":
        return case.tiny.drawn(view, n, k, seed)
    if view.source is None:
        return drawn_task.pictures(n, k, seed, view.size)
    if view.depth == "top":
        return drawn_task.features(n, k, seed)
    return tiny_tail.look(view.depth, n, k, seed, 2 if case.strategy.copies(case.facts(n, k)) > 1 else 1)


def work_for(case: Case, train: Features, k: int, *, share: float | None = None, **how: object) -> FitContext:
    """As short as the strategy lets its settings be compared, unless told otherwise."""
    view = case.view(len(train.y), k)
    share = case.strategy.short if share is None else share
    made = FitContext(train, k, view, share=share, labels=LABELS[:k], kind=case.kind, modality=case.modality)
    if view.source:
        made = replace(made, source=case.tiny.source(), weights=case.tiny.weights())
    return replace(made, **how)


def first_setting(case: Case, n: int, k: int) -> object:
    """Of the settings that the strategy would compare, the first, for no more steps than its epochs have."""
    return brief(case.strategy.settings(case.facts(n, k))[0])


def brief(config: object) -> object:
    """Without a least number of steps, where there is one."""
    return replace(config, least=0) if hasattr(config, "least") else config  # type: ignore[type-var]


@cache
def fitted(case: Case, n: int, k: int) -> tuple[TrainResult, object, Features]:
    """A head of the first setting on a drawn task; shared by the tests that only look at it."""
    train, config = look(case, n, k, 1), first_setting(case, n, k)
    return tiny_tail.drain(case.strategy.run(config, work_for(case, train, k)))[0], config, train


def as_fitted(case: Case, head: TrainResult, config: object, k: int) -> Fitted:
    """What the search makes of a head."""
    given = asdict(config), LABELS[:k], head.state, head.trained_params, 0, 1.5, case.kind
    return Fitted(case.name, case.view(24, k), *given, modality=case.modality)


def read(case: Case, head: TrainResult, config: object, x: np.ndarray, k: int) -> np.ndarray:
    """The logits of new rows, [n k]."""
    return case.strategy.logits(as_fitted(case, head, config, k), x, *case.known())


def all_alike(x: np.ndarray, value: float) -> np.ndarray:
    """Rows that say nothing: of numbers all `value`, of texts and tokens all the first."""
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = x[0] if x.dtype == object else value
    return out


def same_rows(one: np.ndarray, two: np.ndarray) -> bool:
    """Every row the same, rows of unlike length among them."""
    return len(one) == len(two) and all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@contextmanager
def quick() -> Iterator[None]:
    """Each training collects garbage: not also that of all tests before. Two BLAS threads would wait for each other."""
    import accelerate  # noqa: F401 - what is imported now is not gone through later

    for tiny in TINY.values():
        tiny.weights()
    gc.collect()
    gc.freeze()
    with one_blas_thread():
        yield
    gc.unfreeze()
