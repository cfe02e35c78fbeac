"""A verdict whose rivals did not all have their say is none yet.

In: the verdict on those that ran, and the trials. Out: the verdict withheld, with who is missing and why. A rival that
was given up by its own rule, after short runs that left it far behind, had its say; always the same answer is none.
That reuse hurts stands: who is missing could only add to it. A rival that the budget cut short is heard
(`plan/length.py` says how short), and the verdict says so first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..strategy import strategy
from ..types import Trial, Verdict


def unheard(trials: Sequence[Trial]) -> list[Trial]:
    """The rivals that were left waiting, or failed."""
    return [
        t for t in trials if not t.reuses and t.status in ("waiting", "failed") and not strategy(t.strategy).baseline
    ]


def withheld(verdict: Verdict, trials: Sequence[Trial], titles: Mapping[str, str]) -> Verdict:
    """The verdict, or that there is none yet, as a rival is missing.

    Args:
        verdict: on those that ran.
        trials: all of the race.
        titles: what strategies are called.
    """
    missing = unheard(trials)
    if not missing:
        return verdict
    if verdict.decision == "hurts":
        return replace(verdict, complete=False)
    who = "; ".join(f"{titles[t.strategy]} did not run to its end ({t.reason.rstrip('.')})" for t in missing)
    return replace(verdict, complete=False, decision="no_evidence", reason=f"No verdict yet: {who}.", needed=None)


def shortened(verdict: Verdict, trials: Sequence[Trial], titles: Mapping[str, str]) -> str:
    """That rivals were cut short, which may flatter reuse; "" where none was, or where reuse hurts all the same.

    Args:
        verdict: as it is told.
        trials: all of the race.
        titles: what strategies are called.
    """
    if verdict.decision == "hurts" or not verdict.complete:
        return ""
    cut = [t for t in trials if not t.reuses and t.status == "finished" and t.part < 1]
    said = (f"{titles[t.strategy]} had time for {100 * t.part:.0f} % of its usual training" for t in cut)
    return " ".join(f"{one[0].upper()}{one[1:]}, which may flatter reuse." for one in said)
