"""Where an order goes when its owner does not say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from isthmus.engine.market import VenueChoice, VenueFacts
from isthmus.execution.best_price import Wish, choose
from isthmus.execution.book import Care
from isthmus.execution.policy import Venue
from isthmus.execution.sights import Sight
from isthmus.kernel.messages import BUY, SELL

HOUSE, OUTSIDE, OTHER = 0, 20, 21
NAMES = {HOUSE: "house", OUTSIDE: "binance-spot", OTHER: "elsewhere"}
NOW = 1_700_000_000_000_000_000
PPM = 1_000_000

Levels = list[tuple[int, int]]


class Quote(NamedTuple):
    """What one venue shows against the order."""

    venue: int
    levels: Levels
    fee_ppm: int


def quote(venue: int, *levels: tuple[int, int], fee_ppm: int = 0) -> Quote:
    return Quote(venue, list(levels), fee_ppm)


class NoEngine:
    """Books are shown by the tests."""

    sequence = -1

    def depth(self, _: int, __: int, /) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        return [], []

    def order(self, _: int, /) -> dict[str, int] | None:
        return None


def a_sight(side: int, quotes: Sequence[Quote]) -> Sight:
    """The house book is always there, and is listed first."""
    sight = Sight(1, NoEngine(), lambda _, __: None)
    house = [row for row in quotes if row.venue == HOUSE] or [quote(HOUSE)]
    for row in (*house, *(row for row in quotes if row.venue != HOUSE)):
        kind, name = "house" if row.venue == HOUSE else "lit", NAMES[row.venue]
        sight.admit(
            Venue(number=row.venue, name=name, kind=kind, taker_fee_ppm=row.fee_ppm),
            VenueFacts(row.venue, name, kind, 0, row.fee_ppm),
            Care(),
        )
        if row.levels:
            sight.show(row.venue, *(([], row.levels) if side == BUY else (row.levels, [])), NOW)
    return sight


def chosen(side: int, quantity: int, limit: int | None, quotes: Sequence[Quote]) -> VenueChoice:
    return choose(a_sight(side, quotes), Wish(side=side, quantity=quantity, limit=limit))


def venue_for(side: int, quantity: int, limit: int | None, *quotes: Quote) -> int:
    return chosen(side, quantity, limit, quotes).venue


def test_the_better_price_wins() -> None:
    assert venue_for(BUY, 5, None, quote(HOUSE, (101, 9)), quote(OUTSIDE, (100, 9))) == OUTSIDE
    assert venue_for(SELL, 5, None, quote(HOUSE, (101, 9)), quote(OUTSIDE, (100, 9))) == HOUSE


def test_fees_are_part_of_the_price() -> None:
    dear = quote(OUTSIDE, (100_00, 9), fee_ppm=20_000)
    assert venue_for(BUY, 5, None, quote(HOUSE, (101_00, 9)), dear) == HOUSE
    assert venue_for(SELL, 5, None, quote(HOUSE, (99_00, 9)), dear) == HOUSE


def test_the_price_is_that_of_the_whole_quantity() -> None:
    house, outside = quote(HOUSE, (100, 1), (110, 9)), quote(OUTSIDE, (101, 9))
    assert venue_for(BUY, 1, None, house, outside) == HOUSE
    assert venue_for(BUY, 9, None, house, outside) == OUTSIDE


def test_more_of_the_quantity_within_the_limit_goes_before_a_better_price() -> None:
    assert venue_for(BUY, 9, 101, quote(HOUSE, (100, 1)), quote(OUTSIDE, (101, 9))) == OUTSIDE
    assert venue_for(BUY, 9, 100, quote(HOUSE, (100, 1)), quote(OUTSIDE, (101, 9))) == HOUSE


def test_equal_goes_to_the_house() -> None:
    assert venue_for(BUY, 5, None, quote(OUTSIDE, (100, 9)), quote(HOUSE, (100, 9))) == HOUSE


def test_an_order_that_must_wait_goes_where_the_other_side_is_nearest() -> None:
    assert venue_for(BUY, 5, 90, quote(HOUSE, (101, 9)), quote(OUTSIDE, (100, 9))) == OUTSIDE
    assert venue_for(SELL, 5, 200, quote(HOUSE, (101, 9)), quote(OUTSIDE, (100, 9))) == HOUSE
    assert venue_for(BUY, 5, 90, quote(HOUSE), quote(OUTSIDE, (100, 9))) == OUTSIDE


def test_while_nobody_shows_a_price_it_waits_outside_where_others_trade() -> None:
    assert venue_for(BUY, 5, 90, quote(HOUSE), quote(OUTSIDE)) == OUTSIDE
    assert venue_for(BUY, 5, 90, quote(HOUSE)) == HOUSE
    assert venue_for(BUY, 5, 90) == HOUSE


def test_the_reason_is_one_sentence_that_names_the_venue() -> None:
    quotes = [quote(HOUSE, (101_00, 9)), quote(OUTSIDE, (100_00, 9))]
    why = chosen(BUY, 5, None, quotes).why
    assert why == "binance-spot: all of it at once, 99.00 bps better with fees than at the house book."
    assert chosen(BUY, 18, None, quotes[1:]).why.startswith("binance-spot: 50 % of it")


def test_a_route_that_was_taken_out_or_locked_is_not_used() -> None:
    sight = a_sight(BUY, [quote(HOUSE, (101_00, 9)), quote(OUTSIDE, (100_00, 9))])
    wish = Wish(side=BUY, quantity=5, limit=None)
    sight.hold(OUTSIDE, NOW, True)
    assert choose(sight, wish) == VenueChoice(HOUSE, "The house book: no other venue can be used now.")
    sight.hold(OUTSIDE, NOW, False)
    assert choose(sight, wish).venue == OUTSIDE
    sight.show(OUTSIDE, [(98_00, 9)], [(97_00, 9)], NOW + 1)
    assert choose(sight, wish).venue == HOUSE, "it is crossed"


LEVELS = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9)), max_size=4, unique_by=lambda level: level[0])


def walked(side: int, quantity: int, limit: int | None, row: Quote) -> tuple[int, int]:
    """Lots within the limit, and what they cost x 10^6 with the fee, level by level."""
    found = value = 0
    factor = PPM + row.fee_ppm if side == BUY else PPM - row.fee_ppm
    for price, shown in row.levels:
        if limit is None or (price <= limit if side == BUY else price >= limit):
            taken = min(shown, quantity - found)
            found, value = found + taken, value + taken * price * factor
    return found, value


@given(
    st.sampled_from((BUY, SELL)),
    st.integers(1, 20),
    st.none() | st.integers(1, 50),
    LEVELS,
    LEVELS,
    st.integers(-500, 5_000),
)
def test_nobody_else_gives_more_or_cheaper(
    side: int,
    quantity: int,
    limit: int | None,
    house: list[tuple[int, int]],
    outside: list[tuple[int, int]],
    fee_ppm: int,
) -> None:
    quotes = [
        Quote(venue, sorted(levels, reverse=side == SELL), fee)
        for venue, levels, fee in ((HOUSE, house, 0), (OUTSIDE, outside, fee_ppm))
    ]
    choice = chosen(side, quantity, limit, quotes)
    walks = {row.venue: walked(side, quantity, limit, row) for row in quotes}
    mine = walks[choice.venue]
    for lots, value in walks.values():
        assert lots <= mine[0]
        if lots == mine[0] > 0:
            assert mine[1] <= value if side == BUY else mine[1] >= value
    assert choice.why.endswith(".")
