"""What each kind of data brings to training: all that it says it offers."""

from __future__ import annotations

import inspect

import pytest

from headstart.errors import UnknownName
from headstart.family import names
from headstart.strategy import offers, strategies
from headstart.transfer.modality import Modality, Rival, of, plain
from headstart.types import Facts, View

MEMBERS = {
    "tail": ("open_tail", "tuned_view", "copies", "suited", "alternatives"),
    "classical": ("classical",),
    "scratch": ("scratch",),
}
WORDS = {*MEMBERS, "maps", "tokens", "pixels", "classifier", "language"}


@pytest.mark.parametrize("name", names("transfer/modality"))
def test_it_has_what_it_offers(name):
    member = of(name)
    assert member.OFFERS <= WORDS
    assert plain(name) == member.plain()
    assert all(hasattr(member, what) for offer in member.OFFERS for what in MEMBERS.get(offer, ()))
    for what in ("open_tail", "tuned_view", "copies", "suited", "alternatives"):
        if "tail" in member.OFFERS:
            assert _takes(getattr(member, what)) == _takes(getattr(Modality, what))[1:]
    for rival in member.OFFERS & {"classical", "scratch"}:
        for what in ("title", "fit_view", "settings", "run", "logits"):
            assert _takes(getattr(getattr(member, rival), what)) == _takes(getattr(Rival, what))[1:]


def _takes(function) -> list[str]:
    return [*inspect.signature(function).parameters]


def test_what_strategies_need_somebody_offers():
    assert set().union(*(way.needs for way in strategies().values())) <= WORDS
    assert {"tail"} <= offers("image") & offers("text")


def test_a_kind_of_data_without_a_file_offers_nothing():
    assert offers("smell") == frozenset()
    assert plain("smell") == View(None, "input")
    with pytest.raises(UnknownName):
        of("smell")


def test_few_pictures_and_few_texts_keep_the_last_state():
    for name, side in (("image", 40), ("text", 0)):
        (config,) = strategies()["finetune"].settings(Facts(60, 3, side, name))
        assert config.keep == "last"
