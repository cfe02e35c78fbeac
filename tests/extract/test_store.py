"""The store: rows found again by digest, and nothing that a kill left half-done."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.extract._store import Store

OUT = ("top", "logits")


def rows(*values: int) -> dict[str, np.ndarray]:
    return {
        "top": np.array([[v, v + 0.5] for v in values], np.float32),
        "logits": np.array([[v] * 3 for v in values], np.float16),
    }


def test_what_is_added_is_found_in_the_order_asked_for(tmp_path):
    store = Store(tmp_path / "key", OUT)
    assert "a" not in store
    store.add(["a", "b", "c"], rows(1, 2, 3))
    store.add(["d"], rows(4))
    for again in (store, Store(tmp_path / "key", OUT)):
        assert all(p in again for p in "abcd")
        assert "e" not in again
        found = again.get(["d", "b", "d", "a"])
        np.testing.assert_array_equal(found["top"], rows(4, 2, 4, 1)["top"])
        np.testing.assert_array_equal(found["logits"], rows(4, 2, 4, 1)["logits"])
        assert found["top"].dtype == np.float32
        assert found["logits"].dtype == np.float16


def test_pixels_keep_their_shape_and_type(tmp_path):
    store, picture = Store(tmp_path, ("pixels",)), np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    store.add(["a", "b"], {"pixels": picture})
    found = store.get(["b", "a"])["pixels"]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, picture[::-1])
    found[:] = 0  # a copy: the store is not written through it
    np.testing.assert_array_equal(store.get(["b", "a"])["pixels"], picture[::-1])


def test_a_shard_without_its_index_does_not_exist(tmp_path):
    Store(tmp_path, OUT).add(["a"], rows(1))
    Store(tmp_path, OUT).add(["b"], rows(2))
    index = next(p for p in tmp_path.glob("*.json") if '"b"' in p.read_text())
    index.unlink()
    again = Store(tmp_path, OUT)
    assert "a" in again
    assert "b" not in again
    again.add(["b"], rows(7))
    np.testing.assert_array_equal(Store(tmp_path, OUT).get(["b", "a"])["top"], rows(7, 1)["top"])


def test_files_half_written_are_ignored(tmp_path):
    Store(tmp_path, OUT).add(["a"], rows(1))
    (tmp_path / ".0123.json.999.part").write_text('["b"')
    (tmp_path / ".0123.top.npy.999.part").write_bytes(b"\x93NUMPY")
    again = Store(tmp_path, OUT)
    assert "b" not in again
    np.testing.assert_array_equal(again.get(["a"])["top"], rows(1)["top"])


def test_nothing_asked_for(tmp_path):
    found = Store(tmp_path / "new", OUT).get([])
    assert {name: len(value) for name, value in found.items()} == {"top": 0, "logits": 0}
    assert not (tmp_path / "new").exists(), "looking writes nothing"


def test_what_is_not_there(tmp_path):
    with pytest.raises(KeyError, match="nobody"):
        Store(tmp_path, OUT).get(["nobody"])
