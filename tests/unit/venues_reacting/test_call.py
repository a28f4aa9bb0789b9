"""Call auctions: the price, who trades, what is told before, and when."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.venues_reacting.scenes import FAIR, S, call_terms, ends, fills, order, still, told

from isthmus.kernel.messages import BUY, DAY, GTC, IOC, MARKET, POST_ONLY, SELL
from isthmus.venues.reacting.call import CallVenue, Interest, indication
from isthmus.venues.reacting.curve import Day
from isthmus.venues.reacting.marketplace import Marketplace
from isthmus.venues.reacting.order import Order

interests = st.lists(
    st.builds(
        Interest,
        side=st.sampled_from((BUY, SELL)),
        price=st.none() | st.integers(95, 105),
        lots=st.integers(1, 50),
    ),
    max_size=12,
)


@given(interests, st.integers(90, 110))
def test_no_other_price_would_trade_more(book: list[Interest], reference: int) -> None:
    found = indication(book, reference)

    def volume(price: int) -> int:
        sides = ([i.lots for i in book if i.side == side and i.eager(price)] for side in (BUY, SELL))
        return min(sum(lots) for lots in sides)

    assert found.volume == max(volume(price) for price in range(90, 111))
    assert found.volume == (volume(found.price) if found.volume else 0)


@given(interests)
def test_of_equal_volumes_the_least_imbalance_decides(book: list[Interest]) -> None:
    found = indication(book, 100)
    for price in {i.price for i in book if i.price is not None} | {100}:
        bought, sold = (sum(i.lots for i in book if i.side == side and i.eager(price)) for side in (BUY, SELL))
        if found.volume and min(bought, sold) == found.volume:
            assert abs(bought - sold) >= abs(found.imbalance)


def test_better_prices_trade_first_then_time_and_what_is_left_goes() -> None:
    call = CallVenue(call_terms())
    call.begin(60 * S, closing=True)
    for number, price, lots in ((1, 100, 30), (2, 101, 30), (3, 100, 30)):
        call.place(Order(order(number, price=price, quantity=lots, tif=DAY)))
    call.place(Order(order(4, side=SELL, price=100, quantity=40, tif=DAY)))
    found, answers = call.uncross(100)
    assert (found.price, found.volume, found.imbalance) == (100, 40, 50)
    assert fills(answers) == [(2, 100, 30), (1, 100, 10), (4, 100, 40)]
    assert ends(answers) == [(1, "session"), (3, "session")]
    assert call.taken == 0


def test_orders_until_cancelled_wait_for_the_next_call() -> None:
    call = CallVenue(call_terms())
    call.place(Order(order(1, price=99, quantity=30, tif=GTC)))
    call.begin(60 * S, closing=False)
    assert call.uncross(100)[1] == []
    assert call.orders() == [1]


def test_immediate_and_flagged_orders_are_refused() -> None:
    call = CallVenue(call_terms())
    for number, terms in enumerate(({"tif": IOC}, {"flags": POST_ONLY}, {"kind": 7}), 1):
        assert ends(call.place(Order(order(number, **terms)))) == [(number, "venue_refused")]


def day_market(at: int = 0, seed: int = 1) -> Marketplace:
    return Marketplace(still(call=call_terms()), seed, at, Day(0, 23_400 * S))


def test_calls_open_and_close_the_day_and_an_indication_is_told_meanwhile() -> None:
    market = day_market()
    seen = []
    for at in range(S, 23_400 * S + S, 10 * S):
        market.advance(at)
        if (found := market.indication()) is not None:
            seen.append((at // S, found.volume))
    times = [at for at, _ in seen]
    assert [at for at in times if 60 < at < 23_340] == []
    assert len([at for at in times if at <= 60]) == 6
    assert len([at for at in times if at >= 23_340]) == 6
    volumes = [volume for at, volume in seen if at <= 60]
    assert volumes == sorted(volumes)
    market.advance(23_401 * S)
    assert [row.at for row in market.truth.prints(0, market.now) if row.venue == "call"] == [60 * S, 23_400 * S]


def test_a_market_order_in_the_call_trades_at_its_price_and_pushes_it() -> None:
    prices = []
    for lots in (0, 700):
        market = day_market()
        if lots:
            market.place("call", order(kind=MARKET, price=FAIR + 500, quantity=lots, tif=DAY), S)
        market.advance(120 * S)
        (row, *_) = [row for row in market.truth.prints(0, market.now) if row.venue == "call"]
        prices.append(row.price)
        assert sum(quantity for _, _, quantity in fills(told(market))) == lots
    assert prices[1] > prices[0]


def test_a_market_that_begins_within_a_call_waits_for_the_next() -> None:
    for start, first in product((30 * S, 100 * S), (23_400 * S,)):
        market = day_market(start)
        market.advance(23_400 * S)
        assert [row.at for row in market.truth.prints(0, market.now + 1)] == [first]
