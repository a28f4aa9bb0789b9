"""Nasty values in every field of every command: each gets an answer or a named refusal, never a bug."""

from __future__ import annotations

import json
import random
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker

REQUESTS_A_ROUTE = 60
NASTY: list[Any] = [
    None, True, 0, -1, 2**31, 2**32, 2**63, 2**64, 10**30, 1.5, "", " ", "0", "-0", "-1", "1", "0.1", "1e9", "9" * 18,
    "9" * 19, "9" * 20, "9" * 39, "0." + "0" * 30 + "1", "NaN", "\x00", "é", "💥", "x" * 200, "acc-1", "acc-16",
    "acc-4294967295", "acc-4294967296", "acc-99999999999999999999", "ord-1", "USD", "BTC-USD", "BTC-USD-PERP", "house",
    "buy", "limit", "client", "crypto_spot", "linear_perpetual", [], {}, ["a"], {"a": 1}, "' OR 1=1 --", "../../etc",
]  # fmt: skip
PATHS = ["ord-1", "ord-0", "%00", "..", "BTC-USD", "ord-99999999999999999999", "%F0%9F%92%A5", "a%2Fb"]


@pytest.fixture(scope="module")
def document(broker: Broker) -> dict[str, Any]:
    made: dict[str, Any] = httpx.get(f"{broker.url}/openapi.json").json()
    return made


def body_of(pick: random.Random, document: dict[str, Any], operation: dict[str, Any]) -> bytes | None:
    if "requestBody" not in operation:
        return None
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
    shape = document["components"]["schemas"][name]
    fields = {}
    for field, schema in shape.get("properties", {}).items():
        if field in shape.get("required", []) or pick.random() < 0.5:
            words = schema.get("enum") or [nasty for nasty in NASTY if fits(nasty, schema)] or NASTY
            fields[field] = pick.choice(words if pick.random() < 0.9 else NASTY)
    return json.dumps(fields).encode()


def fits(value: Any, schema: dict[str, Any]) -> bool:
    kinds = {schema.get("type"), *(each.get("type") for each in schema.get("anyOf", []))}
    names = {str: "string", int: "integer", bool: "boolean", type(None): "null"}
    return names.get(type(value)) in kinds


def test_no_request_ends_in_a_bug(broker: Broker, document: dict[str, Any]) -> None:
    pick = random.Random(20)
    answers: dict[int, int] = {}
    with broker.client("operator") as client:
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                for _ in range(REQUESTS_A_ROUTE if "requestBody" in operation else 12):
                    target = path
                    while "{" in target:
                        target = target[: target.index("{")] + pick.choice(PATHS) + target[target.index("}") + 1 :]
                    query = {field["name"]: str(pick.choice(NASTY)) for field in operation["parameters"]}
                    chosen = {name: value for name, value in query.items() if pick.random() < 0.4}
                    headers = {"Idempotency-Key": "k" * pick.randint(0, 130)} if pick.random() < 0.1 else {}
                    answer = client.request(
                        method, target, params=chosen, content=body_of(pick, document, operation), headers=headers
                    )
                    answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
                    assert answer.status_code < 500, (method, target, chosen, answer.text)
                    assert answer.status_code < 400 or answer.json()["reason"], answer.text
        assert client.get("/health").json()["status"] == "ok"
    assert {200, 400, 404, 422} <= set(answers)
