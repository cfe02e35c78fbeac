"""Which sources need not be started, by what the examples said of those before them.

In: evidence of the first round. Out: why the next source has no chance, in words. Two rules; neither says anything
before as many sources as go on were looked through, and the verdict names who was left out.

* *Nothing to gain*: one that is not much lighter than a source which errs on at most one in `FEWEST` of the examples
  left out could not be shown to be better.
* *Two in a row*: once the two tried last lie `FAR` standard errors behind the best, those after them are not tried.
  After the sources with a published accuracy the others come by what they cost. Of seven sets of pictures
  (benchmarks/choose, the true accuracy of every source) the best one with a stated licence has no published accuracy on
  two, both times by 0.2 points or less: mobilenet-v2-reid, the second of the others in line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...types import Source
from .evidence import Evidence

NEEDLESS = "needless"
FEWEST = 40
FAR = 2.0  # standard errors
IN_A_ROW = 2


def line(sources: Sequence[Source]) -> list[Source]:
    """Those with a published accuracy as they come; then the others, the lightest first."""
    proven = [s for s in sources if s.published is not None]
    return [*proven, *sorted((s for s in sources if s.published is None), key=lambda s: s.macs)]


def none(key: str, seen: Sequence[Evidence], enough: int, heavier: Callable[[str, str], bool]) -> str:
    """Why a source need not be tried; nothing where it has a chance.

    Args:
        key: whose turn it is.
        seen: of the sources before it, in the order in which they were tried, all on the same examples.
        enough: how many go on; before so many were seen all have a chance.
        heavier: whether a run with the first takes so much longer than one with the second.
    """
    if len(seen) < enough:
        return ""
    n = len(seen[0].losses)
    near = [e for e in seen if (e.right < 1).sum() <= len(e.losses) / FEWEST]
    if n >= FEWEST and near and not any(heavier(e.source, key) for e in near):
        wrong = int((near[0].right < 1).sum())
        return f"not looked at: {near[0].source} errs on {wrong} of {n}, so that none could be shown to be better"
    best = min(seen, key=lambda e: e.loss)
    gaps = [(e.source, e.behind(best)) for e in seen[enough:][-IN_A_ROW:]]
    if len(gaps) == IN_A_ROW and all(gap >= FAR for _, gap in gaps):
        told = " and ".join(f"{source} ({gap:.1f} standard errors)" for source, gap in gaps)
        return f"not looked at: of those before it {told} were far behind {best.source}"
    return ""
