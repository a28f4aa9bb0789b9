"""The kill switch and the dead-man timer over the native API: one operator kills, two re-arm."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker
from tests.e2e.test_native_stream import hear, run, say, stream

FAR = {"instrument": "BTC-USD", "side": "buy", "type": "limit", "quantity": "0.0100", "price": "1000.00"}


@pytest.fixture(scope="module")
def operator(broker: Broker) -> Iterator[httpx.Client]:
    with broker.client("operator") as client:
        yield client


@pytest.fixture(scope="module")
def second(broker: Broker, operator: httpx.Client) -> Iterator[httpx.Client]:
    """Another operator."""
    key = (
        operator.post("/v1/operator/create_key", json={"user": "second", "role": "operator"}).raise_for_status().json()
    )
    headers = {"Isthmus-Key": key["key_id"], "Isthmus-Secret": key["secret"]}
    with httpx.Client(base_url=broker.url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def demo(broker: Broker) -> Iterator[httpx.Client]:
    with broker.client() as client:
        yield client


def kills(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/operator/kills").raise_for_status().json()
    return found


def done(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    client.post(path, json=body).raise_for_status()


def refused(answer: httpx.Response, status: int, reason: str) -> None:
    assert (answer.status_code, answer.json()["reason"]) == (status, reason), answer.text


def test_a_kill_purges_refuses_and_is_ended_by_two_operators(
    broker: Broker, demo: httpx.Client, operator: httpx.Client, second: httpx.Client
) -> None:
    account = broker.keys()["account"]
    orders = [demo.post("/v1/orders", json=FAR).raise_for_status().json() for _ in range(3)]
    held = float(demo.get("/v1/balances").json()[0]["held"])
    target = {"scope": "account", "of": account}
    made = operator.post("/v1/operator/kill", json=target).raise_for_status().json()
    assert [effect["kind"] for effect in made["effects"]] == ["Killed", "Purged", "Released"]

    kill = kills(operator)[0]
    content = b"".join(struct.pack("<Qq", int(order["id"].removeprefix("ord-")), 100) for order in orders)
    assert (kill["scope"], kill["of"], kill["orders"]) == ("account", account, 3)
    assert kill["digest"] == hashlib.sha256(content).hexdigest()
    assert (kill["user_name"], kill["agreed"], kill["record"]) == ("operator", None, made["record"])
    assert [row["asset"] for row in kill["released"]] == ["USD"]
    assert float(kill["released"][0]["amount"]) == pytest.approx(held)
    assert float(demo.get("/v1/balances").json()[0]["held"]) == 0
    for order in orders:
        row = demo.get(f"/v1/orders/{order['id']}").json()
        assert (row["status"], row["reason"], row["record"]) == ("cancelled", "kill", made["record"])
        life = demo.get(f"/v1/orders/{order['id']}/history").json()["data"]
        assert [(event["event"], event["reason"]) for event in life] == [("accepted", None), ("cancelled", "kill")]

    refused(demo.post("/v1/orders", json=FAR), 422, "killed")
    refused(demo.post("/v1/operator/rearm", json=target), 403, "forbidden")
    operator.post("/v1/operator/rearm", json=target).raise_for_status()
    assert kills(operator)[0]["agreed_name"] == "operator"
    refused(operator.post("/v1/operator/rearm", json=target), 422, "same_operator")
    refused(demo.post("/v1/orders", json=FAR), 422, "killed")
    second.post("/v1/operator/rearm", json=target).raise_for_status()
    assert kills(operator) == []
    refused(second.post("/v1/operator/rearm", json=target), 422, "not_killed")
    again = demo.post("/v1/orders", json=FAR).raise_for_status().json()
    demo.delete(f"/v1/orders/{again['id']}").raise_for_status()


def test_a_killed_market_takes_cancels_and_its_state_says_so(
    demo: httpx.Client, operator: httpx.Client, second: httpx.Client
) -> None:
    other = demo.post("/v1/orders", json=FAR).raise_for_status().json()
    target = {"scope": "instrument", "of": "ACME"}
    operator.post("/v1/operator/kill", json=target).raise_for_status()
    rows = {row["instrument"]: row["killed"] for row in demo.get("/v1/sessions").json()}
    assert [symbol for symbol, killed in rows.items() if killed] == ["ACME"]
    assert demo.delete(f"/v1/orders/{other['id']}").raise_for_status().json()["status"] == "cancelled"
    for client in (operator, second):
        client.post("/v1/operator/rearm", json=target).raise_for_status()
    assert not any(row["killed"] for row in demo.get("/v1/sessions").json())


@pytest.mark.parametrize(
    ("target", "status", "reason"),
    [
        ({"scope": "everybody"}, 400, "malformed_request"),
        ({"scope": "everything", "of": "acc-16"}, 400, "unknown_scope"),
        ({"scope": "account"}, 400, "unknown_scope"),
        ({"scope": "account", "of": "acc-4000000"}, 422, "unknown_account"),
        ({"scope": "instrument", "of": "NONE"}, 422, "unknown_instrument"),
        ({"scope": "group", "of": -1}, 400, "malformed_request"),
        ({"scope": "group", "of": 0}, 422, "unknown_scope"),
        ({"scope": "venue", "of": "nowhere"}, 400, "unknown_scope"),
    ],
)
def test_a_kill_of_nothing_is_refused_by_name(
    operator: httpx.Client, target: dict[str, Any], status: int, reason: str
) -> None:
    refused(operator.post("/v1/operator/kill", json=target), status, reason)
    assert kills(operator) == []


def test_the_desk_hears_of_a_kill_and_clients_of_the_markets_it_closes(
    broker: Broker, operator: httpx.Client, second: httpx.Client
) -> None:
    async def work() -> None:
        async with stream(broker, "operator") as desk, stream(broker) as client:
            for connection in (desk, client):
                await say(connection, op="subscribe", channel="sessions")
                await hear(connection, "sessions", "snapshot")
            target = {"scope": "instrument", "of": "EUR-USD"}
            await asyncio.to_thread(done, operator, "/v1/operator/kill", target)
            told = (await hear(desk, "sessions", "delta"))["data"]
            assert [row["instrument"] for row in told["markets"]] == ["EUR-USD"]
            assert [(row["scope"], row["of"]) for row in told["kills"]] == [("instrument", "EUR-USD")]
            theirs = (await hear(client, "sessions", "delta"))["data"]
            assert theirs["markets"] == told["markets"]
            assert "kills" not in theirs
            await asyncio.to_thread(done, operator, "/v1/operator/rearm", target)
            agreed = (await hear(desk, "sessions", "delta"))["data"]
            assert ([row["agreed_name"] for row in agreed["kills"]], "markets" in agreed) == (["operator"], False)
            await asyncio.to_thread(done, second, "/v1/operator/rearm", target)
            assert (await hear(desk, "sessions", "delta"))["data"]["kills"] == []

    run(work)


def test_a_dead_man_timer_takes_the_orders_of_its_session_when_nothing_is_heard(demo: httpx.Client) -> None:
    watched = demo.post("/v1/orders", json=FAR | {"session": 9}).raise_for_status().json()
    other = demo.post("/v1/orders", json=FAR).raise_for_status().json()
    demo.post("/v1/dead-man", json={"timeout_ms": 300, "session": 9}).raise_for_status()
    deadline = time.monotonic() + 20
    while (row := demo.get(f"/v1/orders/{watched['id']}").json())["status"] == "open":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (row["status"], row["reason"]) == ("cancelled", "dead_man")
    life = demo.get(f"/v1/orders/{watched['id']}/history").json()["data"]
    assert [(event["event"], event["reason"]) for event in life] == [("accepted", None), ("cancelled", "dead_man")]
    assert demo.delete(f"/v1/orders/{other['id']}").json()["reason"] == "user"
    refused(demo.post("/v1/dead-man", json={"timeout_ms": 86_400_001}), 422, "bad_timeout")
