"""The decision tree: every path has an order that it is chosen for, and says why in figures."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.execution.paths.floor import POOLS, SECOND, START, VENUES, Floor, parent_of

from isthmus.execution.decision import WHY_MAX, Facts, choose_path, facts_of
from isthmus.execution.policy import Auction, Pool
from isthmus.execution.taxonomy import PATHS

SMALL = Facts(
    buys=True,
    quantity=50,
    limit=10_100,
    facing=10_001,
    own=9_999,
    level=100,
    own_level=100,
    shown=1_000,
    shown_at_one=600,
    shown_by=3,
)
LARGE = msgspec.structs.replace(SMALL, quantity=5_000)


def chosen(facts: Facts, **changes: object) -> tuple[str, str]:
    choice = choose_path(msgspec.structs.replace(facts, **changes))
    return choice.path, " ".join(choice.why)


@pytest.mark.parametrize(
    ("path", "facts", "changes", "figure"),
    [
        ("BASKET_IS", LARGE, {"legs": 3}, "3 legs"),
        ("AUCTION", LARGE, {"call_s": 120.0}, "120 s"),
        ("TARGET_CLOSE", LARGE, {"call_s": 3_600.0, "closing": True, "left_s": 3_600.0}, "3600 s"),
        ("SNIPER", SMALL, {"limit": 9_900}, "99 price steps"),
        ("SNIPER", SMALL, {"facing": 0, "own": 0, "level": 0, "shown": 0}, "No venue"),
        ("MID_PEG", SMALL, {"limit": 10_005, "facing": 10_010}, "11 ticks"),
        ("ICEBERG", LARGE, {"limit": 9_999}, "50.0 x"),
        ("QUEUE_POST", SMALL, {"limit": 9_999}, "does not reach"),
        ("SWEEP", LARGE, {"urgency": 1.0}, "0.9"),
        ("SWEEP", SMALL, {"left_s": 1.0}, "1.0 s"),
        ("SWEEP", SMALL, {"quantity": 300, "urgency": 0.8}, "1000 lots"),
        ("BEST_ROUTE", SMALL, {}, "100 lots"),
        ("COST_SPLIT", SMALL, {"quantity": 300}, "3 venues"),
        ("PEG", SMALL, {"urgency": 0.1, "left_s": 60.0}, "0.3"),
        ("QUEUE_POST", SMALL, {"urgency": 0.1}, "0.3"),
        ("MID_PEG", SMALL, {"urgency": 0.4, "facing": 10_010}, "11 ticks"),
        ("BLOCK_COND", LARGE, {"dark": 2, "day": 20_000, "urgency": 0.4}, "25.00%"),
        ("LIQ_SEEK", LARGE, {"dark": 1, "day": 1_000_000}, "1 dark pool:"),
        ("DARK_KM", LARGE, {"dark": 2, "day": 1_000_000, "urgency": 0.4, "past": 12}, "12 past"),
        ("DARK_SA", LARGE, {"dark": 2, "day": 1_000_000, "urgency": 0.4, "past": 500}, "500 past"),
        ("OW_RESIL", LARGE, {"left_s": 60.0, "urgency": 0.8}, "60 s"),
        ("IS_ADAPT", LARGE, {"left_s": 3_600.0, "urgency": 0.8, "volatility": 1.0}, "30 spreads"),
        ("IS_AC", LARGE, {"left_s": 3_600.0, "urgency": 0.8, "volatility": 0.1}, "6.0 steps"),
        ("GLFT_PASSIVE", LARGE, {"left_s": 3_600.0, "urgency": 0.2}, "3600 s"),
        ("VWAP_DYN", LARGE, {"left_s": 3_600.0, "day": 1_000_000, "moving": 12.0}, "12 lots"),
        ("VWAP_STATIC", LARGE, {"left_s": 3_600.0, "day": 1_000_000}, "curve"),
        ("TWAP", LARGE, {"left_s": 3_600.0}, "even slices"),
        ("POV", LARGE, {}, "share of what trades"),
        ("ICEBERG", LARGE, {"urgency": 0.2}, "0.3"),
    ],
)
def test_the_order_that_each_path_is_for(path: str, facts: Facts, changes: dict[str, object], figure: str) -> None:
    name, why = chosen(facts, **changes)
    assert (name, figure in why) == (path, True), why


def test_every_path_is_chosen_for_some_order() -> None:
    rows = next(mark for mark in test_the_order_that_each_path_is_for.pytestmark if mark.name == "parametrize").args[1]
    assert {row[0] for row in rows} == {path.name for path in PATHS}


def test_a_seller_is_a_buyer_seen_in_a_mirror() -> None:
    sells = msgspec.structs.replace(SMALL, buys=False, limit=9_900, facing=9_999, own=10_001)
    assert choose_path(sells) == choose_path(SMALL)
    assert chosen(sells, limit=10_100)[0] == "SNIPER"


def test_an_urgent_order_does_not_wait_for_a_call_nor_a_short_one_for_a_later_call() -> None:
    assert chosen(LARGE, call_s=60.0, urgency=1.0)[0] == "SWEEP"
    assert chosen(LARGE, call_s=60.0, left_s=30.0)[0] != "AUCTION"


lots, price = st.integers(0, 10**12), st.integers(0, 10**15)
seconds = st.floats(0, 10**7)


@given(
    facts=st.builds(
        Facts,
        buys=st.booleans(),
        quantity=st.integers(1, 10**12),
        limit=st.integers(1, 10**15),
        tick=st.integers(1, 10**6),
        facing=price,
        own=price,
        level=lots,
        own_level=lots,
        shown=lots,
        shown_at_one=lots,
        shown_by=st.integers(0, 50),
        dark=st.integers(0, 50),
        house_dark=st.booleans(),
        past=st.integers(0, 5_000),
        day=lots,
        moving=st.floats(0, 10**9),
        volatility=st.floats(0, 10**9),
        urgency=st.floats(0, 1),
        left_s=seconds,
        call_s=seconds,
        closing=st.booleans(),
        legs=st.integers(1, 100),
    )
)
def test_the_tree_always_answers_and_its_reasons_fit_a_record(facts: Facts) -> None:
    choice = choose_path(facts)
    assert choice.path in {path.name for path in PATHS}
    assert len(choice.why) == 2 and all(choice.why)
    assert len(" ".join(choice.why)) <= WHY_MAX


def test_facts_are_read_from_the_market() -> None:
    floor = Floor(venues=VENUES + POOLS, depth=0)
    for number, book in ((0, {10_002: 5, 10_200: 9}), (1, {10_001: 10}), (2, {10_001: 20})):
        floor.books[number, 2] = book
    floor.books[0, 1] = {9_999: 7}
    floor.pool_history = [Pool(3, 1, 1)]
    floor.call = Auction(5, 0, 0, 0, START + 90 * SECOND, True)
    facts = facts_of(parent_of(40, limit=10_100, seconds=30), floor, 0.6, START)
    assert (facts.facing, facts.own, facts.level, facts.own_level) == (10_001, 9_999, 30, 7)
    assert (facts.shown, facts.shown_at_one, facts.shown_by) == (35, 20, 3)
    assert (facts.dark, facts.past, facts.left_s, facts.call_s, facts.closing) == (2, 1, 30.0, 90.0, True)
    assert facts.urgency == 0.6 and facts.spread == 2
