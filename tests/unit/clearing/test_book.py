"""The clearing book: booked is settled and open at every moment, over trades, holidays, fails, busts and splits."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from isthmus.clearing.book import FAILING, ClearingBook, Options, obligations
from isthmus.clearing.calendars import is_open
from isthmus.clearing.corporate_actions import Split
from isthmus.clearing.terms import DVP, Product, Settles, settles
from isthmus.clearing.trades import HOUSE, Trade, portion
from isthmus.kernel.errors import BadInput

USD, AAPL = 1, 11
CLIENTS = (16, 17, 18)
FRIDAY = date(2026, 11, 27)
APPLE = Product("AAPL-USD", "equity", "AAPL", "USD")


def trade(name: str, buyer: int, seller: int, quantity: int = 100, pays: int = 1_000) -> Trade:
    return Trade(
        reference=name, instrument=1, traded_on=FRIDAY, buyer=buyer, seller=seller, base=AAPL, quote=USD,
        quantity=quantity, buyer_pays=pays, seller_gets=pays,
    )  # fmt: skip


MONDAY = Settles(date(2026, 11, 30), DVP, ("NYSE", "FED"))


def test_nothing_settles_before_it_is_due_or_while_its_market_is_closed() -> None:
    book = ClearingBook()
    book.add(trade("t", 16, 17), MONDAY)
    assert book.due(date(2026, 11, 29)) == []
    assert [row.reference for row in book.due(date(2026, 11, 30))] == ["t"]
    assert book.due(date(2026, 12, 25)) == [], "a fail is not tried again on Christmas"
    assert book.unsettled(16, AAPL) == 100 and book.unsettled(17, USD) == 1_000


def test_a_fail_that_a_depository_reports_stays_out_until_it_is_lifted() -> None:
    book = ClearingBook()
    book.add(trade("t", 16, 17), MONDAY)
    book.report("t", "BLOC")
    plenty = {(who, asset): 10**6 for who in CLIENTS for asset in (USD, AAPL)}
    cycle = book.settle(MONDAY.due, lambda *key: plenty.get(key), Options())
    assert cycle.due == 0 and [(fail.failing, fail.reason) for fail in book.fails(MONDAY.due)] == [(17, "BLOC")]
    row = book.get("t")
    assert row is not None and row.state == FAILING
    book.lift("t")
    assert len(book.settle(date(2026, 12, 1), lambda *key: plenty.get(key), Options()).done) == 1
    with pytest.raises(BadInput, match="trade: t is not open here"):
        book.lift("t")


def test_nets_of_a_day_are_of_what_was_due_and_are_proven() -> None:
    book = ClearingBook()
    book.add(trade("a", 16, 17), MONDAY)
    book.add(trade("b", 17, 18), MONDAY)
    book.add(trade("c", 18, HOUSE), replace(MONDAY, due=date(2026, 12, 1)))
    assert len(list(obligations(book))) == 5
    cycle = book.settle(MONDAY.due, lambda *_: None, Options())
    assert cycle.proof.holds and cycle.due == 2
    assert {(row.participant, row.amount) for row in cycle.nets if row.asset == AAPL and row.amount} == {
        (16, 100),
        (18, -100),
    }


class BookAgainstBalances(RuleBasedStateMachine):
    """The engine books at once; the book says what of it has yet to settle. What a participant has settled is
    never below zero, and over everybody nothing is made or lost.
    """

    @initialize(model=st.sampled_from([1, 2, 3]), partial=st.booleans())
    def begin(self, model: int, partial: bool) -> None:
        self.book, self.options = ClearingBook(), Options(model, partial)
        self.day = FRIDAY
        self.booked: Counter[tuple[int, int]] = Counter({(who, asset): 500 for who in CLIENTS for asset in (USD, AAPL)})
        self.settled = Counter(self.booked)
        self.made = 0

    @rule(
        pair=st.permutations([HOUSE, *CLIENTS]), quantity=st.integers(1, 400), pays=st.integers(0, 500),
        residual=st.integers(0, 1),
    )  # fmt: skip
    def trades(self, pair: list[int], quantity: int, pays: int, residual: int) -> None:
        self.made += 1
        one = replace(
            trade(f"t{self.made}", pair[0], pair[1], quantity, pays + residual), seller_gets=pays, traded_on=self.day
        )
        terms = settles(APPLE, self.day)
        assert terms is not None
        self.book.add(one, terms)
        self.booked.update(portion(one, 0, quantity))

    @rule(days=st.integers(1, 40))
    def time_passes(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule()
    def a_cycle_runs(self) -> None:
        before = {row.reference: row.settled for row in self.book}
        trades = {row.reference: row.trade for row in self.book}

        def have(participant: int, asset: int) -> int | None:
            if participant == HOUSE:
                return None
            return self.booked[(participant, asset)] - self.book.unsettled(participant, asset)

        cycle = self.book.settle(self.day, have, self.options)
        assert cycle.proof.holds
        if not (is_open("NYSE", self.day) and is_open("FED", self.day)):
            assert cycle.due == 0
        for reference, quantity in cycle.outcome.settled.items():
            self.settled.update(portion(trades[reference], before[reference], quantity))

    @rule(place=st.integers(0, 30), reason=st.sampled_from(["BLOC", "SETR"]))
    def a_depository_reports(self, place: int, reason: str) -> None:
        rows = list(self.book)
        if rows:
            row = rows[place % len(rows)]
            self.book.lift(row.reference) if row.reported else self.book.report(row.reference, reason)

    @rule(place=st.integers(0, 30))
    def a_trade_is_busted(self, place: int) -> None:
        rows = list(self.book)
        if rows and rows[place % len(rows)].settled == 0:
            row = rows[place % len(rows)]
            self.booked.subtract(portion(row.trade, 0, row.trade.quantity))
            assert self.book.bust(row.reference) is row

    @rule(place=st.integers(0, 30), change=st.integers(-50, 50))
    def a_trade_is_adjusted(self, place: int, change: int) -> None:
        rows = list(self.book)
        if rows and rows[place % len(rows)].trade.buyer_pays + change >= 0:
            row = rows[place % len(rows)]
            if row.trade.buyer_pays + change >= row.trade.seller_gets + change >= 0 and row.settled == 0:
                self.book.adjust(row.reference, change, change)
                self.booked.update({(row.trade.buyer, USD): -change})
                self.booked.update({(row.trade.seller, USD): change})

    @invariant()
    def what_is_booked_is_settled_and_open(self) -> None:
        for participant in (HOUSE, *CLIENTS):
            for asset in (USD, AAPL):
                key = (participant, asset)
                assert self.booked[key] == self.settled[key] + self.book.unsettled(*key)
                if participant != HOUSE:
                    assert self.settled[key] >= 0
        for asset in (USD, AAPL):
            assert sum(self.booked[(who, asset)] for who in (HOUSE, *CLIENTS)) == 1_500


TestBookAgainstBalances = BookAgainstBalances.TestCase


@given(st.integers(1, 1_000), st.integers(0, 1_000))
def test_a_split_of_what_is_open_keeps_the_money_and_multiplies_the_shares(quantity: int, have: int) -> None:
    book = ClearingBook()
    book.add(trade("t", 16, 17, quantity), MONDAY)
    book.settle(MONDAY.due, lambda who, asset: have if (who, asset) == (17, AAPL) else 10**6, Options())
    before = (book.unsettled(16, USD), book.unsettled(16, AAPL))
    book.convert(Split(asset=AAPL, currency=USD, ratio=(4, 1), ex=date(2026, 12, 1), lieu=(1, 1)))
    assert (book.unsettled(16, USD), book.unsettled(16, AAPL)) == (before[0], 4 * before[1])
