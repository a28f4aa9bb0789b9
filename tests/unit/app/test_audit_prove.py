"""Proofs that anybody can check, and logs that are what their journal makes, or are told where they are not."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.app.commands import Run
from tests.unit.app.test_audit_trail import Clocks, followed, run_engine, trail_of

from isthmus.audit.jurisdictions import shipped
from isthmus.audit.orders_log import OrderEntries, OrderEntry, Previous
from isthmus.audit.parts import FOLDER, parts_in, read_part
from isthmus.audit.places import JOURNAL, ORDERS, keys_folder, log_folder
from isthmus.audit.proof_file import Refused, Trust, check, decode
from isthmus.engine import archive
from isthmus.engine.proofs import Checkpoint, Note, VerifierKey, inclusion_fault, leaf_hash, note_signed


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed") / "data"
    run_engine(folder, 400)
    followed(folder, Clocks())
    return folder


@pytest.fixture
def data(signed: Path, tmp_path: Path) -> Path:
    """A journal whose log is signed to its end."""
    return Path(shutil.copytree(signed, tmp_path / "data"))


def test_a_proof_file_holds_by_hashes_and_one_signature_alone(data: Path, run: Run) -> None:
    code, proof = run("audit", "prove", "--data", str(data), "--sequence", "17")
    assert (code, proof["format"], proof["log"], proof["sequence"], proof["index"]) == (
        0, "isthmus-proof/1", "journal", 17, 16,
    )  # fmt: skip
    entry, record = base64.b64decode(proof["entry"]), proof["record"]
    commitment = hashlib.sha256(bytes.fromhex(record["salt"]) + bytes.fromhex(record["hash"])).digest()
    assert entry == b"\x01" + (17).to_bytes(8, "big") + commitment + b"\x00"
    assert leaf_hash(entry).hex() == proof["leaf_hash"]
    path = [bytes.fromhex(one) for one in proof["proof"]]
    root = bytes.fromhex(proof["root"])
    assert inclusion_fault(proof["index"], proof["tree_size"], leaf_hash(entry), path, root) is None
    assert inclusion_fault(proof["index"] + 1, proof["tree_size"], leaf_hash(entry), path, root) is not None
    assert note_signed(proof["checkpoint"].encode(), VerifierKey.parse(proof["log_vkey"])) is None
    head = Checkpoint.parse(Note.parse(proof["checkpoint"].encode()).text)
    assert (head.size, head.root) == (proof["tree_size"], root)
    assert record["hash"] == next(archive.records(data, 17)).hash.hex()


def test_a_proof_is_written_to_a_file(data: Path, run: Run, tmp_path: Path) -> None:
    code, printed = run("audit", "prove", "--data", str(data), "--sequence", "3", "--to", str(tmp_path / "proof.json"))
    assert code == 0
    assert json.loads((tmp_path / "proof.json").read_text()) == printed


def test_a_record_without_a_head_is_told_so_by_name(data: Path, run: Run) -> None:
    records = sum(1 for _ in archive.records(data))
    code, told = run("audit", "prove", "--data", str(data), "--sequence", str(records + 1))
    assert (code, told["error"]["field"]) == (2, "sequence")
    assert told["error"]["reason"].startswith("not_covered: ")
    assert f"reaches to record {records}" in told["error"]["reason"]


@pytest.mark.parametrize("number", ["0", "-4"])
def test_what_is_no_records_number_is_refused(data: Path, run: Run, number: str) -> None:
    code, told = run("audit", "prove", "--data", str(data), f"--sequence={number}")
    assert (code, told["error"]["field"]) == (2, "sequence")


def test_a_folder_without_a_log_is_told_so(tmp_path: Path, run: Run) -> None:
    run_engine(tmp_path / "bare", 5)
    for words in (("prove", "--sequence", "1"), ("rebuild",)):
        code, told = run("audit", *words, "--data", str(tmp_path / "bare"))
        assert (code, told["error"]["field"]) == (2, "data")
        assert told["error"]["reason"].startswith("no_log: ")


def test_a_loose_salt_key_is_refused_by_name(data: Path, run: Run) -> None:
    (keys_folder(data) / "salts.key").chmod(0o644)
    code, told = run("audit", "prove", "--data", str(data), "--sequence", "3")
    assert (code, told["error"]["field"]) == (2, "salts.key")
    assert told["error"]["reason"].startswith("loose_permissions: ")


def test_a_log_made_again_from_its_journal_is_the_same(data: Path, run: Run, tmp_path: Path) -> None:
    code, told = run("audit", "rebuild", "--data", str(data), "--check")
    records = sum(1 for _ in archive.records(data))
    assert (code, told["ok"], told["entries"], told["difference"]) == (0, True, records, None)
    assert not list((data / "audit").glob("rebuild-*"))
    code, told = run("audit", "rebuild", "--data", str(data), "--to", str(tmp_path / "again"))
    assert code == 0
    assert told["logs"]["orders"]["entries"] > 100 and told["logs"]["orders"]["difference"] is None
    for log in ("journal", "orders"):
        assert (tmp_path / "again" / log / "tile" / "entries" / "000").exists()


@pytest.mark.parametrize(
    ("file", "byte", "sequence"),
    [("tile/entries/000", 44 * 200 + 20, 201), ("tile/0/000", 32 * 7 + 5, 8), ("tile/entries/001.p", 44 * 3 + 30, 260)],
)
def test_one_flipped_bit_of_the_log_is_located(data: Path, run: Run, file: str, byte: int, sequence: int) -> None:
    path = log_folder(data, JOURNAL) / file
    path = next(path.iterdir()) if path.is_dir() else path
    raw = bytearray(path.read_bytes())
    raw[byte] ^= 4
    path.write_bytes(raw)
    code, told = run("audit", "rebuild", "--data", str(data), "--check")
    assert (code, told["ok"], told["difference"]["sequence"]) == (1, False, sequence)
    assert "_differs: " in told["difference"]["reason"]


def test_a_cut_tile_is_located(data: Path, run: Run) -> None:
    path = log_folder(data, JOURNAL) / "tile" / "0" / "000"
    path.write_bytes(path.read_bytes()[:320])
    code, told = run("audit", "rebuild", "--data", str(data), "--check")
    assert (code, told["difference"]["sequence"]) == (1, 11)
    assert told["difference"]["reason"].startswith("truncated_tile: ")


def test_a_head_whose_root_the_journal_does_not_make_is_found(tmp_path: Path, run: Run) -> None:
    data = tmp_path / "data"
    run_engine(data, 400)
    trail = trail_of(data, Clocks(), most_behind=100)
    while trail.step():
        pass
    trail.finish()
    trail.close()
    path = log_folder(data, JOURNAL) / "heads"
    first, *rest = path.read_text().splitlines(keepends=True)
    head = json.loads(first)
    head["root"] = "00" * 32
    path.write_text(json.dumps(head) + "\n" + "".join(rest))
    code, told = run("audit", "rebuild", "--data", str(data), "--check")
    assert (code, told["difference"]["what"], told["difference"]["index"]) == (1, "head", 100)


def event_at(data: Path) -> tuple[int, dict[str, Any]]:
    """A record that made an order of an account, and its row."""
    for part in parts_in(data / FOLDER)[0]:
        for row in read_part(part).to_pylist():
            if row["O65"] == "new" and row["place"] == 0 and row["O03"] and row["O45"]:
                return int(row["sequence"]), row
    raise AssertionError("the session has no such order")


def test_chosen_fields_of_an_order_are_proven_and_nothing_else_is_shown(data: Path, run: Run, tmp_path: Path) -> None:
    (sequence, row), to = event_at(data), tmp_path / "fields.json"
    words = ("disclose", "--data", str(data), "--sequence", str(sequence), "--fields", "O55,O45", "--to", str(to))
    code, proof = run("audit", *words)
    assert code == 0
    assert [field["id"] for field in proof["order"]["fields"]] == ["O45", "O55"]
    proven = check(
        decode(to.read_bytes()), Trust(log=VerifierKey.parse((keys_folder(data) / "orders.vkey").read_text()))
    )
    assert proven.fields == {field["id"]: field["value"] for field in proof["order"]["fields"]}
    assert f'"{row["O03"]}"' not in json.dumps(proof)
    value = proof["order"]["fields"][0]["value"]
    for wrong in ("1" + (value or ""), None if value is not None else "0"):
        told = json.loads(to.read_bytes())
        told["order"]["fields"][0]["value"] = wrong
        with pytest.raises(Refused, match="field_differs"):
            check(decode(json.dumps(told).encode()), Trust())


def test_a_jurisdiction_is_shown_what_it_may_see_and_no_more(data: Path, run: Run) -> None:
    name, row = next((name, row) for name, row in shipped().items() if row.blinded)
    words = ("disclose", "--data", str(data), "--sequence", str(event_at(data)[0]), "--view", name)
    code, proof = run("audit", *words)
    assert (code, tuple(field["id"] for field in proof["order"]["fields"])) == (0, row.may_see)
    code, told = run("audit", *words, "--fields", row.blinded[0])
    assert (code, told["error"]["field"]) == (2, "fields")
    assert told["error"]["reason"].startswith(f"blinded: {row.blinded[0]} ")


@pytest.mark.parametrize(
    ("words", "field", "name"),
    [
        (("--sequence", "1", "--fields", "O45"), "sequence", "no_event: "),
        (("--sequence", "99999", "--fields", "O45"), "sequence", "not_covered: "),
        (("--sequence", "35", "--fields", "O79"), "fields", "unknown_field: "),
        (("--sequence", "35", "--view", "nowhere"), "view", "unknown_jurisdiction: "),
        (
            (
                "--sequence",
                "35",
            ),
            "fields",
            "say which fields",
        ),
        (("--sequence", "35", "--place", "70000", "--fields", "O45"), "place", "is an event's place"),
    ],
)
def test_what_cannot_be_disclosed_is_refused_by_name(
    data: Path, run: Run, words: tuple[str, ...], field: str, name: str
) -> None:
    code, told = run("audit", "disclose", "--data", str(data), *words)
    assert (code, told["error"]["field"]) == (2, field)
    assert told["error"]["reason"].startswith(name)


def test_nothing_is_disclosed_of_an_account_whose_key_is_gone_and_the_log_stays_whole(data: Path, run: Run) -> None:
    for path in (keys_folder(data) / "clients").iterdir():
        path.unlink()
    code, told = run("audit", "disclose", "--data", str(data), "--sequence", str(event_at(data)[0]), "--fields", "O45")
    assert (code, told["error"]["field"]) == (2, "account")
    assert told["error"]["reason"].startswith("erased: ")
    assert run("audit", "rebuild", "--data", str(data), "--check")[0] == 0


def test_a_row_of_the_store_that_is_not_the_one_in_the_log_is_not_disclosed(data: Path, run: Run) -> None:
    sequence, _ = event_at(data)
    part = next(part for part in parts_in(data / FOLDER)[0] if part.first <= sequence <= part.last)
    table = read_part(part)
    at = table.schema.get_field_index("O45")
    changed = table.set_column(at, "O45", pa.array(["9.99"] * table.num_rows))
    pq.write_table(changed, part.path)
    code, told = run("audit", "disclose", "--data", str(data), "--sequence", str(sequence), "--fields", "O45")
    assert code == 1
    assert "fingerprint_differs" in told["error"]["reason"]


@pytest.mark.parametrize(("file", "byte"), [("tile/entries/000", 85 * 40 + 30), ("tile/0/000", 32 * 40 + 1)])
def test_one_flipped_bit_of_the_log_of_orders_is_located(data: Path, run: Run, file: str, byte: int) -> None:
    wanted = OrderEntries(data).entry(40).sequence
    path = log_folder(data, ORDERS) / file
    raw = bytearray(path.read_bytes())
    raw[byte] ^= 1
    path.write_bytes(raw)
    code, told = run("audit", "rebuild", "--data", str(data), "--check")
    difference = told["difference"]
    assert (code, difference["log"], difference["index"], difference["sequence"]) == (1, "orders", 40, wanted)


def test_numbers_that_are_no_order_s_have_no_fingerprint_before(data: Path) -> None:
    entries = OrderEntries(data)
    born = {entry.order for entry in entries.oldest_first(entries.size) if entry.order == entry.sequence}
    previous = Previous(entries)
    stranger = next(number for number in range(1, 400) if number not in born)
    marks = [letter * 32 for letter in (b"a", b"b")]
    assert previous.pairs([stranger, 0], [5_000, 5_001], marks) == [(mark, bytes(32)) for mark in marks]
    order = max(born)
    last = entries.last_of(order, entries.size)
    assert last is not None
    found = previous.pairs([order, order, 6_000, 6_000], [5_002, 5_003, 6_000, 6_001], [*marks, *marks])
    first, second = marks
    assert found == [(first, last.fingerprint), (second, first), (first, bytes(32)), (second, first)]


@pytest.mark.parametrize("entry", [b"", b"\x02", b"\x01" + bytes(82), bytes(84)])
def test_bytes_that_are_no_entry_of_orders_are_refused(entry: bytes) -> None:
    with pytest.raises(ValueError, match="no entry"):
        OrderEntry.decode(entry)
