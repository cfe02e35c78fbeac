"""Who is preferred where validation cannot tell, who waits until it is named, and who is spared: one table.

The first row that names a strategy and speaks of such data counts. A strategy that no row names takes its own `PRIOR`,
or else stands behind all that were measured (`UNMEASURED`), and is tried wherever it can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..strategy import Strategy, offers
from ..types import Facts

FEW = 150  # training examples: with fewer, validation chooses neither among settings nor among states
MANY = 2000  # from there on two ways of tuning would take twice the time
TOGETHER = 8  # classes of which a batch of contrastive tuning has room for four examples each
UNMEASURED = 50
LAST = 99


@dataclass(frozen=True)
class Row:
    """A strategy's place."""

    strategy: str
    rank: int  # at a tie the lowest of an arm is preferred
    why: str
    where: Callable[[Facts], bool] = lambda facts: True
    on_request: bool = False  # takes part only when it is named
    spared: str = ""  # why it is not tried, unless it is named
    gives_up: bool = False  # a rival that is dropped after its short runs, if far behind; the others run to their end


def few(facts: Facts) -> bool:
    """Hardly any validation examples."""
    return facts.n < FEW


def many(facts: Facts) -> bool:
    """So many that time counts."""
    return facts.n > MANY


def few_maps(facts: Facts) -> bool:
    """Few, of which networks make maps that can be augmented."""
    return few(facts) and "maps" in offers(facts.modality)


def few_tokens(facts: Facts) -> bool:
    """Few, which networks read token by token."""
    return few(facts) and tokens(facts)


def tokens(facts: Facts) -> bool:
    """Networks read them token by token."""
    return "tokens" in offers(facts.modality)


def together(facts: Facts) -> bool:
    """Not too many, of classes that share a batch; or few."""
    return few(facts) or (not many(facts) and facts.k <= TOGETHER)


TABLE = (
    Row("probe", 1, "a single penalty is chosen: where another is level, that is mostly luck"),
    Row("depths", 2, "as the probe, with more features to be lucky with"),
    Row("svm", 3, "as the probe, without probabilities of its own"),
    Row("zeroshot", 3, "8 texts a class, five sets: 75.1 % right, probe 71.3; with more the probe is as good"),
    Row("prototype", 4, "strong with very few examples, where cross-validation finds it"),
    Row("mlp", 5, "never measured against the other heads; it is what align/ trains", on_request=True),
    Row("incontext", 4, "a second for every few texts, and each is read anew at each prediction", on_request=True),
    Row("finetune", 0, "ten pictures a class, four sets: 85.5 % right, probe 83.5, all depths 80", few_maps),
    Row(
        "finetune",
        5,
        "8 texts a class: contrastive tuning makes more, in fewer steps",
        few_tokens,
        spared=f"of fewer than {FEW} texts contrastive tuning makes more",
    ),
    Row("finetune", 5, "three quarters of the labels, three sets: 1.4 points behind the better probe: must be ahead"),
    Row(
        "gradual",
        6,
        "takes as long as fine-tuning, and ends where that does: in 50 fits of benchmarks/finetune never the model",
        spared="on request alone: as long as fine-tuning",
    ),
    Row("lora", 6, "of sources that fit a processor, tuning the last layers is quicker and as good", on_request=True),
    Row("l2sp", 7, "a second opinion of fine-tuning, for which the usual race has no time", on_request=True),
    Row("ewc", 7, "a second opinion of fine-tuning, for which the usual race has no time", on_request=True),
    Row("intermediate", 7, "minutes; on trec no gain over plain fine-tuning (80.8 % right, both)", on_request=True),
    Row("qlora", 7, "slower than LoRA, and worth it only where memory is short", on_request=True),
    Row("contrastive", 0, "300 and 600 texts: trec 89.2 % right, fine-tuning 86.4; tweets 78.9, 75.2", together),
    Row(
        "contrastive",
        8,
        "more than that was not measured",
        many,
        spared=f"of more than {MANY:,} texts fine-tuning alone is tried, to save time",
    ),
    Row("contrastive", 8, "clinc's 75 classes do not fit into a batch: 92.1 % right, fine-tuning 94.8"),
    Row("classical", 0, "rivals are preferred alike: the lowest loss decides"),
    Row("scratch", 0, "minutes, and nearly always far behind TF-IDF", tokens, gives_up=True),
    Row("scratch", 0, "rivals are preferred alike"),
    Row("constant", LAST, "whatever looks at the input and is as good comes first"),
)  # fmt: skip


def place(strategy: Strategy, facts: Facts) -> Row:
    """Its row, for such data."""
    rank = UNMEASURED if strategy.rank is None else strategy.rank
    unnamed = Row(strategy.name, rank, "not measured")
    return next((row for row in TABLE if row.strategy == strategy.name and row.where(facts)), unnamed)
