"""What the sealed test said: a verdict, the rivals in it, and how one classifier did. Part of `types.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Decision = str  # "helps" | "no_evidence" | "hurts"


@dataclass(frozen=True)
class Rival:
    """A model that starts fresh, judged on the same sealed pictures."""

    strategy: str
    value: float
    interval: tuple[float, float]
    source: str | None = None


@dataclass(frozen=True)
class Contrast:
    """How much better the best transfer candidate is than one rival, on the same sealed examples."""

    rival: Rival
    difference: float  # above 0: the reuse is better
    interval: tuple[float, float]  # its own


@dataclass(frozen=True)
class Verdict:
    """Did the reuse help? `difference` = best transfer candidate, chosen on validation data, − the best of all rivals.

    The interval holds the difference to whichever rival is the best in truth: see `judge/verdict.py`.
    """

    decision: Decision
    metric: str
    difference: float  # in units of the metric; above 0: the reuse is better
    interval: tuple[float, float]
    level: float
    margin: float  # differences smaller than this are of no practical weight
    transfer: Rival  # the best transfer candidate; its source is set
    rival: Rival  # the hardest to beat
    n_test: int
    test_reads: int
    reason: str  # one sentence for a person
    needed: int | None = None  # test examples that would be needed to tell, when these are too few
    noun: str = "picture"  # what one example is called
    caveats: tuple[str, ...] = ()
    complete: bool = True  # every rival had its say; else there is no verdict yet, and `reason` says who is missing
    against: tuple[Contrast, ...] = ()  # every rival
    learnt: bool = True  # whether any model is shown to be better than always the same answer
    floor: Rival | None = None  # always the same answer, the best one
    groups: int = 0  # of the test examples, where some belong together
    better: str = ""  # the arm, "transfer" or "rival", whose model is clearly better here than the one handed out


@dataclass(frozen=True)
class Metrics:
    """How one classifier did on one split. Probabilities are after temperature scaling unless said."""

    accuracy: float
    macro_f1: float
    log_loss: float
    ece: float  # expected calibration error, 15 equal-width bins
    ece_before: float  # the same before temperature scaling
    temperature: float
    accuracy_interval: tuple[float, float]
    per_class: tuple[Mapping[str, Any], ...]  # {"label", "n", "precision", "recall", "f1"}
    confusion: tuple[tuple[int, ...], ...]  # [k][k], row = true class
    # {"low", "high", "n", "confidence", "accuracy"} a bin
    reliability: tuple[Mapping[str, float], ...] = field(default=())
    # Of two classes: {"positive", "negative", "sensitivity", "specificity", and an "…_interval" of each}
    two_classes: Mapping[str, Any] = field(default_factory=dict)
