"""Whatever a key sends, the server answers with a result or a problem document, and goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.e2e.server import Broker

from isthmus.gateways import operator_shapes, shapes

POSTS = {
    "orders": shapes.NewOrder,
    "quotes": shapes.MassQuote,
    "dead-man": shapes.DeadMan,
    "responses/ord-1/accept": shapes.Acceptance,
    "operator/open_account": operator_shapes.NewAccount,
    "operator/deposit": operator_shapes.Movement,
    "operator/withdraw": operator_shapes.Movement,
    "operator/transfer": operator_shapes.AccountTransfer,
    "operator/add_asset": operator_shapes.NewAsset,
    "operator/add_instrument": operator_shapes.NewInstrument,
    "operator/cancel_all": operator_shapes.MassCancel,
    "operator/mark": operator_shapes.NewMark,
    "operator/create_key": operator_shapes.NewKey,
    "operator/set_rule": operator_shapes.NewRule,
    "operator/set_tick": operator_shapes.NewTick,
    "operator/set_session": operator_shapes.NewSession,
    "operator/uncross": operator_shapes.OneInstrument,
    "operator/clear_sealed": operator_shapes.OneInstrument,
    "operator/set_account": operator_shapes.Membership,
    "operator/set_credit": operator_shapes.Credit,
    "operator/set_limit": operator_shapes.NewLimit,
    "operator/rearm": operator_shapes.Killing,
    "operator/register_maker": operator_shapes.NewMaker,
    "operator/set_protection": operator_shapes.NewProtection,
    "operator/correct_trade": operator_shapes.Correction,
}
"""Not the kill: what it refuses would hide what is looked for here."""
READS = (
    "orders", "fills", "balances", "positions", "journal", "sessions", "makers", "operator/kills",
    "orders/ord-200/history", "instruments/BTC-USD/book", "instruments/BTC-USD/bars", "instruments/BTC-USD/statistics",
    "instruments/BTC-USD/indicative", "instruments/BTC-USD/orders",
)  # fmt: skip
QUESTIONS = ("limit", "cursor", "status", "account", "start", "end", "interval", "depth", "venue", "instrument")
LIKELY = {
    "instrument": "BTC-USD", "side": "buy", "type": "limit", "quantity": "0.01", "price": "60000.00", "amount": "1",
    "account": "acc-19", "source": "acc-19", "target": "acc-20", "asset": "USD", "code": "NEW", "decimals": 2,
    "kind": "equity", "base": "BTC", "quote": "USD", "price_decimals": 2, "quantity_decimals": 2, "tick_size": "0.01",
    "lot_size": "0.01", "user": "somebody", "role": "client", "time_in_force": "gtc", "mark": "1", "multiplier": 1,
    "stop_price": "1.00", "offset": "1.00", "display_quantity": "0.01", "peg": "mid", "trigger": "last",
    "expires_at": "2999-01-01T00:00:00Z", "one_cancels": "ord-1", "parent": "ord-1", "request": "ord-1",
    "rule": "collar_bps", "value": 9_000, "from_price": "1.00", "state": "continuous", "group": 1, "firm": 1,
    "scope": "account", "of": "acc-19", "limit": "order_rate", "spread": "1.00", "presence_bps": 1, "window_ms": 1,
    "percent_bps": 1, "trade": "trd-200-1", "timeout_ms": 1_000, "session": 1,
    "quotes": [{"side": "buy", "price": "1.00", "quantity": "0.01"}],
}  # fmt: skip
ODD_TEXTS = st.sampled_from([
    "", "0", "-1", "1e5", "NaN", "Infinity", "١٢", "+5", "1_000", " 1", "1.", "9" * 40, "0." + "0" * 30 + "1", "\0",
    "acc-0", "acc-1", "acc-99999999999", "ord-0", "ord-99999999999999999999", "house", "a" * 129, "é" * 200,
])  # fmt: skip
ODD = st.one_of(
    ODD_TEXTS,
    st.integers(),
    st.sampled_from([2**63, 2**64, 10**30, -(2**63)]),
    st.floats(),
    st.sampled_from([None, True, [], {}, ["x"], {"x": 1}]),
)


@st.composite
def posts(draw: st.DrawFn) -> tuple[str, bytes]:
    """A path and a body: likely fields, some of them odd, some left out; now and then no JSON."""
    path = draw(st.sampled_from(sorted(POSTS)))
    fields = POSTS[path].__struct_fields__
    odd = draw(st.dictionaries(st.sampled_from(fields), ODD, max_size=3))
    body: dict[str, Any] = {name: LIKELY[name] for name in fields if name in LIKELY} | odd
    for name in draw(st.sets(st.sampled_from(fields), max_size=2)):
        body.pop(name, None)
    raw = json.dumps(body).encode()
    return path, draw(st.sampled_from([raw, raw, raw, raw, raw[: len(raw) // 2], raw.replace(b'"', b"\xff")]))


@pytest.fixture(scope="module")
def clients(broker: Broker) -> Iterator[dict[str, httpx.Client]]:
    """One connection a role."""
    with broker.client("client") as client, broker.client("operator") as operator, broker.client("auditor") as auditor:
        yield {"client": client, "operator": operator, "auditor": auditor}


def check(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    body = answer.json()
    if answer.is_error:
        assert answer.headers["content-type"] == "application/problem+json"
        assert body["status"] == answer.status_code and body["reason"] and body["detail"]


@settings(max_examples=250)
@given(post=posts(), role=st.sampled_from(["client", "operator", "operator"]))
def test_any_body_is_answered(clients: dict[str, httpx.Client], post: tuple[str, bytes], role: str) -> None:
    path, body = post
    check(clients[role].post(f"/v1/{path}", content=body))


@settings(max_examples=150)
@given(path=st.sampled_from(READS), query=st.dictionaries(st.sampled_from(QUESTIONS), ODD_TEXTS | st.just("5")))
def test_any_question_is_answered(clients: dict[str, httpx.Client], path: str, query: dict[str, str]) -> None:
    check(clients["auditor"].get(f"/v1/{path}", params=query))


def test_the_server_is_well_after_all_that(broker: Broker) -> None:
    assert httpx.get(f"{broker.url}/health").json()["status"] == "ok"
    with broker.client("operator") as operator:
        done = operator.post("/v1/operator/open_account", json={"kind": "client"})
    assert done.json()["effects"][0]["kind"] == "AccountOpened"
