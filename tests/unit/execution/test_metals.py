"""The split of a metal purchase follows the stated rule, from the past only, and refuses where a figure is missing."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.execution.metals import (
    PAST_LEAST,
    PPM,
    SHARE_LEAST,
    SHARE_MOST,
    YEAR_DAYS,
    Costs,
    Day,
    scarcity_of,
    split,
    splits,
    theory,
)

UNIT = 10_000
COSTS = Costs(carry_bps=400)
CALM = (100_000 * UNIT,) * 100


def day(cash: int | None = 8_000, three: int | None = 8_080, stock: int | None = 100_000) -> Day:
    return Day("2020-01-02", *(None if figure is None else figure * UNIT for figure in (cash, three, stock)))


def test_at_full_carry_and_ordinary_stock_it_is_half_and_half_but_for_the_rank() -> None:
    """Flat stock: nobody of the year had more, so the rank says plenty (0), the change ordinary (1/2)."""
    found = split(day(), CALM, COSTS)
    assert (found.basis_ppm, found.carry_ppm, found.convenience_ppm) == (10_000, 10_000, 0)
    assert found.scarcity_ppm == PPM // 6
    assert found.spot_ppm == 500_000 + 200_000 * (2 * (PPM // 6) - PPM) // PPM
    assert found.futures_ppm == PPM - found.spot_ppm


def test_a_forward_dearer_than_storing_moves_to_spot_a_cheaper_one_to_the_forward() -> None:
    shares = [split(day(three=three), CALM, COSTS).spot_ppm for three in (7_800, 8_000, 8_080, 8_200, 8_300)]
    assert all(less is not None for less in shares)
    assert shares == sorted(shares), "the dearer the forward, the more spot"  # type: ignore[type-var]
    assert shares[3] is not None and shares[2] is not None and shares[3] - shares[2] == 400_000 * 15_000 // 20_000


def test_less_stock_and_a_falling_stock_move_to_spot() -> None:
    low = tuple(value * UNIT for value in range(200_000, 100_000, -1_000))
    change = -20_000 * PPM // 121_000
    expected = (2 * (99 * PPM // 100) + (200_000 - change) * PPM // 400_000) // 3
    assert split(day(stock=101_000), low, COSTS).scarcity_ppm == expected
    plenty, scarce = split(day(stock=200_000), low[::-1], COSTS), split(day(stock=101_000), low, COSTS)
    assert plenty.spot_ppm is not None and scarce.spot_ppm is not None and scarce.spot_ppm > plenty.spot_ppm + 250_000


def test_less_than_two_days_of_use_is_scarce_whatever_the_year_was() -> None:
    costs = Costs(daily_use=60_000)
    assert split(day(), CALM, costs).days_of_cover == 1.67
    assert split(day(), CALM, costs).scarcity_ppm == PPM
    assert scarcity_of(0, 0, 2.0) < PPM


@pytest.mark.parametrize(
    ("missing", "name"),
    [({"three": None}, "three-month price"), ({"cash": None}, "cash price"), ({"stock": None}, "warehouse stock")],
)
def test_a_missing_figure_is_no_allocation_and_says_which(missing: dict[str, None], name: str) -> None:
    found = split(day(**missing), CALM, COSTS)
    assert found.spot_ppm is None and found.futures_ppm is None
    assert found.why == f"no allocation: no {name} was published"
    both = split(day(cash=None, three=None), CALM, COSTS)
    assert "no cash price and no three-month price" in both.why


def test_too_short_a_past_is_no_allocation() -> None:
    found = list(splits([day()] * PAST_LEAST, COSTS))
    assert [split.spot_ppm is None for split in found] == [True] * (PAST_LEAST - 1) + [False]
    assert "1 days of stock, 60 are needed" in found[0].why


def test_tonnes_add_up_and_the_warehouse_bounds_what_is_bought_at_once() -> None:
    small, large = (split(day(), CALM, Costs(tonnes=tonnes)) for tonnes in (1_001, 50_000))
    assert small.spot_tonnes is not None and small.futures_tonnes is not None
    assert small.spot_tonnes + small.futures_tonnes == 1_001
    assert (large.spot_tonnes, large.futures_tonnes) == (2_000, 48_000), "2 % of 100,000 tonnes"
    assert "held down" in large.why and "held down" not in small.why


prices = st.integers(1, 10**6)


@given(prices, prices, st.lists(st.integers(0, 10**6), min_size=PAST_LEAST, max_size=300), st.integers(0, 10_000))
def test_shares_stay_within_their_bounds_and_make_a_whole(cash: int, three: int, stocks: list[int], carry: int) -> None:
    past = tuple(stock * UNIT for stock in stocks)
    found = split(day(cash, three, stocks[-1]), past, Costs(carry_bps=carry))
    assert found.spot_ppm is not None and found.futures_ppm is not None
    assert SHARE_LEAST <= found.spot_ppm <= SHARE_MOST and found.spot_ppm + found.futures_ppm == PPM


@given(st.lists(st.integers(1, 10**6), min_size=70, max_size=90), st.integers(61, 69))
def test_what_comes_later_changes_no_earlier_day(stocks: list[int], cut: int) -> None:
    days = [day(stock=stock) for stock in stocks]
    assert list(splits(days, COSTS))[:cut] == list(splits(days[:cut], COSTS))


def history(turn: int, seed: int = 5) -> list[Day]:
    """900 days: scarce metal with the forward under a spot that moves twice as much, then plenty with the forward above
    it, in turns of so many days.
    """
    days, random = [], Random(seed)
    for at in range(900):
        scarce, move = at % (2 * turn) < turn, random.randint(-3, 3)
        cash, three = 8_000 + move * (2 if scarce else 1), (7_980 if scarce else 8_020) + move
        days.append(Day(f"{at}", cash * UNIT, three * UNIT, (50_000 + at if scarce else 150_000 + at) * UNIT))
    return days


def test_a_history_made_by_the_theory_is_told_as_such() -> None:
    days = history(turn=100)
    facts = theory(days, list(splits(days, COSTS)))
    assert facts is not None
    assert facts.basis_low < -1_500 and facts.basis_high > 1_500 and facts.rank_correlation > 0.5
    once = history(turn=450)
    facts = theory(once, list(splits(once, COSTS)))
    assert facts is not None and facts.moves_low > 1.4 and facts.moves_high < 1.25
    assert theory(days[:YEAR_DAYS], list(splits(days[:YEAR_DAYS], COSTS))) is None
