"""What a candidate shows without target labels: numbers, each the higher the better, and none of them proof.

Each is a way that a paper proposes to choose among adapted models. They err in different ways: those that weigh source
rows know nothing of targets that no source row resembles; those that look at target answers alone (neighbourhoods,
information) like a model that is sure and wrong. So `choose.py` wants several to agree.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._pair import Rows

Float64 = NDArray[np.float64]

LOOKED = 2000  # target rows that evidence with pairs of rows looks at, drawn once for all candidates
FOLDS = 5
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)  # of the classifier of domains: C, the smaller the flatter the ratio
LARGEST = 20.0  # no source row stands for more than so many target rows
TINY = 1e-12


@dataclass(frozen=True)
class Shown:
    """What is seen of one candidate, a representation and a method. There is no target label in it.

    Attributes:
        method: its name in align/; "none" is not to adapt.
        representation: "TF-IDF", or a source's key.
        valid: probabilities [v k] of labelled source rows that it did not learn from.
        y: their classes [v], 0 … k − 1; the same rows for all candidates.
        target: probabilities [m k] of the unlabelled target rows; the same rows for all candidates.
        rows_valid: the source rows themselves [v d], where they are dense.
        rows_target: the target rows themselves [m d], where they are dense.
        domain: density ratio p_target / p_source at the rows of `valid` [v] (`density_ratio`), if known; one for all
            candidates of a representation.
    """

    method: str
    representation: str
    valid: NDArray[Any]
    y: NDArray[Any]
    target: NDArray[Any]
    rows_valid: NDArray[Any] | None = None
    rows_target: NDArray[Any] | None = None
    domain: NDArray[Any] | None = None

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each source row is named rightly [v]."""
        return np.asarray(self.valid.argmax(1) == self.y)

    @property
    def finite(self) -> bool:
        """Whether every probability is a number."""
        return bool(np.isfinite(self.valid).all() and np.isfinite(self.target).all())


def evidence(shown: Shown, all_shown: Sequence[Shown]) -> dict[str, float]:
    """Everything that can be said of a candidate, by name; what cannot be is left out.

    Args:
        shown: a candidate with finite probabilities.
        all_shown: all candidates, itself among them or not.

    Returns:
        "source" (accuracy on its rows), "weighted", "deep_embedded" (of accuracy; both where the ratio is known),
        "neighbourhoods", "mixed", "information", "agreement" (where another representation is there).
    """
    out = {"source": float(shown.right.mean())}
    if shown.domain is not None:
        loss = 1.0 - shown.right
        out["weighted"] = 1.0 - importance_weighted(loss, shown.domain)
        out["deep_embedded"] = 1.0 - deep_embedded(loss, shown.domain)
    out["neighbourhoods"] = neighbourhoods(shown.target)
    out["mixed"] = mixed(shown.target)
    out["information"] = information(shown.target)
    views = views_beside(shown, all_shown)
    if views:
        out["agreement"] = agreement(shown.target, views)
    return out


def views_beside(shown: Shown, all_shown: Sequence[Shown]) -> list[NDArray[Any]]:
    """Target probabilities of the unadapted candidates of all other representations."""
    other = [o for o in all_shown if o.method == "none" and o.representation != shown.representation]
    return [o.target for o in other if o.finite]


def importance_weighted(loss: NDArray[Any], ratio: NDArray[Any]) -> float:
    """Loss on the target, from source rows that count as often as their like occurs there; the lower the better.

    PAPER: Sugiyama, Krauledat & Müller 2007, Covariate Shift Adaptation by Importance Weighted Cross Validation.

    Args:
        loss: of each source row [v].
        ratio: of densities, target to source [v]; scaled here to a mean of 1, which bounds the result by the losses.

    >>> importance_weighted(np.array([0.0, 1.0]), np.array([1.0, 3.0]))
    0.75
    """
    return float(np.average(loss, weights=np.maximum(ratio, TINY)))


def deep_embedded(loss: NDArray[Any], ratio: NDArray[Any]) -> float:
    """Importance-weighted loss with a control variate, the weights, whose mean is known to be 1; the lower the better.

    PAPER: You et al. 2019, Towards Accurate Model Selection in Deep Unsupervised Domain Adaptation (DEV). The weights
    are used as they are given, not scaled to a mean of 1. With losses of 0 and 1 the result may lie outside 0 … 1.

    Args:
        loss: of each source row [v].
        ratio: of densities, target to source [v].

    >>> deep_embedded(np.array([0.0, 1.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0, 1.0]))
    0.5
    """
    weighted = ratio * loss
    spread = float(np.var(ratio, ddof=1)) if len(ratio) > 1 else 0.0
    eta = -float(np.cov(weighted, ratio, ddof=1)[0, 1]) / spread if spread > 0 else 0.0
    return float(weighted.mean() + eta * ratio.mean() - eta)


def neighbourhoods(target: NDArray[Any], temperature: float = 0.05) -> float:
    """Soft neighbourhood density: how evenly a target row's likeness spreads over the rows that are answered like it.

    PAPER: Saito et al. 2021, Tune it the Right Way: Unsupervised Validation of Domain Adaptation via Soft Neighborhood
    Density. Largest, ln(m − 1), also where all rows get one and the same answer: never to be believed alone.

    Args:
        target: probabilities [m k]; of more than `LOOKED` rows as many drawn ones count.
        temperature: the paper's.

    Returns:
        Mean entropy in nats; 0 for fewer than two rows.
    """
    p = np.asarray(target, np.float64)[_looked(len(target))]
    if len(p) < 2:
        return 0.0
    p = p / np.maximum(np.linalg.norm(p, axis=1, keepdims=True), TINY)
    z = p @ p.T / temperature
    np.fill_diagonal(z, -np.inf)
    z -= z.max(1, keepdims=True)
    odds = np.exp(z)
    total = odds.sum(1)
    np.fill_diagonal(z, 0.0)
    return float((np.log(total) - (odds * z).sum(1) / total).mean())


def mixed(target: NDArray[Any], share: float = 0.55, seed: int = 0) -> float:
    """MixVal: how often a mixture of two target rows of different answers gets the answer of the larger part.

    PAPER: Hu et al. 2023, Mixed Samples as Probes for Unsupervised Model Selection in Domain Adaptation.

    A linear head's scores of a mixture are the mixture of its scores, and logarithms of probabilities are scores less a
    number that all classes share: so no row need be seen again. Of a network it is the mixture behind its last layer.
    Rows of the same answer are left out, unlike in the paper: a linear head gives their mixtures that answer always.

    Args:
        target: probabilities [m k].
        share: of the row whose answer is expected; the paper's.
        seed: of the partners.

    Returns:
        A share of the mixtures; 0 where all rows have one answer.
    """
    scores = np.log(np.maximum(np.asarray(target, np.float64), TINY))
    partner = np.random.default_rng(seed).permutation(len(scores))
    own = scores.argmax(1)
    differ = own != own[partner]
    if not differ.any():
        return 0.0
    both = share * scores[differ] + (1 - share) * scores[partner][differ]
    return float((both.argmax(1) == own[differ]).mean())


def information(target: NDArray[Any]) -> float:
    """Mutual information of rows and answers: sure of each row, and all classes used.

    PAPER: Shi & Sha 2012, Information-Theoretical Learning of Discriminative Clusters for Unsupervised Domain
    Adaptation; for choosing, Musgrave, Belongie & Lim 2022, Three New Validators and a Large-Scale Benchmark Ranking
    for Unsupervised Domain Adaptation.

    Args:
        target: probabilities [m k].

    Returns:
        Entropy of the mean less mean of the entropies, in nats, 0 … ln k.

    >>> round(information(np.eye(2)), 4)
    0.6931
    """
    p = np.asarray(target, np.float64)
    return max(float(_entropy(p.mean(0))) - float(_entropy(p).mean()), 0.0)


def agreement(target: NDArray[Any], views: Sequence[NDArray[Any]]) -> float:
    """How often a candidate's answer is that of models which see the same rows by other representations, unadapted.

    PAPER: Blum & Mitchell 1998, Combining Labeled and Unlabeled Data with Co-Training (on views that err apart).

    Args:
        target: the candidate's probabilities [m k].
        views: those of the others, [m k] each; the class of the highest mean is their answer.

    >>> agreement(np.array([[0.9, 0.1], [0.2, 0.8]]), [np.array([[0.6, 0.4], [0.7, 0.3]])])
    0.5
    """
    consensus = np.mean([np.asarray(view, np.float64) for view in views], axis=0).argmax(1)
    return float((target.argmax(1) == consensus).mean())


def agreement_rise(target: NDArray[Any], before: NDArray[Any], views: Sequence[NDArray[Any]]) -> float:
    """By how many standard errors the agreement with other views is above that of the answers before, chance apart.

    Of the rows that are answered otherwise than before, those that now agree with the views count for it, those that
    did count against; each less what its class would bring by chance, being a frequent answer of the views. Without
    that, whoever names the views' most frequent class more often would seem to agree more.

    Args:
        target: the candidate's probabilities [m k].
        before: those of the unadapted model of its representation [m k].
        views: those of the other representations, as in `agreement`.

    Returns:
        A z value; 0 where nothing is answered otherwise.
    """
    consensus = np.mean([np.asarray(view, np.float64) for view in views], axis=0).argmax(1)
    usual = np.bincount(consensus, minlength=target.shape[1]) / len(consensus)
    now, then = target.argmax(1), before.argmax(1)
    gain = (now == consensus).astype(float) - (then == consensus) - (usual[now] - usual[then])
    gain = gain[now != then]
    return float(gain.sum() / np.sqrt((gain**2).sum())) if np.any(gain) else 0.0


def density_ratio(rows_source: Rows, rows_target: Rows, seed: int = 0) -> Float64:
    """p_target / p_source at each source row, by a logistic classifier of domains that did not learn from that row.

    PAPER: Bickel, Brückner & Scheffer 2009, Discriminative Learning Under Covariate Shift.

    Args:
        rows_source: [n d], dense or sparse, columns of about the same scale.
        rows_target: [m d].
        seed: of the folds. The penalty is that with the lowest log-loss on folds left out.

    Returns:
        [n], at most `LARGEST`; all 1 where either domain has fewer rows than there are folds.
    """
    from scipy import sparse
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    n, m = rows_source.shape[0], rows_target.shape[0]
    if min(n, m) < FOLDS:
        return np.ones(n)
    both = [rows_source, rows_target]
    x = sparse.vstack(both, format="csr") if sparse.issparse(rows_source) else np.vstack(both)
    domain = np.r_[np.zeros(n, np.int64), np.ones(m, np.int64)]
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(domain, domain))
    best, lowest = np.zeros(n + m), np.inf
    for penalty in PENALTIES:
        odds = np.zeros(n + m)
        for learn, left in folds:
            classifier = LogisticRegression(C=penalty, max_iter=300)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # near the best is enough of a bounded ratio
                classifier.fit(x[learn], domain[learn])
            odds[left] = classifier.decision_function(x[left])
        loss = float(np.logaddexp(0.0, np.where(domain == 1, -odds, odds)).mean())
        if loss < lowest:
            best, lowest = odds, loss
    return np.asarray(np.minimum(np.exp(np.minimum(best[:n], 50.0)) * (n / m), LARGEST))


def _looked(m: int) -> NDArray[np.int64]:
    """Which target rows count where every pair of them is looked at."""
    if m <= LOOKED:
        return np.arange(m)
    return np.sort(np.random.default_rng(0).choice(m, LOOKED, replace=False))


def _entropy(p: Float64) -> Float64:
    return np.asarray(-(p * np.log(np.maximum(p, TINY))).sum(-1))
