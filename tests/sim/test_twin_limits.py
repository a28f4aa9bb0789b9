"""Limits of the gate, each worked by hand; and sessions in which all of them are set, changed and taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.oracle.invariants import check
from tests.oracle.messages import CANCEL_REASONS, LIMITS, REASONS, SCOPES, name_of
from tests.oracle.pair import Pair, through_snapshots
from tests.oracle.values import BUY, FOK, IOC, POST_ONLY, SELL

from isthmus import _core

from .strategies import ALICE, BOB, CAROL, EQUITY, FX, PERP, USD, VENUE, XYZ, opening
from .strategies_gate import gated

SECOND = 10**9
MAX = 2**63 - 1


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """The equity is marked at 100; a lot of it at 100 is worth 100 cents."""
    for command, at in opening(3):
        pair.apply(command, at)
    pair.now = 1_800_000_000 * SECOND
    pair.send("Mark", instrument=EQUITY, price=100)
    return pair


def answer(found: list[Any]) -> str:
    if name_of(found[0]) != "Rejected":
        return name_of(found[0])
    return next(name for name, number in REASONS.items() if number == found[0].reason)


def order(desk: Pair, account: int = ALICE, price: int = 100, quantity: int = 1, **fields: int) -> str:
    words = {"instrument": EQUITY, "side": BUY, "kind": 1, "tif": 1} | fields
    return answer(desk.send("PlaceOrder", account=account, price=price, quantity=quantity, **words))


def limit(desk: Pair, name: str, value: int, scope: str = "account", of: int = ALICE, instrument: int = 0) -> None:
    fields = {"scope": SCOPES[scope], "of": 0 if scope == "everything" else of, "instrument": instrument}
    found = desk.send("SetLimit", limit=LIMITS[name], value=value, **fields)
    assert name_of(found[0]) == "LimitSet", found


def replaced(desk: Pair, price: int, quantity: int, back: int = 0) -> str:
    """Replaces the `back`-th last order that lives."""
    live = sorted(desk.twin.state.orders)
    return answer(desk.send("ReplaceOrder", order=live[-1 - back], price=price, quantity=quantity))


def test_only_instructions_that_are_allowed_pass(desk: Pair) -> None:
    kinds, tifs, flags = 1 << 0, 1 << 9 | 1 << 10, 1 << 17
    limit(desk, "instructions", kinds | tifs | flags)
    assert order(desk) == "Accepted"
    assert order(desk, flags=POST_ONLY, price=90) == "Accepted"
    assert order(desk, tif=FOK) == "instruction_not_allowed"
    assert order(desk, flags=2) == "instruction_not_allowed"
    assert order(desk, kind=2, price=0) == "instruction_not_allowed"
    assert order(desk, BOB, kind=2, price=0) == "Accepted"


def test_what_is_said_of_one_instrument_goes_before_what_is_said_of_all(desk: Pair) -> None:
    limit(desk, "permission", 0)
    assert order(desk) == "instrument_not_allowed"
    limit(desk, "permission", 1, instrument=EQUITY)
    assert order(desk) == "Accepted"
    assert order(desk, instrument=FX, price=110_080) == "instrument_not_allowed"
    limit(desk, "permission", 0, "everything", instrument=EQUITY)
    assert order(desk) == "instrument_not_allowed"


def test_a_session_may_be_kept_to_some_instructions_and_instruments(desk: Pair) -> None:
    limit(desk, "permission", 0, "session", 9, FX)
    limit(desk, "instructions", 1 | 1 << 9, "session", 9)
    assert order(desk, session=9) == "Accepted"
    assert order(desk, session=9, tif=IOC) == "instruction_not_allowed"
    assert order(desk, session=9, instrument=FX, price=110_080) == "instrument_not_allowed"
    assert order(desk, session=8, tif=IOC) == "Accepted"


def test_a_price_must_be_within_the_collar_around_the_reference(desk: Pair) -> None:
    limit(desk, "collar_bps", 500)
    assert order(desk, price=95) == "Accepted"
    assert order(desk, price=105) == "Accepted"
    assert order(desk, price=94) == "outside_collar"
    assert order(desk, price=106) == "outside_collar"
    assert replaced(desk, 106, 1) == "outside_collar"
    assert order(desk, kind=2, price=0) == "Accepted"


def test_an_order_is_neither_larger_nor_worth_more_than_its_limits(desk: Pair) -> None:
    limit(desk, "order_quantity", 10)
    limit(desk, "order_notional", 900)
    assert order(desk, quantity=9) == "Accepted"
    assert order(desk, quantity=10) == "notional_limit"
    assert order(desk, quantity=11) == "order_too_large"
    assert replaced(desk, 100, 11) == "order_too_large"
    assert replaced(desk, 90, 10) == "Replaced"


def test_an_order_far_above_the_mean_of_the_last_ones_is_unusual(desk: Pair) -> None:
    limit(desk, "size_multiple", 200)
    assert order(desk, quantity=30) == "Accepted"
    for _ in range(6):
        assert order(desk, quantity=2) == "Accepted"
    assert order(desk, quantity=70) == "Accepted", "seven orders are too few for a mean"
    assert order(desk, quantity=28) == "Accepted", "(30 + 6 x 2 + 70) / 8 = 14"
    assert order(desk, quantity=32) == "unusual_size", "twice (112 + 28) / 9 is 31.1"
    assert order(desk, quantity=31) == "Accepted"
    for _ in range(64):
        order(desk, quantity=1)
    assert order(desk, quantity=3) == "unusual_size", "only the last 64 count"
    assert order(desk, quantity=2) == "Accepted"


def test_so_is_one_worth_far_more(desk: Pair) -> None:
    limit(desk, "notional_multiple", 150)
    for _ in range(8):
        assert order(desk, price=50, quantity=4) == "Accepted"
    assert order(desk, price=100, quantity=3) == "Accepted"
    assert order(desk, price=100, quantity=4) == "unusual_size"


def test_a_second_holds_so_many_orders_and_replacements(desk: Pair) -> None:
    limit(desk, "order_rate", 3)
    first = desk.now + 1
    assert [order(desk, quantity=n) for n in (1, 2)] == ["Accepted"] * 2
    assert replaced(desk, 99, 1) == "Replaced"
    assert order(desk) == "rate_limit"
    assert replaced(desk, 98, 1) == "rate_limit"
    desk.now = first + SECOND - 2
    assert order(desk) == "rate_limit", "a nanosecond too early"
    assert order(desk) == "Accepted", "the first of the three is a second old"
    assert order(desk) == "Accepted"
    assert order(desk) == "Accepted"
    assert order(desk) == "rate_limit"


def test_a_rate_of_one_instrument_leaves_the_others_alone(desk: Pair) -> None:
    limit(desk, "order_rate", 1, instrument=EQUITY)
    assert order(desk) == "Accepted"
    assert order(desk) == "rate_limit"
    assert order(desk, instrument=FX, price=110_080) == "Accepted"


def test_so_many_orders_may_be_open_and_those_that_never_stay_do_not_count(desk: Pair) -> None:
    limit(desk, "open_orders", 2)
    assert order(desk, price=90) == "Accepted"
    assert order(desk, price=91, venue=VENUE) == "Accepted"
    assert order(desk, price=92) == "open_orders_limit"
    assert order(desk, price=92, tif=IOC) == "Accepted"
    assert replaced(desk, 93, 5, back=1) == "Replaced"
    desk.send("CancelOrder", order=min(desk.twin.state.orders), account=ALICE)
    assert order(desk, price=92) == "Accepted"


def test_a_net_position_counts_what_the_orders_of_the_side_would_make_of_it(desk: Pair) -> None:
    limit(desk, "position_net", 5, instrument=PERP)
    perp = {"instrument": PERP, "price": 512}
    assert order(desk, **perp, quantity=4) == "Accepted"
    assert order(desk, **perp, quantity=2) == "position_limit"
    assert order(desk, BOB, **perp, quantity=4, side=SELL) == "Accepted"
    assert desk.twin.position(ALICE, PERP)[0] == 4
    assert order(desk, **perp, quantity=2) == "position_limit"
    assert order(desk, **perp, quantity=1) == "Accepted"
    assert order(desk, instrument=PERP, price=513, quantity=9, side=SELL) == "Accepted"
    assert order(desk, instrument=PERP, price=514, quantity=1, side=SELL) == "position_limit"


def test_a_gross_position_lets_closing_orders_through(desk: Pair) -> None:
    limit(desk, "position_gross", 5, instrument=PERP)
    assert order(desk, instrument=PERP, price=512, quantity=4) == "Accepted"
    assert order(desk, BOB, instrument=PERP, price=512, quantity=4, side=SELL) == "Accepted"
    assert order(desk, instrument=PERP, price=513, quantity=4, side=SELL) == "Accepted", "it closes"
    assert order(desk, instrument=PERP, price=511, quantity=1) == "Accepted"
    assert order(desk, instrument=PERP, price=513, quantity=1, side=SELL) == "position_limit", "4 + 1 and 1 more"
    limit(desk, "position_gross", 0, instrument=PERP)
    assert order(desk, instrument=PERP, price=511, quantity=1) == "position_limit"


def test_a_position_in_what_is_owned_is_its_balance_in_lots(desk: Pair) -> None:
    owned = desk.twin.balance(ALICE, XYZ)[0]
    limit(desk, "position_net", owned + 3, instrument=EQUITY)
    assert order(desk, quantity=3) == "Accepted"
    assert order(desk, quantity=1) == "position_limit"
    assert order(desk, quantity=owned, side=SELL, price=110) == "Accepted"


def test_a_group_is_counted_together(desk: Pair) -> None:
    for account in (ALICE, BOB):
        desk.send("SetAccount", account=account, group=7)
    limit(desk, "position_net", 5, "group", 7, PERP)
    limit(desk, "open_orders", 2, "group", 7)
    assert order(desk, instrument=PERP, price=500, quantity=3) == "Accepted"
    assert order(desk, BOB, instrument=PERP, price=500, quantity=3) == "position_limit"
    assert order(desk, BOB, instrument=PERP, price=500, quantity=2) == "Accepted"
    assert order(desk, BOB) == "open_orders_limit"
    assert order(desk, CAROL, instrument=PERP, price=500, quantity=9) == "Accepted"
    desk.send("SetAccount", account=BOB)
    assert order(desk, BOB) == "Accepted"
    assert order(desk) == "Accepted", "what left the group is not counted"


def test_a_net_limit_of_a_group_nets_and_a_gross_one_does_not(desk: Pair) -> None:
    for account in (ALICE, BOB):
        desk.send("SetAccount", account=account, firm=8)
    limit(desk, "position_net", 5, "firm", 8, PERP)
    limit(desk, "position_gross", 9, "firm", 8, PERP)
    perp = {"instrument": PERP, "price": 512}
    assert order(desk, CAROL, **perp, quantity=4, side=SELL) == "Accepted"
    assert order(desk, **perp, quantity=4) == "Accepted"
    assert order(desk, CAROL, **perp, quantity=4) == "Accepted"
    assert order(desk, BOB, **perp, quantity=4, side=SELL) == "Accepted"
    assert order(desk, **perp, quantity=2) == "position_limit", "net 0 + 2, but gross 4 + 4 + 2"
    assert order(desk, **perp, quantity=1) == "Accepted"


def test_a_limit_for_everybody_counts_each_account_by_itself(desk: Pair) -> None:
    limit(desk, "open_orders", 1, "everything")
    assert order(desk) == "Accepted"
    assert order(desk, BOB) == "Accepted"
    assert order(desk) == "open_orders_limit"
    opened = desk.send("OpenAccount", kind=1)[0].account
    desk.send("Deposit", account=opened, asset=USD, amount=10_000)
    assert order(desk, opened) == "Accepted"
    assert order(desk, opened) == "open_orders_limit", "so it does for one that comes later"


def test_open_orders_are_worth_so_much_in_one_quote_asset(desk: Pair) -> None:
    limit(desk, "open_notional", 1_000)
    limit(desk, "open_notional", 300, instrument=EQUITY)
    assert order(desk, quantity=3) == "Accepted"
    assert order(desk, quantity=1) == "notional_limit"
    assert order(desk, instrument=FX, price=110_080, quantity=630) == "Accepted", "693.504 cents are 694"
    assert order(desk, instrument=FX, price=110_080, quantity=6) == "notional_limit"
    assert order(desk, instrument=FX, price=110_080, quantity=5) == "Accepted", "693.504 + 5.504 are 700 together"
    assert replaced(desk, 110_080, 631, back=1) == "notional_limit"
    assert replaced(desk, 100_000, 5, back=1) == "Replaced", "what brings it down passes"


def test_the_same_order_again_within_a_moment_is_a_duplicate(desk: Pair) -> None:
    limit(desk, "duplicate_ns", 1_000)
    assert order(desk) == "Accepted"
    assert order(desk) == "duplicate_order"
    assert [order(desk, quantity=2), order(desk, price=99), order(desk, side=SELL)] == ["Accepted"] * 3
    assert order(desk, BOB) == "Accepted"
    desk.now += 993
    assert order(desk) == "duplicate_order"
    assert order(desk) == "Accepted", "a thousand nanoseconds after the first"


def test_the_first_limit_in_its_order_is_the_answer_and_funds_come_after(desk: Pair) -> None:
    limit(desk, "open_orders", 0)
    limit(desk, "order_quantity", 1, "everything")
    assert order(desk, quantity=2) == "order_too_large"
    assert order(desk, quantity=1) == "open_orders_limit"
    limit(desk, "open_orders", -1)
    limit(desk, "order_quantity", -1, "everything")
    assert order(desk, quantity=10**9) == "insufficient_funds"
    limit(desk, "order_notional", 10**6)
    assert order(desk, quantity=10**9) == "notional_limit"


def test_amounts_beyond_64_bits_are_beyond_every_limit(desk: Pair) -> None:
    limit(desk, "order_notional", MAX)
    limit(desk, "open_notional", MAX)
    assert order(desk, price=10**15, quantity=10**12) == "notional_limit"
    limit(desk, "order_notional", -1)
    assert order(desk, price=10**15, quantity=10**12) == "notional_limit"
    limit(desk, "open_notional", -1)
    assert order(desk, price=10**15, quantity=10**12) == "notional_too_large"


def test_orders_from_before_the_limit_are_counted(desk: Pair) -> None:
    assert [order(desk, price=price) for price in (90, 91, 92)] == ["Accepted"] * 3
    limit(desk, "open_orders", 4)
    assert order(desk) == "Accepted"
    assert order(desk) == "open_orders_limit"
    order(desk, BOB, side=SELL, price=90, quantity=2)
    assert order(desk) == "Accepted", "two were filled"
    assert order(desk) == "Accepted"
    assert order(desk) == "open_orders_limit"


def special(desk: Pair, price: int, quantity: int, **fields: int) -> list[Any]:
    words = {"account": ALICE, "instrument": PERP, "side": BUY, "kind": 1, "tif": 1} | fields
    return desk.send("PlaceSpecial", price=price, quantity=quantity, **words)


def test_a_stop_counts_while_it_waits(desk: Pair) -> None:
    limit(desk, "position_net", 5, instrument=PERP)
    assert answer(special(desk, 0, 4, kind=4, stop=530)) == "Accepted"
    assert order(desk, instrument=PERP, price=500, quantity=2) == "position_limit"
    assert order(desk, instrument=PERP, price=500, quantity=1) == "Accepted"


@pytest.mark.parametrize(("most", "ends"), [(396, 0), (395, 1)])
def test_a_child_counts_with_its_value_when_its_parent_is_done(desk: Pair, most: int, ends: int) -> None:
    parent = special(desk, 100, 4, instrument=EQUITY)[0].order
    special(desk, 99, 4, instrument=EQUITY, parent=parent)
    limit(desk, "open_notional", most, instrument=EQUITY)
    fields = {"account": BOB, "instrument": EQUITY, "side": SELL, "kind": 1, "tif": 1}
    effects = desk.send("PlaceOrder", price=100, quantity=4, **fields)
    gone = [effect.reason for effect in effects if name_of(effect) == "Cancelled"]
    assert gone == [CANCEL_REASONS["limit"]] * ends, "4 x 99 are 396"


def test_a_child_counts_as_an_open_order_at_once_and_with_its_lots_when_its_parent_is_done(desk: Pair) -> None:
    limit(desk, "position_net", 5, instrument=PERP)
    limit(desk, "open_orders", 3)
    parent = special(desk, 512, 4)[0].order
    assert answer(special(desk, 510, 4, parent=parent)) == "Accepted", "it does not count beside its parent"
    assert answer(special(desk, 0, 4, parent=parent, kind=2)) == "Accepted", "a market order that waits is open"
    assert answer(special(desk, 510, 1, parent=parent)) == "open_orders_limit"
    found = desk.send("PlaceOrder", account=BOB, instrument=PERP, side=SELL, kind=1, tif=1, price=512, quantity=4)
    ends = {effect.order: effect.reason for effect in found if name_of(effect) == "Cancelled"}
    assert set(ends.values()) == {CANCEL_REASONS["limit"]}, found
    assert len(ends) == 2
    assert desk.twin.position(ALICE, PERP)[0] == 4


def test_a_replacement_of_special_terms_meets_the_limits_too(desk: Pair) -> None:
    limit(desk, "order_quantity", 5)
    limit(desk, "collar_bps", 500, instrument=EQUITY)
    placed = special(desk, 100, 5, instrument=EQUITY)[0].order
    fields = {"order": placed, "account": ALICE}
    assert answer(desk.send("ReplaceSpecial", given=2, quantity=6, **fields)) == "order_too_large"
    assert answer(desk.send("ReplaceSpecial", given=1, price=106, **fields)) == "outside_collar"
    assert answer(desk.send("ReplaceSpecial", given=16, display=2, **fields)) == "Replaced"
    limit(desk, "order_quantity", 3)
    assert answer(desk.send("ReplaceSpecial", given=1, price=99, **fields)) == "order_too_large"
    assert answer(desk.send("ReduceOrder", quantity=1, **fields)) == "Reduced", "less is always let through"


GREATEST = {
    "instructions": 2**25 - 1,
    "permission": 1,
    "collar_bps": 10**6,
    "order_quantity": 10**12,
    "size_multiple": 10**6,
    "notional_multiple": 10**6,
    "order_rate": 10**5,
    "open_orders": 2**32 - 1,
    "duplicate_ns": 60 * SECOND,
}


@pytest.mark.parametrize("name", list(LIMITS))
def test_a_limit_takes_its_greatest_value_and_none_beyond(desk: Pair, name: str) -> None:
    greatest = GREATEST.get(name, MAX)
    fields = {"scope": SCOPES["account"], "of": ALICE, "limit": LIMITS[name]}
    assert answer(desk.send("SetLimit", value=greatest, **fields)) == "LimitSet"
    assert answer(desk.send("SetLimit", value=0, **fields)) == "LimitSet"
    assert answer(desk.send("SetLimit", value=-(2**63), **fields)) == "LimitSet"
    if greatest < MAX:
        assert answer(desk.send("SetLimit", value=greatest + 1, **fields)) == "bad_limit"


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("unknown_scope", {"scope": 7}),
        ("unknown_scope", {"scope": SCOPES["instrument"], "of": EQUITY}),
        ("unknown_scope", {"scope": SCOPES["venue"], "of": VENUE}),
        ("unknown_scope", {"scope": SCOPES["everything"]}),
        ("unknown_scope", {"scope": SCOPES["group"], "of": 0}),
        ("unknown_scope", {"scope": SCOPES["session"], "of": 0}),
        ("unknown_account", {"of": 999}),
        ("unknown_account", {"of": 1}),
        ("unknown_account", {"of": VENUE}),
        ("unknown_instrument", {"instrument": 99}),
        ("unknown_limit", {"limit": 0}),
        ("unknown_limit", {"limit": 14}),
        ("bad_limit", {"scope": SCOPES["session"], "of": 3}),
    ],
)
def test_a_bad_limit_is_refused_and_changes_nothing(desk: Pair, reason: str, change: dict[str, int]) -> None:
    fields = {"scope": SCOPES["account"], "of": ALICE, "limit": LIMITS["open_orders"], "value": 1}
    assert unchanged(desk, "SetLimit", fields | change) == reason


def unchanged(desk: Pair, name: str, fields: dict[str, int]) -> str:
    """The reason of a refusal that leaves everything but sequence and stamp as it was."""
    before = desk.engine.state()[16:]
    found = answer(desk.send(name, **fields))
    assert desk.engine.state()[16:] == before
    return found


@pytest.mark.parametrize("seed", range(120))
def test_sessions_with_limits_make_the_same_records(pair: Pair, seed: int) -> None:
    for command, at in gated(seed, 150):
        pair.apply(command, at)
        check(pair.twin)
    pair.check_state()


@pytest.mark.parametrize("seed", range(8))
def test_an_engine_from_a_snapshot_goes_on_with_the_same_limits(tmp_path: Path, seed: int) -> None:
    through_snapshots(_core, str(tmp_path), gated(1_000 + seed, 160), 30)
