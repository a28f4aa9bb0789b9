"""A document shows the fields that its holder chooses, and the trade behind it, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.app.cleared import Broker
from tests.unit.app.commands import Run
from tests.unit.app.test_audit_trail import Clocks, followed

from isthmus.audit.documents import entry, opened, shown
from isthmus.engine.proofs import inclusion_fault, leaf_hash
from isthmus.kernel.errors import BadInput

INVOICE = {
    "kind": "invoice",
    "number": "2026-0815",
    "trade": "trd-9-1",
    "seller": {"name": "Nordwind Reederei", "vat": "DE123456789"},
    "lines": [{"goods": "copper cathodes", "tonnes": "100", "price": "9120.50"}, {"goods": "freight", "price": "4100"}],
    "paid": False,
}


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the trade trd-9-1 in its logs."""
    data = tmp_path_factory.mktemp("document") / "data"
    broker = Broker(str(data))
    assert broker.trade() == "trd-9-1"
    broker.playing.close()
    followed(data, Clocks())
    return data


@pytest.fixture
def data(traded: Path, tmp_path: Path) -> Path:
    shutil.copytree(traded, tmp_path / "data")
    return tmp_path / "data"


def add(run: Run, data: Path, document: Any = INVOICE, name: str = "invoice") -> tuple[int, dict[str, Any]]:
    path = data.parent / f"{name}.json"
    path.write_text(json.dumps(document))
    return run("audit", "document", "add", str(path), "--opening", opening(data, name), "--data", str(data))


def opening(data: Path, name: str = "invoice") -> str:
    return str(data.parent / f"{name}.opening")


def show(run: Run, data: Path, fields: str, *more: str) -> tuple[int, dict[str, Any]]:
    to = str(data.parent / "shown.json")
    words = ("--fields", fields, "--data", str(data), "--to", to)
    return run("audit", "document", "show", opening(data), *words, *more)


def verify(run: Run, data: Path) -> tuple[int, dict[str, Any]]:
    vkey = str(data / "audit/keys/documents.vkey")
    return run("audit", "document", "verify", str(data.parent / "shown.json"), "--vkey", vkey)


def test_chosen_fields_hold_and_nothing_else_is_in_the_file(data: Path, run: Run) -> None:
    assert add(run, data, {"first": 1}, "first")[1]["number"] == 1
    code, told = add(run, data)
    assert (code, told["number"], told["fields"]) == (0, 2, 11)
    assert show(run, data, "/seller/name,/lines/0/goods")[0] == 0
    code, told = verify(run, data)
    assert (code, told["ok"], told["number"], told["hidden"]) == (0, True, 2, 9)
    assert told["fields"] == {"/seller/name": "Nordwind Reederei", "/lines/0/goods": "copper cathodes"}
    given_away = (data.parent / "shown.json").read_text()
    logged = b"".join(path.read_bytes() for path in (data / "audit/log/documents").glob("**/*") if path.is_file())
    for secret in ("9120.50", "DE123456789", "2026-0815"):
        assert secret not in given_away and secret.encode() not in logged
    assert Path(opening(data)).stat().st_mode & 0o777 == 0o600
    assert run("audit", "verify", "log", str(data / "audit/log/documents"))[1]["ok"]


def test_a_trade_stands_behind_it_and_its_terms_stay_hidden(data: Path, run: Run) -> None:
    add(run, data)
    proof = str(data.parent / "trade.json")
    for place in range(4):
        code, told = run(
            "audit", "disclose", "--data", str(data), "--sequence", "9", "--place", str(place), "--fields", "O31",
            "--to", proof,
        )  # fmt: skip
        if code == 0 and told["order"]["fields"][0]["value"] == "trd-9-1":
            break
    assert show(run, data, "/kind,/trade", "--background", proof)[0] == 0
    code, told = verify(run, data)
    assert code == 0
    assert told["background"] == [{"path": "/trade", "order_field": "O31", "value": "trd-9-1"}]
    assert not {"300.00", "9120.50"} & set((data.parent / "shown.json").read_text().split('"'))
    code, told = show(run, data, "/kind", "--background", proof)
    assert (code, told["error"]["field"]) == (2, "background") and "no_background" in told["error"]["reason"]


@pytest.mark.parametrize(
    ("edit", "refused"),
    [
        (lambda file: file["shown"][0]["field"].update(value="receipt"), "field_differs"),
        (lambda file: file["shown"][0]["field"].update(path="/other"), "field_differs"),
        (lambda file: file["shown"][0]["field"].update(salt="00" * 16), "field_differs"),
        (lambda file: file["shown"][0]["field"].update(salt="00"), "malformed"),
        (lambda file: file["shown"][0].update(index=5), "field_differs"),
        (lambda file: file["shown"][0].update(index=-1), "malformed"),
        (lambda file: file["shown"][0].update(proof=["zz"]), "malformed"),
        (lambda file: file["proof"].update(root="00" * 32), "old_head"),
        (lambda file: file["proof"].update(log="journal"), "wrong_log"),
    ],
)
def test_what_was_changed_is_refused_by_name(
    data: Path, run: Run, edit: Callable[[dict[str, Any]], None], refused: str
) -> None:
    add(run, data)
    show(run, data, "/kind")
    path = data.parent / "shown.json"
    file = json.loads(path.read_text())
    edit(file)
    path.write_text(json.dumps(file))
    code, told = verify(run, data)
    assert (code, told["refused"]) == (1, refused)


def test_another_documents_opening_and_a_loose_one_are_refused(data: Path, run: Run) -> None:
    add(run, data)
    add(run, data, {"kind": "other"}, "other")
    path = Path(opening(data))
    forged = json.loads(path.read_text()) | {"number": 2}
    path.write_text(json.dumps(forged))
    code, told = show(run, data, "/kind")
    assert (code, told["error"]["field"]) == (2, "opening") and "field_differs" in told["error"]["reason"]
    path.chmod(0o644)
    code, told = show(run, data, "/kind")
    assert code == 2 and "loose_permissions" in told["error"]["reason"]


@pytest.mark.parametrize(
    "document", [{}, [], {"a": {}}, {"a": 1e400}, {"a": 2**60}, json.loads("[" * 40 + "1" + "]" * 40)]
)
def test_what_is_no_document_is_refused_and_logs_nothing(data: Path, run: Run, document: Any) -> None:
    code, told = add(run, data, document)
    assert code == 2 and told["error"]["reason"]
    assert not Path(opening(data)).exists()
    assert add(run, data, {"kind": "next"}, "next")[1]["number"] == 1


def test_an_opening_is_never_written_over_and_a_missing_field_is_named(data: Path, run: Run) -> None:
    add(run, data)
    code, told = add(run, data)
    assert (code, told["error"]["field"]) == (2, "opening")
    code, told = show(run, data, "/price")
    assert (code, told["error"]["field"]) == (2, "fields") and "unknown_field" in told["error"]["reason"]


VALUES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.dictionaries(st.text(max_size=6), VALUES, min_size=1, max_size=20))
def test_every_field_of_any_document_is_under_its_root(document: dict[str, Any]) -> None:
    made = opened(document, 7, lambda count: bytes(range(count)))
    raw = entry(made)
    root, count = raw[9:41], int.from_bytes(raw[41:], "big")
    assert count == len(document) and int.from_bytes(raw[1:9], "big") == 7
    for one in shown(made, [field.path for field in made.fields]):
        way = [bytes.fromhex(text) for text in one.proof]
        leaf = leaf_hash(rfc8785.dumps([one.field.path, one.field.salt, one.field.value]))
        assert inclusion_fault(one.index, count, leaf, way, root) is None


def test_numbers_that_canonical_json_cannot_carry_are_refused() -> None:
    with pytest.raises(BadInput, match="give it as text"):
        entry(opened({"big": 2**53 + 1}, 1, bytes))
