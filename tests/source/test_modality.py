"""A kind of data brings its sources as new files: its own [input], loader and weights, and no file is touched."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from copied import copied
from headstart.source import _modality
from headstart.source._modality import Modality

MEMBER = '''"""Numbers in a row, and networks for them."""

from __future__ import annotations

from dataclasses import dataclass

from .._modality import Demand, Modality, whole


@dataclass(frozen=True)
class RowSpec:
    """How a network for rows wants them."""

    columns: int
    scale: float = 1.0


class Rows(Modality):
    """What is asked of networks for rows."""

    spec = RowSpec

    def demands(self, given):
        yield Demand(whole(given["columns"]), "columns", given["columns"], "a whole number above 0")

    def shown(self, given):
        return f"{given['columns']} columns"

    def drawn(self, source, seed):
        import torch

        return {"weight": torch.randn(source.feature_dim, source.input.columns, generator=torch.manual_seed(seed))}


SOURCES = Rows()
'''
LOADER = '''"""Loader: a network for rows that grows where it stands."""

from __future__ import annotations

from .. import runtime
from ._modality import Weights, of
from .files import cache

ORIGIN = ("soil",)


def fetch(source):
    folder = runtime.cache_dir() / "sources" / source.key
    return cache.ready(folder, source) or cache.keep(Weights(of("row").drawn(source, 1)), source, folder)


def pulled(source):
    return cache.there(runtime.cache_dir() / "sources" / source.key, source)
'''
RECORD = f"""title = "Rows"
modality = "row"
architecture = "rows"
loader = "garden"
sha256 = "{"0" * 64}"
licence = "MIT"
feature_dim = 4
widths = [4]
params = 12
macs = 12
pretrained_on = "rows"
classes = "none"
paper = "none"

[input]
columns = 3

[origin]
soil = "loam"
"""
ASKS = """
import json, sys
from pathlib import Path
from headstart.errors import SourceError
from headstart.source import _catalogue, _random
from headstart.source.files import cache
from headstart.source.verify import verify

source = _catalogue.get("rows")
path = _catalogue.fetch(source)
twin = _random.twin(source)
said = {
    "usual": _catalogue.cheap_keys("row"),
    "pulled": _catalogue.describe(source)["pulled"],
    "reads": _catalogue.reads(_catalogue.describe(source)),
    "again": _catalogue.source_from({k: v for k, v in _catalogue.describe(source).items() if k != "pulled"}) == source,
    "shape": list(cache.read(path)["weight"].shape),
    "twin": twin.random,
    "drawn": list(cache.read(_random.drawn(source, path.parent, path))["weight"].shape),
    "pictures": "rows" in [s.key for s in _catalogue.usual("image")],
}
file = Path(_catalogue.__file__).parent / "catalogue" / "rows.toml"
for name, ask in {
    "checked": lambda: (file.write_text(file.read_text().replace("= 3", "= 0")), _catalogue.get("rows")),
    "verified": lambda: verify(source),
}.items():
    try:
        ask()
    except SourceError as problem:
        said[name] = str(problem)
print(json.dumps(said))
"""


@pytest.mark.parametrize("name", _modality.names())
def test_every_modality_answers_for_its_sources(name):
    assert isinstance(_modality.of(name), Modality)


def test_a_new_modality_brings_its_sources(tmp_path):
    made = copied(tmp_path, {})
    (made.package / "modality" / "row.py").write_text('"""Rows."""\n\nNOUN = "row"\n')
    (made.package / "source" / "modality" / "row.py").write_text(MEMBER)
    (made.package / "source" / "garden.py").write_text(LOADER)
    (made.package / "source" / "catalogue" / "rows.toml").write_text(RECORD)
    done = subprocess.run([sys.executable, "-c", ASKS], env=made.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert "input.columns = 0; it must be a whole number above 0" in said.pop("checked")
    assert "There is no check for 'rows', nor for any source of its kind (row)" in said.pop("verified")
    assert said == {
        "usual": ["rows"],
        "pulled": True,
        "reads": "3 columns",
        "again": True,
        "shape": [4, 3],
        "twin": True,
        "drawn": [4, 3],
        "pictures": False,
    }
