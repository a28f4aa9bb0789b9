"""Liquidation by the book, the insurance fund and deleveraging: figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.money import INSURANCE
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, SELL

from .test_twin_margin import ANN, BEN, CAT, PERP, USD, desk, leverage, leveraged, mark, place, refused, tier, trade

__all__ = ["desk"]
DAN = 20


def liquidate(desk: Pair, account: int, quantity: int, limit: int) -> list[Any]:
    return desk.send("Liquidate", account=account, instrument=PERP, quantity=quantity, limit=limit)


def deleverage(desk: Pair, against: int, quantity: int, price: int) -> list[Any]:
    fields = {"instrument": PERP, "quantity": quantity, "price": price}
    return desk.send("Deleverage", account=ANN, against=against, **fields)


def under_water(desk: Pair, price: int) -> None:
    """Ann is long 100 at 500 with 100,000 cents; she is bankrupt at 400."""
    leveraged(desk)
    effects = mark(desk, price)
    assert effects[1].state == 2


def test_only_who_is_liquidatable_by_the_engines_own_integers_is_liquidated(desk: Pair) -> None:
    leveraged(desk)
    assert refused(liquidate(desk, ANN, 100, 400)) == "not_liquidatable"
    mark(desk, 444)
    assert refused(liquidate(desk, ANN, 100, 400)) == "not_liquidatable", "a call that is not overdue"
    mark(desk, 420)
    assert refused(liquidate(desk, BEN, 100, 400)) == "not_liquidatable"
    assert refused(liquidate(desk, ANN, 101, 400)) == "wrong_size"


def test_the_fund_takes_a_fee_of_what_a_liquidation_brings_beyond_bankruptcy(desk: Pair) -> None:
    under_water(desk, 419)
    place(desk, CAT, BUY, 418, 100)
    resting = place(desk, ANN, SELL, 500, 10)[0].order
    effects = liquidate(desk, ANN, 100, 400)
    assert names(effects)[:4] == ["Cancelled", "Traded", "Posted", "Liquidated"]
    assert effects[0].order == resting
    done = effects[3]
    # 100 x 418 x 10 = 418,000 against 400,000: the fund takes half a percent of 418,000
    assert (done.quantity, done.quote, done.bankruptcy, done.insurance) == (100, 418_000, 400_000, 2_090)
    assert desk.engine.balance(INSURANCE, USD)[0] == 2_090
    assert desk.engine.balance(ANN, USD)[0] == 100_000 - 82_000 - 2_090
    assert desk.twin.position(ANN, PERP) == (0, 0)


def test_without_a_fund_nothing_is_sold_below_the_bankruptcy_price(desk: Pair) -> None:
    under_water(desk, 410)
    place(desk, CAT, BUY, 399, 60)
    place(desk, CAT, BUY, 400, 40)
    effects = liquidate(desk, ANN, 100, 300)
    traded, gone, done = effects[:3]
    assert (traded.price, traded.quantity, gone.quantity) == (400, 40, 60)
    assert (done.quantity, done.quote, done.bankruptcy, done.insurance) == (40, 160_000, 160_000, 0)
    assert desk.engine.balance(ANN, USD)[0] == 60_000


def filled_fund(desk: Pair) -> None:
    """A liquidation of Ben, long 100 at 500 too, leaves 2,050 cents in the fund."""
    desk.send("OpenAccount", kind=1)
    desk.send("Deposit", account=DAN, asset=USD, amount=100_000)
    desk.send("SetMarginPolicy", asset=USD, loss_bps=0, call_ns=0, fee_ppm=5_000)
    tier(desk, 0, 1_000, 500)
    for account in (ANN, BEN, CAT, DAN):
        leverage(desk, account, 1_000)
    trade(desk, BEN, CAT, 500, 100)
    mark(desk, 419)
    place(desk, CAT, BUY, 410, 100)
    assert liquidate(desk, BEN, 100, 400)[-2].insurance == 2_050


def test_the_fund_bears_what_a_liquidation_lacks_and_no_more_than_it_has(desk: Pair) -> None:
    filled_fund(desk)
    mark(desk, 500)
    trade(desk, ANN, DAN, 500, 100)
    mark(desk, 405)
    place(desk, DAN, BUY, 399, 100)
    # at 399 a lack of 1,000 cents, which the fund has
    done = liquidate(desk, ANN, 100, 399)[-2]
    assert (done.quantity, done.quote, done.bankruptcy, done.insurance) == (100, 399_000, 400_000, -1_000)
    assert desk.engine.balance(ANN, USD)[0] == 0
    assert desk.engine.balance(INSURANCE, USD)[0] == 1_050
    desk.check_state()


def test_a_limit_that_the_fund_could_not_bear_becomes_the_bankruptcy_price(desk: Pair) -> None:
    filled_fund(desk)
    mark(desk, 500)
    trade(desk, ANN, DAN, 500, 100)
    mark(desk, 405)
    place(desk, DAN, BUY, 390, 100)
    assert liquidate(desk, ANN, 100, 390)[-1].quantity == 0, "10,000 would be lacking"
    assert desk.engine.balance(INSURANCE, USD)[0] == 2_050


@pytest.mark.parametrize("of", ["group", "firm"])
def test_a_liquidation_passes_over_its_own_owner(desk: Pair, of: str) -> None:
    under_water(desk, 419)
    for account in (ANN, BEN):
        desk.send("SetAccount", account=account, **{of: 7})
    mine = place(desk, BEN, BUY, 419, 100)[0].order
    place(desk, CAT, BUY, 410, 30)
    traded = next(e for e in liquidate(desk, ANN, 100, 400) if type(e).__name__ == "Traded")
    assert (traded.maker, traded.price, traded.quantity) == (CAT, 410, 30)
    assert mine in desk.twin.state.orders, "his own order stays where it is"


def test_a_large_position_goes_down_by_a_tier_first(desk: Pair) -> None:
    leveraged(desk)
    tier(desk, 300_000, 1_500, 800)
    mark(desk, 425)  # 25,000 left, 8 % of 425,000 are 34,000
    # 70 x 425 x 10 = 297,500 is below the tier, 71 are not
    assert refused(liquidate(desk, ANN, 31, 400)) == "wrong_size"
    place(desk, CAT, BUY, 424, 100)
    done = next(e for e in liquidate(desk, ANN, 30, 400) if type(e).__name__ == "Liquidated")
    assert done.quantity == 30
    assert desk.engine.margin(ANN, USD)["state"] == 1, "no longer liquidatable"


def test_deleveraging_goes_by_rank_at_the_bankruptcy_price(desk: Pair) -> None:
    leveraged(desk)  # Ben is short 100 at 500
    desk.send("OpenAccount", kind=1)
    desk.send("Deposit", account=DAN, asset=USD, amount=1_000_000)
    leverage(desk, DAN, 1_000)
    trade(desk, ANN, DAN, 500, 10)
    desk.send("Deposit", account=ANN, asset=USD, amount=10_000)
    mark(desk, 405)  # Ann: long 110, 110,000 - 104,500 = 5,500 left
    assert desk.engine.first_in_line(ANN, PERP) == BEN
    assert desk.engine.bankruptcy_price(ANN, PERP, 10) == 400
    assert refused(deleverage(desk, DAN, 10, 400)) == "out_of_turn"
    assert refused(deleverage(desk, BEN, 10, 401)) == "wrong_price"
    assert refused(deleverage(desk, CAT, 10, 400)) == "wrong_size"
    told, traded = deleverage(desk, BEN, 10, 400)[:2]
    assert (told.account, told.against, told.price) == (ANN, BEN, 400)
    assert (traded.maker_order, traded.taker_order, traded.flags, traded.taker_side) == (0, 0, 16, SELL)
    assert desk.twin.position(BEN, PERP)[0] == -90
    desk.check_state()


def test_deleveraging_never_names_the_same_owner(desk: Pair) -> None:
    under_water(desk, 410)
    for account in (ANN, BEN):
        desk.send("SetAccount", account=account, group=3)
    assert desk.engine.first_in_line(ANN, PERP) is None
    assert refused(deleverage(desk, BEN, 10, 400)) == "same_owner"
