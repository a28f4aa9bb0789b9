"""Binance: spot, USD-margined and coin-margined futures streams, and REST snapshots.

Start-up as the venue documents it ("How to manage a local order book correctly"): buffer, take the snapshot, drop
what it holds already (u <= lastUpdateId), apply the event that straddles it, then each event follows the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isthmus.venues.formats.depth import (
    BUY,
    NS_PER_MS,
    SELL,
    MarketEvent,
    RawLine,
    Snapshot,
    TapeTrade,
    Update,
    instrument_in,
    pairs,
)

SPOT, USD_MARGINED, COIN_MARGINED = "binance-spot", "binance-usdm", "binance-coinm"
ANY = "binance"
"""One of them: the content tells which."""
VENUES = (SPOT, USD_MARGINED, COIN_MARGINED)
QUIET_EVENTS = frozenset(("bookTicker", "kline", "markPriceUpdate", "24hrTicker", "24hrMiniTicker", "forceOrder"))
MATCHED = "MARKET"
"""Futures trades of another sort (insurance fund, NA) did not happen on the book."""


def venue_of(message: Any) -> str | None:
    """Which of the three markets speaks; None when the message does not tell."""
    data = _data(message)
    if data is None:
        return None
    if data.get("e") == "depthUpdate":
        if "pu" not in data:
            return SPOT
        return COIN_MARGINED if "ps" in data else USD_MARGINED
    if "lastUpdateId" in data and "E" in data:
        return COIN_MARGINED if "pair" in data else None
    return None


def read(line: RawLine) -> Sequence[MarketEvent] | None:
    """The events of a message. Raises KeyError, TypeError or ValueError when one of ours is malformed."""
    data = _data(line.message)
    if data is None:
        return None
    kind = data.get("e")
    if kind == "depthUpdate":
        bids, asks = pairs(data["b"]), pairs(data["a"])
        at = int(data.get("T", data["E"])) * NS_PER_MS
        return (Update(data["s"], bids, asks, int(data["U"]), int(data["u"]), data.get("pu"), None, at),)
    if kind in ("trade", "aggTrade"):
        return _trade(data)
    if "lastUpdateId" in data:
        symbol = data.get("symbol") or instrument_in(line.request)
        return (Snapshot(symbol, pairs(data["bids"]), pairs(data["asks"]), int(data["lastUpdateId"])),)
    if kind in QUIET_EVENTS or _is_book_ticker(data) or "result" in data:
        return ()
    return None


def _trade(data: dict[str, Any]) -> Sequence[MarketEvent]:
    if data.get("X", MATCHED) != MATCHED:
        return ()
    taker_side = SELL if data["m"] else BUY
    return (TapeTrade(data["s"], data["p"], data["q"], taker_side, int(data["T"]) * NS_PER_MS),)


def _is_book_ticker(data: dict[str, Any]) -> bool:
    return data.keys() >= {"u", "s", "b", "B", "a", "A"}


def _data(message: Any) -> dict[str, Any] | None:
    if not isinstance(message, dict):
        return None
    data = message.get("data") if "stream" in message else message
    return data if isinstance(data, dict) else None
