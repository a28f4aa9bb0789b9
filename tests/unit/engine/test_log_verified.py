"""A flipped bit anywhere in a log is found and located."""

import base64
import json
import os
import random
from pathlib import Path

import pytest

from isthmus.engine.proofs import (
    ED25519,
    Finding,
    Log,
    Signer,
    Verified,
    VerifierKey,
    verify_log,
)

ORIGIN = "example.test/log"
SIGNER = Signer.of(ORIGIN, ED25519, b"\x05" * 32)
KEY = VerifierKey.parse(SIGNER.vkey)
SIZES = (3, 255, 300, 513)
ENTRY_BYTES = 2 + len(b"entry 000")


def files_of(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder, kept = tmp_path_factory.mktemp("log"), {}
    log = Log(folder, ORIGIN)
    for size in SIZES:
        log.append([b"entry %03d" % number for number in range(log.size, size)])
        kept[f"checkpoint.{size}"] = log.checkpoint(SIGNER, 1).encode()
        kept |= {name: raw for name, raw in files_of(folder).items() if ".p/" in name}
    return kept | files_of(folder)


def checked(files: dict[str, bytes]) -> Verified:
    heads = [(name, raw) for name, raw in files.items() if name.startswith("checkpoint.")]
    return verify_log(files, KEY, heads)


def flipped(files: dict[str, bytes], name: str, at: int, bit: int = 1) -> dict[str, bytes]:
    raw = bytearray(files[name])
    raw[at] ^= bit
    return files | {name: bytes(raw)}


def told(found: Verified) -> list[tuple[str, str, int | None]]:
    return [(finding.name, finding.file, finding.index) for finding in found.findings]


def test_a_whole_log_holds_with_all_its_heads_and_narrower_files(files: dict[str, bytes]) -> None:
    found = checked(files)
    assert (found.findings, found.size, found.entries, found.heads) == ((), 513, 513, 5)
    assert found.files == len([name for name in files if name.startswith("tile/")])


@pytest.mark.parametrize(
    ("name", "at", "where"),
    [
        ("tile/entries/001", 5 * ENTRY_BYTES + 4, ("leaf_differs", "tile/entries/001", 261)),
        ("tile/entries/002.p/1", 4, ("leaf_differs", "tile/entries/002.p/1", 512)),
        ("tile/entries/001.p/44", 4, ("leaf_differs", "tile/entries/001.p/44", 256)),
        ("tile/0/001", 5 * 32, ("tile_differs", "tile/0/001", 261)),
        ("tile/0/002.p/1", 31, ("tile_differs", "tile/0/002.p/1", 512)),
        ("tile/0/000.p/255", 254 * 32, ("tile_differs", "tile/0/000.p/255", 254)),
        ("tile/1/000.p/2", 32, ("tile_differs", "tile/1/000.p/2", 1)),
        ("tile/entries/001", 5 * ENTRY_BYTES + 1, ("truncated_tile", "tile/entries/001", 261)),
    ],
)
def test_a_flipped_bit_is_located_and_is_the_only_finding(
    files: dict[str, bytes], name: str, at: int, where: tuple[str, str, int]
) -> None:
    assert told(checked(flipped(files, name, at))) == [where]


def test_any_flipped_bit_of_any_file_is_found_in_that_file(files: dict[str, bytes]) -> None:
    chance = random.Random(7)
    for name, raw in sorted(files.items()):
        if not raw:
            continue
        for _ in range(20):
            changed = flipped(files, name, chance.randrange(len(raw)), 1 << chance.randrange(8))
            assert name in {finding.file for finding in checked(changed).findings}, name


def test_a_cut_or_removed_file_is_named(files: dict[str, bytes]) -> None:
    for name in ("tile/0/001", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/1"):
        assert told(checked(files | {name: files[name][:-1]}))[0][:2] == ("truncated_tile", name)
        without = {other: raw for other, raw in files.items() if other != name}
        assert told(checked(without))[0][:2] == ("missing_tile", name)


def test_an_entry_altered_with_its_hash_is_located_to_its_bundle(files: dict[str, bytes]) -> None:
    from isthmus.engine.proofs import leaf_hash

    entries = flipped(files, "tile/entries/001", 5 * ENTRY_BYTES + 4)
    altered = leaf_hash(entries["tile/entries/001"][5 * ENTRY_BYTES + 2 : 6 * ENTRY_BYTES])
    tile = files["tile/0/001"]
    changed = entries | {"tile/0/001": tile[: 5 * 32] + altered + tile[6 * 32 :]}
    assert ("leaf_differs", "tile/0/001", None) in told(checked(changed))


def test_a_log_made_again_with_another_entry_is_a_fork_of_its_signed_heads(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    log = Log(tmp_path, ORIGIN)
    log.append([b"entry %03d" % number for number in range(299)])
    log.append([b"another"] * 214)
    log.checkpoint(SIGNER, 1)
    heads = {name: raw for name, raw in files.items() if name.startswith("checkpoint.")}
    found = checked(files_of(tmp_path) | heads)
    assert told(found) == [("forked", "checkpoint.300", None), ("forked", "checkpoint.513", None)]
    assert "the last signed head it has is of 513" not in found.findings[0].reason
    assert found.heads == 3


def test_a_log_shown_with_an_older_checkpoint_is_named(files: dict[str, bytes]) -> None:
    found = checked(files | {"checkpoint": files["checkpoint.300"]})
    assert told(found) == [("old_head", "checkpoint.513", None)]
    assert found.beyond > 0


def test_the_checkpoint_of_another_log_is_named(files: dict[str, bytes], tmp_path: Path) -> None:
    other = Signer.generate("other.test/log", ED25519)
    note = Log(tmp_path, "other.test/log").checkpoint(other, 1)
    assert told(verify_log(files | {"checkpoint": note.encode()}, KEY))[0][:2] == ("wrong_log", "checkpoint")
    assert told(verify_log({"tile/0/000": b""}, KEY)) == [("no_checkpoint", "checkpoint", None)]


def test_a_raising_progress_ends_the_check(files: dict[str, bytes]) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify_log(files, None, (), stop)


def test_the_public_sample_holds_under_its_key(test_data: Path) -> None:
    text = json.loads((test_data / "trust/merkle/tlog_tiles_sample_log.json").read_text())
    key = VerifierKey.parse(text.pop("_public_key"))
    files = {name: base64.b64decode(raw) for name, raw in text.items()}
    heads = [(name, raw) for name, raw in files.items() if name.startswith("checkpoint.")]
    found = verify_log(files, key, heads)
    assert (found.findings, found.size, found.heads, found.files) == ((), 15, 17, 30)


def test_no_bytes_stop_the_verifier(files: dict[str, bytes]) -> None:
    chance = random.Random(11)
    for name in files:
        for raw in (b"", os.urandom(40), files[name] + b"\0", files[name][: chance.randrange(len(files[name]) + 1)]):
            assert isinstance(checked(files | {name: raw}).findings, tuple)
    huge = f"{ORIGIN}\n{(1 << 63) - 1}\n{base64.b64encode(bytes(32)).decode()}\n"
    note = f"{huge}\n{SIGNER.sign(huge, 0)}\n".encode()
    found = verify_log(files | {"checkpoint": note}, KEY)
    assert isinstance(found.findings[0], Finding)
