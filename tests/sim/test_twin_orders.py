"""Orders on the house book, paragraph by paragraph of docs/reference/engine.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.messages import CANCEL_REASONS, REASONS, RULES
from tests.oracle.money import FEES, ROUNDING, WORLD
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, FOK, GTC, IOC, LIMIT, MARKET, POST_ONLY, SELL

USD, XYZ, EUR, BTC = 1, 2, 3, 4
SHARE, FX, COIN = 1, 2, 3
ANN, BEN, CAT = 16, 17, 18


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """A share at 1/2 bp, EUR/USD with five decimals (den 10^5) at 10/20 ppm, a coin with a 5 % collar and tick 5."""
    for code, decimals in (("USD", 2), ("XYZ", 0), ("EUR", 2), ("BTC", 8)):
        pair.send("AddAsset", code=code, decimals=decimals)
    listing = {"tick": 1, "lot": 1, "multiplier": 1, "quote": USD}
    share = {"maker_fee_ppm": 100, "taker_fee_ppm": 200, "price_decimals": 2}
    pair.send("AddInstrument", symbol="XYZ", kind=1, base=XYZ, **share, **listing)
    cross = {"price_decimals": 5, "quantity_decimals": 2, "maker_fee_ppm": 10, "taker_fee_ppm": 20}
    pair.send("AddInstrument", symbol="EUR/USD", kind=2, base=EUR, **cross, **listing)
    coin = {"price_decimals": 2, "quantity_decimals": 4, "collar_bps": 500}
    pair.send("AddInstrument", symbol="BTC/USD", kind=3, base=BTC, **coin, **(listing | {"tick": 5}))
    for _ in (ANN, BEN, CAT):
        pair.send("OpenAccount", kind=1)
    for account in (ANN, BEN, CAT):
        for asset, amount in ((USD, 1_000_000), (XYZ, 1_000), (EUR, 1_000_000), (BTC, 10**9)):
            pair.send("Deposit", account=account, asset=asset, amount=amount)
    return pair


def place(desk: Pair, account: int, side: int, price: int, quantity: int, **words: Any) -> list[Any]:
    """A GTC limit order (a market order if the price is 0) in the share unless `words` say otherwise."""
    fields = {"instrument": SHARE, "kind": LIMIT if price else MARKET, "tif": GTC} | words
    return desk.send("PlaceOrder", account=account, side=side, price=price, quantity=quantity, **fields)


def refused(effects: list[Any]) -> str:
    """The reason, if the command was refused; else nothing."""
    texts = {number: text for text, number in REASONS.items()}
    return texts[effects[0].reason] if names(effects) == ["Rejected"] else ""


def cancelled(effects: list[Any]) -> str:
    """Why the rest of an order went."""
    texts = {number: text for text, number in CANCEL_REASONS.items()}
    return texts[effects[-1].reason] if names(effects)[-1:] == ["Cancelled"] else ""


def test_genesis_numbers_accounts_from_sixteen_and_everything_else_from_one(desk: Pair) -> None:
    assert names(desk.send("OpenAccount", kind=3)) == ["AccountOpened"]
    assert max(desk.twin.state.ledger.kinds) == 19
    assert sorted(desk.twin.state.ledger.kinds)[:7] == [1, 2, 3, 4, 5, 6, 16]


def test_a_deposit_comes_from_the_world(desk: Pair) -> None:
    before = desk.engine.balance(WORLD, USD)[0]
    (posted,) = desk.send("Deposit", account=ANN, asset=USD, amount=5)
    assert (posted.source, posted.target, posted.amount) == (WORLD, ANN, 5)
    assert desk.engine.balance(WORLD, USD)[0] == before - 5


def test_a_buy_holds_its_worst_cost_with_the_higher_fee(desk: Pair) -> None:
    (accepted,) = place(desk, ANN, BUY, 10_001, 3)
    # 3 x 100.01 = 300.03; 2 bp of 30,003 cents = 6.0006 cents, rounded up
    assert accepted.hold == 30_003 + 7
    assert desk.engine.balance(ANN, USD) == (1_000_000, 30_010)


def test_a_sell_holds_the_asset(desk: Pair) -> None:
    (accepted,) = place(desk, ANN, SELL, 10_000, 3)
    assert accepted.hold == 3
    assert desk.engine.balance(ANN, XYZ) == (1_000, 3)


def test_a_trade_is_made_at_the_resting_price_and_its_fees_are_rounded_against_the_clients(desk: Pair) -> None:
    place(desk, ANN, SELL, 10_000, 5)
    accepted, traded = place(desk, BEN, BUY, 10_010, 3)
    assert accepted.hold == 30_030 + 7
    assert (traded.price, traded.quantity, traded.buyer_pays, traded.seller_gets) == (10_000, 3, 30_000, 30_000)
    assert (traded.maker_fee, traded.taker_fee) == (3, 6)
    assert (traded.maker_hold, traded.taker_hold) == (2, 0)
    assert desk.engine.balance(BEN, USD) == (1_000_000 - 30_006, 0)
    assert desk.engine.balance(ANN, USD) == (1_000_000 + 29_997, 0)
    assert desk.engine.balance(FEES, USD)[0] == 9


def test_rounding_happens_once_an_order_not_once_a_fill(desk: Pair) -> None:
    # 0.33333 USD x 1 cent of EUR = 0.33333 cents: three fills of it make one cent for the buyer, none for the sellers
    for account in (ANN, BEN, ANN):
        place(desk, account, SELL, 33_333, 1, instrument=FX)
    accepted, *fills = place(desk, CAT, BUY, 33_333, 3, instrument=FX)
    assert accepted.hold == 1 + 1
    assert [(fill.buyer_pays, fill.seller_gets) for fill in fills] == [(1, 0), (0, 0), (0, 0)]
    assert [fill.taker_fee for fill in fills] == [1, 0, 0]
    assert desk.engine.balance(ROUNDING, USD)[0] == 1


def test_the_residual_is_negative_when_a_seller_uses_up_his_carry(desk: Pair) -> None:
    place(desk, ANN, SELL, 60_000, 2, instrument=FX)
    (_, first) = place(desk, BEN, BUY, 60_000, 1, instrument=FX)
    assert (first.buyer_pays, first.seller_gets) == (1, 0)
    # the seller has 0.6 carried: 0.6 + 0.6 makes him one cent, and the second buyer pays one of his own
    (_, second) = place(desk, CAT, BUY, 60_000, 1, instrument=FX)
    assert (second.buyer_pays, second.seller_gets) == (1, 1)
    assert desk.engine.balance(ROUNDING, USD)[0] == 1


def test_best_price_first_then_oldest_first(desk: Pair) -> None:
    place(desk, ANN, SELL, 102, 1)
    place(desk, BEN, SELL, 101, 1)
    place(desk, ANN, SELL, 101, 1)
    fills = place(desk, CAT, BUY, 102, 3)[1:]
    assert [(fill.maker, fill.price) for fill in fills] == [(BEN, 101), (ANN, 101), (ANN, 102)]


def test_the_rest_of_a_limit_order_rests_and_that_of_an_ioc_goes(desk: Pair) -> None:
    place(desk, ANN, SELL, 100, 2)
    assert names(place(desk, BEN, BUY, 100, 5, tif=IOC)) == ["Accepted", "Traded", "Cancelled"]
    assert desk.engine.balance(BEN, USD)[1] == 0
    place(desk, ANN, SELL, 100, 2)
    assert names(place(desk, BEN, BUY, 100, 5)) == ["Accepted", "Traded"]
    assert desk.engine.depth(SHARE, 5) == ([(100, 3, 1)], [])


def test_fok_trades_all_or_nothing(desk: Pair) -> None:
    place(desk, ANN, SELL, 100, 2)
    assert cancelled(place(desk, BEN, BUY, 100, 3, tif=FOK)) == "fok"
    assert names(place(desk, BEN, BUY, 100, 2, tif=FOK)) == ["Accepted", "Traded"]


def test_fok_counts_only_what_stands_before_an_order_of_its_own_account(desk: Pair) -> None:
    place(desk, ANN, SELL, 100, 2)
    place(desk, BEN, SELL, 100, 2)
    place(desk, ANN, SELL, 100, 2)
    assert cancelled(place(desk, BEN, BUY, 100, 3, tif=FOK)) == "fok"


def test_post_only_never_takes(desk: Pair) -> None:
    place(desk, ANN, SELL, 100, 2)
    effects = place(desk, BEN, BUY, 100, 1, flags=POST_ONLY)
    assert names(effects) == ["Accepted", "Cancelled"] and cancelled(effects) == "post_only"
    assert effects[1].released == effects[0].hold
    assert names(place(desk, BEN, BUY, 99, 1, flags=POST_ONLY)) == ["Accepted"]


def test_an_account_never_trades_with_itself(desk: Pair) -> None:
    place(desk, BEN, SELL, 100, 1)
    place(desk, ANN, SELL, 100, 2)
    effects = place(desk, ANN, BUY, 101, 5)
    assert names(effects) == ["Accepted", "Traded", "Cancelled"]
    assert (cancelled(effects), effects[-1].quantity) == ("self_trade", 4)
    assert desk.engine.depth(SHARE, 5) == ([], [(100, 2, 1)])


def test_a_market_order_without_collar_holds_exactly_what_the_walk_costs(desk: Pair) -> None:
    place(desk, ANN, SELL, 10_000, 2)
    place(desk, CAT, SELL, 10_100, 2)
    accepted, first, second = place(desk, BEN, BUY, 0, 3)
    # 2 x 100.00 + 101.00 = 301.00; 2 bp of it is 6.02 cents, rounded up
    assert (accepted.hold, accepted.price) == (30_100 + 7, 10_100)
    assert (first.taker_fee, second.taker_fee) == (4, 3)
    assert (first.taker_hold, second.taker_hold) == (30_107 - 20_004, 0)


def test_a_market_order_that_finds_nothing_holds_nothing(desk: Pair) -> None:
    effects = place(desk, BEN, BUY, 0, 3)
    assert (effects[0].hold, effects[0].price) == (0, 0)
    assert (effects[1].quantity, cancelled(effects)) == (3, "ioc")
    assert cancelled(place(desk, BEN, SELL, 0, 3, tif=FOK)) == "fok"


def test_a_market_order_stops_walking_at_an_order_of_its_own_account(desk: Pair) -> None:
    place(desk, ANN, SELL, 100, 1)
    place(desk, BEN, SELL, 101, 1)
    effects = place(desk, BEN, BUY, 0, 3)
    assert effects[0].price == 100
    assert names(effects) == ["Accepted", "Traded", "Cancelled"] and cancelled(effects) == "ioc"
    place(desk, ANN, SELL, 101, 1)
    assert cancelled(place(desk, BEN, BUY, 0, 3)) == "ioc"


def test_the_rule_of_a_book_takes_the_place_of_the_collar_it_was_listed_with(desk: Pair) -> None:
    """At 100.00 a coin's 5 % end at 105.00; by the rule 1 % at 101.00. The share has no collar but by the rule."""
    desk.send("Mark", instrument=COIN, settlement=0, price=10_000)
    desk.send("Mark", instrument=SHARE, settlement=0, price=10_000)
    assert place(desk, ANN, BUY, 0, 1, instrument=COIN)[0].price == 10_500
    for instrument in (COIN, SHARE):
        desk.send("SetRule", instrument=instrument, rule=RULES["collar_bps"], value=100)
        assert place(desk, ANN, BUY, 0, 1, instrument=instrument)[0].price == 10_100
        desk.send("SetSession", instrument=instrument, state=1)
        assert place(desk, ANN, BUY, 0, 1, instrument=instrument)[0].price == 10_100
        desk.send("SetSession", instrument=instrument, state=3)
        desk.send("SetRule", instrument=instrument, rule=RULES["collar_bps"], value=0)
    assert place(desk, ANN, BUY, 0, 1, instrument=COIN)[0].price == 10_500
    assert place(desk, ANN, BUY, 0, 1)[0].price == 0


def test_a_market_order_with_a_collar_never_trades_through_it(desk: Pair) -> None:
    assert refused(place(desk, BEN, BUY, 0, 1, instrument=COIN)) == "no_reference_price"
    desk.send("Mark", instrument=COIN, price=10_001)
    place(desk, ANN, SELL, 10_500, 1, instrument=COIN)
    place(desk, ANN, SELL, 10_505, 1, instrument=COIN)
    effects = place(desk, BEN, BUY, 0, 2, instrument=COIN)
    # 10,001 x 1.05 = 10,501.05, moved inward to the tick of 5
    assert effects[0].price == 10_500
    assert [fill.price for fill in effects[1:-1]] == [10_500] and cancelled(effects) == "ioc"
    (accepted, _) = place(desk, BEN, SELL, 0, 2, instrument=COIN)
    # 10,001 x 0.95 = 9,500.95, up to the tick
    assert accepted.price == 9_505


def test_without_a_mark_the_last_trade_is_the_reference(desk: Pair) -> None:
    place(desk, ANN, SELL, 10_000, 2, instrument=COIN)
    place(desk, BEN, BUY, 10_000, 1, instrument=COIN)
    assert desk.engine.reference(COIN) == 10_000
    assert place(desk, BEN, BUY, 0, 1, instrument=COIN)[0].price == 10_500


def test_a_smaller_quantity_keeps_the_priority_and_a_larger_one_loses_it(desk: Pair) -> None:
    ann = place(desk, ANN, SELL, 100, 5)[0].order
    place(desk, BEN, SELL, 100, 1)
    (replaced,) = desk.send("ReplaceOrder", order=ann, account=ANN, price=100, quantity=3)
    assert (replaced.priority_kept, replaced.hold) == (1, 3)
    assert place(desk, CAT, BUY, 100, 1)[1].maker == ANN
    (replaced,) = desk.send("ReplaceOrder", order=ann, account=ANN, price=100, quantity=4)
    assert (replaced.priority_kept, replaced.hold) == (0, 3)
    assert place(desk, CAT, BUY, 100, 1)[1].maker == BEN


def test_a_replaced_order_matches_as_a_newcomer_and_keeps_what_is_filled(desk: Pair) -> None:
    ben = place(desk, BEN, BUY, 99, 4)[0].order
    place(desk, CAT, SELL, 99, 1)
    place(desk, ANN, SELL, 101, 2)
    replaced, traded = desk.send("ReplaceOrder", order=ben, account=BEN, price=101, quantity=4)
    # the first fill's fee of 0.0099 cents was rounded up to one cent, which covers the fee on the rest
    assert replaced.hold == 3 * 101
    assert (traded.taker_order, traded.price, traded.quantity) == (ben, 101, 2)
    assert (
        refused(desk.send("ReplaceOrder", order=ben, account=BEN, price=101, quantity=3)) == "quantity_not_above_filled"
    )


def test_a_post_only_order_that_would_cross_after_a_replacement_goes(desk: Pair) -> None:
    ben = place(desk, BEN, BUY, 99, 4, flags=POST_ONLY)[0].order
    place(desk, ANN, SELL, 101, 2)
    effects = desk.send("ReplaceOrder", order=ben, account=BEN, price=101, quantity=4)
    assert names(effects) == ["Replaced", "Cancelled"] and cancelled(effects) == "post_only"
    assert desk.engine.balance(BEN, USD) == (1_000_000, 0)


def test_a_replacement_needs_funds_only_for_what_it_adds(desk: Pair) -> None:
    ann = place(desk, ANN, SELL, 100, 900)[0].order
    assert names(desk.send("ReplaceOrder", order=ann, account=ANN, price=100, quantity=1_000)) == ["Replaced"]
    again = desk.send("ReplaceOrder", order=ann, account=ANN, price=100, quantity=1_001)
    assert refused(again) == "insufficient_funds"


def test_a_cancel_releases_the_hold_and_belongs_to_the_owner_or_an_operator(desk: Pair) -> None:
    ann = place(desk, ANN, BUY, 100, 5)[0].order
    assert refused(desk.send("CancelOrder", order=ann, account=BEN)) == "not_your_order"
    assert refused(desk.send("CancelOrder", order=ann, account=99)) == "unknown_account"
    assert refused(desk.send("CancelOrder", order=ann, account=ANN, reason=200)) == "unknown_reason"
    (gone,) = desk.send("CancelOrder", order=ann, account=0, reason=8)
    assert (gone.quantity, gone.released, cancelled([gone])) == (5, 501, "kill")
    assert refused(desk.send("CancelOrder", order=ann, account=ANN)) == "unknown_order"


def test_a_mass_cancel_goes_by_number_and_by_every_filter(desk: Pair) -> None:
    first = place(desk, ANN, BUY, 100, 1)[0].order
    second = place(desk, BEN, BUY, 99, 1)[0].order
    third = place(desk, ANN, SELL, 101, 1)[0].order
    assert [one.order for one in desk.send("CancelAll", account=ANN, side=SELL)] == [third]
    assert [one.order for one in desk.send("CancelAll", instrument=SHARE)] == [first, second]
    assert refused(desk.send("CancelAll", account=99)) == "unknown_account"
    assert refused(desk.send("CancelAll", instrument=99)) == "unknown_instrument"
    assert refused(desk.send("CancelAll", side=3)) == "unknown_side"


def test_a_halt_stops_new_orders_and_replacements_but_no_cancel(desk: Pair) -> None:
    ann = place(desk, ANN, BUY, 100, 1)[0].order
    for number in (SHARE, 0):
        assert names(desk.send("Halt", instrument=number)) == ["Halted"]
        assert refused(desk.send("Halt", instrument=number)) == "instrument_halted"
        assert refused(place(desk, ANN, BUY, 100, 1)) == "instrument_halted"
        replacement = desk.send("ReplaceOrder", order=ann, account=ANN, price=100, quantity=1)
        assert refused(replacement) == "instrument_halted"
        assert names(desk.send("Resume", instrument=number)) == ["Resumed"]
        assert refused(desk.send("Resume", instrument=number)) == "not_halted"
    desk.send("Halt", instrument=SHARE)
    assert names(desk.send("CancelOrder", order=ann, account=ANN)) == ["Cancelled"]


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("unknown_account", {"account": 99}),
        ("unknown_account", {"account": 7}),
        ("account_not_trading", {"account": FEES}),
        ("unknown_instrument", {"instrument": 0}),
        ("unknown_instrument", {"instrument": 2**32 - 1}),
        ("unknown_side", {"side": 3}),
        ("unknown_kind", {"kind": 0}),
        ("unknown_tif", {"tif": 5}),
        ("bad_terms", {"flags": 128}),
        ("post_only_conflict", {"flags": 1, "tif": IOC}),
        ("unknown_venue", {"venue": BEN}),
        ("quantity_not_positive", {"quantity": 0}),
        ("quantity_not_positive", {"quantity": -(2**63)}),
        ("quantity_too_large", {"quantity": 10**12 + 1}),
        ("price_on_market", {"kind": MARKET}),
        ("price_not_positive", {"price": -1}),
        ("price_too_large", {"price": 10**15 + 1}),
        ("notional_too_large", {"price": 10**15, "quantity": 10**12}),
        ("insufficient_funds", {"price": 10**6, "quantity": 1}),
        ("off_tick", {"instrument": COIN, "price": 10_001}),
    ],
)
def test_a_bad_order_is_refused_by_name_and_changes_nothing(desk: Pair, reason: str, change: dict[str, int]) -> None:
    order = {"account": ANN, "instrument": SHARE, "side": BUY, "kind": LIMIT, "tif": GTC, "price": 100, "quantity": 1}
    assert refused(desk.send("PlaceOrder", **(order | change))) == reason
    assert desk.engine.balances(ANN) and all(row[2] == 0 for row in desk.engine.balances(ANN))
    desk.check_state()


def test_money_moves_only_as_far_as_it_is_available(desk: Pair) -> None:
    place(desk, ANN, BUY, 100, 5)
    assert refused(desk.send("Withdraw", account=ANN, asset=USD, amount=999_500)) == "insufficient_funds"
    assert names(desk.send("Withdraw", account=ANN, asset=USD, amount=999_499)) == ["Posted"]
    assert refused(desk.send("Transfer", source=ANN, target=BEN, asset=USD, amount=1)) == "insufficient_funds"
    assert refused(desk.send("Transfer", source=BEN, target=BEN, asset=USD, amount=1)) == "same_account"
    assert refused(desk.send("Transfer", source=BEN, target=WORLD, asset=USD, amount=1)) == "unknown_account"
    assert refused(desk.send("Deposit", account=ANN, asset=9, amount=1)) == "unknown_asset"
    assert refused(desk.send("Deposit", account=ANN, asset=USD, amount=0)) == "amount_not_positive"
    desk.check_state()
