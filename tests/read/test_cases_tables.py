"""Tables and texts as people have them: the shared inputs on which reading went wrong, each with what is right."""

import gzip
import json

import pytest

from headstart.errors import DataError, UsageError
from headstart.read import ReadOptions, read

WORDS = "river stone lamp cloud winter paper engine garden mirror silver forest bread window candle harbour".split()
DRAWN = [
    f"{WORDS[i % 15]} {WORDS[i * 7 % 15]} {WORDS[i * 11 % 13]} {chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(60)
]


def every(task):
    return [*task.train, *task.valid, *task.test._examples]


def by_text(task):
    """Text → its labels."""
    many = task.kind == "multilabel"
    return {e.content: [task.labels[at] for at in (e.answer if many else (e.answer,))] for e in every(task)}


def lines(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def table(path, rows, mark=","):
    path.write_text("\n".join([mark.join(rows[0]), *(mark.join(map(str, row.values())) for row in rows)]))
    return path


def labelled(values, **more):
    return [
        {"text": text, "label": v, **{k: c[i] for k, c in more.items()}}
        for i, (text, v) in enumerate(zip(DRAWN, values, strict=False))
    ]


def test_quotes_in_a_tsv_are_characters(cases):
    task = read(cases / "unquoted_marks" / "sst.tsv")
    assert len(every(task)) == 300
    assert sum(e.content.startswith('"') for e in every(task)) == 25
    assert not any("\t" in e.content or "\n" in e.content for e in every(task))
    assert any("quotation marks are read as characters (300 rows)" in note for note in task.notes)


def test_printed_lists_are_several_labels(cases):
    task = read(cases / "printed_lists" / "emotions.csv")
    assert (task.kind, task.labels) == ("multilabel", ("anger", "fear", "joy"))
    assert all(all(f"{label}word" in text for label in labels) for text, labels in by_text(task).items())
    assert any("printed lists (['" in note for note in task.notes)


@pytest.mark.parametrize(
    "shape", [str, json.dumps, lambda v: "[" + " ".join(map(repr, v)) + "]", lambda v: f"[{', '.join(v)}]"]
)
def test_lists_as_pandas_json_and_numpy_print_them(tmp_path, shape):
    lists = [["loud", "rude"], ["rude"], [], ["kind", "loud"], ["kind"]] * 12
    task = read(lines(tmp_path / "t.jsonl", labelled([shape(v) for v in lists])))
    assert task.kind == "multilabel"
    assert by_text(task) == dict(zip(DRAWN, lists, strict=True))
    asked = read(tmp_path / "t.jsonl", ReadOptions(kind="classification"))
    assert len(asked.labels) == 5


def test_printed_lists_of_one_are_classes(tmp_path):
    task = read(lines(tmp_path / "t.jsonl", labelled(["['a']", '["b"]'] * 30)))
    assert (task.kind, task.labels) == ("classification", ("a", "b"))
    assert "each is read as its one label" in task.notes[0]


def test_texts_that_commas_cut_are_whole_again(cases):
    task = read(cases / "unquoted_commas" / "label_first.csv")
    assert len(every(task)) == 200
    assert all(len(e.content.split()) == 23 for e in every(task))
    assert "200 of 200 rows have more cells than the 2 of the header (line 2 has 4" in task.notes[0]


def test_a_key_may_be_missing_in_the_first_row(cases):
    one = read(cases / "missing_keys" / "first_unlabelled.jsonl")
    assert (len(every(one)), len(one.unlabelled)) == (199, 1)
    other = read(cases / "missing_keys" / "first_without_split.jsonl")
    assert len(other.test) == 49
    assert any("1 of 200 rows say no split" in note for note in other.notes)


def test_a_competition_is_learnt_from_its_labelled_table(cases):
    task = read(cases / "competition")
    assert (len(every(task)), task.labels, len(task.unlabelled)) == (200, ("0", "1"), 0)
    assert not any("test.csv" in e.path for e in every(task))
    assert any(
        "None of the 60 test rows (test.csv) has a label: they are left for `headstart predict`" in n
        for n in task.notes
    )
    assert any("sample_submission.csv" in w for w in task.warnings)


def test_a_test_table_with_an_empty_label_column_is_left_for_predict(tmp_path):
    table(tmp_path / "train.csv", labelled("ab" * 20))
    table(tmp_path / "test.csv", [{"text": t, "label": ""} for t in DRAWN[40:]])
    task = read(tmp_path)
    assert len(every(task)) == 40
    assert any("left for `headstart predict`" in note for note in task.notes)
    assert "Drawn by chance" in task.split_rule


def test_names_of_documents_are_no_pictures(cases):
    task = read(cases / "document_names" / "reports.csv")
    assert (task.modality, len(every(task))) == ("text", 200)


def test_one_broken_byte_is_replaced_and_named(cases):
    task = read(cases / "bad_byte" / "reviews.csv")
    texts = [e.content for e in every(task)]
    assert len(texts) == 201
    assert sum("Größe" in text and "Café" in text for text in texts) == 200
    assert "a � here" in texts
    assert task.notes == ("reviews.csv is UTF-8 but for 0xff in line 202 read as “�”.",)


def test_what_a_blank_means_is_asked_and_may_be_said(cases):
    path, label = cases / "blanks" / "findings.csv", "NoFinding,Edema,Effusion"
    with pytest.raises(DataError, match=r"60 of 80 rows leave some of .* empty.*--blank 0"):
        read(path, ReadOptions(label=label))
    task = read(path, ReadOptions(label=label, blank="0"))
    assert (task.kind, len(every(task))) == ("multilabel", 80)
    with pytest.raises(UsageError, match="it is 0 or 1"):
        read(path, ReadOptions(label=label, blank="none"))
    with pytest.raises(
        DataError, match=r"If NoFinding, Edema, Effusion are labels, pass --label NoFinding,Edema,Effusion"
    ):
        read(path)


def test_a_blank_label_may_be_a_class(tmp_path):
    task = read(lines(tmp_path / "t.jsonl", labelled(["spam", ""] * 30)), ReadOptions(blank="fine"))
    assert task.labels == ("fine", "spam")
    assert len(every(task)) == 60


def test_exactly_one_one_in_each_row_is_a_class(cases):
    for label in (None, "healthy,rust,scab"):
        task = read(cases / "one_hot" / "leaves.csv", ReadOptions(label=label))
        assert (task.kind, task.labels, len(every(task))) == ("classification", ("healthy", "rust", "scab"), 90)
        assert "Exactly one of healthy, rust, scab is 1 in each row" in task.notes[0]
    several = read(cases / "one_hot" / "leaves.csv", ReadOptions(label="healthy,rust,scab", kind="multilabel"))
    assert several.kind == "multilabel"


@pytest.mark.parametrize(("yes", "no"), [("1.0", "0.0"), ("True", "False"), ("yes", "no")])
def test_one_hot_columns_by_a_star(tmp_path, yes, no):
    rows = [
        {"text": t, **{f"class_{c}": yes if i % 3 == k else no for k, c in enumerate("abc")}}
        for i, t in enumerate(DRAWN)
    ]
    for label in (None, "class_*"):
        task = read(table(tmp_path / "t.csv", rows), ReadOptions(label=label))
        assert task.labels == ("class_a", "class_b", "class_c")
        assert by_text(task)[DRAWN[4]] == ["class_b"]


def test_pictures_inside_a_table(cases, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as parquet

    plain = parquet.read_table(cases / "picture_bytes" / "data.parquet")
    task = read(cases / "picture_bytes" / "data.parquet")
    assert (task.modality, task.labels, len(every(task))) == ("image", ("a", "b"), 80)
    inside = [{"bytes": data.as_py(), "path": None} for data in plain["image"]]
    parquet.write_table(pa.table({"scan": inside, "label": plain["label"]}), tmp_path / "structs.parquet")
    parquet.write_table(pa.table({"scan": plain["image"], "label": plain["label"]}), tmp_path / "plain.parquet")
    for name in ("structs", "plain"):
        other = read(tmp_path / f"{name}.parquet")
        assert {e.digest for e in every(other)} == {e.digest for e in every(task)}
        assert any("pictures are read from 'scan'" in note for note in other.notes)


def test_two_texts_are_put_together(cases):
    task = read(cases / "two_texts" / "tickets.csv", ReadOptions(text="title,body"))
    assert len(every(task)) == 240
    assert all(len(e.content.split(" ␟ ")) == 2 for e in every(task))


@pytest.mark.parametrize("labels", [["True", "False"], [True, False], ["yes", "no"], [1, 2]])
def test_labels_of_two_values_stay_as_they_are(tmp_path, labels):
    task = read(lines(tmp_path / "t.jsonl", labelled(labels * 30)))
    assert (task.kind, set(task.labels)) == ("classification", {str(v) for v in labels})


def test_json_in_its_usual_forms(tmp_path):
    rows = labelled("ab" * 30)
    forms = {"list": rows, "inside": {"version": 1, "data": rows},
             "nested": [{"id": i, "review": r} for i, r in enumerate(rows)],
             "columns": {c: [row[c] for row in rows] for c in ("text", "label")},
             "pandas": {c: {str(i): row[c] for i, row in enumerate(rows)} for c in ("text", "label")}}  # fmt: skip
    for name, form in forms.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(form))
        assert by_text(read(tmp_path / f"{name}.json")) == {r["text"]: [r["label"]] for r in rows}, name


def test_packed_tables(tmp_path):
    rows = labelled("ab" * 30)
    plain = table(tmp_path / "t.csv", rows)
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert read(tmp_path / "packed.csv.gz").fingerprint == read(plain).fingerprint


def test_a_table_without_a_header_is_read_by_its_cells(tmp_path):
    rows = "".join(f"{'ham spam'.split()[i % 2]}\t{text}\n" for i, text in enumerate(DRAWN))
    (tmp_path / "sms.tsv").write_text(rows)
    task = read(tmp_path / "sms.tsv")
    assert (task.modality, task.labels, len(every(task))) == ("text", ("ham", "spam"), 60)
    assert any("'column 2' is read as the texts" in note for note in task.notes)
    named = read(tmp_path / "sms.tsv", ReadOptions(text="column 2", label="column 1"))
    assert named.fingerprint == task.fingerprint


def test_two_columns_of_one_name_are_asked_about(tmp_path):
    (tmp_path / "t.csv").write_text(
        "text,label,label\n" + "".join(f"{t},{'ab'[i % 2]},{'cd'[i % 3 > 0]}\n" for i, t in enumerate(DRAWN))
    )
    with pytest.raises(DataError, match=r"two columns named 'label'.*--label 'label \(2\)' the second"):
        read(tmp_path / "t.csv")
    assert read(tmp_path / "t.csv", ReadOptions(label="label (2)")).labels == ("c", "d")
    assert read(tmp_path / "t.csv", ReadOptions(label="label")).labels == ("a", "b")


def test_splits_in_a_column_of_another_name(tmp_path):
    parts = ["test" if i % 4 == 0 else "train" for i in range(60)]
    guessed = read(lines(tmp_path / "t.jsonl", labelled("ab" * 30, subset=parts)))
    assert len(guessed.test) == 15
    assert any("the splits are those in 'subset'" in note for note in guessed.notes)
    assert read(tmp_path / "t.jsonl", ReadOptions(split_column="subset")).fingerprint == guessed.fingerprint
    with pytest.raises(UsageError, match="no column 'part' of splits"):
        read(tmp_path / "t.jsonl", ReadOptions(split_column="part"))


def test_pictures_and_texts_in_one_table(cases, tmp_path):
    rows = [
        {"image": str(cases / "predict_table" / f"{i}.png"), "text": DRAWN[i], "label": "ab"[i % 2]} for i in range(40)
    ]
    pictures = read(table(tmp_path / "t.csv", rows))
    assert pictures.modality == "image"
    assert any("the texts in 'text' are left out" in note for note in pictures.notes)
    assert read(tmp_path / "t.csv", ReadOptions(text="text")).modality == "text"


@pytest.mark.parametrize("mark", [", ", ";", "|"])
def test_labels_that_are_several_throughout_are_asked_about(tmp_path, mark):
    lists = [["loud", "rude"], ["rude"], ["kind", "loud"], ["kind"], ["kind", "rude"]] * 12
    path = lines(tmp_path / "t.jsonl", labelled([mark.join(v) for v in lists]))
    with pytest.raises(DataError, match=r"look like several in one: cut there they are 3 labels.*--kind multilabel"):
        read(path)
    assert by_text(read(path, ReadOptions(kind="multilabel"))) == dict(zip(DRAWN, lists, strict=True))
    assert len(read(path, ReadOptions(kind="classification")).labels) == 5
    towns = read(lines(tmp_path / "t.jsonl", labelled(["Paris, France", "Lyon, France", "Nice, France"] * 20)))
    assert len(towns.labels) == 3


def test_numbers_with_a_decimal_comma(tmp_path):
    rows = [{"text": t, "score": f"{i // 10},{i % 10}"} for i, t in enumerate(DRAWN)]
    task = read(table(tmp_path / "t.csv", rows, ";"), ReadOptions(label="score"))
    assert task.kind == "regression"
    assert {e.content: e.answer for e in every(task)}[DRAWN[27]] == 2.7
    assert "The labels have decimal commas: 0,0 is 0." in task.notes


def test_one_column_of_texts_is_found_and_of_several_one_is_asked_for(tmp_path):
    rows = [{"Bemerkung": text, "Ort": "ab"[i % 2], "label": "ab"[i % 2]} for i, text in enumerate(DRAWN)]
    task = read(table(tmp_path / "t.csv", rows))
    assert task.columns["text"] == "Bemerkung"
    assert "'Bemerkung' is read as the texts" in task.notes[0]
    pairs = [{"premise": t, "hypothesis": t[::-1], "label": "ab"[i % 2]} for i, t in enumerate(DRAWN)]
    with pytest.raises(DataError, match=r"none named text .*Of those premise, hypothesis hold texts"):
        read(table(tmp_path / "t.csv", pairs))
    with pytest.raises(DataError, match=r"none named label .*Of those Art might be it: `--label Art`"):
        read(table(tmp_path / "t.csv", [{"text": t, "Art": "ab"[i % 2]} for i, t in enumerate(DRAWN)]))


def test_pictures_named_in_two_columns_are_said(cases, tmp_path):
    here = cases / "predict_table"
    rows = [{"image": here / f"{i}.png", "mask": here / f"{i + 40}.png", "label": "ab"[i % 2]} for i in range(40)]
    task = read(table(tmp_path / "t.csv", rows))
    assert any("pictures are read from 'image'; 'mask' left out" in note for note in task.notes)
