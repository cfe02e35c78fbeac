"""The journal: one JSON line for every decision and why, appended as it is made."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any


class Journal:
    """Appends to `journal.jsonl`; lines of an earlier, killed attempt stay."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not (text := path.read_bytes()).endswith(b"\n") and text:
            with path.open("ab") as f:  # a killed attempt left half a line: what follows must not be glued to it
                f.write(b"\n")

    def note(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - anything JSON takes
        """Append one line: when, what, and the facts."""
        line = {"at": round(time.time(), 3), "event": event, **facts}
        with self._path.open("a", encoding="utf-8") as f:
            f.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def count(self, event: str, **facts: Any) -> int:  # noqa: ANN401
        """How many lines tell of this event with these facts. A half-written last line is skipped."""
        if not self._path.exists():
            return 0
        seen = 0
        for text in self._path.read_text(encoding="utf-8", errors="replace").split("\n"):
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                continue
            seen += line.get("event") == event and all(line.get(k) == v for k, v in facts.items())
        return seen
