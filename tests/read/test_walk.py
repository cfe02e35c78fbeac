import io

import numpy as np

from headstart.read.folder.walk import expand, files, subfolders
from headstart.read.picture.suffixes import is_picture
from hostile import draw

RNG = np.random.default_rng(0)


def test_pictures_are_sorted_recursive_and_without_hidden_or_side_files(tmp_path):
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for name in ("b/deep/2.JPG", "a.png", "b/1.webp", ".git/x.png", "b/.x.png"):
        (tmp_path / name).write_bytes(b"whatever")
    for name in ("notes.txt", "b/labels.csv", "b/model.npz", "README"):
        (tmp_path / name).write_text("text")
    draw(0, RNG).save(tmp_path / "b" / "no_suffix", "PNG")
    assert [p.relative_to(tmp_path).as_posix() for p in files(tmp_path, is_picture)] == [
        "a.png",
        "b/1.webp",
        "b/deep/2.JPG",
        "b/no_suffix",
    ]
    assert not is_picture(tmp_path / "README")


def test_links_in_a_circle_end_and_each_folder_counts_once(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.png").write_bytes(b"x")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a")
    (tmp_path / "b" / "other").symlink_to(tmp_path / "a")
    assert [p.name for p in files(tmp_path, is_picture)] == ["a.png", "b.png"]
    assert [p.name for p in files(tmp_path / "a", is_picture)] == ["a.png"]  # not b's, which the way up would reach


def test_expand_takes_files_folders_and_standard_input_and_keeps_what_is_not_there(tmp_path, monkeypatch):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "1 one.png").write_bytes(b"x")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{tmp_path}/more\n\n-\n{tmp_path}/ñ not there.jpg\r\n"))
    found = expand([tmp_path / "gone.jpg", "-", str(tmp_path / "more")], is_picture)
    assert [p.name for p in found] == ["gone.jpg", "1 one.png", "ñ not there.jpg", "1 one.png"]


def test_a_run_is_no_data_finished_or_not(tmp_path):
    for run, names in (("runs/old", ("run.json", "journal.jsonl")), ("runs/new", ("journal.jsonl",)), ("mine", ("x",))):
        (tmp_path / run).mkdir(parents=True)
        for name in names:
            (tmp_path / run / name).write_text('{"at": 1796054431.098, "event": "read"}\n')
        (tmp_path / run / "picture.png").write_bytes(b"x")
    assert [p.parent.name for p in files(tmp_path, is_picture)] == ["mine"]
    assert [p.name for p in subfolders(tmp_path)] == ["mine"]
