"""The end of a fit in the terminal."""

import pytest
import sample

from headstart.report import text


@pytest.mark.parametrize("name", sorted(sample.ALL))
def test_fits_the_terminal(name):
    lines = text.summary(sample.ALL[name]()).splitlines()
    assert len(lines) <= 25
    assert max(text.width(line) for line in lines) <= text.COLUMNS


def test_says_what_matters_and_what_to_type():
    run = sample.rival_wins()
    got = text.summary(run)
    for part in (
        run["sentence"], "▸ HOG and pixels, linear", "91.7 %", "[87.5, 94.6]", "starts fresh, chosen",
        "11 files set aside", "about 1,900 would be needed", "runs/tiles/report.html", "runs/tiles/model/",
        "headstart predict runs/tiles new.jpg",
    ):  # fmt: skip
        assert part in got


def test_names_the_source_of_each_model_that_reuses():
    got = text.summary(sample.helps())
    assert "▸ Linear probe on efficientnet-lite0 " in got
    assert "  HOG and pixels, linear " in got


def test_what_a_person_interrupted_can_go_on():
    run = sample.helps()
    run["trials"][-1] |= {"status": "waiting", "reason": "interrupted before it was done"}
    assert "\ninterrupted: the same command again tries what was left out\n" in text.summary(run)
    assert "interrupted" not in text.summary(sample.helps())
    cut = {"asked": None, "limit": None, "cut": ["It was interrupted, which left time to train the finalists once."]}
    assert "the same command again" in text.summary(sample.helps() | {"budget": cut})


def test_quotes_the_folder_for_the_shell():
    assert """headstart predict 'runs/o'"'"'brien $(rm -rf)' new.jpg""" in text.summary(sample.hostile())


def test_no_escape_reaches_the_terminal():
    run = sample.helps()
    run["sentence"] = "\x1b[31mred\x07"
    assert "\x1b" not in text.summary(run)


def test_many_rivals_and_long_titles_still_fit():
    run = sample.helps()
    run["rivals"] = [{**run["rivals"][0], "strategy": f"s{i}", "title": "蜜" * 60} for i in range(30)]
    run["warnings"] = ["long " * 100] * 3
    lines = text.summary(run).splitlines()
    assert len(lines) <= 25
    assert max(text.width(line) for line in lines) <= text.COLUMNS
    assert any("more in the report" in line for line in lines)


def test_what_weighs_most_stands_in_the_first_lines_and_nowhere_else():
    run = sample.helps()
    first = [f"The rival '{name}' took no part." for name in ("scratch", "classical")]
    run["foremost"], run["warnings"] = first, [*first, "Classes of fewer than 10 pictures: 1.", "Another."]
    lines = text.summary(run).splitlines()
    at = lines.index(f"warning: {first[0]}")
    assert lines[at + 1] == f"warning: {first[1]}"
    assert not any(line.startswith("▸") for line in lines[:at]), "before the models"
    assert "warning: Classes of fewer than 10 pictures: 1. (and 1 more in the report)" in lines
    assert text.summary(run).count("took no part") == 2
    run["sentence"] = "No verdict yet: a network from scratch did not run to its end (no time). Of what ran: …"
    assert "took no part" not in text.summary(run), "the sentence tells it already"
