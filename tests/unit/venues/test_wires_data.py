"""Every message of every captured session is read or named, every checksum is right. Needs ISTHMUS_TEST_DATA."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.venues.formats.depth import instrument_in, read_lines
from isthmus.venues.translating import to_deribit
from isthmus.venues.watching import Watch
from isthmus.venues.wires.catalogue import WIRES
from isthmus.venues.wires.words import Instrument, Unknown

CAPTURES = {
    "OKX.ws.1.0.gz": ("okx", 410, 290),
    "KRAKEN.ws.50.0.gz": ("kraken", 4_321, 4_269),
    "KRAKEN.0.gz": ("kraken", 1, 0),
    "BITSTAMP.ws.1.0.gz": ("bitstamp", 747, 0),
    "COINBASE.ws.28.0.gz": ("coinbase", 9_946, 0),
    "GEMINI.ws.1.0.gz": ("gemini", 678, 0),
    "BYBIT.ws.25.0.gz": ("bybit", 3_342, 0),
    "BITMEX.ws.1.0.gz": ("bitmex", 2_120, 0),
    "DERIBIT.ws.1.0.gz": ("deribit", 136, 0),
    "DERIBIT.0.gz": ("deribit", 4, 0),
    "BINANCE_FUTURES.ws.1.0.gz": ("binance-futures", 1_535, 0),
    "BINANCE_FUTURES.http.0.0.gz": ("binance-futures", 4, 0),
}
FIRST_PARTS = {
    "BINANCE_DELIVERY.ws.1.0.txt": ("binance-futures", 259),
    "BINANCE_FUTURES.ws.1.0.txt": ("binance-futures", 259),
    "BITMEX.ws.1.0.txt": ("bitmex", 255),
    "DERIBIT.ws.1.0.txt": ("deribit", 68),
}


def watched(venue: str, path: Path) -> Watch:
    watch = Watch(WIRES[venue]())
    for line in read_lines(open_input(path)):
        if line.message is not None:
            watch.take(line.raw, instrument_in(line.request) or "")
    return watch


@pytest.mark.parametrize("name", CAPTURES)
def test_a_captured_session_is_read_to_the_last_message(test_data: Path, name: str) -> None:
    venue, messages, checksums = CAPTURES[name]
    watch = watched(venue, test_data / "crypto_venue_captures" / name)
    assert (watch.messages, dict(watch.unknown), dict(watch.fault_counts)) == (messages, {}, {})
    assert (watch.checksums, watch.checksums_right, watch.wanting()) == (checksums, checksums, [])


@pytest.mark.parametrize("name", FIRST_PARTS)
def test_the_first_part_of_a_session_is_read_to_the_last_message(test_data: Path, name: str) -> None:
    venue, messages = FIRST_PARTS[name]
    watch = watched(venue, test_data / "protocols/exchanges/cryptofeed" / name)
    assert (watch.messages, dict(watch.unknown), dict(watch.fault_counts)) == (messages, {}, {})


def test_messages_of_other_testers_are_read_or_named(test_data: Path) -> None:
    """Rows taken out of their BitMEX tables are named unknown; everything else is known."""
    root = test_data / "protocols/exchanges/nautilus"
    unknown = []
    for path in sorted(root.rglob("*.json")):
        venue = path.relative_to(root).parts[0].replace("binance", "binance-futures")
        told = WIRES[venue]().decode(path.read_bytes(), "BTCUSDT")
        unknown += [path.relative_to(root).parts[0] for word in told if isinstance(word, Unknown)]
    assert set(unknown) == {"bitmex"}
    assert len(unknown) == 8


def test_every_active_contract_of_bitmex_is_translated_or_refused_with_its_reason(test_data: Path) -> None:
    rows = json.loads((test_data / "protocols/exchanges/cryptofeed/bitmex-instrument-active.json").read_text())
    named, reasons = {}, set()
    for row in rows:
        (word,) = WIRES["bitmex"]().decode(json.dumps(row).encode())
        assert isinstance(word, Instrument)
        try:
            named[word.symbol] = to_deribit(word).name
        except BadInput as error:
            reasons.add(error.field)
    assert named == {"XBTUSD": "BTC-PERPETUAL", "XBTU21": "BTC-24SEP21", "XBTZ21": "BTC-31DEC21"}
    assert reasons == {"bitmex.isQuanto", "bitmex.quoteCurrency"}
