"""Every difference between books and journal is found and named, wherever it lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.journals import Ask, played

from isthmus.app.cli import main
from isthmus.engine.postings import end_of
from isthmus.ledger.checking import Difference, against_engine, against_journal, compared
from isthmus.ledger.postgres import PostgresStore
from isthmus.ledger.projection import Projection
from isthmus.ledger.sqlite import SqliteStore
from isthmus.ledger.store import NoBooks, Store


async def harm(store: Store, *statements: str) -> None:
    if isinstance(store, PostgresStore):
        books = await store._opened()
        await books.execute("ALTER TABLE postings DISABLE TRIGGER ALL")
        for statement in statements:
            await books.execute(statement)
    else:
        assert isinstance(store, SqliteStore)
        with store._transaction() as books:
            for name in ("update", "delete"):
                books.execute(f"DROP TRIGGER IF EXISTS postings_no_{name}")
            for statement in statements:
                books.execute(statement)


async def found(data: Path, live: Store, *statements: str) -> list[Difference]:
    await (await Projection.begin(data, live)).run()
    scratch = SqliteStore(data.parent / "scratch.sqlite", fast=True)
    await (await Projection.begin(data, scratch)).run()
    await harm(live, *statements)
    differences, reach = await compared(live, scratch)
    assert reach == end_of(data)
    return differences


def test_books_as_they_were_carried_have_no_difference(data: Path, store: Store, ask: Ask) -> None:
    assert ask(found(data, store)) == []
    assert ask(against_engine(store, data)) == []
    assert ask(against_journal(store, data)) == []


def test_a_posting_of_another_amount_is_named_with_its_accounts(data: Path, store: Store, ask: Ask) -> None:
    rows = ask(found(data, store, "UPDATE postings SET amount = amount + 7 WHERE sequence = 17 AND place = 0"))
    told = [(row.kind, row.account, row.asset, row.amount, row.first_sequence) for row in rows if row.kind == "posting"]
    assert told == [("posting", "world", "USD", "-0.07", 17), ("posting", "client:account:16", "USD", "0.07", 17)]
    assert {row.kind for row in rows} == {"posting", "history"}


def test_a_posting_that_is_gone_and_one_too_many_are_named(data: Path, store: Store, ask: Ask) -> None:
    gone = ask(found(data, store, "DELETE FROM postings WHERE sequence = 17"))
    assert [(row.account, row.books) for row in gone if row.kind == "posting"] == [
        ("world", "0.00"),
        ("client:account:16", "0.00"),
    ]
    columns = "sequence, place, stamp, source, target, asset, template, amount"
    more = f"INSERT INTO postings ({columns}) VALUES (434, 9, 1, 1, 17, 1, 1, 500)"
    rows = ask(found(data, store, more))
    assert ("posting", "client:account:17", "USD", "5.00") in [
        (row.kind, row.account, row.asset, row.amount) for row in rows
    ]


def test_a_balance_that_is_not_its_postings_is_named(data: Path, store: Store, ask: Ask) -> None:
    rows = ask(found(data, store, "UPDATE balances SET amount = amount + 1 WHERE account = 17 AND asset = 1"))
    assert [(row.kind, row.account, row.asset, row.amount) for row in rows] == [
        ("balance", "client:account:17", "USD", "0.01")
    ]


def test_an_earlier_balance_that_is_wrong_is_named(data: Path, store: Store, ask: Ask) -> None:
    rows = ask(found(data, store, "UPDATE balance_history SET amount = amount - 1 WHERE account = 17 AND asset = 1"))
    assert [(row.kind, row.account, row.amount) for row in rows] == [("history", "client:account:17", "-0.01")]


def test_an_account_under_another_path_is_named(data: Path, store: Store, ask: Ask) -> None:
    rows = ask(found(data, store, "UPDATE accounts SET path = 'client:somebody' WHERE number = 16"))
    assert [(row.kind, row.account) for row in rows] == [("chart", "client:account:16")]
    assert "client:somebody" in str(rows[0].books)


def test_books_of_another_journal_are_named_by_their_last_record(
    data: Path, store: Store, ask: Ask, tmp_path: Path
) -> None:
    ask(found(data, store))
    played(tmp_path / "other", 8, 400).close()
    rows = ask(against_journal(store, tmp_path / "other"))
    assert [row.kind for row in rows] == ["journal"]
    played(tmp_path / "short", 7, 3).close()
    assert [row.expected for row in ask(against_journal(store, tmp_path / "short"))] == [None]


def test_an_engine_that_differs_is_named_with_the_first_record(
    data: Path, store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from isthmus.engine.postings import balances_at
    from isthmus.ledger import checking

    def other(folder: str, sequence: int) -> list[tuple[Any, ...]]:
        rows = balances_at(folder, sequence)
        return [(*row[:2], row[2] + (sequence >= 123 and row[:2] == (17, 1))) for row in rows]

    monkeypatch.setattr(checking, "engine_balances", other)
    ask(found(data, store))
    rows = ask(against_engine(store, data))
    assert [(row.account, row.amount, row.first_sequence) for row in rows] == [("client:account:17", "-0.01", 123)]


def test_books_whose_file_is_damaged_are_named_and_made_anew(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = data / "books" / "books.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    for words in (["rebuild", "--check"], ["balances"], ["trial-balance"]):
        assert main(["books", *words, "--data", str(data), "--json"]) == 1
        assert str(path) in json.loads(capsys.readouterr().out)["error"]["reason"]
    for words in (["rebuild"], ["rebuild", "--check"]):
        assert main(["books", *words, "--data", str(data), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["ok"]


def test_a_difference_is_printed_and_ends_with_1(data: Path, capsys: pytest.CaptureFixture[str], ask: Ask) -> None:
    assert main(["books", "rebuild", "--data", str(data), "--json"]) == 0
    kept = SqliteStore(data / "books" / "books.sqlite")
    ask(harm(kept, "UPDATE balances SET amount = amount + 1 WHERE account = 17 AND asset = 1"))
    ask(kept.close())
    capsys.readouterr()
    assert main(["books", "rebuild", "--check", "--data", str(data), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], [row["amount"] for row in told["differences"]]) == (False, ["0.01"])
    assert set(told["trial_balance"].values()) <= {"0.00", "0.00000000", "0"}


def test_where_no_books_are_kept_that_is_told(data: Path, store: Store, ask: Ask) -> None:
    with pytest.raises(NoBooks):
        ask(compared(store, store))
