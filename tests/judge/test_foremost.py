"""What weighs most comes first."""

from headstart.judge.foremost import foremost
from headstart.types import Trial


def trial(id_: str, reuses: bool, status: str, reason: str = "") -> Trial:
    strategy, _, source = id_.partition("-")
    return Trial(id_, strategy, source or None, reuses, {}, 0, status, reason)


def test_rivals_then_cuts_then_candidates_then_sources():
    over = "the time budget ended first"
    trials = [
        trial("probe-a", True, "finished"),
        trial("finetune-a", True, "waiting", over),
        trial("gradual-a", True, "waiting", over),
        trial("scratch", False, "waiting", over),
        trial("classical", False, "dropped", "far behind"),
    ]
    assert foremost(trials, ["The budget left no time."], ["Reuse may not help: a."], False) == [
        f"The rival 'scratch' took no part ({over}): without it there is no verdict.",
        "The budget left no time.",
        f"Not tried ({over}): finetune-a, gradual-a.",
        "Reuse may not help: a.",
    ]


def test_a_whole_run_has_none():
    assert foremost([trial("probe-a", True, "finished"), trial("scratch", False, "finished")], [], [], False) == []


def test_that_reuse_hurts_stands_without_a_rival():
    (said,) = foremost([trial("scratch", False, "failed", "no memory")], [], [], True)
    assert said == "The rival 'scratch' took no part (no memory): reuse may hurt more than is shown."
