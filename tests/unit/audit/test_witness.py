"""A witness cosigns what extends, and refuses by name what does not."""

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from isthmus.audit.witness import Witness, log_key
from isthmus.kernel.errors import BadInput, Damaged

LOG = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
OWN = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
NAME = "example.test/journal"
LEAVES = [hashlib.sha256(b"\0" + bytes([number])).digest() for number in range(2)]
ROOTS = {1: LEAVES[0], 2: hashlib.sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()}
BLOB = b"\x01" + LOG.public_key().public_bytes_raw()
NUMBER = hashlib.sha256(NAME.encode() + b"\n" + BLOB).digest()[:4]
VKEY = f"{NAME}+{NUMBER.hex()}+{base64.b64encode(BLOB).decode()}"


def request(old: int, size: int, root: bytes, *proof: bytes, key: Ed25519PrivateKey = LOG, origin: str = NAME) -> bytes:
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = base64.b64encode(NUMBER + key.sign(text.encode())).decode()
    lines = "".join("\n" + base64.b64encode(node).decode() for node in proof)
    return f"old {old}{lines}\n\n{text}\n\u2014 {origin} {signature}\n".encode()


def opened(folder: Path) -> Witness:
    return Witness("w.test", OWN, log_key(VKEY), folder)


FIRST = request(0, 1, ROOTS[1])
SECOND = request(1, 2, ROOTS[2], LEAVES[1])


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    found = opened(tmp_path)
    assert found.add_checkpoint(FIRST, 7).status == 200
    return found


def test_a_head_that_extends_is_cosigned_with_the_time(witness: Witness) -> None:
    answer = witness.add_checkpoint(SECOND, 9)
    raw = base64.b64decode(answer.body.split(" ")[2])
    text = SECOND.decode().split("\n\n")[1] + "\n"
    assert answer.status == 200
    assert int.from_bytes(raw[4:12], "big") == 9
    public = Ed25519PublicKey.from_public_bytes(OWN.public_key().public_bytes_raw())
    public.verify(raw[12:], f"cosignature/v1\ntime 9\n{text}".encode())


def test_a_replayed_request_is_harmless_and_an_old_head_is_told_the_size(witness: Witness) -> None:
    witness.add_checkpoint(SECOND, 9)
    for request_again in (FIRST, SECOND):
        answer = witness.add_checkpoint(request_again, 10)
        assert (answer.status, answer.body) == (409, "2\n")
    assert witness.reports == []


def test_a_forked_head_is_refused_and_reported_once_with_both_notes(witness: Witness, tmp_path: Path) -> None:
    forked = request(1, 1, LEAVES[1])
    assert [witness.add_checkpoint(forked, 9).status for _ in range(2)] == [409, 409]
    (report,) = opened(tmp_path).reports
    assert report.kind == "fork"
    assert base64.b64encode(ROOTS[1]).decode() in report.held
    assert base64.b64encode(LEAVES[1]).decode() in report.given


def test_a_shrunken_head_is_refused_and_reported(witness: Witness) -> None:
    witness.add_checkpoint(SECOND, 9)
    assert witness.add_checkpoint(request(2, 1, ROOTS[1]), 10).status == 400
    assert [report.kind for report in witness.reports] == ["shrink"]
    assert witness.head.size == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (request(1, 2, ROOTS[2], LEAVES[1], key=OWN), 403),
        (request(1, 2, ROOTS[2], LEAVES[0]), 422),
        (request(1, 2, ROOTS[2]), 422),
        (request(1, 2, ROOTS[2], LEAVES[1], origin="other.test"), 404),
        (b"\xff\x00garbage", 400),
        (b"", 400),
        (b"old 01\n\n" + SECOND.split(b"\n\n", 1)[1], 400),
        (b"x" * 70_000, 400),
    ],
    ids=["wrong key", "other log's proof", "no proof", "other origin", "garbage", "nothing", "leading zero", "long"],
)
def test_what_does_not_extend_is_refused(witness: Witness, body: bytes, status: int) -> None:
    assert witness.add_checkpoint(body, 9).status == status
    assert witness.head.size == 1


def test_no_changed_byte_gets_another_head_cosigned(witness: Witness) -> None:
    for place in range(len(SECOND)):
        changed = bytearray(SECOND)
        changed[place] ^= 1
        witness.add_checkpoint(bytes(changed), 9)
        assert witness.head.root in (ROOTS[1].hex(), ROOTS[2].hex())


def test_an_empty_log_has_one_root(tmp_path: Path) -> None:
    empty = opened(tmp_path)
    assert empty.add_checkpoint(request(0, 0, LEAVES[0]), 9).status == 422
    assert empty.add_checkpoint(request(0, 0, hashlib.sha256().digest()), 9).status == 200


def test_the_state_outlives_the_process_and_a_rolled_back_one_is_refused(witness: Witness, tmp_path: Path) -> None:
    before = (tmp_path / "state").read_bytes()
    witness.add_checkpoint(SECOND, 9)
    assert opened(tmp_path).head.size == 2
    (tmp_path / "state").write_bytes(before)
    with pytest.raises(Damaged, match="rolled back"):
        opened(tmp_path)
    (tmp_path / "state").unlink()
    with pytest.raises(Damaged, match="is gone"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["heads", "reports"])
def test_a_line_that_a_crash_tore_is_cut_and_the_witness_goes_on(witness: Witness, tmp_path: Path, name: str) -> None:
    witness.add_checkpoint(request(1, 1, LEAVES[1]), 9)  # a fork, so that there is a report
    with (tmp_path / name).open("ab") as file:
        file.write(b'{"counter":2,"si')
    again = opened(tmp_path)
    assert (again.head.size, len(again.reports)) == (1, 1)
    assert again.add_checkpoint(SECOND, 9).status == 200
    assert opened(tmp_path).head.size == 2


def test_a_head_whose_line_a_crash_kept_from_the_list_is_listed_at_the_next_start(
    witness: Witness, tmp_path: Path
) -> None:
    listed = (tmp_path / "heads").read_bytes()
    witness.add_checkpoint(SECOND, 9)
    whole = (tmp_path / "heads").read_bytes()
    (tmp_path / "heads").write_bytes(listed)
    assert opened(tmp_path).head.size == 2
    assert (tmp_path / "heads").read_bytes() == whole


def test_a_whole_line_that_cannot_be_read_is_damage(witness: Witness, tmp_path: Path) -> None:
    with (tmp_path / "heads").open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(Damaged, match="cannot be read"):
        opened(tmp_path)
    assert witness.head.size == 1


def test_a_state_that_another_wrote_is_refused(witness: Witness, tmp_path: Path) -> None:
    raw = bytearray((tmp_path / "state").read_bytes())
    raw[-2] ^= 1
    (tmp_path / "state").write_bytes(raw)
    with pytest.raises(Damaged, match="not signed"):
        opened(tmp_path)
    assert witness.head.size == 1


@pytest.mark.parametrize("text", ["", "a+b+c", VKEY.replace("journal", "orders"), VKEY[:-8]])
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        log_key(text)
