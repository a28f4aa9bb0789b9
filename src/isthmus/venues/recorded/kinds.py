"""Kinds of recorded markets: how the engine lists each, what it costs, and why some are data only."""

from __future__ import annotations

EQUITY, FX_SPOT, CRYPTO_SPOT, LINEAR_PERPETUAL = "equity", "fx_spot", "crypto_spot", "linear_perpetual"
INVERSE_PERPETUAL, FUTURE = "inverse_perpetual", "future"

ENGINE_KINDS = {EQUITY: 1, FX_SPOT: 2, CRYPTO_SPOT: 3, LINEAR_PERPETUAL: 4, INVERSE_PERPETUAL: 4, FUTURE: 4}
"""The engine's number. The last two it does not know: they are listed as margined contracts and halted at once, so that
their quotes and trades have a place while nobody can hold one.
"""

FEES_PPM = {
    FX_SPOT: (0, 0),
    CRYPTO_SPOT: (1_000, 1_000),
    LINEAR_PERPETUAL: (200, 500),
    INVERSE_PERPETUAL: (100, 500),
}
"""Maker and taker, millionths. Crypto: Binance's public fees without a volume tier (spot 0.1 % / 0.1 %, USD-margined
futures 0.02 % / 0.05 %, coin-margined 0.01 % / 0.05 %). Currencies: the spread is the dealer's fee. Exchanges of shares
and futures charge by share, contract and tier, which no recording tells: none are assumed, and that is said.
"""

INVERSE = (
    "data only: a coin-margined (inverse) perpetual settles in the coin and its profit is not linear in the price; "
    "the engine settles linear contracts only"
)
DATED = (
    "data only: the engine lists no dated futures, and the recording tells neither contract size nor expiry; kind = "
    '"linear_perpetual" with a multiplier in markets.toml plays it as a contract without an end'
)
