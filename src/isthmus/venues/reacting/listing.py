"""The instruments that reacting markets list: rows, not code."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from isthmus.venues.reacting.terms import Terms, crypto, equity

EQUITY, CRYPTO_SPOT = 1, 3
ASSETS = {"USD": 6, "NOVA": 0, "BTC": 8}
"""Code and decimals. With six for the dollar, price step x lot is a whole number of minor units in every row below."""


class Listing(msgspec.Struct, frozen=True):
    """An instrument and what it is calibrated to. Prices in 10^-price_decimals, quantities in 10^-quantity_decimals."""

    symbol: str
    kind: int
    base: str
    quote: str
    price_decimals: int
    quantity_decimals: int
    collar_bps: int
    terms: Callable[[float], Terms]
    source: str


LISTINGS = (
    Listing("NOVA", EQUITY, "NOVA", "USD", 2, 0, 1_000, equity, "NASDAQ GOOG, 2012-06-21"),
    Listing("XBT-USD", CRYPTO_SPOT, "BTC", "USD", 2, 4, 1_000, crypto, "Binance BTCUSDT, 2024-08-08"),
)
