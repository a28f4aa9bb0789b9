"""What can be taken between two books, or around three, net of fees and in whole lots."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.execution.arbitrage import (
    NANO,
    PPM,
    Intent,
    Leg,
    Pair,
    Rule,
    Rung,
    Shown,
    Side,
    Terms,
    Triangle,
    around,
    base_of,
    between,
    pairs_of,
    quantity_of,
    scan,
    triangles_of,
    value_of,
    walk,
)
from isthmus.execution.arbitrage_legs import Risk, begin, decide, on_end, on_fill
from isthmus.execution.arbitrage_report import met
from isthmus.kernel.messages import BUY, SELL

CENT = NANO // 100
ANY = Rule(minimum_profit=1)


def market(number: int, **more: object) -> Terms:
    terms: dict[str, object] = {
        "name": f"venue {number}", "base": "BTC", "quote": "USD", "price_nano": CENT, "quantity_nano": NANO // 1_000,
    }  # fmt: skip
    return Terms(number=number, **(terms | more))  # type: ignore[arg-type]


def book(bids: Sequence[tuple[int, int]] = (), asks: Sequence[tuple[int, int]] = (), at: int = 0) -> Shown:
    return Shown(at, bids, asks)


def test_what_is_bought_at_one_venue_and_sold_at_another_pays_both_fees() -> None:
    pair = Pair(market(1, fee_ppm=100), market(2, fee_ppm=200))
    books = {1: book([(9_990, 5)], [(10_000, 2_000)]), 2: book([(10_010, 1_500)], [(10_020, 5)])}
    intent = between(pair, books, ANY, 0)
    assert intent is not None
    assert intent.legs == (Leg(1, BUY, 10_000, 1_500), Leg(2, SELL, 10_010, 1_500))
    gain = Fraction("0.10") * Fraction("1.5")
    fees = Fraction("1.5") * (100 * Fraction(100, PPM) + Fraction("100.10") * Fraction(200, PPM))
    assert intent.profit == int((gain - fees) * NANO)
    assert intent.edge_ppm == 699


def test_a_gap_that_the_fees_eat_is_none() -> None:
    pair = Pair(market(1, fee_ppm=500), market(2, fee_ppm=500))
    books = {1: book(asks=[(10_000, 10)]), 2: book(bids=[(10_010, 10)])}
    assert between(pair, books, ANY, 0) is None


def test_the_walk_stops_at_the_level_that_brings_nothing() -> None:
    pair = Pair(market(1), market(2))
    books = {1: book(asks=[(10_000, 10), (10_005, 10), (10_020, 10)]), 2: book(bids=[(10_012, 15), (10_006, 10)])}
    intent = between(pair, books, ANY, 0)
    assert intent is not None
    assert intent.legs == (Leg(1, BUY, 10_005, 20), Leg(2, SELL, 10_006, 20))


def test_lots_of_both_venues_are_kept_and_less_than_a_lot_is_nothing() -> None:
    pair = Pair(market(1, lot=7), market(2, lot=5))
    books = {1: book(asks=[(10_000, 100)]), 2: book(bids=[(10_100, 100)])}
    intent = between(pair, books, ANY, 0)
    assert intent is not None
    assert (intent.legs[0].quantity % 7, intent.legs[1].quantity % 5) == (0, 0)
    assert abs(intent.legs[0].quantity - intent.legs[1].quantity) < 7
    assert between(pair, {1: book(asks=[(10_000, 6)]), 2: book(bids=[(10_100, 6)])}, ANY, 0) is None


def test_a_profit_under_the_minimum_and_a_stale_quote_are_left() -> None:
    pair = Pair(market(1), market(2))
    books = {1: book(asks=[(10_000, 1_000)]), 2: book(bids=[(10_001, 1_000)], at=50)}
    assert between(pair, books, Rule(minimum_profit=CENT), 50) is not None
    assert between(pair, books, Rule(minimum_profit=CENT + 1), 50) is None
    assert between(pair, books, Rule(minimum_profit=1, stale_ns=49), 50) is None


def test_zero_depth_negative_prices_and_empty_books_are_no_gap() -> None:
    pair = Pair(market(1), market(2))
    for asks in ([], [(10_000, 0)], [(-5, 10)], [(0, 10)]):
        assert between(pair, {1: book(asks=asks), 2: book(bids=[(10_100, 10)])}, ANY, 0) is None
    assert between(pair, {1: book(asks=[(1, 1)])}, ANY, 0) is None


def test_a_basis_is_charged_the_fees_of_closing_too() -> None:
    spot, perpetual = market(1, fee_ppm=100), market(2, fee_ppm=100, perpetual=True)
    books = {1: book(asks=[(10_000, 1_000)]), 2: book(bids=[(10_003, 1_000)])}
    assert between(Pair(spot, market(2, fee_ppm=100)), books, ANY, 0) is not None
    assert between(Pair(spot, perpetual), books, ANY, 0) is None
    assert Pair(spot, perpetual).kind == "basis"


def test_an_inverse_contract_counts_as_the_coins_that_it_hedges() -> None:
    """Sold at I and bought back at X it brings q (I - X) at X, for every X: as q coins do."""
    inverse = market(2, inverse=True, perpetual=True, quantity_nano=100 * NANO, price_nano=NANO // 10)
    entry = 616_680
    coins = Fraction(base_of(inverse, entry, 50), NANO)
    assert abs(coins - Fraction(50 * 100 * 10, entry)) < Fraction(1, NANO)
    for exit_price in (500_000, 616_680, 700_000):
        paid = 50 * 100 * (Fraction(10, exit_price) - Fraction(10, entry)) * Fraction(exit_price, 10)
        linear = Fraction(50 * 1_000, entry) * Fraction(entry - exit_price, 10)
        assert paid == linear
    assert value_of(inverse, entry, 50) == 5_000 * NANO
    assert quantity_of(inverse, entry, base_of(inverse, entry, 50) + 1) == 50


def test_spot_against_an_inverse_contract_is_sized_in_whole_contracts() -> None:
    spot = market(1)
    inverse = market(2, inverse=True, perpetual=True, quantity_nano=100 * NANO)
    books = {1: book(asks=[(6_000_000, 10)]), 2: book(bids=[(6_010_000, 50)])}
    intent = between(Pair(spot, inverse), books, ANY, 0)
    assert intent is not None
    (bought, sold) = intent.legs
    assert sold.quantity == 6, "0.01 coins are 6.01 contracts of 100 USD"
    assert bought.quantity == 9, "and six contracts are 0.00998 coins"


ladders = st.lists(st.tuples(st.integers(90, 110), st.integers(1, 6)), max_size=6)


@given(ladders, ladders, st.integers(-2_000, 20_000), st.integers(0, 20_000))
def test_the_walk_brings_as_much_as_the_best_of_all_pairings(
    asks: list[tuple[int, int]], bids: list[tuple[int, int]], fee_one: int, fee_other: int
) -> None:
    """Brute force: sell the k dearest pieces, buy the k cheapest, for every k."""
    buying = Side([Rung(price, size, (price,)) for price, size in sorted(asks)], fee_one)
    selling = Side([Rung(price, size, (price,)) for price, size in sorted(bids, reverse=True)], fee_other)
    cheap = [rung.price for rung in buying.rungs for _ in range(rung.quantity)]
    dear = [rung.price for rung in selling.rungs for _ in range(rung.quantity)]
    edges = [bid * (PPM - fee_other) - ask * (PPM + fee_one) for ask, bid in zip(cheap, dear, strict=False)]
    best = max(sum(edges[:count]) for count in range(len(edges) + 1))
    found = walk(buying, selling, ANY)
    assert found.net == best
    assert found.quantity == sum(edge > 0 for edge in edges)


@given(ladders, ladders, st.integers(0, 2_000), st.sampled_from([1, 2, 3]), st.booleans())
def test_an_intent_sent_into_the_books_that_it_saw_brings_what_it_said(
    asks: list[tuple[int, int]], bids: list[tuple[int, int]], fee: int, lot: int, inverse: bool
) -> None:
    one = market(1, fee_ppm=fee, lot=lot, price_nano=NANO)
    other = market(
        2, inverse=inverse, perpetual=inverse, price_nano=NANO, quantity_nano=NANO // (1 if inverse else 1_000)
    )
    books = {1: book([], sorted(asks)), 2: book(sorted(bids, reverse=True), [])}
    intent = between(Pair(one, other), books, ANY, 0)
    if intent is None:
        return
    trip, sends = begin(intent, {1: one, 2: other}, Risk(), 0)
    for send in sends:
        fills = met(send, books[send.market])
        assert sum(quantity for _, quantity in fills) == send.quantity, "never more than is shown within the limit"
        for number, (price, quantity) in enumerate(fills):
            trip = on_fill(trip, send.order, number, price, quantity)
        trip = on_end(trip, send.order)
    trip, more = decide(trip, books, 0)
    assert more == () and trip.phase == "done"
    dust = max(value_of(one, 110, one.lot), value_of(other, 110, other.lot))
    assert abs(trip.profit - intent.profit) <= dust // 5 + 100, "apart from what is no whole lot of the other venue"
    assert intent.profit > 0


EURUSD = market(1, base="EUR", quote="USD", price_nano=10_000, quantity_nano=NANO)
USDJPY = market(2, base="USD", quote="JPY", price_nano=NANO // 1_000, quantity_nano=NANO)
EURJPY = market(3, base="EUR", quote="JPY", price_nano=NANO // 1_000, quantity_nano=NANO)


def triangle_books(bid: int, ask: int) -> dict[int, Shown]:
    return {
        1: book([(138_000, 1_000)], [(138_010, 1_000)]),
        2: book([(102_000, 5_000)], [(102_010, 5_000)]),
        3: book([(bid, 800)], [(ask, 800)]),
    }


def test_three_instruments_that_close_a_circle_are_found_once() -> None:
    assert triangles_of([EURUSD, USDJPY, EURJPY]) == [Triangle(EURUSD, USDJPY, EURJPY)]
    assert triangles_of([EURUSD, USDJPY]) == []
    assert pairs_of([EURUSD, USDJPY, EURJPY]) == []


def test_a_circle_is_gone_around_the_way_that_pays() -> None:
    triangle = Triangle(EURUSD, USDJPY, EURJPY)
    dear = around(triangle, triangle_books(141_000, 141_010), ANY, 0)
    assert dear is not None
    assert [(leg.market, leg.side, leg.quantity) for leg in dear.legs] == [
        (1, BUY, 800),
        (2, BUY, 1_104),
        (3, SELL, 800),
    ]
    through = Fraction("1.3801") * Fraction("102.010")
    assert abs(dear.profit - 800 * (141 - through) * NANO) < 1_000
    cheap = around(triangle, triangle_books(140_000, 140_010), ANY, 0)
    assert cheap is not None
    assert [(leg.market, leg.side) for leg in cheap.legs] == [(1, SELL), (2, SELL), (3, BUY)]
    assert around(triangle, triangle_books(140_770, 140_780), ANY, 0) is None


def test_a_circle_pays_three_fees() -> None:
    fees = [market(t.number, base=t.base, quote=t.quote, price_nano=t.price_nano, quantity_nano=NANO, fee_ppm=600)
            for t in (EURUSD, USDJPY, EURJPY)]  # fmt: skip
    assert around(Triangle(*fees), triangle_books(141_000, 141_010), ANY, 0) is None


def test_a_scan_looks_only_at_what_the_changed_market_takes_part_in() -> None:
    markets = [market(1), market(2), market(3)]
    books = {1: book(asks=[(100, 10)]), 2: book(bids=[(110, 10)]), 3: book(bids=[(120, 10)])}
    found = scan(1, books, pairs_of(markets), ANY, 0)
    assert [intent.legs[1].market for intent in found] == [3, 2], "the best first"
    assert scan(2, books, pairs_of(markets), ANY, 0) == [found[1]]


@pytest.mark.parametrize("kind", ["same", "basis"])
def test_the_reason_says_where_it_buys_and_sells(kind: str) -> None:
    pair = Pair(market(1), market(2, perpetual=kind == "basis"))
    intent = between(pair, {1: book(asks=[(100, 10)]), 2: book(bids=[(110, 10)])}, ANY, 0)
    assert isinstance(intent, Intent)
    assert intent.why.startswith("Buy at venue 1, sell at venue 2: 100000 ppm")
    assert ("if the gap closes" in intent.why) == (kind == "basis")
