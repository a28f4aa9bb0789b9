"""What a market tells: its day, its depth, every order of its book, the life of an order, its trading state."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker

FAR = {"instrument": "BTC-USD", "side": "buy", "type": "limit", "quantity": "0.0100", "price": "1000.00"}


@pytest.fixture(scope="module")
def operator(broker: Broker) -> Iterator[httpx.Client]:
    with broker.client("operator") as client:
        yield client


@pytest.fixture(scope="module")
def demo(broker: Broker) -> Iterator[httpx.Client]:
    with broker.client() as client:
        yield client


def read(client: httpx.Client, path: str, **query: Any) -> Any:
    return client.get(path, params=query).raise_for_status().json()


def refused(answer: httpx.Response, status: int, reason: str) -> None:
    assert (answer.status_code, answer.json()["reason"]) == (status, reason), answer.text


def test_the_life_of_an_order_is_told_from_the_journal_without_the_other_side(demo: httpx.Client) -> None:
    order = demo.post("/v1/orders", json=FAR).raise_for_status().json()
    demo.patch(f"/v1/orders/{order['id']}", json={"quantity": "0.0050"}).raise_for_status()
    demo.patch(f"/v1/orders/{order['id']}", json={"quantity": "0.0000"})
    demo.delete(f"/v1/orders/{order['id']}").raise_for_status()
    path = f"/v1/orders/{order['id']}/history"
    told = read(demo, path)
    assert told["next"] is None
    rows = [(row["event"], row["command"], row["quantity"], row["left"], row["reason"]) for row in told["data"]]
    assert rows == [
        ("accepted", "PlaceOrder", "0.0100", "0.0100", None),
        ("replaced", "ReplaceOrder", "0.0050", "0.0050", None),
        ("change_refused", "ReplaceOrder", None, "0.0050", "quantity_not_positive"),
        ("cancelled", "CancelOrder", "0.0050", "0.0000", "user"),
    ]
    pages, cursor = [], None
    while cursor is not None or not pages:
        page = read(demo, path, limit=1, **({"cursor": cursor} if cursor else {}))
        pages += page["data"]
        cursor = page["next"]
    assert pages == told["data"]
    refused(demo.get(path, params={"cursor": "1-2"}), 400, "malformed_request")
    refused(demo.get(path, params={"cursor": "1-0-0-0"}), 400, "malformed_request")
    refused(demo.get("/v1/orders/ord-1/history"), 404, "unknown_order")
    refused(demo.get("/v1/orders/4711/history"), 400, "malformed_id")


def test_a_fill_in_many_pieces_is_paged_within_its_record(demo: httpx.Client) -> None:
    wanted = {"instrument": "BTC-USD", "side": "buy", "type": "market", "quantity": "3.0000"}
    order = demo.post("/v1/orders", json=wanted).raise_for_status().json()
    path = f"/v1/orders/{order['id']}/history"
    whole = read(demo, path)["data"]
    assert [row["event"] for row in whole[:2]] == ["accepted", "traded"]
    assert {row["record"] for row in whole} == {order["id"].replace("ord", "rec")}
    first = read(demo, path, limit=1)
    assert first["data"] + read(demo, path, cursor=first["next"])["data"] == whole
    filled = sum(float(row["quantity"]) for row in whole if row["event"] == "traded")
    assert f"{filled:.4f}" == demo.get(f"/v1/orders/{order['id']}").json()["filled"]
    assert {row["liquidity"] for row in whole[1:]} == {"taker"}


def test_the_house_s_own_orders_are_searched_for_in_the_journal_by_who_may_read_it(
    demo: httpx.Client, operator: httpx.Client
) -> None:
    listed = read(operator, "/v1/instruments/BTC-USD/orders", limit=1)["data"]
    path = f"/v1/orders/{listed[0]['order']}/history"
    told = read(operator, path, limit=100)
    assert told["data"][0]["event"] == "accepted"
    refused(demo.get(path), 404, "unknown_order")
    refused(operator.get("/v1/orders/ord-1/history"), 404, "unknown_order")
    refused(operator.get("/v1/orders/ord-99999999999/history"), 404, "unknown_order")


def test_a_day_s_figures_agree_with_its_bar_and_the_depth_with_its_book(demo: httpx.Client) -> None:
    deadline = time.monotonic() + 10
    while True:
        day = read(demo, "/v1/instruments/BTC-USD/statistics")
        bar = read(demo, "/v1/instruments/BTC-USD/bars", interval="1d", limit=1)["data"][0]
        same = ("open", "high", "low", "close", "volume", "trades", "vwap")
        if all(day[name] == bar[name] for name in same):
            break
        assert time.monotonic() < deadline, (day, bar)
    assert day["day"] == bar["start"][:10]
    assert [step["bps"] for step in day["depth"]] == sorted(step["bps"] for step in day["depth"])
    widest = day["depth"][-1]
    assert float(widest["bid_quantity"]) > 0
    assert float(widest["bid_value"]) == pytest.approx(float(widest["bid_quantity"]) * float(day["middle"]), rel=0.1)
    refused(demo.get("/v1/instruments/NONE/statistics"), 404, "unknown_instrument")


def test_every_order_of_a_book_is_for_operators_in_priority_and_in_pages(
    demo: httpx.Client, operator: httpx.Client
) -> None:
    path = "/v1/instruments/BTC-USD/orders"
    order = demo.post("/v1/orders", json=FAR).raise_for_status().json()
    page = read(operator, path, limit=500)
    bids = [row for row in page["data"] if row["side"] == "buy" and not row["waits"]]
    assert [float(row["price"]) for row in bids] == sorted((float(row["price"]) for row in bids), reverse=True)
    mine = next(row for row in page["data"] if row["order"] == order["id"])
    assert (mine["price"], mine["shown"], mine["left"]) == ("1000.00", "0.0100", "0.0100")
    assert len(read(operator, path, limit=3)["data"]) == 3
    assert read(operator, path, limit=3)["next"] == "3"
    refused(demo.get(path), 403, "forbidden")
    refused(operator.get(path, params={"cursor": "10000"}), 400, "malformed_request")
    demo.delete(f"/v1/orders/{order['id']}").raise_for_status()


def test_a_mass_cancel_may_name_a_side_and_a_session(demo: httpx.Client) -> None:
    sell = FAR | {"side": "sell", "price": "9000000.00"}
    wanted = (FAR | {"session": 7}, FAR | {"session": 8}, sell | {"session": 7})
    seven, eight, sold = (demo.post("/v1/orders", json=row).raise_for_status().json()["id"] for row in wanted)
    assert demo.delete("/v1/orders", params={"side": "sell", "session": 7}).json() == {"cancelled": [sold]}
    assert demo.delete("/v1/orders", params={"session": 7}).json() == {"cancelled": [seven]}
    assert demo.delete("/v1/orders", params={"instrument": "BTC-USD"}).json() == {"cancelled": [eight]}
    refused(demo.delete("/v1/orders", params={"side": "up"}), 400, "malformed_request")
    refused(demo.delete("/v1/orders", params={"session": "-1"}), 400, "malformed_request")


def test_every_market_tells_its_trading_state(demo: httpx.Client) -> None:
    rows = {row["instrument"]: row for row in read(demo, "/v1/sessions")}
    listed = {row["instrument"]: row for row in read(demo, "/v1/instruments")}
    assert rows.keys() == listed.keys()
    for symbol, row in rows.items():
        assert (row["state"], row["book"], row["rules"]) == tuple(
            listed[symbol][at] for at in ("session", "book", "rules")
        )


def test_who_holds_a_key_gets_a_link_that_logs_him_in_once(broker: Broker, demo: httpx.Client) -> None:
    made = demo.post("/v1/session", json={}).raise_for_status().json()
    with httpx.Client(base_url=broker.url) as browser:
        browser.get(made["link"]).raise_for_status()
        assert read(browser, "/v1/session") == read(demo, "/v1/session")
    with httpx.Client(base_url=broker.url) as second:
        assert second.get(made["link"]).status_code == 401
        refused(second.get("/v1/session"), 401, "unauthenticated")
    refused(demo.post("/v1/session", json={"user": "operator"}), 400, "malformed_request")
