"""The parity gate: an artefact must say of real examples what its run says, or it is no artefact.

Compared are scores before decoding, which show a wrong preparation also where probabilities are all near 0 or 1, what
leaves the house (probabilities, numbers) and the answers. On 40 photographs (a probe on lite0, a fine-tuned
mobilenet-v2) rounding moves scores by less than 1e-4 of their spread, bilinear for bicubic by .04, nearest by .14, no
normalisation by .18, swapped colours by .25: the answers alone stay 95 to 100 % the same, and would tell nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...errors import HeadstartError
from ...kind import Kind, Outputs
from ...modality import noun
from ...types import Example, Fitted

Logits = Callable[[Sequence[Example]], Outputs]


@dataclass(frozen=True)
class Tolerance:
    """How far an artefact may be from its run."""

    scores: float  # root mean square difference of scores, as a share of their spread
    worst: float  # largest difference of a probability, or of a number as a share of the numbers' spread
    same: float  # share of examples that must be answered alike


TOLERANCE = {
    "fp32": Tolerance(scores=0.005, worst=0.005, same=0.98),
    "bf16": Tolerance(scores=0.1, worst=0.15, same=0.95),
    "int8": Tolerance(scores=0.3, worst=1.0, same=0.9),
}


@dataclass(frozen=True)
class Parity:
    """What was found."""

    n: int  # real examples
    scores: float  # as of `Tolerance`
    worst: float
    same: float
    where: str  # the example with the largest difference
    noun: str
    tolerance: Tolerance

    @property
    def within(self) -> bool:
        """Whether it may leave the house."""
        allowed = self.tolerance
        return self.scores <= allowed.scores and self.worst <= allowed.worst and self.same >= allowed.same

    @property
    def sentence(self) -> str:
        """The figures in words."""
        alike = round(self.same * self.n)
        return (
            f"of {self.n} real {self.noun}s {alike} are answered as by the run ({100 * self.same:.1f} %), the largest "
            f"difference is {self.worst:.2g}, scores differ by {self.scores:.2g} of their spread"
        )

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def compared(
    run: Logits, made: Logits, examples: Sequence[Example], fitted: Fitted, kind: Kind, tolerance: Tolerance
) -> Parity:
    """Both on the same examples.

    Args:
        run: the run's scores, computed in fp32.
        made: the artefact's.
        examples: real ones.
        fitted: the model; its decoder reads both.
        kind: of the task.
        tolerance: what is allowed.
    """
    ours, theirs = run(examples), made(examples)
    if ours.shape != theirs.shape or not np.isfinite(theirs).all():
        wrong = f"gave scores of shape {theirs.shape}, the run {ours.shape}" if ours.shape != theirs.shape else "NaN"
        raise HeadstartError(f"The exported network {wrong}. Nothing was kept; please report this with the run.")
    spread = float(np.std(ours)) or 1.0
    decoded = [np.asarray(kind.decode(scores, fitted.decoder), np.float64) for scores in (ours, theirs)]
    apart = np.abs(decoded[0] - decoded[1]).reshape(len(examples), -1).max(1)
    apart = apart if kind.calibrated else apart / (float(np.std(decoded[0])) or 1.0)
    same = 1.0
    if kind.classes:
        said = [
            np.asarray(kind.answers(scores, fitted.decoder)).reshape(len(examples), -1) for scores in (ours, theirs)
        ]
        same = float((said[0] == said[1]).all(1).mean())
    at = int(apart.argmax())
    return Parity(
        n=len(examples),
        scores=float(np.sqrt(np.mean((np.asarray(ours, np.float64) - theirs) ** 2))) / spread,
        worst=float(apart[at]),
        same=same,
        where=examples[at].path,
        noun=noun(fitted.modality),
        tolerance=tolerance,
    )


def passed(found: Parity, what: str) -> Parity:
    """The same.

    Raises:
        HeadstartError: it is out of tolerance; says by how much and where.
    """
    if not found.within:
        allowed = found.tolerance
        raise HeadstartError(
            f"{what} does not predict what the run predicts: {found.sentence} (allowed: {100 * allowed.same:.0f} %, "
            f"{allowed.worst:g} and {allowed.scores:g}; it is furthest off at {found.where}). It was deleted. Export "
            "to another format or precision, or predict with the run itself."
        )
    return found
