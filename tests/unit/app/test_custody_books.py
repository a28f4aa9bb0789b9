"""The same laws over the engine itself: what plain books promise, the ledger of the engine keeps."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.unit.ledger.custody.laws import ClientMoneyLaws
from tests.unit.ledger.custody.ledgered import CLIENTS, TERMS, House, PlainBooks

from isthmus.app.custody_books import EngineBooks, heard
from isthmus.app.desk import Desk
from isthmus.engine.driver import Driver
from isthmus.engine.engine import Engine
from isthmus.kernel.messages import ACCOUNT_CLIENT
from isthmus.ledger.custody.books import Outcome, Posting
from isthmus.refdata.directory import Directory


class RealBooks(PlainBooks):
    """The engine in the place of plain books; every record is durable at once."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(None, "never")
        self.directory = Directory()
        self.driver = Driver(self.engine, lambda: self.stamp)
        self.driver.observe(self.directory.on_record)
        self.driver.subscribe(self._told)
        desk = Desk(self.driver, self.directory, None, lambda: self.stamp)  # type: ignore[arg-type]
        for client in CLIENTS:
            assert desk.account(f"client:{client}", ACCOUNT_CLIENT) == client
        self.real = EngineBooks(desk, self.directory, {"EUR": 2, "USD": 2})
        self.real.open(sorted({account.path for account in TERMS.accounts}))
        self._settled()

    def _told(self, record) -> None:  # type: ignore[no-untyped-def]
        found = heard(record, self.directory)
        if found is not None:
            self.journal.append(found)

    def _settled(self) -> None:
        while self.driver.work_waiting:
            self.driver.hand_over()
            self.driver.settle(self.driver.flush(), 1_000)
        rows = self.real.standings(("EUR", "USD"))
        self.balances = {(row.path, row.currency): row.balance for row in rows}

    def _noted(self, text: str, ask: Callable[[], Outcome]) -> Outcome:
        outcome = self.answers[text] = ask()
        self._settled()
        return outcome

    def move(self, posting: Posting) -> Outcome:
        return self._noted(posting.text, lambda: self.real.move(posting))

    def hold(self, posting: Posting) -> Outcome:
        return self._noted(posting.text, lambda: self.real.hold(posting))

    def post(self, hold: int, text: str) -> Outcome:
        return self._noted(text, lambda: self.real.post(hold, text))

    def void(self, hold: int, text: str) -> Outcome:
        return self._noted(text, lambda: self.real.void(hold, text))

    def available(self, account: int, currency: str) -> int:
        return self.real.available(account, currency)

    def at(self, path: str, currency: str) -> int:
        return self.real.at(path, currency)

    def standings(self, currencies):  # type: ignore[no-untyped-def]
        return self.real.standings(currencies)


class EngineLaws(ClientMoneyLaws):
    def made(self) -> House:
        return House(self.folder, RealBooks())


TestEngineLaws = EngineLaws.TestCase
TestEngineLaws.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def house() -> House:
    return House(Path(tempfile.mkdtemp()), RealBooks())


def test_the_engine_refuses_what_would_mix_client_money_and_the_firms(house: House) -> None:
    house.fund(16, 100_00)
    wanted = Posting("custodian:alpha:firm", 16, "EUR", 5_00, "deposit", "deposit X alpha A")
    assert house.books.move(wanted).reason == "mixes_client_money"
    assert house.books.balances["client:16", "EUR"] == 100_00


def test_the_engine_takes_a_text_once_whoever_asks_again(house: House) -> None:
    house.fund(16, 100_00)
    first = house.books.hold(Posting(16, "custodian:alpha:client", "EUR", 60_00, "withdrawal", "hold WD-1.0"))
    again = house.books.hold(Posting(16, "custodian:alpha:client", "EUR", 60_00, "withdrawal", "hold WD-1.0"))
    assert again == first and house.books.available(16, "EUR") == 40_00
    refused = house.books.hold(Posting(16, "custodian:alpha:client", "EUR", 40_01, "withdrawal", "hold WD-2.0"))
    assert refused.reason == "insufficient_funds"


def test_what_an_operator_moves_by_hand_is_no_step_of_ours(house: House) -> None:
    books = house.books
    assert isinstance(books, RealBooks)
    house.fund(16, 100_00)
    from isthmus.engine.engine import Origin
    from isthmus.kernel.messages import GATEWAYS, PURPOSE_NUMBERS, ROLES, Move

    origin = Origin(role=ROLES["operator"], gateway=GATEWAYS["rest"], text="withdrawal WD-1.0")
    asset = books.directory.asset("EUR")
    assert asset is not None
    command = Move(source=16, target=17, asset=asset.number, amount=1, purpose=PURPOSE_NUMBERS["allocation"])
    books.driver.submit(command, origin)
    books._settled()
    assert all(one.text != "withdrawal WD-1.0" for one in books.journal)
