"""Requests, responses, negotiated sales and sealed bids; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.messages import RULES, STATES
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    BUY,
    GTC,
    GTD,
    IOC,
    LIMIT,
    MARKET,
    NEGOTIATED,
    NEGOTIATED_TRADE,
    PEG,
    QUANTITY_MAX,
    REQUEST,
    RESPONSE,
    RFQ,
    SEALED,
    SELL,
)

from .desks import ANN, BEN, CASH, CAT, COIN, DAN, SHARE, STOCK, SWAP, USD, XYZ, ends, last, open_desk, refused


@pytest.fixture
def desk() -> Pair:
    return open_desk()


@pytest.fixture
def rfq(desk: Pair) -> Pair:
    return with_book(desk, RFQ)


@pytest.fixture
def sealed(desk: Pair) -> Pair:
    return with_book(desk, SEALED)


def with_book(desk: Pair, book: int) -> Pair:
    for instrument in (SHARE, COIN, SWAP):
        desk.send("SetRule", instrument=instrument, rule=RULES["book"], value=book)
    return desk


def ask(desk: Pair, account: int, side: int, quantity: int, price: int = 0, **words: Any) -> list[Any]:
    """A request in the share unless `words` say otherwise."""
    fields = {"instrument": SHARE, "kind": REQUEST, "tif": GTC} | words
    return desk.send("PlaceSpecial", account=account, side=side, quantity=quantity, price=price, **fields)


def answer(desk: Pair, account: int, request: int, quantity: int, price: int, **words: Any) -> list[Any]:
    """A response to a live request."""
    asked = desk.twin.state.orders[request]
    fields = {"instrument": asked.instrument, "side": BUY + SELL - asked.side, "kind": RESPONSE, "tif": GTC} | words
    return desk.send("PlaceSpecial", account=account, request=request, quantity=quantity, price=price, **fields)


def accept(desk: Pair, response: int, account: int = 0, quantity: int = 0, **words: Any) -> list[Any]:
    return desk.send("AcceptQuote", response=response, account=account, quantity=quantity, **words)


def test_a_request_to_buy_holds_nothing_and_one_to_sell_holds_what_it_offers(rfq: Pair) -> None:
    assert [tuple(e) for e in ask(rfq, ANN, BUY, 5)] == [(last(rfq), 0, 0)]
    assert ask(rfq, BEN, SELL, 5, 101)[0].hold == 5
    assert rfq.engine.balance(BEN, XYZ) == (STOCK, 5)
    assert rfq.engine.depth(SHARE, 5) == ([], [])
    rfq.check_state()


def test_a_response_is_firm_and_held(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5)
    assert answer(rfq, BEN, last(rfq), 5, 100)[0].hold == 5
    ask(rfq, ANN, SELL, 5)
    # 5 x 1.00 and 2 bp of it, rounded up
    assert answer(rfq, BEN, last(rfq), 5, 100)[0].hold == 501


def test_accepting_trades_at_the_responses_price_with_the_responder_as_maker(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5)
    request = last(rfq)
    answer(rfq, BEN, request, 3, 20_000)
    response = last(rfq)
    (trade,) = accept(rfq, response, ANN)
    assert (trade.maker_order, trade.taker_order, trade.taker_side) == (response, request, BUY)
    assert (trade.price, trade.quantity, trade.flags) == (20_000, 3, NEGOTIATED_TRADE)
    # 600.00; 1 bp is 6 cents, 2 bp are 12
    assert (trade.buyer_pays, trade.maker_fee, trade.taker_fee) == (60_000, 6, 12)
    assert (trade.maker_hold, trade.taker_hold) == (0, 0)
    assert rfq.engine.balance(ANN, USD) == (CASH - 60_012, 0)
    assert rfq.engine.balance(BEN, XYZ) == (STOCK - 3, 0)
    assert rfq.twin.state.orders[request].left == 2
    assert rfq.engine.reference(SHARE) == 20_000


def test_a_filled_request_takes_its_other_responses_with_it(rfq: Pair) -> None:
    ask(rfq, ANN, SELL, 5)
    request = last(rfq)
    numbers = []
    for account in (BEN, CAT, DAN):
        answer(rfq, account, request, 5, 100)
        numbers.append(last(rfq))
    effects = accept(rfq, numbers[1], ANN)
    assert names(effects) == ["Traded", "Cancelled", "Cancelled"]
    assert ends(effects) == [(numbers[0], "cleared"), (numbers[2], "cleared")]
    assert rfq.engine.balance(BEN, USD) == (CASH, 0)


def test_a_cancelled_request_takes_its_responses_with_it(rfq: Pair) -> None:
    ask(rfq, ANN, SELL, 5)
    request = last(rfq)
    answer(rfq, BEN, request, 2, 100)
    response = last(rfq)
    assert ends(rfq.send("CancelOrder", order=request)) == [(request, "user"), (response, "cleared")]


def test_a_mass_cancel_of_requests_clears_all_their_responses_by_number(rfq: Pair) -> None:
    ask(rfq, ANN, SELL, 5)
    first = last(rfq)
    ask(rfq, ANN, SELL, 5)
    second = last(rfq)
    answer(rfq, BEN, second, 1, 100)
    to_second = last(rfq)
    answer(rfq, CAT, first, 1, 100)
    to_first = last(rfq)
    effects = rfq.send("CancelAll", account=ANN)
    assert ends(effects) == [(first, "mass"), (second, "mass"), (to_second, "cleared"), (to_first, "cleared")]


def test_a_cancelled_response_leaves_the_request_open(rfq: Pair) -> None:
    ask(rfq, ANN, SELL, 5)
    request = last(rfq)
    answer(rfq, BEN, request, 2, 100)
    response = last(rfq)
    assert ends(rfq.send("CancelOrder", order=response, account=BEN)) == [(response, "user")]
    assert refused(accept(rfq, response, ANN)) == "unknown_order"
    answer(rfq, BEN, request, 2, 100)
    assert names(accept(rfq, last(rfq), ANN)) == ["Traded"]


def test_a_part_of_a_response_may_be_taken_and_the_rest_later(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5)
    request = last(rfq)
    answer(rfq, BEN, request, 4, 100)
    response = last(rfq)
    assert accept(rfq, response, ANN, 1)[0].quantity == 1
    assert rfq.engine.balance(BEN, XYZ) == (STOCK - 1, 3)
    assert accept(rfq, response, ANN)[0].quantity == 3
    assert rfq.twin.state.orders[request].left == 1


def test_a_request_with_a_limit_is_never_filled_beyond_it(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5, 100)
    answer(rfq, BEN, last(rfq), 5, 101)
    assert refused(accept(rfq, last(rfq), ANN)) == "bad_terms"
    assert names(rfq.send("CancelAll", account=ANN)) == ["Cancelled", "Cancelled"]
    ask(rfq, ANN, SELL, 5, 100)
    answer(rfq, BEN, last(rfq), 5, 100)
    assert names(accept(rfq, last(rfq), ANN)) == ["Traded"]


def test_the_requesters_money_is_looked_at_when_it_accepts(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 3)
    answer(rfq, BEN, last(rfq), 3, 400_000)
    # 3 x 4,000.00 and 2 bp are more than the 10,000.00 that it has; two of them are not
    assert refused(accept(rfq, last(rfq), ANN)) == "insufficient_funds"
    response = max(rfq.twin.state.orders)
    assert names(accept(rfq, response, ANN, 2)) == ["Traded"]


def test_who_may_accept_what(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5)
    request = last(rfq)
    answer(rfq, BEN, request, 4, 100)
    response = last(rfq)
    assert refused(accept(rfq, response, 99)) == "unknown_account"
    assert refused(accept(rfq, response + 99, ANN)) == "unknown_order"
    assert refused(accept(rfq, request, ANN)) == "unknown_request"
    assert refused(accept(rfq, response, BEN)) == "not_your_order"
    for quantity, reason in (
        (-1, "quantity_not_positive"),
        (5, "quantity_too_large"),
        (2**63 - 1, "quantity_too_large"),
    ):
        assert refused(accept(rfq, response, ANN, quantity)) == reason
    rfq.send("Halt", instrument=SHARE)
    assert refused(accept(rfq, response, ANN)) == "instrument_halted"
    rfq.send("Resume", instrument=SHARE)
    assert names(accept(rfq, response)) == ["Traded"], "an operator may"


def test_an_accepted_part_is_whole_lots(rfq: Pair) -> None:
    ask(rfq, ANN, SELL, 50, instrument=COIN)
    answer(rfq, BEN, last(rfq), 50, 10)
    assert refused(accept(rfq, last(rfq), ANN, 15)) == "off_lot"
    assert accept(rfq, max(rfq.twin.state.orders), ANN, 20)[0].quantity == 20


def test_accepting_twice_under_one_client_id_counts_once(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5)
    answer(rfq, BEN, last(rfq), 4, 100)
    response, name = last(rfq), b"x" * 16
    assert names(accept(rfq, response, ANN, 1, client_id=name)) == ["Traded"]
    assert names(accept(rfq, response, ANN, 1, client_id=name)) == ["Repeated"]
    assert refused(accept(rfq, response, ANN, 2, client_id=name)) == "duplicate_client_id"


def test_what_a_response_must_answer(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5)
    request = last(rfq)
    answer(rfq, BEN, request, 4, 100)
    response = last(rfq)
    assert refused(_respond(rfq, response)) == "unknown_request"
    assert refused(_respond(rfq, request + 99)) == "unknown_request"
    assert refused(_respond(rfq, 0)) == "unknown_request"
    assert refused(_respond(rfq, request, instrument=COIN, quantity=10)) == "unknown_request"
    assert refused(_respond(rfq, request, side=BUY)) == "unknown_side"
    assert refused(_respond(rfq, request, account=ANN)) == "same_account"


def _respond(desk: Pair, request: int, **words: Any) -> list[Any]:
    fields = {"account": BEN, "instrument": SHARE, "side": SELL, "quantity": 4, "price": 100, "tif": GTC} | words
    return desk.send("PlaceSpecial", kind=RESPONSE, request=request, **fields)


def test_a_request_stands_alone(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5)
    other = last(rfq)
    for terms, reason in (
        ({"min_quantity": 1}, "bad_terms"),
        ({"request": other}, "bad_terms"),
        ({"one_cancels": other}, "bad_link"),
        ({"parent": other}, "bad_link"),
    ):
        assert refused(ask(rfq, ANN, BUY, 5, **terms)) == reason
    assert refused(ask(rfq, ANN, BUY, 5, tif=IOC)) == "bad_terms"
    answer(rfq, BEN, other, 1, 100)
    assert refused(answer(rfq, BEN, other, 5, 100, min_quantity=1)) == "bad_terms"


def test_requests_and_responses_are_not_replaced(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5)
    request = last(rfq)
    answer(rfq, BEN, request, 5, 100)
    for order in (request, last(rfq)):
        assert refused(rfq.send("ReplaceOrder", order=order, price=99, quantity=5)) == "wrong_book"


def test_the_limits_of_a_requests_quantity_and_price(rfq: Pair) -> None:
    assert refused(ask(rfq, ANN, BUY, 0)) == "quantity_not_positive"
    assert refused(ask(rfq, ANN, BUY, QUANTITY_MAX + 1)) == "quantity_too_large"
    assert names(ask(rfq, ANN, BUY, QUANTITY_MAX)) == ["Accepted"]
    assert refused(ask(rfq, ANN, BUY, 1, -1)) == "price_not_positive"
    assert refused(ask(rfq, ANN, BUY, 1, 10**15 + 1)) == "price_too_large"
    assert names(ask(rfq, ANN, BUY, 1, 10**15)) == ["Accepted"]
    assert refused(ask(rfq, ANN, SELL, STOCK + 1)) == "insufficient_funds"
    assert names(ask(rfq, ANN, SELL, STOCK)) == ["Accepted"]
    response = answer(rfq, BEN, last(rfq), 1, 0)
    assert refused(response) == "price_not_positive"


@pytest.mark.parametrize("kind", [LIMIT, MARKET, PEG])
@pytest.mark.parametrize("book", [RFQ, NEGOTIATED, SEALED])
def test_books_for_asking_take_nothing_else(desk: Pair, book: int, kind: int) -> None:
    with_book(desk, book)
    terms = {"price": 100} if kind == LIMIT else {"peg": 1} if kind == PEG else {}
    words = {"instrument": SHARE, "side": BUY, "tif": GTC, "quantity": 1, "kind": kind}
    assert refused(desk.send("PlaceSpecial", account=ANN, **words, **terms)) == "wrong_book"


def test_a_lit_book_takes_no_request_and_knows_no_quote(desk: Pair) -> None:
    assert refused(ask(desk, ANN, BUY, 5)) == "wrong_book"
    assert refused(desk.send("ClearSealed", instrument=SHARE)) == "wrong_book"
    words = {"instrument": SHARE, "side": BUY, "tif": GTC, "quantity": 1, "kind": LIMIT, "price": 100}
    assert names(desk.send("PlaceOrder", account=ANN, **words)) == ["Accepted"]
    assert refused(accept(desk, last(desk))) == "unknown_request"
    assert refused(desk.send("PlaceSpecial", account=ANN, request=5, **words)) == "bad_terms"


def test_an_instrument_gets_another_book_only_when_nothing_is_asked(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 5)
    lit = {"instrument": SHARE, "rule": RULES["book"], "value": 1}
    assert refused(rfq.send("SetRule", **lit)) == "book_not_empty"
    rfq.send("CancelAll", instrument=SHARE)
    assert names(rfq.send("SetRule", **lit)) == ["RuleSet"]


def test_a_negotiated_sale_has_one_seller(desk: Pair) -> None:
    with_book(desk, NEGOTIATED)
    assert refused(ask(desk, ANN, BUY, 5)) == "wrong_book"
    ask(desk, ANN, SELL, 5, 90)
    offer = last(desk)
    answer(desk, BEN, offer, 5, 95)
    low = last(desk)
    answer(desk, CAT, offer, 5, 97)
    effects = accept(desk, last(desk), ANN)
    assert (effects[0].price, effects[0].taker_side, effects[0].flags) == (97, SELL, NEGOTIATED_TRADE)
    assert ends(effects) == [(low, "cleared")]
    assert refused(desk.send("ClearSealed", instrument=SHARE)) == "wrong_book"


def test_a_request_on_a_perpetual_holds_nothing_until_it_trades(rfq: Pair) -> None:
    rfq.send("SetRule", instrument=SWAP, rule=RULES["book"], value=RFQ)
    assert ask(rfq, ANN, BUY, 50, instrument=SWAP)[0].hold == 0
    request = last(rfq)
    # 50 x 1.10 at 10 %
    assert answer(rfq, BEN, request, 50, 110)[0].hold == 550
    (trade,) = accept(rfq, last(rfq), ANN, 20)
    # ten cents away from the mark; 20 x 1.00 at 10 % each; and 30 x 1.10 at 10 % still offered
    assert (trade.buyer_pays, trade.taker_hold, trade.maker_hold) == (200, 200, 200 + 330)
    assert rfq.engine.position(ANN, SWAP) == (20, 200)
    assert rfq.engine.position(BEN, SWAP) == (-20, 530)
    assert ends(rfq.send("CancelOrder", order=request))[0] == (request, "user")
    assert rfq.engine.position(BEN, SWAP) == (-20, 200)
    rfq.check_state()


def test_a_requester_without_margin_does_not_get_a_perpetual(rfq: Pair) -> None:
    ask(rfq, ANN, BUY, 1_000_000, instrument=SWAP)
    answer(rfq, BEN, last(rfq), 90_000, 100)
    rfq.send("Withdraw", account=ANN, asset=USD, amount=CASH - 899_999)
    assert refused(accept(rfq, max(rfq.twin.state.orders), ANN)) == "insufficient_funds"
    assert names(accept(rfq, max(rfq.twin.state.orders), ANN, 89_999)) == ["Traded"]


def bids(desk: Pair, reserve: int, *offered: tuple[int, int, int]) -> tuple[int, list[int]]:
    """A lot of 10 on offer by Ann, and bids (account, quantity, price): their numbers."""
    ask(desk, ANN, SELL, 10, reserve)
    offer, numbers = last(desk), []
    for account, quantity, price in offered:
        answer(desk, account, offer, quantity, price)
        numbers.append(last(desk))
    return offer, numbers


def clear(desk: Pair, rule: int) -> tuple[list[Any], list[tuple[int, str]]]:
    """Clears by a pricing rule: (maker, quantity, price) of the trades, and what went."""
    desk.send("SetRule", instrument=SHARE, rule=RULES["sealed_price"], value=rule)
    effects = desk.send("ClearSealed", instrument=SHARE)
    trades = [(e.maker_order, e.quantity, e.price) for e in effects if type(e).__name__ == "Traded"]
    return trades, ends(effects)


def test_sealed_bids_pay_their_own_price(sealed: Pair) -> None:
    offer, (low, high, middle) = bids(sealed, 0, (BEN, 10, 90), (CAT, 4, 110), (DAN, 6, 100))
    trades, gone = clear(sealed, 1)
    assert trades == [(high, 4, 110), (middle, 6, 100)]
    assert gone == [(low, "cleared")]
    assert offer not in sealed.twin.state.orders
    assert sealed.engine.balance(BEN, USD) == (CASH, 0)


def test_sealed_bids_pay_the_next_bidders_price(sealed: Pair) -> None:
    _, (_, high, middle) = bids(sealed, 0, (BEN, 10, 90), (CAT, 4, 110), (DAN, 6, 100))
    trades, _ = clear(sealed, 2)
    assert trades == [(high, 4, 100), (middle, 6, 90)]


def test_ones_own_next_bid_does_not_set_the_second_price(sealed: Pair) -> None:
    _, (high, _, _) = bids(sealed, 0, (BEN, 10, 110), (BEN, 10, 105), (CAT, 10, 90))
    assert clear(sealed, 2)[0] == [(high, 10, 90)]


def test_without_another_bid_the_second_price_is_the_reserve_else_ones_own(sealed: Pair) -> None:
    _, (only,) = bids(sealed, 80, (BEN, 10, 110))
    assert clear(sealed, 2)[0] == [(only, 10, 80)]
    _, (only,) = bids(sealed, 0, (BEN, 10, 110))
    assert clear(sealed, 2)[0] == [(only, 10, 110)]


def test_sealed_bids_all_pay_the_lowest_that_wins(sealed: Pair) -> None:
    _, (_, high, middle) = bids(sealed, 0, (BEN, 10, 90), (CAT, 4, 110), (DAN, 6, 100))
    assert clear(sealed, 3)[0] == [(high, 4, 100), (middle, 6, 100)]
    assert sealed.engine.balance(CAT, USD)[1] == 0


def test_the_earlier_of_two_equal_bids_wins(sealed: Pair) -> None:
    _, (first, second) = bids(sealed, 0, (BEN, 7, 100), (CAT, 7, 100))
    trades, gone = clear(sealed, 1)
    assert trades == [(first, 7, 100), (second, 3, 100)]
    assert gone == [(second, "cleared")]


def test_a_bid_under_the_reserve_wins_nothing_and_the_unsold_rest_goes(sealed: Pair) -> None:
    offer, (low, high) = bids(sealed, 100, (BEN, 10, 99), (CAT, 4, 100))
    trades, gone = clear(sealed, 1)
    assert trades == [(high, 4, 100)]
    assert gone == [(offer, "cleared"), (low, "cleared")]
    assert sealed.engine.balance(ANN, XYZ) == (STOCK - 4, 0)


def test_every_lot_on_offer_is_awarded_in_turn(sealed: Pair) -> None:
    _, (one,) = bids(sealed, 0, (BEN, 10, 90))
    _, (two,) = bids(sealed, 0, (CAT, 10, 100))
    trades, gone = clear(sealed, 1)
    assert trades == [(one, 10, 90), (two, 10, 100)]
    assert gone == []


def test_sealed_bids_are_opened_by_the_clearing_alone(sealed: Pair) -> None:
    bids(sealed, 0, (BEN, 10, 90))
    assert refused(accept(sealed, last(sealed), ANN)) == "wrong_book"
    assert refused(sealed.send("ClearSealed", instrument=99)) == "unknown_instrument"
    sealed.send("Halt")
    assert refused(sealed.send("ClearSealed", instrument=SHARE)) == "instrument_halted"


def test_clearing_nothing_does_nothing(sealed: Pair) -> None:
    assert sealed.send("ClearSealed", instrument=SHARE) == []


def test_a_seller_who_lost_the_margin_sells_no_perpetual(sealed: Pair) -> None:
    ask(sealed, ANN, SELL, 90_000, instrument=SWAP)
    offer = last(sealed)
    answer(sealed, BEN, offer, 50_000, 101)
    first = last(sealed)
    answer(sealed, CAT, offer, 40_000, 100)
    second = last(sealed)
    # the first takes 500,000 at 10 % and pays 1 cent a contract; the second needs 400,000 more
    sealed.send("Withdraw", account=ANN, asset=USD, amount=CASH - 800_000)
    effects = sealed.send("ClearSealed", instrument=SWAP)
    assert effects[0].maker_order == first
    assert ends(effects) == [(offer, "funds"), (second, "cleared")]


def test_everything_asked_is_kept_in_a_snapshot(rfq: Pair) -> None:
    ask(rfq, ANN, SELL, 5)
    request = last(rfq)
    answer(rfq, BEN, request, 5, 100)
    response = last(rfq)
    answer(rfq, CAT, request, 5, 101)
    other = last(rfq)
    rfq.restore()
    assert ends(accept(rfq, response, ANN)) == [(other, "cleared")]
    rfq.check_state()


def test_a_request_lasts_until_it_expires(rfq: Pair) -> None:
    ask(rfq, ANN, SELL, 5, tif=GTD, expire=rfq.now + 10)
    request = last(rfq)
    answer(rfq, BEN, request, 5, 100, tif=GTD, expire=rfq.now + 3)
    early = last(rfq)
    answer(rfq, CAT, request, 5, 101)
    late = last(rfq)
    rfq.now += 2
    assert ends(rfq.send("TimePassed")) == [(early, "expired")]
    rfq.now += 20
    assert ends(rfq.send("TimePassed")) == [(request, "expired"), (late, "cleared")]


def test_nothing_is_accepted_outside_continuous_trading(rfq: Pair) -> None:
    ask(rfq, ANN, SELL, 5)
    answer(rfq, BEN, last(rfq), 5, 100)
    response = last(rfq)
    rfq.send("SetSession", instrument=SHARE, state=STATES["closing_auction"])
    assert refused(accept(rfq, response, ANN)) == "wrong_session"
