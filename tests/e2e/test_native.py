"""The native API on a running server: an order from the request to its hashed record, and all that is refused."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.e2e.server import Broker, isthmus

ORDER = {"instrument": "GOLD-USD", "side": "buy", "type": "limit", "quantity": "2.5", "price": "100.50"}


@pytest.fixture(scope="module")
def operator(broker: Broker) -> Iterator[httpx.Client]:
    with broker.client("operator") as client:
        client.post("/v1/operator/add_asset", json={"code": "GOLD", "decimals": 4}).raise_for_status()
        listing = {
            "instrument": "GOLD-USD",
            "kind": "crypto_spot",
            "base": "GOLD",
            "quote": "USD",
            "price_decimals": 2,
            "quantity_decimals": 3,
            "tick_size": "0.05",
            "lot_size": "0.01",
            "maker_fee_ppm": 100,
            "taker_fee_ppm": 200,
        }
        client.post("/v1/operator/add_instrument", json=listing).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def demo(broker: Broker, operator: httpx.Client) -> Iterator[httpx.Client]:
    with broker.client() as client:
        yield client


@pytest.fixture(scope="module")
def other(broker: Broker, operator: httpx.Client) -> Iterator[httpx.Client]:
    """Another client, who owns gold."""
    opened = operator.post("/v1/operator/open_account", json={"name": "seller"}).raise_for_status().json()
    account = f"acc-{opened['effects'][0]['account']}"
    gold = {"account": account, "asset": "GOLD", "amount": "1000", "client_id": "seed"}
    operator.post("/v1/operator/deposit", json=gold).raise_for_status()
    wanted = {"user": "seller", "role": "client", "account": account}
    key = operator.post("/v1/operator/create_key", json=wanted).raise_for_status().json()
    headers = {"Isthmus-Key": key["key_id"], "Isthmus-Secret": key["secret"]}
    with httpx.Client(base_url=broker.url, headers=headers, timeout=30) as client:
        yield client


def balance(client: httpx.Client, asset: str) -> dict[str, Any]:
    rows = client.get("/v1/balances").raise_for_status().json()
    return next((row for row in rows if row["asset"] == asset), {"total": "0", "held": "0"})


def problem(answer: httpx.Response, status: int, reason: str) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["reason"]) == (status, reason), found
    assert found["type"] == f"/docs/errors#{reason}"
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


def test_an_order_is_held_filled_paid_and_its_record_proves_it(
    demo: httpx.Client, other: httpx.Client, operator: httpx.Client
) -> None:
    before = float(balance(demo, "USD")["total"])
    resting = demo.post("/v1/orders", json=ORDER).raise_for_status()
    order = resting.json()
    assert resting.status_code == 201
    assert (order["status"], order["filled"], order["hold"]) == ("open", "0.000", "251.300250")
    assert balance(demo, "USD")["held"] == "251.300250"
    sold = other.post("/v1/orders", json=ORDER | {"side": "sell", "quantity": "1.5"}).raise_for_status().json()
    assert (sold["status"], sold["average_price"]) == ("filled", "100.50")

    after = demo.get(f"/v1/orders/{order['id']}").json()
    assert (after["filled"], after["remaining"], after["record"]) == ("1.500", "1.000", sold["record"])
    fill = demo.get("/v1/fills", params={"instrument": "GOLD-USD"}).json()["data"][0]
    assert (fill["order"], fill["liquidity"], fill["fee"]) == (order["id"], "maker", "0.015075")
    assert float(balance(demo, "USD")["total"]) == pytest.approx(before - 150.75 - 0.015075, abs=1e-6)
    assert float(balance(demo, "GOLD")["total"]) == 1.5
    position = next(row for row in demo.get("/v1/positions").json() if row["instrument"] == "GOLD-USD")
    assert (position["quantity"], position["average_price"]) == ("1.500", "100.50")

    sequence = int(sold["record"].removeprefix("rec-"))
    records = operator.get("/v1/journal", params={"start": sequence - 1, "limit": 2}).json()["data"]
    assert [row["sequence"] for row in records] == [sequence - 1, sequence]
    assert records[1]["prev"] == records[0]["hash"]
    content = bytes.fromhex(records[1]["prev"]) + bytes.fromhex(records[1]["body"])
    assert hashlib.sha256(content).hexdigest() == records[1]["hash"]
    assert [effect["kind"] for effect in records[1]["effects"]] == ["Accepted", "Traded"]
    assert demo.delete(f"/v1/orders/{order['id']}").json()["status"] == "cancelled"


def test_the_origin_keeps_who_asked_and_the_hash_of_what_he_said(demo: httpx.Client, operator: httpx.Client) -> None:
    body = b'{"instrument":"GOLD-USD","side":"buy","quantity":"1","price":"1.00","client_order_id":"my-own"}'
    order = demo.post("/v1/orders", content=body).raise_for_status().json()
    sequence = int(order["id"].removeprefix("ord-"))
    origin = operator.get("/v1/journal", params={"start": sequence, "limit": 1}).json()["data"][0]["origin"]
    assert origin["instruction"] == hashlib.sha256(body).hexdigest()
    assert (origin["text"], origin["role"], origin["gateway"]) == ("my-own", 1, 1)
    assert demo.get("/v1/orders/by-client-id/my-own").json()["id"] == order["id"]


def test_a_market_order_on_a_simulated_market_is_filled(demo: httpx.Client) -> None:
    wanted = {"instrument": "BTC-USD", "side": "buy", "type": "market", "quantity": "0.01"}
    order = demo.post("/v1/orders", json=wanted).raise_for_status().json()
    assert (order["status"], order["filled"], order["price"]) == ("filled", "0.0100", None)


def test_the_same_idempotency_key_gives_the_first_answer_and_other_content_a_conflict(demo: httpx.Client) -> None:
    key = {"Idempotency-Key": "once"}
    first = demo.post("/v1/orders", json=ORDER, headers=key)
    again = demo.post("/v1/orders", json=ORDER, headers=key)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    problem(demo.post("/v1/orders", json=ORDER | {"quantity": "3"}, headers=key), 409, "duplicate_client_id")
    own = ORDER | {"client_order_id": "other"}
    assert demo.post("/v1/orders", json=own, headers={"Idempotency-Key": "two"}).status_code == 201
    more = own | {"quantity": "3", "client_order_id": "another"}
    problem(demo.post("/v1/orders", json=more, headers={"Idempotency-Key": "two"}), 409, "duplicate_client_id")
    assert len(demo.delete("/v1/orders", params={"instrument": "GOLD-USD"}).json()["cancelled"]) >= 2


def test_a_repeated_refusal_is_the_same_refusal(demo: httpx.Client) -> None:
    wanted = ORDER | {"quantity": "1000000", "client_order_id": "too-much"}
    first = problem(demo.post("/v1/orders", json=wanted), 422, "insufficient_funds")
    again = problem(demo.post("/v1/orders", json=wanted), 422, "insufficient_funds")
    assert first["detail"] == again["detail"]


def test_a_replaced_order_keeps_its_id_and_takes_its_new_terms(demo: httpx.Client) -> None:
    order = demo.post("/v1/orders", json=ORDER).json()
    changed = demo.patch(f"/v1/orders/{order['id']}", json={"price": "90.00", "quantity": "2"}).raise_for_status()
    assert (changed.json()["id"], changed.json()["price"], changed.json()["quantity"]) == (
        order["id"],
        "90.00",
        "2.000",
    )
    problem(demo.patch(f"/v1/orders/{order['id']}", json={"price": "90.01"}), 422, "off_tick")
    demo.delete(f"/v1/orders/{order['id']}").raise_for_status()
    problem(demo.delete(f"/v1/orders/{order['id']}"), 422, "unknown_order")


BAD_ORDERS: list[tuple[dict[str, Any], int, str, str | None]] = [
    ({"instrument": "NONE-USD"}, 422, "unknown_instrument", "instrument"),
    ({"price": "100.51"}, 422, "off_tick", "price"),
    ({"price": "100.501"}, 422, "off_tick", "price"),
    ({"price": "0"}, 422, "price_not_positive", "price"),
    ({"price": "-5.00"}, 422, "price_not_positive", "price"),
    ({"price": None}, 422, "price_not_positive", "price"),
    ({"price": "99999999999999999999"}, 422, "price_too_large", "price"),
    ({"quantity": "0"}, 422, "quantity_not_positive", "quantity"),
    ({"quantity": "-1"}, 422, "quantity_not_positive", "quantity"),
    ({"quantity": "1.005"}, 422, "off_lot", "quantity"),
    ({"quantity": "9999999999"}, 422, "quantity_too_large", "quantity"),
    ({"quantity": "9" * 30}, 422, "quantity_too_large", "quantity"),
    ({"quantity": "999999999", "price": "9999999.95"}, 422, "notional_too_large", "quantity"),
    ({"quantity": "9" * 41}, 400, "malformed_number", "quantity"),
    ({"quantity": "1e3"}, 400, "malformed_number", "quantity"),
    ({"quantity": "NaN"}, 400, "malformed_number", "quantity"),
    ({"quantity": "١"}, 400, "malformed_number", "quantity"),
    ({"quantity": 1}, 400, "malformed_request", "quantity"),
    ({"side": "hold"}, 400, "malformed_request", "side"),
    ({"colour": "red"}, 400, "malformed_request", "colour"),
    ({"type": "market"}, 422, "price_on_market", "price"),
    ({"post_only": True, "time_in_force": "ioc"}, 422, "post_only_conflict", "post_only"),
    ({"venue": "nowhere"}, 422, "unknown_venue", "venue"),
    ({"client_order_id": ""}, 400, "malformed_request", "client_order_id"),
    ({"client_order_id": "x" * 129}, 400, "malformed_request", "client_order_id"),
    ({"account": "acc-1"}, 403, "forbidden", "account"),
    ({"quantity": "999999"}, 422, "insufficient_funds", "quantity"),
    ({"time_in_force": "gtd", "expires_at": "tomorrow"}, 400, "malformed_request", "expires_at"),
    ({"time_in_force": "gtd", "expires_at": "2999-01-01T00:00:00Z"}, 422, "bad_expire", "expires_at"),
    ({"time_in_force": "gtd", "expires_at": "1969-01-01T00:00:00Z"}, 422, "bad_expire", "expires_at"),
    ({"time_in_force": "gtd", "expires_at": "2000-01-01T00:00:00Z"}, 422, "bad_expire", "expires_at"),
    ({"display_quantity": "0.005"}, 422, "bad_display", "display_quantity"),
    ({"min_quantity": "3"}, 422, "bad_minimum", "min_quantity"),
    ({"parent": "4711"}, 400, "malformed_id", "parent"),
    ({"short": True}, 422, "bad_terms", None),
]


@pytest.mark.parametrize(("change", "status", "reason", "field"), BAD_ORDERS)
def test_a_bad_order_is_refused_by_name(
    demo: httpx.Client, change: dict[str, Any], status: int, reason: str, field: str | None
) -> None:
    found = problem(demo.post("/v1/orders", json=ORDER | change), status, reason)
    assert found["field"] == field


def test_a_refusal_says_the_value_and_the_limit(demo: httpx.Client) -> None:
    found = problem(demo.post("/v1/orders", json=ORDER | {"price": "100.51"}), 422, "off_tick")
    assert (found["value"], found["limit"]) == ("100.51", "0.05")


BAD_BODIES = [
    (b"{", 400, "malformed_json"),
    (b"\xff\xfe{}", 400, "malformed_json"),
    (b"[]", 400, "malformed_request"),
    (b"", 400, "malformed_request"),
    (b"[" * 60_000, 400, "malformed_request"),
    (b'{"instrument":' + b"[" * 60_000, 400, "malformed_request"),
    (b"x" * 65_537, 413, "body_too_large"),
]


@pytest.mark.parametrize(("body", "status", "reason"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_body_is_refused_by_name(demo: httpx.Client, body: bytes, status: int, reason: str) -> None:
    problem(demo.post("/v1/orders", content=body), status, reason)


def test_a_body_sent_in_chunks_is_bounded_too(demo: httpx.Client) -> None:
    problem(demo.post("/v1/orders", content=(b"x" * 1_000 for _ in range(70))), 413, "body_too_large")


def test_a_wrong_key_opens_nothing(broker: Broker, demo: httpx.Client) -> None:
    right = broker.headers()
    for wrong in ({}, right | {"Isthmus-Secret": "no"}, right | {"Isthmus-Key": "no"}, {"Cookie": "isthmus_session=x"}):
        answer = httpx.get(f"{broker.url}/v1/balances", headers=wrong)
        assert problem(answer, 401, "unauthenticated")


def test_paths_and_methods_that_are_not_there(demo: httpx.Client) -> None:
    problem(demo.get("/v1/nothing"), 404, "not_found")
    assert "GET" in problem(demo.put("/v1/orders", json={}), 405, "method_not_allowed")["limit"]
    problem(demo.get("/v1/orders/ord-999999999"), 404, "unknown_order")
    problem(demo.get("/v1/orders/4711"), 400, "malformed_id")
    problem(demo.get("/v1/instruments/NONE"), 404, "unknown_instrument")
    problem(demo.get("/v1/orders", params={"limit": "many"}), 400, "malformed_request")
    problem(demo.get("/v1/instruments/GOLD-USD/bars", params={"interval": "2s"}), 400, "malformed_request")


def test_a_client_sees_and_touches_only_his_own(
    broker: Broker, demo: httpx.Client, other: httpx.Client, operator: httpx.Client
) -> None:
    order = demo.post("/v1/orders", json=ORDER | {"price": "1.00"}).json()
    problem(other.get(f"/v1/orders/{order['id']}"), 404, "unknown_order")
    problem(other.delete(f"/v1/orders/{order['id']}"), 404, "unknown_order")
    problem(other.get("/v1/balances", params={"account": order["account"]}), 403, "forbidden")
    problem(other.get("/v1/journal"), 403, "forbidden")
    problem(other.post("/v1/operator/halt", json={}), 403, "forbidden")
    assert all(row["account"] != order["account"] for row in other.get("/v1/orders").json()["data"])
    with broker.client("auditor") as auditor:
        seen = auditor.get("/v1/orders", params={"account": order["account"]}).raise_for_status()
        assert seen.json()["data"][0]["id"] == order["id"]
        auditor.get("/v1/journal").raise_for_status()
        problem(auditor.post("/v1/orders", json=ORDER | {"account": order["account"]}), 403, "forbidden")
        problem(auditor.post("/v1/operator/halt", json={}), 403, "forbidden")
    assert operator.delete(f"/v1/orders/{order['id']}").raise_for_status().json()["status"] == "cancelled"


def test_pages_follow_each_other_without_gap_or_overlap(demo: httpx.Client) -> None:
    placed = [demo.post("/v1/orders", json=ORDER | {"price": "1.00"}).json()["id"] for _ in range(7)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        query = {"limit": "3", "status": "open", "instrument": "GOLD-USD"} | cursor
        page = demo.get("/v1/orders", params=query).raise_for_status().json()
        seen += [row["id"] for row in page["data"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(seen) == len(set(seen))
    assert [number for number in seen if number in placed] == placed[::-1]
    demo.delete("/v1/orders", params={"instrument": "GOLD-USD"}).raise_for_status()


def test_a_halted_instrument_takes_cancels_only(demo: httpx.Client, operator: httpx.Client) -> None:
    order = demo.post("/v1/orders", json=ORDER | {"price": "1.00"}).json()
    operator.post("/v1/operator/halt", json={"instrument": "GOLD-USD"}).raise_for_status()
    assert demo.get("/v1/instruments/GOLD-USD").json()["state"] == "halted"
    problem(demo.post("/v1/orders", json=ORDER), 422, "instrument_halted")
    assert demo.delete(f"/v1/orders/{order['id']}").json()["status"] == "cancelled"
    operator.post("/v1/operator/resume", json={"instrument": "GOLD-USD"}).raise_for_status()
    demo.post("/v1/orders", json=ORDER | {"price": "1.00"}).raise_for_status()


def test_a_deposit_with_the_same_client_id_counts_once(operator: httpx.Client, other: httpx.Client) -> None:
    account = other.get("/v1/session").json()["account"]
    wanted = {"account": account, "asset": "USD", "amount": "10", "client_id": "pay-1"}
    for _ in range(2):
        operator.post("/v1/operator/deposit", json=wanted).raise_for_status()
    assert balance(other, "USD")["total"].startswith("10.") or float(balance(other, "USD")["total"]) > 10
    problem(operator.post("/v1/operator/deposit", json=wanted | {"amount": "11"}), 409, "duplicate_client_id")
    problem(
        operator.post("/v1/operator/withdraw", json=wanted | {"amount": "0", "client_id": "w"}),
        422,
        "amount_not_positive",
    )


def signed(key: Ed25519PrivateKey, key_id: str, request: httpx.Request, at: int) -> dict[str, str]:
    target = request.url.raw_path.decode()
    body = hashlib.sha256(request.content).hexdigest()
    text = f"{at}\n{request.method}\n{target}\n{body}".encode()
    signature = base64.b64encode(key.sign(text)).decode()
    return {"Isthmus-Key": key_id, "Isthmus-Timestamp": str(at), "Isthmus-Signature": signature}


def test_a_signature_counts_once_within_its_window_and_for_its_own_words(
    broker: Broker, operator: httpx.Client
) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    account = broker.keys()["account"]
    wanted = {"user": "signer", "account": account, "public_key": public}
    made = operator.post("/v1/operator/create_key", json=wanted).raise_for_status().json()
    assert made["secret"] is None
    with httpx.Client(base_url=broker.url) as client:
        request = client.build_request("POST", "/v1/orders?from=test", json=ORDER | {"price": "1.00"})
        request.headers.update(signed(key, made["key_id"], request, time.time_ns()))
        assert client.send(request).status_code == 201
        problem(client.send(request), 401, "signature_replayed")
        for age_s in (-6, 6):
            request.headers.update(signed(key, made["key_id"], request, time.time_ns() + age_s * 10**9))
            problem(client.send(request), 401, "signature_stale")
        other_words = client.build_request("POST", "/v1/orders?from=test", json=ORDER)
        other_words.headers.update(signed(key, made["key_id"], request, time.time_ns()))
        problem(client.send(other_words), 401, "unauthenticated")


def test_a_login_link_works_once_and_a_change_needs_the_same_origin(broker: Broker, operator: httpx.Client) -> None:
    code, demo = isthmus("demo-keys", "--data", str(broker.data))
    assert (code, demo["url"], demo["alpaca"]) == (0, broker.url, broker.url + "/alpaca")
    with httpx.Client(base_url=broker.url) as browser:
        entered = browser.get(demo["login_link"])
        cookie = entered.headers["set-cookie"]
        assert entered.status_code == 200
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        session = browser.get("/v1/session").raise_for_status().json()
        assert (session["role"], session["account"]) == ("operator", demo["account"])
        problem(browser.post("/v1/orders", json=ORDER), 403, "wrong_origin")
        elsewhere = {"Origin": "http://elsewhere.example"}
        problem(browser.post("/v1/orders", json=ORDER, headers=elsewhere), 403, "wrong_origin")
        here = {"Origin": broker.url}
        assert browser.post("/v1/orders", json=ORDER | {"price": "1.00"}, headers=here).status_code == 201
        kept = dict(browser.cookies)
        browser.delete("/v1/session", headers=here).raise_for_status()
        problem(httpx.get(f"{broker.url}/v1/session", cookies=kept), 401, "unauthenticated")
    assert httpx.get(demo["login_link"]).status_code == 401


def test_every_answer_carries_a_request_id_and_the_rate(demo: httpx.Client) -> None:
    answer = demo.get("/v1/session", headers={"X-Request-ID": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    assert int(answer.headers["x-ratelimit-remaining"]) < int(answer.headers["x-ratelimit-limit"])
    assert "x-ratelimit-reset" in answer.headers
    for refused in (demo.get("/v1/nothing"), httpx.get(f"{demo.base_url}/v1/session"), httpx.get(f"{demo.base_url}")):
        assert {"x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining"} <= set(refused.headers)


def test_the_document_names_every_route_and_the_pages_load_nothing_from_elsewhere(broker: Broker) -> None:
    document = httpx.get(f"{broker.url}/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert {"get", "post", "delete"} <= set(document["paths"]["/v1/orders"])
    assert "NewOrder" in document["components"]["schemas"]
    for page in ("/docs", "/docs/docs.js", "/docs/errors"):
        answer = httpx.get(broker.url + page).raise_for_status()
        assert "https://" not in answer.text
    assert "insufficient_funds" in httpx.get(f"{broker.url}/docs/errors").text


def test_health_and_metrics_need_no_key(broker: Broker) -> None:
    health = httpx.get(f"{broker.url}/health").json()
    assert (health["status"], health["mode"], health["reason"]) == ("ok", "simulated", None)
    assert len(health["head"]) == 64
    assert "isthmus_sequence" in httpx.get(f"{broker.url}/metrics/").text


def test_a_key_that_asks_too_often_is_told_to_wait(broker: Broker, tmp_path: Any) -> None:
    own = Broker(tmp_path / "data", settings="[limits]\nrate_per_s = 5\nrate_burst = 10\n")
    try:
        with own.client() as client:
            answers = [client.get("/v1/session") for _ in range(30)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert problem(refused, 429, "rate_limited")["limit"] == "5"
        assert refused.headers["retry-after"] == "1"
        with own.client("auditor") as auditor:
            auditor.get("/v1/session").raise_for_status()
    finally:
        assert own.stop() == 0


def test_the_follower_shows_its_lag_and_writes_what_the_operator_asks_for(broker: Broker) -> None:
    with broker.client("operator") as client:
        made = client.post("/v1/operator/snapshot", json={}).raise_for_status().json()
        health = client.get("/health").json()
        metrics = client.get("/metrics").text
    assert Path(made["snapshot"]).stem == f"{made['sequence']:020}"
    assert Path(made["snapshot"]).exists()
    follower = health["follower"]
    assert follower["fault"] is None
    assert made["sequence"] <= follower["snapshot"] <= follower["sequence"] <= health["sequence"]
    assert follower["lag"] == health["sequence"] - follower["sequence"]
    assert f"isthmus_snapshot_sequence {float(follower['snapshot'])}" in metrics
    assert "isthmus_follower_lag_records" in metrics
