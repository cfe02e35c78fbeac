"""Halving, time, memory, what fails, the alarm, an interruption: on features drawn by the test."""

import time

import pytest

from drawn_eyes import Drawn, source, task
from headstart.errors import BudgetError, SourceError
from headstart.plan import cost, remaining
from headstart.plan.choice import CLOSE
from headstart.plan.sources import rounds

SHARP = {"a": 0.2, "b": 0.8, "c": 1.6, "d": 3.0, "e": 0.1, "f": 0.4}


def of(eyes: Drawn, **how):
    notes: list[tuple[str, dict]] = []
    made = rounds.Rounds(
        how.pop("task", None) or task(),
        how.pop("sources", None) or [source(key) for key in eyes.sharp],
        eyes,
        note=lambda event, **facts: notes.append((event, facts)),
        **how,
    )
    return made.run(), notes


def test_who_is_far_behind_is_left_first_and_then_the_better_half_goes_on_to_twice_as_many_examples():
    eyes = Drawn({"a": 0.2, "b": 1.3, "c": 1.4, "d": 1.5, "e": 1.2, "f": 1.2})
    found, notes = of(eyes, keep=1)
    assert found.chosen == ("d",)
    by = {e.source: e for e in found.entries}
    assert {key: e.n for key, e in by.items()} == {"a": 64, "f": 64, "b": 128, "e": 128, "c": 256, "d": 256}
    assert {key for key, e in by.items() if e.status == "dropped"} == set("abcef") <= set(eyes.left)
    assert "ranked 2 of 2: " in by["c"].reason
    assert " on 256 texts" in by["c"].reason
    assert "standard errors behind d" in by["c"].reason
    assert by["d"].value > by["c"].value
    assert (found.stopped, found.warnings) == ("", ())
    assert {facts["source"] for event, facts in notes if facts.get("status") == "dropped"} == set("abcef")


def test_what_cannot_be_told_from_the_best_is_not_dropped_before_the_last_round():
    eyes = Drawn(dict.fromkeys("abcd", 1.5) | {"e": 0.0}, alike=True)
    found, _ = of(eyes)
    assert {e.source: e.n for e in found.entries} == {"a": 600, "b": 600, "c": 600, "d": 600, "e": 64}
    assert found.chosen == ("a", "b"), "the same features: what stood first leads"


def test_a_lead_that_is_not_clear_does_not_outdo_what_is_known_before():
    """The same two, whichever stands first: one leads on these examples, by less than a standard error."""
    seen = {keys: of(Drawn({"a": 1.5, "b": 1.5}), sources=[*map(source, keys)], keep=1)[0] for keys in ("ab", "ba")}
    assert {keys: found.chosen for keys, found in seen.items()} == {"ab": ("a",), "ba": ("b",)}
    lead, other = sorted(seen["ab"].entries, key=lambda e: e.loss)
    assert {e.source: e.loss for e in seen["ba"].entries} == {e.source: e.loss for e in (lead, other)}
    assert f"not clearly ahead of {other.source}, whose record" in seen[other.source + lead.source].entries[1].reason
    assert f"0.2 standard errors behind {lead.source}" in seen[lead.source + other.source].entries[1].reason


def test_the_order_is_the_same_for_who_only_asks():
    """`rank` shows what a fit would choose first, alarmed or not."""
    for keys in ("ab", "ba"):
        some = [*map(source, keys), source("c")]
        found, _ = of(Drawn({"a": 1.5, "b": 1.5, "c": 0.5}, random={"a": 3.0}), sources=some, keep=3, once=600)
        assert found.order == (*keys, "c")
        assert "a" not in found.chosen


def test_few_examples_are_seen_by_all_at_once_and_the_test_by_nobody():
    small = task(60)
    found, _ = of(Drawn(SHARP), task=small)
    assert found.chosen[0] == "d"
    assert {e.n for e in found.entries} == {60}
    assert small.test.reads == 0


def test_one_that_cannot_be_had_is_named_and_the_others_go_on():
    found, notes = of(Drawn(SHARP, broken={"d": "no such wheel"}))
    assert found.chosen == ("c", "b")
    assert next(e for e in found.entries if e.source == "d").status == "failed"
    assert ("source", {"source": "d", "status": "failed", "reason": "no such wheel"}) in notes


def test_where_none_can_be_had_each_is_named():
    with pytest.raises(SourceError, match=r"No source could be used.*a: gone; b: gone"):
        of(Drawn({"a": 1.0, "b": 1.0}, broken={"a": "gone", "b": "gone"}))


def test_what_a_source_takes_is_measured_on_it_and_a_step_that_would_not_end_in_time_is_not_begun():
    """Its record promises a thousand times the work of the other; but it is its few examples that tell."""
    eyes = Drawn({"a": 1.0, "quick": 2.0, "slow": 3.0}, each={"a": 0.001, "quick": 0.001, "slow": 3.0})
    sources = [source("slow", macs=10), source("quick", macs=10**13), source("a", macs=10**10)]
    found, notes = of(eyes, sources=sources, deadline=time.monotonic() + 60)
    assert set(found.chosen) == {"a", "quick"}
    assert found.looked_at == found.chosen
    (entry,) = found.left_out
    assert (entry.source, entry.status, entry.left) == ("slow", "waiting", "time")
    assert "looking at 64 texts would take about " in entry.reason
    assert "were left for choosing" in entry.reason
    assert found.stopped == "the time for choosing ended"
    steps = [facts for event, facts in notes if event == "step"]
    assert {facts["step"] for facts in steps if facts["source"] == "slow"} == {"start", "time"}
    assert all(facts.keys() == {"source", "step", "n", "predicted", "taken"} for facts in steps)


def test_a_likely_source_is_looked_through_before_others_take_the_time_to_start():
    """Each start takes a second, and three there are: the first two are not only timed but looked through."""

    def slow(key: str) -> None:
        if key not in started:
            started.add(key)
            time.sleep(1.0)

    started: set[str] = set()
    eyes = Drawn(dict.fromkeys("abcdef", 1.0), before=slow)
    found, _ = of(eyes, deadline=time.monotonic() + 3.4, alarm=False)
    assert set(found.looked_at) >= set("ab")
    assert {e.left for e in found.left_out} == {"time"}


def test_a_second_choice_times_nothing_anew_and_decides_alike():
    """The first one took each source's pace; all that it looked at is kept."""
    eyes = Drawn({"light": 2.0, "heavy": 2.005, "other": 1.5}, each=HEAVY, alike=True)
    first, notes = of(eyes, sources=[source(k) for k in eyes.sharp])
    again, more = of(eyes, sources=[source(k) for k in eyes.sharp])
    assert {facts["step"] for event, facts in notes if event == "step"} == {"start", "time", "look", "alarm"}
    assert {facts["step"] for event, facts in more if event == "step"} == {"look", "alarm"}
    assert [(e.source, e.status, e.loss) for e in again.entries] == [
        (e.source, e.status, e.loss) for e in first.entries
    ]


def test_what_is_likely_is_timed_unless_fetching_it_would_take_too_long_and_the_rest_only_where_starting_fits():
    class Away(Drawn):
        def here(self, source):
            return source.key not in ("near", "far")

        def fetch(self, source):
            pass

    eyes = Away(dict.fromkeys(("far", "near", "a", "b", "late"), 1.0))
    sources = [
        source("far", params=10**9),
        source("near", params=1000),
        *map(source, "ab"),
        source("late", params=10**9),
    ]
    found, notes = of(eyes, sources=sources, deadline=time.monotonic() + 15)
    reasons = {e.source: e.reason for e in found.left_out}
    assert reasons.keys() == {"far", "late"}
    assert reasons["far"].startswith("fetching and starting it would take about 1000 s")
    assert reasons["late"].startswith("starting it would take about 12 s")
    assert [facts["source"] for _, facts in notes if facts.get("step") == "fetch"] == ["near"]


def test_time_that_is_over_leaves_nothing():
    with pytest.raises(BudgetError, match="Give more with --budget"):
        of(Drawn({"a": 1.0, "b": 2.0}), deadline=time.monotonic() - 1)


def test_time_that_ends_between_rounds_leaves_the_order_of_the_round_before():
    end = time.monotonic() + 1.5

    def slow(key: str) -> None:
        time.sleep(0.3)

    found, _ = of(Drawn(SHARP, before=slow), sources=[source(k, params=1) for k in SHARP], deadline=end)
    assert found.stopped == "the time for choosing ended"
    assert found.chosen
    known = {e.source: e.loss for e in found.entries if e.loss is not None}
    assert found.chosen[0] == min(known, key=known.get)


def test_what_does_not_fit_into_memory_is_not_begun():
    huge = source("huge", params=int(cost.free_memory()))  # eight bytes each
    found, _ = of(Drawn({"a": 1.0, "huge": 3.0}), sources=[source("a"), huge])
    assert found.chosen == ("a",)
    assert "GB of memory" in found.entries[-1].reason


def test_the_alarm_is_not_asked_where_random_weights_would_not_fit_beside():
    big = source("big", params=10**8)  # its own weights take 0.8 GB for a while, random ones 1.2
    found, _ = of(Drawn({"big": 2.0}), sources=[big], room=remaining.resident() + 1.4e9)
    (entry,) = found.entries
    assert entry.status == "chosen"
    assert entry.random is None
    assert "not held against random weights: it would need about" in entry.reason


def test_the_alarm_goes_off_where_random_weights_do_better_and_the_next_takes_the_place():
    found, notes = of(Drawn(SHARP, random={"d": 4.0}))
    assert found.chosen == ("c", "b")
    entry = next(e for e in found.entries if e.source == "d")
    assert entry.status == "alarmed"
    assert entry.margin < -2
    assert entry.random > entry.value
    assert len(found.warnings) == 1
    assert "Negative transfer is likely: d does not beat its own architecture with random weights" in found.warnings[0]
    assert any(event == "alarm" and facts["fired"] for event, facts in notes)


def test_an_alarm_that_is_not_sure_says_so():
    found, _ = of(Drawn({"a": 2.0, "b": 2.5}, random={"b": 2.6}))
    assert -CLOSE < next(e.margin for e in found.entries if e.source == "b") <= 0
    assert "Reuse may not help: b does not beat" in found.warnings[0]
    assert "no better, if not clearly worse" in found.warnings[0]


def test_where_every_source_is_alarmed_the_best_goes_on_and_the_warning_says_so():
    found, _ = of(Drawn({"a": 0.5, "b": 1.0}, random={"a": 3.0, "b": 3.0}))
    assert found.chosen == ("b",)
    assert "No source did better than random weights" in found.warnings[-1]


def test_sources_that_know_something_raise_no_alarm():
    found, _ = of(Drawn({"a": 2.0, "b": 2.5}, random={"a": 0.5, "b": 0.5}))
    assert found.warnings == ()
    assert all(e.margin > 2 for e in found.entries)


def test_an_interruption_leaves_the_best_so_far():
    def stop(key: str) -> None:
        if key == "d":
            raise KeyboardInterrupt

    found, _ = of(Drawn(SHARP, before=stop))
    assert found.stopped == "interrupted"
    assert found.chosen == ("c", "b")
    assert found.warnings == ("Choosing a source was interrupted; not looked at: d, e, f.",)
    assert {e.source: e.left for e in found.left_out} == dict.fromkeys("def", "interrupted")


def test_an_interruption_while_the_alarm_is_asked_keeps_what_it_said_and_leaves_nobody_without_a_reason():
    def stop(key: str) -> None:
        if key == "c~random":
            raise KeyboardInterrupt

    found, _ = of(Drawn(SHARP, random={"d": 4.0}, before=stop))
    assert found.stopped == "interrupted"
    assert "Negative transfer is likely: d" in found.warnings[0]
    assert len(found.chosen) == 2
    assert "d" not in found.chosen
    assert all(e.reason and e.status != "waiting" for e in found.entries)


def test_sources_are_compared_on_equally_many_examples():
    """The slower of two equals has no time for a third round: it is not said to be behind for that."""
    eyes = Drawn({"light": 1.0, "slow": 1.0, "none": 0.0}, each={"light": 0.2, "slow": 0.5}, alike=True)
    how = {"keep": 1, "deadline": time.monotonic() + 50, "alarm": False}
    found, _ = of(eyes, sources=[source(k) for k in ("light", "slow", "none")], **how)
    by = {e.source: e for e in found.entries}
    assert (by["light"].n, by["slow"].n) == (256, 128)
    assert "0.0 standard errors behind light" in by["slow"].reason
    assert found.stopped == "the time for choosing ended"


def test_what_the_whole_run_would_take_too_long_with_is_left_out():
    eyes = Drawn({"quick": 1.0, "heavy": 3.0}, each={"quick": 0.001, "heavy": 0.2})
    found, _ = of(eyes, sources=[source("heavy"), source("quick")], ends=time.monotonic() + 60)
    assert found.chosen == ("quick",)
    assert "looking at all 600 texts would take about 120 s" in found.left_out[0].reason


def test_where_whole_texts_would_take_too_long_a_source_reads_less_of_each_and_that_is_said():
    sharp = {"quick": 1.0, "heavy": 3.0, "heavy@128": 2.5, "slow": 3.0, "slow@128": 3.0}
    eyes = Drawn(sharp, each={"quick": 0.001, "heavy": 0.06, "heavy@128": 0.02, "slow": 0.09, "slow@128": 0.09})
    found, _ = of(eyes, sources=[source(k) for k in ("heavy", "quick", "slow")], ends=time.monotonic() + 60)
    assert found.chosen == ("heavy@128", "quick")
    assert {e.source for e in found.entries} == {"heavy@128", "quick", "slow"}, "54 s are too long also cut in half"
    (said,) = found.warnings
    assert said.startswith("heavy@128 reads at most 128 tokens of each text: with all that heavy can read, looking at")


def test_named_sources_read_all_that_they_can():
    found, _ = of(Drawn({"heavy": 3.0}, each={"heavy": 0.05}), ends=time.monotonic() + 60, once=256)
    assert found.chosen == ("heavy",)


HEAVY = {"light": 0.001, "heavy": 0.05}  # seconds an example: 6 and 330 of a run with 600


def test_a_heavy_source_that_is_not_clearly_better_neither_leads_nor_goes_on_beside_a_light_one():
    """Its loss is always a little lower, and its record (it stands first) promises more; but it names no more."""
    eyes = Drawn({"light": 2.0, "heavy": 2.005, "other": 1.5}, each=HEAVY, alike=True)
    found, _ = of(eyes, sources=[source(k) for k in ("heavy", "light", "other")])
    assert found.chosen == ("light", "other")
    (entry,) = [e for e in found.entries if e.source == "heavy"]
    assert entry.status == "dropped"
    assert "with which a run takes 2 % of the time" in entry.reason


def test_a_heavy_source_leads_where_the_evidence_is_clearly_for_it():
    found, _ = of(Drawn({"light": 1.0, "heavy": 3.0}, each=HEAVY), sources=[source("light"), source("heavy")], keep=1)
    assert found.chosen == ("heavy",)


def test_where_labels_say_nothing_the_light_ones_go_on():
    eyes = Drawn(dict.fromkeys("abcd", 0.0), each={"a": 0.2, "b": 0.1, "c": 0.002, "d": 0.001})
    found, _ = of(eyes)
    assert set(found.chosen) <= {"c", "d"}


def test_what_does_not_fit_into_the_room_given_is_left_out():
    big = source("big", params=10**9)
    found, _ = of(Drawn({"a": 1.0, "big": 3.0}), sources=[big, source("a")], room=remaining.resident() + 3e9)
    assert found.chosen == ("a",)
    assert found.left_out[0].left == "memory"


def test_an_interruption_before_anything_is_known_ends_it():
    def stop(key: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        of(Drawn(SHARP, before=stop))


def test_asked_once_nobody_is_dropped():
    found, _ = of(Drawn(SHARP), keep=len(SHARP), once=100, alarm=False)
    assert [e.status for e in found.entries] == ["chosen"] * len(SHARP)
    assert {e.n for e in found.entries} == {100}


def test_the_alarm_asks_few_examples_where_these_tell_and_spares_who_is_as_far_ahead():
    """Two equally sharp sources: the second is held against the first one's twin."""
    found, notes = of(Drawn({"a": 3.0, "b": 2.9}, random={"a": 0.0}))
    assert {e.status for e in found.entries} == {"chosen"}
    asked = {facts["source"]: facts for event, facts in notes if event == "alarm"}
    (first, second) = (asked[key] for key in found.chosen)
    assert (first["n"], first["fired"]) == (64, False)
    assert "standard errors ahead of" in second["reason"]
    found, notes = of(Drawn({"a": 1.0, "b": 0.9}, random={"a": 0.9, "b": 0.9}))
    asked = [facts for event, facts in notes if event == "alarm"]
    assert {facts["n"] for facts in asked} == {256}
