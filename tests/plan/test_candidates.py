"""Who takes part: every strategy that can, with every source, in the order of their turns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headstart.errors import UnknownName, UsageError
from headstart.plan.candidates import candidates
from headstart.plan.policy import place
from headstart.strategy import strategies, strategy
from headstart.transfer.training.setting import FEW
from headstart.types import Facts

FACTS = Facts(24, 3, 40)


def test_every_usual_strategy_meets_every_source_cheap_ones_first_and_rivals_before_long_transfer():
    sources = ("mobilenet-v2", "efficientnet-lite0")
    found = candidates(sources, (), FACTS)
    able = {name: way for name, way in strategies().items() if way.takes("image", "classification")}
    usual = [name for name, way in able.items() if not place(way, FACTS).on_request]
    transfer = [name for name in usual if able[name].reuses]
    rivals = [n for n in usual if n not in transfer]
    assert {c.id for c in found} == {f"{n}-{s}" for n in transfer for s in sources} | set(rivals)
    assert len(found) == len(transfer) * 2 + len(rivals)
    turns = {(False, False): 1, (False, True): 2, (True, False): 3, (True, True): 4}  # (transfer, long) → when
    order = [turns[c.reuses, able[c.strategy].long] for c in found]
    assert {c.id for c in found[:2]} == {f"probe-{s}" for s in sources}, "one of each source before the rivals"
    assert order[2:] == sorted(order[2:])
    assert set(order) == {1, 2, 3, 4}
    assert all(c.long is able[c.strategy].long for c in found)
    assert all(c.prior == place(able[c.strategy], FACTS).rank for c in found)
    of_few, of_many = (
        {c.strategy: c.prior for c in candidates(sources, (), replace(FACTS, n=n))} for n in (FEW - 1, FEW)
    )
    assert of_few["finetune"] < of_few["probe"] == of_many["probe"] < of_many["finetune"]
    assert {c.view.size for c in found if c.strategy == "scratch"} == {32}, "the view fits the facts"


@pytest.mark.parametrize(
    ("wanted", "transfer", "rivals"),
    [
        (("probe",), {"probe"}, None),
        (("scratch",), None, {"scratch"}),
        (("svm", "classical"), {"svm"}, {"classical"}),
    ],
)
def test_wanting_narrows_its_own_camp_alone(wanted, transfer, rivals):
    found = candidates(["mobilenet-v2"], wanted, FACTS)
    for arm, members in ((True, transfer), (False, rivals)):
        family = {n: w for n, w in strategies().items() if w.takes("image", "classification")}
        everyone = {n for n, w in family.items() if w.reuses is arm and not place(w, FACTS).on_request}
        always = {n for n in everyone if family[n].baseline}
        assert {c.strategy for c in found if c.reuses is arm} == (members | always if members else everyone)


def test_wanting_what_does_not_exist():
    with pytest.raises(UnknownName, match=r"There is no strategy 'prob'\. Did you mean 'probe'\? Known: classical"):
        candidates(["mobilenet-v2"], ("prob",), FACTS)


def test_what_takes_part_on_request_alone():
    family = {n: w for n, w in strategies().items() if w.takes("image", "classification")}
    asked = [n for n, w in family.items() if place(w, FACTS).on_request]
    assert asked, "else this test says nothing"
    for name in asked:
        arm = family[name].reuses
        found = [c for c in candidates(["a"], [name], FACTS) if c.reuses is arm and not c.baseline]
        assert {c.strategy for c in found} == {name}


def test_training_looks_at_copies_and_predicting_at_the_picture_alone():
    for candidate in candidates(["a"], (), Facts(2000, 3, 40)):
        wanted = strategy(candidate.strategy).copies(Facts(2000, 3, 40))
        assert candidate.view.variants == 1
        assert candidate.training_view == replace(candidate.view, variants=wanted)


def test_a_strategy_that_does_not_take_such_data_is_refused_when_named():
    with pytest.raises(UsageError, match=r"'contrastive' does not take pictures. Those that do: .*probe"):
        candidates(["a"], ["contrastive"], Facts(200, 2, 100))
    with pytest.raises(UsageError, match=r"'ewc' does not take texts. Those that do: .*contrastive"):
        candidates(["a"], ["ewc"], Facts(200, 2, 0, "text"))
