"""Several labels an example: what is read as such, what an empty list and a missing one mean, and how it is split."""

import csv
import json

import numpy as np
import pytest

from headstart.errors import DataError, UsageError
from headstart.kind import targets
from headstart.read import ReadOptions, read
from headstart.read._split import SHARES, TEST, TRAIN, VALID, assign
from headstart.read.table.printed import printed
from hostile import draw

WORDS = "river stone lamp cloud winter paper engine garden mirror silver forest bread window candle harbour".split()
LISTS = [["rude"], ["rude", "loud"], ["loud"], [], ["kind", "loud"], ["kind"]] * 12


def rows_of(labels, **more):
    rng = np.random.default_rng(0)
    return [{"text": f"{' '.join(rng.choice(WORDS, 12))} {i}", "label": v, **{k: c[i] for k, c in more.items()}}
            for i, v in enumerate(labels)]  # fmt: skip


def lines(folder, rows):
    (folder / "data.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder / "data.jsonl"


def flags(folder, labels, names, yes="1", no="0"):
    """A CSV with a column of 0 and 1 for each name."""
    with (folder / "data.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["comment_text", *names])
        for row in rows_of(labels):
            table.writerow([row["text"], *(yes if name in row["label"] else no for name in names)])
    return folder / "data.csv"


def whole(task):
    return [*task.train, *task.valid, *task.test._examples]


def by_text(task):
    """Number at the end of a text → its labels."""
    return {int(e.content.split()[-1]): [task.labels[at] for at in e.answer] for e in whole(task)}


def test_lists_are_several_labels_and_an_empty_one_says_none_of_them(tmp_path):
    task = read(lines(tmp_path, rows_of(LISTS)))
    assert (task.kind, task.labels, task.modality) == ("multilabel", ("kind", "loud", "rude"), "text")
    assert by_text(task) == {i: sorted(v) for i, v in enumerate(LISTS)}
    assert targets(task, task.train).shape == (len(task.train), 3)
    assert targets(task, task.train).dtype == np.int64
    assert list(task.test.counts) == targets(task, task.test._examples).sum(0).tolist()
    assert "stratified by label, rare ones first" in task.split_rule


def test_a_missing_list_is_a_row_without_a_label(tmp_path):
    task = read(lines(tmp_path, rows_of([*LISTS, None])))
    assert len(task.unlabelled) == 1
    assert len(whole(task)) == len(LISTS)


def test_texts_among_lists_are_lists_of_one_and_numbers_are_names(tmp_path):
    task = read(lines(tmp_path, rows_of(["rude" if v == ["rude"] else v for v in LISTS])))
    assert by_text(task) == {i: sorted(v) for i, v in enumerate(LISTS)}
    assert read(lines(tmp_path, rows_of([[2, 10], [10], [2, 10, 2]] * 12))).labels == ("2", "10")


def test_the_order_and_repetition_of_a_list_change_nothing(tmp_path):
    one = read(lines(tmp_path, rows_of(LISTS)))
    two = read(lines(tmp_path, rows_of([[*v[::-1], *v] for v in LISTS])))
    assert one.fingerprint == two.fingerprint
    assert one.fingerprint != read(lines(tmp_path, rows_of([v or ["kind"] for v in LISTS]))).fingerprint


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("true", "False"), ("1.0", "0.0")])
def test_columns_of_zero_and_one_are_labels(tmp_path, yes, no):
    path = flags(tmp_path, LISTS, ("rude", "kind", "loud"), yes, no)
    task = read(path, ReadOptions(text="comment_text", label="rude, loud,kind"))
    assert (task.kind, task.labels) == ("multilabel", ("kind", "loud", "rude")), "in order, as of lists"
    assert {i: sorted(v) for i, v in by_text(task).items()} == {i: sorted(v) for i, v in enumerate(LISTS)}


@pytest.mark.parametrize(
    ("label", "names", "yes", "error", "says"),
    [
        ("rude,loud,vile", ("rude", "loud"), "1", DataError,
         "has the columns comment_text, rude, loud, but none named vile"),
        ("rude,loud", ("rude", "loud"), "0.7", DataError,
         r"data\.csv:\d+: column 'rude' holds '0.7'; allowed .*: 0, 1, false, true"),
        ("rude,vile", ("rude", "vile"), "1", DataError, r"classes with fewer than 2 texts: 'vile' \(0\)"),
    ],
)  # fmt: skip
def test_columns_that_are_missing_or_say_something_else_are_told(tmp_path, label, names, yes, error, says):
    with pytest.raises(error, match=says):
        read(flags(tmp_path, LISTS, names, yes), ReadOptions(text="comment_text", label=label))


@pytest.mark.parametrize("mark", [";", "|", " ; "])
def test_texts_are_cut_where_it_is_asked_for_and_never_else(tmp_path, mark):
    path = lines(tmp_path, rows_of([mark.join(v) or mark.strip() for v in LISTS]))
    task = read(path, ReadOptions(kind="multilabel"))
    assert by_text(task) == {i: sorted(v) for i, v in enumerate(LISTS)}
    asis = read(path)
    assert asis.kind == "classification"
    assert any("--kind multilabel would learn 3 labels" in said for said in asis.notes)


def test_of_texts_that_are_cut_an_empty_one_says_none_of_them(tmp_path):
    rows = rows_of(["; ".join(v) for v in LISTS])
    with (tmp_path / "data.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ["text", "label"])
        table.writeheader()
        table.writerows(rows)
    for path in (tmp_path / "data.csv", lines(tmp_path, rows)):
        task = read(path, ReadOptions(kind="multilabel"))
        assert by_text(task) == {i: sorted(v) for i, v in enumerate(LISTS)}
        assert not task.unlabelled


@pytest.mark.parametrize(
    ("labels", "kind", "says"),
    [
        (["rude", "kind"] * 9, "multilabel", "holds neither a list nor a text with ';' or '|'"),
        (["rude;loud", "kind|loud"] * 9, "multilabel", r"holds both ';' and '\|'"),
        (LISTS, "classification", "holds lists of labels, which classification cannot take"),
        ([[0, 1, 0], [1, 1, 0]] * 9, None, "hold 0 and 1 alone"),
        ([[]] * 9, None, "no text has a label, every list is empty"),
        ([["rude"], []] * 9, None, r"holds one class \('rude'\)"),
        ([[["rude"]], []] * 9, None, "Allowed are a label, or a list of labels"),
        ([*LISTS, ["vile"]], None, r"'vile' \(1\)\. Each class needs 2 or more"),
    ],
)
def test_what_cannot_be_several_labels_is_told(tmp_path, labels, kind, says):
    with pytest.raises((DataError, UsageError), match=says):
        read(lines(tmp_path, rows_of(labels)), ReadOptions(kind=kind))


def test_the_same_text_under_two_label_sets_is_set_aside(tmp_path):
    rows = rows_of(LISTS)
    task = read(lines(tmp_path, [*rows, {**rows[0], "label": ["kind"]}, {**rows[1], "label": ["loud", "rude"]}]))
    assert sorted(s.reason for s in task.set_aside) == ["duplicate", "two_labels", "two_labels"]


def test_held_out_labels_that_train_lacks_are_told(tmp_path):
    splits = ["test" if "rude" in v else "train" for v in LISTS]
    with pytest.raises(DataError, match="the held-out texts have classes that train lacks: 'rude'"):
        read(lines(tmp_path, rows_of(LISTS, split=splits)))


def test_pictures_may_have_several_labels_too(tmp_path):
    rng = np.random.default_rng(7)
    rows = []
    for i in range(24):
        draw(i % 2, rng, 48).save(tmp_path / f"{i}.png")
        rows.append(
            {"image": f"{i}.png", "label": [["cane"], ["bug"], ["cane", "small"], []][i % 4] + ["small"] * (i % 3 == 0)}
        )
    task = read(lines(tmp_path, rows))
    assert (task.kind, task.modality, task.labels) == ("multilabel", "image", ("bug", "cane", "small"))
    for row in rows:
        row |= {"cane": int("cane" in row["label"]), "small": int("small" in row["label"])}
    assert read(lines(tmp_path, rows), ReadOptions(label="cane,small")).labels == ("cane", "small")


def test_datasets_name_the_numbers_of_a_list(tmp_path):
    import datasets

    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.Sequence(datasets.ClassLabel(names=["kind", "loud"]))}
    )
    labels = [[0], [1, 0], [], None, [1]] * 8
    made = datasets.Dataset.from_list(rows_of(labels), features=features)
    made.to_parquet(str(tmp_path / "t.parquet"))
    made.save_to_disk(str(tmp_path / "saved"))
    names = {i: [("kind", "loud")[at] for at in sorted(v)] for i, v in enumerate(labels) if v is not None}
    for path in (tmp_path / "t.parquet", tmp_path / "saved"):
        task = read(path)
        assert (task.kind, task.labels) == ("multilabel", ("kind", "loud"))
        assert by_text(task) == names
        assert len(task.unlabelled) == 8


def drawn(n, k, seed, most=0.5):
    return (np.random.default_rng(seed).random((n, k)) < np.geomspace(most, 0.02, k)).astype(np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_every_split_has_its_share_of_each_label_and_of_none(seed):
    y = drawn(400, 6, seed)
    split = assign(y, [str(i) for i in range(400)], seed=seed)
    kinds = np.column_stack([y, y.sum(1) == 0])
    for part, share in enumerate(SHARES):
        np.testing.assert_allclose(kinds[split == part].sum(0), share * kinds.sum(0), atol=2.5)
        assert (split == part).mean() == pytest.approx(share, abs=0.03)


def test_it_is_nearer_to_the_shares_than_chance():
    y = drawn(200, 8, 0)

    def miss(split):
        return sum(np.abs(y[split == s].sum(0) / y.sum(0) - SHARES[s]).sum() for s in range(3))

    chance = [miss(np.random.default_rng(s).choice(3, 200, p=SHARES)) for s in range(20)]
    assert miss(assign(y, [str(i) for i in range(200)])) < min(chance) / 2


def test_groups_stay_whole_and_each_label_is_in_every_split():
    y, groups = drawn(300, 3, 3), np.random.default_rng(1).integers(0, 60, 300)
    split = assign(y, [str(i) for i in range(300)], groups)
    assert all(len(set(split[groups == g])) == 1 for g in np.unique(groups))
    for part in (TRAIN, VALID, TEST):
        assert y[split == part].any(0).all()


def test_the_draw_depends_on_the_seed_and_not_on_the_order():
    y, keys = drawn(120, 4, 0), [str(i) for i in range(120)]
    order = np.random.default_rng(0).permutation(120)
    one = assign(y, keys)
    np.testing.assert_array_equal(assign(y[order], [keys[i] for i in order]), one[order])
    assert (assign(y, keys, seed=1) != one).mean() > 0.3


def test_lists_of_one_label_are_that_label_and_said(tmp_path):
    rows = [{"text": f"some words {i} {i * 7}", "label": [["a"], ["b"], None][i % 3]} for i in range(60)]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = read(tmp_path / "t.jsonl", ReadOptions(duplicates="keep"))
    assert (task.kind, task.labels) == ("classification", ("a", "b"))
    assert any("one label each" in note for note in task.notes)
    assert read(tmp_path / "t.jsonl", ReadOptions(duplicates="keep", kind="multilabel")).kind == "multilabel"


def test_labels_that_blanks_seem_to_part_are_said(tmp_path):
    labels = ("red", "blue", "red blue", "round", "round red", "blue")
    rows = [f"some words {i} {i * 7},{labels[i % 6]}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["text,labels", *rows]))
    task = read(tmp_path / "t.csv", ReadOptions(duplicates="keep"))
    assert any("several in one, put ';' between them" in note for note in task.notes)


def test_tags_in_angle_brackets_are_several_labels():
    assert printed(["<c++><qt>", "<qt>"]) == [("c++", "qt"), ("qt",)]
    assert printed(["<b>bold</b>", "<qt>"]) is None


@pytest.mark.parametrize("labels", [("a;", "b;", "a;b;"), ("x/y", "x", "y", "y/z", "z")])
def test_marks_behind_labels_and_strokes_between_them_are_said(tmp_path, labels):
    rows = [f"some words {i} {i * 7},{labels[i % len(labels)]}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["text,labels", *rows]))
    if ";" in labels[0]:
        with pytest.raises(DataError, match=r"hold ';' .* look like several in one"):
            read(tmp_path / "t.csv", ReadOptions(duplicates="keep"))
    else:
        assert any("'x/y'; if these are several in one" in s for s in read(tmp_path / "t.csv").notes)


def test_columns_of_1_and_minus_1_are_labels_and_minus_1_beside_0_is_none(tmp_path):
    for no, right in (("-1", True), ("0", False)):
        rows = [f"some words {i} {i * 7},{('1', '-1', no)[i % 3]},{('1', no)[i % 2]}" for i in range(60)]
        (tmp_path / "t.csv").write_text("\n".join(["text,smiling,male", *rows]))
        asked = ReadOptions(label="smiling,male", duplicates="keep")
        if right:
            assert read(tmp_path / "t.csv", asked).labels == ("male", "smiling")
        else:
            with pytest.raises(DataError, match="holds '-1'"):
                read(tmp_path / "t.csv", asked)


def test_lists_of_databases_and_beside_nan_are_lists():
    assert printed(["{a,b}", "{a}", "nan"]) == [("a", "b"), ("a",), None]
