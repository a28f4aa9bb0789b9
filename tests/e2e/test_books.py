"""The broker keeps its books while it runs; they are what its journal says, whatever happened to it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.server import GENEROUS, Broker, isthmus

SOON_S = 30.0


def eventually(reached: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON_S
    while not reached():
        assert time.monotonic() < until, "it was not reached in time"
        time.sleep(0.05)


def reach(data: Path) -> int:
    """The last record in the books; 0 where there are none yet."""
    path = data / "books" / "books.sqlite"
    if not path.exists():
        return 0
    books = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(books.execute("SELECT sequence FROM progress").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        books.close()


def checked(data: Path, *more: str) -> dict[str, Any]:
    code, answer = isthmus("books", "rebuild", "--data", str(data), "--check", *more)
    assert (code, answer["ok"], answer["differences"]) == (0, True, []), answer
    return answer


def test_books_follow_the_journal_and_equal_it_while_the_broker_runs_and_after(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    with broker.client() as client:
        sequence = client.get("/health").json()["sequence"]
    eventually(lambda: reach(broker.data) >= sequence)
    answer = checked(broker.data)
    assert answer["live"] >= sequence and answer["postings"] > 0
    assert broker.stop() == 0
    at_rest = checked(broker.data)
    assert at_rest["live"] == at_rest["records"] == reach(broker.data)


def test_books_equal_the_journal_after_kill_9_and_a_new_start(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    eventually(lambda: reach(broker.data) > 0)
    broker.kill()
    again = Broker(tmp_path / "data")
    with again.client() as client:
        sequence = client.get("/health").json()["sequence"]
    eventually(lambda: reach(again.data) >= sequence)
    checked(again.data)
    assert again.stop() == 0


def test_books_in_postgresql_equal_the_journal(tmp_path: Path, database: str) -> None:
    settings = f'{GENEROUS}\n[books]\nurl = "{database}"\nevery_s = 0.05\n'
    broker = Broker(tmp_path / "data", settings=settings)
    eventually(lambda: (checked(broker.data, "--url", database)["live"] or 0) > 0)
    assert broker.stop() == 0
    at_rest = checked(broker.data, "--url", database)
    assert at_rest["live"] == at_rest["records"]
    assert not (broker.data / "books").exists()


def test_books_can_be_made_anew_beside_the_broker_that_keeps_them(tmp_path: Path, database: str) -> None:
    for url in ("", database):
        settings = f'{GENEROUS}\n[books]\nurl = "{url}"\nevery_s = 0.01\n'
        name, where = ("postgres", ("--url", url)) if url else ("sqlite", ())
        broker = Broker(tmp_path / name, settings=settings)
        eventually(lambda data=broker.data, where=where: (checked(data, *where)["live"] or 0) > 0)
        for _ in range(3):
            code, answer = isthmus("books", "rebuild", "--data", str(broker.data), *where)
            assert (code, answer["ok"]) == (0, True)
            assert (checked(broker.data, *where)["live"] or 0) >= answer["sequence"]
        assert broker.stop() == 0
        at_rest = checked(broker.data, *where)
        assert at_rest["live"] == at_rest["records"]
        assert "ended with code" not in Path(broker.log.name).read_text()


def test_a_broker_whose_books_can_not_be_reached_trades_on_and_says_so(tmp_path: Path) -> None:
    settings = f'{GENEROUS}\n[books]\nurl = "postgresql://nobody@127.0.0.1:1/books"\n'
    broker = Broker(tmp_path / "data", settings=settings)
    eventually(lambda: "books: url: the books' database cannot be reached" in Path(broker.log.name).read_text())
    with broker.client() as client:
        assert client.get("/health").json()["status"] == "ok"
        answer = client.get("/v1/books/balances")
        assert (answer.status_code, answer.json()["reason"]) == (503, "no_books")
    assert broker.stop() == 0


def test_clients_read_their_own_books_and_auditors_all(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    own = broker.keys()["account"]
    with broker.client() as client, broker.client("operator") as operator:
        sequence = client.get("/health").json()["sequence"]
        eventually(lambda: reach(broker.data) >= sequence)
        mine = client.get("/v1/books/balances").raise_for_status().json()
        assert {row["account"] for row in mine["balances"]} == {own} and mine["sequence"] >= sequence
        live = {row["asset"]: row["total"] for row in client.get("/v1/balances").raise_for_status().json()}
        assert {row["asset"] for row in mine["balances"]} == set(live)
        assert client.get("/v1/books/trial-balance").status_code == 403
        assert client.get("/v1/books/statement?account=acc-1").status_code == 403
        assert client.get("/v1/books/balances?at=999999999").json()["reason"] == "not_recorded"
        assert client.get("/v1/books/balances?at=yesterday").json()["field"] == "at"
        statement = client.get("/v1/books/statement").raise_for_status().json()
        assert statement["account"] == own and statement["lines"][0]["purpose"] == "deposit"
        trial = operator.get("/v1/books/trial-balance").raise_for_status().json()
        assert trial["ok"] and {row["sum"].strip("0.") for row in trial["rows"]} == {""}
        everybody = operator.get("/v1/books/balances?path=world").raise_for_status().json()
        assert {row["path"] for row in everybody["balances"]} == {"world"}
        fees = operator.get("/v1/books/statement?account=house:fees&limit=5").raise_for_status().json()
        assert fees["path"] == "house:fees"
    assert broker.stop() == 0


def test_books_can_be_switched_off(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data", settings=f"{GENEROUS}\n[books]\nenabled = false\n")
    assert broker.stop() == 0
    assert not (broker.data / "books").exists()
    code, answer = isthmus("books", "balances", "--data", str(broker.data))
    assert (code, answer["error"]["field"]) == (2, "books")
