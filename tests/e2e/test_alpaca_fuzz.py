"""Nasty values at every path and stream of the facade: each gets an answer or a refusal in form, never a bug."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgpack
from tests.e2e.server import Broker
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

NASTY: list[Any] = [
    None, True, 0, -1, 2**63, 2**64, 10**30, 1.5, 1e-9, 1e300, "", " ", "0", "-0", "1e9", "9" * 20,
    "0." + "0" * 40 + "1", "NaN", "\x00", "é", "💥", "x" * 200, "ACME", "BTC/USD", "BTC-USD-PERP", "ACME,ACME",
    ",", "*", "buy", "limit", "day", "asc", "open", "2026-11-23", "2026-99-99", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z", "1Min", "12Month", "FILL", "100", "50", "0.001", "W10=", "WyJBQ01FIiwxLDFd",
    "WyJBQ01FIiwtMSwtMV0=", [], {}, ["a"], {"a": 1}, "04000000-0000-8034-a400-000000000000",
]  # fmt: skip
PATHS = [
    "ACME",
    "BTC%2FUSD",
    "BTC-USD-PERP",
    "%00",
    "..",
    "%F0%9F%92%A5",
    "04000000-0000-8034-a400-000000000000",
    "FILL",
    "us",
]
QUERY = (
    "symbols", "timeframe", "limit", "start", "end", "sort", "page_token", "status", "after", "until",
    "direction", "side", "date", "page_size", "activity_types", "asset_class", "exchange", "qty", "percentage",
    "cancel_orders", "client_order_id", "category",
)  # fmt: skip
ORDER = (
    "symbol", "qty", "notional", "side", "type", "time_in_force", "limit_price", "stop_price",
    "client_order_id", "order_class", "extended_hours", "position_intent", "take_profit", "trail", "dtbp_check",
)  # fmt: skip
SOUND = {"symbol": "ACME", "qty": 1, "side": "buy", "type": "limit", "time_in_force": "gtc", "limit_price": "400.25"}
ROUTES = (
    "GET /v2/account", "GET /v2/account/configurations", "PATCH /v2/account/configurations",
    "GET /v2/account/portfolio/history", "GET /v2/account/activities", "GET /v2/account/activities/{}",
    "GET /v2/assets", "GET /v2/assets/{}", "GET /v2/assets/{}/{}", "GET /v2/clock", "GET /v2/calendar",
    "POST /v2/orders", "GET /v2/orders", "DELETE /v2/orders", "GET /v2/orders/{}",
    "GET /v2/orders:by_client_order_id", "PATCH /v2/orders/{}", "DELETE /v2/orders/{}", "GET /v2/positions",
    "DELETE /v2/positions", "GET /v2/positions/{}", "DELETE /v2/positions/{}", "GET /v2/stocks/bars",
    "GET /v2/stocks/trades", "GET /v2/stocks/quotes", "GET /v2/stocks/{}/bars",
    "GET /v2/stocks/{}/trades/latest", "GET /v2/stocks/{}/snapshot", "GET /v2/stocks/snapshots",
    "GET /v2/stocks/bars/latest", "GET /v1beta3/crypto/{}/bars", "GET /v1beta3/crypto/us/trades",
    "GET /v1beta3/crypto/us/quotes", "GET /v1beta3/crypto/us/latest/orderbooks",
    "GET /v1beta3/crypto/us/snapshots",
)  # fmt: skip
ROUNDS = 60


def body_of(pick: random.Random) -> bytes:
    fields = dict(SOUND) if pick.random() < 0.7 else {}
    fields |= {name: pick.choice(NASTY) for name in ORDER if pick.random() < 0.1}
    return json.dumps(fields if pick.random() < 0.95 else pick.choice(NASTY)).encode()


def test_no_request_ends_in_a_bug(broker: Broker) -> None:
    pick = random.Random(7)
    statuses: set[int] = set()
    key = broker.keys()["client"]
    headers = {"APCA-API-KEY-ID": key["key_id"], "APCA-API-SECRET-KEY": key["secret"]}
    with httpx.Client(base_url=broker.ready["alpaca"], headers=headers, timeout=30) as client:
        for route in ROUTES:
            method, path = route.split()
            for _ in range(ROUNDS):
                target = "".join(part.replace("{", pick.choice(PATHS)) for part in path.split("}"))
                chosen = {name: str(pick.choice(NASTY)) for name in QUERY if pick.random() < 0.2}
                body = body_of(pick) if method in ("POST", "PATCH") else None
                answer = client.request(method, target, params=chosen, content=body)
                statuses.add(answer.status_code)
                assert answer.status_code < 500, (route, target, chosen, body, answer.text)
                if answer.status_code >= 400:
                    said = answer.json()
                    expected = 400 if said["reason"] == "duplicate_client_id" else answer.status_code
                    assert (said["code"] // 100_000, bool(said["message"])) == (expected, True)
    assert {200, 204, 207, 400, 403, 404, 422} - statuses <= {204, 403}


def test_no_message_ends_in_a_bug(broker: Broker) -> None:
    pick = random.Random(8)
    key = broker.keys()["client"]
    log = Path(broker.log.name)
    before = log.read_text().count("Traceback")

    def message() -> bytes | str:
        fields: dict[str, Any] = {"action": pick.choice(("subscribe", "unsubscribe", "listen", "auth", *NASTY))}
        for name in ("trades", "quotes", "bars", "orderbooks", "data", "streams", "statuses"):
            if pick.random() < 0.5:
                fields[name] = pick.choice(
                    [*NASTY, ["ACME"], ["BTC/USD"], ["*"], {"streams": ["trade_updates", 1, None]}]
                )
        said = json.dumps(fields if pick.random() < 0.9 else pick.choice(NASTY))
        with suppress(OverflowError):
            return msgpack.packb(fields) if pick.random() < 0.3 else said
        return said

    async def talk(path: str, packed: bool) -> None:
        headers = {"Content-Type": "application/msgpack"} if packed else {}
        url = broker.ready["alpaca"].replace("http://", "ws://") + path
        async with connect(url, additional_headers=headers, max_size=None) as connection:
            who = {"action": "auth", "key": key["key_id"], "secret": key["secret"]}
            await connection.send(json.dumps(who))
            with suppress(ConnectionClosed):
                for _ in range(200):
                    await connection.send(message())
                    with suppress(TimeoutError):
                        await asyncio.wait_for(connection.recv(), 0.002)

    async def work() -> None:
        async with asyncio.timeout(60):
            for path in ("/stream", "/v2/iex", "/v1beta3/crypto/us"):
                await talk(path, packed=False)
                await talk(path, packed=True)

    asyncio.run(work())
    assert log.read_text().count("Traceback") == before
    assert httpx.get(f"{broker.url}/health").json()["status"] == "ok"
