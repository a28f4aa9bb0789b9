"""ISDA SIMM: the public unit cases to the unit, cases worked by hand, laws, and refusals by column and line."""

import contextlib
import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.app.cli import main
from isthmus.kernel.errors import BadInput
from isthmus.risk.simm import Sensitivities, SimmMargin

HEADER = "id,ProductClass,RiskType,Qualifier,Bucket,Label1,Label2,Amount,AmountCurrency,AmountUSD"
CALIBRATED = ("delta", "vega", "curvature", "base_correlation", "add_on", "total")


def margin(*rows: str, days: int = 10, currency: str = "USD") -> SimmMargin:
    read = Sensitivities("\n".join([HEADER, *rows]))
    return read.margins(read.portfolios(), days, currency)["1"]


def rate(amount: float, tenor: str = "5y", currency: str = "USD", curve: str = "OIS") -> str:
    return f"r,RatesFX,Risk_IRCurve,{currency},1,{tenor},{curve},{amount},USD,{amount}"


@pytest.mark.parametrize("days", [10])
def test_the_public_unit_cases_come_out_to_the_unit(test_data: Path, capsys: pytest.CaptureFixture, days: int) -> None:
    folder = test_data / "risk" / "simm25"
    with (folder / f"cases_{days}day.csv").open() as lines:
        cases = list(csv.DictReader(lines))
    read = Sensitivities((folder / "crif.csv").read_text())
    made = read.margins({row["case"]: read.rows_of(row["crif_ids"].split()) for row in cases}, days)
    columns = ("im_delta", "im_vega", "im_curvature", "im_basecorr", "im_addon", "expected_total")
    for row in cases:
        told = [0 if row[name] == "-" else float(row[name].replace(",", "")) for name in columns]
        found = [getattr(made[row["case"]], name) for name in CALIBRATED]
        assert found == pytest.approx(told, abs=0.51), row["case"]
    assert len(made) == len(cases) >= 481


def test_the_command_prints_a_row_a_case(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    crif, cases = tmp_path / "crif.csv", tmp_path / "cases.csv"
    crif.write_text("\n".join([HEADER, rate(1_000_000).replace("r,", "a,"), rate(-400_000).replace("r,", "b,")]))
    cases.write_text("case,crif_ids\none,a\nboth,a b\n")
    assert main(["margin", "simm", "--crif", str(crif), "--cases", str(cases), "--json"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert '"case":"one"' in first and '"total":"52000000"' in first
    assert '"case":"both"' in second and '"total":"31200000"' in second


def test_two_tenors_of_a_curve_offset_by_their_correlation() -> None:
    # 52 and 53 a basis point, correlation 0.94 between 5y and 10y
    expected = (52.0**2 + 53.0**2 - 2 * 0.94 * 52 * 53) ** 0.5 * 1e6
    assert margin(rate(1e6), rate(-1e6, "10y")).total == pytest.approx(expected)


def test_a_concentrated_currency_costs_the_root_of_how_far_it_is_over() -> None:
    # 920 millions a basis point against a threshold of 230: twice the weight
    assert margin(rate(920e6)).total == pytest.approx(920e6 * 52 * 2)
    assert margin(rate(920e6), days=1).total == pytest.approx(920e6 * 16)  # of one day nothing is concentrated


def test_currencies_against_the_calculation_currency_count_and_it_does_not() -> None:
    euro = "f,RatesFX,Risk_FX,EUR,,,,1000000,USD,1000000"
    assert margin(euro).total == pytest.approx(7.4e6)
    assert margin(euro, currency="EUR").total == 0.0
    assert margin(euro, currency="BRL").total == pytest.approx(13.6e6)


def test_curvature_of_a_bought_option_is_not_negative_and_that_of_a_sold_one_less() -> None:
    vega = "v,Equity,Risk_EquityVol,ISIN:X,1,1m,,{0},USD,{0}"
    bought, sold = margin(vega.format(1e6)), margin(vega.format(-1e6))
    assert bought.vega == pytest.approx(sold.vega)
    assert bought.curvature > 0 and sold.curvature == 0.0


def test_volatility_indices_have_no_curvature() -> None:
    made = margin("v,Equity,Risk_EquityVol,VIX,12,1m,,1000000,USD,1000000")
    assert made.vega > 0 and made.curvature == 0.0


def test_a_residual_bucket_hedges_nothing() -> None:
    row = "e,Equity,Risk_Equity,ISIN:{0},{1},,,{2},USD,{2}"
    alone, other = margin(row.format("A", "Residual", 1e5)), margin(row.format("B", "1", -1e5))
    assert margin(row.format("A", "Residual", 1e5), row.format("B", "1", -1e5)).total == pytest.approx(
        alone.total + other.total
    )


def test_add_ons_are_fixed_amounts_and_shares_of_notionals() -> None:
    made = margin(
        "a,,Param_AddOnFixedAmount,,,,,1000,USD,1000",
        "b,,Param_AddOnNotionalFactor,Exotic,,,,12.5,,",
        "c,,Notional,Exotic,,,,8000,USD,8000",
        "d,,Notional,Plain,,,,9000,USD,9000",
    )
    assert (made.add_on, made.total) == (2_000.0, 2_000.0)


def test_portfolios_of_the_file_are_cases_of_their_own() -> None:
    head = HEADER.replace("id,", "TradeID,PortfolioID,")
    read = Sensitivities("\n".join([head, "t1,A," + rate(1e6)[2:], "t2,B," + rate(2e6)[2:], "t3,A," + rate(-1e6)[2:]]))
    made = read.margins(read.portfolios())
    assert (made["A"].total, made["B"].total) == (0.0, pytest.approx(104e6))


SOME = st.lists(
    st.builds(
        rate,
        st.integers(-(10**8), 10**8),
        st.sampled_from(["2w", "1y", "30y"]),
        st.sampled_from(["USD", "JPY", "BRL"]),
        st.sampled_from(["OIS", "Libor3m"]),
    ),
    min_size=1,
    max_size=8,
)


@given(SOME, st.randoms(use_true_random=False))
def test_rows_may_come_in_any_order_and_be_cut_in_two(rows: list[str], chance) -> None:
    whole = margin(*rows).total
    mixed = [row for row in rows for _ in range(2)]
    mixed = [_halved(row) for row in mixed]
    chance.shuffle(mixed)
    assert margin(*mixed).total == pytest.approx(whole, rel=1e-9, abs=1e-6)


@given(SOME)
def test_the_other_side_of_linear_risk_needs_the_same(rows: list[str]) -> None:
    assert margin(*[_scaled(row, -1) for row in rows]).total == pytest.approx(margin(*rows).total, rel=1e-9, abs=1e-6)


def _halved(row: str) -> str:
    return _scaled(row, 0.5)


def _scaled(row: str, by: float) -> str:
    head, _, _, amount = row.rsplit(",", 3)
    return f"{head},{float(amount) * by},USD,{float(amount) * by}"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("x,RatesFX,Risk_Weather,USD,1,5y,OIS,1,USD,1", "RiskType"),
        ("x,Sports,Risk_IRCurve,USD,1,5y,OIS,1,USD,1", "ProductClass"),
        ("x,RatesFX,Risk_IRCurve,USD,1,4y,OIS,1,USD,1", "Label1"),
        ("x,RatesFX,Risk_IRCurve,usd,1,5y,OIS,1,USD,1", "Qualifier"),
        ("x,RatesFX,Risk_IRCurve,,1,5y,OIS,1,USD,1", "Qualifier"),
        ("x,RatesFX,Risk_FXVol,USDEU,,5y,,1,USD,1", "Qualifier"),
        ("x,Equity,Risk_Equity,X,13,,,1,USD,1", "Bucket"),
        ("x,Commodity,Risk_Commodity,X,Residual,,,1,USD,1", "Bucket"),
        ("x,Equity,Risk_Equity,X,1,,,many,USD,many", "AmountUSD"),
        ("x,Equity,Risk_Equity,X,1,,,nan,USD,inf", "AmountUSD"),
        ("x,Equity,Risk_Equity,X,1,,,5,EUR,", "AmountUSD"),
    ],
)
def test_a_row_that_is_no_sensitivity_is_refused_by_column_and_line(row: str, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        margin(rate(1), row)
    assert (refusal.value.field, refusal.value.line) == (field, 3)


def test_a_file_without_a_column_is_refused_by_its_name() -> None:
    with pytest.raises(BadInput) as refusal:
        Sensitivities("id,ProductClass\n")
    assert refusal.value.field == "RiskType"


def test_a_case_with_an_unknown_row_and_an_unknown_period_are_refused() -> None:
    read = Sensitivities("\n".join([HEADER, rate(1)]))
    with pytest.raises(BadInput, match="no row"):
        read.rows_of(["nobody"])
    with pytest.raises(BadInput, match="10 days"):
        read.margins(read.portfolios(), 5)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(noise: bytes) -> None:
    text = "\n".join([HEADER, noise.decode("utf-8", "replace")])
    with contextlib.suppress(BadInput):
        assert Sensitivities(text).portfolios() is not None
