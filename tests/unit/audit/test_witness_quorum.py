"""Only cosignatures that hold are merged into a checkpoint."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.unit.audit.test_witness import FIRST, OWN, SECOND, opened

from isthmus.audit.quorum import merged
from isthmus.engine.proofs import COSIGNATURE, VerifierKey


def key(secret: Ed25519PrivateKey) -> VerifierKey:
    return VerifierKey.of("w.test", COSIGNATURE, secret.public_key().public_bytes_raw())


def test_a_cosignature_is_merged_once_and_only_into_the_head_it_is_of(tmp_path: Path) -> None:
    line = opened(tmp_path).add_checkpoint(FIRST, 7).body
    first, second = (body.decode().split("\n\n", 1)[1] for body in (FIRST, SECOND))
    assert merged(first, [line, line, "garbage", ""], [key(OWN)]) == (first + line, ("w.test",))
    assert merged(second, [line], [key(OWN)]) == (second, ())


def test_a_cosignature_by_another_key_does_not_count(tmp_path: Path) -> None:
    line = opened(tmp_path).add_checkpoint(FIRST, 7).body
    first = FIRST.decode().split("\n\n", 1)[1]
    assert merged(first, [line], [key(Ed25519PrivateKey.from_private_bytes(b"\x03" * 32))]) == (first, ())
