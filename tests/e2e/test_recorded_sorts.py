"""`serve --markets` on recordings of other sorts than streams: two dealers of one currency pair, a share, a future."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker, isthmus
from tests.unit.venues import tables
from tests.unit.venues.tables import SHARE_QUOTES, SHARE_TRADES, TOPS

PATIENCE_S = 20


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("sorts")
    (folder / "markets").mkdir()
    markets = folder / "markets"
    seconds = range(0, 600_000, 500)
    fine = [f"{ms},1.38{700 + ms // 500 % 7},1.38{702 + ms // 500 % 7}" for ms in seconds]
    wide = [f"{ms},1.38{690 + ms // 500 % 5},1.38{712 + ms // 500 % 5}" for ms in seconds]
    tables.fx(markets, "fxcm", fine)
    tables.fx(markets, "oanda", wide)
    tables.share(markets, "quote", SHARE_QUOTES)
    tables.share(markets, "trade", SHARE_TRADES)
    tables.dbn(markets, "es.dbn.zst", TOPS, "mbp-1", "GLBX.MDP3 ESU4")
    (markets / "markets.toml").write_text('[[venue]]\nname = "fxcm"\nquote_size = "250000"\nutc_offset = 0\n')
    running = Broker(folder / "data", "--markets", str(markets))
    yield running
    assert running.stop() == 0
    code, found = isthmus("verify", str(folder / "data"), "--replay")
    assert (code, found["ok"], found["effects_equal"]) == (0, True, True)


@pytest.fixture(scope="module")
def client(recorded: Broker) -> Iterator[httpx.Client]:
    with recorded.client() as made:
        yield made


def waited(question: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError("waited too long")


def listed(client: httpx.Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/instruments/{name}").raise_for_status().json()
    return found


def test_the_facts_of_both_dealers_are_told_with_what_is_assumed(client: httpx.Client) -> None:
    found = listed(client, "EURUSD")
    assert found["venues"] == ["house", "fxcm", "oanda"]
    house, fxcm, oanda = found["venue_facts"]
    assert (house["kind"], house["assumed"], house["takes_orders"]) == ("house", None, True)
    assert fxcm["assumed"] == "size 250,000 EUR assumed; clock UTC+0"
    assert oanda["assumed"] == "size 1,000,000 EUR assumed; clock taken as UTC"
    assert {facts["source"] for facts in (fxcm, oanda)} == {"recorded 2014-05-05"}
    assert (fxcm["kind"], fxcm["taker_fee_ppm"], fxcm["tick_size"], fxcm["lot_size"]) == ("lit", 0, "0.00001", "1")


def test_an_order_goes_to_the_better_dealer_and_is_filled_up_to_the_assumed_size(client: httpx.Client) -> None:
    def both() -> bool:
        books = [client.get("/v1/instruments/EURUSD/book", params={"venue": name}).json() for name in ("fxcm", "oanda")]
        return all(book["bids"] and book["asks"] for book in books)

    waited(both)
    body = {"instrument": "EURUSD", "side": "buy", "type": "limit", "price": "1.38720", "quantity": "100000"}
    answer = client.post("/v1/orders", json=body)
    assert answer.status_code == 201, answer.text
    found = waited(lambda: _ended(client, answer.json()["id"]))
    assert (found["status"], found["venue"]) == ("filled", "fxcm")
    fill = client.get("/v1/fills", params={"instrument": "EURUSD"}).json()["data"][0]
    assert (fill["liquidity"], fill["quantity"]) == ("taker", "100000")


def _ended(client: httpx.Client, order: str) -> dict[str, Any] | None:
    found: dict[str, Any] = client.get(f"/v1/orders/{order}").json()
    return found if found["status"] in ("filled", "cancelled") else None


def test_the_future_is_shown_and_takes_no_order(client: httpx.Client, recorded: Broker) -> None:
    found = listed(client, "ESU4")
    assert (found["state"], found["label"]) == ("halted", "recorded 2025-07-17, data only")
    assert found["venue_facts"][1]["takes_orders"] is False
    waited(lambda: client.get("/v1/instruments/ESU4/trades").json()["data"])
    body = {"instrument": "ESU4", "side": "buy", "type": "limit", "price": "5528.75", "quantity": "1"}
    answer = client.post("/v1/orders", json=body)
    assert answer.status_code >= 400
    assert "halted" in answer.text
    row = next(row for row in recorded.ready["markets"] if row["instrument"] == "ESU4")
    assert (row["taken"], row["kind"]) == (True, "future")
    assert "data only" in row["why"]


def test_a_share_is_one_consolidated_venue(client: httpx.Client) -> None:
    found = listed(client, "IBM")
    assert (found["kind"], found["venues"]) == ("equity", ["house", "us-consolidated"])
    assert found["venue_facts"][1]["assumed"] == "no fees, since none are told"
