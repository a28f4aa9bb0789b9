"""Blocks at their average price: parts add up to the block to the unit, and nobody gets a better price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.errors import BadInput
from isthmus.ledger.allocation import BlockFill, allocate

FILLS = [BlockFill(True, 100, 30, 3_000, 3), BlockFill(True, 101, 70, 7_070, 7)]


def test_each_account_pays_the_average_price_and_its_part_of_the_fee() -> None:
    made = allocate(16, FILLS, {17: 50, 18: 50})
    assert made.average == (10_070, 100)
    assert [(part.value, part.fee) for part in made.parts] == [(5_035, 5), (5_035, 5)]
    assert [(leg.source, leg.target, leg.asset, leg.amount) for leg in made.legs("a1", 10)] == [
        (16, 17, "base", 500),
        (17, 16, "quote", 5_040),
        (16, 18, "base", 500),
        (18, 16, "quote", 5_040),
    ]


def test_a_sold_block_gives_its_money_to_the_accounts_and_takes_their_things() -> None:
    made = allocate(16, [BlockFill(False, 100, 10, 1_000, 4)], {17: 10})
    assert [(leg.source, leg.target, leg.amount) for leg in made.legs("a1", 1)] == [(17, 16, 10), (16, 17, 996)]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({17: 99}, "quantity"), ({}, "allocations"), ({16: 100}, "allocations"), ({17: 110, 18: -10}, "allocations")],
)
def test_parts_that_are_not_the_block_are_refused(wanted: dict[int, int], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        allocate(16, FILLS, wanted)
    assert refusal.value.field == field


def test_a_block_of_both_sides_is_refused() -> None:
    with pytest.raises(BadInput, match="one side"):
        allocate(16, [*FILLS, BlockFill(False, 100, 1, 100, 0)], {17: 101})


PARTS = st.dictionaries(st.integers(17, 200), st.integers(1, 10**9), min_size=1, max_size=20)


@given(PARTS, st.booleans(), st.integers(0, 10**15), st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_after_an_allocation_the_block_account_is_as_if_it_had_never_traded(
    wanted: dict[int, int], buys: bool, value: int, fee: int, base_units: int
) -> None:
    quantity = sum(wanted.values())
    made = allocate(16, [BlockFill(buys, 1, quantity, value, fee)], wanted)
    side = 1 if buys else -1
    left = {"base": side * quantity * base_units, "quote": -side * value - fee}
    for leg in made.legs("k", base_units):
        assert leg.amount > 0
        if leg.source == 16:
            left[leg.asset] -= leg.amount
        else:
            left[leg.asset] += leg.amount
    assert left == {"base": 0, "quote": 0}
