"""Who takes part, and in which order: every strategy on every source that it suits.

In: keys of sources, names that a person asked for, facts of the data. Out: `Candidate`s. Knows no strategy by name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import UsageError
from ..family import load, names
from ..modality import noun
from ..types import Facts, View


@dataclass(frozen=True)
class Candidate:
    """A strategy on a view."""

    id: str
    strategy: str
    reuses: bool
    view: View
    prior: int = 0  # its strategy's `PRIOR`: what is preferred when validation cannot tell, lower first
    long: bool = False  # its training takes many steps; on the best source only, after the cheap ones
    copies: int = 1  # augmented copies a picture that its training looks at
    baseline: bool = False  # it looks at no input: takes part always, and is no rival where one is missing

    @property
    def source(self) -> str | None:
        """The source that it reuses; a rival may take one's architecture, and reuses none."""
        return self.view.source if self.reuses else None

    @property
    def training_view(self) -> View:
        """What training and validation pictures are looked at through; predictions use `view`."""
        return replace(self.view, variants=self.copies)


def reads(module: Any) -> tuple[str, ...]:  # noqa: ANN401 - a module
    """Which modalities a strategy takes."""
    return getattr(module, "READS", ("image", "text"))


def kinds(module: Any) -> tuple[str, ...]:  # noqa: ANN401 - a module
    """Which kinds of task a strategy takes."""
    return getattr(module, "KINDS", ("classification",))


def candidates(sources: Sequence[str], wanted: Sequence[str], facts: Facts) -> list[Candidate]:
    """Strategy × source, in the order of their turns, see `_turn`. `wanted` narrows the camp of its members.

    A baseline is narrowed away by nothing.

    Raises:
        UnknownName: a wanted strategy does not exist.
        UsageError: it does not take such data.
    """
    modules = {name: load("transfer", name) for name in dict.fromkeys([*names("transfer"), *wanted])}
    for name in wanted:
        if facts.modality not in reads(modules[name]) or facts.kind not in kinds(modules[name]):
            what = f"{noun(facts.modality)}s" + ("" if facts.kind == "classification" else f" with {facts.kind}")
            fit = [n for n, m in modules.items() if facts.modality in reads(m) and facts.kind in kinds(m)]
            raise UsageError(f"The strategy '{name}' does not take {what}. Those that do: {', '.join(fit)}.")
    out = []
    for camp in (True, False):
        able = [n for n, m in modules.items() if facts.modality in reads(m) and facts.kind in kinds(m)]
        members = [name for name in able if modules[name].REUSES is camp]
        usual = [name for name in members if not getattr(modules[name], "ON_REQUEST", False)]
        always = [name for name in members if getattr(modules[name], "BASELINE", False)]
        chosen = [name for name in members if name in wanted and name not in always] or usual
        for name in sorted({*chosen, *always}):
            module = modules[name]
            for view in module.views(sources):
                if hasattr(module, "fit_view"):
                    view = module.fit_view(view, facts)
                id_ = f"{name}-{view.source}" if view.source and camp else name
                copies = module.copies(facts) if hasattr(module, "copies") else 1
                prior = module.prior(facts) if hasattr(module, "prior") else module.PRIOR
                out.append(Candidate(id_, name, camp, view, prior, module.RUNG < 1, copies, name in always))
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
