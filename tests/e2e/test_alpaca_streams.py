"""The streams of unmodified alpaca-py on a running server, and clients of them that do not behave."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import msgpack
import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.live import CryptoDataStream, StockDataStream
from alpaca.trading.client import TradingClient
from alpaca.trading.models import TradeUpdate
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest, ReplaceOrderRequest
from alpaca.trading.stream import TradingStream
from tests.e2e.server import GENEROUS, Broker
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

WAIT_S = 20
PERPETUAL = "BTC-USD-PERP"


class Heard:
    """What handlers were given, from another thread."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    async def take(self, said: Any) -> None:
        self.all.append(said)

    def wait(self, enough: Callable[[list[Any]], bool]) -> list[Any]:
        """What was heard when it is enough."""
        end = time.monotonic() + WAIT_S
        while not enough(self.all):
            assert time.monotonic() < end, f"only heard {self.all[-20:]}"
            time.sleep(0.02)
        return list(self.all)


class Streams:
    """The three streams of the library, each in its thread."""

    def __init__(self, broker: Broker) -> None:
        key = broker.keys()["client"]
        secrets = (key["key_id"], key["secret"])
        base = broker.ready["alpaca"].replace("http://", "ws://")
        self.updates, self.shares, self.others = Heard(), Heard(), Heard()
        self.orders = TradingStream(*secrets, url_override=f"{base}/stream")
        self.stocks = StockDataStream(*secrets, url_override=f"{base}/v2/iex")
        self.crypto = CryptoDataStream(*secrets, url_override=f"{base}/v1beta3/crypto/us")
        self.orders.subscribe_trade_updates(self.updates.take)
        self.stocks.subscribe_quotes(self.shares.take, "ACME")
        self.stocks.subscribe_trades(self.shares.take, "*")
        self.crypto.subscribe_quotes(self.others.take, "BTC/USD", "EUR/USD")
        self.crypto.subscribe_trades(self.others.take, PERPETUAL)
        self.crypto.subscribe_orderbooks(self.others.take, "BTC/USD")
        self._threads = [
            threading.Thread(target=stream.run, daemon=True) for stream in (self.orders, self.stocks, self.crypto)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        for stream in (self.orders, self.stocks, self.crypto):
            stream.stop()
        for thread in self._threads:
            thread.join(WAIT_S)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def client(broker: Broker) -> TradingClient:
    key = broker.keys()["client"]
    return TradingClient(key["key_id"], key["secret"], url_override=broker.ready["alpaca"])


@pytest.fixture(scope="module")
def streams(broker: Broker, client: TradingClient) -> Iterator[Streams]:
    made = Streams(broker)
    for heard in (made.shares, made.others):
        heard.wait(lambda said: bool(said))
    while not made.updates.all:
        client.cancel_order_by_id(client.submit_order(resting()).id)
        time.sleep(0.1)
    time.sleep(0.3)
    yield made
    made.stop()


def resting(**more: Any) -> LimitOrderRequest:
    fields = {"symbol": "ACME", "qty": 3, "side": "buy", "time_in_force": "day", "limit_price": 400.25}
    return LimitOrderRequest(**fields | more)


def test_trade_updates_tell_an_orders_life_in_order(streams: Streams, client: TradingClient) -> None:
    streams.updates.all.clear()
    first = client.submit_order(resting())
    second = client.replace_order_by_id(first.id, ReplaceOrderRequest(qty=2, limit_price=401))
    client.cancel_order_by_id(second.id)
    bought = client.submit_order(MarketOrderRequest(symbol="ACME", qty=1, side="buy", time_in_force="gtc"))
    events: list[TradeUpdate] = streams.updates.wait(lambda said: len(said) >= 5)
    assert [event.event for event in events] == ["new", "replaced", "canceled", "new", "fill"]
    assert [event.order.id for event in events] == [first.id, first.id, second.id, bought.id, bought.id]
    assert events[1].order.replaced_by == second.id
    assert [event.order.status.value for event in events] == ["new", "replaced", "canceled", "new", "filled"]
    fill = events[4]
    assert (float(fill.qty), float(fill.order.filled_qty)) == (1, 1)
    assert float(fill.price) == float(fill.order.filled_avg_price)
    assert fill.position_qty == float(client.get_open_position("ACME").qty)
    assert all(before.timestamp <= after.timestamp for before, after in zip(events, events[1:], strict=False))


def test_a_large_market_order_is_told_fill_by_fill(streams: Streams, client: TradingClient) -> None:
    streams.updates.all.clear()
    order = client.submit_order(MarketOrderRequest(symbol="BTC/USD", qty=4, side="buy", time_in_force="ioc"))
    events = streams.updates.wait(lambda said: bool(said) and said[-1].order.status.value in ("filled", "canceled"))
    fills = [event for event in events if event.execution_id is not None]
    assert events[0].event == "new"
    assert float(fills[-1].order.filled_qty) == pytest.approx(sum(event.qty for event in fills))
    assert [event.event for event in fills[:-1]] == ["partial_fill"] * (len(fills) - 1)
    assert len({event.execution_id for event in fills}) == len(fills)
    standing = client.get_order_by_id(order.id)
    assert events[-1].order.filled_avg_price == standing.filled_avg_price


def test_a_refusal_and_an_ioc_that_finds_nobody_are_told(streams: Streams, client: TradingClient) -> None:
    streams.updates.all.clear()
    client.submit_order(resting(time_in_force="ioc"))
    with pytest.raises(APIError):
        client.submit_order(resting(qty=10**7))
    events = streams.updates.wait(lambda said: len(said) >= 3)
    assert [event.event for event in events] == ["new", "canceled", "rejected"]


def test_market_data_comes_as_the_protocol_says(streams: Streams, client: TradingClient) -> None:
    client.submit_order(MarketOrderRequest(symbol="ACME", qty=1, side="sell", time_in_force="day"))
    client.submit_order(MarketOrderRequest(symbol=PERPETUAL, qty=0.01, side="buy", time_in_force="day"))

    def kinds(said: list[Any]) -> set[tuple[str, str]]:
        return {(type(one).__name__, one.symbol) for one in said}

    shares = streams.shares.wait(lambda said: {("Quote", "ACME"), ("Trade", "ACME")} <= kinds(said))
    assert all(quote.bid_price < quote.ask_price for quote in shares if type(quote).__name__ == "Quote")
    expected = {("Quote", "BTC/USD"), ("Trade", PERPETUAL), ("Orderbook", "BTC/USD")}
    others = streams.others.wait(lambda said: expected <= kinds(said))
    assert kinds(others) <= expected | {("Quote", "EUR/USD")}
    books = [said for said in others if type(said).__name__ == "Orderbook"]
    assert (books[0].reset, {book.reset for book in books[1:]} <= {False}) == (True, True)


# Below: other clients than the library.


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(WAIT_S):
            await work()

    asyncio.run(bounded())


def data(broker: Broker, path: str = "/v2/iex", **options: Any) -> Any:
    return connect(broker.ready["alpaca"].replace("http://", "ws://") + path, **options)


def key_of(broker: Broker) -> dict[str, str]:
    key = broker.keys()["client"]
    return {"key": key["key_id"], "secret": key["secret"]}


async def say(connection: ClientConnection, **message: Any) -> Any:
    """The answer."""
    await connection.send(json.dumps(message))
    return json.loads(await connection.recv())


async def closed(connection: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            await connection.recv()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


def test_a_data_stream_speaks_json_to_who_speaks_json(broker: Broker) -> None:
    async def work() -> None:
        async with data(broker) as connection:
            assert json.loads(await connection.recv()) == [{"T": "success", "msg": "connected"}]
            assert (await say(connection, action="subscribe", quotes=["ACME"]))[0]["code"] == 401
            assert (await say(connection, action="auth", **key_of(broker)))[0]["msg"] == "authenticated"
            assert (await say(connection, action="auth", **key_of(broker)))[0]["code"] == 403
            assert (await say(connection, action="sing"))[0]["code"] == 400
            assert (await say(connection, action="subscribe", quotes="ACME"))[0]["code"] == 400
            answer = await say(connection, action="subscribe", bars=["ACME", "NOPE", "BTC/USD"], trades=["*"])
            assert answer[0]["code"] == 400 and "BTC/USD, NOPE" in answer[0]["msg"]
            listed = json.loads(await connection.recv())[0]
            assert (listed["T"], listed["bars"], listed["trades"]) == ("subscription", ["ACME"], ["*"])
            await connection.send(json.dumps({"action": "unsubscribe", "trades": ["*"]}))
            while (listed := json.loads(await connection.recv())[0])["T"] != "subscription":
                pass
            assert (listed["bars"], listed["trades"]) == (["ACME"], [])
            many = await say(connection, action="subscribe", bars=["ACME"] * 300)
            assert many[0]["code"] == 405
            await connection.send(b"\xc1")
            assert json.loads(await connection.recv())[0]["code"] == 400

    run(work)


def test_several_connections_of_one_key_get_the_same(broker: Broker) -> None:
    async def first_quote(packed: bool) -> dict[str, Any]:
        headers = {"Content-Type": "application/msgpack"} if packed else {}
        unpack = msgpack.unpackb if packed else json.loads
        async with data(broker, "/v1beta3/crypto/us", additional_headers=headers) as connection:
            await connection.recv()
            pack = msgpack.packb if packed else json.dumps
            await connection.send(pack({"action": "auth", **key_of(broker)}))
            await connection.recv()
            await connection.send(pack({"action": "subscribe", "quotes": ["BTC/USD"]}))
            while (said := unpack(await connection.recv())[0])["T"] != "q":
                pass
            found: dict[str, Any] = said
            return found

    async def work() -> None:
        answers = await asyncio.gather(*(first_quote(packed) for packed in (True, False, True)))
        assert {answer["S"] for answer in answers} == {"BTC/USD"}
        assert isinstance(answers[0]["t"], msgpack.Timestamp)
        assert answers[1]["t"].endswith("Z")
        assert all(answer["bp"] < answer["ap"] for answer in answers)

    run(work)


@pytest.mark.parametrize("path", ["/v2/iex", "/v1beta3/crypto/us"])
def test_a_wrong_secret_on_a_data_stream_is_told_and_closed(broker: Broker, path: str) -> None:
    async def work() -> None:
        async with data(broker, path) as connection:
            await connection.recv()
            answer = await say(connection, action="auth", key=key_of(broker)["key"], secret="wrong")
            assert (answer[0]["code"], answer[0]["msg"]) == (402, "auth failed")
            assert (await closed(connection))[1] == "auth failed"

    run(work)


def test_the_order_stream_answers_as_it_is_spoken_to(broker: Broker) -> None:
    async def work() -> None:
        key = key_of(broker)
        async with data(broker, "/stream") as connection:
            who = {"key_id": key["key"], "secret_key": key["secret"]}
            await connection.send(json.dumps({"action": "authenticate", "data": who}).encode())
            answer = await connection.recv()
            assert isinstance(answer, bytes)
            assert json.loads(answer)["data"]["status"] == "authorized"
            listening = await say(connection, action="listen", data={"streams": ["trade_updates", "weather"]})
            assert listening == {"stream": "listening", "data": {"streams": ["trade_updates"]}}
            assert (await say(connection, action="dance"))["stream"] == "error"
        async with data(broker, "/stream") as connection:
            refused = await say(connection, action="auth", key=key["key"], secret="wrong")
            assert refused["data"]["status"] == "unauthorized"
            assert (await closed(connection))[0] == 4001

    run(work)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A server with small bounds."""
    bounds = "auth_s = 1\nunsent_bytes = 65536\nunsent_s = 1\n"
    running = Broker(tmp_path_factory.mktemp("impatient") / "data", settings=f"{GENEROUS}[limits.stream]\n{bounds}")
    yield running
    assert running.stop() == 0


def test_who_says_nothing_or_too_much_is_closed_with_a_reason(impatient: Broker) -> None:
    async def work() -> None:
        ways = (data(impatient, path) for path in ("/v2/iex", "/stream", "/stream", "/nowhere"))
        async with next(ways) as silent, next(ways) as mute, next(ways) as loud, next(ways) as lost:
            await loud.send("x" * 20_000)
            assert "at most" in (await closed(loud))[1]
            assert (await closed(lost)) == (4004, "no stream at this path")
            await silent.recv()
            assert json.loads(await silent.recv())[0]["code"] == 404
            assert (await closed(silent))[1] == "auth timeout"
            assert "not authenticated" in (await closed(mute))[1]

    run(work)


def test_a_client_that_never_reads_is_closed_with_a_reason_and_others_go_on(impatient: Broker) -> None:
    async def work() -> None:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", int(impatient.url.rsplit(":", 1)[1])))
        deaf.setblocking(False)
        crypto = "/v1beta3/crypto/us"
        async with data(impatient, crypto, sock=deaf, max_queue=1, ping_interval=None) as connection:
            await connection.recv()
            await say(connection, action="auth", **key_of(impatient))
            connection.transport.pause_reading()
            for number in range(30_000):
                action = "unsubscribe" if number % 2 else "subscribe"
                await connection.send(json.dumps({"action": action, "orderbooks": ["BTC/USD"]}))
                if connection.transport.get_write_buffer_size() > 0:
                    break
            async with data(impatient) as other:
                await other.recv()
                assert (await say(other, action="auth", **key_of(impatient)))[0]["msg"] == "authenticated"
            await asyncio.sleep(2)
            connection.transport.resume_reading()
            code, reason = await closed(connection)
            assert code == 4008
            assert "unsent" in reason or "read" in reason

    run(work)
