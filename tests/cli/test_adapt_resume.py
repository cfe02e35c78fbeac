"""SIGKILL while the source is fitted and while methods are tried, then the same again: what was done is kept."""

from __future__ import annotations

import json

import tiny_models

import headstart
import own_source
import tiny_text
from headstart.runtime import cache_dir
from killed import differences, killed

METHODS = "coral,mcc"  # with that of not adapting, on a source and on TF-IDF: four


def steady(folder):
    """What was found, but for times and places."""
    told = json.loads((folder / "adapt.json").read_text())
    rows = [{**row, "seconds": 0} for row in told["candidates"]]
    return {**told, "run": "", "command": "", "spend": {}, "source": {**told["source"], "run": ""}, "candidates": rows}


def test_an_adaptation_killed_twice_goes_on_to_the_same_answer(tmp_path, monkeypatch):
    with own_source.offered(tmp_path):
        source = str(tiny_models.saved("bert", tmp_path))
        data, target, judge = (
            tiny_text.table(tmp_path / f"{seed}.jsonl", n, seed) for seed, n in ((1, 100), (5, 40), (8, 40))
        )
        out = tmp_path / "killed"
        words = ["adapt", data, target, "--judge", judge, "--target-labels", 20, "--out", out, "--source", source]
        words += ["--method", METHODS, "--quiet"]

        def fitted():
            return {p: p.stat().st_mtime_ns for p in out.glob("source/trials/*/model.json")}

        def said():
            return {p: p.stat().st_mtime_ns for p in out.glob("adapt/kept/*.safetensors")}

        assert killed(words, lambda: len(fitted()) >= 1), "it ended before the source was fitted"
        first = fitted()
        assert not (out / "source" / "run.json").exists()
        assert killed(words, lambda: len(said()) >= 2), "it ended before the methods were tried"
        second = {out / "source" / "run.json": (out / "source" / "run.json").stat().st_mtime_ns, **fitted(), **said()}
        assert first.items() <= second.items(), "a candidate of the source's fit was done again"
        assert not (out / "adapt.json").exists()
        how = {"judge": judge, "target_labels": 20, "source_model": source, "method": METHODS}
        headstart.adapt(data, target, out=out, **how)
        assert all(path.stat().st_mtime_ns == when for path, when in second.items()), "what was done is done again"

        sources = cache_dir() / "sources"
        monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "other"))  # of features nothing is known
        if sources.exists():
            (tmp_path / "other").mkdir()
            (tmp_path / "other" / "sources").symlink_to(sources)
        headstart.adapt(data, target, out=tmp_path / "whole", **how)
        assert list(differences(steady(out), steady(tmp_path / "whole"))) == []
