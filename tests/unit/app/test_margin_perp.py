"""`isthmus margin perp`: the public case table, and rows that nobody may absorb."""

import json
from pathlib import Path
from typing import Any

import pytest

from isthmus.app.cli import main
from isthmus.app.output import EXIT_BAD_USE, EXIT_FOUND, EXIT_OK

ONE: dict[str, Any] = {
    "prices": {"BTC": 50000.0},
    "maintenance_margin_fraction": 0.1,
    "usdc": -4501,
    "positions": {"BTC": 0.1},
    "market": "BTC",
    "delta": -0.1,
    "config": {"bankruptcy_adjustment": 1.0, "spread_to_maintenance": 0.1, "max_liquidation_fee": 0.005},
}


def answers(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    code = main(["margin", "perp", "--cases", str(path), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def asked(row: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([row]))
    code, rows = answers(path, capsys)
    return code, rows[0]


def test_the_public_table_is_reproduced_to_the_unit(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = test_data / "risk" / "liquidation" / "perp_cases.json"
    code, rows = answers(path, capsys)
    assert code == EXIT_OK
    assert [row["case"] for row in rows] == list(range(1, len(json.loads(path.read_text())) + 1))
    assert not [row for row in rows if "differs" in row or "error" in row]


def test_a_long_position_below_its_margin_has_its_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, row = asked(ONE | {"fill_price": 46000}, tmp_path, capsys)
    assert code == EXIT_OK
    told = (row["liquidatable"], row["bankruptcy_quote"], row["fillable_price"], row["fillable_quote"])
    assert told == (True, "4501", "49999", "4999.9")
    assert row["insurance_delta"] == "23", "of 99 that closing brings beyond bankruptcy, the fee of 0.5 % of 4,600"


def test_a_fund_pays_what_closing_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(ONE | {"fill_price": 44000}, tmp_path, capsys)[1]["insurance_delta"] == "-101"


def test_a_third_is_rounded_and_never_cut_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = ONE | {"positions": {"BTC": -3}, "usdc": 160000, "prices": {"BTC": 50000}, "delta": 1}
    assert asked(row, tmp_path, capsys)[1]["fillable_price"] == "50166.666666666666666666"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"delta": 0.1}, "delta"),
        ({"delta": -0.2}, "delta"),
        ({"market": "ETH"}, "market"),
        ({"prices": {}}, "prices"),
        ({"prices": {"BTC": -1}}, "prices"),
        ({"positions": {"BTC": "x"}}, "BTC"),
        ({"positions": {"BTC": 1e300}}, "BTC"),
        ({"positions": [1]}, "positions"),
        ({"usdc": True}, "usdc"),
        ({"maintenance_margin_fraction": 2}, "maintenance_margin_fraction"),
        ({"config": {"spread_to_maintenance": -1}}, "config"),
        ({"fill_price": -1}, "fill_price"),
        ({"total_maintenance_margin": -1}, "total_maintenance_margin"),
    ],
)
def test_a_row_that_cannot_be_told_is_refused_by_key(
    change: dict[str, Any], field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, row = asked(ONE | change, tmp_path, capsys)
    assert code == EXIT_FOUND
    assert row["error"]["field"] == field
    assert set(row) >= {"case", "liquidatable", "bankruptcy_quote", "fillable_quote", "insurance_delta"}


def test_totals_that_the_positions_do_not_give_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, row = asked(ONE | {"net_collateral": 600}, tmp_path, capsys)
    assert (code, row["differs"], row["liquidatable"]) == (EXIT_FOUND, ["net_collateral"], False)


def test_an_answer_that_is_not_the_expected_one_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, row = asked(ONE | {"expected_fillable_price": 49998.0}, tmp_path, capsys)
    assert (code, row["differs"]) == (EXIT_FOUND, ["fillable_price"])


def test_what_is_no_list_of_rows_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cases.json"
    for text in ("", "[", "{"):
        path.write_text(text)
        assert main(["margin", "perp", "--cases", str(path), "--json"]) == EXIT_BAD_USE
        assert json.loads(capsys.readouterr().out)["error"]["field"] == "cases"
