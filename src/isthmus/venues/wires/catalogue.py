"""The wires by the venues' names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from isthmus.venues.wires.binance import BinanceFuturesWire
from isthmus.venues.wires.bitmex import BitmexWire
from isthmus.venues.wires.bitstamp import BitstampWire
from isthmus.venues.wires.bybit import BybitWire
from isthmus.venues.wires.coinbase import CoinbaseWire
from isthmus.venues.wires.deribit import DeribitWire
from isthmus.venues.wires.gemini import GeminiWire
from isthmus.venues.wires.kraken import KrakenWire
from isthmus.venues.wires.okx import OkxWire
from isthmus.venues.wires.words import VenueWire

WIRES: Mapping[str, Callable[[], VenueWire]] = {
    wire.venue: wire
    for wire in (
        BinanceFuturesWire,
        BitmexWire,
        BitstampWire,
        BybitWire,
        CoinbaseWire,
        DeribitWire,
        GeminiWire,
        KrakenWire,
        OkxWire,
    )
}
