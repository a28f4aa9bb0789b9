"""Orders at a Binance Futures of our own, and what the engine books of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.venues.binance_exchange import KEY, SECRET, SYMBOL, Exchange
from tests.unit.venues.recordings import PlainDesk

from isthmus.kernel.messages import (
    BUY,
    CANCEL_REASONS,
    FOK,
    GTC,
    IOC,
    LIMIT,
    MARKET,
    POST_ONLY,
    SELL,
    CancelOrder,
    Mark,
    ReplaceOrder,
)
from isthmus.venues.live.binance import BinanceDesk
from isthmus.venues.live.link import Reply
from isthmus.venues.live.market import LiveMarkets
from isthmus.venues.live.orders import OrdersAtVenue
from isthmus.venues.live.terms import MarketTerms, VenueTerms
from isthmus.venues.wires.orders import VenueCall
from isthmus.venues.wires.signing import signed_query

MS, SECOND = 1_000_000, 1_000_000_000
START = 1_700_000_000 * SECOND
TERMS = VenueTerms(
    wire="binance-futures",
    rest="http://127.0.0.1",
    keys="keys",
    markets={
        "BTCUSDT-PERP": MarketTerms(
            symbol=SYMBOL, kind="linear_perpetual", base="BTC", quote="USDT", tick="0.10", lot="0.001", mark="30000"
        )
    },
)


class Wire:
    """A link without a socket. What is on it waits until it is delivered; requests or answers can be lost."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.waiting: list[tuple[VenueCall, Callable[[Reply], None]]] = []
        self.lose: list[str] = []
        """Of the next calls: "request", "answer", "server" (500 after doing it), "connection", "limit" or ""."""
        self.clock_ms = 0
        self.mutate: Callable[[bytes], bytes] = bytes

    def send(self, call: VenueCall, then: Callable[[Reply], None]) -> None:
        self.waiting.append((call, then))

    def deliver(self) -> None:
        """Everything that is on the wire, and what that sets off."""
        for _ in range(1_000):
            if not self.waiting:
                return
            call, then = self.waiting.pop(0)
            then(self._reply(call, self.lose.pop(0) if self.lose else ""))
        raise AssertionError("requests without end")

    def _reply(self, call: VenueCall, fault: str) -> Reply:
        if fault == "connection":
            return Reply("not_sent", why="connection refused")
        if fault == "request":
            return Reply("unknown", why="timed out")
        if fault == "limit":
            return Reply("answered", 429, b'{"code":-1003,"msg":"Too many requests"}')
        query = signed_query(call.params, SECRET, self.exchange.now + self.clock_ms, 5_000)
        status, answer = self.exchange.request(call.method, call.path, query, KEY)
        if status == 400 and answer["code"] == -1021:
            self.clock_ms = self.exchange.skew_ms
        if fault == "answer":
            return Reply("unknown", why="timed out")
        if fault == "server":
            return Reply("answered", 503, b'{"code":-1000,"msg":"An unknown error occured"}')
        return Reply("answered", status, self.mutate(msgspec.json.encode(answer)))


class Floor:
    """An engine with one live venue."""

    def __init__(self, desk: PlainDesk | None = None, exchange: Exchange | None = None) -> None:
        self.exchange = exchange or Exchange()
        self.wire = Wire(self.exchange)
        self.desk = desk or PlainDesk()
        self.desk.time = max(self.desk.time, START)
        self.market = LiveMarkets({"binance-futures": TERMS}, self._made)
        self.market.open(self.desk)  # type: ignore[arg-type]
        self.desk.hear(self.market)
        self.venue = self.market.venues[0]
        assert self.venue.desk is not None
        self.venue.desk.deaf = False
        (self.instrument, self.number) = self.desk.shown[-1]
        if desk is None:
            self.account = self.desk.client()
            self.desk.submit(Mark(instrument=self.instrument, settlement=0, source=self.number, price=300_000))

    def _made(self, name: str, terms: VenueTerms, orders: OrdersAtVenue) -> BinanceDesk:
        return BinanceDesk(orders, self.wire, terms.prefix, terms.receive_window_ms)

    def order(self, side: int = BUY, price: int = 300_001, quantity: int = 500, **more: int) -> int:
        return self.desk.order(
            account=self.account,
            venue=self.number,
            instrument=self.instrument,
            side=side,
            price=price,
            quantity=quantity,
            **more,
        )

    def deliver(self) -> None:
        """The requests, and what the user stream says."""
        self.wire.deliver()
        self.hear()
        self.wire.deliver()

    def hear(self) -> None:
        events, self.exchange.events = self.exchange.events, []
        for event in events:
            self.venue.hear(event, "", self.desk.time)

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.desk.time += SECOND
            self.exchange.now += 1_000
            self.market.step(self.desk.time)
            self.wire.deliver()

    def fills(self) -> list[tuple[int, int, int]]:
        return [(t.maker_order or t.taker_order, t.price, t.quantity) for t in self.desk.effects("Traded")]

    def ended(self) -> list[tuple[int, str]]:
        return [(effect.order, CANCEL_REASONS[effect.reason]) for effect in self.desk.effects("Cancelled")]


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_an_order_reaches_the_exchange_and_its_fill_the_engine(floor: Floor) -> None:
    order = floor.order(tif=GTC)
    floor.deliver()
    method, path, params = floor.exchange.requests[0]
    assert (method, path) == ("POST", "/fapi/v1/order")
    assert {name: params[name] for name in ("symbol", "side", "quantity", "price", "timeInForce")} == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "quantity": "0.500",
        "price": "30000.1",
        "timeInForce": "GTC",
    }
    assert floor.fills() == [(order, 300_001, 500)]
    assert floor.desk.engine.order(order) is None
    assert floor.desk.engine.position(floor.account, floor.instrument)[0] == 500
    assert [effect.order for effect in floor.desk.effects("Acknowledged")] == [order]


def test_a_fill_is_booked_once_however_often_it_is_told(floor: Floor) -> None:
    order = floor.order()
    floor.wire.deliver()
    events = list(floor.exchange.events)
    for _ in range(3):
        floor.exchange.events = list(events)
        floor.hear()
    lite = msgspec.json.decode(events[-1])["o"] | {"e": "TRADE_LITE"}
    floor.venue.hear(msgspec.json.encode(lite), "", floor.desk.time)
    assert floor.fills() == [(order, 300_001, 500)]


def test_a_market_order_goes_as_a_limit_that_is_filled_at_once(floor: Floor) -> None:
    order = floor.order(kind=MARKET, price=0, quantity=20_000)
    floor.deliver()
    params = floor.exchange.requests[0][2]
    assert (params["type"], params["timeInForce"], params["price"]) == ("LIMIT", "IOC", "30900.0")
    assert floor.fills() == [(order, 300_001, 2_000), (order, 300_002, 10_000)]
    assert floor.ended() == [(order, "ioc")]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [({"tif": FOK, "quantity": 3_000}, "fok"), ({"flags": POST_ONLY}, "post_only"), ({"tif": IOC, "price": 10}, "ioc")],
)
def test_what_rests_no_longer_ends_with_its_reason(floor: Floor, terms: dict[str, int], reason: str) -> None:
    order = floor.order(**terms)
    floor.deliver()
    assert (floor.fills(), floor.ended()) == ([], [(order, reason)])


def test_a_refusal_of_the_exchange_ends_the_order(floor: Floor) -> None:
    order = floor.order(quantity=2_000_000)
    floor.deliver()
    assert floor.ended() == [(order, "venue_refused")]


@pytest.mark.parametrize("fault", ["connection", "limit"])
def test_an_order_that_was_surely_not_taken_is_refused_and_not_sent_again(floor: Floor, fault: str) -> None:
    floor.wire.lose = [fault]
    order = floor.order()
    floor.deliver()
    floor.wait(30)
    assert (floor.ended(), floor.exchange.orders) == ([(order, "venue_refused")], {})


@pytest.mark.parametrize("fault", ["answer", "server"])
def test_an_order_whose_answer_was_lost_is_asked_for_and_not_sent_again(floor: Floor, fault: str) -> None:
    floor.wire.lose = [fault]
    order = floor.order()
    floor.wire.deliver()
    floor.exchange.events.clear()
    assert floor.fills() == []
    floor.wait(3)
    assert floor.fills() == [(order, 300_001, 500)]
    assert [request[:2] for request in floor.exchange.requests if request[0] == "POST"] == [("POST", "/fapi/v1/order")]


def test_an_order_that_never_arrived_is_refused_only_when_it_cannot_arrive_any_more(floor: Floor) -> None:
    floor.wire.lose = ["request"]
    order = floor.order()
    floor.wire.deliver()
    floor.wait(5)
    assert floor.ended() == []
    floor.wait(3)
    assert floor.ended() == [(order, "venue_refused")]


def test_a_clock_that_differs_is_set_and_the_order_sent_once_more(floor: Floor) -> None:
    floor.exchange.skew_ms = 60_000
    order = floor.order()
    floor.deliver()
    assert floor.fills() == [(order, 300_001, 500)]


def test_a_resting_order_is_cancelled_with_the_reason_of_who_asked(floor: Floor) -> None:
    order = floor.order(price=299_000)
    floor.deliver()
    floor.desk.submit(CancelOrder(order=order, account=floor.account))
    floor.deliver()
    assert floor.ended() == [(order, "user")]
    assert floor.exchange.orders[f"ist-{order}"].status == "CANCELED"


@pytest.mark.parametrize("fault", ["request", "answer", "connection", "limit", "server"])
def test_a_cancel_comes_through_whatever_is_lost(floor: Floor, fault: str) -> None:
    order = floor.order(price=299_000)
    floor.deliver()
    floor.wire.lose = [fault]
    floor.desk.submit(CancelOrder(order=order, account=floor.account))
    floor.wire.deliver()
    floor.exchange.events.clear()
    floor.wait(4)
    assert floor.ended() == [(order, "user")]


def test_a_cancel_that_crosses_a_fill_books_the_fill(floor: Floor) -> None:
    order = floor.order(price=299_000)
    floor.deliver()
    resting = floor.exchange.orders[f"ist-{order}"]
    floor.exchange.fill(resting, Decimal("29900.0"), Decimal("0.5"))
    floor.exchange.events.clear()
    floor.desk.submit(CancelOrder(order=order, account=floor.account))
    floor.deliver()
    assert (floor.fills(), floor.ended()) == ([(order, 299_000, 500)], [])


def test_an_ending_waits_for_the_fills_that_were_not_told(floor: Floor) -> None:
    order = floor.order(price=299_000)
    floor.deliver()
    floor.exchange.fill(floor.exchange.orders[f"ist-{order}"], Decimal("29900.0"), Decimal("0.2"))
    floor.exchange.events.clear()
    floor.desk.submit(CancelOrder(order=order, account=floor.account))
    floor.deliver()
    assert (floor.fills(), floor.ended()) == ([(order, 299_000, 200)], [(order, "user")])
    names = [type(effect).__name__ for record in floor.desk.records for effect in record.effects]
    assert names.index("Traded") < names.index("Cancelled")


def test_an_order_is_changed_where_it_rests(floor: Floor) -> None:
    order = floor.order(price=299_000)
    floor.deliver()
    floor.desk.submit(ReplaceOrder(order=order, account=floor.account, price=299_500, quantity=700))
    floor.deliver()
    assert [(effect.price, effect.quantity) for effect in floor.desk.effects("Replaced")] == [(299_500, 700)]
    assert floor.exchange.orders[f"ist-{order}"].price == Decimal("29950.0")


def test_a_change_that_the_exchange_refuses_leaves_the_order_as_it_was(floor: Floor) -> None:
    order = floor.order(price=299_000)
    floor.deliver()
    floor.wire.lose = ["connection"]
    floor.desk.submit(ReplaceOrder(order=order, account=floor.account, price=299_500, quantity=700))
    floor.deliver()
    known = floor.desk.engine.order(order)
    assert known is not None and (known["price"], known["quantity"]) == (299_000, 500)


def test_the_next_run_takes_up_what_rests_and_what_was_filled_meanwhile(floor: Floor) -> None:
    rests, filled = floor.order(price=299_000), floor.order(price=299_100)
    floor.deliver()
    other = floor.exchange.orders[f"ist-{filled}"]
    floor.exchange.fill(other, Decimal("29910.0"), Decimal("0.1"))
    floor.deliver()
    floor.exchange.fill(other, Decimal("29910.0"), Decimal("0.4"))
    floor.exchange.events.clear()
    again = Floor(floor.desk, floor.exchange)
    again.wait(2)
    assert again.fills() == [(filled, 299_100, 100), (filled, 299_100, 400)]
    assert again.desk.engine.order(rests) is not None
    assert again.venue.desk is not None and list(again.venue.desk.orders.live) == [rests]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, None),
        ({"quoteAsset": "USDC", "marginAsset": "USDC"}, "quote is USDC"),
        ({"status": "SETTLING"}, "does not trade"),
        ({"contractType": "CURRENT_QUARTER"}, "kind is future"),
        ({"filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.25"}]}, "tick 0.10 is no multiple"),
        ({"contractSize": "100", "marginAsset": "BTC"}, "margin is inverse"),
    ],
)
def test_where_the_venue_means_something_else_no_order_goes(
    floor: Floor, more: dict[str, Any], why: str | None
) -> None:
    told = {"symbols": [Exchange.listed(SYMBOL, "BTC", "0.10", **more)]}
    floor.venue.hear(msgspec.json.encode(told), "", floor.desk.time)
    order = floor.order()
    floor.deliver()
    if why is None:
        assert (floor.venue.unfit, len(floor.fills())) == ({}, 1)
    else:
        assert why in floor.venue.unfit[SYMBOL]
        assert (floor.ended(), floor.exchange.orders) == ([(order, "venue_refused")], {})
        floor.venue.hear(
            msgspec.json.encode({"symbols": [Exchange.listed(SYMBOL, "BTC", "0.10")]}), "", floor.desk.time
        )
        assert floor.venue.unfit == {}


def test_a_stranger_is_told_of_and_books_nothing(floor: Floor) -> None:
    floor.exchange.request("POST", "/fapi/v1/order", signed({"newClientOrderId": "web_1"}), KEY)
    floor.hear()
    assert floor.venue.desk is not None
    assert list(floor.venue.desk.orders.strangers) == ["OrderTaken web_1", "OrderFilled web_1"]
    assert floor.fills() == []


def signed(more: dict[str, Any]) -> str:
    params = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "quantity": "0.1", "price": "30000.10"} | more
    return signed_query(params, SECRET, 1_700_000_000_000, 5_000)


def test_a_fill_that_cannot_be_booked_stops_the_venue(floor: Floor) -> None:
    order = floor.order(price=299_000)
    floor.deliver()
    floor.exchange.fill(floor.exchange.orders[f"ist-{order}"], Decimal("29900.00001"), Decimal("0.2"))
    floor.deliver()
    assert floor.venue.desk is not None and "does not fit" in floor.venue.desk.orders.fault
    refused = floor.order()
    floor.deliver()
    assert (refused, "venue_refused") in floor.ended()


@pytest.mark.parametrize(
    "change",
    [(b'"S":"BUY"', b'"S":"SELL"'), (b'"s":"BTCUSDT"', b'"s":"ETHUSDT"'), (b'"l":"0.2"', b'"l":"9000000000000"')],
)
def test_a_fill_that_is_not_of_the_order_stops_the_venue(floor: Floor, change: tuple[bytes, bytes]) -> None:
    order = floor.order(price=299_000)
    floor.deliver()
    floor.exchange.fill(floor.exchange.orders[f"ist-{order}"], Decimal("29900.0"), Decimal("0.2"))
    floor.exchange.events = [event.replace(*change) for event in floor.exchange.events]
    floor.hear()
    assert floor.venue.desk is not None and "does not fit" in floor.venue.desk.orders.fault
    assert floor.fills() == []


def test_without_the_stream_of_our_orders_they_are_asked_for(floor: Floor) -> None:
    assert floor.venue.desk is not None
    order = floor.order(price=299_000)
    floor.deliver()
    floor.venue.desk.deaf = True
    floor.exchange.fill(floor.exchange.orders[f"ist-{order}"], Decimal("29900.0"), Decimal("0.5"))
    floor.exchange.events.clear()
    floor.wait(6)
    assert floor.fills() == [(order, 299_000, 500)]


@given(data=st.data())
def test_mutated_answers_and_events_bring_nothing_down(data: st.DataObject) -> None:
    floor = Floor()
    floor.order(price=299_000)
    floor.order()
    floor.wire.mutate = lambda body: mutated(body, data)
    floor.wire.deliver()
    for event in floor.exchange.events:
        floor.venue.hear(mutated(event, data), "", floor.desk.time)
    floor.wait(3)
    floor.wire.mutate = bytes
    floor.hear()
    floor.wait(12)
    assert floor.order() > 0


def mutated(body: bytes, data: st.DataObject) -> bytes:
    """Perhaps with a few bytes changed, or a number made another."""
    raw = bytearray(body)
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(st.sampled_from((b"", b"9", b"-", b"e9", b"0", b'"', b"null", b"999999999999999999")))
        raw[at : at + data.draw(st.integers(0, 3))] = piece
        raw = raw or bytearray(b"{}")
    return bytes(raw)


@given(data=st.data())
def test_whatever_is_lost_the_engine_ends_with_what_the_exchange_executed(data: st.DataObject) -> None:
    floor = Floor()
    faults = st.sampled_from(("", "", "request", "answer", "server", "connection", "limit"))
    floor.wire.lose = data.draw(st.lists(faults, max_size=12))
    for _ in range(data.draw(st.integers(1, 6))):
        act(floor, data)
    floor.wire.lose = []
    floor.exchange.events.clear()
    floor.wait(12)
    desk = floor.venue.desk
    assert desk is not None
    desk.resync(floor.desk.time)
    floor.wire.deliver()
    executed = [Decimal(row["qty"]) * (1 if row["side"] == "BUY" else -1) for row in floor.exchange.trades]
    assert floor.desk.engine.position(floor.account, floor.instrument)[0] == int(sum(executed) * 1_000)
    resting = {one.client_id for one in floor.exchange.orders.values() if one.status in ("NEW", "PARTIALLY_FILLED")}
    assert {f"ist-{order}" for order in floor.desk.engine.orders(floor.account)} == resting


def act(floor: Floor, data: st.DataObject) -> None:
    """One thing happens: an order, a cancel, a change, somebody's trade, or words of the user stream are lost."""
    live = floor.desk.engine.orders(floor.account)
    kind = data.draw(st.integers(0, 5))
    if kind <= 1 or not live:
        side = data.draw(st.sampled_from((BUY, SELL)))
        price = data.draw(st.sampled_from((299_000, 300_000, 300_001, 301_000)))
        tif = data.draw(st.sampled_from((GTC, IOC, FOK)))
        floor.order(side, price, data.draw(st.sampled_from((100, 700))), kind=LIMIT, tif=tif)
    elif kind == 2:
        floor.desk.submit(CancelOrder(order=data.draw(st.sampled_from(live)), account=floor.account))
    elif kind == 3:
        order = data.draw(st.sampled_from(live))
        floor.desk.submit(ReplaceOrder(order=order, account=floor.account, price=299_500, quantity=900))
    elif kind == 4:
        resting = [one for one in floor.exchange.orders.values() if one.status in ("NEW", "PARTIALLY_FILLED")]
        for one in resting[:1]:
            floor.exchange.fill(one, one.price, min(Decimal("0.1"), one.quantity - one.executed))
    if data.draw(st.booleans()):
        floor.wire.deliver()
    if data.draw(st.booleans()):
        floor.hear()
    elif data.draw(st.booleans()):
        floor.exchange.events.clear()
