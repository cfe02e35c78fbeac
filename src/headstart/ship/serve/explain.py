"""Where a model looked: how much its answer loses when a part of the input is hidden, part by part."""

from __future__ import annotations

import asyncio
from typing import Any

from ...errors import HeadstartError
from ..predict import Row
from .desk import Desk
from .refused import Refused, busy
from .served import Served


class Explainer:
    """Asks for one input at a time, through the same batches as everybody: it is some fifty inputs."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._lock = desk, asyncio.Lock()

    async def explain(self, served: Served, given: Any) -> dict[str, Any]:  # noqa: ANN401 - an input, or an error
        """`label` (of numbers `value`), and `parts`: where (`at`), and the probability or number lost without (`drop`).

        Raises:
            Refused: it cannot be read; 429 another is being looked at.
        """
        if self._lock.locked():
            raise busy("Another input is being looked at part by part.")
        async with self._lock:
            try:
                if isinstance(given, HeadstartError):
                    raise given
                hide = served.wire.hidden
                parts = await asyncio.to_thread(lambda: list(hide(given, self._desk.limits.pixels)))
            except HeadstartError as problem:
                raise Refused(422, str(problem)) from None
            places, changed = zip(*parts, strict=True)
            whole, *rows = await self._desk.ask(served, changed)
        if isinstance(whole, HeadstartError):
            raise Refused(422, str(whole))
        answer = max(whole.probabilities, key=lambda label: whole.probabilities[label], default=None)
        drops = [
            0.0 if isinstance(row, HeadstartError) else _score(whole, answer) - _score(row, answer) for row in rows
        ]
        told = {"label": answer} if answer is not None else {"value": whole.value}
        return told | {"parts": [{"at": at, "drop": drop} for at, drop in zip(places[1:], drops, strict=True)]}


def _score(row: Row | HeadstartError, answer: str | None, otherwise: Row | None = None) -> float:
    """Probability of the answer, or the number; of what cannot be read without a part, that of the whole."""
    if isinstance(row, HeadstartError):
        return 0.0 if otherwise is None else _score(otherwise, answer)
    return (row.value or 0.0) if answer is None else row.probabilities[answer]
