"""The venues' wires: what their messages become, books kept in step, what is refused, and mutated bytes."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.venues import wire_messages as messages

from isthmus.kernel.errors import BadInput
from isthmus.venues.level_book import okx_checksum
from isthmus.venues.watching import CHECKSUM, GAP, MALFORMED, Watch
from isthmus.venues.wires import binance_orders
from isthmus.venues.wires.catalogue import WIRES
from isthmus.venues.wires.orders import OrderEnded, OrderFilled, OrderState, VenueOrder
from isthmus.venues.wires.words import BUY, SELL, TAKER, Book, Failed, Funding, Liquidation, Quiet, Trade, Unknown

VENUES = sorted(messages.BY_VENUE)
LIQUID: list[type[Any]] = [Liquidation]


def words(venue: str, place: int) -> tuple[Any, ...]:
    return WIRES[venue]().decode(messages.BY_VENUE[venue][place], "BTCUSDT")


def test_every_venue_has_messages_here() -> None:
    assert sorted(WIRES) == VENUES


@pytest.mark.parametrize("venue", VENUES)
def test_no_message_of_a_venue_is_unknown_and_a_nonsense_message_is_named(venue: str) -> None:
    wire = WIRES[venue]()
    told = [word for raw in messages.BY_VENUE[venue] for word in wire.decode(raw, "BTCUSDT")]
    assert not [word for word in told if isinstance(word, Unknown)]
    assert {type(word) for word in told} >= {Book, Trade}
    watch = Watch(wire)
    assert [type(word) for word in watch.take(b'{"hello":"there"}')] in ([Unknown], [])
    assert watch.words["Unknown"] or watch.faults[0].reason.startswith(venue)


@pytest.mark.parametrize("venue", VENUES)
@given(data=st.data())
def test_a_mutated_message_is_read_or_refused_by_venue_and_nothing_else_happens(
    venue: str, data: st.DataObject
) -> None:
    raw = bytearray(data.draw(st.sampled_from(messages.BY_VENUE[venue])))
    for _ in range(data.draw(st.integers(1, 6))):
        change(raw, data)
    watch = Watch(WIRES[venue]())
    for seed in messages.BY_VENUE[venue][:2]:
        watch.take(seed, "BTCUSDT")
    before = watch.fault_counts[MALFORMED]
    told = watch.take(bytes(raw), "BTCUSDT")
    assert told or watch.fault_counts[MALFORMED] == before + 1
    watch.take(messages.BY_VENUE[venue][0], "BTCUSDT")


def change(raw: bytearray, data: st.DataObject) -> None:
    """One byte changed, a piece cut out, doubled, or bytes put in."""
    at = data.draw(st.integers(0, max(0, len(raw) - 1)))
    kind = data.draw(st.integers(0, 3))
    if kind == 0 and raw:
        raw[at] = data.draw(st.integers(0, 255))
    elif kind == 1:
        del raw[at : at + data.draw(st.integers(1, 12))]
    elif kind == 2:
        raw[at:at] = raw[at : at + data.draw(st.integers(1, 12))]
    else:
        raw[at:at] = data.draw(
            st.sampled_from((b"1e99", b"-", b"NaN", b"null", b"[[[[", b'"', b"\x00", b"\xff", b"9" * 30))
        )


@pytest.mark.parametrize("venue", VENUES)
def test_deep_nesting_and_broken_text_are_refused_at_once(venue: str) -> None:
    for raw in (b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe{}", b"", b'{"type":"snapshot"'):
        with pytest.raises(BadInput):
            WIRES[venue]().decode(raw)


def test_numbers_are_exact_and_those_that_are_none_are_refused() -> None:
    wire = WIRES["deribit"]()
    trade = b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":"trades.BTC-PERPETUAL.raw","data":[{'
    trade += b'"trade_seq":7,"trade_id":"x","timestamp":1,"price":%s,"instrument_name":"BTC-PERPETUAL",'
    trade += b'"direction":"buy","amount":10.0}]}}'
    (word,) = wire.decode(trade % b"30000.123456789012345678")
    assert word.price == Decimal("30000.123456789012345678")
    for none in (b'"NaN"', b"1e9999", b'"0x10"', b"-5.0", b"0.0"):
        with pytest.raises(BadInput):
            wire.decode(trade % none)


def test_a_book_whose_updates_skip_a_number_is_stale_until_a_whole_one_comes() -> None:
    watch = Watch(WIRES["okx"]())
    row = '{{"arg":{{"channel":"books","instId":"BTC-USDT"}},"action":"{}","data":[{{'
    row += '"asks":{},"bids":{},"ts":"1","seqId":{},"prevSeqId":{}}}]}}'
    watch.take(row.format("snapshot", '[["3","1","0","1"]]', '[["2","1","0","1"]]', 5, -1).encode())
    watch.take(row.format("update", "[]", '[["1","1","0","1"]]', 7, 6).encode())
    assert (watch.wanting(), watch.faults[0].kind) == (["BTC-USDT"], GAP)
    watch.take(row.format("snapshot", '[["3","1","0","1"]]', '[["2","9","0","1"]]', 9, -1).encode())
    assert watch.wanting() == []
    assert watch.books["BTC-USDT"].book.bids.top(5) == [("2", "9")]


def test_a_checksum_is_of_the_texts_and_a_wrong_one_makes_the_book_stale() -> None:
    watch = Watch(WIRES["okx"]())
    raw = messages.OKX[0]
    watch.take(raw)
    assert (watch.checksums, watch.checksums_right, watch.faults[0].kind) == (1, 0, CHECKSUM)
    right = okx_checksum(watch.books["BTC-USDT"].book)
    watch.take(raw.replace(b'"checksum":1', b'"checksum":%d' % right).replace(b'"seqId":5', b'"seqId":6'))
    assert (watch.checksums, watch.checksums_right, watch.wanting()) == (2, 1, [])


def test_sides_and_liquidations_are_the_venues_words() -> None:
    assert words("binance-futures", 2)[0].taker_side == SELL
    assert words("coinbase", 2)[0].taker_side == BUY, "Coinbase tells the maker's side"
    assert words("binance-futures", 4) == (
        Liquidation("BTCUSDT", SELL, Decimal(29900), Decimal("0.014"), 1700000000299000000),
    )
    assert isinstance(words("binance-futures", 7)[0], Failed)


def test_orders_of_binance_futures_are_told_and_come_back_in_our_words() -> None:
    fill, state = words("binance-futures", 5)[0], words("binance-futures", 6)[0]
    assert isinstance(fill, OrderFilled) and isinstance(state, OrderState)
    assert (fill.client_id, fill.trade_id, fill.side, fill.liquidity) == ("ist-7", "901", BUY, TAKER)
    order = VenueOrder(client_id="ist-7", symbol="BTCUSDT", side=BUY, quantity=Decimal("0.500"), price=Decimal("3E+4"))
    call = binance_orders.placing(order)
    assert binance_orders.query_text(call.params) == (
        "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=0.500&newClientOrderId=ist-7&newOrderRespType=ACK&price=30000"
        "&timeInForce=GTC"
    )


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("client_id", {"client_id": "no blanks allowed"}),
        ("client_id", {"client_id": "x" * 37}),
        ("quantity", {"quantity": Decimal(0)}),
        ("quantity", {"quantity": Decimal("NaN")}),
        ("price", {"price": None}),
        ("price", {"price": Decimal("Infinity")}),
        ("time_in_force", {"time_in_force": "at_open"}),
        ("display", {"display": Decimal("0.1")}),
        ("post_only", {"post_only": True, "time_in_force": "ioc"}),
        ("type", {"type": "iceberg"}),
        ("side", {"side": 3}),
    ],
)
def test_an_order_that_the_venue_does_not_take_is_refused_by_field(field: str, changed: dict[str, Any]) -> None:
    order = VenueOrder(client_id="ist-7", symbol="BTCUSDT", side=BUY, quantity=Decimal("0.5"), price=Decimal(30000))
    with pytest.raises(BadInput) as refusal:
        binance_orders.placing(msgspec.structs.replace(order, **changed))
    assert refusal.value.field == f"binance-futures.{field}"


def test_an_ending_says_how_much_was_executed() -> None:
    raw = messages.BINANCE[5].replace(b'"x":"TRADE"', b'"x":"CANCELED"').replace(b'"t":901', b'"t":0')
    (word,) = WIRES["binance-futures"]().decode(raw)
    assert word == OrderEnded(
        client_id="ist-7",
        venue_id="88",
        symbol="BTCUSDT",
        reason="cancelled",
        cumulative=Decimal("0.2"),
        at=3_000_000,
        detail="canceled",
    )


def test_a_malformed_message_changes_no_book_and_the_stream_goes_on() -> None:
    watch = Watch(WIRES["gemini"]())
    watch.take(messages.GEMINI[0])
    assert watch.take(b'{"type":"l2_updates","symbol":"BTCUSD","changes":[["buy","30000.00","x"]]}') == ()
    assert watch.fault_counts == {MALFORMED: 1}
    assert watch.books["BTCUSD"].book.bids.top(1) == [("30000.00", "1.5")]
    assert isinstance(watch.take(messages.GEMINI[2])[0], Quiet)


@pytest.mark.parametrize(
    ("venue", "raw", "kinds"),
    [
        (
            "gemini",
            b'{"type":"candles_1m_updates","symbol":"BTCUSD","changes":[[1561054500000,9350.18,2.07]]}',
            [Quiet],
        ),
        ("gemini", b"[1]", [Unknown]),
        (
            "bybit",
            b'{"topic":"liquidation.X","data":{"symbol":"X","side":"Sell","price":"7","qty":"1","time":1}}',
            LIQUID,
        ),
        (
            "bybit",
            b'{"topic":"liquidation.X","data":{"symbol":"X","side":"Buy","price":"7","size":"1","updatedTime":1}}',
            LIQUID,
        ),
        ("binance-futures", b'{"openInterest":"10659.509","symbol":"BTCUSDT","time":1589437530011}', [Quiet]),
        ("binance-futures", b'[{"symbol":"BTCUSDT","fundingRate":"-0.0375","fundingTime":1570608000000}]', [Funding]),
        ("bitmex", b"pong", [Quiet]),
        ("okx", b"pong", [Quiet]),
    ],
)
def test_what_else_comes_on_a_stream_is_known(venue: str, raw: bytes, kinds: list[type[Any]]) -> None:
    assert [type(word) for word in WIRES[venue]().decode(raw)] == kinds


def test_an_instrument_of_a_kind_that_is_not_known_spoils_none_of_its_list() -> None:
    row = '{"symbol":"%s","typ":"%s","underlying":"XBT","quoteCurrency":"USD","settlCurrency":"XBt","isInverse":true,'
    row += '"multiplier":-100000000}'
    rows = ",".join(row % pair for pair in (("XBTUSD", "FFWCSX"), (".BXBT", "MRCXXX"), ("XBTUSD2", "FFWCSX")))
    told = WIRES["bitmex"]().decode(f'{{"table":"instrument","action":"partial","data":[{rows}]}}'.encode())
    assert [type(word).__name__ for word in told] == ["Instrument", "Unknown", "Instrument"]
    assert "MRCXXX" in told[1].kind


def test_random_bytes_are_refused() -> None:
    chance = random.Random(5)
    for venue in VENUES:
        for _ in range(200):
            with pytest.raises(BadInput):
                WIRES[venue]().decode(b"\x00" + chance.randbytes(chance.randrange(60)))
