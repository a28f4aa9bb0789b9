"""The dealer: quotes by size, all or nothing, last look, and what he passes on."""

from __future__ import annotations

import pytest
from tests.unit.venues_reacting.scenes import FAIR, GAMMA, S, dealer_terms, ends, fills, order, still, told

from isthmus.kernel.messages import SELL
from isthmus.venues.reacting.dealer import Dealer
from isthmus.venues.reacting.marketplace import Marketplace
from isthmus.venues.reacting.order import Order


def test_a_quote_is_wider_for_more_and_lies_around_the_fair_value() -> None:
    dealer = Dealer(dealer_terms())
    small, large = dealer.quote(FAIR, 4), dealer.quote(FAIR, 400)
    assert (small.bid, small.ask) == (FAIR - 6, FAIR + 6)
    assert (large.bid, large.ask) == (FAIR - 15, FAIR + 15)


def test_an_order_takes_the_whole_quote_or_nothing() -> None:
    dealer = Dealer(dealer_terms())
    dealer.place(Order(order(1, price=FAIR + 15, quantity=400)), FAIR)
    assert fills(dealer.look(1, FAIR)) == [(1, FAIR + 15, 400)]
    assert ends(dealer.place(Order(order(2, price=FAIR + 14, quantity=400)), FAIR)) == [(2, "ioc")]
    assert ends(dealer.place(Order(order(3, quantity=10_001)), FAIR)) == [(3, "venue_refused")]
    dealer.place(Order(order(4, side=SELL, price=FAIR - 15, quantity=400)), FAIR)
    assert fills(dealer.look(4, FAIR)) == [(4, FAIR - 15, 400)]


def test_he_refuses_when_the_market_moved_against_him_and_only_then() -> None:
    for moved, refused in ((8, True), (7, False), (-50, False)):
        dealer = Dealer(dealer_terms())
        dealer.place(Order(order(price=FAIR + 15, quantity=400)), FAIR)
        answers = dealer.look(1, FAIR + moved)
        assert ends(answers) == ([(1, "venue_refused")] if refused else [])
        assert len(fills(answers)) == (not refused)


def test_what_he_hedges_shows_later() -> None:
    market = Marketplace(still(dealer=dealer_terms(hedged=0.5)), 1, 0)
    quote = market.request(400)
    assert quote is not None
    assert market.request(10_001) is None
    market.place("dealer", order(price=quote.ask, quantity=400), 0)
    market.advance(S)
    assert fills(told(market)) == [(1, quote.ask, 400)]
    assert market.truth.impact(market.now) == 0
    market.advance(3 * S)
    assert market.truth.impact(market.now) == pytest.approx(GAMMA * 200)
