"""NCE: minus the entropy of the labels that is left when the source's most probable class is known.

value = −H(Y | Z) = Σ P(y, z) log(P(y, z) / P(z)),   z the source's answer to an example, P counted on the examples.
"""

from __future__ import annotations

import numpy as np

from ._look import Look

PAPER = "Tran et al., Transferability and Hardness of Supervised Classification Tasks, ICCV 2019, arXiv:1908.08142"
NEEDS = frozenset({"logits"})
KINDS = frozenset({"classification"})


def score(look: Look) -> float:
    """Nats an example, at most 0."""
    _, answers = np.unique(np.asarray(look.logits).argmax(1), return_inverse=True)
    joint = look.targets.T @ np.eye(answers.max() + 1)[answers] / len(answers)  # [c z]
    shares = (joint / joint.sum(0))[joint > 0]
    return float((joint[joint > 0] * np.log(shares)).sum())
