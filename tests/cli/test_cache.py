"""`headstart cache`: where it is, how large, and clearing it."""

import json

from drawn import headstart


def test_the_cache_is_shown_and_cleared(tmp_path):
    (tmp_path / "features" / "a").mkdir(parents=True)
    (tmp_path / "features" / "a" / "rows").write_bytes(b"0" * 2_000_000)
    here = {"HEADSTART_CACHE": str(tmp_path)}
    shown = headstart("cache", "show", **here)
    assert shown.stdout.splitlines()[0] == f"{tmp_path}  2.0 MB in all"
    assert "features of pictures and texts; computed again when needed" in shown.stdout
    assert json.loads(headstart("cache", "show", "--json", **here).stdout)["parts"] == {"features": 2_000_000}
    assert headstart("cache", "clear", **here).stdout == f"2.0 MB of features freed in {tmp_path}\n"
    assert not (tmp_path / "features").exists()
    wrong = headstart("cache", "clear", "feature", **here)
    assert wrong.returncode == 2
    assert "Did you mean 'features'?" in wrong.stderr
