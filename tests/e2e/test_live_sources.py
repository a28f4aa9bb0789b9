"""Sources of market data over WebSocket: venues that show prices and take no orders, in the consolidated book."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.e2e.replay_server import ReplayServer
from tests.e2e.server import GENEROUS, Broker
from tests.e2e.test_live_venues import waited

from isthmus.kernel.files import open_input
from isthmus.venues.formats.depth import read_lines
from isthmus.venues.level_book import LevelBook, okx_checksum

SOURCE = """
[venues.{name}]
wire = "{name}"
stream = "{url}"
silence_s = {silence_s}
retry_s = 0.1
[venues.{name}.markets.BTC-SOURCE]
symbol = "{symbol}"
kind = "crypto_spot"
base = "BTC"
quote = "USDT"
tick = "0.1"
lot = "0.00000001"
"""


def okx(action: str, number: int, bids: list[list[str]], asks: list[list[str]], book: LevelBook) -> bytes:
    """A message with the checksum of the book after it."""
    book.change([(row[0], row[1]) for row in bids], [(row[0], row[1]) for row in asks])
    row = {
        "asks": [[*row, "0", "1"] for row in asks],
        "bids": [[*row, "0", "1"] for row in bids],
        "ts": "1700000000000",
    }
    row |= {"checksum": okx_checksum(book), "seqId": number, "prevSeqId": number - 1}
    return msgspec.json.encode({"arg": {"channel": "books", "instId": "BTC-USDT"}, "action": action, "data": [row]})


def session(connection: int) -> list[bytes]:
    """The first connection loses a message; later ones do not."""
    book = LevelBook()
    told = [okx("snapshot", 5, [["29999.9", "1"], ["29990", "2"]], [["30000.1", "1"], ["30010", "2"]], book)]
    told.append(okx("update", 6, [["29999.9", "3"]], [], book))
    lost = okx("update", 7, [["30000", "0.5"]], [], book)
    told += [lost] if connection > 1 else []
    told.append(okx("update", 8, [], [["30010", "0"], ["30020", "1"]], book))
    return told


BITSTAMP = (
    b'{"event":"data","channel":"order_book_btcusd","data":{"timestamp":"1700000000","microtimestamp":"1700000000000001",'
    b'"bids":[["30001.0","1.5"]],"asks":[["30002.0","2"]]}}',
    b'{"event":"trade","channel":"live_trades_btcusd","data":{"id":1,"amount":0.5,"amount_str":"0.50000000","price":30002,'
    b'"price_str":"30002","type":0,"timestamp":"1700000000","microtimestamp":"1700000000000002","buy_order_id":1,'
    b'"sell_order_id":2}}',
)


@pytest.fixture
def servers() -> Iterator[tuple[ReplayServer, ReplayServer]]:
    made = ReplayServer(session, 0.05), ReplayServer(lambda _: BITSTAMP)
    yield made
    for server in made:
        server.stop()


def broker_of(folder: Path, *sources: tuple[str, str, str], silence_s: float = 60.0) -> Broker:
    told = [SOURCE.format(name=name, url=url, symbol=symbol, silence_s=silence_s) for name, url, symbol in sources]
    return Broker(folder / "data", settings=GENEROUS + "".join(told))


def best(client: httpx.Client, venue: str) -> Any:
    """Best bid and ask of one venue, None while it shows none."""
    found = client.get("/v1/instruments/BTC-SOURCE/book", params={"depth": 3, "venue": venue}).json()
    return (found["bids"][0], found["asks"][0]) if found["bids"] and found["asks"] else None


def routes(client: httpx.Client) -> dict[str, Any]:
    rows = client.get("/v1/routes").json()
    return {row["venue"]: row for row in rows if row["instrument"] == "BTC-SOURCE"}


def test_two_sources_are_shown_judged_and_take_no_orders(
    servers: tuple[ReplayServer, ReplayServer], tmp_path: Path
) -> None:
    broker = broker_of(tmp_path, ("okx", servers[0].url, "BTC-USDT"), ("bitstamp", servers[1].url, "btcusd"))
    try:
        with broker.client() as client:
            assert waited(lambda: best(client, "bitstamp"))[0][0] == "30001.0"
            waited(lambda: any("unsubscribe" in text for text in servers[0].heard))  # the gap: asked for again
            assert best(client, "okx") is None, "a book with a gap is not shown"
            servers[0].cut()
            waited(lambda: (best(client, "okx") or [[None]])[0][0] == "30000.0")
            told = routes(client)
            assert [told[name]["state"] for name in ("okx", "bitstamp")] == ["held", "held"], told
            assert "takes no orders" in str(told["okx"])
            body = {"instrument": "BTC-SOURCE", "side": "buy", "type": "limit", "quantity": "0.1", "price": "31000"}
            order = client.post("/v1/orders", json=body | {"time_in_force": "gtc"})
            assert (order.status_code, order.json()["venue"]) == (201, "house")
    finally:
        assert broker.stop() == 0
    log = Path(broker.log.name).read_text()
    assert "okx BTC-USDT: gap: an update follows 7" in log


def test_a_source_that_falls_silent_is_shown_no_more(tmp_path: Path) -> None:
    server = ReplayServer(lambda connection: BITSTAMP if connection == 1 else ())
    broker = broker_of(tmp_path, ("bitstamp", server.url, "btcusd"), silence_s=0.5)
    try:
        with broker.client() as client:
            waited(lambda: server.connections >= 2)
            waited(lambda: best(client, "bitstamp") is None)
            assert "order_book_btcusd" in server.heard[0]
    finally:
        assert broker.stop() == 0
        server.stop()


def test_a_captured_session_is_heard_to_its_end(test_data: Path, tmp_path: Path) -> None:
    """OKX's session of 2022: every checksum is right, so that no whole book is asked for again."""
    lines = read_lines(open_input(test_data / "crypto_venue_captures" / "OKX.ws.1.0.gz"))
    messages = [line.raw for line in lines if line.message is not None]
    server = ReplayServer(lambda _: messages)
    broker = broker_of(tmp_path, ("okx", server.url, "BTC-USDT"))
    try:
        with broker.client() as client:
            waited(lambda: best(client, "okx"))
            time.sleep(1)
            assert best(client, "okx") is not None
            assert len(server.heard) == 1
    finally:
        assert broker.stop() == 0
        server.stop()
    assert "checksum" not in Path(broker.log.name).read_text()
