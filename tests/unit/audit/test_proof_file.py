"""A proof file holds on the file and a key alone, and whatever is changed in it is refused by name."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isthmus.app.cli import main
from isthmus.audit.proof_file import Refused, Trust, check, decode
from isthmus.engine.proofs import (
    COSIGNATURE,
    ED25519,
    Log,
    Salts,
    Signer,
    VerifierKey,
    field_proof,
    fingerprints,
    journal_entry,
    leaf_hash,
)

JOURNAL = Signer.of("x.test/journal", ED25519, b"\x01" * 32)
ORDERS = Signer.of("x.test/orders", ED25519, b"\x02" * 32)
WITNESS = Signer.of("w.test", COSIGNATURE, b"\x03" * 32)
SEED, SALTS, RECORD = b"\x04" * 32, Salts(b"\x05" * 32), b"\x06" * 32
ROW = tuple(f"value {field}" if field % 3 else None for field in range(78))
AT = 5


def proof(folder: Path, signer: Signer, entry: bytes, **more: Any) -> dict[str, Any]:
    log = Log(folder, signer.name)
    log.append([b"before"] * AT + [entry] + [b"after"] * 300)
    log.checkpoint(signer, 1)
    assert log.note is not None
    note = log.cosign([WITNESS.sign(log.note.split("\n\n")[0] + "\n", 77)])
    return {
        "format": "isthmus-proof/1",
        "log": signer.name.partition("/")[2],
        "sequence": 17,
        "index": AT,
        "entry": base64.b64encode(entry).decode(),
        "leaf_hash": leaf_hash(entry).hex(),
        "tree_size": log.size,
        "root": log.root.hex(),
        "proof": [each.hex() for each in log.inclusion(AT, log.size)],
        "checkpoint": note,
        "log_vkey": signer.vkey,
        "witness_vkeys": [WITNESS.vkey],
        "record": None,
        "order": None,
    } | more


@pytest.fixture
def record(tmp_path: Path) -> dict[str, Any]:
    salt = SALTS.salt(17)
    entry = journal_entry(17, salt, RECORD)
    return proof(tmp_path / "journal", JOURNAL, entry, record={"hash": RECORD.hex(), "salt": salt.hex()})


@pytest.fixture
def order(tmp_path: Path) -> dict[str, Any]:
    (fingerprint,) = fingerprints([SEED], [ROW])
    entry = (
        b"\x02" + (17).to_bytes(8, "big") + (0).to_bytes(2, "big") + (9).to_bytes(8, "big") + fingerprint + bytes(32)
    )
    fields = []
    for field in (0, 44, 77):
        salt, path = field_proof(SEED, ROW, field)
        shown = {"id": f"O{field + 1:02}", "name": "n", "value": ROW[field], "salt": salt.hex()}
        fields.append(shown | {"proof": [each.hex() for each in path]})
    facts = {"order": 9, "fingerprint": fingerprint.hex(), "fields": fields}
    return proof(tmp_path / "orders", ORDERS, entry, order=facts)


def judged(file: dict[str, Any], trust: Trust | None = None) -> str | None:
    return refusal(json.dumps(file).encode(), trust or Trust())


def refusal(raw: bytes, trust: Trust) -> str | None:
    try:
        check(decode(raw), trust)
    except Refused as refused:
        return refused.name
    return None


def test_a_record_and_an_order_are_proven_with_who_saw_the_head(record: dict[str, Any], order: dict[str, Any]) -> None:
    key = VerifierKey.parse(JOURNAL.vkey)
    assert check(decode(json.dumps(record).encode()), Trust(log=key)).cosigned == {"w.test": 77}
    fields = check(decode(json.dumps(order).encode()), Trust()).fields
    assert fields == {"O01": None, "O45": "value 44", "O78": "value 77"}


CHANGES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("malformed", lambda file: file.update(format="isthmus-proof/2")),
    ("malformed", lambda file: file.pop("record")),
    ("malformed", lambda file: file.update(root="00")),
    ("malformed", lambda file: file.update(index=-1)),
    ("malformed", lambda file: file.update(entry="***")),
    ("bad_key", lambda file: file.update(log_vkey="a+b+c")),
    ("bad_key", lambda file: file.update(log_vkey=WITNESS.vkey)),
    ("bad_key", lambda file: file.update(witness_vkeys=[JOURNAL.vkey])),
    ("wrong_log", lambda file: file.update(log_vkey=ORDERS.vkey)),
    ("wrong_log", lambda file: file.update(log="orders")),
    ("malformed_note", lambda file: file.update(checkpoint="")),
    ("bad_signature", lambda file: file.update(checkpoint=file["checkpoint"].replace("\n306\n", "\n305\n"))),
    ("not_cosigned", lambda file: file.update(checkpoint=file["checkpoint"].split("\u2014 w.test")[0])),
    ("leaf_differs", lambda file: file.update(leaf_hash="00" * 32)),
    ("leaf_differs", lambda file: file.update(sequence=18)),
    ("old_head", lambda file: file.update(tree_size=305)),
    ("old_head", lambda file: file.update(root="00" * 32)),
    ("inclusion_fails", lambda file: file.update(index=6)),
    ("inclusion_fails", lambda file: file["proof"].pop()),
    ("record_differs", lambda file: file["record"].update(hash="00" * 32)),
    ("record_differs", lambda file: file["record"].update(salt="00" * 16)),
]


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_whatever_is_changed_is_refused_by_name(
    record: dict[str, Any], name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    change(record)
    assert judged(record) == name


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("field_differs", {"value": "another"}),
        ("field_differs", {"value": None}),
        ("field_differs", {"id": "O46"}),
        ("field_differs", {"id": "O79"}),
        ("field_differs", {"salt": "00" * 16}),
        ("malformed", {"salt": "zz"}),
        ("field_differs", {"proof": []}),
    ],
)
def test_a_field_that_is_not_the_order_s_is_refused(order: dict[str, Any], name: str, change: dict[str, Any]) -> None:
    order["order"]["fields"][1].update(change)
    assert judged(order) == name


def test_another_order_or_fingerprint_is_refused(order: dict[str, Any]) -> None:
    assert judged(order | {"order": order["order"] | {"order": 8}}) == "leaf_differs"
    assert judged(order | {"order": order["order"] | {"fingerprint": "00" * 32}}) == "leaf_differs"
    assert judged(order | {"record": {"hash": "00" * 32, "salt": "00" * 16}}) == "wrong_log"


def test_a_stranger_s_key_and_a_quorum_that_is_not_there_are_refused(record: dict[str, Any]) -> None:
    stranger = VerifierKey.parse(Signer.generate("x.test/journal", ED25519).vkey)
    assert judged(record, Trust(log=stranger)) == "not_signed"
    assert judged(record, Trust(quorum=2)) == "not_cosigned"


def test_no_changed_byte_of_a_file_ends_in_anything_but_a_name(record: dict[str, Any]) -> None:
    raw = json.dumps(record).encode()
    for place in range(0, len(raw), 3):
        changed = raw[:place] + bytes([raw[place] ^ 1 << place % 8]) + raw[place + 1 :]
        assert refusal(changed, Trust(log=VerifierKey.parse(JOURNAL.vkey))) != ""


def test_the_command_tells_what_holds_and_what_does_not(
    record: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(record))
    assert main(["audit", "verify", "proof", str(path), "--vkey", JOURNAL.vkey, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["sequence"], answer["cosigned"]) == (True, 17, {"w.test": 77})
    path.write_text(json.dumps(record | {"index": 6}))
    assert main(["audit", "verify", "proof", str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["reason"] == "inclusion_fails"


def test_a_folder_is_checked_under_the_key_beside_it_and_a_flipped_bit_is_told(
    record: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "journal"
    (folder / "log.vkey").write_text(JOURNAL.vkey + "\n")
    head = {"size": 306, "root": record["root"], "note": record["checkpoint"]}
    lies = head | {"root": hashlib.sha256().hexdigest()}
    (folder / "heads").write_text(json.dumps(head) + "\n")
    assert main(["audit", "verify", "log", str(folder), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["signed_by"], answer["entries"], answer["heads"]) == ("x.test/journal", 306, 2)
    (folder / "heads").write_text(json.dumps(lies) + "\n")
    tile = folder / "tile/0/000"
    raw = bytearray(tile.read_bytes())
    raw[40] ^= 4
    tile.write_bytes(raw)
    assert main(["audit", "verify", "log", str(folder), "--json", "--origin", "other"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {(each["name"], each["file"], each["index"]) for each in found} == {
        ("wrong_log", "checkpoint", None),
        ("head_differs", "heads:1", None),
        ("tile_differs", "tile/0/000", 1),
    }
