"""What examples are: one file a modality, with what every floor may ask of it.

A modality is a family on each floor that does something of its own with its examples: `read/` (how they are found
and cleaned), `source/modality/` (what their networks are), `extract/modality/` (what enters a network),
`transfer/modality/` (how such a network is trained, and the rivals), `ship/modality/` (how a prediction's input is
found) and `report/modality/` (how one is shown). `load("…/modality", task.modality)` finds the file; nobody else
compares names.
"""

from __future__ import annotations

from ..family import load


def noun(modality: str) -> str:
    """What one example is called.

    >>> noun("image")
    'picture'
    """
    return str(load("modality", modality).NOUN)


def general(modality: str) -> tuple[str, ...]:
    """Words of which a source's domain names one, if it has learnt from what is general there; none are known of some.

    >>> general("image")
    ('photographs',)
    """
    return tuple(getattr(load("modality", modality), "GENERAL", ()))


def measure(modality: str) -> float:
    """How much a record's multiply-adds are for, in units of `plan.cost.size`: an example, unless said otherwise."""
    return float(getattr(load("modality", modality), "MEASURE", 1.0))
