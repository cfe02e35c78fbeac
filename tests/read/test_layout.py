"""Folders as archives really unpack: names alone say what is a split and what is a class, or two readings are named."""

import pytest

from headstart.errors import DataError, UsageError
from headstart.read.folder.layout import arrange


def places(*folders, asked=None):
    """ "a/b" → (split, class), of those that have a place."""
    layout = arrange([tuple(f.split("/")) for f in folders], "data", asked)
    return {"/".join(f): (p.split, p.label) for f, p in layout.places.items() if p}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("TRAIN", "Testing"),
        ("Training Set", "Test Set"),
        ("train_images", "test_images"),
        ("trainset", "testset"),
        ("TrainData", "TestData"),
        ("train2017", "val2017"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("training_set/training_set", "test_set/test_set"),
        ("images/train", "images/val"),
        ("archive/archive/train", "archive/archive/test"),
        ("data/dataset/train_images/images", "data/dataset/validation_images/images"),
        ("flowers-train", "flowers-test"),
    ],
)
def test_splits_by_many_names_and_below_other_folders(train, test):
    found = places(*(f"{split}/{c}" for split in (train, test) for c in ("cats", "dogs")))
    held_out = "valid" if "val" in test else "test"
    assert found == {
        **{f"{train}/{c}": ("train", c) for c in ("cats", "dogs")},
        **{f"{test}/{c}": (held_out, c) for c in ("cats", "dogs")},
    }


def test_splits_inside_each_class():
    found = places(*(f"{c}/{s}" for c in ("cat", "dog") for s in ("train", "test_images")))
    assert found["dog/train"] == ("train", "dog")
    assert found["cat/test_images"] == ("test", "cat")


def test_what_has_no_class_folders_beside_splits_has_no_label():
    found = places("train/pos", "train/neg", "train/unsup", "test/pos", "test/neg", "extra_unlabelled")
    assert found["train/unsup"] == ("train", None)
    assert found["extra_unlabelled"] == (None, None)
    found = places("train/cat", "train/dog", "test")  # a competition: the test is for handing in
    assert found == {"train/cat": ("train", "cat"), "train/dog": ("train", "dog"), "test": ("test", None)}


def test_a_word_of_a_split_among_others_is_a_class():
    assert places("healthy", "test-positive") == {
        "healthy": (None, "healthy"),
        "test-positive": (None, "test-positive"),
    }
    assert places("healthy/a", "healthy/b", "test-positive")["healthy/a"] == (None, "healthy")


def test_numbered_folders_that_hold_the_same_classes_are_read_together():
    layout = arrange([(f"fold{i}", c) for i in range(1, 4) for c in ("cat", "dog")], "data")
    assert {p.label for p in layout.places.values()} == {"cat", "dog"}
    assert layout.notes == (
        "fold1/, fold2/, fold3/ hold the same folders: these are the classes, and are read together.",
    )


def test_numbered_folders_of_digits_are_parts_where_their_word_says_so_and_else_a_question():
    assert {label for _, label in places(*(f"batch_{b}/{d}" for b in "12" for d in "0123")).values()} == set("0123")
    for word, inside in (("site", ("2020", "2021")), ("grade", ("front", "back"))):
        with pytest.raises(DataError, match="two ways"):
            places(*(f"{word}{i}/{x}" for i in (1, 2) for x in inside))


def test_days_and_patients_inside_a_class_belong_to_it():
    assert {p for _, p in places("cat/2020", "cat/2021", "dog/2020", "dog/2021").values()} == {"cat", "dog"}
    assert {p for _, p in places("ill/p01", "ill/p02", "well/p03", "well/p04").values()} == {"ill", "well"}
    assert {p for _, p in places("cat/images", "dog/images").values()} == {"cat", "dog"}
    assert {p for _, p in places("cat/persian", "cat/siamese", "dog").values()} == {"cat", "dog"}


@pytest.mark.parametrize(
    ("folders", "first", "last"),
    [
        (("cat/indoor", "cat/outdoor", "dog/indoor", "dog/outdoor"), {"cat", "dog"}, {"indoor", "outdoor"}),
        (("felis/catus", "felis/lybica", "canis/lupus", "canis/latrans"), {"felis", "canis"},
         {"catus", "lybica", "lupus", "latrans"}),
    ],
)  # fmt: skip
def test_two_levels_that_could_be_the_classes_are_a_question(folders, first, last):
    with pytest.raises(DataError, match=r"two ways: the first level .*--layout classes\), or .*--layout nested\)"):
        places(*folders)
    assert {label for _, label in places(*folders, asked="classes").values()} == first
    assert {label for _, label in places(*folders, asked="nested").values()} == last


def test_one_split_beside_class_folders_is_a_question():
    folders = ("train/diesel", "train/steam", "bus")
    with pytest.raises(
        DataError, match=r"train/ as a split .* bus/ is left out \(--layout splits\); or each of bus/, t"
    ):
        places(*folders)
    assert {label for _, label in places(*folders, asked="classes").values()} == {"train", "bus"}
    assert places(*folders, asked="splits") == {"train/diesel": ("train", "diesel"), "train/steam": ("train", "steam")}


@pytest.mark.parametrize("folders", [("train", "test"), ("images",), ("fold1", "fold2"), ("train2017", "val2017")])
def test_parts_without_class_folders_are_a_question(folders):
    with pytest.raises(
        DataError, match=r"no classes but parts of the data, and no class folders inside.*--layout clas"
    ):
        places(*folders)
    assert {label for _, label in places("train", "test", asked="classes").values()} == {"train", "test"}


def test_what_was_guessed_is_said_and_what_is_usual_is_not():
    layout = arrange([(s, c) for s in ("train_images", "val2017") for c in "ab"], "data")
    assert layout.notes == ("Splits by the names of folders: train_images/ is train, val2017/ is valid.",)
    assert arrange([(s, c) for s in ("train", "val") for c in "ab"], "data").notes == ()


def test_another_layout_is_told():
    with pytest.raises(UsageError, match="'deep' is not known; allowed: classes, splits, nested"):
        arrange([("a",)], "data", "deep")


def test_numbers_and_odd_names_are_classes():
    assert {label for _, label in places("0", "1", "class2").values()} == {"0", "1", "class2"}
    assert {label for _, label in places("c0", "c1", "c2").values()} == {"c0", "c1", "c2"}


def test_a_level_that_is_named_holds_inside_splits_that_are_sure():
    folders = [
        f"{s}/{f}" for s in ("train", "test") for f in ("felis/catus", "felis/lybica", "canis/lupus", "canis/aureus")
    ]
    with pytest.raises(DataError, match="two ways"):
        places(*folders)
    assert places(*folders, asked="nested")["test/canis/lupus"] == ("test", "lupus")
    assert places(*folders, asked="classes")["train/canis/lupus"] == ("train", "canis")


def test_labelled_beside_unlabelled_is_looked_through():
    layout = arrange([("labelled", "a"), ("labelled", "b"), ("unlabelled",)], "data")
    assert [layout.places[f].label for f in sorted(layout.places)] == ["a", "b", None]
    assert layout.notes == ("unlabelled/ has no label, by the name.",)


@pytest.mark.parametrize("odd", ["test", "val", "predict"])
def test_what_is_held_out_by_its_name_beside_class_folders_is_a_question(odd):
    with pytest.raises(DataError, match=rf"{odd}/ as a class beside cat/, dog/ \(--layout classes\), or as what is to"):
        places("cat", "dog", odd)
    assert len({label for _, label in places("cat", "dog", odd, asked="classes").values()}) == 3


@pytest.mark.parametrize("odd", ["images", "thumbnails"])
def test_a_folder_of_no_class_beside_class_folders_is_a_question(odd):
    with pytest.raises(DataError, match=rf"{odd}/ as a class beside cat/, dog/ .*belongs to no class: then move"):
        arrange([("cat",), ("dog",), (odd,)], "data")
    places = arrange([("cat",), ("dog",), (odd,)], "data", "classes").places
    assert places[(odd,)].label == odd


def test_folders_inside_the_classes_are_told():
    held = [(label, f"sub-{n}") for label in ("ad", "cn") for n in range(3)]
    (note,) = arrange(held, "data").notes
    assert "inside the classes (sub-0/, sub-1/, sub-2/)" in note
    assert "--group" in note
    assert "--layout nested" in note


def test_parts_that_hold_splits_that_hold_the_same_classes_are_a_question():
    held = [
        (part, split, label) for part in ("siteA", "siteB") for split in ("train", "test") for label in ("cat", "dog")
    ]
    with pytest.raises(DataError, match=r"siteA/, siteB/: --layout classes\), or the folders inside \(cat/, dog/"):
        arrange(held, "data")
    nested = arrange(held, "data", "nested").places
    assert {(f[1], f[2]): (p.split, p.label) for f, p in nested.items()} == {
        (split, label): (split, label) for split in ("train", "test") for label in ("cat", "dog")
    }
