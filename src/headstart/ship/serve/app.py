"""The application: which path is answered by what. Bodies are read by us, so that no client's headers are refused.

FastAPI answers 422 to a JSON body without a Content-Type, which tritonclient sends, and errors in a form that it does
not understand; here every error is {"error": …}.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ...version import __version__
from . import describe, tensors
from .desk import Desk
from .limits import Limits
from .page import whole
from .refused import Refused
from .routes import JSON, Handler, Routes, as_json
from .served import Served

log = logging.getLogger(__name__)
LIMITS = Limits()


def build(models: Sequence[Served], limits: Limits = LIMITS, key: str | None = None) -> FastAPI:
    """An application that answers for these models.

    Args:
        models: one or more.
        limits: of requests.
        key: that `Authorization: Bearer KEY` or `X-API-Key: KEY` must give for all but health and the page, if any.
    """
    desk = Desk(models, limits)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await desk.start()
        yield
        await desk.stop()

    app = FastAPI(
        title="headstart", version=__version__, lifespan=life, docs_url=None, redoc_url=None, openapi_url=None,
        description="Fitted models at work: " + ", ".join(desk.models),
    )  # fmt: skip
    app.state.desk = desk
    _errors(app)
    for path, method, handler, told, free in Routes(desk).table():
        answer = _answered(desk, path, handler, None if free else key)
        app.add_api_route(path, answer, methods=[method], response_model=None, **told)
    page, policy = whole()
    app.add_api_route("/", _sent(page.encode(), "text/html", policy), include_in_schema=False)
    described = describe.page(app)
    app.add_api_route("/openapi.json", _sent(tensors.dumps(app.openapi()), JSON), include_in_schema=False)
    app.add_api_route("/docs", _sent(described.encode(), "text/html", describe.POLICY), include_in_schema=False)
    return app


def _answered(desk: Desk, path: str, handler: Handler, key: str | None) -> Handler:
    """A handler whose errors become JSON, and which is counted; with a key, closed to who has none."""

    async def answer(request: Request) -> Response:
        start = time.perf_counter()
        try:
            if key is not None and not _knows(request, key):
                raise Refused(401, "This server asks for its key: X-API-Key, or Authorization: Bearer.",
                              {"WWW-Authenticate": "Bearer"})  # fmt: skip
            response = await handler(request)
        except Refused as refused:
            response = as_json({"error": str(refused)}, refused.status, refused.headers)
        except ClientDisconnect:
            response = Response(status_code=400)  # nobody reads it
        except Exception:
            log.exception("%s failed", path)
            response = as_json({"error": "The model failed on this request; the server's log says how."}, 500)
        desk.numbers.request(path, response.status_code, time.perf_counter() - start)
        return response

    answer.__name__ = handler.__name__  # the operation's name in OpenAPI
    return answer


def _knows(request: Request, key: str) -> bool:
    given = request.headers.get("x-api-key")
    if given is None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        given = given if scheme.lower() == "bearer" else ""
    return hmac.compare_digest(given.strip().encode(), key.encode())


def _errors(app: FastAPI) -> None:
    """No such path, no such method: as all other errors."""

    async def plain(_: Request, error: Exception) -> Response:
        status, headers = getattr(error, "status_code", 500), getattr(error, "headers", None)
        return as_json({"error": f"{getattr(error, 'detail', 'Error')}. See /docs for what there is."}, status, headers)

    app.add_exception_handler(HTTPException, plain)


def _sent(content: bytes, kind: str, policy: str | None = None) -> Handler:
    headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"} if policy else {}

    async def answer(_: Request) -> Response:
        return Response(content, media_type=kind, headers=headers)

    return answer
