"""SA-CCR against the worked examples of the Basel Committee (BCBS 279, Annex 4a; CRE52.A), and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.errors import BadInput
from isthmus.risk.sa_ccr import Margining, Option, Trade, delta, duration, exposure

RATES = [
    Trade(asset_class="rates", hedging="USD", notional=10_000, value=30, end=10, maturity=10),
    Trade(asset_class="rates", hedging="USD", notional=10_000, value=-20, long=False, end=4, maturity=4),
    Trade(asset_class="rates", hedging="EUR", notional=5_000, value=50, start=1, end=11, maturity=11,
          option=Option(call=False, underlying=0.06, strike=0.05, years=1)),
]  # fmt: skip
CREDIT = [
    Trade(asset_class="credit", hedging="Firm A", kind="AA", notional=10_000, value=20, long=False, end=3, maturity=3),
    Trade(asset_class="credit", hedging="Firm B", kind="BBB", notional=10_000, value=-40, end=6, maturity=6),
    Trade(
        asset_class="credit_index", hedging="CDX.IG", kind="IG", notional=10_000, value=0, long=False, end=5, maturity=5
    ),
]
COMMODITY = [
    Trade(asset_class="commodity", hedging="oil", kind="oil", notional=10_000, value=-50, maturity=0.75),
    Trade(asset_class="commodity", hedging="oil", kind="oil", notional=20_000, value=-30, long=False, maturity=2),
    Trade(asset_class="commodity", hedging="silver", kind="metals", notional=10_000, value=100, maturity=3),
]


def test_example_1_rates() -> None:
    made = exposure(RATES)
    assert duration(0, 10) * 10_000 == pytest.approx(78_694, abs=1)
    assert delta(RATES[2]) == pytest.approx(-0.27, abs=0.005)
    assert made.replacement_cost == 60
    assert made.add_ons["rates"] == pytest.approx(347, abs=1)
    assert made.multiplier == 1.0
    assert made.exposure_at_default == pytest.approx(569, abs=1)


def test_example_2_credit() -> None:
    made = exposure(CREDIT)
    assert made.add_ons["credit"] == pytest.approx(282, abs=1)
    assert made.multiplier == pytest.approx(0.965, abs=0.001)
    assert made.exposure_at_default == pytest.approx(381, abs=1)


def test_example_3_commodities() -> None:
    made = exposure(COMMODITY)
    assert made.replacement_cost == 20
    assert made.add_ons["commodity"] == pytest.approx(3_841, abs=1)
    assert made.exposure_at_default == pytest.approx(5_406, abs=2)


def test_example_4_rates_and_credit_together() -> None:
    made = exposure(RATES + CREDIT)
    assert made.replacement_cost == 40
    assert made.exposure_at_default == pytest.approx(936, abs=2)


def test_example_5_a_margin_agreement() -> None:
    agreement = Margining(threshold=0, minimum_transfer=5, independent=150, days=14)
    made = exposure(RATES + COMMODITY, collateral=200, margining=agreement)
    assert made.replacement_cost == 0
    assert made.exposure_at_default == pytest.approx(1_879, abs=3)


def test_a_pair_is_one_hedging_set_whichever_way_it_is_written() -> None:
    one = Trade(asset_class="fx", hedging="EURUSD", notional=1_000, value=0)
    other = Trade(asset_class="fx", hedging="USDEUR", notional=1_000, value=0)
    assert exposure([one, other]).add_ons["fx"] == 0
    assert exposure([one]).add_ons["fx"] == pytest.approx(40)


def test_a_tranche_has_the_delta_of_its_points() -> None:
    tranche = Trade(
        asset_class="credit_index", hedging="CDX", kind="IG", notional=1, value=0, end=5, tranche=(0.03, 0.07)
    )
    assert delta(tranche) == pytest.approx(15 / (1.42 * 1.98))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"asset_class": "weather"}, "asset_class"),
        ({"notional": -1.0}, "notional"),
        ({"end": 0.0}, "end"),
        ({"maturity": 0.0}, "maturity"),
        ({"asset_class": "credit", "kind": "ZZ"}, "kind"),
    ],
)
def test_a_trade_that_cannot_be_is_refused_by_field(changed: dict, field: str) -> None:
    terms = {"asset_class": "rates", "hedging": "USD", "notional": 1.0, "value": 0.0, "end": 1.0} | changed
    with pytest.raises(BadInput) as refusal:
        Trade(**terms)
    assert refusal.value.field == field


def test_an_option_without_time_or_below_zero_is_refused() -> None:
    terms = {"asset_class": "equity", "hedging": "X", "notional": 1.0, "value": 0.0}
    with pytest.raises(BadInput, match="shift"):
        delta(Trade(**terms, option=Option(call=True, underlying=-1, strike=1, years=1)))
    shifted = Trade(**terms, option=Option(call=True, underlying=-1, strike=1, years=1, shift=2))
    assert 0 < delta(shifted) < 1


TRADES = st.lists(
    st.builds(
        Trade,
        asset_class=st.sampled_from(["rates", "fx", "equity", "equity_index"]),
        hedging=st.sampled_from(["USDEUR", "EURUSD", "GBPUSD"]),
        notional=st.floats(0, 1e9),
        value=st.floats(-1e6, 1e6),
        long=st.booleans(),
        end=st.floats(0.1, 30),
        maturity=st.floats(0.1, 30),
    ),
    min_size=1,
    max_size=6,
)


@given(TRADES, st.floats(0, 1e6))
def test_collateral_never_raises_the_exposure_and_an_agreement_never_above_none(
    trades: list, collateral: float
) -> None:
    bare = exposure(trades)
    assert exposure(trades, collateral).exposure_at_default <= bare.exposure_at_default * (1 + 1e-9) + 1e-6
    margined = exposure(trades, 0.0, Margining(minimum_transfer=1e5))
    assert margined.exposure_at_default <= bare.exposure_at_default


@given(TRADES)
def test_netting_sets_together_need_no_more_than_apart(trades: list) -> None:
    apart = sum(exposure([trade]).exposure_at_default for trade in trades)
    assert exposure(trades).exposure_at_default <= apart * (1 + 1e-9) + 1e-6
