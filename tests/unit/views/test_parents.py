"""Parents and children in the read models: who is whose, why, what is held, and how a parent ends."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.views.session import CLIENTS, PERPETUAL, SPOT, VENUE, Session

from isthmus.engine.engine import Origin, Record
from isthmus.kernel.messages import (
    BUY,
    GTC,
    LIMIT,
    SELL,
    WORKED,
    CancelOrder,
    Kill,
    PlaceChild,
    PlaceOrder,
    PlaceParent,
    ReplaceOrder,
    VenueCancelled,
    VenueFilled,
)
from isthmus.views.history import Life
from isthmus.views.orders import OrderRow

ANN, BEN, _ = CLIENTS


class Desk(Session):
    """ANN buys by a parent; after every record the views must say what the engine says."""

    def note(self, command: Any, note: str) -> Record:
        record = self.engine.submit(command, len(self.records) + 1, Origin(note=note))
        self.directory.on_record(record)
        self.views.on_record(record)
        self.records.append(record)
        assert record.reason is None, record.reason
        self.compare()
        return record

    def parent(self, quantity: int = 100, price: int = 10_000, **words: Any) -> int:
        terms = {"account": ANN, "instrument": SPOT, "side": BUY, "path": 13} | words
        return self.note(PlaceParent(quantity=quantity, price=price, **terms), "TWAP of 12 slices").sequence

    def child(self, parent: int, ordinal: int, quantity: int = 10, price: int = 10_000, **words: Any) -> int:
        terms = {"kind": LIMIT, "tif": GTC, "tape": 4_096} | words
        command = PlaceChild(parent=parent, ordinal=ordinal, quantity=quantity, price=price, **terms)
        return self.note(command, f"slice {ordinal}").sequence

    def sell(self, quantity: int, price: int = 10_000, instrument: int = SPOT) -> None:
        terms = {"account": BEN, "instrument": instrument, "side": SELL, "kind": LIMIT, "tif": GTC}
        self.note(PlaceOrder(price=price, quantity=quantity, **terms), "")

    def fill(self, order: int, quantity: int, instrument: int = SPOT) -> None:
        said = {"venue": VENUE, "account": ANN, "instrument": instrument, "side": BUY, "liquidity": 2, "price": 10_000}
        number = len(self.records).to_bytes(16, "big")
        self.note(VenueFilled(order=order, quantity=quantity, fill_id=number, **said), "")

    def row(self, order: int) -> OrderRow:
        row = self.views.orders.order(order)
        assert row is not None
        return row

    def compare(self) -> None:
        for account in CLIENTS:
            for asset, total, held, frozen in self.engine.balances(account):
                shown = self.views.holdings.balance(account, asset)
                assert (shown.total, shown.held, shown.frozen) == (total, held, frozen)
            live = {row.number for row in self.views.orders.newest_first(account, open_only=True)}
            assert live == set(self.engine.orders(account))
            for number in live:
                known = self.engine.order(number)
                row = self.row(number)
                assert known is not None
                named = (known["of"], known["path"], known["filled"], known["quantity"], known["price"])
                assert (row.of, row.path, row.filled, row.quantity, row.price) == named
                assert row.hold == known["hold"] or known["instrument"] == PERPETUAL


@pytest.fixture
def desk() -> Desk:
    return Desk(1)


def test_a_parent_and_its_children_know_each_other_and_say_why(desk: Desk) -> None:
    parent = desk.parent()
    children = [desk.child(parent, 1), desk.child(parent, 2, venue=VENUE)]
    row = desk.row(parent)
    assert (row.kind, row.path, row.note, row.status) == (WORKED, 13, "TWAP of 12 slices", "open")
    assert [child.number for child in desk.views.orders.children(parent)] == children
    first, second = (desk.row(child) for child in children)
    assert (first.of, first.ordinal, first.tape, first.why) == (parent, 1, 4_096, "slice 1")
    assert (second.account, second.side, second.venue, second.terms) == (ANN, BUY, VENUE, {})
    assert (first.note, row.why, row.of) == ("", "", 0)


@pytest.mark.parametrize("instrument", [SPOT, PERPETUAL])
def test_fills_of_children_are_the_parents_too(desk: Desk, instrument: int) -> None:
    parent = desk.parent(quantity=30, instrument=instrument)
    house, routed = desk.child(parent, 1), desk.child(parent, 2, quantity=20, venue=VENUE)
    desk.sell(4, instrument=instrument)
    desk.fill(routed, 20, instrument)
    row = desk.row(parent)
    assert (row.filled, row.turnover, row.status) == (24, 240_000, "open")
    assert (desk.row(house).filled, desk.row(routed).status) == (4, "filled")
    desk.sell(6, instrument=instrument)
    assert (desk.row(parent).filled, desk.row(parent).status) == (30, "filled")


def test_a_cancelled_parent_waits_for_its_child_at_a_venue(desk: Desk) -> None:
    parent = desk.parent()
    house, routed = desk.child(parent, 1), desk.child(parent, 2, venue=VENUE)
    desk.note(CancelOrder(order=parent, account=ANN), "")
    assert [desk.row(number).status for number in (parent, house, routed)] == [
        "pending_cancel",
        "cancelled",
        "pending_cancel",
    ]
    assert desk.row(house).reason == "parent"
    desk.note(VenueCancelled(order=routed, venue=VENUE), "")
    assert (desk.row(parent).status, desk.row(parent).reason, desk.row(parent).hold) == ("cancelled", "user", 0)


def test_a_kill_takes_house_children_and_asks_for_the_others(desk: Desk) -> None:
    parents = [desk.parent(), desk.parent()]
    house = [desk.child(parent, 1) for parent in parents]
    routed = desk.child(parents[1], 2, venue=VENUE)
    desk.note(Kill(scope=1, of=ANN, user=1), "")
    assert [desk.row(number).status for number in (*house, parents[0])] == ["cancelled"] * 3
    assert [desk.row(number).status for number in (parents[1], routed)] == ["pending_cancel"] * 2
    desk.note(VenueCancelled(order=routed, venue=VENUE), "")
    assert desk.row(parents[1]).reason == "kill"


def test_a_replaced_parent_shows_what_was_asked_and_holds_for_old_and_new(desk: Desk) -> None:
    parent = desk.parent(quantity=100)
    routed = desk.child(parent, 1, quantity=60, venue=VENUE)
    before = desk.row(parent).hold
    desk.note(ReplaceOrder(order=parent, account=ANN, price=9_900, quantity=50), "")
    row = desk.row(parent)
    assert (row.price, row.quantity, row.hold, row.status) == (9_900, 50, before, "open")
    desk.fill(routed, 10)
    desk.note(VenueCancelled(order=routed, venue=VENUE), "")
    assert row.hold < before * 2 // 5
    desk.note(ReplaceOrder(order=parent, account=ANN, price=0, quantity=10), "")
    assert (row.status, row.hold) == ("filled", 0)


def test_a_venue_that_fills_too_much_leaves_the_parent_open_until_its_last_child_has_ended(desk: Desk) -> None:
    parent = desk.parent(quantity=50)
    first, second = desk.child(parent, 1, quantity=20, venue=VENUE), desk.child(parent, 2, quantity=30, venue=VENUE)
    desk.fill(first, 60)
    assert (desk.row(parent).filled, desk.row(parent).status) == (60, "open")
    desk.note(VenueCancelled(order=second, venue=VENUE), "")
    assert desk.row(parent).status == "filled"


def test_a_child_sent_again_is_no_news_and_one_that_is_refused_is_shown(desk: Desk) -> None:
    parent = desk.parent()
    desk.child(parent, 1)
    words = {"parent": parent, "kind": LIMIT, "tif": GTC, "price": 10_000}
    again = desk.submit(PlaceChild(ordinal=1, quantity=10, **words)).sequence
    large = desk.submit(PlaceChild(ordinal=2, quantity=91, **words)).sequence
    assert desk.views.orders.order(again) is None
    assert (desk.row(large).status, desk.row(large).reason) == ("rejected", "beyond_parent")
    assert len(desk.views.orders.children(parent)) == 1


def test_the_life_of_a_parent_tells_its_childrens_trades(desk: Desk) -> None:
    parent = desk.parent(quantity=10)
    desk.child(parent, 1)
    desk.sell(4)
    desk.note(CancelOrder(order=parent, account=ANN), "")
    life = Life(parent, desk.row(parent), desk.directory)
    events = [event for at in desk.row(parent).touched for event in life.take(desk.records[at - 1])]
    assert [(event.what, event.quantity, event.left) for event in events] == [
        ("accepted", 10, 10),
        ("child_placed", 10, 10),
        ("traded", 4, 6),
        ("cancelled", 6, 0),
    ]
    told = events[1]
    assert (told.command, told.ordinal, told.why, told.price) == ("PlaceChild", 1, "slice 1", 10_000)
    assert told.child is not None and desk.row(told.child).of == parent


def test_the_life_of_a_parent_tells_of_refused_children_once_and_of_nobody_elses(desk: Desk) -> None:
    parent, other = desk.parent(quantity=10), desk.parent(quantity=10)
    desk.child(other, 1)
    desk.child(parent, 1)
    refused = PlaceChild(parent=parent, ordinal=2, quantity=1, price=10_000, kind=LIMIT, tif=GTC)
    again = PlaceChild(parent=parent, ordinal=1, quantity=1, price=10_000, kind=LIMIT, tif=GTC)
    reasons = []
    for command in (refused, again):
        record = desk.engine.submit(command, len(desk.records) + 1, Origin(note="more"))
        desk.directory.on_record(record)
        desk.views.on_record(record)
        desk.records.append(record)
        reasons.append(record.reason)
    assert reasons == ["beyond_parent", "already_placed"]
    life = Life(parent, desk.row(parent), desk.directory)
    events = [event for record in desk.records[parent - 1 :] for event in life.take(record)]
    assert [(event.what, event.ordinal, event.reason) for event in events] == [
        ("accepted", None, None),
        ("child_placed", 1, None),
        ("child_refused", 2, "beyond_parent"),
    ]
