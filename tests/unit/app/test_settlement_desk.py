"""The clearing desk in a playing broker: trades settle when they are due, fails age and are bought in, splits and
dividends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import isthmus
from tests.unit.app.cleared import FRIDAY, MONDAY, TUESDAY, Broker, noon

from isthmus.app.playing import Playing
from isthmus.app.settlement_words import Approve, Lift, Propose, Report, note_of
from isthmus.clearing.book import BOUGHT_IN, FAILING, PENDING
from isthmus.clearing.corporate_actions import Dividend, Exchange, Split
from isthmus.engine.engine import content_id
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_VENUE,
    BUY,
    GTC,
    LIMIT,
    SELL,
    SHORT,
    CorrectTrade,
    Mark,
    PlaceOrder,
    SetCredit,
    TimePassed,
)
from isthmus.kernel.values import NS_PER_S


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.playing.close()


def test_a_trade_of_friday_settles_on_monday_afternoon_and_not_before(broker: Broker) -> None:
    reference = broker.trade()
    row = broker.desk.book.get(reference)
    assert row is not None and (row.due, row.state) == (MONDAY, PENDING)
    assert broker.balance(broker.buyer, broker.aapl) == 100 and broker.desk.settled(broker.buyer, broker.aapl) == 0
    broker.until(MONDAY, 15)
    assert broker.desk.book.get(reference) is not None
    broker.until(MONDAY, 17)
    assert broker.desk.book.get(reference) is None
    assert broker.desk.settled(broker.buyer, broker.aapl) == 100
    assert broker.desk.settled(broker.seller, broker.usd) == 100 * 30_000
    (cycle,) = broker.desk.recent
    assert (cycle.day, cycle.due, len(cycle.done), cycle.proof.holds) == (MONDAY, 1, 1, True)


def test_terms_of_the_settings_settle_two_days_later_over_a_holiday() -> None:
    broker = Broker(start=date(2026, 12, 23), terms={"AAPL-USD": {"days": 2, "calendars": ["TARGET"]}})
    reference = broker.trade()
    row = broker.desk.book.get(reference)
    assert row is not None and row.due == date(2026, 12, 28)
    broker.until(date(2026, 12, 27))
    assert broker.desk.book.get(reference) is row
    broker.until(date(2026, 12, 28))
    assert broker.desk.book.get(reference) is None
    broker.playing.close()


def test_what_was_bought_and_sold_again_is_netted(broker: Broker) -> None:
    broker.trade(100, 30_000)
    broker.order(broker.buyer, SELL, 60, 31_000)
    broker.order(broker.seller, BUY, 60, 31_000)
    broker.until(MONDAY)
    (cycle,) = broker.desk.recent
    nets = {(row.participant, row.asset): row.amount for row in cycle.nets}
    assert nets[(broker.buyer, broker.aapl)] == 40 and nets[(broker.buyer, broker.usd)] == -100 * 30_000 + 60 * 31_000
    assert cycle.proof.netted < cycle.proof.gross


def short(broker: Broker, quantity: int = 100) -> str:
    """The seller sells what he has not: a line was granted, nothing was borrowed."""
    broker.send(SetCredit(account=broker.seller, asset=broker.aapl, amount=5_000))
    broker.order(broker.seller, SELL, 1_000 + quantity, 30_000, flags=SHORT)
    return f"trd-{broker.order(broker.buyer, BUY, 1_000 + quantity, 30_000).sequence}-1"


def test_a_short_sale_without_stock_settles_in_part_ages_costs_and_is_bought_in() -> None:
    broker = Broker(borrowed_delivers=False, buy_in_days=4, penalty="liquid_shares")
    third = broker.account("client:third")
    broker.deposit(third, broker.aapl, 500)
    reference = short(broker)
    broker.until(MONDAY)
    row = broker.desk.book.get(reference)
    assert row is not None and (row.settled, row.lacks) == (1_000, ("LACK", broker.seller))
    broker.until(date(2026, 12, 3))
    assert broker.notes("penalty") == [f"penalty {reference} 2026-12-0{day}" for day in (1, 2, 3)]
    assert broker.notes("buy-in") == []
    broker.order(third, SELL, 100, 30_500)
    broker.until(date(2026, 12, 4))
    assert broker.notes("buy-in") == [f"buy-in {reference} 2026-12-04"]
    assert broker.balance(broker.seller, broker.aapl) == 0, "bought for him at the market"
    assert broker.desk.book.get(reference) is row, "what was bought has yet to settle"
    broker.until(date(2026, 12, 7))
    assert broker.desk.book.get(reference) is None and len(broker.desk.book) == 0
    assert broker.notes("buy-in") == [f"buy-in {reference} 2026-12-04"], "once"
    assert not any(broker.sums().values())
    broker.playing.close()


def test_located_stock_is_borrowed_and_delivers_by_default(broker: Broker) -> None:
    reference = short(broker)
    broker.until(MONDAY)
    assert broker.desk.book.get(reference) is None


def test_a_fail_that_is_reported_waits_until_it_is_lifted(broker: Broker) -> None:
    reference = broker.trade()
    broker.act(Report(reference, "BLOC"))
    broker.until(TUESDAY)
    row = broker.desk.book.get(reference)
    assert row is not None and row.state == FAILING and broker.desk.book.fails(TUESDAY)[0].reason == "BLOC"
    broker.act(Lift(reference))
    broker.until(date(2026, 12, 2))
    assert broker.desk.book.get(reference) is None


def test_an_act_of_somebody_who_may_not_is_not_heard(broker: Broker) -> None:
    reference = broker.trade()
    broker.playing.submit(TimePassed(), "clearing", note_of(Report(reference, "BLOC")), role="client")
    row = broker.desk.book.get(reference)
    assert row is not None and row.reported == ""


def test_a_busted_trade_owes_nothing_and_an_adjusted_one_its_new_money(broker: Broker) -> None:
    for price in (0, 29_000):
        reference = broker.trade()
        sequence = int(reference.split("-")[1])
        row = broker.desk.book.get(reference)
        assert row is not None
        terms = CorrectTrade(
            sequence=sequence, index=0, instrument=broker.instrument, maker=broker.seller, taker=broker.buyer,
            taker_side=BUY, price=30_000, quantity=100, buyer_pays=row.trade.buyer_pays,
            seller_gets=row.trade.seller_gets, maker_fee=0, taker_fee=0, new_price=price,
        )  # fmt: skip
        assert broker.send(terms).reason is None
        after = broker.desk.book.get(reference)
        assert (after is None) == (price == 0)
        if after is not None:
            assert (after.trade.buyer_pays, after.trade.seller_gets) == (2_900_000, 2_900_000)


SATURDAY_SPLIT = {"currency": 0, "lieu": (0, 1)}


def propose(broker: Broker, action: Any) -> int:
    number = int(broker.act(Propose(broker.instrument, action), user=7).sequence)
    broker.act(Approve(number), user=8)
    return number


def test_a_split_over_a_weekend_moves_shares_orders_marks_and_what_is_owed(broker: Broker) -> None:
    broker.send(Mark(instrument=broker.instrument, settlement=0, source=1, price=30_000))
    reference = broker.trade()
    resting = broker.order(broker.buyer, BUY, 10, 29_000).sequence
    propose(broker, Split(asset=broker.aapl, currency=broker.usd, ratio=(4, 1), ex=MONDAY, lieu=(7_500, 1)))
    broker.until(date(2026, 11, 29))
    assert broker.balance(broker.buyer, broker.aapl) == 100, "nothing moves before Monday"
    broker.until(MONDAY, 1)
    assert (broker.balance(broker.buyer, broker.aapl), broker.balance(broker.seller, broker.aapl)) == (400, 3_600)
    row = broker.desk.book.get(reference)
    assert row is not None and (row.trade.quantity, row.trade.buyer_pays) == (400, 3_000_000)
    views = broker.playing.core.views
    order = views.orders.order(resting)
    assert order is not None and order.status == "cancelled"
    position = views.holdings.position(broker.buyer, broker.instrument)
    assert (position.quantity, position.cost) == (400, 3_000_000), "the average price is a quarter"
    assert views.holdings.reference(broker.instrument) == 7_500
    assert not broker.playing.core.directory.is_halted(broker.instrument)
    broker.until(MONDAY)
    assert len(broker.desk.book) == 0 and broker.desk.settled(broker.buyer, broker.aapl) == 400
    assert not any(broker.sums().values())


def test_a_reverse_split_pays_fractions_and_a_short_owes_in_new_shares(broker: Broker) -> None:
    short(broker, 105)
    propose(broker, Split(asset=broker.aapl, currency=broker.usd, ratio=(1, 10), ex=MONDAY, lieu=(300_000, 1)))
    money = broker.balance(broker.buyer, broker.usd)
    broker.until(MONDAY, 1)
    assert broker.balance(broker.buyer, broker.aapl) == 110 and broker.balance(broker.seller, broker.aapl) == -10
    assert broker.balance(broker.buyer, broker.usd) - money == 150_000
    assert not any(broker.sums().values())


def test_a_dividend_goes_to_who_held_as_the_ex_day_began_and_is_paid_on_its_day(broker: Broker) -> None:
    action = Dividend(
        asset=broker.aapl, currency=broker.usd, rate=(82, 1), declared=FRIDAY, ex=MONDAY, record=MONDAY,
        pay=date(2026, 12, 3),
    )  # fmt: skip
    broker.trade()
    propose(broker, action)
    broker.until(MONDAY, 2)
    before = broker.balance(broker.buyer, broker.usd)
    broker.order(broker.buyer, SELL, 100, 30_000)
    broker.order(broker.seller, BUY, 100, 30_000)
    broker.until(date(2026, 12, 2))
    assert broker.balance(broker.buyer, broker.usd) == before + 3_000_000
    broker.until(date(2026, 12, 3))
    assert broker.balance(broker.buyer, broker.usd) == before + 3_000_000 + 8_200
    assert not any(broker.sums().values())


def test_a_rename_moves_holders_and_what_is_owed_to_the_new_asset(broker: Broker) -> None:
    reference, target = broker.trade(), broker.asset("META", 0)
    propose(broker, Exchange(asset=broker.aapl, target=target, currency=broker.usd, ex=MONDAY))
    broker.until(MONDAY, 1)
    assert broker.balance(broker.buyer, target) == 100 and broker.balance(broker.buyer, broker.aapl) == 0
    row = broker.desk.book.get(reference)
    assert row is not None and row.trade.base == target
    assert broker.playing.core.directory.is_halted(broker.instrument), "the old name trades no more"
    broker.until(MONDAY)
    assert broker.desk.settled(broker.buyer, target) == 100


def test_one_pair_of_eyes_is_not_enough(broker: Broker) -> None:
    split = Split(asset=broker.aapl, currency=broker.usd, ratio=(4, 1), ex=MONDAY, lieu=(7_500, 1))
    number = int(broker.act(Propose(broker.instrument, split), user=7).sequence)
    broker.act(Approve(number), user=7)
    broker.until(MONDAY)
    assert broker.balance(broker.seller, broker.aapl) == 1_000
    assert "a second pair of eyes is needed" in broker.notes("refused")[0]
    with pytest.raises(BadInput, match="a second pair of eyes"):
        broker.desk.actions.may_approve(number, 7)


def test_what_a_venue_does_not_deliver_is_bought_elsewhere_and_it_owes_the_difference(broker: Broker) -> None:
    venue = broker.account("venue:elsewhere", ACCOUNT_VENUE)
    from isthmus.kernel.messages import VenueFilled

    order = PlaceOrder(
        account=broker.buyer, instrument=broker.instrument, venue=venue, side=BUY, kind=LIMIT, tif=GTC, price=30_000,
        quantity=50, client_id=content_id("outside"),
    )  # fmt: skip
    number = broker.send(order).sequence
    fill = VenueFilled(
        order=number, venue=venue, account=broker.buyer, instrument=broker.instrument, side=BUY, liquidity=2,
        price=30_000, quantity=50, fill_id=content_id("fill"),
    )  # fmt: skip
    reference = f"trd-{broker.send(fill).sequence}-1"
    broker.act(Report(reference, "LACK"))
    broker.send(Mark(instrument=broker.instrument, settlement=0, source=1, price=31_000))
    broker.until(date(2026, 12, 3))
    assert broker.desk.book.get(reference) is not None
    before = broker.playing.engine.balance(venue, broker.usd)[0]
    broker.until(date(2026, 12, 4))
    assert broker.desk.book.get(reference) is None and broker.notes("compensation") == [f"compensation {reference}"]
    assert broker.playing.engine.balance(venue, broker.usd)[0] == before - 50 * 1_000
    assert broker.desk.store.rows("select state from obligations where trade = ?", reference) == [(BOUGHT_IN,)]


def test_margin_interest_is_owed_by_debit_balances_every_day() -> None:
    broker = Broker(interest={"USD": {"debit_ppm": 72_000}})
    broker.send(SetCredit(account=broker.seller, asset=broker.usd, amount=10**9))
    broker.deposit(broker.buyer, broker.aapl, 1_000)
    broker.order(broker.buyer, SELL, 100, 50_000)
    broker.order(broker.seller, BUY, 100, 50_000)
    broker.until(date(2026, 11, 29))
    assert broker.balance(broker.seller, broker.usd) == -5_000_000 - 3_000, "three days at 7.2 %, ACT/360"
    broker.playing.close()


def owing(data: str | None = None) -> Broker:
    """The seller owes 50,000.00 at 7.2 % a year: 10.00 a day."""
    broker = Broker(data, interest={"USD": {"debit_ppm": 72_000}})
    broker.deposit(broker.buyer, broker.aapl, 1_000)
    broker.send(SetCredit(account=broker.seller, asset=broker.usd, amount=5_001_500))
    broker.order(broker.buyer, SELL, 100, 50_000)
    assert broker.order(broker.seller, BUY, 100, 50_000).reason is None
    return broker


def test_interest_that_an_account_cannot_pay_is_owed_with_the_next_day_s() -> None:
    broker = owing()
    broker.until(FRIDAY)
    assert broker.balance(broker.seller, broker.usd) == -5_001_000
    broker.until(date(2026, 11, 29))
    assert broker.balance(broker.seller, broker.usd) == -5_001_000, "his line ends at 50,015.00"
    assert [text.endswith("insufficient_funds") for text in broker.notes("interest")] == [False, True, True]
    broker.send(SetCredit(account=broker.seller, asset=broker.usd, amount=10**9))
    broker.until(MONDAY)
    assert broker.balance(broker.seller, broker.usd) == -5_004_000, "the third and the fourth day with it"
    broker.playing.close()


def test_interest_of_days_without_a_broker_is_made_up_for_and_is_in_the_books(tmp_path: Path) -> None:
    broker = owing(str(tmp_path))
    broker.send(SetCredit(account=broker.seller, asset=broker.usd, amount=10**9))
    broker.until(FRIDAY, 17)
    broker.playing.close()
    again = Playing(
        [], noon(date(2026, 12, 3)), str(tmp_path), {"settlement": {"interest": {"USD": {"debit_ppm": 72_000}}}}
    )
    again.run(noon(date(2026, 12, 3)) + NS_PER_S)
    owed, carry = 5_000_000, Fraction(0)
    for _ in ("Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"):
        exact = Fraction(owed * 72, 360_000) + carry
        owed, carry = owed + int(exact), exact - int(exact)
    assert again.core.views.holdings.balance(broker.seller, broker.usd).total == -owed
    again.close()
    code, answer = isthmus("books", "rebuild", "--data", str(tmp_path))
    assert (code, answer["ok"]) == (0, True)
    with closing(sqlite3.connect(tmp_path / "books" / "books.sqlite")) as books:
        rows = books.execute("select count(*) from postings where source = ? and template = 12", [broker.seller])
        assert rows.fetchone() == (6,)


TABLES = ("obligations", "cycles", "nets", "notes")


def test_the_book_rebuilt_from_the_journal_is_the_book_that_lived(tmp_path: Path) -> None:
    broker = Broker(str(tmp_path), borrowed_delivers=False, penalty="other", interest={"USD": {"debit_ppm": 50_000}})
    short(broker)
    broker.trade(10)
    propose(broker, Split(asset=broker.aapl, currency=broker.usd, ratio=(3, 2), ex=TUESDAY, lieu=(20_000, 1)))
    broker.until(date(2026, 12, 2))
    live = {table: broker.desk.store.rows(f"select * from {table}") for table in TABLES}
    open_rows = [(row.reference, row.settled, row.trade) for row in broker.desk.book]
    broker.playing.close()
    again = Playing([], broker.playing.now, str(tmp_path), {"settlement": {
        "borrowed_delivers": False, "penalty": "other", "interest": {"USD": {"debit_ppm": 50_000}},
    }})  # fmt: skip
    desk = again.core.clearing
    assert desk is not None
    assert {table: desk.store.rows(f"select * from {table}") for table in TABLES} == live
    assert [(row.reference, row.settled, row.trade) for row in desk.book] == open_rows
    assert (
        live["obligations"]
        and live["cycles"]
        and live["notes"]
        and (tmp_path / "settlement" / "settlement.sqlite").exists()
    )
    again.close()


@pytest.mark.parametrize("every", [2, 3, 5])
def test_a_split_that_is_interrupted_again_and_again_counts_once(broker: Broker, every: int) -> None:
    """Every so many commands none is taken, as when the journal's disk fails: the rest is sent again from the start."""
    short(broker, 105)
    propose(broker, Split(asset=broker.aapl, currency=broker.usd, ratio=(1, 10), ex=MONDAY, lieu=(300_000, 1)))
    money = broker.balance(broker.buyer, broker.usd)
    desk, calls = broker.desk.desk, [0]
    submit = desk.submit

    def failing(command: Any, text: str = "", note: str = "") -> Any:
        calls[0] += 1
        return None if calls[0] % every == 0 else submit(command, text, note)

    desk.submit = failing  # type: ignore[method-assign]
    broker.until(MONDAY, 1)
    assert calls[0] > every
    assert (broker.balance(broker.buyer, broker.aapl), broker.balance(broker.seller, broker.aapl)) == (110, -10)
    assert broker.balance(broker.buyer, broker.usd) - money == 150_000
    assert not broker.playing.core.directory.is_halted(broker.instrument)
    assert not any(broker.sums().values())


@pytest.mark.parametrize("taken", range(1, 12))
def test_a_split_that_a_stop_cuts_in_two_is_finished_once_by_the_next_start(tmp_path: Path, taken: int) -> None:
    broker = Broker(str(tmp_path))
    short(broker, 105)
    propose(broker, Split(asset=broker.aapl, currency=broker.usd, ratio=(1, 10), ex=MONDAY, lieu=(300_000, 1)))
    money = [broker.balance(account, broker.usd) for account in (broker.buyer, broker.seller)]
    desk, left = broker.desk.desk, [taken]
    submit = desk.submit

    def failing(command: Any, text: str = "", note: str = "") -> Any:
        left[0] -= 1
        return None if left[0] < 0 else submit(command, text, note)

    desk.submit = failing  # type: ignore[method-assign]
    broker.until(MONDAY, 1)
    broker.playing.close()
    again = Playing([], broker.playing.now, str(tmp_path), {"settlement": {}})
    again.run(again.now + 60 * NS_PER_S)
    balance = again.engine.balance
    assert [balance(account, broker.aapl)[0] for account in (broker.buyer, broker.seller)] == [110, -10]
    assert [balance(account, broker.usd)[0] for account in (broker.buyer, broker.seller)] == [
        money[0] + 150_000,
        money[1] - 150_000,
    ]
    assert not again.core.directory.is_halted(broker.instrument)
    again.close()
