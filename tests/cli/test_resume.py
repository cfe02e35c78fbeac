"""SIGKILL at several moments, then the same command again: nothing half-written, nothing done twice, the same answer.

The network from scratch, whose training is cut in two, must come out the same bit for bit. The linear heads may differ
by the rounding of float32: so they do between two runs that nobody killed, one that embedded and one that found all
its features in the cache.
"""

import json
from pathlib import Path

import pytest

from drawn import QUICK, SMALL, apart
from killed import differences, killed


def heads(out: Path) -> dict[str, int]:
    """Finished candidates and when each was finished."""
    return {p.parent.name: p.stat().st_mtime_ns for p in out.glob("trials/*/model.json")}


MOMENTS = {
    "the first candidate is done": lambda out: len(heads(out)) >= 1,
    "the network from scratch is being trained": lambda out: any(out.glob("trials/scratch-*/loop-*.pt")),
    "a finalist is trained again": lambda out: any("-refit" in name for name in heads(out)),
}


def check_whole(folder: Path) -> None:
    """Every JSON file parses, and every array file that a JSON file vouches for can be read."""
    for path in folder.rglob("*.json"):
        if not path.name.startswith("."):
            json.loads(path.read_text(encoding="utf-8"))


def test_a_killed_run_continues_to_the_same_answer(finished, tmp_path):
    out = tmp_path / "small"
    arguments = ["fit", finished.data, *QUICK, "--out", out, "--json", "--quiet"]
    kept: dict[str, int] = {}
    for moment, reached in MOMENTS.items():
        assert killed(arguments, lambda reached=reached: reached(out)), f"the run ended before {moment}"
        check_whole(out)
        assert not (out / "run.json").exists()
        assert kept.items() <= heads(out).items(), "a finished candidate was done again"
        kept = heads(out)
    done = apart(*arguments, brief=True)
    assert done.returncode == 0, done.stderr
    assert kept.items() <= heads(out).items()
    assert not list(out.glob("trials/*/loop-*.pt"))
    there, here = json.loads(finished.fit.stdout), json.loads(done.stdout)
    assert here["verdict"] == there["verdict"]
    assert list(differences(here["metrics"], there["metrics"])) == []
    assert list(differences(here["rivals"], there["rivals"])) == []
    assert here["winner"] == there["winner"]
    for part in ("", "refit0-"):
        (a,), (b,) = (run.glob(f"trials/scratch-{part}????????/head.safetensors") for run in (finished.out, out))
        assert a.read_bytes() == b.read_bytes()


def test_a_run_killed_while_it_embeds_continues(finished, tmp_path):
    from headstart.runtime import cache_dir

    cache, out = tmp_path / "cache", tmp_path / "small"
    cache.mkdir()
    (cache / "sources").symlink_to(cache_dir() / "sources")
    env = {"HEADSTART_CACHE": str(cache)}
    arguments = ["fit", finished.data, *SMALL, "--out", out, "--strategy", "prototype,classical", "--json", "--quiet"]
    if not killed(arguments, lambda: any(cache.glob("features/*/*")), env):
        pytest.fail("the run ended before it embedded")
    check_whole(cache / "features")
    done = apart(*arguments, brief=True, **env)
    assert done.returncode == 0, done.stderr
    there = {t["id"]: t for t in json.loads(finished.fit.stdout)["trials"]}
    for trial in json.loads(done.stdout)["trials"]:
        assert trial["accuracy"] == there[trial["id"]]["accuracy"]
        assert trial["log_loss"] == there[trial["id"]]["log_loss"]
