import numpy as np
import pytest

from headstart.errors import DataError, UsageError
from headstart.read import ReadOptions
from headstart.read.image import read
from headstart.types import Task
from hostile import draw

RNG = np.random.default_rng(5)


def fill(root, **counts):
    """`fill(root, train__a=3)` draws three pictures into train/a."""
    for place, n in counts.items():
        folder = root.joinpath(*place.split("__"))
        folder.mkdir(parents=True)
        for i in range(n):
            draw(i % 2, RNG, 48).save(folder / f"{i}.png")
    return root


def test_class_folders_are_split_stratified(tmp_path):
    root = fill(tmp_path / "birds", crow=40, jay=20)
    (root / "SOURCE.md").write_text("x")
    task = read(root)
    assert isinstance(task, Task)
    assert (task.name, task.labels) == ("birds", ("crow", "jay"))
    assert task.n == {"train": 36, "valid": 9, "test": 15}
    assert task.test.counts == (10, 5)
    assert task.test.reads == 0
    assert task.set_aside == ()
    assert task.split_rule.startswith("Drawn by chance, 60 % / 15 % / 25 %")
    assert task.warnings == ("The sealed test holds 15 pictures; with fewer than 50 only large differences show.",)


def test_the_fingerprint_knows_pictures_labels_and_split_and_not_the_place(tmp_path):
    root = fill(tmp_path / "one", a=12, b=12)
    first = read(root)
    other = tmp_path / "moved"
    root.rename(other)
    assert read(other).fingerprint == first.fingerprint
    assert read(other, seed=1).fingerprint != first.fingerprint
    (other / "a" / "0.png").unlink()
    assert read(other).fingerprint != first.fingerprint


def test_a_changed_file_is_read_again(tmp_path):
    root = fill(tmp_path, a=6, b=6)
    first = read(root)
    draw(1, RNG, 48).save(root / "a" / "0.png")
    assert read(root).fingerprint != first.fingerprint


def test_train_and_val_val_is_the_sealed_test(tmp_path):
    task = read(fill(tmp_path, train__a=10, train__b=10, val__a=4, val__b=4))
    assert task.n == {"train": 16, "valid": 4, "test": 8}
    assert all("/val/" in e.path for e in task.test.open())
    assert task.split_rule.startswith("Train and val as given: val is the sealed test; valid is 20% of train")


def test_train_and_test_validation_is_taken_from_train(tmp_path):
    task = read(fill(tmp_path, Train__a=10, Train__b=10, TEST__a=4, TEST__b=4))
    assert task.n == {"train": 16, "valid": 4, "test": 8}


def test_all_three_as_given_and_deeper_folders_belong_to_their_class(tmp_path):
    task = read(
        fill(tmp_path, train__a__x=5, train__a__y=5, train__b=9, validation__a=3, validation__b=3, test__a=2, test__b=2)
    )
    assert task.labels == ("a", "b")
    assert task.n == {"train": 19, "valid": 6, "test": 4}
    assert task.split_rule == "Train, valid and test as given; test is sealed."


def test_a_class_may_be_called_train_with_a_warning(tmp_path):
    task = read(fill(tmp_path, train=5, bus=5))
    assert task.labels == ("bus", "train")
    assert task.warnings[0] == (
        "train/ is read as a class, not as a split, beside bus/. If it is a split, keep only train/, val/ and test/ "
        "there, each with a folder for every class; if not, rename to end this warning."
    )


def test_numbers_sort_as_numbers_and_letters_are_normalised(tmp_path):
    assert read(fill(tmp_path / "n", **{"10": 3, "9": 3})).labels == ("9", "10")
    assert read(fill(tmp_path / "u", **{"n\u0303u": 3, "犬": 3})).labels == ("ñu", "犬")


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (
            {"ants": 5},
            r"^photos/ holds one class \('ants'\); fit needs two or more\. Put each class into a folder of its own",
        ),
        ({"ants": 5, "bees": 1}, r"classes with fewer than 2 pictures: 'bees' \(1\)\. Each class needs 2 or more"),
        ({"ants": 0, "bees": 0}, r"^photos/ holds no pictures\. Put each class"),
        ({"val__a": 3, "test__a": 3}, r"holds test/ and val/ but no train/\. Add train/"),
        ({"train__a": 3, "train__b": 3, "val__c": 3}, r"have classes that train lacks: 'c'\."),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, counts, message):
    with pytest.raises(DataError, match=message):
        read(fill(tmp_path / "photos", **counts))


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"a": 2, "b": 2}, r"too few pictures to split: 2 train, 0 validation, 2 test\. .* every class 3 pictures"),
        (
            {"train__a": 1, "train__b": 1, "test__a": 3, "test__b": 3},
            r"2 train, 0 validation, 6 test\. Each of the three needs .* every class of train 2 pictures",
        ),
    ],
)
def test_no_split_may_be_empty(tmp_path, counts, message):
    with pytest.raises(DataError, match=message):
        read(fill(tmp_path / "photos", **counts))


@pytest.mark.parametrize(("split", "name"), [("train", "train"), ("val", "validation"), ("test", "test")])
def test_a_given_split_that_cannot_be_read_is_not_drawn_instead(tmp_path, split, name):
    root = fill(tmp_path / "photos", **{f"{s}__{c}": 4 for s in ("train", "val", "test") for c in "ab"})
    for path in (root / split).rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match=rf"8 pictures given as {name}, none can be used after .*8 empty.* Repair"):
        read(root)


def test_pictures_without_class_folders(tmp_path):
    fill(tmp_path, photos=3)
    with pytest.raises(DataError, match="photos/ holds 3 pictures but no class folders, so none has a label"):
        read(tmp_path / "photos")


def test_a_loose_picture_is_named(tmp_path):
    root = fill(tmp_path, a=4, b=4)
    draw(0, RNG).save(root / "loose.png")
    (aside,) = read(root).set_aside
    assert (aside.path, aside.reason) == (str(root / "loose.png"), "no_label")


def test_a_class_that_vanishes(tmp_path):
    root = fill(tmp_path / "photos", a=4, b=3)
    for i in range(3):
        (root / "b" / f"{i}.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"fewer than 2 pictures after setting aside 3 \(3 empty\): 'b' \(0\)"):
        read(root)


def test_no_such_path_and_no_such_kind(tmp_path):
    with pytest.raises(
        DataError, match=r"nothing does not exist\. Allowed: a folder of class folders, a table \(\.csv"
    ):
        read(tmp_path / "nothing")
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match="is no table that can be read"):
        read(tmp_path / "a.zip")


def test_group_needs_a_table(tmp_path):
    with pytest.raises(UsageError, match=r"has no columns\. Pass a table with image, label and site columns"):
        read(fill(tmp_path, a=3, b=3), ReadOptions(group="site"))


def test_progress_and_warnings(tmp_path):
    seen = []
    task = read(fill(tmp_path, a=40, b=3), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (43, 43)
    assert "Classes of fewer than 10 pictures: 1, 'b' (3)." in task.warnings
    assert any("look at macro-F1" in w for w in task.warnings)
