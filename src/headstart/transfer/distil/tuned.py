"""The student's last parts learn with its head: the teacher's answers, the labels, and what the teacher sees.

Answers and labels as in `frozen.py`; in addition a linear map of the student's top features is drawn to the teacher's
features, each of deviation 1, by their mean squared distance (Romero et al. 2015, FitNets: Hints for Thin Deep Nets;
their first stage, the map alone, is solved here). The map is left behind. Head first, from `frozen.solve`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...runtime import device
from ...score._axes import Axes, decompose
from ...strategy import TrainResult
from ...types import Facts, Features, FitContext, FloatArray, Progress
from ..modality import of, open_tail
from ..training import setting, tune
from . import frozen
from .lesson import UNLABELLED, Lesson

if TYPE_CHECKING:
    import torch

STRATEGY = "finetune"  # which reads what is learnt here
TRIED = 2  # settings


@dataclass(frozen=True)
class Config(setting.Config):
    """One setting: fine-tuning's, and how much is the teacher's."""

    temperature: float = 1.0  # of the teacher's answers, on top of its own
    hard: float = 0.5  # weight of the labels; the rest is the teacher's
    hint: float = 0.1  # weight of the distance to the teacher's features


def alone(facts: Facts) -> list[setting.Config]:
    """What the same student compares without a teacher."""
    data = of(facts.modality)
    known = [setting.Config()] if facts.n < setting.FEW else [*data.alternatives(setting.Config())][:TRIED]
    return [data.suited(config, facts) for config in known]


def settings(facts: Facts) -> list[Config]:
    """The same, with a teacher."""
    return [Config(**asdict(config)) for config in alone(facts)]


def run(config: Config, context: FitContext, lesson: Lesson) -> Generator[Progress, None, TrainResult]:
    """Train on all rows of `context.train.x`; with `context.valid` the state of the lowest validation loss is kept.

    The lesson is as long as these rows. Where the teacher has no features, or `hint` is 0, answers alone are learnt.
    """
    import torch

    from ..training.freeze import freeze, groups
    from ..training.loop import Recipe, open_state, train
    from ..training.tail import moved

    assert context.source is not None
    torch.manual_seed(context.seed)
    tail = open_tail(context.source, context.weights, context.view, context.k).laid_out().to(device())
    front = [*tail.parts][: -config.parts]
    for name in front:
        freeze(tail.parts[name])
    tune.hold(tail, config)
    start = {name: tensor.clone() for name, tensor in open_state(tail).items()}
    context = tune.advanced(tail, front, context)
    pupil = _pupil(tail, context, lesson, config)
    moving = [(name, stage) for name, stage in tail.stages() if name not in front]
    moving[-1] = ("head", torch.nn.ModuleList([tail.classifier, *([pupil.hint] if pupil.hint else [])]))
    trained = sum(p.numel() for p in tail.parameters() if p.requires_grad)
    per_epoch, steps, share = tune.lengths(config, len(lesson.y), context.share)
    total = max(1, round(steps * share))
    judged = context.valid is not None and config.keep == "best"
    outcome = yield from train(
        pupil,
        tune.batches(replace(context, train=_packed(context.train, lesson, config)), config, tail),
        _loss(context.k, config),
        Recipe(
            total,
            config.lr,
            weight_decay=config.weight_decay,
            schedule=config.schedule,
            evaluate_every=max(per_epoch, -(-total // tune.ROUNDS)),
            patience=4,
            start=True,
            threads=1,
            precision=tail.precision,
        ),
        seed=context.seed,
        groups=groups(moving, config.lr, config.decay, config.weight_decay),
        evaluate=_evaluator(context, tail) if judged else None,
    )
    state = {n.removeprefix("tail."): tensor for n, tensor in outcome.state.items() if n.startswith("tail.")}
    return TrainResult(moved(state, start), trained, {"step": outcome.step, "steps": total})


def _evaluator(context: FitContext, tail: Any) -> Callable[[Any], tuple[float, float]]:  # noqa: ANN401 - a Tail
    """Of the tail within the pupil."""
    assert context.valid is not None
    evaluate = tune.evaluator(context.valid, context.kind)
    return lambda pupil: evaluate(tail)


def _pupil(tail: Any, context: FitContext, lesson: Lesson, config: Config) -> Any:  # noqa: ANN401 - torch's
    """The tail with its head solved, and a map from its features to the teacher's, solved too; [b k + t]."""
    import torch

    from ..training.tail import look, plain, soft_root

    tail.eval()
    a = decompose(soft_root(torch.from_numpy(look(tail, plain(context.train.x), features=True))).numpy())
    how = frozen.Config(temperature=config.temperature, hard=config.hard)
    weight, bias, penalty = frozen.solve(a, lesson, how.share, how)
    tune.put_head(tail, weight, bias)
    seen = _hints(lesson, config)
    hint = torch.nn.Linear(len(weight), seen.shape[1]) if seen.shape[1] else None
    if hint is not None:
        with torch.no_grad():
            for own, solved in zip((hint.weight, hint.bias), _map(a, seen, penalty), strict=True):
                own.copy_(torch.from_numpy(solved.T.copy()))

    class Pupil(torch.nn.Module):
        """A tail that also says what its teacher would see."""

        def __init__(self) -> None:
            super().__init__()
            self.tail, self.hint = tail, hint and hint.to(device())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            top = self.tail.features(x)
            with torch.autocast(x.device.type, enabled=False):
                seen = soft_root(top.float())
                said = self.tail.classifier(seen)
                return said if self.hint is None else torch.cat([said, self.hint(seen)], 1)

    return Pupil()


def _map(a: Axes, wanted: FloatArray, penalty: float) -> tuple[FloatArray, FloatArray]:
    """Ridge regression on features [n t], whose mean is 0: weight [d t], bias [t]."""
    return a.unrotate((a.z.T @ wanted) / (a.power + penalty)[:, None], np.zeros(wanted.shape[1]))


def _packed(train: Features, lesson: Lesson, config: Config) -> Features:
    """Rows with all that is to be learnt of each: class, the teacher's logits [k], its features [t]."""
    whole = np.hstack([lesson.y[:, None], lesson.logits, _hints(lesson, config)])
    return Features(train.x, whole.astype(np.float32), train.key)


def _hints(lesson: Lesson, config: Config) -> FloatArray:
    """The teacher's features that are learnt [n t]; t is 0 where there are none, or none is wanted."""
    if lesson.features is None or config.hint == 0:
        return np.empty((len(lesson.y), 0), np.float32)
    return lesson.features


def _loss(k: int, config: Config) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """(pupil's [b k + t], packed [b 1 + k + t]) → the mean over the rows."""
    import torch

    warm, hard = config.temperature, config.hard

    def loss(said: torch.Tensor, packed: torch.Tensor) -> torch.Tensor:
        own, taught, scores = packed[:, 0].long(), torch.softmax(packed[:, 1 : 1 + k] / warm, 1), said[:, :k]
        soft = warm**2 * torch.nn.functional.cross_entropy(scores / warm, taught)
        truth = torch.nn.functional.cross_entropy(scores, own, ignore_index=UNLABELLED, reduction="sum") / len(own)
        apart = (said[:, k:] - packed[:, 1 + k :]).square()
        return (1 - hard) * soft + hard * truth + config.hint * (apart.mean() if apart.numel() else apart.sum())

    return loss
