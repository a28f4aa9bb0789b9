"""What other venues send on their public sockets: OKX, Kraken, Coinbase, Gemini, Bybit, BitMEX, Deribit, Bitstamp.

One reader for each; a reader raises KeyError, TypeError, ValueError or IndexError when one of its messages is
malformed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isthmus.venues.formats.depth import (
    BUY,
    MarketEvent,
    RawLine,
    Snapshot,
    TapeTrade,
    TextLevel,
    Update,
    levels,
    side_of,
)

Events = Sequence[MarketEvent] | None


def read_okx(line: RawLine) -> Events:
    """OKX v5: `books` with the CRC-32 checksum of the best 25 levels, `trades`."""
    message = line.message
    if "event" in message:
        return ()
    channel, instrument = message["arg"]["channel"], message["arg"].get("instId", "")
    if channel == "trades":
        return [TapeTrade(instrument, row["px"], row["sz"], side_of(row["side"])) for row in message["data"]]
    if not channel.startswith("books"):
        return () if channel in ("tickers", "instruments", "funding-rate", "mark-price") else None
    return [_okx_book(instrument, message["action"], row) for row in message["data"]]


def _okx_book(instrument: str, action: str, row: dict[str, Any]) -> MarketEvent:
    bids, asks, checksum = levels(row["bids"]), levels(row["asks"]), row.get("checksum")
    if action == "snapshot":
        return Snapshot(instrument, bids, asks, row.get("seqId"), checksum)
    return Update(instrument, bids, asks, None, row.get("seqId"), row.get("prevSeqId"), checksum)


def read_kraken(line: RawLine) -> Events:
    """Kraken v1: `book-N` with the CRC-32 checksum of the best 10 levels, `trade`."""
    message = line.message
    if isinstance(message, dict):
        return () if "event" in message else None
    *bodies, channel, instrument = message[1:]
    if channel == "trade":
        return [TapeTrade(instrument, row[0], row[1], side_of(row[3])) for row in bodies[0]]
    if not channel.startswith("book"):
        return () if channel.startswith(("ticker", "spread", "ohlc")) else None
    body = {key: value for part in bodies for key, value in part.items()}
    if "as" in body or "bs" in body:
        return (Snapshot(instrument, levels(body.get("bs", [])), levels(body.get("as", []))),)
    checksum = int(body["c"]) if "c" in body else None
    return (Update(instrument, levels(body.get("b", [])), levels(body.get("a", [])), checksum=checksum),)


def read_coinbase(line: RawLine) -> Events:
    """Coinbase Exchange: `level2` and `matches`. The side of a match is the maker's."""
    message = line.message
    kind = message.get("type")
    if kind == "snapshot":
        return (Snapshot(message["product_id"], levels(message["bids"]), levels(message["asks"])),)
    if kind == "l2update":
        bids, asks = _split([(row[0], row[1], row[2]) for row in message["changes"]])
        return (Update(message["product_id"], bids, asks),)
    if kind in ("match", "last_match"):
        taker = BUY + (side_of(message["side"]) == BUY)
        return (TapeTrade(message["product_id"], message["price"], message["size"], taker),)
    return () if kind in ("ticker", "subscriptions", "heartbeat", "status") else None


def read_gemini(line: RawLine) -> Events:
    """Gemini v2: the first `l2_updates` of a symbol is its book (it carries the recent trades), later ones are
    changes.
    """
    message = line.message
    kind = message.get("type")
    if kind == "l2_updates":
        bids, asks = _split([(row[0], row[1], row[2]) for row in message["changes"]])
        if "trades" in message:
            return (Snapshot(message["symbol"], bids, asks),)
        return (Update(message["symbol"], bids, asks),)
    if kind == "trade":
        return (TapeTrade(message["symbol"], message["price"], message["quantity"], side_of(message["side"])),)
    return () if kind in ("heartbeat", "auction_indicative", "auction_open", "auction_result") else None


def read_bybit(line: RawLine) -> Events:
    """Bybit linear v2: `orderBookL2_25` and `trade`."""
    message = line.message
    if "topic" not in message:
        return () if "success" in message else None
    topic, _, instrument = message["topic"].partition(".")
    if topic == "trade":
        rows = message["data"]
        return [TapeTrade(row["symbol"], str(row["price"]), str(row["size"]), side_of(row["side"])) for row in rows]
    if not topic.startswith("orderBook"):
        return () if topic in ("instrument_info", "klineV2", "candle") else None
    data = message["data"]
    if message["type"] == "snapshot":
        rows = data["order_book"] if isinstance(data, dict) else data
        return (Snapshot(instrument, *_split([(row["side"], row["price"], row["size"]) for row in rows])),)
    changed = [(row["side"], row["price"], row["size"]) for row in (*data["update"], *data["insert"])]
    gone = [(row["side"], row["price"], 0) for row in data["delete"]]
    return (Update(instrument, *_split(gone + changed)),)


class BitmexReader:
    """BitMEX: `orderBookL2` names a level by its id, so the ids seen are kept; `trade`."""

    def __init__(self) -> None:
        self._prices: dict[tuple[str, int], str] = {}

    def __call__(self, line: RawLine) -> Events:
        """The events of a message."""
        message = line.message
        table = message.get("table")
        if table == "trade" and message["action"] == "insert":
            rows = message["data"]
            return [TapeTrade(row["symbol"], str(row["price"]), str(row["size"]), side_of(row["side"])) for row in rows]
        if table is None or table in ("quote", "trade", "instrument", "funding"):
            return () if table or "info" in message or "success" in message else None
        if not table.startswith("orderBookL2"):
            return None
        return self._book(message["action"], message["data"])

    def _book(self, action: str, rows: list[dict[str, Any]]) -> Events:
        by_symbol: dict[str, list[tuple[Any, Any, Any]]] = {}
        for row in rows:
            key = row["symbol"], row["id"]
            if "price" in row:
                self._prices[key] = str(row["price"])
            if key not in self._prices:
                return None
            size = 0 if action == "delete" else row["size"]
            by_symbol.setdefault(row["symbol"], []).append((row["side"], self._prices[key], size))
        made = Snapshot if action == "partial" else Update
        return [made(symbol, *_split(changes)) for symbol, changes in by_symbol.items()]


def read_deribit(line: RawLine) -> Events:
    """Deribit v2: `book.X.raw` with change_id and prev_change_id, `trades`."""
    message = line.message
    if "params" not in message:
        return () if "result" in message else None
    channel, data = message["params"]["channel"], message["params"]["data"]
    if channel.startswith("trades."):
        rows = data
        return [
            TapeTrade(row["instrument_name"], str(row["price"]), str(row["amount"]), side_of(row["direction"]))
            for row in rows
        ]
    if not channel.startswith("book."):
        return () if channel.startswith(("ticker.", "quote.", "perpetual.")) else None
    bids, asks = ([(str(row[1]), str(row[2])) for row in data[side]] for side in ("bids", "asks"))
    if data.get("type") == "snapshot" or "prev_change_id" not in data:
        return (Snapshot(data["instrument_name"], bids, asks, data["change_id"]),)
    identifiers = data["change_id"], data["prev_change_id"]
    return (Update(data["instrument_name"], bids, asks, None, *identifiers),)


def read_bitstamp(line: RawLine) -> Events:
    """Bitstamp v2: `order_book` (the whole book each time), `diff_order_book`, `live_trades`."""
    message = line.message
    event, channel = message.get("event", ""), message.get("channel", "")
    if event.startswith("bts:"):
        return ()
    stream, _, instrument = channel.rpartition("_")
    data = message["data"]
    if stream == "live_trades":
        taker = BUY + (data["type"] == 1)
        return (TapeTrade(instrument, data["price_str"], data["amount_str"], taker),)
    if stream == "order_book":
        return (Snapshot(instrument, levels(data["bids"]), levels(data["asks"])),)
    if stream == "diff_order_book":
        return (Update(instrument, levels(data["bids"]), levels(data["asks"])),)
    return None


def _split(rows: list[tuple[Any, Any, Any]]) -> tuple[list[TextLevel], list[TextLevel]]:
    """(side, price, size) rows as bids and asks."""
    bids = [(str(price), str(size)) for side, price, size in rows if side_of(side) == BUY]
    asks = [(str(price), str(size)) for side, price, size in rows if side_of(side) != BUY]
    return bids, asks
