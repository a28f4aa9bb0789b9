"""Each jurisdiction is shown what its field rule allows and no more, proven against a head that was cosigned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.app.commands import Run
from tests.unit.app.test_audit_trail import Clocks, followed, run_engine

from isthmus.audit.cosigned import COSIGNED, VKEYS, witness_folder
from isthmus.audit.disclosing import order_proof
from isthmus.audit.jurisdictions import FIELDS, shipped
from isthmus.audit.parts import FOLDER, parts_in, read_part
from isthmus.audit.places import ORDERS, keys_folder, log_folder
from isthmus.audit.standing import Asked
from isthmus.audit.witness import Witness, log_key
from isthmus.audit.witness_key import kept_key
from isthmus.engine.proofs import LogReader


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose log of orders has a head that a witness cosigned."""
    data = tmp_path_factory.mktemp("views") / "data"
    run_engine(data, 400)
    followed(data, Clocks())
    note = LogReader(log_folder(data, ORDERS)).note() or ""
    key, folder = kept_key(data / "witness.key", "w.test"), witness_folder(data)
    witness = Witness(key.name, key.secret, log_key(vkey(data)), data / "w")
    line = witness.add_checkpoint(Asked(note, int(note.splitlines()[1]), lambda _: []).body(0), 7).body
    folder.mkdir()
    (folder / f"{ORDERS}.{COSIGNED}").write_text(note + line)
    (folder / VKEYS).write_text(f"{key.vkey}\n")
    return data


def vkey(data: Path) -> str:
    return (keys_folder(data) / "orders.vkey").read_text()


@pytest.fixture(scope="module")
def event(signed: Path) -> tuple[int, dict[str, Any]]:
    """The record whose event has most that could be seen, and its row."""
    rows = [row for part in parts_in(signed / FOLDER)[0] for row in read_part(part).to_pylist() if row["place"] == 0]
    row = max(rows, key=lambda one: sum(one[field] is not None for field in FIELDS))
    return int(row["sequence"]), row


@pytest.mark.parametrize("name", shipped())
def test_a_view_has_exactly_the_fields_that_its_rule_allows_and_holds_under_the_cosigned_head(
    signed: Path, event: tuple[int, dict[str, Any]], run: Run, tmp_path: Path, name: str
) -> None:
    (sequence, row), rule, to = event, shipped()[name], tmp_path / "view.json"
    words = ("disclose", "--data", str(signed), "--sequence", str(sequence), "--view", name, "--to", str(to))
    code, view = run("audit", *words)
    assert code == 0
    assert tuple(field["id"] for field in view["order"]["fields"]) == rule.may_see
    assert view["order"].get("blinded", []) == list(rule.blinded)
    witness = view["witness_vkeys"][0]
    trust = ("--vkey", vkey(signed), "--witness", witness, "--quorum", "1")
    code, told = run("audit", "verify", "proof", str(to), *trust)
    assert (code, told["ok"], list(told["cosigned"])) == (0, True, ["w.test"])
    assert told["fields"] == {field: row[field] for field in rule.may_see}


@pytest.mark.parametrize("name", shipped())
def test_a_view_holds_neither_value_nor_salt_of_what_it_hides(
    signed: Path, event: tuple[int, dict[str, Any]], run: Run, name: str
) -> None:
    sequence, rule = event[0], shipped()[name]
    whole = order_proof(signed, (sequence, 0), FIELDS).order
    assert whole is not None
    _, view = run("audit", "disclose", "--data", str(signed), "--sequence", str(sequence), "--view", name)
    text = json.dumps(view)
    shown = {field["value"] for field in view["order"]["fields"]}
    for field in whole.fields:
        if field.id not in rule.may_see:
            assert field.salt not in text
            assert field.value is None or field.value in shown or json.dumps(field.value) not in text


def test_a_value_put_into_a_view_is_refused(
    signed: Path, event: tuple[int, dict[str, Any]], run: Run, tmp_path: Path
) -> None:
    name, rule = next((name, rule) for name, rule in shipped().items() if rule.blinded)
    _, view = run("audit", "disclose", "--data", str(signed), "--sequence", str(event[0]), "--view", name)
    whole = order_proof(signed, (event[0], 0), FIELDS).order
    assert whole is not None
    hidden = next(msgspec.to_builtins(field) for field in whole.fields if field.id == rule.blinded[0])
    view["order"]["fields"].append(hidden | {"value": "somebody else"})
    (tmp_path / "view.json").write_text(json.dumps(view))
    code, told = run("audit", "verify", "proof", str(tmp_path / "view.json"), "--vkey", vkey(signed))
    assert (code, told["reason"]) == (1, "field_differs")
