"""Client money at two banks that speak the messages of banks: paid in, paid out, reconciled, and what goes wrong."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from tests.e2e.custodian import Custodian, number
from tests.e2e.server import GENEROUS, Broker, isthmus

Found = TypeVar("Found")
TRIES, PAUSE_S = 300, 0.05
BUY = {"instrument": "EUR-USD", "side": "buy", "type": "market", "quantity": "1000"}
TO = {"to_name": "A Client", "to_account": "GB33BUKB20201555555555", "to_bank": "BUKBGB22"}


def until(look: Callable[[], Found], well: Callable[[Found], bool]) -> Found:
    """What is seen once it is well."""
    for _ in range(TRIES):
        found = look()
        if well(found):
            return found
        time.sleep(PAUSE_S)
    raise AssertionError(f"{found} after {TRIES * PAUSE_S} s")


class House:
    """A broker with two banks, a client and two operators."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.alpha = Custodian(folder, "alpha", "ALPHGB2L", "camt")
        self.beta = Custodian(folder, "beta", "BETACHZZ", "mt940")
        self.settings = (
            f"{GENEROUS}\n[custody]\npoll_s = 0.1\ntimeout_s = 1.0\nreconcile_s = 0.2\nsilent_s = 1\nfailover_s = 1\n"
            f"[custody.break_limits_s]\ndefault = 2\nbank_silent = 30\n"
            f'[custody.withdrawals]\nGBP = {{most = "10000"}}\n'
            f"{self.alpha.settings(60)}{self.beta.settings(40)}"
        )
        self.keys: dict[str, dict[str, str]] = {}
        self.start()
        with self.broker.client("operator") as operator:
            for user in ("ann", "bob"):
                made = operator.post("/v1/operator/create_key", json={"user": user, "role": "operator"}).json()
                self.keys[user] = {"Isthmus-Key": made["key_id"], "Isthmus-Secret": made["secret"]}

    def start(self) -> None:
        self.broker = Broker(self.folder / "data", settings=self.settings)

    def kill_and_start(self) -> None:
        self.broker.kill()
        self.start()

    def as_client(self) -> httpx.Client:
        return self.broker.client()

    def operator(self, user: str) -> httpx.Client:
        return httpx.Client(base_url=self.broker.url, headers=self.keys[user], timeout=30)

    def get(self, path: str, user: str = "ann") -> Any:
        with self.operator(user) as operator:
            return operator.get(path).raise_for_status().json()

    def post(self, path: str, user: str, body: Any) -> httpx.Response:
        with self.operator(user) as operator:
            return operator.post(path, json=body)

    def balance(self, asset: str) -> str | None:
        with self.as_client() as client:
            rows = client.get("/v1/balances").raise_for_status().json()
        return next((row["total"] for row in rows if row["asset"] == asset), None)

    def reference(self, asset: str = "GBP") -> str:
        with self.as_client() as client:
            return client.get(f"/v1/deposits/address?asset={asset}").raise_for_status().json()["reference"]

    def fund(self, amount: str, bank: Custodian | None = None, asset: str = "GBP") -> None:
        before = float(self.balance(asset) or 0)
        (bank or self.alpha).credit(asset, amount, self.reference(asset))
        until(lambda: float(self.balance(asset) or 0), lambda now: now == before + float(amount))

    def ask(self, amount: str, client_id: str, asset: str = "GBP") -> httpx.Response:
        with self.as_client() as client:
            body = {"asset": asset, "amount": amount, "client_id": client_id} | TO
            return client.post("/v1/withdrawals", json=body)

    def let_go(self, which: str) -> None:
        assert self.post(f"/v1/custody/withdrawals/{which}/approve", "ann", {}).status_code == 200
        answer = self.post(f"/v1/custody/withdrawals/{which}/release", "bob", {})
        assert answer.status_code == 200, answer.text

    def state(self, which: str) -> str:
        with self.as_client() as client:
            rows = client.get("/v1/withdrawals").raise_for_status().json()
        return next(row["state"] for row in rows if row["id"] == which)

    def causes(self) -> list[str]:
        return sorted(row["cause"] for row in self.get("/v1/custody/breaks"))

    def close_days(self, bank: Custodian | None = None) -> None:
        """Statements of all accounts come from the bank, or from both."""
        before = self.statements()
        banks = [bank] if bank is not None else [self.alpha, self.beta]
        for one in banks:
            one.close_day()
        until(self.statements, lambda count: count == before + 4 * len(banks))

    def statements(self) -> int:
        return sum(row["statements"] for row in self.get("/v1/custody/reconciliation")["banks"])

    def paid(self, bank: Custodian) -> list[str]:
        return [row["amount"] for row in bank.state()["payments"] if row["status"] == "ACSC"]

    def stop(self) -> None:
        assert self.broker.stop() == 0
        assert self.alpha.stop() == 0 and self.beta.stop() == 0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.stop()


def test_money_comes_in_by_reference_and_leaves_through_two_operators(house: House) -> None:
    house.fund("250.00")
    asked = house.ask("100.00", "w1")
    assert asked.status_code == 201, asked.text
    which = asked.json()["id"]
    assert house.ask("100.00", "w1").json()["id"] == which
    assert house.ask("150.01", "w2").json()["reason"] == "insufficient_funds"
    assert house.ask("1.005", "w3").status_code == 422
    assert house.post(f"/v1/custody/withdrawals/{which}/release", "bob", {}).json()["reason"] == "wrong_state"
    assert house.post(f"/v1/custody/withdrawals/{which}/approve", "ann", {}).status_code == 200
    assert house.post(f"/v1/custody/withdrawals/{which}/release", "ann", {}).json()["reason"] == "same_person"
    with house.as_client() as client:
        assert client.post(f"/v1/custody/withdrawals/{which}/release", json={}).status_code == 403
    assert house.post(f"/v1/custody/withdrawals/{which}/release", "bob", {}).status_code == 200
    until(lambda: house.state(which), lambda state: state == "confirmed")
    assert house.balance("GBP") == "150.00" and house.paid(house.alpha) == ["100"]
    house.alpha.credit("GBP", "9.99", "for whom?")
    (row,) = until(lambda: house.get("/v1/custody/suspense"), lambda rows: len(rows) == 1)
    body = {"bank": row["bank"], "account_number": row["account_number"], "key": row["key"]}
    with house.as_client() as client:
        account = client.get("/v1/session").json()["account"]
    assert house.post("/v1/custody/suspense/assign", "ann", body | {"account": account}).status_code == 200
    assert house.balance("GBP") == "159.99"
    house.close_days()
    with house.as_client() as client:
        assert [row["amount"] for row in client.get("/v1/deposits").json()] == ["9.99", "250"]
    found = until(
        lambda: house.get("/v1/custody/reconciliation"),
        lambda told: told["breaks"] == [] and all(row["result"] == "agrees" for row in told["positions"]),
    )
    pounds = next(row for row in found["positions"] if row["currency"] == "GBP")
    assert pounds["at_custodians"]["custodian:alpha:client"] == "159.99"
    record = house.post("/v1/custody/records", "ann", {}).json()
    assert record["chain_whole"] and "GBP: agrees" in record["text"]
    files = sorted((house.folder / "data/custody/records").iterdir())
    assert [path.suffix for path in files] == [".json", ".txt"]
    assert json.loads(files[0].read_bytes()) == record["record"] and files[0].stat().st_mode & 0o222 == 0
    copy = house.folder / "copy"
    assert isthmus("backup", "--data", str(house.folder / "data"), "--to", str(copy))[0] == 0
    assert sorted(path.name for path in (copy / "custody/records").iterdir()) == [path.name for path in files]
    with contextlib.closing(sqlite3.connect(copy / "custody/custody.sqlite")) as base:
        assert base.execute("SELECT state FROM withdrawals").fetchall() == [("confirmed",)]


def test_a_silent_bank_and_a_cent_block_withdrawals_of_the_currency_but_never_trading(house: House) -> None:
    house.fund("600.00")
    house.fund("400.00", house.beta)
    house.fund("50.00", house.beta, "CHF")
    # One statement is wrong by one cent.
    house.alpha.fault("cent_entry")
    house.close_days(house.alpha)
    (row,) = until(lambda: house.get("/v1/custody/breaks"), lambda rows: len(rows) == 1)
    assert (row["cause"], row["amount"], row["currency"]) == ("amount_differs", "0.01", "GBP")
    assert "alpha tells 600.01 GBP" in row["words"] and "the bank is 0.01 GBP above" in row["words"]
    until(lambda: house.get("/v1/custody/breaks"), lambda rows: rows[0]["blocks_withdrawals"])
    refused = house.ask("10.00", "w1").json()
    assert refused["reason"] == "blocked_by_break" and "0.01 GBP above" in refused["detail"]
    assert house.ask("10.00", "c1", "CHF").status_code == 201
    with house.as_client() as client:
        assert client.post("/v1/orders", json=BUY).status_code == 201
    settled = house.post("/v1/custody/breaks/settle", "ann", {"key": row["key"], "why": "the bank corrects it"})
    assert settled.status_code == 200
    # The statement after the wrong one is right, and so does not begin where that ended.
    house.close_days(house.alpha)
    (row,) = until(
        lambda: house.get("/v1/custody/breaks"), lambda rows: [one["cause"] for one in rows] == ["wrong_opening"]
    )
    assert house.post("/v1/custody/breaks/settle", "ann", {"key": row["key"], "why": "corrected"}).status_code == 200
    until(house.causes, lambda causes: causes == [])
    # One bank stops answering: what never left goes to the other.
    asked = house.ask("100.00", "w2").json()
    first = asked["bank"]
    silent, other = (house.alpha, house.beta) if first == "alpha" else (house.beta, house.alpha)
    silent.fault("silent")
    until(
        lambda: house.get("/v1/custody/reconciliation")["banks"], lambda rows: not all(one["answers"] for one in rows)
    )
    assert house.post(f"/v1/custody/withdrawals/{asked['id']}/approve", "ann", {}).status_code == 200
    assert house.post(f"/v1/custody/withdrawals/{asked['id']}/release", "bob", {}).status_code == 200
    until(lambda: house.state(asked["id"]), lambda state: state == "confirmed")
    assert (house.paid(silent), house.paid(other)) == ([], ["100"])
    until(lambda: house.causes(), lambda causes: "bank_silent" in causes)
    words = [row["words"] for row in house.get("/v1/custody/breaks") if row["cause"] == "bank_silent"]
    assert all("has not answered for" in text and "Found" in text for text in words)
    silent.fault()
    until(lambda: house.causes(), lambda causes: "bank_silent" not in causes)


@pytest.mark.parametrize("moment", ["requested", "approved", "released", "sent"])
def test_nothing_is_paid_twice_or_lost_by_kill_9(house: House, moment: str) -> None:
    house.fund("250.00")
    which = house.ask("100.00", "w1").json()["id"]
    if moment == "requested":
        house.kill_and_start()
    assert house.ask("100.00", "w1").json()["id"] == which
    assert house.post(f"/v1/custody/withdrawals/{which}/approve", "ann", {}).status_code == 200
    if moment == "approved":
        house.kill_and_start()
    assert house.post(f"/v1/custody/withdrawals/{which}/release", "bob", {}).status_code == 200
    if moment == "sent":
        until(lambda: house.paid(house.alpha), lambda paid: paid == ["100"])
    if moment in ("released", "sent"):
        house.kill_and_start()
    until(lambda: house.state(which), lambda state: state == "confirmed")
    house.kill_and_start()
    house.close_days()
    until(lambda: house.get("/v1/custody/reconciliation"), lambda told: told["breaks"] == [])
    assert house.balance("GBP") == "150.00"
    assert house.alpha.state()["accounts"][number("alpha", "GBP")] == "150"
    assert (house.paid(house.alpha), house.paid(house.beta)) == (["100"], [])


def test_a_shortfall_is_paid_in_by_the_firm_through_two_operators(house: House) -> None:
    house.fund("250.00")
    mark = house.alpha.credit("GBP", "50", "capital", side="firm")["bank_reference"]
    assert house.post("/v1/operator/open_account", "ann", {"kind": "house", "name": "capital"}).status_code == 200
    accounts = {row["path"]: row["account"] for row in house.get("/v1/operator/accounts")}
    booked = {"source": accounts["custodian:alpha:firm"], "target": accounts["house:capital"], "asset": "GBP"}
    booked |= {"amount": "50", "purpose": "deposit", "client_id": mark}
    assert house.post("/v1/operator/move", "ann", booked).status_code == 200
    # Books that owe a client what no bank has.
    with house.as_client() as client:
        account = client.get("/v1/session").json()["account"]
    lent = {"account": account, "asset": "GBP", "amount": "5"}
    assert house.post("/v1/operator/deposit", "ann", lent).status_code == 200
    told = house.get("/v1/custody/reconciliation")
    pounds = next(row for row in told["positions"] if row["currency"] == "GBP")
    assert (pounds["result"], pounds["difference"], pounds["no_bank"]) == ("shortfall", "5", "5")
    wanted = next(row for row in told["proposals"] if row["purpose"] == "top_up")
    body = {name: wanted[name] for name in ("purpose", "source", "target", "currency", "amount")}
    mixed = body | {"purpose": "custody"}
    assert house.post("/v1/custody/moves", "ann", mixed).json()["reason"] == "purpose_not_allowed"
    with house.broker.client("operator") as operator:
        move = operator.post("/v1/custody/moves", json=body).json()["id"]
        assert operator.post(f"/v1/custody/moves/{move}/approve", json={}).json()["reason"] == "same_person"
    for user in ("ann", "bob"):
        assert house.post(f"/v1/custody/moves/{move}/approve", user, {}).status_code == 200
    until(
        lambda: {row["currency"]: row["result"] for row in house.get("/v1/custody/reconciliation")["positions"]},
        lambda results: results["GBP"] == "agrees",
    )
    assert house.alpha.state()["accounts"][number("alpha", "GBP")] == "255"
    house.close_days()
    until(house.causes, lambda causes: causes == [])
