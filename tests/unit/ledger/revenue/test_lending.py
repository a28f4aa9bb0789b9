"""Loans of securities: nothing is lent twice, collateral never below its floor after a call, fees add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.errors import BadInput
from isthmus.ledger.revenue.accrual import accrue, split
from isthmus.ledger.revenue.lending import (
    Loan,
    Located,
    Pool,
    Tariff,
    give_back,
    lenders,
    locate,
    manufactured,
    mark,
    recall,
    revenue,
)

TARIFF = Tariff()


def loan(value: int = 1_000_000, rate_ppm: int = 36_000) -> Loan:
    return Loan(
        number=1, lender="client:ann", borrower="client:bob", instrument="ACME", quantity=1_000, rate_ppm=rate_ppm,
        rebate_ppm=18_000, cross_currency=False, collateral=-(-value * 102 // 100), value=value, marked=100,
    )  # fmt: skip


def wanted(quantity: int, day: int = 7) -> Located:
    return Located("client:bob", "ACME", quantity, 0, day)


def test_a_loan_for_ten_days_costs_the_value_at_the_rate() -> None:
    after, call = mark(loan(), 1_000_000, 110)
    assert (after.fee_due, after.rebate_due, call) == (
        1_000,
        510,
        0,
    )  # 1,000,000 x 3.6 % x 10 / 360; 1,020,000 at 1.8 %


def test_a_rise_is_called_and_a_fall_is_given_back() -> None:
    up, call = mark(loan(), 1_100_000, 101)
    assert (up.collateral, call) == (1_122_000, 102_000)
    assert mark(up, 1_000_000, 102)[1] == -102_000


def test_across_currencies_the_collateral_is_higher() -> None:
    cross = Loan(**{name: getattr(loan(), name) for name in Loan.__struct_fields__} | {"cross_currency": True})
    assert mark(cross, 1_000_000, 101)[0].collateral == 1_050_000


def test_the_scarcer_the_share_the_dearer_the_locate() -> None:
    pool = Pool({"client:ann": 100})
    pool, first = locate(pool, TARIFF, wanted(40))
    pool, second = locate(pool, TARIFF, wanted(20))
    pool, third = locate(pool, TARIFF, wanted(35))
    assert [one.rate_ppm for one in (first, second, third) if one] == [2_500, 10_000, 43_000]
    assert locate(pool, TARIFF, wanted(6))[1] is None
    assert locate(pool, TARIFF, wanted(6, day=8))[1] is not None  # locates end with their day


def test_a_part_comes_back_with_its_part_of_the_collateral_and_all_with_all_of_it() -> None:
    left, released = give_back(loan(), 400)
    assert (left.quantity, left.value, left.collateral, released) == (600, 600_000, 612_000, 408_000)
    ended, rest = give_back(left, 600)
    assert (ended.quantity, ended.collateral, rest) == (0, 0, 612_000)
    with pytest.raises(BadInput):
        give_back(ended, 1)


def test_a_recall_is_due_days_later_and_counts_once() -> None:
    asked = recall(loan(), TARIFF, 120)
    assert asked.recalled == 123 and recall(asked, TARIFF, 130).recalled == 123


def test_the_borrower_makes_the_dividend_good() -> None:
    assert manufactured(loan(), 25) == 25_000


def test_time_does_not_go_back() -> None:
    with pytest.raises(BadInput, match="goes back"):
        mark(loan(), 1_000_000, 99)


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 40)), max_size=20), st.integers(0, 500_000))
def test_collateral_stands_at_its_floor_and_the_parts_of_the_fee_add_up(
    marks: list[tuple[int, int]], rate: int
) -> None:
    one, paid_in, day = loan(rate_ppm=rate), 0, 100
    begun = one.collateral
    for value, days in marks:
        day += days
        one, call = mark(one, value, day)
        paid_in += call
        assert one.collateral == one.floor >= one.value
    assert one.collateral == begun + paid_in
    assert sum(revenue(one, TARIFF)) == one.fee_due


@given(st.integers(-(10**15), 10**15), st.integers(0, 10**6), st.lists(st.integers(0, 400), max_size=12))
def test_interest_is_the_same_however_the_days_are_cut(base: int, rate: int, days: list[int]) -> None:
    amount, carry = 0, 0
    for some in days:
        step = accrue(base, rate, some, carry=carry)
        amount, carry = amount + step.amount, step.carry
    whole = accrue(base, rate, sum(days))
    assert (amount, carry) == (whole.amount, whole.carry)


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1).filter(any))
def test_a_split_gives_away_all_and_nobody_more_than_a_unit_too_much(amount: int, weights: list[int]) -> None:
    parts = split(amount, tuple(weights))
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 10**6), min_size=1), st.data())
def test_lenders_give_what_is_wanted_and_nobody_more_than_he_has(lendable: dict[str, int], data: st.DataObject) -> None:
    quantity = data.draw(st.integers(1, sum(lendable.values())))
    parts = lenders(Pool(lendable), quantity)
    assert sum(parts.values()) == quantity and all(part <= lendable[name] for name, part in parts.items())
