import warnings

import numpy as np
import pytest
import scipy.sparse.csgraph  # noqa: F401 - sets a warning filter when imported first
from PIL import Image

from headstart.read.image import read
from headstart.read.picture.picture import decode
from hostile import CLASSES, draw, make
from watched import calls


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile") / "my photos ñ"
    return root, *make(root)


def test_read_names_every_bad_file_and_keeps_the_rest(folder):
    root, good, bad = folder
    before = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    task = read(root)
    assert (list(warnings.filters), Image.MAX_IMAGE_PIXELS) == before
    assert {s.path.removeprefix(f"{root}/"): s.reason for s in task.set_aside} == bad
    kept = [e.path.removeprefix(f"{root}/") for e in (*task.train, *task.valid, *task.test.open())]
    assert len(kept) == len(set(kept))
    assert set(kept) == good
    assert task.labels == CLASSES
    assert all(s.detail.endswith((".", ".)")) for s in task.set_aside)


def test_the_second_look_decodes_nothing_and_says_the_same(folder, cache):
    root, _, _ = folder
    with calls(decode) as decoded:
        first = read(root)
    assert len(decoded[decode]) > len(first.train)
    with calls(decode) as decoded:
        again = read(root)
    assert not decoded[decode]
    assert again.fingerprint == first.fingerprint
    assert again.set_aside == first.set_aside


def test_a_damaged_cache_is_as_good_as_none(folder, cache):
    root, _, _ = folder
    first = read(root)
    (file,) = (cache / "read").glob("*.npz")
    for content in (b"", b"nonsense", file.read_bytes()[:500]):
        file.write_bytes(content)
        assert read(root).fingerprint == first.fingerprint


def test_a_name_that_is_not_unicode_is_set_aside(tmp_path):
    rng = np.random.default_rng(0)
    for kind, label in enumerate(CLASSES):
        (tmp_path / label).mkdir()
        for i in range(6):
            draw(kind, rng).save(tmp_path / label / f"{i}.png")
    (tmp_path / CLASSES[0] / "0.png").rename(tmp_path / CLASSES[0] / "caf\udce9.png")
    (aside,) = read(tmp_path).set_aside
    assert aside.reason == "bad_name"
    assert aside.path.encode().endswith(b"caf?.png")


def test_looking_can_be_interrupted_and_keeps_what_it_saw(folder, cache):
    root, _, _ = folder

    def stop(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(root, progress=stop)
    assert len(list((cache / "read").glob("*.npz"))) == 1
