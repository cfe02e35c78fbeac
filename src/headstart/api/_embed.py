"""embed: features of pictures or texts through a source, for any other library: `[n, d]` numbers, one row an input."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, UnknownName
from ..pixels import PLAIN, Pixels
from ..runtime import quiet_threads
from ..types import Example, FloatArray, View

if TYPE_CHECKING:
    from ..ship.store import Model


def embed(inputs: Iterable[Any], *, source: str, depth: str = "top", engine: str = "auto") -> FloatArray:
    """Frozen features of pictures or texts.

    The rows can go into anything that takes an array, e.g. a scikit-learn pipeline behind
    `FunctionTransformer(functools.partial(headstart.embed, source="efficientnet-lite0"))`. Rows are kept in the cache
    by content: the same inputs cost nothing a second time.

    Args:
        inputs: pictures as paths, bytes, open files, PIL pictures or arrays (uint8 [h, w, 3], uint16 [h, w]), folders
            of them; or texts, tables and text files, as the source reads.
        source: a key of `headstart sources list`, a folder, or a name that `fit` takes.
        depth: where in the network: one of the source's depths ("stage1" … "top"), or "all" of them side by side.
        engine: `auto`, `torch` or `openvino`.

    Returns:
        float32 [n, d], in the order of the inputs.

    Raises:
        DataError: an input cannot be read; names the first. UnknownName: there is no such source or depth.
        SourceError: its weights cannot be had.
    """
    from ..extract.feature_store import FeatureStore
    from ..source import _catalogue

    quiet_threads()
    record = _catalogue.get(source)
    if depth not in (*record.depths, "all"):
        raise UnknownName("depth", depth, [*record.depths, "all"])
    weights = {record.key: _catalogue.fetch(record)}

    def look(examples: list[Example]) -> FloatArray:
        store = FeatureStore({record.key: record}, engine=engine, weights=weights)
        return store.extract(examples, [View(record.key, depth)])[0].x

    return _each(look, record.modality, inputs)


def embedded(model: Model, inputs: Iterable[Any], engine: str = "auto") -> FloatArray:
    """What a run's own network makes of inputs before its head, [n, d]; see `Run.embed`."""

    def look(examples: list[Example]) -> FloatArray:
        with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
            with model.predictor(engine, Path(folder)) as predictor:
                return predictor.features(examples)

    return _each(look, model.modality, inputs, model.columns, model.pixels)


def _each(
    look: Callable[[list[Example]], FloatArray],
    modality: str,
    inputs: Iterable[Any],
    columns: Mapping[str, str] | None = None,
    pixels: Pixels = PLAIN,
) -> FloatArray:
    from ..ship._inputs import inputs_of

    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        examples = []
        for one in inputs_of(modality, inputs, Path(folder), columns, pixels):
            if isinstance(one.example, str):
                raise DataError(f"{one.shown} cannot be embedded: {one.example} Leave it out, or repair it.")
            examples.append(one.example)
        if not examples:
            raise DataError("No inputs were given to embed. Give one picture or text, or more.")
        return look(examples)
