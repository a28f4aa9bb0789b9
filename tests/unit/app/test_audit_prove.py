"""Proofs that anybody can check, and logs that are what their journal makes, or are told where they are not."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.test_audit_trail import Clocks, followed, run_engine, trail_of

from isthmus.app.cli import main
from isthmus.audit.places import JOURNAL, keys_folder, log_folder
from isthmus.engine import archive
from isthmus.engine.proofs import Checkpoint, Note, VerifierKey, inclusion_fault, leaf_hash, note_signed

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return ran


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A journal whose log is signed to its end."""
    folder = tmp_path / "data"
    run_engine(folder, 400)
    followed(folder, Clocks())
    return folder


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
    assert (tmp_path / "again" / "tile" / "entries" / "000").exists()


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
