"""`serve --markets` on recorded Binance data: whole loops at high speed with client orders. Needs ISTHMUS_TEST_DATA."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker, isthmus

SPEED = "60"
PATIENCE_S = 90
MARKETS = {"BTCUSDT": ("binance-spot", "0.01"), "BTCUSDT-PERP": ("binance-usdm", "0.010")}


@pytest.fixture(scope="module")
def recorded(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    data = tmp_path_factory.mktemp("recorded") / "data"
    running = Broker(data, "--markets", str(test_data / "crypto_l2"), "--speed", SPEED)
    yield running
    assert running.stop() == 0
    code, found = isthmus("verify", str(data), "--replay")
    assert (code, found["ok"], found["tail"], found["effects_equal"]) == (0, True, "sealed", True)


@pytest.fixture(scope="module")
def client(recorded: Broker) -> Iterator[httpx.Client]:
    with recorded.client() as made:
        yield made


def book(client: httpx.Client, instrument: str) -> dict[str, Any]:
    """The book once it shows both sides (at the seam of a loop it is empty)."""
    return waited(lambda: shown(client.get(f"/v1/instruments/{instrument}/book", params={"depth": 5}).json()))


def shown(found: dict[str, Any]) -> dict[str, Any] | None:
    return found if found["bids"] and found["asks"] else None


def waited(question: Callable[[], Any]) -> Any:
    """The first answer that is not false."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError("waited too long")


def placed(client: httpx.Client, instrument: str, side: str, **more: Any) -> str:
    body = {"instrument": instrument, "side": side, "type": "limit", "quantity": MARKETS[instrument][1]} | more
    answer = client.post("/v1/orders", json=body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def ended(client: httpx.Client, order: str) -> dict[str, Any]:
    def question() -> Any:
        found = client.get(f"/v1/orders/{order}").json()
        return found if found["status"] in ("filled", "cancelled") else None

    found: dict[str, Any] = waited(question)
    return found


def test_the_ready_row_says_what_was_taken_and_what_was_left_and_why(recorded: Broker) -> None:
    assert recorded.ready["mode"] == "recorded"
    rows = {row["files"][0]: row for row in recorded.ready["markets"]}
    spot, perpetual, inverse = (
        rows[f"binance_{name}_20240808.gz"] for name in ("spot_btcusdt", "usdm_btcusdt", "cm_btcusd_perp")
    )
    assert (spot["instrument"], spot["kind"], spot["taken"]) == ("BTCUSDT", "crypto_spot", True)
    assert (perpetual["instrument"], perpetual["kind"]) == ("BTCUSDT-PERP", "linear_perpetual")
    assert spot["label"] == perpetual["label"] == "recorded 2024-08-08"
    assert (inverse["taken"], inverse["kind"]) == (True, "inverse_perpetual")
    assert "data only" in inverse["why"]


@pytest.mark.parametrize("instrument", MARKETS)
def test_a_market_order_goes_to_the_recorded_venue_and_is_filled(client: httpx.Client, instrument: str) -> None:
    book(client, instrument)
    found = ended(client, placed(client, instrument, "buy", type="market"))
    assert (found["status"], found["venue"]) == ("filled", MARKETS[instrument][0])
    assert found["routing"]
    fill = client.get("/v1/fills", params={"instrument": instrument}).json()["data"][0]
    assert (fill["order"], fill["liquidity"]) == (found["id"], "taker")


@pytest.mark.parametrize("instrument", MARKETS)
def test_resting_orders_are_filled_by_the_tape(client: httpx.Client, instrument: str) -> None:
    def maker_fill() -> bool:
        """Orders at both best prices; they may come to the seam first, or through the price and take."""
        best = book(client, instrument)
        prices = {"buy": best["bids"][0][0], "sell": best["asks"][0][0]}
        orders = {placed(client, instrument, side, price=price) for side, price in prices.items()}
        statuses = {ended(client, order)["status"] for order in orders}
        made = client.get("/v1/fills", params={"instrument": instrument}).json()["data"]
        return "filled" in statuses and any(fill["order"] in orders and fill["liquidity"] == "maker" for fill in made)

    assert waited(maker_fill)


@pytest.mark.parametrize("instrument", MARKETS)
def test_the_seam_of_the_loop_ends_what_rests(client: httpx.Client, instrument: str) -> None:
    best = book(client, instrument)
    far = str(int(float(best["bids"][-1][0])) - 5_000)
    found = ended(client, placed(client, instrument, "buy", price=far))
    assert (found["status"], found["reason"], found["hold"]) == ("cancelled", "recording_restarted", "0.00000000")
    book(client, instrument)


def test_cancel_and_replace_are_answered_by_the_venue(client: httpx.Client) -> None:
    far = int(float(book(client, "BTCUSDT")["bids"][-1][0])) - 5_000
    order = placed(client, "BTCUSDT", "buy", price=str(far))
    client.patch(f"/v1/orders/{order}", json={"price": str(far - 100), "quantity": "0.02"}).raise_for_status()
    client.delete(f"/v1/orders/{order}")
    assert ended(client, order)["status"] == "cancelled"


def test_after_kill_9_the_orders_left_at_the_venues_are_ended(test_data: Path, tmp_path: Path) -> None:
    options = "--markets", str(test_data / "crypto_l2"), "--speed", "0.1", "--durability", "os"
    first = Broker(tmp_path / "data", *options)
    with first.client() as client:
        far = int(float(book(client, "BTCUSDT")["bids"][-1][0])) - 5_000
        order = placed(client, "BTCUSDT", "buy", price=str(far))
    first.kill()
    second = Broker(tmp_path / "data", *options)
    with second.client() as client:
        found = ended(client, order)
        assert (found["status"], found["reason"]) == ("cancelled", "recording_restarted")
        book(client, "BTCUSDT")
        assert ended(client, placed(client, "BTCUSDT", "buy", type="market"))["status"] == "filled"
    assert second.stop() == 0


def test_a_folder_in_which_nothing_can_be_played_is_refused(tmp_path: Path) -> None:
    code, found = isthmus("serve", "--data", str(tmp_path / "data"), "--markets", str(tmp_path), "--port", "0")
    assert code == 2
    assert found["error"]["field"] == "markets"
