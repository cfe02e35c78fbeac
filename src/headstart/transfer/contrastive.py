"""Contrastive tuning of a sentence encoder for few examples (SetFit), then the probe's head on what it has become.

In: tokens. In each of a bounded number of steps a batch is drawn in which every class has as many texts; all its pairs
are compared, those of a class pulled to a cosine of 1 and the others to 0: never more than `steps` · `batch`² / 2
pairs, however many there are. Embeddings and first layers stay frozen and are run once. Out: the tail's moved weights
and its head, a logistic one whose penalty leave-one-out chooses. Validation data is not looked at.

8 of each class from labelled parts, two draws, right on 200 others (probe): ag_news 82.0 % (74.0), sms_spam 96.0
(82.8), amazon books, one draw, 62.0 (59.0). trec, on 300: 77.7 (54.4) in 10 CPU s; SetFit's defaults 75.4 in 109.
300 and 600 of all classes, three draws, mean right on up to 1,000 others (fine-tuning): tweets 78.9 % (75.2), trec 89.2
(86.4), ag_news 85.1 (84.7), amazon books, two draws, 85.0 (81.6), at 0.6 to 2 times its CPU; but clinc, whose 75
classes do not fit into a batch, one draw, 92.1 (94.8). The same draws of 300 (probe of all depths): tweets 79.5 (75.2),
trec 89.0 (76.6), ag_news 85.6 (84.4), books 83.7 (80.2), sms_spam, macro-F1, 95.3 (94.6), better in each of the nine.
What it makes of more than `plan.policy.MANY` was not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..runtime import device
from ..strategy import TrainResult
from ..types import Facts, FitContext, IntArray, Progress, View
from .modality import open_tail
from .training import tune
from .training.tuned import logits, module, predictor

if TYPE_CHECKING:
    import torch

    from .training.tail import Tail

__all__ = ["logits", "module", "predictor"]

TITLE = "contrastive tuning (SetFit)"
PAPER = "Tunstall et al. 2022, Efficient Few-Shot Learning Without Prompts"
NEEDS = frozenset({"tail", "tokens"})
REUSES = True
STOCHASTIC = True
SHORT_RUN = 0.25

LEAST, MOST = 25, 100  # steps
EACH = 4  # texts of a class in a batch, at least


@dataclass(frozen=True)
class Config:
    """One setting."""

    parts: int = 4  # last parts of the network that learn (its layers); the rest is frozen
    lr: float = 2e-4  # peak rate; AdamW
    steps: int = LEAST
    batch: int = 32  # texts a step; all their pairs are compared
    length: int = 128  # tokens of a text at most while tuning: one long text makes its whole batch long
    weight_decay: float = 0.01  # never on norms and biases


def views(sources: Sequence[str]) -> list[View]:
    """Every source's tokens."""
    return [View(key, "input") for key in sources]


def settings(facts: Facts) -> list[Config]:
    """Its one recipe; the steps grow with the texts, to a bound."""
    return [Config(steps=min(MOST, max(LEAST, facts.n // 4)))]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Tune, then fit the head; the last state is kept.

    Raises:
        UsageError: no source, no part that learns, or a batch of one text.
    """
    import torch

    from .training.freeze import freeze, groups
    from .training.loop import Recipe, open_state, train
    from .training.tail import moved

    if context.source is None or config.parts < 1 or config.batch < 2:
        raise UsageError(
            f"Contrastive tuning was given source {context.source and context.source.key}, {config.parts} parts and "
            f"batches of {config.batch}; it needs a source, one part or more, and two texts or more in a batch."
        )
    torch.manual_seed(context.seed)
    tail = open_tail(context.source, context.weights, context.view, context.k).to(device())
    front = [*tail.parts][: -config.parts]
    for name in front:
        freeze(tail.parts[name])
    start = {name: tensor.clone() for name, tensor in open_state(tail).items()}
    context = tune.advanced(tail, front, context)
    moving = [(name, stage) for name, stage in tail.stages() if name not in front]
    trained = sum(p.numel() for _, stage in moving for p in stage.parameters())
    head, tail.classifier = tail.classifier, torch.nn.Identity()  # type: ignore[assignment]  # what is compared is what the head will see
    steps = max(1, round(config.steps * context.share))
    yield from train(
        tail,
        _batches(context, config, tail),
        pull,
        Recipe(
            steps, config.lr, weight_decay=config.weight_decay, warmup=0.1, evaluate_every=-(-steps // 10), threads=1
        ),
        seed=context.seed,
        groups=groups(moving[:-1], config.lr, 1.0, config.weight_decay),
        checkpoint=context.checkpoint,
    )
    tail.classifier = head
    tune.put_head(tail, *tune.solve_head(tail, context))
    return TrainResult(moved(tail.state_dict(), start), trained, {"steps": steps})


def pull(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Squared distance of the cosines of all pairs to 1 within a class and 0 across, both kinds weighing the same.

    SetFit's loss (`CosineSimilarityLoss` of as many alike as unlike pairs), of rows x [b d] and classes y [b].
    """
    import torch

    unit = torch.nn.functional.normalize(x, dim=1)
    pairs = torch.triu(torch.ones(len(y), len(y), dtype=torch.bool, device=x.device), 1)
    alike = (y[:, None] == y[None, :]) & pairs
    cosine, unlike = unit @ unit.T, pairs & ~alike
    parts = [((cosine[kind] - wanted) ** 2).mean() for kind, wanted in ((alike, 1.0), (unlike, 0.0)) if kind.any()]
    return torch.stack(parts).mean() if parts else cosine.sum() * 0.0  # a single row has no pairs


def _batches(context: FitContext, config: Config, tail: Tail) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    """`batch(step)`, a pure function of the step: as many texts of each class, of as many classes as there is room for.

    A class with fewer texts gives some twice: dropout makes two of one (Gao et al. 2021, SimCSE).
    """
    import torch

    x, y, seed = context.train.x, context.train.y, context.seed
    members = [np.flatnonzero(y == label) for label in np.unique(y)]
    each = max(min(EACH, config.batch // 2), config.batch // len(members))

    def some(rows: IntArray, random: np.random.Generator) -> IntArray:
        return np.resize(random.permutation(rows), each) if each > len(rows) else random.choice(rows, each, False)

    def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        random = np.random.default_rng((seed, step))
        chosen = random.permutation(len(members))[: config.batch // each]
        rows = np.concatenate([some(members[label], random) for label in chosen])
        return tail.as_batch(_cut(x[rows], config.length)), torch.from_numpy(y[rows])

    return batch


def _cut(x: NDArray[Any], length: int) -> NDArray[Any]:
    """Rows of tokens or states [l, …], the first `length` of each."""
    out = np.empty(len(x), dtype=object)
    out[:] = [row[:length] for row in x]
    return out
