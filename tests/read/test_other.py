"""Sounds, films and tables of numbers and categories are told as what they are."""

import random

import pytest

from headstart.errors import DataError
from headstart.read import ReadOptions, read

SAID = "the old clerk asked for more hours and less work than anyone else in his town would have dared to name".split()
ADULT = "age,job,hours,sex,income"


@pytest.fixture
def adult(tmp_path):
    draw = random.Random(0)
    rows = [
        f"{draw.randint(18, 80)},{draw.choice(['clerk', 'sales', 'craft repair', 'farming'])},{draw.randint(10, 60)},"
        f"{draw.choice('MF')},{draw.choice(['<=50K', '>50K'])}"
        for _ in range(200)
    ]
    (tmp_path / "adult.csv").write_text("\n".join([ADULT, *rows]))
    return tmp_path / "adult.csv"


def test_a_table_of_numbers_and_categories_is_told_as_such(adult):
    with pytest.raises(DataError, match=r"adult\.csv is a table of numbers and categories \(age, job, hours, …\)"):
        read(adult, ReadOptions(label="income"))
    with pytest.raises(DataError, match="learns from pictures and texts so far"):
        read(adult)


def test_a_column_of_words_is_left_to_the_person(adult):
    text = adult.read_text().splitlines()
    adult.write_text(
        "\n".join(
            [f"{text[0]},said", *(f"{row},{' '.join(SAID[n % 7 :: 7])} {n * 7919}" for n, row in enumerate(text[1:]))]
        )
    )
    with pytest.raises(DataError, match=r"with `--text COLUMN`.* said hold"):
        read(adult, ReadOptions(label="income"))
    assert read(adult, ReadOptions(label="sex", text="said")).labels == ("F", "M")


KINDS = [(".wav", "sounds"), (".FLAC", "sounds"), (".mp3", "sounds"), (".mp4", "films")]


@pytest.mark.parametrize(("suffix", "what"), KINDS)
def test_a_folder_of_sounds_or_films_is_told_as_such(tmp_path, suffix, what):
    for label in ("dog", "cat"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for i in range(3):
            (tmp_path / "pets" / label / f"{i}{suffix}").write_bytes(b"RIFF")
    (tmp_path / "pets" / "README.txt").write_text("who made this")
    said = rf"pets/ holds 6 {what} \({suffix.lower()}\) and no pictures\. headstart learns from pictures and"
    with pytest.raises(DataError, match=said):
        read(tmp_path / "pets")
    with pytest.raises(DataError, match=f"is one of the {what}"):
        read(tmp_path / "pets" / "dog" / f"0{suffix}")


def test_a_table_of_sounds_is_told_as_such(tmp_path):
    (tmp_path / "clips.csv").write_text("file,label\n" + "\n".join(f"{n}.ogg,{'ab'[n % 2]}" for n in range(9)))
    with pytest.raises(DataError, match=r"clips\.csv names sounds in its column 'file'"):
        read(tmp_path / "clips.csv")


def test_real_tables_and_sounds(shared):
    for file in ("compas/compas_two_years.csv", "heart_disease_4_hospitals/cleveland.csv"):
        with pytest.raises(DataError, match="is a table of numbers and categories"):
            read(shared / file, ReadOptions(label="two_year_recid" if "compas" in file else "disease"))
    with pytest.raises(DataError, match=r"recordings/ holds \d+ sounds"):
        read(shared / "fsdd" / "recordings")


@pytest.mark.parametrize(("suffix", "named"), [("", "DICOM"), (".dcm", r"\.dcm"), (".npy", r"\.npy")])
def test_scans_and_arrays_are_told_as_such(tmp_path, suffix, named):
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(4):
            (tmp_path / label / f"IM{i}{suffix}").write_bytes(bytes(128) + b"DICM" + bytes(range(256)))
    with pytest.raises(DataError, match=rf"holds 8 scans or arrays \({named}\) and no pictures.*Slices, saved as"):
        read(tmp_path)
