"""The prior: its formula, and what moves it."""

from __future__ import annotations

from dataclasses import replace
from math import log

import pytest

from any_score import drawn
from headstart.score import prior
from headstart.score._measure import measure
from headstart.source import _catalogue


def of(key: str = "efficientnet-lite0", **changes) -> float:
    return measure("prior", replace(drawn(), source=replace(_catalogue.get(key), **changes))).value


def test_the_formula_by_hand():
    assert of(params=10**7, published=75.0, domain="photographs") == pytest.approx(7 + log(3) + 1)
    assert of(params=10**6, published=None, domain="not stated") == pytest.approx(6.5)
    assert of("minilm-l6", params=10**8, published=50.0, domain="chemical reactions") == pytest.approx(8)


@pytest.mark.parametrize("changes", [{"params": 10**9}, {"published": 99.0}], ids=str)
def test_more_is_higher(changes):
    assert of(**changes) > of()


@pytest.mark.parametrize(
    ("key", "domains"),
    [
        ("efficientnet-lite0", ["photographs", "not stated", "faces"]),
        ("minilm-l6", ["plain English sentences", "not stated", "photographs"]),
    ],
)
def test_what_is_general_comes_first_and_what_is_narrow_last(key, domains):
    values = [of(key, domain=domain) for domain in domains]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 3


@pytest.mark.parametrize("key", _catalogue.keys())
def test_of_every_source_in_the_catalogue(key):
    source = _catalogue.get(key)
    found = measure("prior", replace(drawn(), source=source))
    assert 0 < found.value < 15
    assert (found.source, found.n_used) == (key, 0)
    assert bool(found.caveats) is (source.published is None)
    assert prior.domain_fit(source) in (0.0, 1.0), "each record says its domain"


def test_no_label_moves_it():
    look = drawn()
    assert prior.score(look) == prior.score(replace(look, x=look.x + 1, y=look.y[::-1]))


@pytest.mark.parametrize("published", [0.0, 100.0])
def test_an_accuracy_at_the_end_of_the_scale_is_finite(published):
    assert abs(of(published=published)) < 20


def test_it_says_what_the_record_does_not():
    bare = replace(_catalogue.get("mobilenet-v2"), published=None, domain="not stated")
    said = measure("prior", replace(drawn(), source=bare)).caveats
    assert [sentence[:40] for sentence in said] == [
        "The record has no published accuracy, wh", "The record does not say what the source ",
    ]  # fmt: skip
