"""What the API's description says of each path, and the page that shows it: no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI

from .served import Served
from .tensors import HEADER

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_WHY = {
    400: "It cannot be understood.",
    401: "A key is asked for.",
    404: "There is no such model.",
    408: "The body came too slowly.",
    413: "Too long, or too many inputs.",
    415: "The body is compressed.",
    422: "No input could be read.",
    429: "Too much at once; see Retry-After.",
    503: "The server is about to stop.",
    504: "No answer in time.",
}


def _told(summary: str, *statuses: int, answer: Any = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    errors: dict[int | str, Any] = {
        status: {"description": _WHY[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in statuses
    }
    fine: dict[int | str, Any] = {200: {"description": "Yes." if answer is None else "The answer."}}
    if answer is not None:
        fine[200]["content"] = answer
    return {"summary": summary, "responses": fine | errors, **more}


def _json(schema: dict[str, Any], example: Any = None) -> dict[str, Any]:  # noqa: ANN401 - anything JSON takes
    return {"application/json": {"schema": schema} | ({"example": example} if example is not None else {})}


_ANY = {"type": "object"}
LIVE = _told("Whether the server runs")
READY = _told("Whether it answers", 503)
SERVER = _told("Name, version and extensions of the server", 401, answer=_json(_ANY))
MODELS = _told("The models: labels, kind, what their run says of itself", 401, answer=_json(_ANY))
METRICS = _told("Counters, as Prometheus reads them", 401, answer={"text/plain": {"schema": {"type": "string"}}})

_TENSOR = {
    "type": "object",
    "required": ["name", "datatype", "shape"],
    "properties": {
        "name": {"type": "string", "enum": ["input"]},
        "datatype": {"type": "string", "enum": ["BYTES", "UINT8"]},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "data": {"type": "array", "items": {}},
        "parameters": {"type": "object", "properties": {"binary_data_size": {"type": "integer", "minimum": 0}}},
    },
}


def model(models: Sequence[Served]) -> dict[str, Any]:
    """Of a model's metadata."""
    extra = {"parameters": [_which(models, "path")]}
    return _told("Inputs and outputs of a model", 401, 404, answer=_json(_ANY), openapi_extra=extra)


def model_ready(models: Sequence[Served]) -> dict[str, Any]:
    """Of whether a model answers."""
    return _told("Whether a model answers", 404, 503, openapi_extra={"parameters": [_which(models, "path")]})


def infer(models: Sequence[Served]) -> dict[str, Any]:
    """Of the protocol's inference."""
    schema = {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "parameters": {"type": "object", "properties": {"binary_data_output": {"type": "boolean"}}},
            "inputs": {"type": "array", "items": _TENSOR, "minItems": 1, "maxItems": 1},
            "outputs": {"type": "array", "items": {"type": "object", "required": ["name"]}},
        },
    }
    example = {"inputs": [{"name": "input", "datatype": "BYTES", "shape": [1], "data": ["a text, or base64"]}]}
    behind = {"type": "string", "format": "binary", "description": f"JSON, then tensors; {HEADER} gives its length."}
    header = {"name": HEADER, "in": "header", "schema": {"type": "integer", "minimum": 0}}
    extra = {
        "parameters": [_which(models, "path"), header],
        "requestBody": {
            "required": True,
            "content": {**_json(schema, example), "application/octet-stream": {"schema": behind}},
        },
    }
    return _told(
        "Open Inference Protocol: tensors in, tensors out",
        *(400, 401, 404, 408, 413, 415, 429, 504),
        answer={**_json(_ANY), "application/octet-stream": {"schema": behind}},
        openapi_extra=extra,
    )


def predict(models: Sequence[Served]) -> dict[str, Any]:
    """Of the plain door."""
    sure = {
        "name": "coverage",
        "in": "query",
        "schema": {"type": "number"},
        "description": "As 0.9: adds set and sure.",
    }
    return _plain("Files, texts or base64 in, one answer an input out", models, sure)


def explain(models: Sequence[Served]) -> dict[str, Any]:
    """Of where a model looked."""
    return _plain("One input in; out, what its answer loses without each part", models)


def _plain(summary: str, models: Sequence[Served], *more: Any) -> dict[str, Any]:  # noqa: ANN401
    example = models[0].wire.EXAMPLE
    one = {"type": "string", "format": "binary"}
    inputs = {"type": "object", "required": ["inputs"], "properties": {"inputs": {"type": "array", "items": {}}}}
    content = {
        **_json(inputs, {"inputs": [example]}),
        "multipart/form-data": {"schema": {"type": "object", "properties": {"file": {"type": "array", "items": one}}}},
        "application/octet-stream": {"schema": one},
        "text/plain": {"schema": {"type": "string"}},
    }
    return _told(
        summary,
        *(400, 401, 404, 408, 413, 415, 422, 429, 504),
        answer=_json(_ANY),
        openapi_extra={
            "parameters": [_which(models, "query"), *more],
            "requestBody": {"required": True, "content": content},
        },
    )


def _which(models: Sequence[Served], where: str) -> dict[str, Any]:
    """The parameter that names a model: of the path, or of the query, where it is needed if there are several."""
    many = where == "path" or len(models) > 1
    schema = {"type": "string", "enum": [served.name for served in models]}
    return {"name": "name" if where == "path" else "model", "in": where, "required": many, "schema": schema}


def page(app: FastAPI) -> str:
    """The description as one page of HTML."""
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(_PAGE).render(api=app.openapi())


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ api.info.title }} API</title>
<style>
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:50rem;margin:2rem auto;padding:0 1rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow:auto;padding:.5rem;border:1px solid #8886}
h2{font-size:1.05rem;margin:2rem 0 .3rem;border-top:1px solid #8886;padding-top:1rem}dt{font-weight:600}dd{margin:0 0 .3rem 1rem}
</style>
<h1>{{ api.info.title }} {{ api.info.version }}</h1>
<p>{{ api.info.description }}. For tools: <a href="openapi.json">openapi.json</a>. To try it: <a href="./">the page</a>.</p>
{% for path, methods in api.paths.items() %}{% for method, what in methods.items() %}
<h2><code>{{ method|upper }} {{ path }}</code></h2>
<p>{{ what.summary }}.</p>
<dl>
{% for p in what.parameters %}{% if p.in != "path" %}<dt>{{ p.in }} <code>{{ p.name }}</code></dt><dd>{{ p.description or p.schema.type }}</dd>
{% endif %}{% endfor %}
{% if what.requestBody %}{% for type, body in what.requestBody.content.items() %}<dt>body <code>{{ type }}</code></dt>
<dd>{{ body.schema.description or "" }}{% if body.example %}<pre>{{ body.example|tojson }}</pre>{% endif %}</dd>{% endfor %}{% endif %}
{% for status, answer in what.responses.items() %}<dt>{{ status }}</dt><dd>{{ answer.description }}</dd>{% endfor %}
</dl>
{% endfor %}{% endfor %}
</html>
"""  # noqa: E501
