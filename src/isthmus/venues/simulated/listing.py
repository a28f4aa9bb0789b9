"""What is listed when no market data is given: rows, not code."""

from __future__ import annotations

import msgspec

EQUITY, FX_SPOT, CRYPTO_SPOT, PERPETUAL = 1, 2, 3, 4

ASSETS = {"USD": 6, "EUR": 2, "BTC": 8, "ACME": 0}
"""Code and decimals. With six for the dollar, price step x lot is a whole number of minor units in every row below."""

STOCK = {"USD": 10**10 * 10**6, "EUR": 10**9 * 10**2, "BTC": 10**6 * 10**8, "ACME": 10**9}
"""What each house participant starts with, in minor units."""


class Listing(msgspec.Struct, frozen=True):
    """An instrument; prices and quantities in its own units (10^-price_decimals, 10^-quantity_decimals)."""

    symbol: str
    kind: int
    base: str
    quote: str
    price_decimals: int
    quantity_decimals: int
    lot: int
    maker_fee_ppm: int
    taker_fee_ppm: int
    collar_bps: int
    initial_margin_bps: int
    mark: int
    facts: str
    """The table of facts.toml that it is calibrated to."""
    tied_to: str | None = None
    """The listing whose value it follows with a basis."""
    tiers: tuple[tuple[int, int, int], ...] = ()
    """Of a perpetual: (from notional in minor units, initial, maintenance in bps). Between the two rates lies more than
    the collar, so that no order within it is beyond its margin.
    """


LISTINGS = (
    Listing("ACME", EQUITY, "ACME", "USD", 2, 0, 1, 0, 100, 1_000, 0, 570_00, "equity"),
    Listing("EUR-USD", FX_SPOT, "EUR", "USD", 5, 0, 1_000, 0, 20, 200, 0, 1_38700, "fx_spot"),
    Listing("BTC-USD", CRYPTO_SPOT, "BTC", "USD", 2, 4, 1, 200, 500, 1_000, 0, 61_700_00, "crypto_spot"),
    Listing(
        "BTC-USD-PERP",
        PERPETUAL,
        "BTC",
        "USD",
        1,
        3,
        1,
        100,
        400,
        1_000,
        10_000,
        61_677_0,
        "perpetual",
        "BTC-USD",
        ((0, 2_000, 500), (5_000_000 * 10**6, 3_000, 1_000), (20_000_000 * 10**6, 5_000, 2_500)),
    ),
)
