"""The rules by which a recording fills a client's order, one test each, and their laws under any recording."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.kernel.messages import BUY, MAKER, SELL, TAKER
from isthmus.venues.recorded.fills import (
    FILL_OR_KILL,
    IMMEDIATE,
    POST_ONLY,
    UNTIL_CANCELLED,
    Answer,
    Changed,
    ClientOrder,
    DisplayedSide,
    Ended,
    Filled,
    RecordedBook,
    Took,
)
from isthmus.venues.recorded.session import FULL, QUOTES, WINDOW

ACCOUNT = 16


def showing(bids: dict[int, int], asks: dict[int, int]) -> RecordedBook:
    book = RecordedBook()
    book.show(bids.items(), asks.items())
    return book


def order(number: int, side: int, price: int, quantity: int, rests: str = UNTIL_CANCELLED) -> ClientOrder:
    return ClientOrder(number, ACCOUNT, side, price, quantity, rests)


def fills(answers: list[Answer]) -> list[tuple[int, int, int, int]]:
    """(order, price, quantity, liquidity) of each fill."""
    return [(a.order, a.price, a.quantity, a.liquidity) for a in answers if isinstance(a, Filled)]


def test_an_order_takes_displayed_size_best_price_first_and_rests_with_what_is_left() -> None:
    book = showing({99: 5}, {100: 2, 101: 3, 103: 9})
    answers = book.place(order(1, BUY, 102, 10))
    assert answers[0] == Took(1)
    assert fills(answers) == [(1, 100, 2, TAKER), (1, 101, 3, TAKER)]
    assert book.order(1) is not None
    assert book.order(1).remaining == 5  # type: ignore[union-attr]


def test_what_a_client_took_stays_taken_until_the_recording_changes_the_level() -> None:
    book = showing({}, {100: 5})
    book.place(order(1, BUY, 100, 3, IMMEDIATE))
    assert book.levels(5) == ([], [(100, 2)])
    book.change([], [(100, 5)])
    assert fills(book.place(order(2, BUY, 100, 9, IMMEDIATE))) == [(2, 100, 2, TAKER)]
    book.change([], [(100, 4)])
    assert fills(book.place(order(3, BUY, 100, 9, IMMEDIATE))) == [(3, 100, 4, TAKER)]


def test_what_the_tape_traded_cannot_be_taken_again_before_the_level_is_sent_anew() -> None:
    book = showing({}, {100: 5, 101: 5})
    book.trade(100, 4, BUY)
    assert book.levels(5) == ([], [(100, 1), (101, 5)])
    book.trade(101, 2, BUY)
    assert book.levels(5) == ([], [(101, 3)])


def test_a_resting_order_waits_for_everything_that_was_there_when_it_arrived() -> None:
    book = showing({100: 7}, {101: 5})
    book.place(order(1, BUY, 100, 4))
    assert fills(book.trade(100, 6, SELL)) == []
    assert fills(book.trade(100, 3, SELL)) == [(1, 100, 2, MAKER)]
    assert fills(book.trade(100, 9, SELL)) == [(1, 100, 2, MAKER)]
    assert book.order(1) is None


def test_size_that_joins_later_stands_behind() -> None:
    book = showing({100: 2}, {101: 5})
    book.place(order(1, BUY, 100, 1))
    book.change([(100, 50)], [])
    assert fills(book.trade(100, 3, SELL)) == [(1, 100, 1, MAKER)]


def test_a_cancel_shortens_the_queue_only_when_the_level_shrinks_below_it() -> None:
    book = showing({100: 7}, {101: 5})
    book.place(order(1, BUY, 100, 1))
    book.change([(100, 20)], [])
    book.change([(100, 9)], [])
    assert fills(book.trade(100, 7, SELL)) == []
    book = showing({100: 7}, {101: 5})
    book.place(order(1, BUY, 100, 1))
    book.change([(100, 2)], [])
    assert fills(book.trade(100, 2, SELL)) == []
    assert fills(book.trade(100, 1, SELL)) == [(1, 100, 1, MAKER)]


def test_a_trade_on_the_other_side_of_the_book_fills_nobody_here() -> None:
    book = showing({100: 0}, {101: 5})
    book.place(order(1, BUY, 100, 1))
    assert fills(book.trade(101, 5, BUY)) == []


def test_a_trade_through_the_price_fills_at_the_limit_up_to_its_size() -> None:
    book = showing({100: 7, 99: 7}, {101: 5})
    book.place(order(1, BUY, 100, 4))
    assert fills(book.trade(99, 3, SELL)) == [(1, 100, 3, MAKER)]


def test_two_clients_share_a_trade_in_the_order_in_which_they_came() -> None:
    book = showing({100: 2}, {101: 5})
    book.place(order(1, BUY, 100, 3))
    book.change([(100, 6)], [])
    book.place(order(2, BUY, 100, 3))
    assert fills(book.trade(100, 4, SELL)) == [(1, 100, 2, MAKER)]
    assert fills(book.trade(100, 4, SELL)) == [(1, 100, 1, MAKER)]
    assert fills(book.trade(100, 4, SELL)) == [(2, 100, 3, MAKER)]


def test_a_quote_that_comes_to_the_limit_fills_it_there_up_to_the_displayed_size() -> None:
    book = showing({98: 1}, {103: 5})
    book.place(order(1, BUY, 100, 4))
    assert fills(book.change([], [(99, 3)])) == [(1, 100, 3, MAKER)]
    assert book.levels(5)[1] == [(103, 5)]


def test_clients_do_not_meet_each_other() -> None:
    book = showing({98: 1}, {103: 5})
    book.place(order(1, BUY, 100, 4))
    assert fills(book.place(order(2, SELL, 100, 4))) == []


def test_post_only_is_refused_when_it_would_take() -> None:
    book = showing({99: 5}, {100: 2})
    assert book.place(order(1, BUY, 100, 1, POST_ONLY)) == [Took(1), Ended(1, "post_only")]
    assert book.place(order(2, BUY, 99, 1, POST_ONLY)) == [Took(2)]


def test_fill_or_kill_takes_all_or_nothing() -> None:
    book = showing({99: 5}, {100: 2, 101: 2})
    assert book.place(order(1, BUY, 101, 5, FILL_OR_KILL)) == [Took(1), Ended(1, "fok")]
    assert fills(book.place(order(2, BUY, 101, 4, FILL_OR_KILL))) == [(2, 100, 2, TAKER), (2, 101, 2, TAKER)]


def test_the_rest_of_an_immediate_order_is_cancelled() -> None:
    book = showing({99: 5}, {100: 2})
    assert book.place(order(1, BUY, 100, 5, IMMEDIATE))[-1] == Ended(1, "ioc")
    assert book.order(1) is None


def test_a_smaller_quantity_keeps_the_place_and_a_larger_one_loses_it() -> None:
    book = showing({100: 5}, {101: 5})
    book.place(order(1, BUY, 100, 4))
    book.change([(100, 9)], [])
    assert book.replace(1, 100, 2) == [Changed(1, 100, 2)]
    assert fills(book.trade(100, 6, SELL)) == [(1, 100, 1, MAKER)]
    assert book.replace(1, 100, 3) == [Changed(1, 100, 3)]
    assert fills(book.trade(100, 8, SELL)) == []


def test_a_replace_to_what_is_filled_ends_the_order() -> None:
    book = showing({100: 0}, {101: 2})
    book.place(order(1, BUY, 101, 5))
    assert book.replace(1, 101, 1) == [Changed(1, 101, 2)]
    assert book.order(1) is None


def test_a_replace_through_the_spread_takes() -> None:
    book = showing({99: 1}, {101: 2})
    book.place(order(1, BUY, 100, 5))
    assert fills(book.replace(1, 101, 5)) == [(1, 101, 2, TAKER)]


def test_the_seam_ends_every_order_and_clears_the_book() -> None:
    book = showing({99: 1}, {101: 2})
    book.place(order(1, BUY, 98, 5))
    assert book.restart() == [Ended(1, "recording_restarted")]
    assert book.levels(5) == ([], [])
    assert book.cancel(1) == []


@settings(max_examples=300)
@given(
    st.sampled_from((BUY, SELL)),
    st.lists(
        st.one_of(
            st.tuples(st.just("show"), st.integers(95, 105), st.integers(0, 3)),
            st.tuples(st.just("sweep"), st.integers(95, 105), st.just(0)),
            st.tuples(st.just("take"), st.integers(95, 105), st.integers(1, 3)),
        ),
        max_size=30,
    ),
)
def test_what_is_available_is_what_the_plain_rule_says(side: int, happenings: list[tuple[str, int, int]]) -> None:
    displayed, sizes, taken = DisplayedSide(side), dict[int, int](), dict[int, int]()
    for what, price, quantity in happenings:
        if what == "show":
            if sizes.get(price, 0) != quantity:
                taken[price] = 0
            sizes[price] = quantity
            displayed.show(price, quantity)
        elif what == "sweep":
            for at in sizes:
                if at > price if side == BUY else at < price:
                    taken[at] = sizes[at]
            displayed.sweep(price)
        else:
            taken[price] = min(sizes.get(price, 0), taken.get(price, 0) + quantity)
            displayed.take(price, quantity)
        left = {at: size - taken.get(at, 0) for at, size in sizes.items() if size > taken.get(at, 0)}
        assert displayed.levels(99) == sorted(left.items(), reverse=side == BUY)


PRICES = st.integers(95, 105)
SIZES = st.integers(1, 8)
SIDES = st.sampled_from((BUY, SELL))
LEVELS = st.dictionaries(PRICES, st.integers(0, 8), max_size=4)
HAPPENINGS = st.one_of(
    st.tuples(st.just("change"), SIDES, LEVELS),
    st.tuples(st.just("trade"), PRICES, SIZES, SIDES),
    st.tuples(
        st.just("place"), SIDES, PRICES, SIZES, st.sampled_from((UNTIL_CANCELLED, IMMEDIATE, FILL_OR_KILL, POST_ONLY))
    ),
    st.tuples(st.just("cancel"), st.integers(0, 20)),
    st.tuples(st.just("replace"), st.integers(0, 20), PRICES, SIZES),
)
SHOWS = st.tuples(st.just("show"), LEVELS, LEVELS)


class Watched:
    """A book with its tape, kept to account for every fill."""

    def __init__(self, depth: str) -> None:
        self.book = RecordedBook(depth)
        self.shown: dict[int, dict[int, int]] = {BUY: {}, SELL: {}}
        self.limits: dict[int, tuple[int, int]] = {}
        self.filled: dict[int, int] = defaultdict(int)
        self.ended: set[int] = set()

    def is_crossed(self) -> bool:
        bids, asks = ([price for price, size in self.shown[side].items() if size] for side in (BUY, SELL))
        return bool(bids and asks) and max(bids) > min(asks)

    def happen(self, what: tuple, number: int) -> list[Answer]:  # type: ignore[type-arg]
        kind, *facts = what
        if kind == "change":
            side, levels = facts
            self.shown[side].update(levels)
            return self.book.change(*((levels.items(), ()) if side == BUY else ((), levels.items())))
        if kind == "trade":
            return self.book.trade(*facts)
        if kind == "show":
            self.shown = dict(zip((BUY, SELL), facts, strict=True))
            return self.book.show(*(levels.items() for levels in facts))
        if kind == "place":
            side, price, quantity, rests = facts
            self.limits[number] = (side, price)
            return self.book.place(order(number, side, price, quantity, rests))
        if kind == "cancel":
            return self.book.cancel(facts[0])
        if self.book.order(facts[0]) is not None:
            self.limits[facts[0]] = (self.limits[facts[0]][0], facts[1])
        return self.book.replace(*facts)


@settings(max_examples=300)
@given(st.lists(HAPPENINGS | SHOWS, max_size=21), st.sampled_from((FULL, WINDOW, QUOTES)))
def test_no_happening_gives_more_than_it_shows(
    happenings: list[tuple],  # type: ignore[type-arg]
    depth: str,
) -> None:
    """A trade fills at most its size, a change or an order at most what is displayed within the limit, and nothing
    while bid and ask are crossed; nobody is filled beyond his limit, his quantity or his end; ordinals of fills have no
    gap.
    """
    watched = Watched(depth)
    for number, what in enumerate(happenings):
        answers = watched.happen(what, number)
        given_now = sum(quantity for _, _, quantity, _ in fills(answers))
        if watched.is_crossed() and what[0] != "trade":
            assert given_now == 0
        if what[0] == "trade":
            assert given_now <= what[2]
        else:
            assert given_now <= max(sum(sizes.values()) for sizes in watched.shown.values()) * 2
        for answer in answers:
            assert answer.order not in watched.ended
            if isinstance(answer, Ended):
                watched.ended.add(answer.order)
            if isinstance(answer, Filled):
                side, limit = watched.limits[answer.order]
                assert answer.price <= limit if side == BUY else answer.price >= limit
                assert answer.quantity > 0
                watched.filled[answer.order] += answer.quantity
        for number_alive in watched.limits:
            if alive := watched.book.order(number_alive):
                assert watched.filled[number_alive] == alive.filled < alive.quantity
                assert 0 <= alive.ahead


@settings(max_examples=300)
@given(st.lists(HAPPENINGS, max_size=21), st.integers(0, 20))
def test_a_resting_order_gets_no_more_than_the_trades_and_quotes_that_came_to_it(
    happenings: list[tuple],  # type: ignore[type-arg]
    ahead: int,
) -> None:
    """The first order alone: its fills are within the trades at or through its price less what stood ahead and did not
    go, plus the size of quotes that came to its price.
    """
    book = showing({100: ahead}, {})
    book.place(order(1, BUY, 100, 1_000))
    at_price = through = quoted = 0
    queue = ahead
    got = 0
    for what in happenings:
        kind, *facts = what
        if kind == "change":
            side, levels = facts
            answers = book.change(*((levels.items(), ()) if side == BUY else ((), levels.items())))
            if side == BUY and 100 in levels:
                queue = min(queue, max(0, levels[100]) + at_price) if levels[100] < queue - at_price else queue
            quoted += sum(size for price, size in levels.items() if side == SELL and price <= 100)
        elif kind == "trade":
            price, size, taker_side = facts
            answers = book.trade(price, size, taker_side)
            if taker_side == SELL:
                at_price += size if price == 100 else 0
                through += size if price < 100 else 0
        else:
            continue
        got += sum(quantity for _, _, quantity, _ in fills(answers))
        assert got <= max(0, at_price - queue) + through + quoted


@settings(max_examples=200)
@given(st.lists(st.tuples(PRICES, SIZES), max_size=12), st.integers(0, 9), st.integers(0, 9))
def test_more_ahead_never_fills_sooner(trades: list[tuple[int, int]], less: int, more: int) -> None:
    less, more = sorted((less, more))
    short, long = showing({100: less}, {}), showing({100: more}, {})
    for book in (short, long):
        book.place(order(1, BUY, 100, 50))
    filled = [0, 0]
    for price, size in trades:
        for place, book in enumerate((short, long)):
            filled[place] += sum(quantity for _, _, quantity, _ in fills(book.trade(price, size, SELL)))
        assert filled[0] >= filled[1]
