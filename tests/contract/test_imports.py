"""The graph of imports, lazy and typing ones counted: no circle; and rooms in which one finds one's way.

That imports only go down the floors is `lint-imports`' (`make check`).
"""

from __future__ import annotations

from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

import headstart

ROOT = Path(headstart.__file__).parent
MOST = 20  # files in a folder, beside its `__init__`


def test_no_module_imports_itself_by_way_of_others():
    graph = grimp.build_graph("headstart", cache_dir=None)
    try:
        TopologicalSorter({m: graph.find_modules_directly_imported_by(m) for m in graph.modules}).prepare()
    except CycleError as circle:
        raise AssertionError(" → ".join(circle.args[1])) from None


def test_no_folder_holds_more_than_one_overlooks():
    held = Counter(path.parent.relative_to(ROOT) for path in ROOT.rglob("*.py") if path.name != "__init__.py")
    assert not {str(folder): n for folder, n in held.items() if n > MOST}
