"""Who takes part, and in which order: every strategy on every source that it suits.

In: keys of sources, names that a person asked for, facts of the data. Out: `Candidate`s. Knows no strategy by name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..errors import UsageError
from ..modality import noun
from ..strategy import strategies, strategy
from ..types import Facts, View
from .policy import place


@dataclass(frozen=True)
class Candidate:
    """A strategy on a view."""

    id: str
    strategy: str
    reuses: bool
    view: View
    prior: int = 0  # what is preferred when validation cannot tell, lower first: see policy.py
    long: bool = False  # its training takes many steps; on the best source only, after the cheap ones
    copies: int = 1  # augmented copies a picture that its training looks at
    baseline: bool = False  # it looks at no input: takes part always, and is no rival where one is missing
    spared: str = ""  # why it is not tried on such data unless it is named
    gives_up: bool = False  # a rival that is dropped after its short runs, if far behind

    @property
    def source(self) -> str | None:
        """The source that it reuses; a rival may take one's architecture, and reuses none."""
        return self.view.source if self.reuses else None

    @property
    def training_view(self) -> View:
        """What training and validation pictures are looked at through; predictions use `view`."""
        return replace(self.view, variants=self.copies)


def candidates(sources: Sequence[str], wanted: Sequence[str], facts: Facts) -> list[Candidate]:
    """Strategy × source, in the order of their turns, see `_turn`. `wanted` narrows the arm of its members.

    A baseline is narrowed away by nothing.

    Raises:
        UnknownName: a wanted strategy does not exist.
        UsageError: it does not take such data.
    """
    known = strategies() | {name: strategy(name) for name in wanted}  # raises for a name that there is not
    able = {name: s for name, s in known.items() if s.takes(facts.modality, facts.kind)}
    for name in wanted:
        if name not in able:
            what = f"{noun(facts.modality)}s" + ("" if facts.kind == "classification" else f" with {facts.kind}")
            raise UsageError(f"The strategy '{name}' does not take {what}. Those that do: {', '.join(able)}.")
    out = []
    for arm in (True, False):
        rows = {name: place(s, facts) for name, s in able.items() if s.reuses is arm}
        always = {name for name in rows if able[name].baseline}
        usual = {name for name, row in rows.items() if not row.on_request}
        for name in sorted((({*wanted} & {*rows}) - always or usual) | always):
            one, row = able[name], rows[name]
            for view in (one.fit_view(view, facts) for view in one.views(sources)):
                id_ = f"{name}-{view.source}" if view.source and arm else name
                how = row.rank, one.long, one.copies(facts), one.baseline, row.spared, row.gives_up
                out.append(Candidate(id_, name, arm, view, *how))
    first = _first(out)
    return sorted(out, key=lambda c: _turn(c, first))


def _first(found: Sequence[Candidate]) -> set[str]:
    """Of each source the quick candidate that is preferred at a tie."""
    best: dict[str | None, Candidate] = {}
    for c in found:
        if c.reuses and not c.long and (c.view.source not in best or c.prior < best[c.view.source].prior):
            best[c.view.source] = c
    return {c.id for c in best.values()}


def _turn(candidate: Candidate, first: Collection[str]) -> int:
    """When a candidate has its turn: one of each source, the rivals, the other quick ones, and long transfer last.

    No verdict stands without the rivals when the budget ends.
    """
    if candidate.reuses:
        return 0 if candidate.id in first else 4 if candidate.long else 3
    return 2 if candidate.long else 1
