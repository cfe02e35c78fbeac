"""Prior: what a source's record promises before any data is looked at. It is the list that other scores must beat.

    value = log₁₀(parameters) + log-odds(published accuracy) + fit of domain

Each has the weight 1, in its natural unit, set beforehand from the literature and never tuned on our data:

* *Parameters.* Over eight data sets and ten ImageNet networks the parameter count alone ranked sources with a mean
  weighted Kendall tau of .74, above LogME's .67; Singh et al. find the same of a fixed list by size.
* *Published accuracy.* Kornblith et al.: how well ImageNet networks transfer goes with their ImageNet accuracy (r = .99
  frozen, .96 fine-tuned), both as log-odds. Where a record has none, it counts as even odds, 0.
* *Domain.* Of the task only its modality is known. 1 for what is general there (photographs; plain language), ½ where
  the record does not say, 0 for anything narrower. That a narrower domain costs as much as nine tenths of the
  parameters is a judgement, with no figure behind it.
"""

from __future__ import annotations

from math import log, log10

from ..family import names
from ..modality import general
from ..types import Source
from ._look import Look, Silent

PAPER = (
    "Kornblith et al., Do Better ImageNet Models Transfer Better?, CVPR 2019, arXiv:1805.08974; Singh et al., How NOT "
    "to benchmark your SITE metric, ICLR 2026, arXiv:2510.06448"
)
NEEDS = frozenset({"record"})
KINDS = frozenset(names("kind"))
UNSTATED = "not stated"


def score(look: Look) -> float:
    """A number without a unit."""
    source = _record(look)
    return log10(max(source.params, 1)) + _log_odds(source) + domain_fit(source)


def domain_fit(source: Source) -> float:
    """1, ½ or 0."""
    if source.domain == UNSTATED:
        return 0.5
    return float(any(word in source.domain for word in general(source.modality)))


def caveats(look: Look) -> tuple[str, ...]:
    """What the record does not say."""
    source, out = _record(look), []
    if source.published is None:
        out.append("The record has no published accuracy, which counts as even odds.")
    if source.domain == UNSTATED:
        out.append("The record does not say what the source learnt from, which counts as half a fit.")
    return tuple(out)


def _log_odds(source: Source) -> float:
    if source.published is None:
        return 0.0
    share = min(max(source.published / 100, 0.001), 0.999)
    return log(share / (1 - share))


def _record(look: Look) -> Source:
    if look.source is None:
        raise Silent("prior needs the source's record, and none was given.")
    return look.source
