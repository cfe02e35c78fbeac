"""LEEP: log-likelihood of the labels when the source's own class probabilities are all that is known of an example.

With θ_z(x) the source's probability of its class z: P(y, z) is the sum of θ_z over the examples of class y divided by
n, P(y | z) = P(y, z) / P(z), and the value is the mean over examples of log Σ_z P(y | z) θ_z(x), at most 0.
"""

from __future__ import annotations

import numpy as np

from ..kind.classification import softmax
from ._leep import expected_log
from ._look import Look

PAPER = (
    "Nguyen et al., LEEP: A New Measure to Evaluate Transferability of Learned Representations, ICML 2020, "
    "arXiv:2002.12462"
)
NEEDS = frozenset({"logits"})
KINDS = frozenset({"classification"})


def score(look: Look) -> float:
    """Nats an example, at most 0."""
    return expected_log(softmax(np.asarray(look.logits)), look.classes[0])
