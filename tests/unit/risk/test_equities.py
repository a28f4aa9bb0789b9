"""Regulation T by hand-worked strategies, portfolio margin by its points, and laws of both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.errors import BadInput
from isthmus.risk.equities import PRICE_UNITS, Holdings, Option, portfolio, regulation_t

DAY = 20_000


def option(quantity: int, strike: float, price: float, *, call: bool = True, expiry: int = DAY) -> Option:
    return Option(
        quantity=quantity,
        call=call,
        strike=round(strike * PRICE_UNITS),
        expiry=expiry,
        price=round(price * PRICE_UNITS),
    )


def holdings(*options: Option, stock: int = 0, price: float = 50, kind: str = "stock") -> Holdings:
    return Holdings(underlying="ACME", price=round(price * PRICE_UNITS), kind=kind, stock=stock, options=options)


def dollars(amount: int) -> float:
    return amount / PRICE_UNITS


@pytest.mark.parametrize(
    ("stock", "price", "initial", "kept"),
    [(100, 50, 2_500, 1_250), (-100, 50, 2_500, 1_500), (-100, 10, 500, 500), (-100, 4, 400, 400), (-100, 2, 250, 250)],
)
def test_stock(stock: int, price: float, initial: float, kept: float) -> None:
    made = regulation_t(holdings(stock=stock, price=price))
    assert (dollars(made.initial), dollars(made.maintenance)) == (initial, kept)


def test_a_bought_option_requires_nothing_beyond_its_price() -> None:
    assert regulation_t(holdings(option(5, 50, 3))).initial == 0


def test_a_written_call_at_the_money_requires_its_price_and_a_fifth() -> None:
    assert dollars(regulation_t(holdings(option(-1, 50, 3))).initial) == 1_300


def test_far_out_of_the_money_the_least_is_a_tenth() -> None:
    assert dollars(regulation_t(holdings(option(-1, 70, 1))).initial) == 600
    assert dollars(regulation_t(holdings(option(-1, 30, 1, call=False))).initial) == 400  # a tenth of the strike


def test_a_broad_index_asks_for_fifteen_per_cent() -> None:
    assert dollars(regulation_t(holdings(option(-1, 50, 3), kind="index")).initial) == 1_050


def test_a_covered_call_requires_the_stock_alone() -> None:
    assert dollars(regulation_t(holdings(option(-1, 55, 2), stock=100)).initial) == 2_500
    assert dollars(regulation_t(holdings(option(-2, 55, 2), stock=100)).initial) == 2_500 + 700


def test_a_spread_requires_what_it_can_lose() -> None:
    assert dollars(regulation_t(holdings(option(-1, 50, 3), option(1, 55, 1))).initial) == 500
    assert regulation_t(holdings(option(1, 50, 3), option(-1, 55, 1))).initial == 0
    assert dollars(regulation_t(holdings(option(-1, 50, 3, call=False), option(1, 45, 1, call=False))).initial) == 500


def test_a_bought_option_that_ends_first_covers_nothing() -> None:
    made = regulation_t(holdings(option(-1, 50, 3), option(1, 55, 1, expiry=DAY - 1)))
    assert dollars(made.initial) == 1_300


def test_a_straddle_requires_the_greater_side_and_the_price_of_the_other() -> None:
    assert dollars(regulation_t(holdings(option(-1, 50, 3), option(-1, 50, 2, call=False))).initial) == 1_500


def test_portfolio_margin_of_a_share_is_fifteen_per_cent() -> None:
    made = portfolio(holdings(stock=100), lambda one, price: one.price)
    assert dollars(made.initial) == 750


def test_portfolio_margin_of_a_hedge_is_the_worst_point_and_never_below_the_least() -> None:
    def intrinsic(one: Option, price: int) -> int:
        return max(price - one.strike, 0) if one.call else max(one.strike - price, 0)

    hedged = portfolio(holdings(option(1, 50, 0, call=False), stock=100), intrinsic)
    assert dollars(hedged.initial) == 37.5
    index = portfolio(holdings(stock=100, kind="index"), intrinsic)
    assert dollars(index.initial) == 400


@pytest.mark.parametrize("changed", [{"kind": "bond"}, {"price": 0}, {"price": -5}, {"options": (option(1, -1, 1),)}])
def test_holdings_that_cannot_be_margined_are_refused(changed: dict) -> None:
    with pytest.raises(BadInput):
        Holdings(**{"underlying": "ACME", "price": PRICE_UNITS} | changed)


OPTIONS = st.lists(
    st.builds(
        option,
        st.integers(-9, 9).filter(bool),
        st.integers(30, 70),
        st.integers(0, 20),
        call=st.booleans(),
        expiry=st.integers(DAY, DAY + 2),
    ),
    max_size=6,
)


@given(OPTIONS, st.integers(-900, 900), st.booleans())
def test_a_hedge_never_raises_the_requirement_of_regulation_t(options: list, stock: int, call: bool) -> None:
    bare = regulation_t(holdings(*options, stock=stock)).initial
    assert bare >= 0
    extra = option(1, 50, 2, call=call, expiry=DAY + 5)
    assert regulation_t(holdings(*options, extra, stock=stock)).initial <= bare


@given(OPTIONS, st.integers(-900, 900))
def test_strategies_never_require_more_than_everything_alone(options: list, stock: int) -> None:
    together = regulation_t(holdings(*options, stock=stock)).initial
    alone = regulation_t(holdings(stock=stock)).initial
    alone += sum(regulation_t(holdings(one)).initial for one in options)
    assert together <= alone
