"""The life of an order as its records tell it."""

from __future__ import annotations

import pytest
from tests.unit.views.session import CLIENTS, VENUE, Session

from isthmus.kernel.messages import CancelOrder, PlaceOrder, ReplaceOrder
from isthmus.views import orders as orders_module
from isthmus.views.history import Event, Life
from isthmus.views.orders import OrderRow


def life_of(session: Session, row: OrderRow, sequences: list[int]) -> list[Event]:
    life = Life(row.number, row, session.directory)
    return [event for sequence in sequences for event in life.take(session.records[sequence - 1])]


def limit(account: int, side: int, price: int, quantity: int) -> PlaceOrder:
    return PlaceOrder(account=account, instrument=1, side=side, kind=1, tif=1, price=price, quantity=quantity)


def test_an_order_that_was_replaced_filled_refused_a_change_and_cancelled_tells_it_in_order() -> None:
    session = Session(1)
    order = session.submit(limit(16, 1, 9_900, 10)).sequence
    session.submit(ReplaceOrder(order=order, account=16, price=9_950, quantity=8))
    session.submit(limit(17, 2, 9_950, 3))
    session.submit(ReplaceOrder(order=order, account=16, price=9_951, quantity=8))
    session.submit(CancelOrder(order=order, account=16))
    row = session.views.orders.order(order)
    assert row is not None
    events = life_of(session, row, row.touched)
    told = [(event.what, event.price, event.quantity, event.left, event.reason) for event in events]
    assert told == [
        ("accepted", 9_900, 10, 10, None),
        ("replaced", 9_950, 8, 8, None),
        ("traded", 9_950, 3, 5, None),
        ("change_refused", None, None, 5, "off_tick"),
        ("cancelled", None, 5, 0, "user"),
    ]
    assert [event.record for event in events] == list(range(order, order + 5))
    assert (events[2].liquidity, events[2].trade, events[2].command) == (1, 1, "PlaceOrder")


def test_a_refused_order_was_rejected_and_has_nothing_left() -> None:
    session = Session(1)
    order = session.submit(limit(16, 1, 9_901, 10)).sequence
    row = session.views.orders.order(order)
    assert row is not None
    events = life_of(session, row, row.touched)
    assert [(event.what, event.reason, event.left) for event in events] == [("rejected", "off_tick", 0)]


@pytest.mark.parametrize("seed", range(4))
def test_the_records_noted_for_an_order_tell_the_same_as_all_records(seed: int) -> None:
    session = Session(seed)
    session.play(500)
    everything = list(range(1, len(session.records) + 1))
    seen = set()
    for account in CLIENTS:
        for row in session.views.orders.newest_first(account, open_only=False):
            events = life_of(session, row, row.touched)
            assert events == life_of(session, row, everything)
            assert events[-1].left == (0 if row.closed else row.quantity - row.filled)
            assert sum(event.quantity or 0 for event in events if event.what == "traded") == row.filled
            seen |= {event.what for event in events}
    assert {"accepted", "traded", "cancelled", "replaced", "rejected", "acknowledged", "cancel_requested"} <= seen


def test_a_venues_fill_that_names_anothers_order_is_not_told_of_it() -> None:
    session = Session(5)
    session.play(500)
    row = next(row for row in session.views.orders.newest_first(16, open_only=False) if row.venue == VENUE)
    stranger = OrderRow(
        **{name: getattr(row, name) for name in row.__struct_fields__ if name not in ("account", "touched")},
        account=17,
        touched=list(row.touched),
    )
    told = life_of(session, stranger, row.touched)
    assert not [event for event in told if event.what == "traded"]


def test_of_a_very_long_life_the_beginning_and_the_end_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_module, "TOUCHES_MAX", 3)
    session = Session(1)
    order = session.submit(limit(16, 1, 9_900, 10)).sequence
    changes = [ReplaceOrder(order=order, account=16, price=9_900 - 5 * step, quantity=10) for step in range(1, 6)]
    last = [session.submit(change).sequence for change in changes][-1]
    row = session.views.orders.order(order)
    assert row is not None
    assert row.touched == [order, last - 1, last]
