"""`--group groups.csv`: a table of files and groups, beside class folders or a table of pictures."""

import numpy as np
import pytest
from PIL import Image

from headstart.errors import DataError, UsageError
from headstart.read import ReadOptions, read
from hostile import draw


@pytest.fixture
def tiles(tmp_path):
    """tiles/images/CLASS/N.png, of 12 objects seen twice each, and who is on which."""
    rng, rows = np.random.default_rng(1), []
    for i in range(24):
        folder = tmp_path / "tiles" / "images" / ("cane", "bug")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        draw(i % 2, rng, 48).save(folder / f"{i}.png")
        rows.append((f"images/{folder.name}/{i}.png", i // 2 % 12 if i % 2 else 100 + i // 4))
    return tmp_path / "tiles", rows


def written(path, rows, head="image,group"):
    path.write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return str(path)


def sides(task):
    return [{e.group for e in part} for part in (task.train, task.valid, task.test.open())]


@pytest.mark.parametrize("named", ["from the table's folder", "from the data's", "by name", "without a suffix"])
def test_a_table_of_files_and_groups_joins_class_folders(tiles, named):
    root, rows = tiles
    cut = {"from the data's": 1, "by name": 2, "without a suffix": 2}.get(named, 0)
    said = [("/".join(name.split("/")[cut:]), group) for name, group in rows]
    said = [(name.removesuffix(".png") if named == "without a suffix" else name, g) for name, g in said]
    task = read(root / "images", ReadOptions(group=written(root / "groups.csv", said)))
    groups = dict(zip([str(root / name) for name, _ in rows], [str(g) for _, g in rows], strict=True))
    given = {e.path: e.group for part in (task.train, task.valid, task.test.open()) for e in part}
    assert given.keys() == groups.keys()
    shared = {g for g in groups.values() if list(groups.values()).count(g) > 1}
    assert {path: g for path, g in given.items() if groups[path] in shared} == {
        path: g for path, g in groups.items() if g in shared
    }
    assert not any(a & b & shared for a, b in zip(sides(task), sides(task)[1:] + sides(task)[:1], strict=True))
    assert "groups.csv' groups kept whole" in task.split_rule
    assert any("groups of 24 pictures kept whole" in note for note in task.notes)


def test_the_table_is_found_beside_the_data(tiles, monkeypatch, tmp_path):
    root, rows = tiles
    written(root / "groups.csv", rows)
    monkeypatch.chdir(tmp_path)
    assert read(root / "images", ReadOptions(group="groups.csv")).notes


def test_a_table_of_pictures_is_joined_too_and_who_has_no_group_is_told(tiles):
    root, rows = tiles
    table = [(name, name.split("/")[1]) for name, _ in rows]
    written(root / "labels.csv", table, "image,label")
    task = read(root / "labels.csv", ReadOptions(group=written(root / "groups.csv", rows[2:])))
    assert any("names no group for 2 of 24 pictures, such as" in w and "stands alone" in w for w in task.warnings)


def test_what_cannot_be_joined_is_told(tiles):
    root, rows = tiles
    with pytest.raises(UsageError, match=r"nowhere\.csv, which was given to group by, does not exist"):
        read(root / "images", ReadOptions(group="nowhere.csv"))
    with pytest.raises(DataError, match=r"names none of the 24 pictures: its first row is .*'image': 'x\.png'"):
        read(root / "images", ReadOptions(group=written(root / "a.csv", [("x.png", 1)])))
    with pytest.raises(DataError, match=r"of group '7' here and of '\d+' before"):
        read(root / "images", ReadOptions(group=written(root / "b.csv", [*rows, (rows[0][0], 7)])))
    three = [(*row, "x") for row in rows]
    with pytest.raises(DataError, match=r"'image' names the files, but which of the others holds the groups\?"):
        read(root / "images", ReadOptions(group=written(root / "c.csv", three, "image,tile,shift")))


def test_groups_that_near_duplicates_join_are_told(tiles):
    root, rows = tiles
    folder = root / "images" / "cane"
    Image.open(folder / "0.png").save(folder / "again.jpg", quality=80)
    table = written(root / "groups.csv", [*rows, ("images/cane/again.jpg", 7)])
    said = "join the 18 given groups to 17. If such pictures only look alike, --duplicates keep leaves the groups"
    assert any(said in note for note in read(root / "images", ReadOptions(group=table)).notes)
    kept = read(root / "images", ReadOptions(group=table, duplicates="keep"))
    assert not any("given groups" in note for note in kept.notes)


def test_the_groups_of_real_tiles_join(shared):
    folder = shared / "magnetic_tile_blowhole_break"
    task = read(folder / "images", ReadOptions(group=str(folder / "groups.csv")))
    named = {line.split(",")[1] for line in (folder / "groups.csv").read_text().splitlines()[1:]}
    train, valid, test = ({g for g in side if g in named} for side in sides(task))
    assert train.isdisjoint(valid | test)
    assert valid.isdisjoint(test)
    assert len(train | valid | test) > 30


def test_what_a_table_of_groups_settles_is_not_said(tiles):
    root, rows = tiles
    for name, group in rows:
        inner = root / "images" / name.split("/")[1] / f"object{group}"
        inner.mkdir(exist_ok=True)
        (root / name).rename(inner / name.split("/")[-1])
    table = written(root / "images" / "groups.csv", [(name.split("/")[-1], group) for name, group in rows])
    notes = read(root / "images").notes
    assert any("both sides of the split" in n for n in notes)
    assert any("groups.csv beside them is not read" in n for n in notes)
    (note,) = read(root / "images", ReadOptions(group=table)).notes
    assert "kept whole" in note


def test_look_alikes_of_two_classes_do_not_join_given_groups(tmp_path):
    """Slices of one scanner look alike; those of one class in two groups still stay together."""
    rng = np.random.default_rng(0)
    base = rng.integers(0, 255, (4, 32, 32, 3), np.uint8)
    rows = ["image,label,patient"]
    for at in range(24):
        picture = base[at % 4] if at < 8 else rng.integers(0, 255, (32, 32, 3), np.uint8)
        noisy = np.clip(picture.astype(int) + rng.integers(-3, 4, picture.shape), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(tmp_path / f"{at}.png")
        rows.append(f"{at}.png,{'ab'[(at // 4) % 2]},p{at // 2}")
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    task = read(tmp_path / "t.csv", ReadOptions(group="patient"))
    assert not any("join the" in note for note in task.notes)
