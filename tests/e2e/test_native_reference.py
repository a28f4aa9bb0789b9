"""docs/reference/api.md names what a running broker's OpenAPI document has, and nothing else."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker
from websockets.asyncio.client import connect

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text()
CALLS = PAGE.split("## REST\n")[1].split("\n\n")[0]
BODIES = PAGE.split("### Operator bodies")[1].split("## Stream")[0]
STREAM = PAGE.split("## Stream")[1]
CALLED_OTHERWISE = {"KillState": "Kill"}
VALUES = {"house"}
"""Words in quotes that are values and no names of fields."""
NAMES = re.compile(r'"([a-z_0-9]+)"')


@pytest.fixture(scope="module")
def document(broker: Broker) -> dict[str, Any]:
    made: dict[str, Any] = httpx.get(f"{broker.url}/openapi.json").raise_for_status().json()
    return made


def stated() -> dict[tuple[str, str], set[str]]:
    """(method, path) of every call of the page, with the names of its query."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in CALLS.splitlines()[2:]:
        call = row.split(" | ")[0].removeprefix("| ")
        method = call.split()[0]
        for path in re.findall(r"(?<= )/(?:[^ {]|\{[^{}]*\})+", call):
            bare, _, query = path.partition("?")
            many = re.search(r"\{([a-z_]+(?:, [a-z_]+)+)\}", bare)
            names = many.group(1).split(", ") if many else [""]
            for name in names:
                whole = bare.replace(many.group(0), name) if many else bare
                found[method.lower(), whole] = {part.split("=")[0] for part in query.split("&") if part}
    return found


def test_every_call_is_on_the_page_with_its_query_and_the_page_has_no_other(document: dict[str, Any]) -> None:
    there = {
        (method, path): {field["name"] for field in call["parameters"] if field["in"] == "query"}
        for path, calls in document["paths"].items()
        for method, call in calls.items()
    }
    assert stated() == there


def test_calls_for_some_roles_say_so(document: dict[str, Any]) -> None:
    rows = CALLS.splitlines()[2:]
    for path, calls in document["paths"].items():
        if calls.get("get", {}).get("description") == "For: operator, auditor.":
            assert any(f"GET {path}" in row and "(operator, auditor" in row for row in rows), path
        if path.startswith("/v1/operator/") and "post" in calls:
            assert calls["post"]["description"] == "For: operator."


def test_every_object_and_every_body_is_on_the_page_with_all_its_fields(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    fields = {name: set(schema.get("properties", {})) for name, schema in schemas.items()}
    everything = set().union(*fields.values())
    words = set(re.findall(r"[a-z_0-9]+", PAGE))
    assert not {(name, field) for name, found in fields.items() for field in found if field not in words}
    shapes = dict(re.findall(r"\b([A-Z]\w+) = (\{.*?)(?=; \w+ = |\n)", PAGE.replace(",\n", ",")))
    for name, found in fields.items():
        called = CALLED_OTHERWISE.get(name, name)
        if called in shapes:
            said = set(NAMES.findall(shapes[called]))
            assert (found - said, said - everything - VALUES) == (set(), set()), name
    assert {"Order", "Instrument", "Health", "Kill", "Maker", "Fill", "OrderEvent", "MarketSession"} <= shapes.keys()


def test_every_operator_s_body_is_on_the_page(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    rows = {
        name: row.split(" | ")[1]
        for row in BODIES.splitlines()
        if row.startswith("| ") and "{" in row
        for name in row.split(" | ")[0].strip("| ").split(", ")
    }
    for path, calls in document["paths"].items():
        name = path.removeprefix("/v1/operator/")
        if name == path or "post" not in calls or name in ("snapshot", "create_key"):
            continue
        body = calls["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        assert set(schemas[body]["properties"]) <= set(NAMES.findall(rows[name])), name


def test_every_channel_order_type_and_time_in_force_is_on_the_page(broker: Broker) -> None:
    can = httpx.get(f"{broker.url}/v1/capabilities").raise_for_status().json()
    assert {channel for channel in can["channels"] if f"`{channel}`" not in STREAM} == set()
    words = set(re.findall(r"[a-z_0-9]+", PAGE))
    assert set(can["order_types"]) | set(can["times_in_force"]) | set(can["roles"]) <= words


SUBJECTS: dict[str, dict[str, Any]] = {
    "book": {"instrument": "BTC-USD", "depth": 5},
    "trades": {"instrument": "BTC-USD"},
    "quotes": {"instrument": "BTC-USD"},
    "bars": {"instrument": "BTC-USD", "interval": "1s"},
    "orders": {"account": "acc-19"},
    "fills": {"account": "acc-19"},
    "balances": {"account": "acc-19"},
    "positions": {"account": "acc-19"},
    "journal": {},
    "health": {},
    "markets": {},
    "sessions": {},
}


def test_every_channel_answers_as_the_page_says(broker: Broker) -> None:
    """An ack, then a snapshot, whose fields the page names; both repeat what was subscribed to."""
    order = {"instrument": "BTC-USD", "side": "buy", "type": "market", "quantity": "0.0100"}
    with broker.client() as client:
        client.post("/v1/orders", json=order).raise_for_status()

    async def heard() -> dict[str, list[dict[str, Any]]]:
        key = broker.keys()["operator"]
        found: dict[str, list[dict[str, Any]]] = {channel: [] for channel in SUBJECTS}
        async with asyncio.timeout(30), connect(broker.stream_url) as stream:
            await stream.send(json.dumps({"op": "auth", "key": key["key_id"], "secret": key["secret"]}))
            for number, (channel, subject) in enumerate(SUBJECTS.items()):
                await stream.send(json.dumps({"op": "subscribe", "id": number, "channel": channel, **subject}))
            while any(len(frames) < 2 for frames in found.values()):
                frame = json.loads(await stream.recv())
                if frame["channel"] in found:
                    found[frame["channel"]].append(frame)
        return found

    words = set(NAMES.findall(PAGE))
    for number, (channel, frames) in enumerate(asyncio.run(heard()).items()):
        ack, snapshot = frames[:2]
        assert (ack["type"], snapshot["type"]) == ("ack", "snapshot")
        assert ack["data"] == {"op": "subscribe", "id": number}
        assert {name: snapshot[name] for name in SUBJECTS[channel]} == SUBJECTS[channel]
        data = snapshot["data"]
        rows = data if isinstance(data, list) else [data]
        assert rows and set().union(*rows) <= words, channel
