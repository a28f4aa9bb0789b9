"""Spreads, advice, data, invoices, attribution: hand-worked cases and what must add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.errors import BadInput
from isthmus.ledger.revenue.advisory import Mandate, crystallise, value_day
from isthmus.ledger.revenue.attribution import Earned, attribute
from isthmus.ledger.revenue.invoices import Line, Register, bill, pay
from isthmus.ledger.revenue.markup import NS_PER_S, Dealt, Middles, spread
from isthmus.ledger.revenue.subscriptions import Access, Product, usage


def mandate(**changed: int) -> Mandate:
    terms = {"management_ppm": 10_000, "performance_ppm": 200_000, "mark": 1_000, "value": 1_000, "valued": 10}
    return Mandate(account="client:ann", **terms | changed)


def test_the_spread_is_what_the_client_paid_over_the_middle_less_what_the_market_moved() -> None:
    middles = Middles([(0, 200), (NS_PER_S, 202), (100 * NS_PER_S, 206)])
    sold = Dealt("client:ann", True, 101, 10, 1, 0)
    made = spread(sold, middles)
    assert made is not None
    assert (made.revenue, made.kept) == (10, {1: 0, 10: 0, 60: 0})


def test_a_client_who_sells_pays_the_other_half_of_the_spread() -> None:
    made = spread(Dealt("client:ann", False, 99, 10, 1, 0), Middles([(0, 200), (NS_PER_S, 190)]))
    assert made is not None and (made.revenue, made.kept) == (10, {1: -40, 10: None, 60: None})


def test_without_a_middle_there_is_no_figure() -> None:
    assert spread(Dealt("client:ann", True, 101, 1, 1, 5), Middles([(6, 200)])) is None
    with pytest.raises(BadInput, match="order of time"):
        Middles([(6, 200), (5, 200)])


def test_a_performance_fee_is_taken_once_for_the_same_gain() -> None:
    up, fee = crystallise(value_day(mandate(), 1_500, 0, 11))
    assert fee == 100
    down = value_day(up, 1_200, 0, 12)
    assert crystallise(down)[1] == 0
    assert crystallise(value_day(down, 1_500, 0, 13))[1] == 0
    assert crystallise(value_day(down, 1_600, 0, 13))[1] == 20


def test_a_deposit_is_no_gain_and_a_withdrawal_no_loss() -> None:
    assert crystallise(value_day(mandate(), 2_000, 1_000, 11))[1] == 0
    assert crystallise(value_day(mandate(), 600, -500, 11))[1] == 20


def test_the_management_fee_of_a_year_is_its_rate() -> None:
    one = mandate(value=1_000_000, mark=1_000_000)
    for day in range(11, 376):
        one = value_day(one, 1_000_000, 0, day)
    assert one.due == 10_000
    with pytest.raises(BadInput, match="valued before"):
        value_day(one, 1, 0, 375)


PRODUCTS = {"lit": Product(name="lit", asset="USD", professional=5_000, private=100, non_display=70_000)}


def access(device: str, professional: bool = False, display: bool = True, month: int = 1) -> Access:
    return Access("client:ann", "lit", device, professional, display, month)


def test_a_device_counts_once_a_month_and_as_professional_if_it_ever_was() -> None:
    log = [access("a"), access("a"), access("b"), access("b", professional=True), access("c", month=2)]
    (row,) = usage(log, PRODUCTS, 1)
    assert (row.devices, row.amount) == (2, 5_100)


def test_a_machine_that_shows_nothing_pays_flat() -> None:
    (row,) = usage([access("robot", display=False), access("robot", display=False)], PRODUCTS, 1)
    assert (row.devices, row.amount) == (0, 70_000)


def test_use_of_something_without_a_price_is_refused() -> None:
    with pytest.raises(BadInput, match="price list"):
        usage([access("a")], {}, 1)


def lines(*amounts: int) -> list[Line]:
    return [
        Line(source="fees", text=f"part {at}", amount=one, tax_ppm=190_000, key=f"k{at}")
        for at, one in enumerate(amounts)
    ]


def test_tax_is_rounded_once_a_rate_and_not_once_a_line() -> None:
    (invoice,) = bill(Register(), "client:ann", "EUR", lines(3, 3, 3), (1, 15)).invoices
    assert (invoice.net, invoice.taxes, invoice.total) == (9, ((190_000, 2),), 11)


def test_what_was_invoiced_is_not_invoiced_again() -> None:
    register = bill(Register(), "client:ann", "EUR", lines(5, 6), (1, 15))
    assert bill(register, "client:ann", "EUR", lines(5, 6), (2, 16)) == register
    more = bill(register, "client:ann", "EUR", lines(5, 6, 7), (2, 16))
    assert [(one.number, one.net) for one in more.invoices] == [(1, 11), (2, 7)]


def test_a_payment_is_never_above_what_is_open() -> None:
    register = bill(Register(), "client:ann", "EUR", lines(100), (1, 15))
    register = pay(register, 1, 19)
    assert register.invoices[0].open == 100
    with pytest.raises(BadInput, match="1 to 100"):
        pay(register, 1, 101)
    with pytest.raises(BadInput, match="no invoice"):
        pay(register, 2, 1)


EARNED = st.lists(
    st.builds(
        Earned,
        st.sampled_from(["client:ann", "client:bob"]),
        st.sampled_from(["EUR", "USD"]),
        st.sampled_from(["fees", "spread", "tips"]),
        st.integers(-(10**12), 10**12),
    )
)


@given(EARNED)
def test_revenue_by_client_and_by_source_is_the_same_sum(rows: list[Earned]) -> None:
    for cut in attribute(rows):
        whole = sum(row.amount for row in rows if row.asset == cut.asset)
        assert cut.total == whole == sum(cut.sources.values())
        assert whole == sum(sum(row.values()) for row in cut.clients.values())
