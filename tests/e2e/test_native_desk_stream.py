"""The stream of the market desk, and orders that go when their connection does."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from tests.e2e.server import Broker
from tests.e2e.test_native_stream import hear, run, say, stream

FAR = {"instrument": "BTC-USD", "side": "buy", "type": "limit", "quantity": "0.0100", "price": "1000.00"}
WAIT_S = 0.05
TRIES = 200


async def closed(client: httpx.AsyncClient, order: str) -> dict[str, Any]:
    """The order, once it is no longer open."""
    for _ in range(TRIES):
        row: dict[str, Any] = (await client.get(f"/v1/orders/{order}")).raise_for_status().json()
        if row["status"] != "open":
            return row
        await asyncio.sleep(WAIT_S)
    raise AssertionError(f"{order} stayed open")


def caller(broker: Broker, role: str = "client") -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=broker.url, headers=broker.headers(role), timeout=30)


def test_trading_states_come_whole_first_and_then_what_changed(broker: Broker) -> None:
    async def work() -> None:
        async with stream(broker, "operator") as desk, stream(broker) as client, caller(broker, "operator") as operator:
            for connection in (desk, client):
                await say(connection, op="subscribe", id=1, channel="sessions")
            first = await hear(desk, "sessions", "snapshot")
            theirs = await hear(client, "sessions", "snapshot")
            assert (first["desk"], first["data"]["kills"]) == (True, [])
            assert "desk" not in theirs
            assert theirs["data"].keys() == {"markets", "makers"}, "kills are the house's to know"
            markets = {row["instrument"]: row for row in first["data"]["markets"]}
            assert markets["BTC-USD"]["state"] == "continuous"
            await operator.post("/v1/operator/halt", json={"instrument": "BTC-USD"})
            for connection in (desk, client):
                change = await hear(connection, "sessions", "delta")
                assert change["data"] == {"markets": [markets["BTC-USD"] | {"halted": True}]}
            await operator.post("/v1/operator/resume", json={"instrument": "BTC-USD"})
            assert (await hear(desk, "sessions", "delta"))["data"] == {"markets": [markets["BTC-USD"]]}

    run(work)


def test_a_rule_that_is_set_reaches_the_desk(broker: Broker) -> None:
    async def work() -> None:
        async with stream(broker) as client, caller(broker, "operator") as operator:
            await say(client, op="subscribe", channel="sessions")
            await hear(client, "sessions", "snapshot")
            rule = {"instrument": "BTC-USD", "rule": "dynamic_band_bps", "value": 900}
            (await operator.post("/v1/operator/set_rule", json=rule)).raise_for_status()
            changed = (await hear(client, "sessions", "delta"))["data"]["markets"]
            assert [row["rules"] for row in changed] == [{"dynamic_band_bps": 900}]

    run(work)


def test_orders_of_a_session_go_when_its_connection_ends_and_no_others(broker: Broker) -> None:
    async def work() -> None:
        async with caller(broker) as client:
            async with stream(broker) as connection:
                await say(connection, op="cancel_on_disconnect", id=3, session=41)
                ack = await hear(connection, kind="ack")
                account = broker.keys()["account"]
                expected = {"op": "cancel_on_disconnect", "id": 3, "account": account, "session": 41}
                assert ack["data"] == expected
                placed = [(await client.post("/v1/orders", json=FAR | {"session": at})).json() for at in (41, 42, 0)]
                mine, other, none = (row["id"] for row in placed)
            gone = await closed(client, mine)
            assert (gone["status"], gone["reason"]) == ("cancelled", "session")
            for order in (other, none):
                assert (await client.delete(f"/v1/orders/{order}")).json()["reason"] == "user"
        async with caller(broker, "operator") as operator:
            sequence = int(gone["record"].removeprefix("rec-"))
            page = (await operator.get("/v1/journal", params={"start": sequence, "limit": 1})).json()["data"][0]
            assert (page["kind"], page["command"]["session"], page["origin"]["gateway"]) == ("CancelAll", 41, 2)

    run(work)


def test_a_connection_that_is_cut_counts_as_ended(broker: Broker) -> None:
    async def work() -> None:
        async with caller(broker) as client:
            async with stream(broker) as connection:
                await say(connection, op="cancel_on_disconnect", session=43)
                await hear(connection, kind="ack")
                order = (await client.post("/v1/orders", json=FAR | {"session": 43})).json()["id"]
                connection.transport.abort()
            assert (await closed(client, order))["reason"] == "session"

    run(work)


def test_a_session_is_watched_for_by_who_may_trade_for_it(broker: Broker) -> None:
    async def work() -> None:
        async with stream(broker) as connection:
            for message, reason in (
                ({}, "malformed_request"),
                ({"session": 0}, "malformed_request"),
                ({"session": 2**32}, "malformed_request"),
                ({"session": 1, "account": "acc-16"}, "forbidden"),
            ):
                await say(connection, op="cancel_on_disconnect", id=1, **message)
                assert (await hear(connection, kind="error"))["data"]["reason"] == reason
            for session in range(1, 18):
                await say(connection, op="cancel_on_disconnect", session=session)
            refused = (await hear(connection, kind="error"))["data"]
            assert (refused["reason"], refused["limit"]) == ("rate_limited", "16")
        async with stream(broker, "auditor") as auditor:
            await say(auditor, op="cancel_on_disconnect", session=1, account=broker.keys()["account"])
            assert (await hear(auditor, kind="error"))["data"]["reason"] == "forbidden"

    run(work)


def test_orders_of_a_session_go_when_the_server_stops(tmp_path: Any) -> None:
    broker = Broker(tmp_path / "data")

    async def work() -> str:
        async with caller(broker) as client, stream(broker) as connection:
            await say(connection, op="cancel_on_disconnect", session=5)
            await hear(connection, kind="ack")
            order: str = (await client.post("/v1/orders", json=FAR | {"session": 5})).json()["id"]
            assert await asyncio.to_thread(broker.stop) == 0
            return order

    order = asyncio.run(work())
    again = Broker(tmp_path / "data")
    try:
        with again.client() as client:
            row = client.get(f"/v1/orders/{order}").raise_for_status().json()
            assert (row["status"], row["reason"]) == ("cancelled", "session")
    finally:
        assert again.stop() == 0
