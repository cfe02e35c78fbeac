"""Ways of learning, as those see them who call one: `strategy(name)` reads a file of transfer/ and fills in the rest.

`transfer/__init__.py` says what such a file holds. What is left out has its default here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from numpy.typing import NDArray

from .family import load, names
from .types import Facts, FitContext, Fitted, FloatArray, Progress, Source, View

if TYPE_CHECKING:
    import torch

Made = TypeVar("Made")
SEARCH = 4  # settings that every rival compares on validation data, and a transfer candidate at most


@dataclass(frozen=True)
class TrainResult:
    """What a run returns: named arrays and how many numbers were learned."""

    state: Mapping[str, NDArray[Any]]
    trained_params: int
    notes: Mapping[str, Any] = field(default_factory=dict)  # e.g. which step was best; used by a refit


def finished(steps: Generator[Any, None, Made], told: Callable[[Any], None] = lambda now: None) -> Made:
    """What a run returns when it is done; its progress is told, or passed over.

    >>> def run():
    ...     yield Progress(1, 1)
    ...     return "done"
    >>> finished(run())
    'done'
    """
    while True:
        try:
            told(next(steps))
        except StopIteration as end:
            made: Made = end.value
            return made


def source_views(sources: Sequence[str]) -> list[View]:
    """One view a source: its top features."""
    return [View(source=key) for key in sources]


class Logits(Protocol):
    """How a fitted state reads new rows."""

    def __call__(
        self, fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None
    ) -> FloatArray:
        """Rows of the fitted view → scores [n k]; the record and the file are those of the view's source."""


class Skill(Protocol):
    """What a source made of its maps before training, and what it makes of them now."""

    def __call__(
        self, fitted: Fitted, x: NDArray[Any], source: Source, weights: Path | None
    ) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
        """("top" features [n d], the source's own class scores [n s]) before, and the same after."""


class Network(Protocol):
    """A tuned network, built once."""

    def logits(self, x: NDArray[Any]) -> FloatArray:
        """Rows of the fitted view → scores [n k]."""

    def features(self, x: NDArray[Any]) -> FloatArray:
        """The same rows → what it makes of them before its head, [n d]."""


class Opened(Protocol):
    """How that network is built."""

    def __call__(self, fitted: Fitted, source: Source | None, weights: Path | None) -> Network:
        """Of a fitted state, the record and the file of its view's source."""


class Described(Protocol):
    """What the module of a fitted state reads of rows, made without torch."""

    def __call__(self, fitted: Fitted, x: NDArray[Any]) -> NDArray[Any]:
        """Rows of the fitted view → [n …]; of the state all may be looked at but "weight" and "bias"."""


class AsModule(Protocol):
    """How a fitted state reads rows, as torch computes it."""

    def __call__(self, fitted: Fitted, source: Source | None, weights: Path | None) -> torch.nn.Module:
        """A module in eval mode on the CPU: a batch of rows, or of what `described` makes of them → scores [b k]."""


@dataclass(frozen=True)
class Strategy:
    """One way of learning, a member of transfer/."""

    name: str
    paper: str
    reuses: bool  # transfer; else a rival that starts fresh
    stochastic: bool  # whether a training seed matters
    short: float  # share of its steps in which settings are compared; 1: it trains in a moment
    config: Callable[..., Any]  # its frozen Config
    views: Callable[[Sequence[str]], list[View]]
    settings: Callable[[Facts], Sequence[Any]]
    run: Callable[[Any, FitContext], Generator[Progress, None, TrainResult]]
    logits: Logits
    title: Callable[[str, str], str]  # modality, kind → what people call it
    kinds: tuple[str, ...] = ("classification",)
    needs: frozenset[str] = frozenset()  # what a modality must offer, see `offers`
    needs_head: str = ""  # "causal": a source whose file has the head that tells the next word
    baseline: bool = False  # it looks at no input: takes part always, and stands in for no rival
    source_data: bool = False  # it uses `context.source_rows`
    unlabelled: bool = False  # it uses `context.unlabelled`
    rank: int | None = None  # its place at a tie, where `plan/policy.py` does not name it
    fit_view: Callable[[View, Facts], View] = lambda view, facts: view
    copies: Callable[[Facts], int] = lambda facts: 1  # augmented copies of an example that it trains on
    refit: Callable[[Any, Mapping[str, Any], int, int], Any] = lambda config, notes, before, now: config
    suits: Callable[[Source], bool] = lambda source: True
    skill: Skill | None = None  # only where a source's weights move
    predictor: Opened | None = None  # only where it makes a network of its own
    module: AsModule | None = None  # only of models that can be exported
    described: Described | None = None  # only where its module reads something else than rows

    @property
    def long(self) -> bool:
        """Whether its training takes many steps, so that short runs are worth while."""
        return self.short < 1

    def takes(self, modality: str, kind: str) -> bool:
        """Whether it can learn such a task."""
        return kind in self.kinds and self.needs <= offers(modality)


# Field of `Strategy` → what a file of transfer/ calls it; a field whose default is to stand is left out of the file.
_OPTIONAL = {
    "kinds": "KINDS",
    "needs": "NEEDS",
    "needs_head": "NEEDS_HEAD",
    "baseline": "BASELINE",
    "source_data": "SOURCE_DATA",
    "unlabelled": "UNLABELLED",
    "rank": "PRIOR",
    **{name: name for name in ("fit_view", "copies", "refit", "suits", "skill", "predictor", "module", "described")},
}


def strategy(name: str) -> Strategy:
    """The member of transfer/ of that name.

    >>> strategy("probe").kinds, strategy("probe").long
    (('classification', 'regression', 'multilabel'), False)

    Raises:
        UnknownName: there is none.
        UsageError: it needs a package that is not installed.
    """
    module = load("transfer", name)
    return Strategy(
        name=name,
        paper=module.PAPER,
        reuses=module.REUSES,
        stochastic=module.STOCHASTIC,
        short=module.SHORT_RUN,
        config=module.Config,
        views=module.views,
        settings=module.settings,
        run=module.run,
        logits=module.logits,
        title=_title(module),
        **{field: getattr(module, key) for field, key in _OPTIONAL.items() if hasattr(module, key)},
    )


def strategies() -> dict[str, Strategy]:
    """All of them, by name."""
    return {name: strategy(name) for name in names("transfer")}


def offers(modality: str) -> frozenset[str]:
    """What a modality has that a strategy may need, beside features of its sources; see `transfer/modality/`.

    >>> "tail" in offers("image")
    True
    """
    known = modality in names("transfer/modality")
    return frozenset(load("transfer/modality", modality).OFFERS) if known else frozenset()


def _title(module: ModuleType) -> Callable[[str, str], str]:
    said: Callable[[str, str], str] = getattr(module, "title", lambda modality, kind: module.TITLE)
    return said
