"""An index of look-alikes from end to end: built, brought up to date, asked; and what is told of bad input."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from sklearn.neighbors import NearestNeighbors

import headstart as hs
from drawn import headstart
from drawn_task import pictures
from headstart.errors import DataError, UnknownName, UsageError
from headstart.ship.search import graph
from own_source import offered

DRAWN = pictures(12, 3, 7, 64).x  # uint8 [12, 64, 64, 3]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    with offered(tmp_path_factory.mktemp("own")) as source:
        yield source


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for at, picture in enumerate(DRAWN[:8]):
        Image.fromarray(picture).save(folder / f"{at}.png")
    return folder


@pytest.fixture
def index(tiny, files, tmp_path):
    return hs.search("tiny", files, out=tmp_path / "index")


def names(found) -> list[str]:
    return [hit.shown.rsplit("/", 1)[1] for hit in found.hits]


def test_what_is_found_is_what_scikit_learn_finds_in_the_sources_features(index, files):
    rows = hs.embed(files, source="tiny")
    at = NearestNeighbors(n_neighbors=8, metric="cosine").fit(rows).kneighbors(hs.embed(DRAWN[9], source="tiny"))[1]
    (found,) = hs.search(index.path).query(DRAWN[9], 8)
    assert names(found) == [f"{i}.png" for i in at[0]]
    cosines = [hit.cosine for hit in found.hits]
    assert cosines == sorted(cosines, reverse=True)


def test_building_again_looks_at_what_is_new_alone(index, files, tmp_path, monkeypatch):
    from headstart.extract.feature_store import FeatureStore

    (files / "0.png").rename(files / "moved.png")
    shutil.copy(files / "1.png", files / "copy.png")
    (files / "2.png").unlink()
    (files / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    Image.fromarray(DRAWN[8]).save(files / "new.png")
    before, looked = {e.digest: row for e, row in zip(index.index.entries, index.rows, strict=True)}, []
    extract = FeatureStore.extract
    monkeypatch.setattr(FeatureStore, "extract", lambda *a, **k: looked.append(len(a[1])) or extract(*a, **k))
    again = hs.search("tiny", files, out=index.path)
    assert looked == [1]
    assert (again.change.added, again.change.gone, again.change.kept) == (1, 1, 7)
    assert "8 pictures through tiny. 1 new, 1 gone. All are compared." in again.sentence
    assert "Set aside, as they cannot be read: 1 picture" in again.index.notes[0]
    for entry, row in zip(again.index.entries, again.rows, strict=True):
        assert entry.digest not in before or (row == before[entry.digest]).all()
    (found,) = again.query(DRAWN[1], 1)
    assert [place.rsplit("/", 1)[1] for place in found.hits[0].entry.shown] == ["1.png", "copy.png"]
    assert len(list(index.path.glob("rows-*"))) == 1


def test_many_rows_are_searched_by_a_graph_which_grows_with_them(tiny, files, tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "ABOVE", 5)
    made = hs.search("tiny", files, out=tmp_path / "index")
    assert "Approximate: of the ten nearest it finds 100.0 %" in made.sentence
    known = made.index.graph.file()
    assert hs.search("tiny", files, out=made.path).index.graph.file() == known
    Image.fromarray(DRAWN[8]).save(files / "new.png")
    grown = hs.search("tiny", files, out=made.path)
    assert names(grown.query(DRAWN[8], 1)[0]) == ["new.png"]
    (files / "new.png").unlink()
    less = hs.search("tiny", files, out=made.path)
    assert len(less.query(DRAWN[8], 20)[0].hits) == 8
    monkeypatch.setattr(graph, "available", lambda: False)
    every = hs.search(made.path).query(DRAWN[8], 8)[0]
    assert [hit.shown for hit in every.hits] == [hit.shown for hit in less.query(DRAWN[8], 8)[0].hits]
    (note,) = hs.search("tiny", files, out=tmp_path / "other").index.notes
    assert "pip install 'headstart[search]'" in note


def test_a_runs_index_lies_in_the_run_and_moves_with_it(finished, tmp_path):
    run = shutil.copytree(finished.out, tmp_path / "run")
    made = hs.search(hs.Run(run, "transfer"), finished.data / "cane")
    assert made.path == run / "search"
    np.testing.assert_allclose(np.linalg.norm(made.rows, axis=1), 1, atol=1e-5)
    moved = run.rename(tmp_path / "moved")
    one = next((finished.data / "cane").iterdir())
    (found,) = hs.search(moved).query(one, 1)
    assert found.hits[0].shown == str(one)
    assert found.hits[0].cosine > 0.999
    with pytest.raises(UsageError, match=r"starts fresh and has no source's features.*--take transfer"):
        hs.search(hs.Run(moved, "rival"), finished.data / "cane", out=tmp_path / "other")
    shutil.rmtree(moved / "model")
    shutil.rmtree(moved / "other")
    with pytest.raises(DataError):
        hs.search(moved).query(one, 1)


def test_what_cannot_be_searched_is_said(index, files, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    for data, said in (("empty", "holds no pictures that can be read"), ("broken", "The first: .*a.png")):
        with pytest.raises(DataError, match=said):
            hs.search("tiny", tmp_path / data, out=tmp_path / "never")
        assert not (tmp_path / "never").exists()
    with pytest.raises(DataError, match="nowhere does not exist"):
        hs.search("tiny", tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no index"):
        hs.search("tiny", out=tmp_path / "empty")
    with pytest.raises(UnknownName, match="no source 'tinyy'"):
        hs.search("tinyy", files)
    with pytest.raises(UsageError, match="holds the data"):
        hs.search("tiny", files, out=files)
    with pytest.raises(UsageError, match="k=0"):
        index.query(DRAWN[0], 0)
    bad, good = index.query([tmp_path / "none.png", DRAWN[0]], 1)
    assert bad.error == "There is no such file."
    assert names(good) == ["0.png"]


def test_an_index_through_something_else_is_not_written_over(index, files, real):
    real("mobilenet-v2")
    with pytest.raises(UsageError, match=r"holds an index through tiny \(pictures\), and mobilenet-v2 makes other"):
        hs.search("mobilenet-v2", files, out=index.path)


def test_a_damaged_index_is_refused(index):
    (rows,) = index.path.glob("rows-*")
    rows.write_bytes(rows.read_bytes()[:-4] + b"abcd")
    with pytest.raises(DataError, match="is not the file that was built"):
        hs.search(index.path)
    (index.path / "search.json").write_text("{")
    with pytest.raises(DataError, match="is damaged"):
        hs.search(index.path)


def test_the_command_builds_and_asks(tiny, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    built = headstart("search", "tiny", "build", files, "--json", "--quiet")
    assert json.loads(built.stdout)["added"] == 8
    asked = headstart("search", "tiny", "query", files / "3.png", files / "none.png", "--top", 2, "--json")
    first, second = map(json.loads, asked.stdout.splitlines())
    assert first["hits"][0]["shown"] == [str(files / "3.png")]
    assert second["error"] == "There is no such file."
    shown = headstart("search", tmp_path / "runs" / "search-tiny", "query", files / "3.png").stdout
    assert f"  1.000\t{files / '3.png'}" in shown
    for words, said in (
        (("tiny", "find", files), "There is no action of search 'find'. Known: build, query."),
        (("tiny", "build", files, files), "2 folders were given; an index is of one."),
        (("tiny", "query", tmp_path / "x.png"), "None of the 1 inputs could be read"),
    ):
        wrong = headstart("search", *words)
        assert wrong.returncode in (2, 3)
        assert said in wrong.stderr


def test_texts_are_found_by_what_they_say(wordllama, tmp_path):
    table = tmp_path / "said.csv"
    table.write_text("text\nThe cat sleeps on the sofa\nShares fell on Monday\nA kitten naps\n")
    index = hs.search(wordllama.key, table, out=tmp_path / "index")
    (found,) = index.query("Stocks dropped at the start of the week", 2)
    assert found.hits[0].entry.content == "Shares fell on Monday"
