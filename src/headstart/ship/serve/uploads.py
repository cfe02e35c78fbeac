"""The plain door, `POST /predict`: files of a form, JSON, or a body that is one input.

Out: the inputs, each with what it is called; the answers as JSON.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import DataError, HeadstartError
from ..predict import Row
from .coverage import LEVELS
from .refused import Refused
from .served import Served
from .tensors import loads

if TYPE_CHECKING:
    from starlette.datastructures import Headers

FIELDS = ("label", "probability", "probabilities", "value", "labels")  # of a row, in an answer


@dataclass(frozen=True)
class Input:
    """One input: what it is called, and itself or why it is none."""

    shown: str
    given: Any  # or a HeadstartError


async def inputs_of(body: bytes, headers: Headers, served: Served, most: int) -> list[Input]:
    """The inputs of a request.

    Args:
        body: the whole of it.
        headers: its Content-Type says what it is: a form, `application/octet-stream`, `image/…` or `text/plain` for
            one input as it is, else JSON.
        served: knows what its inputs look like.
        most: inputs.

    Raises:
        Refused: it cannot be understood.
    """
    told = headers.get("content-type", "").split(";")[0].strip().lower()
    if told == "multipart/form-data":
        found = await _form(body, headers, most)
    elif told in ("application/octet-stream", "text/plain") or told.startswith("image/"):
        found = [("input 1", body)]
    else:
        values = loads(body).get("inputs")
        if not isinstance(values, list):
            raise Refused(400, 'The body must be JSON as {"inputs": […]}, or a form with files.')
        return _some([_tried(f"input {n}", served.wire.written, value) for n, value in enumerate(values, 1)])
    return _some([_tried(name, served.wire.received, data) for name, data in found])


def answers(served: Served, inputs: Sequence[Input], rows: Sequence[Row | HeadstartError], level: float | None) -> Any:  # noqa: ANN401
    """The response as JSON takes it: one object an input, in order."""
    said = []
    for one, row in zip(inputs, rows, strict=True):
        if isinstance(row, HeadstartError):
            said.append({"input": one.shown, "error": str(row)})
            continue
        fields = {name: getattr(row, name) for name in FIELDS}
        told = {name: value for name, value in fields.items() if value not in (None, {})} | dict(row.more)
        sure = served.coverage.said(row, level) if served.coverage and level is not None else {}
        said.append({"input": one.shown, **told, **sure})
    return {"model": served.name, "predictions": said}


def level_of(asked: str | None, served: Served) -> float | None:
    """The coverage that a request asks for. Raises `Refused` where it is none, or the model has no such scores."""
    if asked is None:
        return None
    try:
        level = float(asked)
    except ValueError:
        level = 0.0
    if not 0 < level < 1:
        raise Refused(400, f"coverage={asked[:20]!r} was given; it must lie between 0 and 1, as {LEVELS[1]}.")
    if served.coverage is None:
        raise Refused(400, f"'{served.name}' has kept no judged predictions; its coverage is not known. Leave it out.")
    return level


async def _form(body: bytes, headers: Headers, most: int) -> list[tuple[str, bytes]]:
    from python_multipart.exceptions import MultipartParseError
    from starlette.datastructures import UploadFile
    from starlette.formparsers import MultiPartException, MultiPartParser

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        parser = MultiPartParser(headers, stream(), max_files=most, max_fields=most, max_part_size=max(len(body), 1))
        form = await parser.parse()
        found = []
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                found.append((value.filename or name, await value.read()))
            else:
                found.append((name, value.encode()))
        await form.close()
    except (MultiPartException, MultipartParseError, KeyError, ValueError) as problem:
        raise Refused(400, f"The form cannot be read ({getattr(problem, 'message', problem)}).") from None
    return found


def _tried(shown: str, how: Any, value: Any) -> Input:  # noqa: ANN401 - a function of `Wire`, and what it takes
    try:
        return Input(shown, how(value))
    except DataError as problem:
        return Input(shown, problem)


def _some(found: list[Input]) -> list[Input]:
    if not found:
        raise Refused(400, "There are no inputs. Give one or more.")
    return found
