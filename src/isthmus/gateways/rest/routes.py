"""The shape of the one route table, and finding a route in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.http import Answer, Request

Handler = Callable[[Request], Awaitable[Answer]]

EVERYBODY: tuple[str, ...] = ()
ALL_ROLES = ("client", "trader", "operator", "auditor")
TRADING_ROLES = ("client", "trader", "operator")
JOURNAL_ROLES = ("operator", "auditor")
OPERATOR_ONLY = ("operator",)


class Field(msgspec.Struct, frozen=True):
    """A field of the query, or a header."""

    name: str
    text: str
    place: str = "query"


class Route(msgspec.Struct, frozen=True):
    """`roles` empty: nobody need say who he is. `accepts` and `answers` are shapes; a list of one shape is a JSON
    array. `also`: other types of content that it may answer with, when asked.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answers: Any
    roles: tuple[str, ...] = ALL_ROLES
    accepts: Any = None
    status: int = 200
    fields: tuple[Field, ...] = ()
    also: tuple[str, ...] = ()


class RouteTable:
    """Finds the route of a method and path. Fixed segments go before parameters, by the order of the table."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self._fixed: dict[tuple[str, str], Route] = {}
        self._open: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
        for route in self.routes:
            if "{" in route.path:
                parts = tuple(route.path.split("/"))
                self._open.setdefault(len(parts), []).append((parts, route))
            else:
                self._fixed[(route.method, route.path)] = route

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the parameters of a raw path (still percent-encoded). Raises Refusal 404 or 405."""
        if (route := self._fixed.get((method, path))) is not None:
            return route, {}
        given = [unquote(part) for part in path.split("/")]
        other = {known for known, at in self._fixed if at == path}
        for parts, route in self._open.get(len(given), []):
            parameters = _match(parts, given)
            if parameters is not None and route.method == method:
                return route, parameters
            if parameters is not None:
                other.add(route.method)
        if other:
            allowed = ", ".join(sorted(other))
            raise Refusal(
                405, "method_not_allowed", f"this path takes {allowed}", limit=allowed, headers=(("allow", allowed),)
            )
        raise Refusal(404, "not_found", "there is nothing at this path", field="path", value=path)


def _match(parts: tuple[str, ...], given: list[str]) -> dict[str, str] | None:
    parameters = {}
    for part, word in zip(parts, given, strict=True):
        if part.startswith("{"):
            if not word:
                return None
            parameters[part[1:-1]] = word
        elif part != word:
            return None
    return parameters
