"""A finished run answers the request that made it, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_source import toml

import headstart
import own_source
from drawn import two_classes
from headstart.errors import UsageError

HOW = {"source": "tiny", "engine": "torch", "seeds": 1, "strategy": "probe,classical"}


def test_a_finished_run_is_not_taken_for_one_of_a_record_that_prepares_pictures_otherwise(tmp_path):
    """The same key and the same weights, but another mean to subtract: other features, so another run."""
    with own_source.offered(tmp_path) as source:
        data, out, record = two_classes(tmp_path / "photos", 12), tmp_path / "run", tmp_path / "records" / "tiny.toml"
        headstart.fit(data, out=out, **HOW)
        written = when(out)
        plain = toml(source)
        record.write_text(plain.replace('title = "Tiny"', 'title = "Read again"'))
        headstart.fit(data, out=out, **HOW)
        assert when(out) == written, "what a record only tells makes no other run of it"
        record.write_text(plain.replace("mean = [0.5, 0.5, 0.5]", "mean = [0.1, 0.2, 0.3]"))
        with pytest.raises(UsageError, match="holds a finished run of other data or settings"):
            headstart.fit(data, out=out, **HOW)
        assert when(out) == written, "and it is left as it is"
        (out / "run.json").unlink()  # as if killed before its end: the features and candidates are others too
        old = {path.name for path in (out / "trials").iterdir()}
        headstart.fit(data, out=out, **HOW)
        new = {path.name for path in (out / "trials").iterdir()} - old
        assert any(name.startswith("probe-tiny-") for name in new)


def when(out: Path) -> int:
    return (out / "run.json").stat().st_mtime_ns
