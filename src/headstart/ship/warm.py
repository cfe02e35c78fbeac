"""A model kept warm: its networks are built once, and inputs and answers stay in memory.

`predict` is for many files at once and keeps what it has seen on disk meanwhile; a server asks for one input after the
other, from many threads, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..read.picture.picture import MAX_PIXELS
from ._inputs import member
from .predict import Row

if TYPE_CHECKING:
    from .store import Model


class Warm:
    """A model at work, input by input.

    Args:
        model: of a run.
        engine: see `Model.store`.
    """

    def __init__(self, model: Model, engine: str = "auto") -> None:
        self.model, self._predictor, self._inputs = model, model.predictor(engine), member(model.modality)

    def prepare(self, given: Any, most: int = MAX_PIXELS) -> Any:  # noqa: ANN401 - whatever a person holds
        """An input in memory, made ready for `rows`; any thread may ask.

        Args:
            given: a picture's bytes, or its pixels; a text, or a tuple of those of several columns.
            most: pixels that a picture's header may promise.

        Raises:
            HeadstartError: it cannot be read, and why.
        """
        return self._predictor.prepared(*self._inputs.held(given, self.model.pixels, most))

    def rows(self, prepared: Sequence[Any]) -> list[Row]:
        """What the model says of each; one thread at a time."""
        model = self.model
        found = self._predictor.answered(prepared) if prepared else ()
        return [Row.of("", model.kind.said(one, model.labels, model.fitted.decoder), {}) for one in found]
