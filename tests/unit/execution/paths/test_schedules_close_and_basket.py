"""The paths that end in a call, and the basket."""

from __future__ import annotations

import pytest
from tests.unit.execution.paths.desk import Chances, Desk
from tests.unit.execution.paths.floor import CALL, SECOND, START, VENUES, Floor, parent_of

from isthmus.execution.paths.auction import AUCTION, AuctionParameters
from isthmus.execution.paths.basket_is import BASKET_IS, BasketIsParameters, cash_room, impacts
from isthmus.execution.paths.is_ac import IS_AC, IsAcParameters
from isthmus.execution.paths.schedules import filled_since
from isthmus.execution.paths.target_close import TARGET_CLOSE, TargetCloseParameters
from isthmus.execution.policy import Auction, Decision, Leg
from isthmus.execution.schedules.almgren_chriss import holdings
from isthmus.kernel.messages import AT_CLOSE, AT_OPEN, BUY, GOOD_FOR_AUCTION, LIMIT, MARKET, SELL


def floor_with_call(*, at: int = 20, closing: bool = True, imbalance: int = 0, volume: int = 10**6) -> Floor:
    floor = Floor(1, depth=20_000, flow=0, moves=0.0, venues=(*VENUES, CALL))
    floor.call = Auction(CALL.number, 10_000, volume, imbalance, START + at * SECOND, closing)
    return floor


def held_after(desk: Desk, seconds: float) -> int:
    return desk.work.parent.quantity - desk.work.filled + filled_since(desk.work, START + round(seconds * SECOND))


# TARGET_CLOSE


def test_target_close_is_the_shortfall_schedule_in_reverse() -> None:
    """Without a call all is done by the end, the slices of IS_AC in reverse order."""
    parameters = TargetCloseParameters(slices=10, patience_ppm=0, urgency=3.0)
    floor = floor_with_call()
    floor.call = None
    desk = Desk(floor, TARGET_CLOSE, parameters, parent_of(10_000, seconds=20))
    desk.run(START + 21 * SECOND)
    done = [10_000 - held_after(desk, 2 * number) for number in range(11)]
    assert done == pytest.approx(holdings(10_000, 3.0 / 20, 10, 2.0)[::-1], abs=2)


def test_target_close_keeps_its_share_for_the_call_and_ends_in_it() -> None:
    parameters = TargetCloseParameters(slices=10, patience_ppm=0, urgency=3.0, close_ppm=400_000, entry_ms=2_000)
    desk = Desk(floor_with_call(), TARGET_CLOSE, parameters, parent_of(10_000, seconds=20))
    desk.run(START + 30 * SECOND)
    (order,) = [ticket for _, ticket in desk.placed if ticket.tif == AT_CLOSE]
    assert (order.venue, order.quantity, order.price, order.kind) == (CALL.number, 4_000, 10_100, LIMIT)
    assert desk.work.left == 0
    assert next(at for at, ticket in desk.placed if ticket.tif == AT_CLOSE) >= START + 18 * SECOND
    assert held_after(desk, 18) == 4_000


def test_target_close_takes_what_it_could_not_do_into_the_call() -> None:
    floor = floor_with_call()
    floor.books, floor._renew = {}, lambda venue: None
    parameters = TargetCloseParameters(entry_ms=2_000)
    desk = Desk(floor, TARGET_CLOSE, parameters, parent_of(3_000, seconds=20))
    desk.run(START + 30 * SECOND)
    assert [ticket.quantity for _, ticket in desk.placed] == [3_000]
    assert desk.work.left == 0


def test_target_close_gives_up_what_the_call_did_not_fill() -> None:
    parameters = TargetCloseParameters(close_ppm=1_000_000, entry_ms=2_000)
    desk = Desk(floor_with_call(volume=1_000), TARGET_CLOSE, parameters, parent_of(3_000, seconds=20))
    desk.run(START + 30 * SECOND)
    assert (desk.work.filled, desk.over) == (1_000, True)


def test_target_close_goes_on_in_the_books_when_its_order_is_refused() -> None:
    parameters = TargetCloseParameters(close_ppm=500_000, entry_ms=5_000)
    floor = floor_with_call()
    desk = Desk(floor, TARGET_CLOSE, parameters, parent_of(3_000, seconds=20))
    desk.run(START + 15 * SECOND)
    desk.chances = Chances(refused=1.0)
    desk.run(START + 16 * SECOND)
    desk.chances = Chances()
    desk.run(START + 30 * SECOND)
    assert sum(ticket.tif == AT_CLOSE for _, ticket in desk.placed) == 1
    assert desk.work.left == 0


def test_target_close_follows_a_new_limit_into_the_call() -> None:
    parameters = TargetCloseParameters(close_ppm=1_000_000, entry_ms=10_000)
    desk = Desk(floor_with_call(), TARGET_CLOSE, parameters, parent_of(3_000, seconds=20))
    desk.run(START + 12 * SECOND)
    desk.replace(limit=10_003)
    desk.run(START + 19 * SECOND)
    assert [child.price for child in desk.work.live] == [10_003]
    desk.run(START + 30 * SECOND)
    assert desk.work.left == 0


# AUCTION


def first(form: str, *, closing: bool = True, side: int = BUY, **given: int) -> Decision:
    floor = floor_with_call(closing=closing, **given)
    work = Desk(floor, AUCTION, None, parent_of(1_000, side=side, seconds=30)).work
    return AUCTION.decide(work, floor, AuctionParameters(form=form), START)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "closing", "kind", "tif"),
    [
        ("moo", False, MARKET, AT_OPEN),
        ("loo", False, LIMIT, AT_OPEN),
        ("moc", True, MARKET, AT_CLOSE),
        ("loc", True, LIMIT, AT_CLOSE),
        ("next", True, LIMIT, GOOD_FOR_AUCTION),
        ("next", False, LIMIT, GOOD_FOR_AUCTION),
    ],
)
def test_each_form_is_its_order(form: str, closing: bool, kind: int, tif: int) -> None:
    (order,) = first(form, closing=closing).place
    assert (order.venue, order.quantity, order.kind, order.tif) == (CALL.number, 1_000, kind, tif)
    assert order.price == 10_100, "the limit, or the protection price"


@pytest.mark.parametrize(("form", "closing"), [("moo", True), ("loo", True), ("moc", False), ("loc", False)])
def test_a_form_waits_for_its_own_call(form: str, closing: bool) -> None:
    assert first(form, closing=closing).place == ()


def test_imbalance_only_offsets_and_never_adds() -> None:
    (buy,) = first("imbalance", imbalance=-300).place
    assert (buy.quantity, buy.tif, buy.kind) == (300, AT_CLOSE, LIMIT)
    assert first("imbalance", imbalance=300).place == ()
    (sell,) = first("imbalance", imbalance=400, side=SELL).place
    assert sell.quantity == 400
    assert first("imbalance", imbalance=0).place == ()
    (capped,) = first("imbalance", imbalance=-5_000).place
    assert capped.quantity == 1_000


def test_imbalance_only_shrinks_with_the_imbalance() -> None:
    floor = floor_with_call(imbalance=-300)
    desk = Desk(floor, AUCTION, AuctionParameters(form="imbalance"), parent_of(1_000, seconds=30))
    desk.run(START + 5 * SECOND)
    assert desk.work.working == 300
    assert floor.call is not None
    floor.call = floor.call._replace(imbalance=-120)
    desk.run(START + 8 * SECOND)
    assert desk.work.working == 120
    floor.call = floor.call._replace(imbalance=-200)
    desk.run(START + 11 * SECOND)
    assert desk.work.working == 200


def test_what_the_call_does_not_fill_is_given_up() -> None:
    desk = Desk(floor_with_call(volume=400), AUCTION, AuctionParameters(form="loc"), parent_of(1_000, seconds=30))
    desk.run(START + 35 * SECOND)
    assert (desk.work.filled, desk.over) == (400, True)
    assert len(desk.placed) == 1


def test_an_order_goes_in_no_sooner_than_asked_and_gives_up_when_refused_thrice() -> None:
    parameters = AuctionParameters(form="moc", entry_ms=5_000)
    desk = Desk(floor_with_call(), AUCTION, parameters, parent_of(1_000, seconds=30), Chances(refused=1.0))
    desk.run(START + 35 * SECOND)
    assert desk.placed[0][0] == START + 15 * SECOND
    assert (len(desk.placed), desk.over) == (3, True)


def test_a_share_of_the_indicative_volume_is_not_passed() -> None:
    floor = floor_with_call(volume=2_000)
    work = Desk(floor, AUCTION, None, parent_of(1_000)).work
    (order,) = AUCTION.decide(work, floor, AuctionParameters(most_ppm=100_000), START).place
    assert order.quantity == 200


# BASKET_IS


def leg(number: int, side: int, left: int, **given: float) -> Leg:
    values = {"quantity": left, "temporary": 0.01, "volatility": 1.0, "value": 100.0, **given}
    return Leg(
        number,
        number,
        side,
        left,
        20_000,
        values["volatility"],
        values["value"],
        int(values["quantity"]),
        values["temporary"],
    )


def basket_lots(legs: list[Leg], correlation: float = 0.0, **given: float) -> int:
    """Lots of the first slice of the first leg."""
    floor = Floor(1, depth=20_000, flow=0, moves=0.0)
    floor.legs, floor.correlations = legs, {(7, 8): correlation}
    parameters = BasketIsParameters(slices=10, patience_ppm=0, cash_band_ppm=1_000_000, **given)
    work = Desk(floor, BASKET_IS, None, parent_of(legs[0].left, side=legs[0].side, seconds=20)).work
    return sum(ticket.quantity for ticket in BASKET_IS.decide(work, floor, parameters, START).place)


def test_a_basket_of_one_is_is_ac() -> None:
    desks = [
        Desk(floor := Floor(1, depth=20_000, flow=0, moves=0.1), path, parameters, parent_of(10_000, seconds=20))
        for path, parameters in (
            (BASKET_IS, BasketIsParameters(slices=10, patience_ppm=0, urgency=3.0)),
            (IS_AC, IsAcParameters(slices=10, patience_ppm=0, urgency=3.0)),
        )
    ]
    assert floor is desks[1].floor
    held = []
    for desk in desks:
        desk.run(START + 21 * SECOND)
        held.append([held_after(desk, 2 * number) for number in range(11)])
    assert held[0] == pytest.approx(held[1], abs=10_000 * 0.02), "urgency^2 = lambda sigma^2 / eta, up to the grid"


def test_a_leg_that_hedges_goes_later_and_one_that_adds_sooner() -> None:
    own, other = leg(7, BUY, 10_000), leg(8, SELL, 10_000)
    alone = basket_lots([own, other], 0.0)
    assert basket_lots([own, other], 0.8) < alone, "bought and sold together they hedge each other"
    assert basket_lots([own, other], -0.8) > alone
    both = [own, leg(8, BUY, 10_000)]
    assert basket_lots(both, 0.8) > alone > basket_lots(both, -0.8)


def test_both_legs_do_their_own_part_of_one_plan() -> None:
    """Two legs alike on both sides do alike, whichever of them decides."""
    legs = [leg(7, BUY, 5_000), leg(8, SELL, 5_000)]
    mirrored = [leg(7, SELL, 5_000), leg(8, BUY, 5_000)]
    assert basket_lots(legs, 0.5) == basket_lots(mirrored, 0.5) > 500


def test_a_hedge_that_should_wait_is_not_traded_backwards() -> None:
    small = [leg(7, BUY, 100), leg(8, SELL, 50_000)]
    assert basket_lots(small, 0.95, risk_aversion=1.0) == 0


def test_purchases_do_not_run_ahead_of_sales() -> None:
    legs = [leg(7, BUY, 4_000, quantity=10_000), leg(8, SELL, 10_000)]
    # bought 6,000 x 100 of 2,000,000; nothing is sold: over the band of 5 %
    assert cash_room(legs, 50_000) == 0
    # the other leg may go on: it brings cash nearer to balance
    assert cash_room([legs[1], legs[0]], 50_000) == 7_000
    level = [leg(7, BUY, 5_000, quantity=10_000), leg(8, SELL, 5_000, quantity=10_000)]
    assert cash_room(level, 50_000) == 1_000


def test_cash_that_the_basket_spends_as_a_whole_is_not_out_of_balance() -> None:
    assert cash_room([leg(7, BUY, 4_000, quantity=10_000), leg(8, BUY, 10_000)], 50_000) == 4_000
    # bought 3,000 of 30,000 and sold 1,000 of 10,000: a tenth of each
    legs = [leg(7, BUY, 27_000, quantity=30_000), leg(8, SELL, 9_000, quantity=10_000)]
    assert cash_room(legs, 50_000) == int(0.05 * 40_000 / 0.5)


def test_the_last_slice_is_done_whatever_the_cash() -> None:
    floor = Floor(1, depth=20_000, flow=0, moves=0.0)
    floor.legs = [leg(7, BUY, 2_000), leg(8, SELL, 2_000)]
    parameters = BasketIsParameters(slices=10, patience_ppm=0, cash_band_ppm=100_000)
    desk = Desk(floor, BASKET_IS, parameters, parent_of(2_000, seconds=20))
    desk.run(START + 17 * SECOND)
    assert desk.work.filled == 400, "a tenth of 4,000 and the other leg does nothing"
    desk.run(START + 21 * SECOND)
    assert desk.work.left == 0


def test_an_unknown_impact_is_that_of_the_own_leg_for_the_same_money() -> None:
    own = leg(7, BUY, 100)
    dear = leg(8, SELL, 100, temporary=0.0, value=1_000.0)
    assert impacts([own, dear]) == pytest.approx([0.01 * 0.01, 0.01 * 0.01 * 100])
