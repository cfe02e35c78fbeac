"""A fitted model at work on examples: its networks are built once, when the first come, and go when it is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError
from ..kind import Outputs, kind_of
from ..strategy import Network, Strategy, strategy
from ..types import Example, Fitted, FloatArray, Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..extract.feature_store import FeatureStore


class Predictor:
    """Examples in, scores or probabilities out; a context that closes itself.

    Args:
        fitted: the model.
        feature store: shows it examples through its view; holds the record and the weights of its source.
    """

    def __init__(self, fitted: Fitted, store: FeatureStore) -> None:
        self.fitted, self.store = fitted, store

    def __enter__(self) -> Predictor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the networks go; who asks again waits for them again."""
        self.__dict__.pop("_tuned", None)
        if self.fitted.view.source is not None:
            self.store.leave(self.fitted.view.source)

    def unreadable(self, examples: Sequence[Example]) -> Mapping[str, str]:
        """Digest → why, of those that cannot be read; the others are looked at."""
        return self.store.unreadable(examples, [self.fitted.view])

    def logits(self, examples: Sequence[Example]) -> Outputs:
        """Outputs [n …], before decoding."""
        return self._outputs(self._seen(examples))

    def probabilities(self, examples: Sequence[Example]) -> NDArray[Any]:
        """What leaves the house, [n …]: calibrated probabilities [n k], numbers [n 1]."""
        return kind_of(self.fitted.kind).decode(self.logits(examples), self.fitted.decoder)

    def prepared(self, example: Example, content: Any) -> Any:  # noqa: ANN401 - the modality's own
        """One example, whose content is in memory, as `answered` takes it; any thread may ask."""
        return self.store.prepared(example, content, self.fitted.view)

    def answered(self, prepared: Sequence[Any]) -> NDArray[Any]:
        """As `probabilities`, of prepared examples; nothing of them is kept."""
        outputs = self._outputs(self.store.shown(prepared, self.fitted.view))
        return kind_of(self.fitted.kind).decode(outputs, self.fitted.decoder)

    def features(self, examples: Sequence[Example]) -> FloatArray:
        """What its network makes of examples before the head, [n d].

        Raises:
            UsageError: it stands on no source.
        """
        name, source = self.fitted.strategy, self._known[0]
        if source is None or not self._strategy.reuses:
            raise UsageError(
                f"This model ('{name}') starts fresh and has no source's features. Name a source: "
                "headstart.embed(inputs, source=…)."
            )
        if self.fitted.view.depth in (*source.depths, "all"):
            return np.asarray(self._seen(examples), np.float32)
        if self._tuned is None:  # a language model that answers in words
            raise UsageError(f"This model ('{name}') makes no features. Use headstart.embed(…, source=…).")
        return np.asarray(self._tuned.features(self._seen(examples)), np.float32)

    def _outputs(self, x: NDArray[Any]) -> Outputs:
        tuned = self._tuned
        return tuned.logits(x) if tuned else self._strategy.logits(self.fitted, x, *self._known)

    def _seen(self, examples: Sequence[Example]) -> NDArray[Any]:
        return self.store.extract(examples, [self.fitted.view])[0].x

    @property
    def _known(self) -> tuple[Source | None, Path | None]:
        """The record of its source, and where the weights lie."""
        key = self.fitted.view.source or ""
        return self.store.sources.get(key), self.store.weights.get(key)

    @property
    def _strategy(self) -> Strategy:
        return strategy(self.fitted.strategy)

    @cached_property
    def _tuned(self) -> Network | None:
        """The tuned network, where its strategy tunes one."""
        build = self._strategy.predictor
        return build(self.fitted, *self._known) if build else None
