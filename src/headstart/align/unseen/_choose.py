"""Which method for an unseen domain? Leave one domain out after the other: each is as good as unseen to the rest.

Rows of one group, such as a patient's in two hospitals, are never on both sides. Plain ERM is kept unless another
method is ahead of it by a standard error: of the paired differences of the examples (or of whole groups), and of those
of the domains. Of several that are, the one furthest ahead is taken.

What the chosen one will reach on a new domain is the mean over the domains left out, with a t-interval for one more
domain drawn as they were: mean ± t · s · √(1 + 1/g). It is a little hopeful where the best of several was taken, and a
little fearful, for each head left out one domain that the final one learns from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, UsageError
from ...types import IntArray
from . import Domains, Method

PLAIN = "erm"
LEVEL = 0.9  # of the interval
FEW = 5  # domains with fewer of which the interval is called wide


@dataclass(frozen=True)
class Judged:
    """How one method did on the domains left out."""

    method: str
    accuracies: tuple[float, ...]  # on each domain, by a head that learnt from the others; empty: not taken
    counts: tuple[int, ...]  # examples of each
    ahead: float  # of plain ERM in `mean`; 0 for itself
    errors: tuple[float, float]  # standard errors of `ahead`: by examples, by domains
    reason: str

    @property
    def mean(self) -> float:
        """Over the domains, each counting the same; NaN where it was not taken."""
        return float(np.mean(self.accuracies)) if self.accuracies else float("nan")

    @property
    def worst(self) -> float:
        """On the domain where it did worst; NaN where it was not taken."""
        return min(self.accuracies, default=float("nan"))

    @property
    def supported(self) -> bool:
        """Whether it is ahead of plain ERM by both standard errors."""
        return self.ahead > max(self.errors)


@dataclass(frozen=True)
class Expected:
    """Accuracy that a new domain may let one hope for."""

    value: float
    interval: tuple[float, float]
    level: float
    note: str


@dataclass(frozen=True)
class Choice:
    """The method chosen, and what it rests on."""

    chosen: str
    reason: str
    judged: tuple[Judged, ...]  # plain ERM first, then by name
    expected: Expected
    notes: tuple[str, ...]  # what must be known of the data to read this


def judge_by_leaving_out(domains: Domains, methods: Mapping[str, Method], names: Sequence[str] = ()) -> Choice:
    """Train every method on all domains but one, for each; judge it on the one left out; choose.

    Args:
        domains: two or more.
        methods: by name; `erm` must be among them.
        names: what people call the domains; by default their numbers.

    Raises:
        UsageError: one domain alone, or no `erm`.
        DataError: a domain that shares no class with the others.
        ArithmeticError: plain ERM itself breaks down on these rows.
    """
    g = len(domains.parts)
    if g < 2:
        raise UsageError(
            f"{g} labelled domain was given; to choose for an unseen one, two or more are needed, better five. Give "
            "more labelled domains, or examples of the new one without labels (`headstart adapt SOURCE TARGET`)."
        )
    if PLAIN not in methods:
        raise UsageError(f"The methods {', '.join(methods)} were given; '{PLAIN}' must be among them. Add it.")
    called = [*names] or [f"domain {one}" for one in range(g)]
    notes = (*_shared(domains, called), *_unheard(domains, called), *_alone(g))
    plain = _rights(methods[PLAIN], domains)
    judged = [_judged(PLAIN, plain, plain, domains.group_of_parts)]
    for name in sorted({*methods} - {PLAIN}):
        judged.append(_tried(methods[name], domains, plain))
    best = max(judged[1:], key=lambda one: one.ahead if one.accuracies else -2.0, default=judged[0])
    supported = [one for one in judged if one.supported]
    chosen = max(supported, key=lambda one: one.ahead, default=judged[0])
    return Choice(chosen.method, _why(chosen, best), tuple(judged), _expected(chosen.accuracies), notes)


def _tried(method: Method, domains: Domains, plain: list[NDArray[np.float64]]) -> Judged:
    """A method held against plain ERM, or why it is not taken."""
    why = "it needs features in few columns, not words"
    if method.takes(domains):
        try:
            return _judged(method.name, _rights(method, domains), plain, domains.group_of_parts)
        except (ArithmeticError, np.linalg.LinAlgError) as broken:
            why = str(broken)
    return Judged(method.name, (), (), 0.0, (0.0, 0.0), f"not taken: {why}")


def _rights(method: Method, domains: Domains) -> list[NDArray[np.float64]]:
    """Right (1) or wrong (0) for every row of each domain left out.

    Raises:
        ArithmeticError, LinAlgError: the method breaks down on these rows.
    """
    rights = []
    for left in range(len(domains.parts)):
        others, rows, y = domains.without(left)
        scores = method.fit(others)(rows)
        rights.append((scores.argmax(1) == y).astype(np.float64))
    return rights


def _judged(
    name: str,
    right: list[NDArray[np.float64]],
    plain: list[NDArray[np.float64]],
    groups: list[IntArray] | None = None,
) -> Judged:
    differences = [a - b for a, b in zip(right, plain, strict=True)]
    by_domain = np.array([one.mean() for one in differences])
    g, ahead = len(by_domain), float(by_domain.mean())
    errors = _by_examples(differences, groups), float(by_domain.std(ddof=1)) / sqrt(g)
    reason = "plain ERM, which the others are held against"
    if name != PLAIN:
        side = "ahead of plain ERM by" if ahead > max(errors) else "not ahead of plain ERM by a standard error:"
        reason = (
            f"{side} {_points(ahead)} points (standard error {100 * errors[0]:.1f} by examples, "
            f"{100 * errors[1]:.1f} by domains)"
        )
    means = tuple(float(one.mean()) for one in right)
    return Judged(name, means, tuple(len(one) for one in right), ahead, errors, reason)


def _by_examples(differences: list[NDArray[np.float64]], groups: list[IntArray] | None) -> float:
    """Standard error of the mean over domains; groups count as wholes (cluster-robust), also across domains."""
    g = len(differences)
    if groups is None:
        return sqrt(sum(one.var(ddof=1) / len(one) for one in differences if len(one) > 1)) / g
    weighed = np.concatenate([(one - one.mean()) / len(one) for one in differences]) / g
    sums = np.bincount(np.unique(np.concatenate(groups), return_inverse=True)[1], weighed)
    return sqrt(float((sums**2).sum()) * len(sums) / max(len(sums) - 1, 1))


def _why(chosen: Judged, best: Judged) -> str:
    if chosen.method != PLAIN:
        return f"{chosen.method}: {chosen.reason}."
    if not best.accuracies or best.method == PLAIN:
        return "Plain ERM: no other method could be held against it."
    return f"Plain ERM: no other method is supported; the best of them, {best.method}, is {best.reason}."


def _expected(accuracies: tuple[float, ...]) -> Expected:
    """Mean and t-interval for one more domain, cut at 0 and 1."""
    from scipy.stats import t

    g, value = len(accuracies), float(np.mean(accuracies))
    half = float(t.ppf((1 + LEVEL) / 2, g - 1)) * float(np.std(accuracies, ddof=1)) * sqrt(1 + 1 / g)
    interval = max(0.0, value - half), min(1.0, value + half)
    note = f"from {g} domains, each left out once"
    if g < FEW:
        note += (
            f"; so few tell little of how domains differ, hence the interval is wide ({FEW} or more would narrow it)"
        )
    return Expected(value, interval, LEVEL, note)


def _shared(domains: Domains, called: Sequence[str]) -> list[str]:
    """Groups of several domains.

    Raises:
        DataError: beside one domain nothing would be left to learn from.
    """
    if domains.group is None:
        return []
    where = {*zip(domains.group.tolist(), domains.domain.tolist(), strict=True)}
    many = len(where) - len({*domains.group.tolist()})
    told = "If groups are counted anew in each domain, name them apart there, such as a-1 and b-1."
    for left, name in enumerate(called):
        if not domains.besides(left).any():
            raise DataError(
                f"All examples of the other domains are of groups that {name} has, too: left out, it would leave "
                f"nothing to learn from. {told} If they are the same, give domains that share fewer groups."
            )
    if not many:
        return []
    return [
        f"{many} of the groups {'is' if many == 1 else 'are'} met again in another domain: while one domain is left "
        f"out, nothing is learnt from its groups in the others. {told}"
    ]


def _unheard(domains: Domains, called: Sequence[str]) -> list[str]:
    """Domains with classes that no other has.

    Raises:
        DataError: a domain has no others.
    """
    notes = []
    for left, (name, part) in enumerate(zip(called, domains.parts, strict=True)):
        share = float((~np.isin(domains.ys[part], domains.ys[domains.besides(left)])).mean())
        if share == 1:
            raise DataError(
                f"{name} shares no class with the other domains; each class must be in two domains or more for a head "
                "learnt on some to be judged on another. Check that domains and classes are not mixed up, and that "
                "classes are spelt alike everywhere."
            )
        if share:
            notes.append(
                f"{100 * share:.1f} % of {name} is of classes that no other domain has: left out, these count as wrong"
            )
    return notes


def _alone(g: int) -> list[str]:
    """What two domains cannot tell."""
    if g > 2:
        return []
    return ["with two domains each head learnt from one alone: what draws domains together could not show its worth"]


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")
