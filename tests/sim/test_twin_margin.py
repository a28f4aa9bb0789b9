"""Tiers, leverage, margin calls, the daily close, funding: figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.messages import REASONS
from tests.oracle.money import ROUNDING
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, GTC, LIMIT, SELL

USD, BTC = 1, 2
PERP, COIN = 1, 2
ANN, BEN, CAT, VENUE = 16, 17, 18, 19
HOUR_NS = 3_600 * 10**9


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """A linear perpetual whose price step is worth 10 cents a contract, and an inverse one of 100 USD a contract
    settled in satoshis; both without fees, mark 50.0 USD.
    """
    pair.send("AddAsset", code="USD", decimals=2)
    pair.send("AddAsset", code="BTC", decimals=8)
    terms = {"base": BTC, "quote": USD, "price_decimals": 1, "tick": 1, "lot": 1, "mark": 500}
    pair.send("AddInstrument", symbol="BTC-PERP", kind=4, multiplier=1, initial_margin_bps=5_000, **terms)
    pair.send("AddInstrument", symbol="BTC-COIN", kind=5, multiplier=100, initial_margin_bps=10_000, **terms)
    for kind in (1, 1, 1, 3):
        pair.send("OpenAccount", kind=kind)
    for account in (ANN, BEN, CAT):
        pair.send("Deposit", account=account, asset=USD, amount=100_000)
        pair.send("Deposit", account=account, asset=BTC, amount=10**9)
    return pair


def tier(desk: Pair, lowest: int, initial: int, maintenance: int, instrument: int = PERP) -> list[Any]:
    rates = {"initial_bps": initial, "maintenance_bps": maintenance}
    return desk.send("SetMarginTier", instrument=instrument, from_notional=lowest, **rates)


def leverage(desk: Pair, account: int, bps: int, instrument: int = PERP) -> list[Any]:
    return desk.send("SetLeverage", account=account, instrument=instrument, initial_bps=bps)


def place(desk: Pair, account: int, side: int, price: int, quantity: int, instrument: int = PERP) -> list[Any]:
    fields = {"instrument": instrument, "kind": LIMIT, "tif": GTC}
    return desk.send("PlaceOrder", account=account, side=side, price=price, quantity=quantity, **fields)


def trade(desk: Pair, buyer: int, seller: int, price: int, quantity: int, instrument: int = PERP) -> Any:
    place(desk, seller, SELL, price, quantity, instrument)
    return place(desk, buyer, BUY, price, quantity, instrument)[1]


def mark(desk: Pair, price: int, settlement: int = 0, instrument: int = PERP) -> list[Any]:
    return desk.send("Mark", instrument=instrument, settlement=settlement, price=price)


def refused(effects: list[Any]) -> str:
    texts = {number: text for text, number in REASONS.items()}
    assert names(effects) == ["Rejected"], effects
    return texts[effects[0].reason]


def test_a_market_without_tiers_is_margined_as_it_was_listed(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 30)
    assert desk.twin.position(ANN, PERP) == (30, 75_000)
    assert names(mark(desk, 300)) == ["Marked"], "no tier, no margin call"
    assert desk.engine.margin(ANN, USD)["equity"] == 100_000 - 60_000
    assert refused(leverage(desk, ANN, 1_000)) == "bad_leverage"


def test_leverage_is_the_clients_but_never_beyond_the_tier(desk: Pair) -> None:
    assert names(tier(desk, 0, 500, 250)) == ["TierSet"]
    assert refused(leverage(desk, ANN, 499)) == "bad_leverage"
    assert leverage(desk, ANN, 500)[0].hold == 0
    assert place(desk, ANN, BUY, 500, 30)[0].hold == 7_500  # 30 x 500 x 10 = 150,000 at 5 %
    assert leverage(desk, ANN, 1_000)[0].hold == 15_000
    assert refused(leverage(desk, ANN, 10_000)) == "insufficient_funds"
    tier(desk, 200_000, 2_000, 1_000)
    assert place(desk, ANN, BUY, 500, 20)[0].hold == 50_000  # 250,000 falls into the tier of 20 %


def test_new_tiers_tell_whose_holds_they_change(desk: Pair) -> None:
    tier(desk, 0, 500, 250)
    leverage(desk, ANN, 500)
    trade(desk, ANN, BEN, 500, 10)
    effects = tier(desk, 40_000, 6_000, 3_000)
    assert names(effects)[:3] == ["TierSet", "Settled", "Settled"]
    assert [(e.account, e.amount, e.hold) for e in effects[1:3]] == [(ANN, 0, 30_000), (BEN, 0, 30_000)]


@pytest.mark.parametrize(
    ("lowest", "initial", "maintenance"),
    [(5, 500, 250), (-1, 500, 250), (0, 500, 500), (0, 10_001, 1), (0, 500, 0), (0, 0, 0), (0, 0, 5)],
)
def test_a_tier_that_cannot_be_is_refused(desk: Pair, lowest: int, initial: int, maintenance: int) -> None:
    assert refused(tier(desk, lowest, initial, maintenance)) == "bad_tier"


def test_tiers_only_rise(desk: Pair) -> None:
    tier(desk, 0, 1_000, 500)
    assert refused(tier(desk, 1_000, 900, 500)) == "bad_tier"
    assert refused(tier(desk, 1_000, 1_100, 400)) == "bad_tier"
    assert names(tier(desk, 1_000, 1_100, 600)) == ["TierSet"]
    assert refused(tier(desk, 0, 0, 0)) == "bad_tier", "the table would begin above 0"
    assert names(tier(desk, 1_000, 0, 0)) == ["TierSet"]


def leveraged(desk: Pair) -> None:
    """Ann is long 100 at 500 (500,000 cents at 10 %) with 100,000 cents: maintenance margin 5 %."""
    tier(desk, 0, 1_000, 500)
    for account in (ANN, BEN, CAT):
        leverage(desk, account, 1_000)
    trade(desk, ANN, BEN, 500, 100)


def test_a_mark_calls_margin_and_finds_who_is_liquidatable_in_its_own_record(desk: Pair) -> None:
    leveraged(desk)
    assert names(mark(desk, 450)) == ["Marked"]  # 50,000 left, 45,000 asked for
    _, called = mark(desk, 444)  # 44,000 of 44,400
    assert (called.account, called.state, called.equity, called.initial) == (ANN, 1, 44_000, 44_400)
    assert called.due == desk.twin.state.stamp + HOUR_NS
    _, liquidatable = mark(desk, 420)  # 20,000 of 21,000
    assert (liquidatable.state, liquidatable.maintenance, liquidatable.due) == (2, 21_000, called.due)
    _, well = mark(desk, 460)
    assert (well.state, well.due) == (0, 0)


def test_while_called_only_closing_is_taken(desk: Pair) -> None:
    leveraged(desk)
    mark(desk, 444)
    assert refused(place(desk, ANN, BUY, 440, 1)) == "account_frozen"
    assert names(place(desk, ANN, SELL, 444, 100)) == ["Accepted"]
    assert refused(place(desk, ANN, SELL, 444, 1)) == "account_frozen"


def test_a_call_that_is_not_met_in_time_is_overdue(desk: Pair) -> None:
    leveraged(desk)
    desk.send("SetMarginPolicy", asset=USD, loss_bps=0, call_ns=1_000, fee_ppm=5_000)
    due = mark(desk, 444)[1].due
    desk.now = due - 2
    assert names(desk.send("TimePassed")) == []
    (overdue,) = desk.send("TimePassed")
    assert (overdue.state, overdue.due) == (3, due)
    _, well = desk.send("Deposit", account=ANN, asset=USD, amount=400)
    assert (well.state, well.due) == (0, 0)


def test_a_call_that_was_met_is_not_overdue_later(desk: Pair) -> None:
    leveraged(desk)
    desk.send("SetMarginPolicy", asset=USD, loss_bps=0, call_ns=1_000, fee_ppm=5_000)
    due = mark(desk, 444)[1].due
    desk.send("Deposit", account=ANN, asset=USD, amount=400)
    desk.now = due + 5
    assert names(desk.send("TimePassed")) == []


def test_what_was_lost_at_the_mark_can_neither_be_withdrawn_nor_pledged(desk: Pair) -> None:
    leveraged(desk)
    mark(desk, 460)  # 40,000 lost, 50,000 held of 100,000
    assert refused(desk.send("Withdraw", account=ANN, asset=USD, amount=10_001)) == "insufficient_funds"
    assert refused(place(desk, ANN, BUY, 455, 25)) == "insufficient_funds"
    assert names(desk.send("Withdraw", account=ANN, asset=USD, amount=10_000)) == ["Posted"]


def test_a_loss_of_more_than_30_percent_since_the_close_freezes_in_the_record_of_the_mark(desk: Pair) -> None:
    leveraged(desk)
    assert desk.send("CloseDay", asset=USD)[0].accounts == 2
    assert names(mark(desk, 470)) == ["Marked"]  # 30,000 of 100,000
    _, frozen = mark(desk, 469)
    assert (frozen.account, frozen.frozen, frozen.loss, frozen.base) == (ANN, 1, 31_000, 100_000)
    mark(desk, 500)
    assert refused(place(desk, ANN, BUY, 490, 1)) == "account_frozen", "the freeze stays until the close"
    assert names(place(desk, ANN, SELL, 500, 50)) == ["Accepted"], "closing stays possible"
    assert names(desk.send("CloseDay", asset=USD)) == ["DayClosed", "LossFreeze"]
    assert names(place(desk, ANN, BUY, 490, 1)) == ["Accepted"]


def test_deposits_and_withdrawals_are_no_gain_and_no_loss(desk: Pair) -> None:
    leveraged(desk)
    desk.send("CloseDay", asset=USD)
    desk.send("Withdraw", account=ANN, asset=USD, amount=40_000)
    assert names(mark(desk, 471)) == ["Marked", "MarginState"], "29,000 of 100,000, though 60,000 are left"
    desk.send("Deposit", account=ANN, asset=USD, amount=140_000)
    assert desk.engine.margin(ANN, USD)["loss"] == 29_000
    assert desk.engine.margin(ANN, USD)["base"] == 200_000


def test_settled_losses_and_funding_count_as_losses(desk: Pair) -> None:
    leveraged(desk)
    desk.send("CloseDay", asset=USD)
    mark(desk, 475, settlement=1)  # 25,000
    effects = desk.send("Fund", instrument=PERP, rate_ppb=10_600_000)  # 1.06 % of 475,000
    assert names(effects) == ["Funded", "Posted", "Posted", "LossFreeze"]
    assert (effects[-1].account, effects[-1].loss) == (ANN, 30_035)


def test_an_operator_ends_a_freeze_and_the_loss_counts_anew(desk: Pair) -> None:
    leveraged(desk)
    assert refused(desk.send("EndFreeze", account=ANN, asset=USD)) == "not_halted"
    desk.send("CloseDay", asset=USD)
    mark(desk, 465)
    assert names(desk.send("EndFreeze", account=ANN, asset=USD)) == ["LossFreeze"]
    assert names(mark(desk, 460)) == ["Marked"]
    assert names(mark(desk, 445)) == ["Marked", "LossFreeze"]  # 20,000 of 65,000


def test_a_frozen_account_buys_no_shares_either(desk: Pair) -> None:
    terms = {"base": BTC, "quote": USD, "price_decimals": 2, "quantity_decimals": 8, "tick": 1, "lot": 1}
    desk.send("AddInstrument", symbol="BTC/USD", kind=3, multiplier=1, **terms)
    leveraged(desk)
    desk.send("CloseDay", asset=USD)
    mark(desk, 465)
    assert refused(place(desk, ANN, BUY, 5_000, 10**6, instrument=3)) == "account_frozen"
    assert names(place(desk, ANN, SELL, 5_000, 10**6, instrument=3)) == ["Accepted"]


def test_longs_pay_shorts_at_the_mark_and_the_rest_goes_to_rounding(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 3)
    effects = desk.send("Fund", instrument=PERP, rate_ppb=333_333)
    # 15,000 cents x 0.0333333 % = 4.999995 cents: paid 5, received 4
    assert (effects[0].rate_ppb, effects[0].price) == (333_333, 500)
    assert [(e.source, e.target, e.amount) for e in effects[1:]] == [(ANN, 4, 5), (4, BEN, 4), (4, ROUNDING, 1)]
    assert refused(desk.send("Fund", instrument=PERP, rate_ppb=10**9 + 1)) == "bad_rate"


def test_an_inverse_perpetual_is_margined_and_settled_in_the_coin(desk: Pair) -> None:
    # 10 contracts of 100 USD at 50.0 USD are worth 20 coins; the multiplier is 100, so num = 100 x 10^9
    traded = trade(desk, ANN, BEN, 500, 1, instrument=COIN)
    assert (traded.buyer_pays, traded.seller_gets) == (0, 0)
    assert traded.taker_hold == 100 * 10**9 // 500
    effects = mark(desk, 800, settlement=1, instrument=COIN)
    # 10^11 / 500 - 10^11 / 800 = 200,000,000 - 125,000,000
    assert [(e.account, e.amount, e.hold) for e in effects if type(e).__name__ == "Settled"] == [
        (ANN, 75_000_000, 125_000_000),
        (BEN, -75_000_000, 125_000_000),
    ]


def test_what_an_inverse_perpetual_rounds_goes_to_rounding_and_does_not_add_up_over_marks(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 3, instrument=COIN)
    for price in (7 * 71, 499, 7 * 71, 499, 7 * 71, 500):
        mark(desk, price, settlement=1, instrument=COIN)
    balances = [desk.engine.balance(account, BTC)[0] for account in (ANN, BEN, ROUNDING)]
    assert balances == [10**9, 10**9, 0]
    desk.check_state()


def test_a_position_that_is_closed_has_gained_what_both_prices_say(desk: Pair) -> None:
    trade(desk, ANN, BEN, 499, 1, instrument=COIN)
    trade(desk, BEN, ANN, 501, 1, instrument=COIN)
    # bought for 10^11 / 499 = 200,400,801.6, sold for 10^11 / 501 = 199,600,798.4: 800,003.2, rounded against both
    ann, ben, rest = (
        desk.engine.balance(account, BTC)[0] - start for account, start in ((ANN, 10**9), (BEN, 10**9), (3, 0))
    )
    assert (ann, ben, rest) == (800_002, -800_004, 2)


def test_an_order_that_would_cost_more_than_the_margin_bears_is_refused(desk: Pair) -> None:
    leveraged(desk)
    assert refused(place(desk, CAT, BUY, 526, 1)) == "beyond_margin"  # 5 % of 500 lie between the margins
    assert names(place(desk, CAT, BUY, 525, 1)) == ["Accepted"]
    mark(desk, 450)
    assert refused(place(desk, ANN, SELL, 399, 1)) == "beyond_margin", "100 x 51 x 10 are more than the 50,000 left"
    assert names(place(desk, ANN, SELL, 400, 1))[0] == "Accepted"


def test_margin_commands_ask_for_a_perpetual(desk: Pair) -> None:
    desk.send("AddInstrument", symbol="BTC/USD", kind=3, base=BTC, quote=USD, tick=1, lot=1, multiplier=1)
    assert refused(tier(desk, 0, 500, 250, instrument=3)) == "not_a_perpetual"
    assert refused(desk.send("Fund", instrument=3, rate_ppb=1)) == "not_a_perpetual"
    assert refused(tier(desk, 0, 500, 250, instrument=9)) == "unknown_instrument"
    assert refused(leverage(desk, 4, 500)) == "account_not_trading"
    assert refused(desk.send("CloseDay", asset=9)) == "unknown_asset"
    assert refused(desk.send("SetMarginPolicy", asset=USD, loss_bps=10_001)) == "bad_terms"
