"""The OpenAPI 3.1 document, made of the route table and the shapes: it cannot say anything else than the code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from isthmus.gateways.problems import PROBLEM_TYPE, Problem
from isthmus.gateways.rest.routes import Route

REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)\}")


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The whole document as plain data."""
    shapes = [Problem, *(shape for route in routes for shape in (route.answers, route.accepts) if shape is not None)]
    schemas, components = msgspec.json.schema_components(shapes, ref_template=REFERENCE)
    by_shape = dict(zip(map(repr, shapes), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_shape)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Isthmus",
            "version": version,
            "description": "Decimals are text, counts integers, times RFC 3339 UTC. Errors are RFC 9457 problems.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "key": {"type": "apiKey", "in": "header", "name": "Isthmus-Key"},
    "secret": {"type": "apiKey", "in": "header", "name": "Isthmus-Secret"},
    "signature": {"type": "apiKey", "in": "header", "name": "Isthmus-Signature"},
    "session": {"type": "apiKey", "in": "cookie", "name": "isthmus_session"},
}


def _operation(route: Route, by_shape: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [_tag(route.path)],
        "parameters": _parameters(route),
        "responses": {
            str(route.status): {
                "description": "Done.",
                "content": {"application/json": {"schema": by_shape[repr(route.answers)]}}
                | {kind: {"schema": {"type": "string", "format": "binary"}} for kind in route.also},
            },
            "default": {
                "description": "Not done, and why.",
                "content": {PROBLEM_TYPE: {"schema": by_shape[repr(Problem)]}},
            },
        },
    }
    if route.accepts is not None:
        schema = by_shape[repr(route.accepts)]
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if route.roles:
        made["security"] = [{"key": [], "secret": []}, {"key": [], "signature": []}, {"session": []}]
        made["description"] = f"For: {', '.join(route.roles)}."
    return made


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    return in_path + [
        {"name": field.name, "in": field.place, "description": field.text, "schema": {"type": "string"}}
        for field in route.fields
    ]


def _operation_id(route: Route) -> str:
    words = re.findall(r"[a-z0-9]+", route.path.lower().replace("/v1", ""))
    return "_".join([route.method.lower(), *words])


def _tag(path: str) -> str:
    parts = [part for part in path.split("/") if part not in ("", "v1")]
    return parts[0] if parts else "server"
