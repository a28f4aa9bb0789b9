"""The native stream on a running server: numbers without gaps, resuming, and clients that do not behave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]
FRAMES_MAX = 2_000


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work()

    asyncio.run(bounded())


@asynccontextmanager
async def stream(broker: Broker, role: str = "client") -> AsyncIterator[ClientConnection]:
    key = broker.keys()[role]
    async with connect(broker.stream_url) as socket_:
        await say(socket_, op="auth", key=key["key_id"], secret=key["secret"])
        assert (await hear(socket_))["data"]["role"] == role
        yield socket_


async def say(connection: ClientConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))


async def hear(connection: ClientConnection, channel: str | None = None, kind: str | None = None) -> Frame:
    """The next frame of this channel and type."""
    for _ in range(FRAMES_MAX):
        frame: Frame = json.loads(await connection.recv())
        if channel in (None, frame["channel"]) and kind in (None, frame["type"]):
            return frame
    raise AssertionError(f"no {kind} of {channel} came")


async def hear_for_ever(connection: ClientConnection) -> None:
    while True:
        await connection.recv()


def applied(levels: dict[str, str], changes: list[list[Any]]) -> None:
    for price, quantity, _ in changes:
        if float(quantity) == 0:
            levels.pop(price, None)
        else:
            levels[price] = quantity


def test_a_book_is_its_snapshot_and_deltas_numbered_without_gaps(broker: Broker) -> None:
    async def work() -> None:
        async with stream(broker) as connection:
            await say(connection, op="subscribe", id=1, channel="book", instrument="BTC-USD", depth=10)
            ack = await hear(connection)
            assert (ack["type"], ack["data"]) == ("ack", {"op": "subscribe", "id": 1})
            snapshot = await hear(connection)
            assert (snapshot["type"], snapshot["seq"]) == ("snapshot", ack["seq"])
            sides = {side: {row[0]: row[1] for row in snapshot["data"][side]} for side in ("bids", "asks")}
            for expected in range(snapshot["seq"] + 1, snapshot["seq"] + 20):
                delta = await hear(connection, "book", "delta")
                assert delta["seq"] == expected
                for side, levels in sides.items():
                    applied(levels, delta["data"][side])
                assert all(len(levels) <= 10 for levels in sides.values())
                assert max(map(float, sides["bids"])) < min(map(float, sides["asks"]))

    run(work)


def test_who_comes_back_gets_what_he_missed(broker: Broker) -> None:
    async def work() -> None:
        async with stream(broker, "operator") as connection:
            await say(connection, op="subscribe", channel="journal")
            last = (await hear(connection, "journal", "delta"))["seq"]
        await asyncio.sleep(1)
        async with stream(broker, "operator") as connection:
            await say(connection, op="subscribe", channel="journal", since=last)
            first = await hear(connection, "journal", "delta")
            assert first["seq"] == last + 1
            second = await hear(connection, "journal", "delta")
            assert second["data"]["prev"] == first["data"]["hash"]
            await say(connection, op="unsubscribe", channel="journal")
            await say(connection, op="subscribe", channel="journal", since=1)
            assert (await hear(connection, "journal", "snapshot"))["seq"] > last

    run(work)


def test_an_own_order_and_its_fill_and_money_arrive(broker: Broker) -> None:
    async def work() -> None:
        async with stream(broker) as connection:
            for channel in ("orders", "fills", "balances", "positions"):
                await say(connection, op="subscribe", channel=channel)
                await hear(connection, channel, "snapshot")
            wanted = {"instrument": "BTC-USD", "side": "buy", "type": "market", "quantity": "0.01"}
            async with httpx.AsyncClient(base_url=broker.url, headers=broker.headers()) as client:
                order = (await client.post("/v1/orders", json=wanted)).raise_for_status().json()
            seen: dict[str, Any] = {}
            while len(seen) < 4:
                frame = await hear(connection, kind="delta")
                seen.setdefault(frame["channel"], frame["data"])
            assert (seen["orders"]["id"], seen["orders"]["status"]) == (order["id"], "filled")
            assert seen["fills"]["order"] == order["id"]
            assert 0 < float(seen["fills"]["quantity"]) <= 0.01
            assert {row["asset"] for row in seen["balances"]} == {"USD", "BTC"}
            assert seen["positions"][0]["instrument"] == "BTC-USD"

    run(work)


def test_a_client_may_not_listen_to_others_or_to_the_journal(broker: Broker) -> None:
    async def work() -> None:
        async with stream(broker) as connection:
            for channel, account, reason in (
                ("journal", None, "forbidden"),
                ("orders", "acc-16", "forbidden"),
                ("nothing", None, "malformed_request"),
            ):
                await say(connection, op="subscribe", id=7, channel=channel, account=account)
                refused = await hear(connection, kind="error")
                assert (refused["data"]["id"], refused["data"]["reason"]) == (7, reason)
            await connection.send("{")
            assert (await hear(connection, kind="error"))["data"]["reason"] == "malformed_request"
            await say(connection, op="ping", id=9)
            assert (await hear(connection, kind="ack"))["data"] == {"op": "ping", "id": 9}

    run(work)


def test_heartbeats_carry_the_last_number(broker: Broker) -> None:
    async def work() -> None:
        async with stream(broker) as connection:
            await say(connection, op="subscribe", channel="fills")
            snapshot = await hear(connection, "fills", "snapshot")
            assert (await hear(connection, "fills", "heartbeat"))["seq"] >= snapshot["seq"]

    run(work)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('{"op":"ping"}', "the first message is auth"),
        ('{"op":"auth","key":"x","secret":"y"}', "the key or its secret is wrong"),
        (None, "no auth within 1 s"),
    ],
)
def test_who_does_not_say_who_he_is_is_closed(impatient: Broker, message: str | None, words: str) -> None:
    async def work() -> None:
        async with connect(impatient.stream_url) as connection:
            if message is not None:
                await connection.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, words)

    run(work)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server with small bounds."""
    limits = "[limits]\nrate_per_s = 100000\nrate_burst = 100000\n[limits.stream]\n"
    bounds = "auth_s = 1\nunsent_bytes = 65536\nunsent_s = 1\nheartbeat_s = 60\n"
    running = Broker(tmp_path_factory.mktemp("impatient") / "data", settings=limits + bounds)
    yield running
    assert running.stop() == 0


def test_a_client_that_never_reads_is_closed_with_a_reason_and_others_go_on(impatient: Broker) -> None:
    async def work() -> None:
        key = impatient.keys()["operator"]
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", int(impatient.url.rsplit(":", 1)[1])))
        deaf.setblocking(False)
        async with connect(impatient.stream_url, sock=deaf, max_queue=1, ping_interval=None) as connection:
            await say(connection, op="auth", key=key["key_id"], secret=key["secret"])
            connection.transport.pause_reading()
            async with stream(impatient) as other:
                for _ in range(30_000):
                    await say(connection, op="subscribe", channel="journal")
                    if connection.transport.get_write_buffer_size() > 0:
                        break
                await asyncio.sleep(3)
                await say(other, op="ping", id=1)
                assert (await hear(other, kind="ack"))["data"]["id"] == 1
            connection.transport.resume_reading()
            with pytest.raises(ConnectionClosed) as closed:
                await hear_for_ever(connection)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4008
            assert "unsent" in closed.value.rcvd.reason or "read" in closed.value.rcvd.reason
        async with httpx.AsyncClient(base_url=impatient.url, headers=impatient.headers()) as client:
            (await client.get("/v1/session")).raise_for_status()

    run(work)


def test_a_head_without_end_is_refused_and_cut(broker: Broker) -> None:
    with socket.create_connection(("127.0.0.1", int(broker.url.rsplit(":", 1)[1])), timeout=20) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
        answer = b""
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                endless.sendall(b"x" * 1_024)
            answer = endless.recv(4096)
        assert answer == b"" or b" 400 " in answer
        assert endless_is_cut(endless)


def endless_is_cut(connection: socket.socket) -> bool:
    """The rest of the answer may come in parts; then the end must come."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def test_a_slow_body_ends_in_a_named_refusal(broker: Broker) -> None:
    with socket.create_connection(("127.0.0.1", int(broker.url.rsplit(":", 1)[1])), timeout=20) as slow:
        slow.sendall(b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert b" 408 " in slow.recv(4096)
