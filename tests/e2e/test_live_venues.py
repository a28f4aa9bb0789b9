"""Orders that really reach a venue over sockets, and a broker that lives through its bad days."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.binance_server import BinanceServer
from tests.e2e.server import GENEROUS, Broker, isthmus
from tests.unit.venues.binance_exchange import KEY, SECRET

PATIENCE_S = 20
PRODUCT = "BTCUSDT-PERP"
OTHER = "ETHUSDT-PERP"

SETTINGS = """
[venues.binance-futures]
wire = "binance-futures"
rest = "{rest}"
stream = "{stream}"
keys = "{keys}"
silence_s = 2.0
retry_s = 0.1
[venues.binance-futures.markets.BTCUSDT-PERP]
symbol = "BTCUSDT"
kind = "linear_perpetual"
base = "BTC"
quote = "USDT"
tick = "0.10"
lot = "0.001"
mark = "30000"
[venues.binance-futures.markets.ETHUSDT-PERP]
symbol = "ETHUSDT"
kind = "linear_perpetual"
base = "ETH"
quote = "USDT"
tick = "0.01"
lot = "0.001"
mark = "2000"

[venues.cme]
wire = "fix"
[venues.cme.markets.BTC-CME]
symbol = "BTCZ6"
kind = "linear_perpetual"
base = "BTC"
quote = "USD"
tick = "5"
lot = "1"
mark = "30000"
multiplier = 5

[[product_routes]]
products = ["BTCUSDT-*"]
venue = "binance-futures"

[[product_routes]]
products = ["BTC-CME"]
venue = "cme"
calendars = ["never"]

[calendars.never]
instruments = []
timezone = "America/Chicago"
days = ["mon"]
holidays = []
times = {{ "00:00" = ["closed"] }}
"""


def keys_in(folder: Path) -> Path:
    path = folder / "binance.toml"
    path.write_text(f'key = "{KEY}"\nsecret = "{SECRET}"\n')
    path.chmod(0o600)
    return path


def started(server: BinanceServer, data: Path) -> Broker:
    told = SETTINGS.format(rest=server.rest, stream=server.stream, keys=keys_in(data.parent))
    return Broker(data, settings=GENEROUS + told)


@pytest.fixture(scope="module")
def server() -> Iterator[BinanceServer]:
    running = BinanceServer()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def live(server: BinanceServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    data = tmp_path_factory.mktemp("live") / "data"
    running = started(server, data)
    yield running
    assert running.stop() == 0
    code, found = isthmus("verify", str(data), "--replay")
    assert (code, found["ok"], found["effects_equal"]) == (0, True, True)
    log = Path(running.log.name).read_text()
    assert SECRET not in log and KEY not in log and "signature" not in log


@pytest.fixture
def client(live: Broker) -> Iterator[httpx.Client]:
    with live.client() as made:
        yield made


def waited(question: Callable[[], Any]) -> Any:
    """The first answer that is not false."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if answer := question():
            return answer
        time.sleep(0.02)
    raise AssertionError("waited too long")


def book(client: httpx.Client) -> dict[str, Any]:
    def question() -> Any:
        found = client.get(f"/v1/instruments/{PRODUCT}/book", params={"depth": 5}).json()
        return found if found["bids"] and found["asks"] else None

    found: dict[str, Any] = waited(question)
    return found


def placed(client: httpx.Client, **more: Any) -> httpx.Response:
    body = {"instrument": PRODUCT, "side": "buy", "type": "limit", "quantity": "0.100", "price": "30000.1"} | more
    return client.post("/v1/orders", json=body)


def after(client: httpx.Client, order: str, *statuses: str) -> dict[str, Any]:
    def question() -> Any:
        found = client.get(f"/v1/orders/{order}").json()
        return found if found["status"] in statuses else None

    found: dict[str, Any] = waited(question)
    return found


def test_the_venues_book_is_the_markets(live: Broker, client: httpx.Client) -> None:
    found = book(client)
    assert (found["bids"][0][0], found["asks"][0][0]) == ("30000.0", "30000.1")
    rows = {row["instrument"]: row for row in live.ready["markets"] if row["venue"] == "binance-futures"}
    assert rows[PRODUCT]["taken"] is True


def test_an_order_for_the_product_reaches_the_venue_and_its_fill_comes_home(
    server: BinanceServer, client: httpx.Client
) -> None:
    book(client)
    answer = placed(client)
    assert answer.status_code == 201, answer.text
    found = after(client, answer.json()["id"], "filled")
    assert found["venue"] == "binance-futures"
    assert "row 1 of product_routes" in found["routing"]
    fill = client.get("/v1/fills", params={"instrument": PRODUCT}).json()["data"][0]
    assert (fill["order"], fill["price"], fill["quantity"]) == (found["id"], "30000.1", "0.100")
    assert [row["qty"] for row in server.exchange.trades] == ["0.100"]
    assert {headers.get("x-mbx-apikey") for headers in server.headers} == {KEY, None}


def test_a_resting_order_is_changed_and_cancelled_at_the_venue(server: BinanceServer, client: httpx.Client) -> None:
    order = placed(client, price="29900.0").json()["id"]
    resting = waited(lambda: [one for one in server.exchange.orders.values() if one.status == "NEW"])[0]
    client.patch(f"/v1/orders/{order}", json={"price": "29950.0", "quantity": "0.200"}).raise_for_status()
    waited(lambda: resting.price == Decimal("29950.0"))
    waited(lambda: client.get(f"/v1/orders/{order}").json()["price"] == "29950.0")
    client.delete(f"/v1/orders/{order}").raise_for_status()
    assert after(client, order, "cancelled")["reason"] == "user"
    assert resting.status == "CANCELED"


def test_an_order_whose_answer_never_came_is_found_and_not_sent_twice(
    server: BinanceServer, client: httpx.Client
) -> None:
    before = len(server.exchange.orders)
    server.deaf = True
    order = placed(client, price="30000.1", quantity="0.050").json()["id"]
    waited(lambda: len(server.exchange.orders) > before)
    server.deaf = False
    assert after(client, order, "filled")["status"] == "filled"
    assert len(server.exchange.orders) == before + 1


def test_an_order_with_a_path_sends_its_children_there(server: BinanceServer, client: httpx.Client) -> None:
    book(client)
    before = len(server.exchange.trades)
    answer = placed(client, path="auto", quantity="0.300", price="30000.2")
    assert answer.status_code == 201, answer.text
    assert after(client, answer.json()["id"], "filled")["status"] == "filled"
    assert sum(Decimal(row["qty"]) for row in server.exchange.trades[before:]) == Decimal("0.300")
    other = placed(client, path="auto", instrument=OTHER, price="2000.00")
    assert (other.status_code, other.json()["reason"]) == (422, "unknown_product")


def test_a_gap_in_the_stream_is_mended_by_the_whole_book(server: BinanceServer, client: httpx.Client) -> None:
    book(client)
    before = server.snapshots
    server.skip()
    waited(lambda: server.snapshots > before)
    book(client)


def test_a_stream_that_ends_is_opened_anew(server: BinanceServer, client: httpx.Client) -> None:
    book(client)
    old = set(server.markets)
    server.cut()
    waited(lambda: server.markets - old)
    book(client)


def test_a_product_that_no_row_names_is_refused_by_name(client: httpx.Client) -> None:
    answer = placed(client, instrument=OTHER, price="2000.00")
    assert (answer.status_code, answer.json()["reason"]) == (422, "unknown_product")
    assert OTHER in answer.json()["detail"]


def test_a_product_is_refused_outside_the_hours_of_its_venue(client: httpx.Client) -> None:
    answer = placed(client, instrument="BTC-CME", price="30000", quantity="1")
    assert (answer.status_code, answer.json()["reason"]) == (422, "venue_closed")


def test_the_table_goes_before_the_asker(client: httpx.Client) -> None:
    answer = placed(client, venue="house")
    assert (answer.status_code, answer.json()["reason"]) == (422, "unknown_venue")
    special = placed(client, type="stop", price=None, stop_price="31000")
    assert (special.status_code, special.json()["reason"]) == (422, "bad_terms")


def test_what_was_filled_while_the_broker_was_dead_is_booked_by_the_next_run(tmp_path: Path) -> None:
    server = BinanceServer()
    try:
        broker = started(server, tmp_path / "data")
        with broker.client() as client:
            book(client)
            order = placed(client, price="29900.0").json()["id"]
            resting = waited(lambda: list(server.exchange.orders.values()))[0]
        broker.kill()
        server.exchange.fill(resting, Decimal("29900.0"), Decimal("0.100"))
        server.exchange.events.clear()
        again = started(server, tmp_path / "data")
        with again.client() as client:
            assert after(client, order, "filled")["status"] == "filled"
        assert again.stop() == 0
    finally:
        server.stop()
