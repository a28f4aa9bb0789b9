"""The confirmations desk in a playing broker: fills become files, answers in the folder become states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from isthmus.app.confirmations_desk import ConfirmationsDesk
from isthmus.app.playing import Playing
from isthmus.engine.engine import content_id
from isthmus.gateways.swift import mt300
from isthmus.gateways.swift.verdict import validate
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    BUY,
    GTC,
    LIMIT,
    SELL,
    CorrectTrade,
    Deposit,
    OpenAccount,
    PlaceOrder,
)
from isthmus.venues import simulated

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
FRIDAY = 1_700_229_600 * SECOND
"""2023-11-17 14:00 UTC."""
PRICE, QUANTITY = 1_50000, 300_000
NAME = "client:bank"


def confirming(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    terms = {
        "own_bic": "BANKGB2L",
        "folder": str(tmp_path),
        "parties": {NAME: "CHASUS33"},
        "agents": {"USD": "CITIUS33"},
    }
    return {"swift": {"confirmations": terms | changes}}


class Broker:
    """A client who has bought euros of another client on the house book."""

    def __init__(self, tmp_path: Path, data: str | None = None) -> None:
        self.playing = Playing([simulated.make(1, 1.0)], FRIDAY, data, confirming(tmp_path))
        desk = self.playing.core.confirmations
        assert desk is not None
        self.desk = desk

    def trade(self) -> Any:
        """The record of the trade."""
        directory = self.playing.core.directory
        instrument = directory.instrument("EUR-USD")
        assert instrument is not None
        accounts = []
        for name in (NAME, "client:other"):
            opened = self.playing.submit(OpenAccount(kind=ACCOUNT_CLIENT, client_id=content_id(name)), text=name)
            accounts.append(opened.effects[0].account)
            for asset in (instrument.base, instrument.quote):
                amount = 10**7 * 10**asset.decimals
                self.playing.submit(Deposit(account=accounts[-1], asset=asset.number, amount=amount), role="operator")
        record = None
        for number, (account, side) in enumerate(((accounts[1], SELL), (accounts[0], BUY))):
            order = PlaceOrder(
                account=account, instrument=instrument.number, client_id=content_id(f"{number}"), side=side,
                kind=LIMIT, tif=GTC, price=PRICE, quantity=QUANTITY,
            )  # fmt: skip
            record = self.playing.submit(order)
        return record

    def look(self) -> list[Any]:
        self.desk.step(self.playing.now)
        return list(self.desk.book.rows())


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    yield made
    made.playing.close()


def files(desk: ConfirmationsDesk) -> list[str]:
    return sorted(path.read_bytes().decode() for path in desk.out.glob("*.fin"))


def test_a_fill_becomes_a_valid_message_of_the_houses_side(broker: Broker) -> None:
    broker.trade()
    (row,) = [row for row in broker.look() if row.deal and row.deal.rate == "1.5"]
    assert (row.state, row.counterparty) == ("sent", "CHASUS33XXX")
    assert row.deal.sold == ("EUR", "300000") and row.deal.bought == ("USD", "450000")
    assert (row.deal.trade_date, row.deal.value_date) == ("20231117", "20231121"), "a weekend lies between"
    assert row.deal.receiving == ("CITIUS33", None)
    assert row.fin in files(broker.desk) and validate(row.fin).valid


def test_the_counterpartys_answer_settles_the_state(broker: Broker) -> None:
    broker.trade()
    (row,) = [row for row in broker.look() if row.deal and row.deal.rate == "1.5"]
    broker.desk.into.mkdir()
    other = msgspec.structs.replace(row.deal.turned(), reference="C1", value_date="20231122", receiving=(None, None))
    (broker.desk.into / "one.fin").write_text(mt300.build(other).fin or "", newline="")
    broker.look()
    assert (row.state, [one.field for one in row.mismatches]) == ("mismatched", ["30V"])
    right = msgspec.structs.replace(other, operation="AMND", related="C1", reference="C2", value_date="20231121")
    (broker.desk.into / "two.fin").write_text(mt300.build(right).fin or "", newline="")
    broker.look()
    assert (row.state, row.theirs) == ("matched", "C2")


def corrected(broker: Broker, record: Any, new_price: int) -> None:
    (traded,) = [effect for effect in record.effects if type(effect).__name__ == "Traded"]
    fields = ("instrument", "maker", "taker", "taker_side", "price", "quantity")
    flows = ("buyer_pays", "seller_gets", "maker_fee", "taker_fee")
    same = {name: getattr(traded, name) for name in fields + flows}
    command = CorrectTrade(sequence=record.sequence, index=0, new_price=new_price, **same)
    effects = broker.playing.submit(command, role="operator").effects
    assert any(type(effect).__name__ == "TradeCorrected" for effect in effects)


@pytest.mark.parametrize("looks_between", [True, False])
def test_a_bust_sends_a_cancellation_with_the_days_of_the_trade(broker: Broker, looks_between: bool) -> None:
    record = broker.trade()
    if looks_between:
        broker.look()
    broker.playing.now += 4 * DAY
    corrected(broker, record, 0)
    rows = [row for row in broker.look() if row.deal and row.deal.rate == "1.5"]
    assert [(row.deal.operation, row.state) for row in rows] == [("CANC", "sent"), ("NEWT", "cancelled")]
    assert rows[0].deal.related == rows[1].reference
    assert (rows[0].deal.trade_date, rows[0].deal.value_date) == ("20231117", "20231121")


def test_an_adjustment_sends_an_amendment_with_the_new_price(broker: Broker) -> None:
    record = broker.trade()
    corrected(broker, record, PRICE + 1_000)
    rows = [row for row in broker.look() if row.deal and row.deal.rate in ("1.5", "1.51")]
    assert [(row.deal.operation, row.deal.rate, row.state) for row in rows] == [
        ("AMND", "1.51", "sent"),
        ("NEWT", "1.5", "cancelled"),
    ]
    assert rows[0].deal.bought == ("USD", "453000")


def test_reports_in_the_folder_are_confirmed_and_others_refused(broker: Broker) -> None:
    report = "35=8|49=CHASUS|56=US|17=X1|150=F|55=EUR/USD|54=1|32=100|31=1.1|75=20231117|64=20231121|"
    broker.desk.report(report.replace("49=CHASUS", f"49={NAME}"))
    broker.desk.report(report)
    broker.look()
    rows = {row.reference: row for row in broker.look()}
    assert rows["X1"].state == "sent" and rows["X1"].deal.bought == ("EUR", "100")
    assert [row.errors[0].field for row in rows.values() if row.state == "refused"] == ["49"]


def test_a_restart_finds_the_same_and_sends_nothing_twice(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    first = Broker(tmp_path, data)
    first.trade()
    before = [(row.reference, row.state, row.fin) for row in first.look()]
    times = {path: path.stat().st_mtime_ns for path in first.desk.out.iterdir()}
    first.playing.close()
    again = Broker(tmp_path, data)
    assert [(row.reference, row.state, row.fin) for row in again.look()] == before and before
    assert {path: path.stat().st_mtime_ns for path in again.desk.out.iterdir()} == times
    again.playing.close()


def test_holidays_of_either_currency_move_the_value_date(tmp_path: Path) -> None:
    house = confirming(tmp_path, holidays={"USD": ["2023-11-20"]}, spot_days_of={"USD-CAD": 1})
    playing = Playing([simulated.make(1, 1.0)], FRIDAY, None, house)
    desk = playing.core.confirmations
    assert desk is not None
    friday = date(2023, 11, 17)
    assert desk.value_date(friday, "EUR", "USD") == date(2023, 11, 22)
    assert desk.value_date(friday, "EUR", "GBP") == date(2023, 11, 21)
    assert desk.value_date(friday, "USD", "CAD") == date(2023, 11, 21)
    playing.close()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"own_bic": "BANK"}, "own_bic"),
        ({"parties": {"A": "chasus33"}}, "parties.A"),
        ({"agents": {"EUR": "X"}}, "agents.EUR"),
        ({"parties": {"A": "BANKGB2LXXX"}}, "parties"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        Playing([simulated.make(1, 1.0)], FRIDAY, None, confirming(tmp_path, **changes))
    assert caught.value.field == f"swift.confirmations.{field}"
