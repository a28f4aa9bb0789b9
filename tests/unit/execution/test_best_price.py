"""Where an order goes when its owner does not say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from isthmus.engine.market import VenueQuote
from isthmus.execution.best_price import choose, walked
from isthmus.kernel.messages import BUY, SELL

HOUSE, OUTSIDE, OTHER = 0, 20, 21


def quote(venue: int, *levels: tuple[int, int], fee_ppm: int = 0) -> VenueQuote:
    return VenueQuote(venue, {HOUSE: "house", OUTSIDE: "binance-spot", OTHER: "elsewhere"}[venue], levels, fee_ppm)


def venue_for(side: int, quantity: int, limit: int | None, *quotes: VenueQuote) -> int:
    return choose(side=side, quantity=quantity, limit=limit, quotes=quotes).venue


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
    why = choose(side=BUY, quantity=5, limit=None, quotes=quotes).why
    assert why == "binance-spot: all of it at once, 99.00 bps better with fees than at the house book."
    assert choose(side=BUY, quantity=18, limit=None, quotes=quotes[1:]).why.startswith("binance-spot: 50 % of it")


LEVELS = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9)), max_size=4)


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
        VenueQuote(venue, "name", sorted(levels, reverse=side == SELL), fee)
        for venue, levels, fee in ((HOUSE, house, 0), (OUTSIDE, outside, fee_ppm))
    ]
    chosen = choose(side=side, quantity=quantity, limit=limit, quotes=quotes)
    walks = {made.venue: walked(side, quantity, limit, made) for made in quotes}
    mine = walks[chosen.venue]
    for other in walks.values():
        assert other.quantity <= mine.quantity
        if other.quantity == mine.quantity > 0:
            assert mine.value <= other.value if side == BUY else mine.value >= other.value
    assert chosen.why.endswith(".")
