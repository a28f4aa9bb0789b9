"""Schedules by tier: hand-worked cases, and the law that rating again changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.errors import BadInput
from isthmus.ledger.revenue.fees import DAY_NS, Charge, Fill, Schedule, Tier, rate, still_due

PLAIN = Schedule(name="plain", tiers=[Tier(volume=0, maker_ppm=1_000, taker_ppm=2_000)])
TIERED = Schedule(
    name="tiered",
    tiers=[
        Tier(volume=0, maker_ppm=1_000, taker_ppm=2_000),
        Tier(volume=1_000_000, maker_ppm=-100, taker_ppm=1_500),
    ],
    venues={"dark": [Tier(volume=0, maker_ppm=500, taker_ppm=500)]},
)


def fill(day: int, value: int, charged: int = 0, *, order: int = 1, maker: bool = False, venue: str = "house") -> Fill:
    return Fill("client:ann", order, venue, maker, "USD", value, charged, day * DAY_NS + 5)


def test_what_the_engine_charged_too_much_comes_back() -> None:
    charges = rate([fill(100, 1_000_000, 3_000)], {"client:ann": PLAIN}, (100, 100))
    assert [(one.account, one.asset, one.amount) for one in charges] == [("client:ann", "USD", -1_000)]


def test_a_tier_counts_the_volume_of_the_days_before_and_not_of_the_day_itself() -> None:
    fills = [fill(99, 1_000_000, order=1), fill(100, 1_000_000, order=2)]
    assert rate(fills, {"client:ann": TIERED}, (99, 99))[0].amount == 2_000
    assert rate(fills, {"client:ann": TIERED}, (100, 100))[0].amount == 1_500
    assert rate([fills[1]], {"client:ann": TIERED}, (100, 100))[0].amount == 2_000


def test_a_volume_of_thirty_one_days_ago_is_forgotten() -> None:
    late = [fill(100, 1_000_000, order=1), fill(131, 1_000_000, order=2)]
    assert rate(late, {"client:ann": TIERED}, (131, 131))[0].amount == 2_000


def test_a_maker_rebate_is_paid_out() -> None:
    fills = [fill(99, 5_000_000), fill(100, 1_000_000, order=2, maker=True)]
    assert rate(fills, {"client:ann": TIERED}, (100, 100))[0].amount == -100


def test_a_venue_has_rates_of_its_own() -> None:
    assert rate([fill(100, 1_000_000, venue="dark")], {"client:ann": TIERED}, (100, 100))[0].amount == 500


def test_an_order_costs_its_minimum_and_never_more_than_its_cap() -> None:
    bounded = Schedule(name="bounded", tiers=PLAIN.tiers, minimum=100, cap=1_000)
    small, large = [fill(100, 10)], [fill(100, 400_000), fill(100, 400_000)]
    assert rate(small, {"client:ann": bounded}, (100, 100))[0].amount == 100
    assert rate(large, {"client:ann": bounded}, (100, 100))[0].amount == 1_000


def test_rounding_is_once_an_order_however_it_was_cut() -> None:
    cut = [fill(100, 333), fill(100, 333), fill(100, 334)]
    assert rate(cut, {"client:ann": PLAIN}, (100, 100)) == rate([fill(100, 1_000)], {"client:ann": PLAIN}, (100, 100))


def test_only_the_change_of_a_charge_is_still_due() -> None:
    charge = Charge("client:ann", "USD", -900, "k", "plain")
    assert still_due([charge], {"k": -900}) == []
    assert [one.amount for one in still_due([charge], {"k": -1_000})] == [100]


FILLS = st.lists(
    st.builds(
        fill,
        st.integers(60, 100),
        st.integers(1, 10**12),
        st.integers(0, 10**9),
        order=st.integers(1, 5),
        maker=st.booleans(),
        venue=st.sampled_from(["house", "dark"]),
    ),
    max_size=30,
)


@given(FILLS, st.randoms())
def test_rating_does_not_depend_on_the_order_of_the_fills_and_posting_it_ends_it(fills: list[Fill], chance) -> None:
    charges = rate(fills, {"client:ann": TIERED}, (90, 100))
    shuffled = list(fills)
    chance.shuffle(shuffled)
    again = rate(shuffled, {"client:ann": TIERED}, (90, 100))
    assert again == charges
    assert still_due(again, {charge.key: charge.amount for charge in charges}) == []


@pytest.mark.parametrize(
    "tiers",
    [
        [],
        [Tier(volume=5, maker_ppm=0, taker_ppm=0)],
        [Tier(volume=0, maker_ppm=0, taker_ppm=0), Tier(volume=0, maker_ppm=0, taker_ppm=0)],
        [Tier(volume=0, maker_ppm=0, taker_ppm=200_000)],
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(tiers: list[Tier]) -> None:
    with pytest.raises(BadInput):
        Schedule(name="wrong", tiers=tiers)
