"""Assets, instruments and accounts: every term has a limit, and each limit its reason."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.messages import REASONS
from tests.oracle.pair import Pair, names

USD, BTC, ETH, XYZ, LONG = 1, 2, 3, 4, 5
SPOT: dict[str, Any] = {"symbol": "NEW", "kind": 3, "base": BTC, "quote": USD, "tick": 1, "lot": 1, "multiplier": 1}
PERPETUAL: dict[str, Any] = SPOT | {"kind": 4, "initial_margin_bps": 10_000, "mark": 1}


@pytest.fixture
def desk(pair: Pair) -> Pair:
    for code, decimals in (("USD", 2), ("BTC", 8), ("ETH", 18), ("XYZ", 0), ("A.B-C_9" + "X" * 9, 18)):
        assert names(pair.send("AddAsset", code=code, decimals=decimals)) == ["AssetAdded"]
    return pair


def reason(effects: list[Any]) -> str:
    """Why the command was refused; empty if it was not."""
    texts = {number: text for text, number in REASONS.items()}
    return texts[effects[0].reason] if names(effects) == ["Rejected"] else ""


@pytest.mark.parametrize(
    ("expected", "asset"),
    [
        ("bad_code", {"code": ""}),
        ("bad_code", {"code": "usd"}),
        ("bad_code", {"code": "A/B"}),
        ("bad_code", {"code": "A B"}),
        ("already_exists", {"code": "USD", "decimals": 19}),
        ("bad_decimals", {"code": "NEW", "decimals": 19}),
        ("", {"code": "NEW", "decimals": 18}),
    ],
)
def test_an_asset(desk: Pair, expected: str, asset: dict[str, Any]) -> None:
    assert reason(desk.send("AddAsset", **asset)) == expected


@pytest.mark.parametrize(
    ("expected", "change"),
    [
        ("", {}),
        ("", {"symbol": "A/B.C-D_0" + "X" * 23}),
        ("bad_code", {"symbol": ""}),
        ("bad_code", {"symbol": "new"}),
        ("unknown_kind", {"kind": 0}),
        ("unknown_kind", {"kind": 200}),
        ("unknown_asset", {"base": 0}),
        ("unknown_asset", {"quote": 9}),
        ("unknown_asset", {"base": USD}),
        ("bad_decimals", {"price_decimals": 13}),
        ("bad_decimals", {"quantity_decimals": 9}),
        ("bad_decimals", {"price_decimals": 12}),
        ("", {"price_decimals": 11}),
        ("bad_tick", {"tick": 0}),
        ("bad_tick", {"tick": 10**15 + 1}),
        ("bad_lot", {"lot": -1}),
        ("bad_lot", {"lot": 10**12 + 1}),
        ("bad_multiplier", {"multiplier": 2}),
        ("bad_multiplier", {"multiplier": 0}),
        ("bad_multiplier", {"quote": ETH}),
        ("", {"quote": ETH, "price_decimals": 3}),
        ("bad_fee", {"maker_fee_ppm": 100_001}),
        ("bad_fee", {"maker_fee_ppm": -(2**31), "taker_fee_ppm": 2**31 - 1}),
        ("bad_fee", {"maker_fee_ppm": -5, "taker_fee_ppm": 4}),
        ("", {"maker_fee_ppm": -100_000, "taker_fee_ppm": 100_000}),
        ("bad_collar", {"collar_bps": 10_000}),
        ("", {"collar_bps": 9_999}),
        ("bad_margin", {"initial_margin_bps": 1}),
        ("bad_mark", {"mark": -1}),
        ("bad_mark", {"mark": 10**15 + 1}),
        ("", {"mark": 10**15}),
    ],
)
def test_a_spot_instrument(desk: Pair, expected: str, change: dict[str, Any]) -> None:
    assert reason(desk.send("AddInstrument", **(SPOT | change))) == expected


@pytest.mark.parametrize(
    ("expected", "change"),
    [
        ("", {}),
        ("unknown_asset", {"base": USD}),
        ("", {"multiplier": 10**9}),
        ("bad_multiplier", {"multiplier": 10**9 + 1}),
        ("bad_multiplier", {"multiplier": 10**9, "quote": ETH, "price_decimals": 11}),
        ("", {"multiplier": 10**9, "quote": ETH, "price_decimals": 12}),
        ("bad_decimals", {"price_decimals": 3}),
        ("", {"quote": ETH, "quantity_decimals": 12}),
        ("bad_margin", {"initial_margin_bps": 0}),
        ("bad_margin", {"initial_margin_bps": 10_001}),
        ("bad_mark", {"mark": 0}),
    ],
)
def test_a_perpetual(desk: Pair, expected: str, change: dict[str, Any]) -> None:
    assert reason(desk.send("AddInstrument", **(PERPETUAL | change))) == expected


def test_a_symbol_is_listed_once(desk: Pair) -> None:
    desk.send("AddInstrument", **SPOT)
    assert reason(desk.send("AddInstrument", **(SPOT | {"kind": 9}))) == "already_exists"


@pytest.mark.parametrize(("kind", "expected"), [(0, "unknown_kind"), (1, ""), (2, ""), (3, ""), (4, "unknown_kind")])
def test_an_account(desk: Pair, kind: int, expected: str) -> None:
    assert reason(desk.send("OpenAccount", kind=kind)) == expected


def test_a_sell_whose_asset_would_not_fit_64_bits_is_refused(desk: Pair) -> None:
    desk.send("AddInstrument", **(SPOT | {"base": ETH}))
    desk.send("OpenAccount", kind=1)
    order = {"account": 16, "instrument": 1, "side": 2, "kind": 1, "tif": 1, "price": 1}
    assert reason(desk.send("PlaceOrder", quantity=10, **order)) == "notional_too_large"
    assert reason(desk.send("PlaceOrder", quantity=9, **order)) == "insufficient_funds"
