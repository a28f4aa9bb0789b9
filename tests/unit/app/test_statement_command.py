"""`isthmus statement read`: statements of banks as they really hand them out."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from isthmus.app.cli import main
from isthmus.app.statement_file import statements_of
from isthmus.kernel.errors import BadInput

BARE = """BANKNL2A
940
:20:FIRST
:25:NL00BANK0123456789
:28C:12/1
:60F:C260102EUR100,
:61:2601020102D10,5NTRFWD-1//B1
:86:out
 and on
:61:2601030103RD0,50NTRFNONREF
:62F:C260103EUR90,00
-
BANKNL2A
:20:SECOND
:25:NL00BANK0123456789
:28:13
:60F:C260103EUR90,00
:61:260103C1N000LATE
:62F:C260103EUR91,01
"""


def read(tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes) -> tuple[int, dict]:
    path = tmp_path / "statement"
    path.write_bytes(data)
    code = main(["statement", "read", str(path), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_file_without_envelopes_tells_each_message_and_which_does_not_add_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = read(tmp_path, capsys, BARE.encode())
    first, second = told["statements"]
    assert code == 1 and told["refused"] == []
    assert (first["account"], first["currency"], first["opening"], first["closing"]) == (
        "NL00BANK0123456789", "EUR", "100", "90.00",
    )  # fmt: skip
    assert [(row["date"], row["amount"], row["reference"]) for row in first["entries"]] == [
        ("2026-01-02", "-10.5", "WD-1"),
        ("2026-01-03", "0.50", "NONREF"),
    ]
    assert first["adds_up"] is True and second["adds_up"] is False
    assert second["number"] == "13"


def test_a_message_that_cannot_be_counted_is_refused_by_field_and_line_and_the_next_is_read() -> None:
    found, (refused,) = statements_of(BARE.replace(":60F:C260102", ":60F:C261402").encode())
    assert [one.identifier for one in found] == ["SECOND"]
    assert (refused.message, refused.field, refused.line) == (1, "60F", 6)


def test_pages_with_interim_balances_add_up_each_for_itself() -> None:
    paged = BARE.replace(":62F:C260103EUR90,00", ":62M:C260103EUR90,00").replace(":60F:C260103", ":60M:C260103")
    found, _ = statements_of(paged.encode())
    assert [one.adds_up for one in found] == [True, False]


def test_two_whole_statements_of_one_number_are_not_taken_for_pages() -> None:
    found, _ = statements_of(BARE.replace(":28:13", ":28C:12/1").encode())
    assert [one.closing for one in found] == [Decimal("90.00"), Decimal("91.01")]


CAMT = """<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.05{form}"><{outer}>
<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-01-02T00:00:00Z</CreDtTm></GrpHdr>
<{inner}><Id>S</Id><ElctrncSeqNb>7</ElctrncSeqNb><Acct><Id><Othr><Id>A1</Id></Othr></Id></Acct>{balances}
<Ntry><Amt Ccy="EUR">2.5</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>{status}</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt>
<AcctSvcrRef>B</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>WD-1</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
</{inner}></{outer}></Document>"""


def test_the_first_version_has_other_names_for_the_same() -> None:
    text = camt("3.001.01", "BkToCstmrStmtV01", "Stmt", balance("OPBD", "10") + balance("CLBD", "7.50")).decode()
    for now, then in (
        ("Othr><Id", "PrtryAcct><Id"),
        ("</Othr>", "</PrtryAcct>"),
        ("CdOrPrtry>", ""),
        ("NtryDtls>", ""),
    ):
        text = text.replace(f"<{now}", f"<{then}" if then else "").replace(f"</{now}", "" if not then else f"</{then}")
    text = text.replace("</Othr>", "</PrtryAcct>")
    ((found,), refused) = statements_of(text.encode())
    assert (found.account, found.opening, found.adds_up, refused) == ("A1", Decimal("10"), True, [])
    assert found.entries[0].reference == "WD-1"


def balance(kind: str, amount: str, currency: str = "EUR") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{amount}</Amt>"
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-02</Dt></Dt></Bal>"
    )


def camt(form: str, outer: str, inner: str, balances: str = "", status: str = "BOOK") -> bytes:
    return CAMT.format(form=form, outer=outer, inner=inner, balances=balances, status=status).encode()


@pytest.mark.parametrize(
    ("form", "outer", "inner"),
    [
        ("2.001.02", "BkToCstmrAcctRpt", "Rpt"),
        ("3.001.02", "BkToCstmrStmt", "Stmt"),
        ("3.001.10", "BkToCstmrStmt", "Stmt"),
        ("4.001.08", "BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    ],
)
def test_all_kinds_and_versions_of_camt_are_read(form: str, outer: str, inner: str) -> None:
    ((found,), refused) = statements_of(camt(form, outer, inner, balance("OPBD", "10") + balance("CLBD", "7.50")))
    assert (found.account, found.currency, found.number, found.adds_up, refused) == ("A1", "EUR", "7", True, [])
    assert [(line.amount, line.reference) for line in found.entries] == [(Decimal("-2.5"), "WD-1")]


@pytest.mark.parametrize(
    ("balances", "adds_up"),
    [
        ("", None),
        (balance("OPBD", "10"), None),
        (balance("OPBD", "10") + balance("CLBD", "7.51"), False),
        (balance("OPBD", "10") + balance("CLBD", "7.50", "USD"), False),
        (balance("PRCD", "99") + balance("OPBD", "10") + balance("CLBD", "7.50"), True),
        (balance("PRCD", "10") + balance("CLBD", "7.50"), True),
        (balance("OPBD", "10", "USD") + balance("CLBD", "7.50", "USD"), False),
    ],
)
def test_figures_of_one_currency_add_up_or_do_not(balances: str, adds_up: bool | None) -> None:
    ((found,), _) = statements_of(camt("3.001.08", "BkToCstmrStmt", "Stmt", balances))
    assert found.adds_up is adds_up


def test_an_entry_that_is_not_booked_yet_moves_no_balance() -> None:
    balances = balance("OPBD", "10") + balance("CLBD", "10")
    ((found,), _) = statements_of(camt("2.001.02", "BkToCstmrAcctRpt", "Rpt", balances, "PDNG"))
    assert found.adds_up is True


def test_an_amount_that_is_none_refuses_the_statement_by_name() -> None:
    found, (refused,) = statements_of(camt("3.001.08", "BkToCstmrStmt", "Stmt", balance("OPBD", "1e3")))
    assert found == [] and refused.field == "Bal/Amt"


@pytest.mark.parametrize(
    "text", [b"", b"hello", b"<a/>", b"{1:F01X}{4:\n-}", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"]
)
def test_what_is_no_statement_is_bad_input(text: bytes) -> None:
    with pytest.raises(BadInput):
        statements_of(text)


def test_the_public_statements_say_what_their_parsed_forms_say(test_data: Path) -> None:
    seen = 0
    for path in sorted((test_data / "trust/bank/mt940").glob("*.sta")):
        wanted = json.loads(path.with_name(f"{path.stem}.expected.json").read_text())["statements"]
        found, refused = statements_of(path.read_bytes())
        assert refused == [] and len(found) == len(wanted)
        for one, want in zip(found, wanted, strict=True):
            assert (one.account, one.currency) == (want["account"], want["opening"]["currency"])
            assert (str(one.opening), str(one.closing)) == (want["opening"]["amount"], want["closing"]["amount"])
            assert [str(line.amount) for line in one.entries] == [row["amount"] for row in want["entries"]]
            assert one.adds_up is want["sums_to_closing"]
            seen += 1
    assert seen >= 9


def test_the_public_camt_statements_are_read_and_the_wrong_one_is_refused_by_name(test_data: Path) -> None:
    paths = sorted((test_data / "trust/bank/camt").glob("*.xml"))
    assert len(paths) >= 9
    for path in paths:
        found, refused = statements_of(path.read_bytes())
        if "wrong" in path.name:
            assert found == [] and [one.field for one in refused] == ["Stmt"]
            continue
        wanted = json.loads(path.with_suffix(".json").read_text())
        amounts = [abs(int(row["getAmount"]["getAmount"])) for row in wanted["getEntries"]]
        read_amounts = [abs(line.amount) for one in found for line in one.entries]
        # The parsed form numbers the entries of each statement from 0 and keeps the last of a number.
        assert refused == [] and amounts and set(amounts) <= {int(amount * 100) for amount in read_amounts}
