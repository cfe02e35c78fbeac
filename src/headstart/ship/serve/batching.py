"""Dynamic batching: inputs of many requests are answered together, by one thread, while the event loop stays free.

Inputs are made ready (decoded, resized) in a few threads. What is ready when the model is free goes in together; where
others are just being made ready it waits for them, a few milliseconds at most. Who is alone never waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...errors import HeadstartError
from ..predict import Row
from .limits import Limits
from .refused import Refused, busy
from .served import Served

log = logging.getLogger(__name__)
READERS = 2  # threads that make inputs ready
Answer = Row | HeadstartError
_Waiting = tuple[Any, "asyncio.Future[Row]"]


class Batcher:
    """One model's queue and its worker; lives in one event loop.

    Args:
        served: the model.
        limits: queue, batch, wait and seconds.
        seen: told the size of each batch.
    """

    def __init__(self, served: Served, limits: Limits, seen: Callable[[int], None] = lambda _: None) -> None:
        self.served, self.limits, self._seen = served, limits, seen
        self.inside = 0  # inputs let in and not answered yet
        self._reading = 0
        self._ready: deque[_Waiting] = deque()
        self._readers = ThreadPoolExecutor(READERS, f"read-{served.name}", initializer=_alone)
        self._model = ThreadPoolExecutor(1, f"model-{served.name}")
        self._news = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work; called in the event loop."""
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """End, once what is in the model's thread is done."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        for pool in (self._readers, self._model):
            await asyncio.to_thread(pool.shutdown, True, cancel_futures=True)

    async def ask(self, inputs: Sequence[Any]) -> list[Answer]:
        """What the model says of each input, or why it could not be read.

        Raises:
            Refused: 413 more inputs than the queue ever takes, 429 it is full, 504 it took too long.
        """
        if len(inputs) > self.limits.queue:
            raise Refused(413, f"{len(inputs)} inputs in one request; {self.limits.queue} are allowed. Send fewer.")
        if self.inside + len(inputs) > self.limits.queue:
            raise busy(f"{self.inside} inputs are waiting, of at most {self.limits.queue}.")
        self.inside += len(inputs)
        try:
            async with asyncio.timeout(self.limits.seconds):
                return list(await asyncio.gather(*map(self._one, inputs)))
        except TimeoutError:
            raise Refused(504, f"There was no answer within {self.limits.seconds:g} seconds. Send fewer.") from None
        finally:
            self.inside -= len(inputs)

    async def _one(self, given: Any) -> Answer:  # noqa: ANN401 - whatever `prepare` takes
        loop = asyncio.get_running_loop()
        self._reading += 1
        try:
            prepared = await loop.run_in_executor(self._readers, self.served.prepare, given)
        except HeadstartError as problem:
            return problem
        finally:
            self._reading -= 1
            self._news.set()
        answer: asyncio.Future[Row] = loop.create_future()
        self._ready.append((prepared, answer))
        return await answer

    async def _work(self) -> None:
        while True:
            await self._gathered()
            batch = [one for one in self._taken() if not one[1].done()]  # done: given up, after its time
            if batch:
                self._seen(len(batch))
                await self._answer(batch)

    async def _gathered(self) -> None:
        """Wait for a first input, and then for those that are being made ready."""
        while not self._ready:
            self._news.clear()
            await self._news.wait()
        loop = asyncio.get_running_loop()
        end = loop.time() + self.limits.wait
        while self._reading and len(self._ready) < self.limits.batch and (left := end - loop.time()) > 0:
            self._news.clear()
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                return

    def _taken(self) -> list[_Waiting]:
        return [self._ready.popleft() for _ in range(min(len(self._ready), self.limits.batch))]

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        """One batch; where it fails each input is asked alone, so that one does not take the others with it."""
        loop = asyncio.get_running_loop()
        try:
            rows = await loop.run_in_executor(self._model, self.served.rows, [prepared for prepared, _ in batch])
        except Exception as problem:
            log.exception("A batch of %d failed", len(batch))
            if len(batch) > 1:
                for one in batch:
                    await self._answer([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(problem)
            return
        for row, (_, answer) in zip(rows, batch, strict=True):
            if not answer.done():
                answer.set_result(row)


def _alone() -> None:
    """Each reader resizes on one thread of its own: there are several of them."""
    import sys

    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
