"""Statements on paper say what the values say."""

from io import BytesIO

import msgspec
import pytest
from pypdf import PdfReader

from isthmus.kernel.errors import BadInput
from isthmus.ledger import client_statement as statements
from isthmus.ledger.client_statement import AssetStatement, ClientStatement, Confirmation, Entry, Holding, paper


def statement(entries: int = 2, name: str = "Ann <b>&") -> ClientStatement:
    rows = [
        Entry(at, f"2026-11-0{1 + at % 9}T10:00:00.000000000Z", "deposit", "10.00", f"{at}.00") for at in range(entries)
    ]
    return ClientStatement(
        account="client:ann", name=name, opened="2026-11-01T00:00:00Z", closed="2026-12-01T00:00:00Z",
        after=7, upto=4700, sequence=4711, head="ab" * 32, assets=[AssetStatement("USD", "0.00", "20.00", rows)],
        trades=[Confirmation("t1", "ord-7", "2026-11-03T10:00:00Z", "ACME", "buy", "5", "100.00", "500.00", "0.50",
                             "USD", "house", "2026-11-05")],
        holdings=[Holding("BTC-PERP", "-2", None, None, "USD")], fees={"USD": "0.50"},
    )  # fmt: skip


def words(printed: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(printed)).pages)


def test_the_paper_names_account_period_balances_trades_and_the_journal() -> None:
    said = words(paper(statement()))
    for expected in ("client:ann", "Ann <b>&", "20.00", "ACME", "2026-11-05", "BTC-PERP", "record 4711", "ab" * 32):
        assert expected in said


def test_the_same_statement_is_the_same_paper() -> None:
    assert paper(statement()) == paper(statement())


def test_a_long_statement_goes_over_pages_and_every_entry_is_there() -> None:
    printed = paper(statement(300))
    assert len(PdfReader(BytesIO(printed)).pages) > 3
    assert words(printed).count("deposit") == 300


def test_letters_that_the_font_lacks_do_not_stop_it() -> None:
    assert "A? ??" in words(paper(statement(name="Aż ドル")))


def test_a_statement_without_anything_says_so() -> None:
    empty = msgspec.structs.replace(statement(), assets=[], trades=[], holdings=[], fees={})
    assert "No balances in this period." in words(paper(empty))


def test_too_long_a_period_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "ENTRIES_MAX", 1)
    with pytest.raises(BadInput, match="shorter"):
        paper(statement())
