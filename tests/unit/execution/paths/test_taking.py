"""What is taken is taken at the least all-in cost, in whole lots, and never more than may be."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.execution.paths.floor import Floor, parent_of

from isthmus.execution.paths.taking import allowed, take
from isthmus.execution.policy import PPM, Child, Venue, Work
from isthmus.kernel.messages import BUY, IOC, SELL

CHEAP = Venue(number=1, name="cheap")
DEAR = Venue(number=2, name="dear", taker_fee_ppm=1_000)
COARSE = Venue(number=3, name="coarse", lot=10, minimum=20)


def floor_with(books: dict[int, dict[int, int]], *venues: Venue, side: int = SELL) -> Floor:
    floor = Floor(venues=venues, depth=0)
    floor.books = {(number, side): dict(book) for number, book in books.items()}
    return floor


def taken(floor: Floor, work: Work, quantity: int, limit: int | None = None) -> list[tuple[int, int, int]]:
    tickets = take(work, floor, quantity, "due", limit)
    assert all(ticket.tif == IOC and ticket.why == "due" for ticket in tickets)
    return [(ticket.venue, ticket.price, ticket.quantity) for ticket in tickets]


def test_a_dearer_price_with_a_lower_fee_goes_first() -> None:
    floor = floor_with({1: {10_005: 40}, 2: {10_000: 40}}, CHEAP, DEAR)
    # 10,000 and 10 of fee is dearer than 10,005
    assert taken(floor, Work(parent=parent_of()), 60) == [(1, 10_005, 40), (2, 10_000, 20)]


def test_one_child_a_venue_at_the_worst_price_that_it_is_meant_to_pay() -> None:
    floor = floor_with({1: {10_000: 10, 10_001: 10, 10_002: 10}}, CHEAP)
    assert taken(floor, Work(parent=parent_of()), 25) == [(1, 10_002, 25)]


def test_neither_the_parents_limit_nor_a_tighter_one_is_passed() -> None:
    floor = floor_with({1: {10_000: 10, 10_001: 10, 10_002: 10}}, CHEAP)
    work = Work(parent=parent_of(limit=10_001))
    assert taken(floor, work, 100) == [(1, 10_001, 20)]
    assert taken(floor, work, 100, limit=10_000) == [(1, 10_000, 10)]
    assert taken(floor, work, 100, limit=10_500) == [(1, 10_001, 20)]


def test_a_seller_takes_the_highest_bids_down_to_the_limit() -> None:
    floor = floor_with({1: {9_999: 10, 9_998: 10}, 2: {10_004: 10}}, CHEAP, DEAR, side=BUY)
    work = Work(parent=parent_of(side=SELL, limit=9_999))
    assert taken(floor, work, 100) == [(1, 9_999, 10), (2, 10_004, 10)]
    assert taken(floor, work, 15)[0] == (1, 9_999, 10)


def test_lots_of_a_venue_are_whole_over_its_levels_together() -> None:
    floor = floor_with({3: {10_000: 7, 10_001: 17}, 1: {10_002: 50}}, COARSE, CHEAP)
    assert taken(floor, Work(parent=parent_of()), 30) == [(3, 10_001, 20), (1, 10_002, 10)]


def test_a_share_under_the_minimum_of_a_venue_goes_to_the_others() -> None:
    floor = floor_with({3: {10_000: 10}, 1: {10_002: 50}}, COARSE, CHEAP)
    assert taken(floor, Work(parent=parent_of()), 30) == [(1, 10_002, 30)]


def test_what_works_already_is_not_taken_again() -> None:
    floor = floor_with({1: {10_000: 500}}, CHEAP)
    work = Work(parent=parent_of(100), filled=30)
    work.children = [Child(order=1, ordinal=0, venue=1, price=10_000, quantity=50, status="unknown")]
    assert taken(floor, work, 100) == [(1, 10_000, 20)]


def test_a_cap_counts_what_is_filled_and_what_works() -> None:
    floor = floor_with({1: {10_000: 500}}, CHEAP)
    floor.now += 1
    floor.trade(1_000)
    work = Work(parent=parent_of(cap_ppm=PPM // 10), filled=40)
    work.children = [Child(order=1, ordinal=0, venue=1, price=10_000, quantity=25, status="working")]
    assert allowed(work, floor) == 35
    assert taken(floor, work, 100) == [(1, 10_000, 35)]


@given(
    book=st.lists(
        st.tuples(st.sampled_from([1, 2]), st.integers(9_990, 10_010), st.integers(1, 4)), min_size=1, max_size=6
    ),
    quantity=st.integers(1, 8),
    side=st.sampled_from([BUY, SELL]),
)
def test_nothing_cheaper_could_have_been_taken(book: list[tuple[int, int, int]], quantity: int, side: int) -> None:
    """Against every way to choose so many lots one by one, where venues take single lots."""
    books: dict[int, dict[int, int]] = {1: {}, 2: {}}
    for venue, price, lots in book:
        books[venue][price] = lots
    floor = floor_with(books, CHEAP, DEAR, side=SELL if side == BUY else BUY)
    work = Work(parent=parent_of(100, side=side, limit=10_100 if side == BUY else 9_900))
    tickets = take(work, floor, quantity, "due")
    units = [level.all_in for level in floor.levels(SELL if side == BUY else BUY) for _ in range(level.quantity)]
    ways = itertools.combinations(units, min(quantity, len(units)))
    best = min(map(sum, ways)) if side == BUY else max(map(sum, ways))
    assert _all_in(floor, tickets, side) == best


def _all_in(floor: Floor, tickets: tuple, side: int) -> int:
    """What the children pay (get), each walking its venue's levels from the best."""
    total = 0
    for ticket in tickets:
        left = ticket.quantity
        for level in floor.levels(SELL if side == BUY else BUY):
            if level.venue == ticket.venue:
                total += level.all_in * min(left, level.quantity)
                left -= min(left, level.quantity)
        assert left == 0, "it stands there"
    return total
