"""The models of a server at work: who is asked for, what goes in, what comes out. Knows no path and no framework."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import HeadstartError
from ..predict import Row
from .batching import Batcher
from .limits import Door, Limits
from .numbers import Numbers
from .refused import Refused
from .served import Served
from .tensors import Request, Tensor, dumps

BIG = 100_000  # bytes of JSON from which on it is read beside the event loop


class Desk:
    """Models by name, each with its batcher.

    Args:
        models: one or more, of different names.
        limits: of the server.
    """

    def __init__(self, models: Sequence[Served], limits: Limits) -> None:
        self.models = {served.name: served for served in models}
        self.limits, self.door, self.numbers = limits, Door(limits), Numbers()
        self._batchers: dict[str, Batcher] = {}

    async def start(self) -> None:
        """Begin to answer; called in the event loop."""
        for name, served in self.models.items():
            self._batchers[name] = batcher = Batcher(served, self.limits, self.numbers.batch(name))
            self.numbers.waiting(name, lambda batcher=batcher: float(batcher.inside))  # type: ignore[misc]
            batcher.start()

    async def stop(self) -> None:
        """Let the threads go."""
        await asyncio.gather(*(batcher.stop() for batcher in self._batchers.values()))
        self._batchers.clear()

    @property
    def ready(self) -> bool:
        """Whether it answers."""
        return bool(self._batchers)

    def model(self, name: str | None) -> Served:
        """The model of that name; without one the only one. Raises `Refused`."""
        known = ", ".join(self.models)
        if name is None:
            if len(self.models) > 1:
                raise Refused(400, f"There are several models: {known}. Name one with ?model=…")
            return next(iter(self.models.values()))
        if name not in self.models:
            raise Refused(404, f"There is no model '{name[:80]}'. There are: {known}.")
        return self.models[name]

    async def ask(self, served: Served, inputs: Sequence[Any]) -> list[Row | HeadstartError]:
        """What a model says of each input; inputs that are an error stay it."""
        good = [one for one in inputs if not isinstance(one, HeadstartError)]
        found = iter(await self._batchers[served.name].ask(good)) if good else iter(())
        return [one if isinstance(one, HeadstartError) else next(found) for one in inputs]

    async def infer(self, served: Served, request: Request) -> dict[str, Any]:
        """The outputs that a request of the protocol may ask for: name → float32 [n …] or texts [n].

        Raises:
            Refused: an input is not what the model takes, or cannot be read.
        """
        if unknown := [name for name in request.outputs if name not in outputs_of(served)]:
            raise Refused(400, f"There is no output '{unknown[0][:40]}'. There are: {', '.join(outputs_of(served))}.")
        if len(request.inputs) != 1 or request.inputs[0].name != "input":
            raise Refused(400, f"'{served.name}' takes one input, called 'input'.")
        rows = await self.ask(served, _inputs(served, request.inputs[0]))
        for number, row in enumerate(rows, 1):
            if isinstance(row, HeadstartError):
                raise Refused(400, f"Input {number} cannot be read: {row}")
        return {name: _output(served, name, rows) for name in outputs_of(served)}


def outputs_of(served: Served) -> dict[str, tuple[str, list[int]]]:
    """name → (datatype, shape), of the protocol's metadata; `answer` is JSON, of kinds that give neither."""
    columns = served.kind.columns(served.labels)
    if all(f"p({label})" in columns for label in served.labels):
        return {"probabilities": ("FP32", [-1, len(served.labels)]), "label": ("BYTES", [-1])}
    return {"value": ("FP32", [-1])} if "value" in columns else {"answer": ("BYTES", [-1])}


def _inputs(served: Served, tensor: Tensor) -> list[Any]:
    wire = served.wire
    if tensor.datatype == "UINT8":
        if not wire.PIXELS or len(tensor.shape) != 4 or tensor.shape[3] != 3:
            allowed = "BYTES, or UINT8 of shape [n, h, w, 3]" if wire.PIXELS else "BYTES"
            raise Refused(400, f"The input is UINT8 {list(tensor.shape)}; '{served.name}' takes {allowed}.")
        return list(tensor.data)
    shape = [side for at, side in enumerate(tensor.shape) if at == 0 or side != 1]  # [n, 1] is [n]
    if not 1 <= len(shape) <= 2:
        raise Refused(400, f"The input has the shape {list(tensor.shape)}; [n] is needed, or [n, columns].")
    try:
        found = [wire.written(one) if isinstance(one, str) else wire.received(one) for one in tensor.data]
        wide = 1 if len(shape) == 1 else shape[1]
        if wide == 1:
            return found
        return [wire.written(found[at : at + wide]) for at in range(0, len(found), wide)]
    except HeadstartError as problem:
        raise Refused(400, f"The input cannot be read: {problem}") from None


def _output(served: Served, name: str, rows: Sequence[Any]) -> Any:  # noqa: ANN401 - an array, or texts
    if name == "label":
        return [row.label or "" for row in rows]
    if name == "answer":
        return [dumps(dict(row.more)).decode() for row in rows]
    if name == "value":
        return np.array([row.value for row in rows], np.float32)
    shares = [[row.probabilities[label] for label in served.labels] for row in rows]
    return np.array(shares, np.float32).reshape(len(rows), len(served.labels))
