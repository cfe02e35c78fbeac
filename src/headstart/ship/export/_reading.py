"""An artefact at work: what a run's own code prepares goes into the network of another runtime.

Imports no torch: the run's decoding, resizing, tokens, TF-IDF and HOG need none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadstartError, UsageError
from ...extract._extractor import Extractor, modality
from ...kind import Outputs, kind_of
from ...strategy import strategy
from ...types import Example, FloatArray
from ..predictor import Predictor
from ..store import Model

BATCH = 32
Run = Callable[[NDArray[Any]], NDArray[np.float32]]  # what enters a network, [n …] → scores [n k]


class Reading(Predictor):
    """Examples in, scores or probabilities out.

    Args:
        model: how examples are prepared, and how scores are read.
        run: the network.
    """

    def __init__(self, model: Model, run: Run) -> None:
        self.fitted, self._model, self._run = model.fitted, model, run
        self._of = modality(model.modality)
        self._prepared: dict[str, Any] = {}  # of examples that were looked at and not yet asked of

    def close(self) -> None:
        """There is nothing to let go."""

    def unreadable(self, examples: Sequence[Example]) -> Mapping[str, str]:
        """Digest → why, of those that cannot be read."""
        few = {e.digest: e for e in examples if e.digest not in self._prepared}
        if len(few) > 1:
            with ThreadPoolExecutor(2) as pool:
                read = list(pool.map(self._read, few.values()))
        else:
            read = [self._read(e) for e in few.values()]
        bad = {name: str(one) for name, one in zip(few, read, strict=True) if isinstance(one, Exception)}
        self._prepared |= {name: one for name, one in zip(few, read, strict=True) if name not in bad}
        return bad

    def logits(self, examples: Sequence[Example]) -> Outputs:
        """Outputs [n …], before decoding.

        Raises:
            HeadstartError: one cannot be read.
        """
        rows = self._taken(examples)
        order = sorted(range(len(rows)), key=lambda at: self._of.length(examples[at]))
        out = self._scores([rows[at] for at in order])
        back = np.empty_like(out)
        back[order] = out
        return back

    def prepared(self, example: Example, content: Any) -> Any:  # noqa: ANN401 - the modality's own
        """One example, whose content is in memory, as `answered` takes it; any thread may ask."""
        return self._entry.prepare(content, example.digest)

    def answered(self, prepared: Sequence[Any]) -> NDArray[Any]:
        """As `probabilities`, of prepared examples."""
        return kind_of(self.fitted.kind).decode(self._scores(prepared), self.fitted.decoder)

    def _scores(self, prepared: Sequence[Any]) -> NDArray[np.float32]:
        out = []
        for first in range(0, len(prepared), BATCH):
            x = self._entry.rows(prepared[first : first + BATCH])[0]
            out.append(self._run(self._described(self.fitted, x) if self._described else x))
        return np.concatenate(out)

    def features(self, examples: Sequence[Example]) -> FloatArray:
        """An artefact gives answers alone."""
        raise UsageError("An exported model gives no features. Ask the run itself, or headstart.embed(…, source=…).")

    def _taken(self, examples: Sequence[Example]) -> list[Any]:
        """What was prepared of examples, which is then let go."""
        if bad := self.unreadable(examples):
            where = next(e for e in examples if e.digest in bad)
            raise HeadstartError(f"{where.path}: {bad[where.digest]}")
        rows = [self._prepared[e.digest] for e in examples]
        self._prepared.clear()
        return rows

    def _read(self, example: Example) -> Any:  # noqa: ANN401 - the modality's own, or an exception
        try:
            return self._entry.prepare(self._of.content(example), example.digest)
        except (HeadstartError, OSError) as error:
            return error

    @cached_property
    def _entry(self) -> Extractor:
        return self._of.entry(self.fitted.view, self._model.source, self._model.weights)

    @cached_property
    def _described(self) -> Any:  # noqa: ANN401 - a function or None
        return strategy(self.fitted.strategy).described
