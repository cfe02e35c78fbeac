"""The journal outlives kills: half a line costs that line and no other."""

from __future__ import annotations

import json

from headstart.plan.journal import Journal


def test_it_notes_and_counts(tmp_path):
    journal = Journal(tmp_path / "deep" / "journal.jsonl")
    assert journal.count("opened") == 0
    journal.note("opened", by="a", n=1)
    journal.note("opened", by="b", n=1)
    journal.note("closed", by="a")
    assert journal.count("opened") == 2
    assert journal.count("opened", by="a") == 1
    assert journal.count("opened", by="a", n=2) == 0
    lines = [json.loads(line) for line in (tmp_path / "deep" / "journal.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["opened", "opened", "closed"]
    assert lines[0]["at"] <= lines[2]["at"]


def test_an_earlier_attempts_lines_stay(tmp_path):
    Journal(tmp_path / "j").note("opened")
    again = Journal(tmp_path / "j")
    again.note("opened")
    assert again.count("opened") == 2


def test_half_a_last_line_is_skipped_and_spoils_no_other(tmp_path):
    path = tmp_path / "j"
    Journal(path).note("opened", who="虫")
    whole = path.read_bytes()
    half = whole[: whole.index("虫".encode()) + 1]  # cut in the middle of a letter
    path.write_bytes(whole + half)
    again = Journal(path)
    assert again.count("opened") == 1
    again.note("opened", who="next")
    assert again.count("opened") == 2
    assert again.count("opened", who="next") == 1
    assert path.read_bytes().startswith(whole + half), "nothing is rewritten"


def test_odd_letters_in_a_fact_break_no_line(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.note("trial", id="a\u2028b\nc\x85d", path=tmp_path)
    assert journal.count("trial", id="a\u2028b\nc\x85d", path=str(tmp_path)) == 1
