"""Client statements through a running broker: JSON, PDF and command say the same, and what the books say."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
from pypdf import PdfReader
from tests.e2e.server import COMMAND, Broker, isthmus
from tests.e2e.test_books import eventually, reach

from isthmus.gateways.rest.statements import ClientStatement


def words(printed: bytes) -> list[str]:
    """Of each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(printed)).pages]


def traded(broker: Broker) -> int:
    """The record that the books must reach: behind two market orders of the client."""
    with broker.client() as client:
        for side in ("buy", "sell"):
            order = {"instrument": "BTC-USD", "side": side, "type": "market", "quantity": "0.0100"}
            client.post("/v1/orders", json=order).raise_for_status()
        sequence = int(client.get("/health").json()["sequence"])
    eventually(lambda: reach(broker.data) >= sequence)
    return sequence


def test_a_statement_adds_up_to_the_books_and_is_the_same_on_paper(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    upto = traded(broker)
    with broker.client() as client:
        answer = client.get(f"/v1/statements?to={upto}").raise_for_status()
        booked = client.get(f"/v1/books/statement?to={upto}&limit=200").raise_for_status().json()
        fills = client.get("/v1/fills").raise_for_status().json()["data"]
        printed = client.get(f"/v1/statements?to={upto}&format=pdf").raise_for_status()
        held = client.get("/v1/positions").raise_for_status().json()
    told: dict[str, Any] = answer.json()
    msgspec.json.decode(answer.content, type=ClientStatement)  # the shape that the API promises
    assert set(told) == set(ClientStatement.__struct_fields__)
    assert told["account"] == booked["path"] and (told["after"], told["upto"]) == (0, upto)
    assert {one["asset"]: one["closing"] for one in told["assets"]} == booked["closing"]
    for one in told["assets"]:
        entries = [Decimal(row["amount"]) for row in one["entries"]]
        assert Decimal(one["opening"]) + sum(entries) == Decimal(one["closing"])
        own = [line for line in booked["lines"] if line["asset"] == one["asset"]]
        assert [(row["sequence"], row["amount"]) for row in one["entries"]] == [
            (line["sequence"], line["amount"]) for line in own
        ]
    assert {row["trade"] for row in told["trades"]} == {row["id"] for row in fills} and len(fills) >= 2
    assert all(row["settles"] == row["time"][:10] for row in told["trades"]), "coins settle on their day"
    charged = sum(Decimal(row["fee"]) for row in fills)
    assert Decimal(told["fees"]["USD"]) == charged
    assert {row["instrument"] for row in told["holdings"]} == {r["instrument"] for r in held if Decimal(r["quantity"])}
    assert printed.headers["content-type"] == "application/pdf" and printed.headers["cache-control"] == "no-store"
    pages = words(printed.content)
    said = "\n".join(pages)
    for figure in [told["account"], *(one["closing"] for one in told["assets"]), *(r["trade"] for r in told["trades"])]:
        assert figure in said
    assert all("Journal head at record" in page for page in pages)
    assert all("Log head isthmus.local/demo/journal: size " in page for page in pages)
    assert "Keep this paper." in said
    assert broker.stop() == 0


def test_the_command_draws_the_same_statement_and_names_the_journal_s_head(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    upto = traded(broker)
    with broker.client() as client:
        over_rest = client.get(f"/v1/statements?from=20&to={upto}").raise_for_status().json()
    assert broker.stop() == 0
    where, paper = ("--data", str(broker.data)), tmp_path / "statement.pdf"
    span = ("--account", over_rest["account"], "--from", "20", "--to", str(upto))
    code, told = isthmus("books", "paper", *where, *span, "--pdf", str(paper))
    assert code == 0
    moved = ("sequence", "head", "log")  # books and log went on since
    assert {k: v for k, v in told.items() if k not in moved} == {k: v for k, v in over_rest.items() if k not in moved}
    code, checked = isthmus("books", "rebuild", *where, "--check")
    assert (code, checked["sequence"], checked["head"]) == (0, told["sequence"], told["head"])
    pages = words(paper.read_bytes())
    assert all(f"record {told['sequence']}: {told['head']}" in page for page in pages)
    assert all(f"size {told['log']['size']}, root {told['log']['root']}" in page for page in pages)


def test_somebody_else_s_account_and_a_period_that_is_not_recorded_are_refused(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    upto = traded(broker)
    own = broker.keys()["account"]
    with broker.client() as client, broker.client("auditor") as auditor:
        other = client.get("/v1/statements?account=acc-1")
        assert (other.status_code, other.json()["reason"]) == (403, "forbidden")
        early = client.get("/v1/statements?to=999999999")
        assert (early.status_code, early.json()["reason"]) == (404, "not_recorded")
        assert "not recorded yet" in early.json()["detail"]
        later = client.get("/v1/statements?to=2999-01-01T00:00:00Z&format=pdf")
        assert (later.status_code, later.json()["reason"]) == (404, "not_recorded")
        assert client.get("/v1/statements?from=yesterday").json()["field"] == "from"
        assert client.get(f"/v1/statements?from={upto}&to=5").status_code == 422
        assert client.get("/v1/statements?format=docx").json()["field"] == "format"
        his = auditor.get(f"/v1/statements?account={own}&to={upto}").raise_for_status().json()
        assert his == client.get(f"/v1/statements?to={upto}").json() | {k: his[k] for k in ("sequence", "head", "log")}
        assert auditor.get("/v1/statements?account=house:fees").raise_for_status().json()["account"] == "house:fees"
        assert auditor.get("/v1/statements?account=client:nobody").status_code == 422
    assert broker.stop() == 0


def test_the_command_refuses_by_name(tmp_path: Path) -> None:
    code, answer = isthmus("books", "paper", "--data", str(tmp_path), "--account", "client:demo")
    assert (code, answer["error"]["field"]) == (2, "books")
    words_ = [*COMMAND, "books", "paper", "--data", str(tmp_path), "--account", "x"]
    done = subprocess.run(words_, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 2 and "say where the PDF goes" in done.stderr
    assert json.dumps(done.stdout) == '""'


def test_operators_and_auditors_read_what_the_firm_earned_and_clients_do_not(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    upto = traded(broker)
    with broker.client() as client, broker.client("auditor") as auditor:
        assert client.get("/v1/books/revenue").status_code == 403
        assert auditor.get("/v1/books/revenue?to=999999999").json()["reason"] == "not_recorded"
        told = auditor.get(f"/v1/books/revenue?to={upto}").raise_for_status().json()
        fees = client.get(f"/v1/statements?to={upto}").raise_for_status().json()["fees"]
    dollars = next(one for one in told["assets"] if one["asset"] == "USD")
    mine = next(row for row in dollars["clients"] if row["account"].startswith("client:"))
    assert mine["sources"]["fees"] == fees["USD"]
    assert broker.stop() == 0
    code, same = isthmus("books", "revenue", "--data", str(broker.data), "--to", str(upto))
    assert (code, same) == (0, told)
