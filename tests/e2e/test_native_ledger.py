"""The ledger over the native API: banks, client money, pending transfers and exchanges on a running server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker

UNIT = 10**6
"""Minor units of a dollar on the demo's ledger."""


@pytest.fixture(scope="module")
def operator(broker: Broker) -> Iterator[httpx.Client]:
    with broker.client("operator") as client:
        yield client


def send(operator: httpx.Client, command: str, /, **body: Any) -> list[dict[str, Any]]:
    answer = operator.post(f"/v1/operator/{command}", json=body)
    assert answer.status_code == 200, answer.text
    effects: list[dict[str, Any]] = answer.json()["effects"]
    return effects


def refused(operator: httpx.Client, command: str, /, **body: Any) -> tuple[str, str | None]:
    found = operator.post(f"/v1/operator/{command}", json=body).json()
    return found["reason"], found.get("field")


def opened(operator: httpx.Client, kind: str, name: str, **words: Any) -> str:
    return f"acc-{send(operator, 'open_account', kind=kind, name=name, **words)[-1]['account']}"


def balance(operator: httpx.Client, account: str) -> tuple[Decimal, Decimal]:
    """Total and held, as soon as they are durable."""
    for _ in range(100):
        rows = operator.get("/v1/balances", params={"account": account}).raise_for_status().json()
        if rows:
            return Decimal(rows[0]["total"]), Decimal(rows[0]["held"])
        time.sleep(0.02)
    return Decimal(0), Decimal(0)


@pytest.fixture(scope="module")
def bank(operator: httpx.Client) -> str:
    return opened(operator, "custodian", "BANK", side="client")


@pytest.fixture(scope="module")
def client(operator: httpx.Client, bank: str) -> str:
    account = opened(operator, "client", "ledger-client")
    send(operator, "move", source=bank, target=account, asset="USD", amount="500", purpose="deposit")
    return account


def test_money_at_a_bank_is_a_debit_and_accounts_have_paths(operator: httpx.Client, bank: str, client: str) -> None:
    assert balance(operator, bank) == (-500, 0)
    listed = {row["account"]: row for row in operator.get("/v1/operator/accounts").json()}
    assert (listed[bank]["path"], listed[bank]["side"]) == ("custodian:BANK:client", "client")
    assert (listed[client]["path"], listed[client]["kind"]) == ("client:ledger-client", "client")
    assert (listed["acc-5"]["path"], listed["acc-5"]["side"]) == ("house:insurance", "firm")


def test_what_would_mix_client_money_is_refused_by_name(operator: httpx.Client, bank: str, client: str) -> None:
    house = opened(operator, "house", "ledger-desk")
    terms = {"source": client, "target": house, "asset": "USD", "amount": "1"}
    assert refused(operator, "transfer", **terms) == ("mixes_client_money", "target")
    assert refused(operator, "move", **terms, purpose="allocation") == ("mixes_client_money", "target")
    assert refused(operator, "move", **terms, purpose="gift") == ("unknown_purpose", "purpose")
    assert refused(operator, "move", **terms | {"target": bank, "amount": "501"}, purpose="withdrawal")[0] in (
        "insufficient_funds",
        "custodian_overdrawn",
    )
    assert refused(operator, "open_account", kind="custodian", name="NONE") == ("wrong_side", "side")


def test_a_pending_withdrawal_is_held_listed_and_posted_in_part_once(
    operator: httpx.Client, bank: str, client: str
) -> None:
    terms = {"source": client, "target": bank, "asset": "USD", "amount": "40", "purpose": "withdrawal"}
    (pending,) = send(operator, "move_pending", **terms, expires_at="2099-01-01T00:00:00Z")
    transfer = f"rec-{pending['transfer']}"
    for _ in range(100):
        rows = operator.get("/v1/operator/pending").json()
        if rows:
            break
        time.sleep(0.02)
    assert [(row["transfer"], Decimal(row["amount"]), row["asset"]) for row in rows] == [(transfer, 40, "USD")]
    assert balance(operator, client)[1] == 40
    assert refused(operator, "post_pending", transfer=transfer, amount="41") == ("beyond_pending", "amount")
    assert refused(operator, "post_pending", transfer=transfer, amount="0")[0] == "amount_not_positive"
    ended, posted = send(operator, "post_pending", transfer=transfer, amount="15")
    assert (ended["posted"], ended["released"], posted["amount"]) == (15 * UNIT, 25 * UNIT, 15 * UNIT)
    assert refused(operator, "void_pending", transfer=transfer) == ("unknown_transfer", "transfer")
    assert refused(operator, "void_pending", transfer="trf-1")[0] == "malformed_id"


def test_an_exchange_takes_both_amounts_as_they_are_given(operator: httpx.Client, client: str) -> None:
    terms = {"account": client, "sell_asset": "USD", "sell_amount": "11", "buy_asset": "EUR", "buy_amount": "10"}
    sold, bought = send(operator, "exchange", **terms)
    assert (sold["target"], bought["source"]) == (6, 6)
    assert refused(operator, "exchange", **terms | {"buy_asset": "USD"}) == ("same_asset", "buy_asset")


def test_only_operators_move_money(broker: Broker, client: str) -> None:
    with broker.client() as demo:
        body = {"source": client, "target": "acc-1", "asset": "USD", "amount": "1", "purpose": "withdrawal"}
        assert demo.post("/v1/operator/move", json=body).status_code == 403
        assert demo.get("/v1/operator/pending").status_code == 403
