"""What a venue is sent to hear its books and trades: address, subscriptions, the whole book again, a sign of life."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from isthmus.kernel.errors import BadInput

BINANCE_DEPTH, BINANCE_LEVELS, BINANCE_LISTING = "/fapi/v1/depth", 1_000, "/fapi/v1/exchangeInfo"
KRAKEN_LEVELS = 25


class Hearing(Struct, frozen=True):
    """How one venue is heard. `opening` is sent after connecting; `again(symbol)` makes a book come whole once more and
    is empty where that is asked for over HTTP at `whole`; `alive` is sent now and then.
    """

    path: str
    opening: tuple[bytes, ...]
    again: Callable[[str], tuple[bytes, ...]]
    alive: bytes = b""
    whole: Callable[[str], str] | None = None
    listing: str = ""
    """Where the venue lists its instruments, over HTTP."""


def hearing(wire: str, symbols: Sequence[str]) -> Hearing:
    """Raises BadInput for a wire that has no stream."""
    if wire not in _HEARINGS:
        raise BadInput("wire", f"{wire!r} has no stream of market data")
    return _HEARINGS[wire](symbols)


def _json(message: dict[str, Any]) -> bytes:
    return msgspec.json.encode(message)


def _binance(symbols: Sequence[str]) -> Hearing:
    """The whole book comes over REST; updates that came before wait for it."""
    streams = [f"{symbol.lower()}@{what}" for symbol in symbols for what in ("depth@100ms", "aggTrade")]
    return Hearing(
        path=f"/stream?streams={'/'.join(streams)}",
        opening=(),
        again=lambda _: (),
        whole=lambda symbol: f"{BINANCE_DEPTH}?symbol={symbol}&limit={BINANCE_LEVELS}",
        listing=BINANCE_LISTING,
    )


def _toggled(make: Callable[[bool, Sequence[str]], tuple[bytes, ...]], symbols: Sequence[str], alive: bytes) -> Hearing:
    """Venues that send the whole book after each subscription."""
    return Hearing("", make(True, symbols), lambda symbol: make(False, [symbol]) + make(True, [symbol]), alive)


def _okx(on: bool, symbols: Sequence[str]) -> tuple[bytes, ...]:
    arguments = [{"channel": channel, "instId": symbol} for symbol in symbols for channel in ("books", "trades")]
    return (_json({"op": "subscribe" if on else "unsubscribe", "args": arguments}),)


def _kraken(on: bool, symbols: Sequence[str]) -> tuple[bytes, ...]:
    event = "subscribe" if on else "unsubscribe"
    names: list[dict[str, Any]] = [{"name": "book", "depth": KRAKEN_LEVELS}, {"name": "trade"}]
    return tuple(_json({"event": event, "pair": list(symbols), "subscription": name}) for name in names)


def _bitstamp(on: bool, symbols: Sequence[str]) -> tuple[bytes, ...]:
    event = "bts:subscribe" if on else "bts:unsubscribe"
    channels = [f"{what}_{symbol}" for symbol in symbols for what in ("order_book", "live_trades")]
    return tuple(_json({"event": event, "data": {"channel": channel}}) for channel in channels)


def _coinbase(on: bool, symbols: Sequence[str]) -> tuple[bytes, ...]:
    kind = "subscribe" if on else "unsubscribe"
    return (_json({"type": kind, "product_ids": list(symbols), "channels": ["level2_batch", "matches"]}),)


def _gemini(on: bool, symbols: Sequence[str]) -> tuple[bytes, ...]:
    kind = "subscribe" if on else "unsubscribe"
    return (_json({"type": kind, "subscriptions": [{"name": "l2", "symbols": list(symbols)}]}),)


def _bybit(on: bool, symbols: Sequence[str]) -> tuple[bytes, ...]:
    topics = [f"{what}.{symbol}" for symbol in symbols for what in ("orderbook.50", "publicTrade")]
    return (_json({"op": "subscribe" if on else "unsubscribe", "args": topics}),)


def _bitmex(on: bool, symbols: Sequence[str]) -> tuple[bytes, ...]:
    tables = [f"{what}:{symbol}" for symbol in symbols for what in ("orderBookL2", "trade")]
    return (_json({"op": "subscribe" if on else "unsubscribe", "args": tables}),)


def _deribit(on: bool, symbols: Sequence[str]) -> tuple[bytes, ...]:
    channels = [f"{what}.{symbol}.100ms" for symbol in symbols for what in ("book", "trades")]
    method = "public/subscribe" if on else "public/unsubscribe"
    return (_json({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"channels": channels}}),)


_DERIBIT_ALIVE = _json({"jsonrpc": "2.0", "id": 2, "method": "public/test", "params": {}})
_HEARINGS: Mapping[str, Callable[[Sequence[str]], Hearing]] = {
    "binance-futures": _binance,
    "bitmex": lambda symbols: _toggled(_bitmex, symbols, b"ping"),
    "bitstamp": lambda symbols: _toggled(_bitstamp, symbols, _json({"event": "bts:heartbeat"})),
    "bybit": lambda symbols: _toggled(_bybit, symbols, _json({"op": "ping"})),
    "coinbase": lambda symbols: _toggled(_coinbase, symbols, b""),
    "deribit": lambda symbols: _toggled(_deribit, symbols, _DERIBIT_ALIVE),
    "gemini": lambda symbols: _toggled(_gemini, symbols, b""),
    "kraken": lambda symbols: _toggled(_kraken, symbols, _json({"event": "ping"})),
    "okx": lambda symbols: _toggled(_okx, symbols, b"ping"),
}
