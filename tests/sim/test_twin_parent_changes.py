"""What changes parents: replacements, fills beyond what was asked, kills, fees; figures worked out by hand."""

from __future__ import annotations

import pytest
from tests.oracle.pair import Pair, names
from tests.sim.worked import ANN, BEN, OTHER, SHARE, VENUE, Desk, checked, ends, refusal


@pytest.fixture
def desk(pair: Pair) -> Desk:
    return Desk(pair)


def test_a_larger_or_dearer_parent_holds_for_that_at_once(desk: Desk) -> None:
    parent = desk.parent(quantity=100, price=100_000)[0].order
    (replaced,) = desk.pair.send("ReplaceOrder", order=parent, account=ANN, price=110_000, quantity=200)
    assert (replaced.price, replaced.quantity, replaced.hold) == (110_000, 200, 22_044)
    poor = desk.pair.send("ReplaceOrder", order=parent, account=ANN, price=0, quantity=10_000)
    assert refusal(poor) == "insufficient_funds"
    checked(desk)


def test_a_tighter_limit_ends_the_children_beyond_it_and_fewer_lots_the_youngest(desk: Desk) -> None:
    parent = desk.parent(quantity=100, price=110_000)[0].order
    dear = desk.child(parent, 1, price=109_000)[0].order
    old = desk.child(parent, 2, quantity=30)[0].order
    young = desk.child(parent, 3, quantity=30)[0].order
    effects = desk.pair.send("ReplaceOrder", order=parent, account=ANN, price=105_000, quantity=50)
    assert names(effects) == ["Replaced", "Cancelled", "Cancelled"]
    assert ends(effects) == [(dear, "parent", 10), (young, "parent", 30)]
    assert effects[0].hold == desk.held() == 5_261  # 50 x 1.05 = 5,250 and 10.5
    assert desk.order(old) is not None
    checked(desk)


def test_until_the_venues_have_answered_the_parent_holds_for_old_and_new(desk: Desk) -> None:
    parent = desk.parent(quantity=100, price=110_000)[0].order
    first = desk.child(parent, 1, quantity=50, price=110_000, venue=VENUE)[0].order
    second = desk.child(parent, 2, quantity=50, price=100_000, venue=OTHER)[0].order
    effects = desk.pair.send("ReplaceOrder", order=parent, account=ANN, price=100_000, quantity=60)
    assert names(effects) == ["Replaced", "CancelRequested"]
    assert (effects[0].price, effects[0].quantity, effects[0].hold) == (100_000, 60, 11_022)
    assert effects[1].order == first
    assert refusal(desk.child(parent, 3, quantity=1)) == "beyond_parent"
    desk.fill(first, 10, price=110_000)
    assert desk.held() == 9_919  # 90 x 1.10 = 9,900, and 19.8 less 0.8 of the cent that was paid for 2.2
    checked(desk)
    ended, reheld = desk.gone(first)
    # 60 - 10 at 1.00 = 5,000 and 10
    assert (ended.order, reheld.order, reheld.hold) == (first, parent, 5_010)
    assert refusal(desk.child(parent, 3, quantity=1)) == "beyond_parent"
    assert desk.fill(second, 50, venue=OTHER)[1].hold == 0
    assert desk.order(parent) is None
    checked(desk)


def test_a_parent_may_shrink_to_what_is_filled_and_is_done_then(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    child = desk.child(parent, 1, quantity=50)[0].order
    desk.sell(100_000, 20)
    small = desk.pair.send("ReplaceOrder", order=parent, account=ANN, price=0, quantity=19)
    assert refusal(small) == "quantity_not_above_filled"
    effects = desk.pair.send("ReplaceOrder", order=parent, account=ANN, price=0, quantity=20)
    assert names(effects) == ["Replaced", "Cancelled"]
    assert ends(effects) == [(child, "parent", 30)]
    assert (effects[0].hold, desk.held(), desk.order(parent)) == (0, 0, None)
    checked(desk)


def test_a_reduced_parent_loses_lots_from_its_total(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    desk.child(parent, 1, quantity=50)
    (replaced,) = desk.pair.send("ReduceOrder", order=parent, account=ANN, quantity=40)
    assert (replaced.quantity, replaced.hold) == (60, 6_614)
    assert len(ends(desk.pair.send("ReduceOrder", order=parent, account=ANN, quantity=60))) == 2


def test_a_fill_beyond_a_child_counts_on_the_parent_and_the_other_children_must_fit(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    routed = desk.child(parent, 1, quantity=40, venue=VENUE)[0].order
    house = desk.child(parent, 2, quantity=50)[0].order
    effects = desk.fill(routed, 55)
    assert effects[0].flags == 3
    assert names(effects) == ["Traded", "Reheld", "Cancelled"]
    assert ends(effects) == [(house, "parent", 50)]
    assert refusal(desk.child(parent, 3, quantity=46)) == "beyond_parent"
    assert names(desk.child(parent, 3, quantity=45)) == ["Accepted"]
    checked(desk)


def test_a_late_fill_of_a_child_that_ended_counts_on_the_parent_while_that_lives(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    routed = desk.child(parent, 1, quantity=40, venue=VENUE)[0].order
    desk.gone(routed)
    effects = desk.fill(routed, 30)
    assert (effects[0].flags, effects[0].taker_order, effects[1].order) == (3, routed, parent)
    assert refusal(desk.child(parent, 2, quantity=71)) == "beyond_parent"
    checked(desk)
    assert names(desk.fill(routed, 90)) == ["Traded", "Reheld"]
    assert (desk.held(), desk.order(parent)) == (0, None)
    assert names(desk.fill(routed, 5)) == ["Traded"]  # nobody's any more
    checked(desk)


def test_a_venue_may_shrink_a_child_and_not_enlarge_it(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    routed = desk.child(parent, 1, quantity=40, venue=VENUE)[0].order

    def told(price: int, quantity: int) -> list[object]:
        return desk.pair.send("VenueReplaced", order=routed, venue=VENUE, price=price, quantity=quantity)

    assert refusal(told(100_000, 41)) == "beyond_parent"
    assert refusal(told(110_001, 40)) == "beyond_limit"
    assert names(told(100_000, 10)) == ["Replaced"]
    assert names(desk.child(parent, 2, quantity=90)) == ["Accepted"]
    checked(desk)


def test_a_fill_in_flight_leaves_house_children_no_more_than_the_new_total(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    house = desk.child(parent, 1, quantity=50)[0].order
    routed = desk.child(parent, 2, quantity=50, venue=VENUE)[0].order
    effects = desk.pair.send("ReplaceOrder", order=parent, account=ANN, price=0, quantity=50)
    assert names(effects) == ["Replaced", "CancelRequested"]
    effects = desk.fill(routed, 20)
    # the rest at the venue fits alone: the new terms hold
    assert names(effects) == ["Traded", "Reheld", "CancelRequested", "Cancelled", "Reheld"]
    assert ends(effects) == [(house, "parent", 50)]
    assert effects[-1].hold == desk.held() == 3_307  # 30 x 1.10 = 3,300 and 6.6
    assert names(desk.gone(routed)) == ["Cancelled"]
    checked(desk)


def test_a_kill_purges_a_parent_with_its_house_children(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    desk.child(parent, 1)
    effects = desk.pair.send("Kill", scope=1, of=ANN, user=1)
    assert names(effects) == ["Killed", "Purged", "Released"]
    assert (effects[1].orders, effects[1].lots_low, effects[2].amount_low) == (2, 110, 11_022)
    checked(desk)


def test_a_killed_parent_with_a_child_at_a_venue_waits_for_that(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    house = desk.child(parent, 1)[0].order
    routed = desk.child(parent, 2, venue=VENUE)[0].order
    effects = desk.pair.send("Kill", scope=1, of=ANN, user=1)
    assert names(effects) == ["Killed", "Purged", "CancelRequested", "CancelRequested"]
    assert (effects[1].orders, [e.order for e in effects[2:]]) == (1, [routed, parent])
    assert desk.order(house) is None
    assert ends(desk.gone(routed)) == [(routed, "user", 10), (parent, "kill", 100)]
    checked(desk)


def test_a_killed_venue_asks_for_the_child_and_leaves_the_parent(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    routed = desk.child(parent, 1, quantity=100, venue=VENUE)[0].order
    effects = desk.pair.send("Kill", scope=6, of=VENUE, user=1)
    assert names(effects) == ["Killed", "Purged", "CancelRequested"]
    desk.gone(routed)
    assert names(desk.child(parent, 2, quantity=100, venue=OTHER)) == ["Accepted"]
    checked(desk)


def test_a_venue_charges_its_own_fees(desk: Desk) -> None:
    fees = {"instrument": SHARE, "maker_fee_ppm": -50, "taker_fee_ppm": 1_000}
    assert names(desk.pair.send("SetVenueFees", venue=VENUE, **fees)) == ["VenueFeesSet"]
    parent = desk.parent(quantity=100)[0].order
    order = desk.child(parent, 1, quantity=100, venue=VENUE)[0].order
    (traded, _) = desk.fill(order, 50)
    assert traded.taker_fee == 5  # 5,000 cents at 1,000 ppm
    checked(desk)
    corrected = desk.pair.send(
        "CorrectTrade",
        sequence=desk.pair.twin.state.sequence,
        instrument=SHARE,
        **{name: getattr(traded, name) for name in ("maker", "taker", "taker_side", "price", "quantity")},
        **{name: getattr(traded, name) for name in ("buyer_pays", "seller_gets", "maker_fee", "taker_fee")},
    )
    assert names(corrected)[0] == "TradeCorrected"
    checked(desk)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"venue": BEN}, "unknown_venue"),
        ({"instrument": 9}, "unknown_instrument"),
        ({"maker_fee_ppm": 2_001}, "bad_fee"),
        ({"taker_fee_ppm": -100_001}, "bad_fee"),
    ],
)
def test_fees_beyond_what_orders_hold_for_are_refused(desk: Desk, words: dict[str, int], reason: str) -> None:
    assert refusal(desk.pair.send("SetVenueFees", **({"venue": VENUE, "instrument": SHARE} | words))) == reason
