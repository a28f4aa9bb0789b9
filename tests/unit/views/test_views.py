"""The views say what the engine says, after every record of generated sessions."""

from __future__ import annotations

import pytest
from tests.unit.views.session import CLIENTS, PERPETUAL, SPOT, VENUE, Session

from isthmus.engine.market import VenueFacts
from isthmus.kernel.messages import BUY, SELL
from isthmus.views.books import BOOK_LEVELS_MAX
from isthmus.views.holdings import PositionRow
from isthmus.views.tape import DAY_NS, Tape, TradeRow

SECOND = 10**9


@pytest.mark.parametrize("seed", range(6))
def test_balances_holds_positions_and_orders_are_the_engines(seed: int) -> None:
    session = Session(seed)
    for _ in range(30):
        session.play(20)
        for account in CLIENTS:
            engine = {row[0]: row[1:] for row in session.engine.balances(account)}
            for asset, expected in engine.items():
                row = session.views.holdings.balance(account, asset)
                assert (row.total, row.held, row.frozen) == expected
            quantity, _ = session.engine.position(account, PERPETUAL)
            assert session.views.holdings.position(account, PERPETUAL).quantity == quantity
            live = [row.number for row in session.views.orders.newest_first(account, open_only=True)]
            assert sorted(live) == sorted(session.engine.orders(account))
            for number in live:
                row, order = session.views.orders.order(number), session.engine.order(number)
                assert row is not None
                assert order is not None
                assert (row.filled, row.quantity) == (order["filled"], order["quantity"])
                assert row.price == order["price"] or row.kind == 2


def test_a_view_that_missed_nothing_is_the_same_as_one_rebuilt() -> None:
    session = Session(99)
    session.play(400)
    again = Session.__new__(Session)
    again.__init__(99)  # type: ignore[misc]
    again.play(400)
    assert [row for a in CLIENTS for row in again.views.holdings.balances(a)] == [
        row for a in CLIENTS for row in session.views.holdings.balances(a)
    ]
    assert again.views.head == session.views.head


def test_fills_add_up_to_their_orders() -> None:
    session = Session(7)
    session.play(500)
    for account in CLIENTS:
        filled: dict[int, int] = {}
        for fill in session.views.orders.fills_newest_first(account):
            filled[fill.order] = filled.get(fill.order, 0) + fill.quantity
        for row in session.views.orders.newest_first(account, open_only=False):
            assert filled.get(row.number, 0) == row.filled


def test_a_position_has_its_average_cost_and_makes_profit_when_it_closes() -> None:
    row = PositionRow(16, 1)
    row.trade(BUY, 100, 10)
    row.trade(BUY, 110, 10)
    assert (row.quantity, row.cost) == (20, 2_100)
    row.trade(SELL, 120, 5)
    assert (row.quantity, row.cost, row.realised) == (15, 1_575, 75)
    row.trade(SELL, 100, 20)
    assert (row.quantity, row.cost, row.realised) == (-5, -500, 0)
    row.trade(BUY, 90, 5)
    assert (row.quantity, row.cost, row.realised) == (0, 0, 50)


def test_bars_hold_the_trades_of_their_interval() -> None:
    tape = Tape()
    for at, price, quantity in ((0, 10, 1), (SECOND - 1, 12, 2), (61 * SECOND, 8, 3), (DAY_NS, 9, 4)):
        tape.add(TradeRow(f"t{at}", SPOT, 0, price, quantity, BUY, at))
    minutes = tape.bars(SPOT, "1m", 0, DAY_NS * 2, 10)
    assert [(bar.start, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in minutes] == [
        (0, 10, 12, 10, 12, 3),
        (60 * SECOND, 8, 8, 8, 8, 3),
        (DAY_NS, 9, 9, 9, 9, 4),
    ]
    assert [bar.trades for bar in tape.bars(SPOT, "1d", 0, DAY_NS * 2, 10)] == [3, 1]
    assert len(tape.bars(SPOT, "1s", 0, DAY_NS * 2, 2)) == 2
    assert tape.price_before(SPOT, DAY_NS) == 8


def test_the_directory_tells_the_facts_of_the_house_book_and_of_every_venue() -> None:
    session = Session(1)
    tell = session.directory.venue_facts
    house = VenueFacts(0, "house", "house", -50, 300, tick=5, lot=1)
    assert tell(SPOT) == [house]
    session.directory.show_at(SPOT, VENUE)
    assert tell(SPOT) == [house, VenueFacts(VENUE, "outside", "lit", -50, 300, tick=5, lot=1)]
    told = VenueFacts(
        VENUE, "outside", "dark", 0, 10, assumed="size 1,000,000 EUR assumed", source="recorded 2014-05-05"
    )
    session.directory.show_at(SPOT, VENUE, told)
    session.directory.show_at(SPOT, VENUE)
    assert tell(SPOT) == [house, told]
    assert session.directory.venues_of(SPOT) == [VENUE]
    assert [facts.name for facts in tell(PERPETUAL)] == ["house"]


def test_a_merged_book_adds_up_prices_and_keeps_the_best_first() -> None:
    session = Session(1)
    session.directory.show_at(SPOT, VENUE)
    session.views.book(VENUE, SPOT, [(9_990, 7), (9_980, 1)], [(10_010, 2)], at=1)
    bids, asks = session.views.books.merged(SPOT, 5)
    assert bids[0] == (9_990, 7, None)
    house = session.views.books.at(SPOT, 0, BOOK_LEVELS_MAX)
    assert bids == sorted(bids, key=lambda level: -level[0])
    assert asks[0][0] == min([10_010, *(level[0] for level in house[1])])
    session.views.book(VENUE, SPOT, [], [], at=2)
    assert session.views.books.merged(SPOT, 5) == session.views.books.at(SPOT, 0, 5)


def test_the_journals_tail_is_read_from_either_end() -> None:
    session = Session(3)
    session.play(50)
    last = session.records[-1].sequence
    assert [record.sequence for record in session.views.journal.read(-3, 10)] == [last - 2, last - 1, last]
    assert [record.sequence for record in session.views.journal.read(2, 2)] == [2, 3]
    assert session.views.journal.read(last + 1, 5) == []
