"""Routes, bodies and the OpenAPI document."""

from __future__ import annotations

import msgspec
import pytest

from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.decode import body_as, one_of, time_in, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.rest.openapi import document
from isthmus.gateways.rest.routes import EVERYBODY, Route, RouteTable
from isthmus.gateways.shapes import Health, NewOrder, Order


async def nothing(_: Request) -> Answer:
    return Answer(200, b"")


TABLE = RouteTable(
    (
        Route("GET", "/health", nothing, "Health", Health, EVERYBODY),
        Route("POST", "/v1/orders", nothing, "Place", Order, accepts=NewOrder, status=201),
        Route("GET", "/v1/orders/{id}", nothing, "One", Order),
        Route("DELETE", "/v1/orders/{id}", nothing, "Cancel", Order),
    )
)


def test_a_path_finds_its_route_and_parameters() -> None:
    route, parameters = TABLE.find("DELETE", "/v1/orders/a%2Fb")
    assert (route.summary, parameters) == ("Cancel", {"id": "a/b"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/orders/", 404),
        ("GET", "/v1/orders/a/b", 404),
        ("PUT", "/v1/orders/a", 405),
        ("DELETE", "/health", 405),
    ],
)
def test_what_is_not_there_is_refused(method: str, path: str, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        TABLE.find(method, path)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("body", "reason", "field"),
    [
        (b'{"instrument":"A","side":"buy"}', "malformed_request", "quantity"),
        (b'{"instrument":1,"side":"buy","quantity":"1"}', "malformed_request", "instrument"),
        (b'{"instrument":"A","side":"buy","quantity":"1","x":1}', "malformed_request", "x"),
        (b'{"instrument":"A",', "malformed_json", None),
        (b"\xff", "malformed_json", None),
    ],
)
def test_a_bad_body_names_its_field(body: bytes, reason: str, field: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        body_as(body, NewOrder)
    assert (refused.value.reason, refused.value.field) == (reason, field)


def test_query_fields_are_bounded_and_named() -> None:
    assert whole_number({}, "limit", 7, 1, 10) == 7
    assert whole_number({"limit": "-3"}, "limit", 7, -5, 10) == -3
    for bad in ("0", "11", "x", "", "1.0", "9" * 30, "--1"):
        with pytest.raises(Refusal, match="limit is a whole number from 1 to 10"):
            whole_number({"limit": bad}, "limit", 7, 1, 10)
    with pytest.raises(Refusal, match="one of: a, b"):
        one_of({"word": "c"}, "word", "a", ("a", "b"))
    with pytest.raises(Refusal, match="is a time"):
        time_in({"start": "today"}, "start", 0)


def test_the_document_is_made_of_the_table() -> None:
    made = document(TABLE.routes, "1")
    place = made["paths"]["/v1/orders"]["post"]
    assert place["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/NewOrder")
    assert "201" in place["responses"]
    assert "security" not in made["paths"]["/health"]["get"]
    assert made["paths"]["/v1/orders/{id}"]["get"]["parameters"][0]["name"] == "id"
    assert msgspec.json.decode(msgspec.json.encode(made)) == made
