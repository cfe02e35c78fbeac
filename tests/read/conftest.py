import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("HEADSTART_CACHE", str(folder))
    return folder


@pytest.fixture
def shared():
    default = Path(__file__).parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("HEADSTART_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set HEADSTART_DATA")
    return folder
