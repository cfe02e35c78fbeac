"""Text tables as they come: marks between cells, quotation marks, rows of too many or too few cells, no header."""

import csv
import io

import pytest

from headstart.errors import DataError, UsageError
from headstart.read._reader import known_columns
from headstart.read._record import TEXTS
from headstart.read.table.delimited import lines_of
from headstart.read.table.even import even

WORDS = "river stone lamp cloud winter paper engine garden mirror silver forest bread window candle harbour".split()


def rows(text, suffix=".csv", quotes=None, texts=TEXTS):
    return even(lines_of(text, "t", suffix, quotes), "t", known_columns(), texts)


def sample(n=40, more=lambda i: ""):
    return [{"text": f"{WORDS[i % 15]} {WORDS[i * 7 % 15]} {i}{more(i)}", "label": "ab"[i % 2]} for i in range(n)]


def written(data, mark=",", **more):
    out = io.StringIO()
    table = csv.DictWriter(out, list(data[0]), delimiter=mark, lineterminator="\n", **more)
    table.writeheader()
    table.writerows(data)
    return out.getvalue()


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "more", [lambda i: "", lambda i: ' "so", he; said | it' * (i % 3), lambda i: "\nsecond line, of it" * (i % 2)]
)
def test_what_a_csv_writer_wrote_is_read_again(mark, more):
    data = sample(more=more)
    every = {"quoting": csv.QUOTE_ALL}
    for way in ({}, every, {**every, "doublequote": False, "escapechar": "\\"}):
        found = rows(written(data, mark, **way), ".tsv" if mark == "\t" else ".csv")
        assert list(found.rows) == data
        assert not found.notes


def test_commas_in_texts_do_not_hide_the_mark_between_cells():
    data = sample(more=lambda i: ", and, so, on")
    assert list(rows("sep=;\n" + written(data, ";")).rows) == data
    plain = "text;label\n" + "".join(f"{r['text']};{r['label']}\n" for r in data)
    assert list(rows(plain).rows) == data


def test_a_mark_that_is_never_closed_swallows_no_row():
    data = sample(60, more=lambda i: ", he said")
    lines = written(data).splitlines(keepends=True)
    lines[5] = f'"oops {WORDS[0]},b\n'
    found = rows("".join(lines))
    assert len(found.rows) == 60
    assert found.rows[4] == {"text": f'"oops {WORDS[0]}', "label": "b"}
    assert "the quotation marks in line 6 do not pair" in found.notes[0]


def test_a_tsv_whose_marks_are_characters_and_the_way_to_say_so():
    text = "text\tlabel\n" + "".join(
        f"{chr(34) if i % 6 == 2 else ''}{WORDS[i % 15]} {i}\t{'ab'[i % 2]}\n" for i in range(60)
    )
    found = rows(text, ".tsv")
    assert len(found.rows) == 60
    assert found.rows[2]["text"] == f'"{WORDS[2]} 2'
    assert "quotation marks are read as characters (60 rows)" in found.notes[0]
    inch = "text\tlabel\n" + "".join(f'a 5" {WORDS[i % 15]}\tab\n"{WORDS[i % 15]}" said {i}\tcd\n' for i in range(9))
    assert len(rows(inch, ".tsv").rows) == 18
    assert rows(inch, ".tsv").rows[1]["text"] == f'"{WORDS[0]}" said 0'
    assert rows('text,label\n"a b",c\n', quotes="no").rows[0]["text"] == '"a b"'
    assert rows('text\tlabel\n"a b"\tc\nd\te\n', ".tsv", quotes="yes").rows[0]["text"] == "a b"
    with pytest.raises(UsageError, match=r"allowed: yes .*no"):
        rows("text,label\na,b\n", quotes="maybe")


def test_texts_with_commas_that_nothing_wraps_are_put_together_again():
    last = rows("label,text\n" + "".join(f"{'ab'[i % 2]},one, two, {i}\n" for i in range(20)))
    assert last.rows[3] == {"label": "b", "text": "one, two, 3"}
    assert "20 of 20 rows have more cells than the 2 of the header (line 2 has 4" in last.notes[0]
    first = rows("text,label\nplain,a\nwith, comma,b\n")
    assert first.rows[1] == {"text": "with, comma", "label": "b"}
    with pytest.raises(DataError, match=r"1 of 2 rows has more cells .*line 3 has 4.*--text COLUMN"):
        rows("title,body,label\nx,y,a\nx,y, z,b\n")
    named = rows("title,body,label\nx,y,a\nx,y, z,b\n", texts=["body"])
    assert named.rows[1] == {"title": "x", "body": "y, z", "label": "b"}
    with pytest.raises(DataError, match=r"line 3 has 3: b\.png,x,y"):
        rows("image,label\na.png,x\nb.png,x,y\n")


def test_marks_at_the_ends_of_lines_and_rows_that_are_short():
    assert rows("text,label\na,b,\nc,d,,\n").rows == [{"text": "a", "label": "b"}, {"text": "c", "label": "d"}]
    assert rows("text,label,\na,b,\n,,\nc,d,\n").rows == [{"text": "a", "label": "b"}, {"text": "c", "label": "d"}]
    short = rows("text,label,site\na,b,x\nc,d\n")
    assert short.rows[1] == {"text": "c", "label": "d", "site": None}
    assert "1 of 2 rows has fewer cells than the 3 of the header (line 3 has 2)" in short.notes[0]


def test_row_numbers_without_a_name():
    pandas = rows(",text,label\n0,a,b\n1,c,d\n")
    assert pandas.rows[1] == {"column 1": "1", "text": "c", "label": "d"}
    by_r = rows('"text","label"\n"1","a","b"\n"2","c","d"\n')
    assert by_r.rows[1] == {"row": "2", "text": "c", "label": "d"}
    assert "the first are row numbers" in by_r.notes[0]


def test_a_second_column_of_one_name_is_kept_where_it_says_something_else():
    assert rows("text,label,label\na,b,b\nc,d,d\n").rows[0] == {"text": "a", "label": "b"}
    assert rows("text,label,label\na,b,b\nc,d,e\n").rows[1] == {"text": "c", "label": "d", "label (2)": "e"}


def test_a_table_without_a_header():
    found = rows("".join(f"{'ham spam'.split()[i % 2]}\t{WORDS[i % 15]} {i}\n" for i in range(30)), ".tsv")
    assert len(found.rows) == 30
    assert found.rows[0] == {"column 1": "ham", "column 2": "river 0"}
    assert "t has no header" in found.notes[0]


def test_a_table_of_one_column():
    assert [r["text"] for r in rows("text\nfine, I say\n" + '"two\nlines"\n').rows] == ["fine, I say", "two\nlines"]


def test_apostrophes_may_wrap_cells():
    found = rows("text,label\n" + "".join(f"'{WORDS[i % 15]}, {i} \"so\"','{'ab'[i % 2]}'\n" for i in range(20)))
    assert found.rows[1] == {"text": f'{WORDS[1]}, 1 "so"', "label": "b"}
    assert rows("text,label\n'tis fine,a\nit's bad',b\n").rows[0]["text"] == "'tis fine"


@pytest.mark.parametrize("above", ["# made 2020\n# by us, in May\n", "Reviews of May,\n,\n"])
def test_titles_and_remarks_above_the_header(above):
    found = rows(above + "text,label\n" + "".join(f"{WORDS[i % 15]} {i},{'ab'[i % 2]}\n" for i in range(20)))
    assert len(found.rows) == 20
    assert found.rows[0] == {"text": "river 0", "label": "a"}
    assert "the header stands in line 3" in found.notes[0]


def test_labels_with_commas_are_not_taken_into_the_text():
    text = "text,label\n" + "".join(f"{WORDS[i % 15]} {i},{'ab'[i % 2]}, {'cd'[i % 2]}\n" for i in range(20))
    with pytest.raises(DataError, match=r"20 of 20 rows have more cells.* Which of text, label holds ',' in its cells"):
        rows(text)


@pytest.mark.parametrize("comma", ["", ", and so"])
def test_quotation_marks_alone_inside_wrapped_cells(comma):
    cells = [f'a 5" pipe{comma} {i}' if i % 5 == 3 else f'he ""said"" {i}{comma}' for i in range(30)]
    text = '"text","label"\n' + "".join(f'"{cell}","{"ab"[i % 2]}"\n' for i, cell in enumerate(cells))
    found = lines_of(text, "t.csv", ".csv")
    assert found.rows == [["text", "label"], *([c.replace('""', '"'), "ab"[i % 2]] for i, c in enumerate(cells))]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("text\na\n\nb\n\n\n", [["a"], [""], ["b"]]),  # as an editor leaves it: the last lines are none
        ('text\n"a\n\nx"\n""\nb\n""\n', [["a\n\nx"], [""], ["b"], [""]]),  # as pandas writes it
        ("text,label\na,b\n\nc,d\n", [["a", "b"], ["c", "d"]]),
    ],
)
def test_an_empty_cell_of_the_only_column_is_a_row(text, rows):
    assert lines_of(text, "table.csv", ".csv").rows[1:] == rows
