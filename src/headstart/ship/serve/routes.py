"""What each path answers: one method a path. Errors are raised, as `Refused`; `app` makes JSON of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import Request, Response

from ...errors import HeadstartError
from ...version import __version__
from . import describe, tensors, uploads
from .desk import BIG, Desk, outputs_of
from .explain import Explainer
from .refused import Refused
from .served import Served

JSON = "application/json"
Handler = Callable[[Request], Awaitable[Response]]
Route = tuple[str, str, Handler, dict[str, Any], bool]


class Routes:
    """Answers for the models of a desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self._explainer = desk, Explainer(desk)

    def table(self) -> list[Route]:
        """Path, method, what answers, how it is described, and whether no key is asked for."""
        models = list(self.desk.models.values())
        return [
            ("/v2/health/live", "GET", self.live, describe.LIVE, True),
            ("/v2/health/ready", "GET", self.ready, describe.READY, True),
            ("/v2", "GET", self.server, describe.SERVER, False),
            ("/v2/models/{name}", "GET", self.model, describe.model(models), False),
            ("/v2/models/{name}/ready", "GET", self.ready, describe.model_ready(models), True),
            ("/v2/models/{name}/infer", "POST", self.infer, describe.infer(models), False),
            ("/predict", "POST", self.predict, describe.predict(models), False),
            ("/explain", "POST", self.explain, describe.explain(models), False),
            ("/models", "GET", self.models, describe.MODELS, False),
            ("/metrics", "GET", self.metrics, describe.METRICS, False),
        ]

    async def live(self, _: Request) -> Response:
        """The process runs."""
        return Response()

    async def ready(self, request: Request) -> Response:
        """The server, or a model, answers."""
        if "name" in request.path_params:
            self.desk.model(request.path_params["name"])
        if not self.desk.ready:
            raise Refused(503, "The server is about to stop.")
        return Response()

    async def server(self, _: Request) -> Response:
        """What the protocol wants to know of a server."""
        return as_json({"name": "headstart", "version": __version__, "extensions": ["binary_tensor_data"]})

    async def model(self, request: Request) -> Response:
        """What it wants to know of a model."""
        return as_json(_metadata(self.desk.model(request.path_params["name"])))

    async def infer(self, request: Request) -> Response:
        """Tensors in, tensors out."""
        served = self.desk.model(request.path_params["name"])
        async with self.desk.door.body(request) as body:
            header = request.headers.get(tensors.HEADER)
            if header is None and len(body) > BIG:  # long JSON is read beside the event loop
                asked = await asyncio.to_thread(tensors.understood, body, header)
            else:
                asked = tensors.understood(body, header)
            outputs = await self.desk.infer(served, asked)
        content, head = tensors.answered(served.name, asked, outputs)
        if head is None:
            return Response(content, media_type=JSON)
        return Response(content, media_type="application/octet-stream", headers={tensors.HEADER: str(head)})

    async def predict(self, request: Request) -> Response:
        """Files and texts in, one object an input out."""
        served = self.desk.model(request.query_params.get("model"))
        level = uploads.level_of(request.query_params.get("coverage"), served)
        async with self.desk.door.body(request) as body:
            inputs = await uploads.inputs_of(body, request.headers, served, self.desk.limits.queue)
            rows = await self.desk.ask(served, [one.given for one in inputs])
        told = uploads.answers(served, inputs, rows, level)
        if all(isinstance(row, HeadstartError) for row in rows):
            return as_json({"error": f"No input could be read. {rows[0]}", **told}, 422)
        return as_json(told)

    async def explain(self, request: Request) -> Response:
        """One input in, what its parts are worth out."""
        served = self.desk.model(request.query_params.get("model"))
        async with self.desk.door.body(request) as body:
            inputs = await uploads.inputs_of(body, request.headers, served, 1)
        if len(inputs) != 1:
            raise Refused(400, f"{len(inputs)} inputs were given. Give one.")
        return as_json(await self._explainer.explain(served, inputs[0].given))

    async def models(self, _: Request) -> Response:
        """The models for people, and for the page."""
        return as_json({"models": [_told(served) for served in self.desk.models.values()]})

    async def metrics(self, _: Request) -> Response:
        """What Prometheus reads."""
        content, kind = self.desk.numbers.text()
        return Response(content, media_type=kind)


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:  # noqa: ANN401
    """A response of JSON."""
    return Response(tensors.dumps(value), status, headers, JSON)


def _metadata(served: Served) -> dict[str, Any]:
    """As the protocol has it. Pixels may come in the place of a picture's bytes, see docs/serve.md."""
    return {
        "name": served.name,
        "versions": ["1"],
        "platform": "headstart",
        "inputs": [{"name": "input", "datatype": "BYTES", "shape": [-1]}],
        "outputs": [{"name": n, "datatype": t, "shape": s} for n, (t, s) in outputs_of(served).items()],
    }


def _told(served: Served) -> dict[str, Any]:
    return {
        "name": served.name,
        "modality": served.modality,
        "kind": served.kind_name,
        "labels": list(served.labels),
        "input": served.wire.INPUT,
        "judged": len(served.coverage.scores) if served.coverage else 0,
        **served.about,
    }
