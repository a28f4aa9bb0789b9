"""Which venue a recorded stream comes from, told by the content, and the reader of its messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.venues.formats import binance, captures
from isthmus.venues.formats.depth import RawLine, Reader

LINES_TO_TELL = 2_000
"""So many messages at most are read before a stream counts as not understood."""

VENUES = (*binance.VENUES, "okx", "kraken", "coinbase", "gemini", "bybit", "bitmex", "deribit", "bitstamp")

_READERS: Mapping[str, Reader] = {
    "okx": captures.read_okx,
    "kraken": captures.read_kraken,
    "coinbase": captures.read_coinbase,
    "gemini": captures.read_gemini,
    "bybit": captures.read_bybit,
    "deribit": captures.read_deribit,
    "bitstamp": captures.read_bitstamp,
}

_ALIASES = {
    "binance-futures": binance.USD_MARGINED,
    "binance-um": binance.USD_MARGINED,
    "binance-perp": binance.USD_MARGINED,
    "binance-cm": binance.COIN_MARGINED,
    "binance-coin": binance.COIN_MARGINED,
    "binance-delivery": binance.COIN_MARGINED,
    "okex": "okx",
    "coinbase-pro": "coinbase",
}

_COINBASE_TYPES = frozenset(("snapshot", "l2update", "match", "last_match", "ticker"))


def reader_of(venue: str) -> Reader:
    """The reader of a venue of VENUES."""
    if venue in binance.VENUES:
        return binance.read
    return captures.BitmexReader() if venue == "bitmex" else _READERS[venue]


def venue_named(name: str) -> str | None:
    """The venue meant by a name as people write it: "Binance_USDM" is binance-usdm, "binance" any of its markets."""
    wanted = name.strip().lower().replace("_", "-").replace(" ", "-")
    wanted = _ALIASES.get(wanted, wanted)
    return wanted if wanted in VENUES or wanted == binance.ANY else None


def venue_of(line: RawLine) -> str | None:
    """The venue that sent this message; None when it does not tell."""
    message = line.message
    if isinstance(message, list):
        return "kraken" if len(message) >= 4 and isinstance(message[-2], str) else None
    if not isinstance(message, dict):
        return None
    return binance.venue_of(message) or _by_keys(message)


def _by_keys(message: dict[str, Any]) -> str | None:
    if isinstance(message.get("arg"), dict) and "data" in message:
        return "okx"
    if "product_id" in message and message.get("type") in _COINBASE_TYPES:
        return "coinbase"
    if message.get("type") == "l2_updates":
        return "gemini"
    if str(message.get("topic", "")).startswith(("orderBook", "trade.")):
        return "bybit"
    if "table" in message and "action" in message:
        return "bitmex"
    if message.get("method") == "subscription" and "params" in message:
        return "deribit"
    if str(message.get("channel", "")).startswith(("diff_order_book", "order_book", "live_trades")):
        return "bitstamp"
    return None
