"""BitMEX contracts and orders in Deribit's words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.errors import BadInput
from isthmus.venues.translating import order_to_deribit, to_deribit
from isthmus.venues.wires.bitmex import BitmexWire
from isthmus.venues.wires.deribit_names import DeribitName, parsed, written
from isthmus.venues.wires.words import CALL, COMBO, FUTURE, INVERSE, LINEAR, PERPETUAL, PUT, SPOT, Instrument

XBTUSD: dict[str, Any] = {
    "symbol": "XBTUSD",
    "typ": "FFWCSX",
    "state": "Open",
    "underlying": "XBT",
    "quoteCurrency": "USD",
    "settlCurrency": "XBt",
    "isInverse": True,
    "isQuanto": False,
    "multiplier": -100_000_000,
    "underlyingToSettleMultiplier": -100_000_000,
    "tickSize": 0.5,
    "lotSize": 100,
}
OPTION = XBTUSD | {
    "symbol": "XBTZ26C100000",
    "typ": "OCECCS",
    "expiry": "2026-12-25T12:00:00.000Z",
    "optionStrikePrice": 100_000,
}
LINEAR_PERPETUAL = XBTUSD | {
    "symbol": "XBTUSDT",
    "quoteCurrency": "USDT",
    "settlCurrency": "USDt",
    "isInverse": False,
    "multiplier": 1,
    "underlyingToSettleMultiplier": None,
    "quoteToSettleMultiplier": 1_000_000,
    "underlyingToPositionMultiplier": 1_000_000,
}


def instrument(row: dict[str, Any]) -> Instrument:
    (word,) = BitmexWire().decode(msgspec.json.encode(row))
    assert isinstance(word, Instrument)
    return word


@pytest.mark.parametrize(
    ("row", "name", "margin", "settle", "multiplier"),
    [
        (XBTUSD, "BTC-PERPETUAL", INVERSE, "BTC", "1"),
        (LINEAR_PERPETUAL, "BTC_USDT-PERPETUAL", LINEAR, "USDT", "0.000001"),
        (OPTION, "BTC-25DEC26-100000-C", INVERSE, "BTC", "1"),
        (OPTION | {"typ": "OPECCS", "optionStrikePrice": 0.625}, "BTC-25DEC26-0d625-P", INVERSE, "BTC", "1"),
        (OPTION | {"typ": "FFCCSX", "expiry": "2027-01-01T12:00:00Z"}, "BTC-1JAN27", INVERSE, "BTC", "1"),
    ],
)
def test_a_contract_has_its_deribit_name_and_says_how_it_settles(
    row: dict[str, Any], name: str, margin: str, settle: str, multiplier: str
) -> None:
    found = instrument(row)
    assert (found.margin, found.settle, found.multiplier) == (margin, settle, Decimal(multiplier))
    assert to_deribit(found).name == name


def test_what_the_two_contracts_do_not_share_is_said() -> None:
    (difference,) = to_deribit(instrument(OPTION)).differences
    assert (difference.field, difference.bitmex[11:16], difference.deribit[11:16]) == ("expiry", "12:00", "08:00")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"typ": "XXXXXX"}, "bitmex.typ"),
        ({"typ": "FXXXS"}, "bitmex.typ"),
        ({"settlCurrency": "DOGe"}, "bitmex.settlCurrency"),
        ({"isQuanto": True}, "bitmex.isQuanto"),
        ({"isQuanto": True, "isInverse": False, "multiplier": 100}, "bitmex.isQuanto"),
        ({"quoteCurrency": "EUR"}, "bitmex.quoteCurrency"),
        ({"multiplier": None}, "bitmex.multiplier"),
        ({"typ": "OCECCS"}, "bitmex.optionStrikePrice"),
        ({"typ": "FFCCSX"}, "bitmex.expiry"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        to_deribit(instrument(XBTUSD | change))
    assert refusal.value.field == field


CODES = st.from_regex(r"\A[A-Z0-9]{2,8}\Z")
STRIKES = st.decimals("0.0001", "999999", places=4).filter(lambda value: value > 0)


@given(
    base=CODES,
    quote=st.just("") | CODES,
    day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    strike=STRIKES,
    kind=st.sampled_from((PERPETUAL, FUTURE, CALL, PUT)),
)
def test_a_name_that_is_written_reads_back_as_the_same(
    base: str, quote: str, day: date, strike: Decimal, kind: str
) -> None:
    name = DeribitName(
        kind,
        base,
        quote,
        None if kind == PERPETUAL else day,
        strike if kind in (CALL, PUT) else None,
    )
    assert parsed(written(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "BTC",
        "BTC-32DEC24",
        "BTC-06AUG21",
        "BTC-27DEC24-100000",
        "BTC-27DEC24-0100-C",
        "btc-27DEC24",
        "BTC-27DEC24-1d0-C",
        "",
    ],
)
def test_what_deribit_does_not_write_is_no_name(name: str) -> None:
    with pytest.raises(BadInput):
        parsed(name)


def test_combinations_and_spot_are_told_apart() -> None:
    assert parsed("BTC_USDC").kind == SPOT
    assert parsed("BTC-FS-25DEC26_PERP").kind == COMBO


@given(text=st.text(alphabet="BTC_-0123456789DECPd", max_size=30))
def test_whatever_is_parsed_is_written_the_same(text: str) -> None:
    try:
        name = parsed(text)
    except BadInput:
        return
    if name.kind != COMBO:
        assert written(name) == text


def order(**more: Any) -> bytes:
    return msgspec.json.encode({"symbol": "XBTUSD", "orderQty": 300, "side": "Buy", "price": 50_000.5} | more)


def test_an_order_becomes_a_request_in_the_currency_of_the_contract() -> None:
    call = order_to_deribit(
        order(clOrdID="a-1", execInst="ParticipateDoNotInitiate"), instrument(XBTUSD), "BTC-PERPETUAL"
    )
    assert call.method == "private/buy"
    assert call.params == {
        "instrument_name": "BTC-PERPETUAL",
        "amount": Decimal(300),
        "type": "limit",
        "label": "a-1",
        "price": Decimal("50000.5"),
        "time_in_force": "good_til_cancelled",
        "post_only": True,
        "reject_post_only": True,
    }


def test_a_negative_quantity_without_a_side_sells_at_market() -> None:
    raw = msgspec.json.encode({"symbol": "XBTUSD", "orderQty": -100})
    call = order_to_deribit(raw, instrument(XBTUSD), "BTC-PERPETUAL")
    assert (call.method, call.params["type"], call.params["amount"]) == ("private/sell", "market", Decimal(100))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"symbol": "XBTU21"}, "bitmex.symbol"),
        ({"ordType": "Pegged"}, "bitmex.ordType"),
        ({"timeInForce": "AtTheClose"}, "bitmex.timeInForce"),
        ({"execInst": "Close"}, "bitmex.execInst"),
        ({"orderQty": 0}, "deribit.quantity"),
        ({"displayQty": 400}, "deribit.display"),
    ],
)
def test_an_order_without_a_counterpart_is_refused_by_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        order_to_deribit(order(**more), instrument(XBTUSD), "BTC-PERPETUAL")
    assert refusal.value.field == field
