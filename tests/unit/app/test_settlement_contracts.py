"""Contracts at the clearing desk of a playing broker: daily marks, final settlement, first notice, funding; each once,
through a stop and a new start.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import isthmus
from tests.unit.app.cleared import DAY, FRIDAY, MONDAY, TUESDAY, Broker, noon

from isthmus.app.playing import Playing
from isthmus.app.settlement_words import Agree, Enter
from isthmus.clearing.exercise import assign
from isthmus.engine.engine import content_id
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    BUY,
    GTC,
    LIMIT,
    SELL,
    CancelOrder,
    Exercise,
    Mark,
    PlaceOrder,
    SetContract,
)
from isthmus.kernel.values import NS_PER_S

HOUR = 3_600 * NS_PER_S
LINEAR, FUTURE, OPTION = 4, 6, 7
CASH, PHYSICAL, CALL, EUROPEAN, AMERICAN = 1, 2, 1, 1, 2
EXPIRE = noon(TUESDAY) + 8 * HOUR


class Listed(Broker):
    """A gold future of 10 units; both clients have money."""

    def __init__(self, data: str | None = None, *, delivery: int = CASH, expire: int = EXPIRE, **settings: Any) -> None:
        super().__init__(data, **settings)
        self.deposit(self.seller, self.usd, 10**9)
        self.gold = self.asset("GOLD", 0)
        self.future = self.list(
            "GC-Z26", FUTURE, self.gold, self.usd, multiplier=10, mark=10_000, initial_margin_bps=1_000
        )
        self.contract(self.future, delivery=delivery, expire=expire)

    def contract(self, instrument: int, **terms: int) -> None:
        known = {"underlying": 0, "delivery": CASH, "right": 0, "style": 0, "strike": 0, "floor": 0, **terms}
        made = self.send(SetContract(instrument=instrument, **known))
        assert made.reason is None, made.reason

    def option(self, on: int, *, delivery: int, style: int, expire: int = EXPIRE, strike: int = 10_000) -> int:
        number = self.list("CALL", OPTION, self.gold, self.usd, multiplier=10, mark=100, initial_margin_bps=1_000)
        self.contract(number, underlying=on, delivery=delivery, right=CALL, style=style, strike=strike, expire=expire)
        return number

    def place(self, account: int, instrument: int, side: int, quantity: int, price: int) -> Any:
        self.orders += 1
        command = PlaceOrder(
            account=account, instrument=instrument, side=side, kind=LIMIT, tif=GTC, price=price, quantity=quantity,
            client_id=content_id(f"order {self.orders}"),
        )  # fmt: skip
        record = self.send(command)
        assert record.reason is None, record.reason
        return record

    def deal(self, instrument: int, quantity: int, price: int) -> None:
        """The buyer buys of the seller."""
        self.place(self.seller, instrument, SELL, quantity, price)
        self.place(self.buyer, instrument, BUY, quantity, price)

    def mark(self, instrument: int, price: int, settlement: int = 0) -> None:
        assert self.send(Mark(instrument=instrument, settlement=settlement, source=1, price=price)).reason is None

    def held(self, instrument: int) -> dict[int, int]:
        return self.playing.core.views.holdings.holders(instrument)

    def money(self) -> tuple[int, int]:
        return self.balance(self.buyer, self.usd), self.balance(self.seller, self.usd)

    def breaks(self) -> list[tuple[int, str]]:
        return [(one.instrument, one.what) for one in self.desk.contracts.breaks()]


@pytest.fixture
def broker() -> Iterator[Listed]:
    made = Listed()
    yield made
    assert not any(made.sums().values())
    made.playing.close()


def test_a_future_is_marked_at_the_settlement_time_of_open_days_and_settled_in_cash_at_its_end(broker: Listed) -> None:
    broker.deal(broker.future, 3, 10_100)
    start = broker.money()
    broker.mark(broker.future, 10_150)
    broker.until(FRIDAY, 15)
    assert broker.money() == start, "a mark that settles nothing moves nothing"
    broker.until(date(2026, 11, 29))
    flow = 3 * 10 * (10_150 - 10_000)
    assert broker.money() == (start[0] + flow, start[1] - flow)
    assert broker.notes("mark") == [f"mark {broker.future} 2026-11-27"], "not on a weekend"
    broker.mark(broker.future, 10_050)
    broker.until(MONDAY)
    broker.mark(broker.future, 10_200)
    broker.until(TUESDAY, 19)
    assert broker.held(broker.future) == {broker.buyer: 3, broker.seller: -3}
    broker.until(TUESDAY, 21)
    flow = 3 * 10 * (10_200 - 10_000)
    assert broker.money() == (start[0] + flow, start[1] - flow)
    assert (broker.held(broker.future), broker.breaks()) == ({}, [])
    assert broker.notes("mark") == [f"mark {broker.future} {day}" for day in (FRIDAY, MONDAY, TUESDAY)]
    assert broker.notes("expire") == [f"expire {broker.future}"], "once"


def test_without_a_mark_the_last_trade_is_the_day_s_price(broker: Listed) -> None:
    broker.deal(broker.future, 1, 10_100)
    start = broker.money()
    broker.until(FRIDAY, 17)
    assert broker.money() == (start[0] + 1_000, start[1] - 1_000)


def test_a_final_price_that_nobody_has_is_a_break_until_two_operators_say_it() -> None:
    broker = Listed(marks={"price_age_s": 3_600})
    broker.deal(broker.future, 2, 10_000)
    broker.until(date(2026, 12, 3))
    assert broker.breaks() == [(broker.future, "final_price")]
    assert broker.held(broker.future) == {broker.buyer: 2, broker.seller: -2}, "nothing was absorbed"
    assert broker.notes("expire") == []
    start = broker.money()
    number = broker.act(Enter(broker.future, 9_900), user=7).sequence
    broker.act(Agree(number), user=7)
    assert "second pair of eyes" in broker.notes("refused")[0]
    broker.until(date(2026, 12, 4), 1)
    assert broker.held(broker.future), "one pair of eyes settles nothing"
    broker.act(Agree(number), user=8)
    broker.until(date(2026, 12, 4), 2)
    assert broker.money() == (start[0] - 2_000, start[1] + 2_000)
    assert (broker.held(broker.future), broker.breaks()) == ({}, [])
    with pytest.raises(BadInput, match="there is no price"):
        broker.desk.contracts.may_agree(number, 8)
    broker.playing.close()


def test_a_missing_daily_price_is_asked_for_and_taken_from_two_operators() -> None:
    broker = Listed(expire=noon(date(2026, 12, 20)), marks={"price_age_s": 3_600})
    broker.deal(broker.future, 2, 10_000)
    broker.until(FRIDAY)
    assert broker.breaks() == [(broker.future, "settlement_price")]
    start = broker.money()
    broker.act(Agree(broker.act(Enter(broker.future, 10_400), user=7).sequence), user=8)
    broker.playing.run(broker.playing.now + 10 * NS_PER_S)
    assert broker.money() == (start[0] + 8_000, start[1] - 8_000)
    assert broker.breaks() == []
    broker.until(MONDAY)
    assert broker.breaks() == [(broker.future, "settlement_price")], "each day anew"
    broker.playing.close()


def test_options_are_exercised_by_exception_before_the_future_that_they_deliver(broker: Listed) -> None:
    call = broker.option(broker.future, delivery=PHYSICAL, style=EUROPEAN)
    broker.deal(call, 4, 120)
    broker.until(TUESDAY, 13)
    broker.mark(broker.future, 10_300)
    start = broker.money()
    broker.until(TUESDAY)
    assert broker.notes("expire") == [f"expire {call}", f"expire {broker.future}"]
    assert broker.held(call) == {} and broker.held(broker.future) == {}
    flow = 4 * 10 * (10_300 - 10_000)
    assert broker.money() == (start[0] + flow, start[1] - flow), "the strike against the final price"


def test_an_option_is_exercised_early_and_assigned_pro_rata_to_who_is_short(broker: Listed) -> None:
    call = broker.option(broker.future, delivery=PHYSICAL, style=AMERICAN)
    third = broker.account("client:third")
    broker.deposit(third, broker.usd, 10**9)
    broker.deal(call, 5, 120)
    broker.place(third, call, SELL, 2, 120)
    broker.place(broker.buyer, call, BUY, 2, 120)
    record = broker.send(Exercise(account=broker.buyer, instrument=call, quantity=4, client_id=content_id("early")))
    assert record.reason is None
    shares = assign({broker.seller: 5, third: 2}, 4, record.sequence)
    left = {broker.buyer: 3, broker.seller: shares[broker.seller] - 5, third: shares[third] - 2}
    assert broker.held(call) == {account: held for account, held in left.items() if held}
    assert sum(shares.values()) == 4 and broker.held(broker.future)[broker.buyer] == 4
    broker.until(TUESDAY, 13)
    broker.mark(broker.future, 9_000)
    broker.until(TUESDAY)
    assert broker.held(call) == {} and broker.held(broker.future) == {}


def test_who_is_long_a_delivered_future_is_told_and_closed_before_its_first_notice() -> None:
    taker = ["client:seller"]
    broker = Listed(
        delivery=PHYSICAL, expire=noon(date(2026, 12, 29)),
        contracts={"GC-Z26": {"product": "GC", "month": date(2026, 12, 1), "takes": taker}},
    )  # fmt: skip
    third = broker.account("client:third")
    broker.deposit(third, broker.usd, 10**9)
    broker.place(third, broker.future, SELL, 5, 10_000)
    broker.place(broker.buyer, broker.future, BUY, 3, 10_000)
    broker.place(broker.seller, broker.future, BUY, 2, 10_000)
    resting = broker.place(broker.buyer, broker.future, BUY, 1, 9_000).sequence
    bid = broker.place(third, broker.future, BUY, 3, 9_950).sequence
    broker.until(FRIDAY, 15)
    assert broker.held(broker.future)[broker.buyer] == 3
    broker.until(FRIDAY, 17)
    held = broker.held(broker.future)
    assert held == {broker.seller: 2, third: -2}, "the first notice is Monday: Friday is the last open day before"
    order = broker.playing.core.views.orders.order(resting)
    assert order is not None and order.status == "cancelled"
    again = PlaceOrder(
        account=broker.buyer, instrument=broker.future, side=BUY, kind=LIMIT, tif=GTC, price=9_000, quantity=1,
        client_id=content_id("again"),
    )  # fmt: skip
    assert broker.send(again).reason == "position_limit", "who was closed may not open again"
    assert broker.send(CancelOrder(order=bid, account=third, client_id=bytes(16))).reason is not None, "it was bought"
    broker.playing.close()


class Perpetual(Listed):
    """A perpetual on a spot market; the buyer is long one, the seller short."""

    def __init__(self, data: str | None = None, **settings: Any) -> None:
        super().__init__(data, **settings)
        self.spot = self.list("GOLD-USD", 3, self.gold, self.usd)
        self.perpetual = self.list("GOLD-PERP", LINEAR, self.gold, self.usd, mark=10_000, initial_margin_bps=10_000)

    def prices(self, mark: int, index: int) -> None:
        self.mark(self.spot, index)
        self.mark(self.perpetual, mark)


A_WEEK = {"price_age_s": 7 * 86_400}
TWICE = {"every_hours": 12, "stale_s": 86_400}


def test_funding_is_paid_twice_a_day_by_the_average_premium() -> None:
    broker = Perpetual(funding=TWICE)
    broker.deal(broker.perpetual, 100, 10_000)
    broker.prices(10_100, 10_000)
    start = broker.money()
    broker.playing.run(noon(FRIDAY) + 9 * HOUR)
    broker.prices(10_020, 10_000)
    assert broker.money() == start
    broker.playing.run(noon(FRIDAY) + 12 * HOUR + NS_PER_S)
    premium = (9 * 10_000_000 + 3 * 2_000_000) // 12
    first = 100 * 10_020 * ((premium - 500_000) * 12 // 8) // 10**9
    assert (start[0] - broker.money()[0], broker.money()[1] - start[1]) == (first + 1, first), "longs pay shorts"
    broker.playing.run(noon(FRIDAY) + 24 * HOUR + NS_PER_S)
    second = 100 * 10_020 * ((2_000_000 - 500_000) * 12 // 8) // 10**9
    assert broker.money()[1] - start[1] == first + second
    ends = [(noon(FRIDAY) + hours * HOUR) // NS_PER_S for hours in (12, 24)]
    assert broker.notes("fund") == [f"fund {broker.perpetual} {end}" for end in ends]
    assert not any(broker.sums().values())
    broker.playing.close()


def test_a_period_that_no_price_covers_is_passed_over_by_name() -> None:
    broker = Perpetual(funding={"every_hours": 8, "stale_s": 3_600})
    broker.deal(broker.perpetual, 100, 10_000)
    broker.prices(10_100, 10_000)
    broker.playing.run(noon(FRIDAY) + DAY)
    assert len(broker.notes("fund")) == 1, "the first period had an hour of prices"
    assert [one for one, _ in broker.desk.funding.unfunded] == [broker.perpetual] * 2
    broker.prices(10_100, 10_000)
    broker.playing.run(noon(FRIDAY) + DAY + 5 * HOUR)
    assert len(broker.notes("fund")) == 2
    broker.playing.close()


@pytest.mark.parametrize("every", [2, 3])
def test_what_falls_due_counts_once_although_commands_are_refused_in_between(every: int) -> None:
    broker = Perpetual(funding={"every_hours": 12, "stale_s": 7 * 86_400}, marks=A_WEEK)
    broker.deal(broker.future, 3, 10_100)
    broker.deal(broker.perpetual, 100, 10_000)
    broker.prices(10_100, 10_000)
    desk, calls = broker.desk.desk, [0]
    submit = desk.submit

    def failing(command: Any, text: str = "", note: str = "") -> Any:
        calls[0] += 1
        return None if calls[0] % every == 0 else submit(command, text, note)

    desk.submit = failing  # type: ignore[method-assign]
    broker.until(TUESDAY)
    assert len(broker.notes("mark")) == 3 and len(broker.notes("expire")) == 1
    assert len(broker.notes("fund")) == len(set(broker.notes("fund"))) == 8
    broker.playing.close()


def test_a_new_start_neither_forgets_nor_repeats_what_fell_due(tmp_path: Path) -> None:
    settings = {"funding": TWICE, "marks": A_WEEK}
    broker = Perpetual(str(tmp_path), **settings)
    broker.deal(broker.future, 3, 10_100)
    broker.deal(broker.perpetual, 100, 10_000)
    broker.prices(10_100, 10_000)
    broker.until(MONDAY, 17)
    live = broker.desk.store.rows("select * from notes")
    money = broker.money()
    broker.playing.close()
    again = Playing([], broker.playing.now, str(tmp_path), {"settlement": settings})
    desk = again.core.clearing
    assert desk is not None and desk.store.rows("select * from notes") == live
    again.run(broker.playing.now + 10 * NS_PER_S)
    assert desk.store.rows("select * from notes") == live, "nothing is sent again"
    holdings = again.core.views.holdings
    assert (
        holdings.balance(broker.buyer, broker.usd).total,
        holdings.balance(broker.seller, broker.usd).total,
    ) == money
    again.run(EXPIRE + NS_PER_S)
    assert holdings.holders(broker.future) == {}
    again.close()


@pytest.mark.parametrize("taken", [1, 3, 4, 6])
def test_a_stop_between_any_two_commands_changes_nothing_and_the_books_agree(tmp_path: Path, taken: int) -> None:
    settings = {"funding": {"every_hours": 12, "stale_s": 7 * 86_400}, "marks": A_WEEK}
    broker = Perpetual(str(tmp_path), **settings)
    broker.deal(broker.future, 3, 10_100)
    broker.deal(broker.perpetual, 100, 10_000)
    broker.prices(10_100, 10_000)
    desk, left = broker.desk.desk, [taken]
    submit = desk.submit

    def stopping(command: Any, text: str = "", note: str = "") -> Any:
        left[0] -= 1
        return submit(command, text, note) if left[0] >= 0 else None

    desk.submit = stopping  # type: ignore[method-assign]
    broker.until(TUESDAY, 21)
    broker.playing.close()
    again = Playing([], broker.playing.now, str(tmp_path), {"settlement": settings})
    again.run(broker.playing.now + HOUR)
    assert again.core.clearing is not None
    notes = [str(row[0]) for row in again.core.clearing.store.rows("select text from notes order by place")]
    assert len(notes) == len(set(notes)), "nothing twice"
    funded = [note for note in notes if note.startswith("fund ")]
    passed = [end for _, end in again.core.clearing.funding.unfunded]
    assert len(funded) + len(passed) == 8 or taken < 3, "every period since the first that was funded"
    holdings = again.core.views.holdings
    assert holdings.holders(broker.future) == {} and notes.count(f"expire {broker.future}") == 1
    again.close()
    code, answer = isthmus("books", "rebuild", "--data", str(tmp_path))
    assert (code, answer["ok"]) == (0, True)
    code, answer = isthmus("books", "rebuild", "--data", str(tmp_path), "--check")
    assert (code, answer["ok"], answer["differences"]) == (0, True, []), answer
