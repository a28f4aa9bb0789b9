"""`isthmus margin span`: the contract's rows, the public figures, and refusals by field and line."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pytest
import zstandard

from isthmus.app.cli import main

KEYS = [
    "portfolio",
    "currency",
    "scan_risk",
    "worst_scenario",
    "intra_spread",
    "inter_credit",
    "delivery",
    "short_option_minimum",
    "net_option_value",
    "requirement",
    "exposure",
    "total",
]
HEADER = "portfolio,product,kind,expiry,strike,quantity\n"
LOSSES = [-8, -8, -40, -38, 31, 30, -75, -72, 58, 55, -100, -96, 80, 77, -70, 66]


def form(**more: Any) -> dict[str, Any]:
    """A future at 1,000 and a call at 40, lots of 10."""
    future = [0, 0, -30, -30, 30, 30, -60, -60, 60, 60, -90, -90, 90, 90, -63, 63]
    contracts = [
        {
            "product": "X",
            "kind": "future",
            "expiry": "2026-06-30",
            "lot": 10,
            "price": 1000,
            "delta": 1,
            "array": future,
        },
        {
            "product": "X",
            "kind": "future",
            "expiry": "2026-07-28",
            "lot": 10,
            "price": 1005,
            "delta": 1,
            "array": future,
        },
        {
            "product": "X",
            "kind": "call",
            "expiry": "2026-06-30",
            "strike": "1000.5",
            "lot": 10,
            "price": "40",
            "delta": 0.5,
            "array": LOSSES,
        },
    ]
    return {"currency": "USD", "contracts": contracts, "spreads": [], "minimum": {"per_unit": 0}} | more


def asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], params: Any, rows: str
) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and the rows printed."""
    parameters, portfolio = tmp_path / "params", tmp_path / "portfolio.csv"
    parameters.write_bytes(params if isinstance(params, bytes) else json.dumps(params).encode())
    portfolio.write_text(HEADER + rows, encoding="utf-8")
    code = main(["margin", "span", "--params", str(parameters), "--portfolio", str(portfolio), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_row_has_the_keys_of_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, rows = asked(
        tmp_path, capsys, form(), "a,X,future,2026-06-30,,2\nb,X,call,20260630,1000.5,-1\na,X,future,2026-07-28,,1\n"
    )
    assert code == 0
    assert [list(row) for row in rows] == [KEYS, KEYS]
    assert [row["portfolio"] for row in rows] == ["a", "b"]
    assert rows[0] == dict(
        zip(KEYS, ["a", "USD", "2700.00", 13, *["0.00"] * 5, "2700.00", "0.00", "2700.00"], strict=True)
    )


def test_a_short_option_needs_risk_and_value_and_a_long_one_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, (short, long) = asked(tmp_path, capsys, form(), "s,X,call,2026-06-30,1000.5,-3\nl,X,call,2026-06-30,1000.50,3\n")
    assert (short["scan_risk"], short["worst_scenario"], short["net_option_value"]) == ("3000.00", 11, "-1200.00")
    assert short["requirement"] == "4200.00"
    assert (long["scan_risk"], long["net_option_value"], long["requirement"]) == ("2400.00", "1200.00", "1200.00")


def test_spreads_minimum_and_exposure_come_from_the_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = {"currency": "INR", "spreads": [{"charge": 4}], "minimum": {"per_unit": 500}, "spot": 990}
    rows = "a,X,future,2026-06-30,,2\na,X,future,2026-07-28,,-2\nb,X,call,2026-06-30,1000.5,-1\n"
    _, (spread, short) = asked(tmp_path, capsys, form(**more), rows)
    assert (spread["scan_risk"], spread["intra_spread"], spread["requirement"]) == ("0.00", "80.00", "80.00")
    # 3.5 % of 20 x 1000 and of 20 x 1005
    assert (spread["exposure"], spread["total"]) == ("1403.50", "1483.50")
    assert (short["short_option_minimum"], short["requirement"], short["exposure"]) == ("5000.00", "5400.00", "346.50")


def test_credits_tiers_and_delivery_come_from_the_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = form()
    other = [contract | {"product": "Y"} for contract in whole["contracts"][:1]]
    whole["contracts"] = whole["contracts"] + other
    legs = [{"product": "X", "side": "A"}, {"product": "Y", "side": "B", "ratio": 2}]
    whole["credits"] = [{"rate": "0.5", "legs": legs}]
    whole["products"] = {"X": {"delivery": [{"expiry": "2026-06-30", "spread": 1, "outright": 2}]}}
    _, (row,) = asked(tmp_path, capsys, whole, "a,X,future,2026-06-30,,1\na,Y,future,2026-06-30,,-2\n")
    assert (row["scan_risk"], row["inter_credit"], row["delivery"]) == ("2700.00", "1350.00", "20.00")
    assert row["requirement"] == "1370.00"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, zstandard.compress, bytes])
def test_parameters_may_be_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str], pack: Any) -> None:
    code, rows = asked(tmp_path, capsys, pack(json.dumps(form()).encode()), "a,X,future,2026-06,,1\n")
    assert (code, rows[0]["requirement"]) == (0, "900.00")


def test_two_files_are_one_set_of_parameters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for name, currency in (("X", "USD"), ("Z", "EUR")):
        whole = form(currency=currency)
        whole["contracts"] = [contract | {"product": name} for contract in whole["contracts"]]
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(whole), encoding="utf-8")
    portfolio = tmp_path / "p.csv"
    portfolio.write_text(HEADER + "a,X,future,2026-06-30,,1\na,Z,future,2026-06-30,,2\n", encoding="utf-8")
    parameters = [word for file in files for word in ("--params", str(file))]
    assert main(["margin", "span", *parameters, "--portfolio", str(portfolio), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["currency"], row["requirement"]) for row in rows] == [("USD", "900.00"), ("EUR", "1800.00")]


@pytest.mark.parametrize(
    ("rows", "field", "line"),
    [
        ("a,Q,future,2026-06-30,,1\n", "product", 2),
        ("a,X,future,2026-06-30,,1\na,X,future,2026-09-30,,1\n", "expiry", 3),
        ("a,X,forward,2026-06-30,,1\n", "kind", 2),
        ("a,X,call,2026-06-30,,1\n", "strike", 2),
        ("a,X,call,2026-06-30,12x,1\n", "strike", 2),
        ("a,X,call,2026-06-30,999,1\n", "expiry", 2),
        ("a,X,future,June,,1\n", "expiry", 2),
        ("a,X,future,2026-06-30,,1.5\n", "quantity", 2),
        ("a,X,future,2026-06-30,,\n", "quantity", 2),
        ("a,X,future,2026-06-30,,1e400\n", "quantity", 2),
        ("a,X,future,2026-06-30\n", "row", 2),
    ],
)
def test_a_position_is_refused_by_field_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, field: str, line: int
) -> None:
    code, (answer,) = asked(tmp_path, capsys, form(), rows)
    assert (code, answer["error"]["field"], answer["error"]["line"]) == (2, field, line)


def test_a_portfolio_too_large_for_the_rule_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answers = asked(tmp_path, capsys, form(), f"a,X,future,2026-06-30,,{1 << 52}\n")
    assert (code, answers[-1]["error"]["field"]) == (2, "quantity")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"contracts": None}, "contracts"),
        ({"contracts": [3]}, "contracts[0]"),
        ({"currency": 5}, "currency"),
        (
            {"contracts": [{"product": "X", "kind": "future", "expiry": "2026-06-30", "array": [1] * 15}]},
            "contracts[0].array",
        ),
        ({"contracts": [{"product": "X", "kind": "swap", "array": [1] * 16}]}, "contracts[0].kind"),
        (
            {"contracts": [{"product": "X", "kind": "put", "expiry": "2026-06", "array": [1] * 16}]},
            "contracts[0].strike",
        ),
        ({"contracts": [{"product": "X", "kind": "future", "expiry": "x", "array": [1] * 16}]}, "contracts[0].expiry"),
        (
            {"contracts": [{"product": "X", "kind": "future", "expiry": "2026-06", "array": ["a"] * 16}]},
            "contracts[0].array[0]",
        ),
        ({"contracts": [{"product": "X", "kind": "future", "lot": -1, "array": [1] * 16}]}, "contracts[0].lot"),
        ({"spreads": [{"product": "X"}]}, "spreads[0].charge"),
        ({"spreads": [{"charge": 1, "legs": [{"expiry": "2026-06", "side": "C"}]}]}, "spreads[0].legs[0].side"),
        ({"credits": [{"rate": 2, "legs": [{"product": "X", "side": "A"}] * 2}]}, "credits[0].rate"),
        ({"lots": {"X": 0}}, "lots"),
    ],
)
def test_a_form_is_refused_by_the_place_of_its_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], field: str
) -> None:
    code, (answer,) = asked(tmp_path, capsys, form(**change), "a,X,future,2026-06-30,,1\n")
    assert (code, answer["error"]["field"]) == (2, field)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"{}", b"<spanFile>", b"<a/>", b"no parameters", b"\x1f\x8b broken", b"[" * 100_000]
)
def test_what_is_no_parameter_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes) -> None:
    code, (answer,) = asked(tmp_path, capsys, text, "a,X,future,2026-06-30,,1\n")
    assert (code, bool(answer["error"]["reason"])) == (2, True)


def nifty(test_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((test_data / "risk/span/nse_nifty_20260625.json").read_text(encoding="utf-8"))
    return found


def test_margins_of_nifty_are_the_published_ones(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = nifty(test_data)
    for lot, lots, expected in ((75, 1, "margin_1_lot_of_75"), (65, 10, "margin_10_lots_of_65")):
        contract = {
            "product": "NIFTY",
            "kind": "future",
            "expiry": facts["expiry"],
            "lot": lot,
            "price": facts["future"],
            "delta": 1,
            "array": facts["risk_array"],
        }
        whole = {"currency": "INR", "contracts": [contract], "spreads": [{"charge": facts["calendar_spread_charge"]}]}
        _, (row,) = asked(tmp_path, capsys, whole, f"a,NIFTY,future,{facts['expiry']},,{lots}\n")
        assert float(row["requirement"]) == facts["expected"][expected]
        assert row["worst_scenario"] in facts["expected"]["worst_points"]


def test_a_cme_file_of_the_published_records_margins_its_futures(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = json.loads((test_data / "risk/span/cme_pa2_20190102.json").read_text(encoding="utf-8"))
    records = facts["records"]
    text = "\n".join(records[name] for name in ("HEADER", "P_ES", "B_ES", "R81_ES", "R82_ES"))
    _, (row, short) = asked(tmp_path, capsys, text.encode(), "a,ES,future,201903,,1\nb,ES,future,2019-03-15,,-3\n")
    scan = facts["expected"]["ES"]["price_scan"]
    assert (float(row["requirement"]), row["currency"], float(short["requirement"])) == (scan, "USD", 3 * scan)


def test_prices_of_cme_are_decoded_as_published(test_data: Path) -> None:
    from isthmus.engine.span import span_price

    facts = json.loads((test_data / "risk/span/cme_pa2_20190102.json").read_text(encoding="utf-8"))
    for case in facts["decode"]:
        digits = int(case["raw"]) * (-1 if case.get("sign") == "-" else 1)
        found = span_price(digits, case["locator"], case["alignment"])
        assert found == pytest.approx(case["expected"] * 1_000_000, abs=0.51), case


def test_a_broker_comes_to_the_same_within_its_tolerance(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = json.loads((test_data / "risk/span/nse_broker_crosscheck.json").read_text(encoding="utf-8"))
    future, short, _long = facts["cases"]
    flat = [0.0] * 12
    contracts = [
        {
            "product": "NIFTY",
            "kind": "future",
            "expiry": "2026-06-30",
            "lot": 65,
            "price": future["exposure"] / 65 / 0.02,
            "array": [*flat, future["span_sdk"] / 65, future["span_sdk"] / 65, 0, 0],
        },
        {
            "product": "NIFTY",
            "kind": "call",
            "expiry": "2026-06-30",
            "strike": 23700,
            "lot": 65,
            "price": short["premium"] / 65,
            "array": [*flat[:10], -short["scan_risk"] / 65, 0, 300, 300, 0, 0],
        },
    ]
    whole = {"currency": "INR", "contracts": contracts, "spot": short["exposure_sdk"] / 65 / 0.02}
    rows = "f,NIFTY,future,2026-06-30,,1\ns,NIFTY,call,2026-06-30,23700,-1\nl,NIFTY,call,2026-06-30,23700,1\n"
    _, (first, second, third) = asked(tmp_path, capsys, whole, rows)
    for row, case in ((first, future), (second, short)):
        assert float(row["requirement"]) == pytest.approx(case["span_sdk"], abs=0.01)
        assert float(row["total"]) == pytest.approx(case["total_broker"], rel=case["tolerance_pct"] / 100)
    assert float(second["net_option_value"]) == pytest.approx(short["net_option_value"], abs=0.01)
    assert (third["requirement"], third["exposure"]) == ("0.00", "0.00")
