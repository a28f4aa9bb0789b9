"""A log writes the files of C2SP tlog-tiles, proves what is in them, and trusts nothing beyond its checkpoint."""

import base64
import json
import stat
from pathlib import Path

import pytest

from isthmus.engine.proofs import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Log,
    LogReader,
    LogRefused,
    Note,
    Salts,
    Signer,
    VerifierKey,
    consistency_fault,
    create_secret,
    inclusion_fault,
    journal_entry,
    leaf_hash,
    line_signed,
    note_signed,
    read_secret,
)

ORIGIN = "example.test/log"
SIGNER = Signer.of(ORIGIN, ED25519, b"\x05" * 32)


def entries(count: int, start: int = 0) -> list[bytes]:
    return [b"entry %d" % number for number in range(start, start + count)]


def grown(folder: Path, *sizes: int) -> Log:
    log = Log(folder, ORIGIN, SIGNER.vkey)
    for size in sizes:
        log.append(entries(size - log.size, log.size))
        log.checkpoint(SIGNER, 1)
    return log


def sample(test_data: Path) -> dict[str, bytes]:
    files = json.loads((test_data / "trust/merkle/tlog_tiles_sample_log.json").read_text())
    key = files.pop("_public_key")
    return {"key": key.encode()} | {path: base64.b64decode(text) for path, text in files.items()}


def test_the_files_of_a_public_log_are_written_again_byte_for_byte(test_data: Path, tmp_path: Path) -> None:
    files = sample(test_data)
    key = VerifierKey.parse(files.pop("key").decode())
    bundle, words = files["tile/entries/000.p/15"], []
    while bundle:
        length = 2 + int.from_bytes(bundle[:2], "big")
        words.append(bundle[2:length])
        bundle = bundle[length:]
    log = Log(tmp_path, key.name, key.text())
    for size in range(16):
        log.append(words[size - 1 : size])
        assert log.text() == Note.parse(files[f"checkpoint.{size}"]).text
        log.publish(files[f"checkpoint.{size}"].decode())
        assert (tmp_path / "checkpoint").read_bytes() == files[f"checkpoint.{size}"]
    written = {str(path.relative_to(tmp_path)): path.read_bytes() for path in (tmp_path / "tile").rglob("*/*.p/*")}
    assert written == {path: raw for path, raw in files.items() if path.startswith("tile/")}


def test_every_leaf_is_proven_in_every_head_and_every_head_in_every_later_one(tmp_path: Path) -> None:
    sizes = (1, 2, 255, 256, 257, 700)
    log = grown(tmp_path, *sizes)
    for reader in (log, LogReader(tmp_path)):
        for size in sizes:
            root = reader.root_at(size)
            for index in {0, size // 2, size - 1}:
                proof = reader.inclusion(index, size)
                assert inclusion_fault(index, size, leaf_hash(b"entry %d" % index), proof, root) is None
                assert reader.entry(index) == b"entry %d" % index
            for old in (old for old in sizes if old <= size):
                proof = reader.consistency(old, size)
                assert consistency_fault((old, reader.root_at(old)), (size, root), proof) is None


def test_partial_files_are_removed_once_the_whole_one_is_covered(tmp_path: Path) -> None:
    grown(tmp_path, 255)
    assert (tmp_path / "tile/0/000.p/255").exists()
    grown(tmp_path, 300)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} - {"lock"}
    assert found == {
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    }


def test_what_no_checkpoint_covers_is_not_there_at_the_next_start(tmp_path: Path) -> None:
    log = grown(tmp_path, 300)
    log.append(entries(1000, 300))
    assert (log.size, log.covered) == (1300, 300)
    del log
    again = grown(tmp_path)
    assert (again.size, again.covered) == (300, 300)
    again.append(entries(1000, 300))
    again.checkpoint(SIGNER, 2)
    assert (again.rewritten, again.root) == (0, grown(tmp_path / "other", 1300).root)


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 4000, 8191, 8192])
def test_a_tile_cut_by_a_crash_is_made_again(tmp_path: Path, cut: int) -> None:
    log = grown(tmp_path, 300)
    log.append(entries(300, 300))
    del log
    for name in ("tile/0/001", "tile/entries/001"):
        raw = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(raw[: cut * len(raw) // 8192])
    again = grown(tmp_path, 600)
    assert again.rewritten == (0 if cut == 8192 else 2)
    assert again.root == grown(tmp_path / "other", 600).root
    assert LogReader(tmp_path).entry(400) == b"entry 400"


def test_a_log_has_one_writer(tmp_path: Path) -> None:
    log = grown(tmp_path, 1)
    with pytest.raises(LogRefused, match="locked"):
        Log(tmp_path, ORIGIN)
    assert log.size == 1


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("tile/0/001.p/44", "root_differs"),
        ("tile/1/000.p/1", "root_differs"),
        ("tile/entries/001.p/44", "leaf_differs"),
        ("checkpoint", "bad_signature"),
    ],
)
def test_a_flipped_bit_of_the_right_edge_is_refused_at_the_start(tmp_path: Path, name: str, changed: str) -> None:
    grown(tmp_path, 300)
    raw = bytearray((tmp_path / name).read_bytes())
    raw[-20 if name == "checkpoint" else 10] ^= 1
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(LogRefused) as refused:
        Log(tmp_path, ORIGIN, SIGNER.vkey)
    assert refused.value.args[0] == changed


@pytest.mark.parametrize(("name", "cut"), [("tile/0/001.p/44", 32), ("tile/entries/001.p/44", 1)])
def test_a_truncated_or_missing_file_of_the_right_edge_is_refused(tmp_path: Path, name: str, cut: int) -> None:
    grown(tmp_path, 300)
    raw = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(raw[:-cut])
    with pytest.raises(LogRefused, match="truncated_tile"):
        Log(tmp_path, ORIGIN)
    (tmp_path / name).unlink()
    with pytest.raises(LogRefused, match="missing_tile"):
        Log(tmp_path, ORIGIN)


def test_only_the_head_made_last_is_published(tmp_path: Path) -> None:
    log = grown(tmp_path, 3, 5)
    other = grown(tmp_path / "other", 3)
    fork = Log(tmp_path / "fork", ORIGIN)
    fork.append([b"another"] * 7)
    log.append(entries(2, 5))
    log.text()
    stranger = Signer.of("other.test", ED25519, b"\x06" * 32)
    foreign = Log(tmp_path / "foreign", "other.test").checkpoint(stranger, 1)
    unsigned = f"{log.text()}\n{stranger.sign(log.text(), 1)}\n"
    for note, name in [
        (other.note, "old_head"),
        (fork.checkpoint(SIGNER, 1), "forked"),
        (foreign, "wrong_log"),
        (unsigned, "not_signed"),
    ]:
        assert note is not None
        with pytest.raises(LogRefused) as refused:
            log.publish(note)
        assert refused.value.args[0] == name
    assert log.covered == 5


def test_cosignatures_are_added_once_to_the_head_that_is_published(tmp_path: Path) -> None:
    log, witness = grown(tmp_path, 3), Signer.generate("w.test", COSIGNATURE)
    assert log.note is not None
    line = witness.sign(Note.parse(log.note.encode()).text, 77)
    assert log.cosign([line, line]) == log.cosign([line]) == log.note == LogReader(tmp_path).note()
    assert note_signed(log.note.encode(), VerifierKey.parse(witness.vkey)) == 77
    assert note_signed(log.note.encode(), VerifierKey.parse(SIGNER.vkey)) is None
    assert log.note.count("\u2014") == 2


def test_an_entry_that_is_too_long_takes_nothing(tmp_path: Path) -> None:
    log = grown(tmp_path, 1)
    with pytest.raises(LogRefused, match="entry_too_long"):
        log.append([b"x" * 65_536])
    assert log.append([b"x" * 65_535, b""]) == 3
    assert log.entry(1) == b"x" * 65_535


def test_a_proof_of_what_is_not_there_is_refused(tmp_path: Path) -> None:
    log = grown(tmp_path, 3)
    for ask in (lambda: log.inclusion(3, 3), lambda: log.inclusion(0, 4), lambda: log.consistency(0, 3)):
        with pytest.raises(LogRefused, match="out_of_range"):
            ask()
    for ask in (lambda: log.consistency(3, 2), lambda: log.root_at(4), lambda: log.entry(3)):
        with pytest.raises(LogRefused, match="out_of_range"):
            ask()


def test_a_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    SIGNER.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Signer.read(path).vkey == SIGNER.vkey
    with pytest.raises(FileExistsError):
        SIGNER.write(path)
    path.chmod(0o640)
    with pytest.raises(LogRefused, match="loose_permissions"):
        Signer.read(path)
    with pytest.raises(LogRefused, match="loose_permissions"):
        read_secret(str(path))


def test_a_secret_is_never_shown() -> None:
    secret = base64.b64encode(b"\x01" + b"\x05" * 32).decode()
    assert secret[10:30] not in repr(SIGNER) + str(SIGNER)
    for text in (f"PRIVATE+KEY+{ORIGIN}+00000000+{secret}", f"PRIVATE+KEY+{secret}"):
        with pytest.raises(LogRefused) as refused:
            Signer.parse(text)
        assert secret[10:30] not in str(refused.value)


def test_the_keys_of_go_s_sumdb_note_are_read() -> None:
    """The key pair and the note of the package's own documentation (golang.org/x/mod/sumdb/note)."""
    signer = Signer.parse("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    assert signer.vkey == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    blob = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    line = f"\u2014 PeterNeumann {blob}"
    assert signer.sign(text, 0) == line
    assert line_signed(text, line, VerifierKey.parse(signer.vkey)) is None


@pytest.mark.parametrize(
    "text", ["", "a+b+c", "a+00000000+", SIGNER.vkey[:-8], SIGNER.vkey.replace("log", "lag"), "a b" + SIGNER.vkey]
)
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LogRefused, match="bad_key"):
        VerifierKey.parse(text)


def test_no_changed_byte_of_a_note_passes_as_signed(tmp_path: Path) -> None:
    note = grown(tmp_path, 3).note
    assert note is not None
    raw, key = note.encode(), VerifierKey.parse(SIGNER.vkey)
    for place in range(len(raw)):
        for bit in (1, 0x80):
            changed = bytearray(raw)
            changed[place] ^= bit
            with pytest.raises(LogRefused):
                note_signed(bytes(changed), key)


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n1\n", "a\n01\n{}\n", "a\n-1\n{}\n", "\n1\n{}\n", "a\n1\nAAAA\n", "a\n1\n{}\n\nb\n", "a\n1\n{}"],
)
def test_a_checkpoint_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LogRefused, match="malformed_checkpoint"):
        Checkpoint.parse(text.format(base64.b64encode(bytes(32)).decode()))


def test_a_checkpoint_is_read_back_with_the_lines_of_its_own() -> None:
    head = Checkpoint("a b", 7, b"\x01" * 32, ("one", "two"))
    assert Checkpoint.parse(head.text()) == head


def test_a_salt_needs_its_key_and_an_entry_its_salt(tmp_path: Path) -> None:
    salts = Salts.create(tmp_path / "salts.key")
    assert Salts.read(tmp_path / "salts.key").salt(7) == salts.salt(7) != salts.salt(8)
    entry = journal_entry(7, salts.salt(7), b"\x02" * 32)
    assert (len(entry), entry[:9], entry[-1]) == (42, b"\x01" + (7).to_bytes(8, "big"), 0)
    create_secret(str(tmp_path / "short"), b"short")
    with pytest.raises(LogRefused, match="bad_key"):
        Salts.read(tmp_path / "short")
