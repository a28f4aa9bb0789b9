"""Day orders end with their day, once, for the reason that they expired; everything else stays."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus.app.day_end import AGAIN_NS, STEP_ORDERS, DayEnd
from isthmus.app.desk import Desk
from isthmus.engine.driver import Driver
from isthmus.engine.engine import Engine, Origin
from isthmus.kernel.messages import BUY, DAY, GTC, LIMIT, AddInstrument, PlaceOrder, SetSession
from isthmus.refdata.directory import Directory
from isthmus.views.tape import DAY_NS
from isthmus.views.views import Views

CLOSED = 7
NOON = 20_000 * DAY_NS + DAY_NS // 2
MIDNIGHT = 20_001 * DAY_NS


class House:
    """A driver in memory whose clock is set by the test."""

    def __init__(self) -> None:
        self.at = NOON
        engine, directory = Engine(), Directory()
        self.driver = Driver(engine, lambda: self.at)
        self.views = Views(engine, directory, None)
        self.driver.observe(directory.on_record)
        self.driver.subscribe(self.views.on_record)
        self.desk = Desk(self.driver, directory, self.views, lambda: self.at)
        self.day_end = DayEnd(self.desk, directory, self.views.orders)
        usd, eur = self.desk.asset("USD", 2), self.desk.asset("EUR", 2)
        self.client = self.desk.account("client:one", 1)
        self.desk.fund(self.client, usd, 10**12)
        units = {"price_decimals": 2, "quantity_decimals": 0, "tick": 1, "lot": 1, "multiplier": 1}
        terms = {"maker_fee_ppm": 0, "taker_fee_ppm": 0, "collar_bps": 0, "initial_margin_bps": 0, "mark": 0}
        self.desk.instrument(AddInstrument(symbol="EUR-USD", kind=2, base=eur, quote=usd, **units, **terms))
        self.settle()

    def place(self, tif: int) -> int:
        sort: dict[str, Any] = {"side": BUY, "kind": LIMIT, "tif": tif, "flags": 0, "client_id": bytes(16)}
        command = PlaceOrder(account=self.client, instrument=1, venue=0, price=100, quantity=1, **sort)
        record = self.driver.submit(command, Origin())
        assert record is not None and record.reason is None
        self.settle()
        return record.sequence

    def settle(self) -> None:
        self.driver.settle(self.driver.engine.sequence, 10_000)

    def status(self, order: int) -> tuple[str, str | None]:
        row = self.views.orders.order(order)
        assert row is not None
        return row.status, row.reason


@pytest.fixture
def house() -> House:
    return House()


def test_a_day_order_expires_at_midnight_and_not_before(house: House) -> None:
    day, good_till_cancelled = house.place(DAY), house.place(GTC)
    assert house.day_end.step(NOON) == MIDNIGHT
    house.settle()
    assert house.status(day) == ("open", None)
    house.at = MIDNIGHT
    assert house.day_end.step(MIDNIGHT) == MIDNIGHT + AGAIN_NS
    house.settle()
    assert house.status(day) == ("cancelled", "expired")
    assert house.status(good_till_cancelled) == ("open", None)
    assert house.day_end.step(MIDNIGHT) == MIDNIGHT + DAY_NS


def test_an_order_is_cancelled_once_though_its_cancel_is_not_durable_yet(house: House) -> None:
    house.place(DAY)
    house.at = MIDNIGHT
    before = house.driver.engine.sequence
    house.day_end.step(MIDNIGHT)
    house.day_end.step(MIDNIGHT)
    assert house.driver.engine.sequence == before + 1


def test_what_was_due_while_the_server_was_down_is_done_at_the_first_step(house: House) -> None:
    day = house.place(DAY)
    house.at = MIDNIGHT + 5 * DAY_NS
    todays = house.place(DAY)
    house.day_end.step(house.at)
    house.settle()
    assert house.status(day) == ("cancelled", "expired")
    assert house.status(todays) == ("open", None)


def test_many_orders_are_cancelled_in_steps(house: House) -> None:
    orders = [house.place(DAY) for _ in range(STEP_ORDERS + 1)]
    house.at = MIDNIGHT
    assert house.day_end.step(MIDNIGHT) == MIDNIGHT + AGAIN_NS
    house.settle()
    assert sum(house.status(order)[0] == "open" for order in orders) == 1
    house.day_end.step(MIDNIGHT)
    house.settle()
    assert all(house.status(order) == ("cancelled", "expired") for order in orders)


def test_while_no_commands_are_taken_it_waits(house: House) -> None:
    day = house.place(DAY)
    house.at = MIDNIGHT
    house.driver.fault = "disk full"
    assert MIDNIGHT < house.day_end.step(MIDNIGHT) < MIDNIGHT + DAY_NS
    house.driver.fault = None
    house.day_end.step(MIDNIGHT)
    house.settle()
    assert house.status(day) == ("cancelled", "expired")


def test_where_a_calendar_closes_the_market_the_day_ends_with_the_close(house: House) -> None:
    day = house.place(DAY)
    house.at = MIDNIGHT
    day_end = DayEnd(house.desk, house.desk._directory, house.views.orders, {1})
    assert day_end.step(MIDNIGHT) == MIDNIGHT + DAY_NS
    house.settle()
    assert house.status(day) == ("open", None)
    house.driver.submit(SetSession(instrument=1, state=CLOSED), Origin())
    house.settle()
    assert house.status(day) == ("cancelled", "expired")
