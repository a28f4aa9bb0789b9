"""Recorded markets against a real engine: orders are answered, loops end sessions, restarts leave nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.venues.recordings import SPOT, PlainDesk, written

from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    BUY,
    GTD,
    IOC,
    LIMIT,
    SELL,
    CancelAll,
    CancelOrder,
    PlaceChild,
    PlaceParent,
    PlaceSpecial,
    ReplaceOrder,
    TimePassed,
)
from isthmus.venues.recorded import make
from isthmus.venues.recorded.venue import RecordedMarkets

MS = 1_000_000
CENT, LOT = 1, 1
BTC = 100_000
"""Lots in one coin."""


class Played:
    """A market of one recording that has been opened at the desk."""

    def __init__(self, folder: Path, desk: PlainDesk | None = None) -> None:
        self.desk = desk or PlainDesk()
        self.market = make(folder, 1.0)
        assert isinstance(self.market, RecordedMarkets)
        self.market.open(self.desk)  # type: ignore[arg-type]
        self.desk.hear(self.market)
        self.start = self.desk.time
        (self.instrument, self.venue), *_ = self.desk.shown
        self.account = self.desk.client()

    def play_to(self, ms: int) -> None:
        """Let the market play up to so many milliseconds after its snapshot."""
        goal = self.start + ms * MS
        while self.desk.time < goal:
            self.desk.time = min(goal, self.market.step(self.desk.time))
        self.market.step(goal)

    def order(self, side: int, price: int, quantity: int, **more: int) -> int:
        terms = {"side": side, "price": price, "quantity": quantity} | more
        return self.desk.order(**{"account": self.account, "venue": self.venue, "instrument": self.instrument} | terms)

    def fills(self) -> list[tuple[int, int, int]]:
        """(order, price, quantity)."""
        return [(t.maker_order or t.taker_order, t.price, t.quantity) for t in self.desk.effects("Traded")]

    def ended(self) -> list[tuple[int, int]]:
        """(order, reason)."""
        return [(effect.order, effect.reason) for effect in self.desk.effects("Cancelled")]


@pytest.fixture
def played(tmp_path: Path) -> Played:
    written(tmp_path, "spot", SPOT)
    return Played(tmp_path)


def test_the_book_is_shown_after_the_straddling_update(played: Played) -> None:
    played.play_to(1)
    bids, asks = [(100_00, 2 * BTC), (99_00, 1 * BTC)], [(101_00, 3 * BTC), (102_51, 4 * BTC)]
    assert played.desk.books[-1] == (played.venue, played.instrument, bids, asks)


def test_an_incoming_order_takes_what_is_displayed_and_the_engine_books_it(played: Played) -> None:
    played.play_to(1)
    order = played.order(BUY, 101_00, 5 * BTC)
    assert played.fills() == [(order, 101_00, 3 * BTC)]
    facts = played.desk.engine.order(order)
    assert facts is not None
    assert facts["filled"] == 3 * BTC
    assert [effect.order for effect in played.desk.effects("Acknowledged")] == [order]


def test_a_resting_order_is_filled_by_the_tape_after_what_stood_ahead(played: Played) -> None:
    played.play_to(1)
    order = played.order(BUY, 100_00, BTC)
    played.play_to(1_999)
    assert played.fills() == []
    played.play_to(2_000)
    assert played.fills() == [(order, 100_00, BTC // 2)]
    played.play_to(3_000)
    assert played.fills()[-1] == (order, 100_00, BTC // 2)
    assert played.desk.engine.order(order) is None


def test_a_market_order_is_filled_within_its_protection_price_and_its_rest_goes(played: Played) -> None:
    played.play_to(1)
    order = played.order(BUY, 0, 50 * BTC, kind=2)
    assert played.fills() == [(order, 101_00, 3 * BTC), (order, 102_51, 4 * BTC)]
    assert played.ended() == [(order, 1)]


def test_cancel_and_replace_are_answered(played: Played) -> None:
    played.play_to(1)
    order = played.order(BUY, 98_00, BTC)
    played.desk.submit(ReplaceOrder(order=order, account=played.account, price=97_00, quantity=2 * BTC))
    facts = played.desk.engine.order(order)
    assert facts is not None
    assert (facts["price"], facts["quantity"]) == (97_00, 2 * BTC)
    played.desk.submit(CancelOrder(order=order, account=played.account))
    assert played.ended() == [(order, 0)]
    other = played.order(SELL, 105_00, BTC)
    played.desk.submit(CancelAll(account=played.account))
    assert played.ended()[-1] == (other, 5)


def test_the_seam_ends_orders_clears_the_book_and_shows_it_anew(played: Played) -> None:
    played.play_to(1)
    order = played.order(BUY, 90_00, BTC)
    played.play_to(5_000)
    assert played.ended() == [(order, 9)]
    cleared = played.desk.books.index((played.venue, played.instrument, [], []))
    assert played.desk.books[cleared + 1][2] == [(100_00, 2 * BTC), (99_00, 1 * BTC)]
    played.play_to(30_000)
    assert len([book for book in played.desk.books if not book[2]]) >= 6


def test_orders_that_a_former_run_left_are_ended_at_the_next_start(played: Played, tmp_path: Path) -> None:
    played.play_to(1)
    order = played.order(BUY, 90_00, BTC)
    played.desk.shown.clear()
    Played(tmp_path, played.desk)
    assert played.ended() == [(order, 9)]
    assert played.desk.engine.balance(played.account, 2)[1] == 0


def test_a_journal_that_lists_the_symbol_with_other_units_is_refused(played: Played, tmp_path: Path) -> None:
    finer = [text.replace("102.51", "102.513") for text in SPOT]
    written(tmp_path, "spot", finer)
    with pytest.raises(BadInput, match="price_decimals 2, the recording needs 3"):
        Played(tmp_path, played.desk)


def test_nothing_is_lost_while_the_server_takes_no_commands(played: Played) -> None:
    played.play_to(1)
    order = played.order(BUY, 100_00, BTC)
    played.play_to(1_990)
    played.desk.refusing = True
    played.play_to(2_500)
    assert played.fills() == []
    played.desk.refusing = False
    played.play_to(5_000)
    assert sum(quantity for _, _, quantity in played.fills()) == BTC
    assert played.desk.engine.order(order) is None


def test_marks_follow_the_middle_of_the_book_once_a_second(played: Played) -> None:
    played.play_to(3_000)
    prices = [effect.price for effect in played.desk.effects("Marked")]
    assert prices[0] == 100_50
    assert 2 <= len(prices) <= 4


def test_trades_of_the_tape_are_published_and_our_fills_are_not(played: Played) -> None:
    played.play_to(1)
    played.order(BUY, 101_00, BTC)
    played.play_to(3_500)
    assert [row[2:4] for row in played.desk.trades] == [(101_00, BTC), (100_00, 250_000), (99_00, 100_001)]


def test_money_is_conserved_over_a_loop_with_orders_everywhere(played: Played) -> None:
    for at in range(1, 3_000, 200):
        played.play_to(at)
        played.order(BUY, 99_00 + at, BTC // 3)
        played.order(SELL, 102_00 - at, BTC // 5)
    played.play_to(9_000)
    assert played.fills()
    assert all(total == 0 for _, total in played.desk.engine.totals())
    assert played.desk.engine.orders(played.account) == []


def test_an_order_for_an_instrument_that_the_venue_does_not_play_is_refused(played: Played) -> None:
    other = _listed(played.desk)
    order = played.order(BUY, 100, 5, instrument=other)
    assert played.ended() == [(order, 10)]


def _listed(desk: PlainDesk) -> int:
    from isthmus.kernel.messages import AddInstrument

    base, quote = (asset["asset"] for asset in desk.engine.assets())
    terms: dict[str, Any] = {"price_decimals": 2, "quantity_decimals": 0, "tick": 1, "lot": 1, "multiplier": 1}
    return desk.instrument(AddInstrument(symbol="OTHER", kind=3, base=base, quote=quote, **terms))


def test_an_order_until_a_time_is_answered_and_ended_by_it(played: Played) -> None:
    played.play_to(1)
    until = played.desk.engine.stamp + 5_000 * MS
    record = played.desk.submit(
        PlaceSpecial(
            account=played.account,
            instrument=played.instrument,
            venue=played.venue,
            side=BUY,
            kind=LIMIT,
            tif=GTD,
            price=90_00,
            quantity=BTC,
            expire=until,
        )
    )
    assert record is not None
    assert record.reason is None
    assert [effect.order for effect in played.desk.effects("Acknowledged")] == [record.sequence]
    played.desk.time = until
    played.desk.submit(TimePassed())
    assert played.ended() == [(record.sequence, 4)]


def test_a_child_of_a_parent_is_answered(played: Played) -> None:
    parent = played.desk.submit(
        PlaceParent(
            account=played.account,
            instrument=played.instrument,
            side=BUY,
            path=1,
            price=101_00,
            quantity=BTC,
            client_id=bytes(16),
        )
    )
    assert parent is not None
    played.play_to(1)
    child = played.desk.submit(
        PlaceChild(
            parent=parent.sequence, ordinal=1, venue=played.venue, kind=LIMIT, tif=IOC, price=101_00, quantity=BTC
        )
    )
    assert child is not None
    assert played.fills() == [(child.sequence, 101_00, BTC)]
