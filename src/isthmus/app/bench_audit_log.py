"""Rows of `isthmus bench audit` about the log: entries appended and read again, proofs made, fingerprints of rows.

Processor time of one core, medians of rounds that take turns with probe and peers, after one that is not counted:
memory that the system never gave out before costs it more than all the rest. pymerkle, where it is installed, runs in a
process of its own, and keeps its tree in memory, as the first row does.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from isthmus.app.bench_report import Peer, Probe, Row
from isthmus.engine.proofs import (
    ED25519,
    FIELDS,
    Log,
    Signer,
    VerifierKey,
    fingerprints,
    inclusion_fault,
    leaf_hash,
    tree_root,
    verify_log,
)

ENTRIES, ENTRY_BYTES, ROWS, PROOFS, ROUNDS = 1_000_000, 42, 5_000, 2_000, 5
PEER_ENTRIES, PEER_ROWS = 50_000, 1_000
APPEND_GOAL = VERIFY_GOAL = 1_000_000.0
FINGERPRINT_GOAL, PROOF_GOAL_US = 90_000.0, 10.0
ORIGIN = "bench.test/log"
PYMERKLE = """
import sys, time, pymerkle
entries, size = int(sys.argv[1]), int(sys.argv[2])
data = [number.to_bytes(size, "big") for number in range(entries)]
tree = pymerkle.InmemoryTree(algorithm="sha256")
begun = time.process_time()
for entry in data:
    tree.append_entry(entry)
tree.get_state()
print(pymerkle.__version__, entries / (time.process_time() - begun))
"""

Measured = tuple[list[Row], list[Peer], list[Probe]]


def measured(entries: int = ENTRIES, rows: int = ROWS, rounds: int = ROUNDS) -> Measured:
    """Rows, peers and probes."""
    found = Taken()
    _round(entries, Taken())
    for _ in range(rounds):
        _round(entries, found)
        found.pymerkle += _pymerkle(min(entries, PEER_ENTRIES))
    ours, plain = _fingerprinted(rows, rounds)
    median, right = statistics.median, found.right
    bare = Probe("log_files_written_bare", round(median(found.written), 1), "records/s")
    made = [
        _row("tree_append", "records/s", median(found.joined), APPEND_GOAL, right),
        _row("log_append", "records/s", median(found.appended), APPEND_GOAL, right),
        _row("log_verified", "records/s", median(found.verified), VERIFY_GOAL, right),
        _row("inclusion_made", "us", median(found.proofs) * 1e6, PROOF_GOAL_US, right),
        _row("fingerprints", "rows/s", median(ours), FINGERPRINT_GOAL, True),
    ]
    peers = [_peer("pymerkle", made[0], found.pymerkle), _peer("pymerkle", made[1], found.pymerkle)]
    peers.append(_peer("hashlib", made[4], [(sys.version.split()[0], rate) for rate in plain]))
    return made, peers, [bare]


@dataclass
class Taken:
    """Rates of each round, seconds of each proof, and whether all that was made holds."""

    joined: list[float] = field(default_factory=list)
    appended: list[float] = field(default_factory=list)
    verified: list[float] = field(default_factory=list)
    written: list[float] = field(default_factory=list)
    proofs: list[float] = field(default_factory=list)
    pymerkle: list[tuple[str, float]] = field(default_factory=list)
    right: bool = True


def _round(entries: int, into: Taken) -> None:
    """The same entries in memory, as bare files, and as a log, which is verified and proves some of them."""
    blob = os.urandom(ENTRY_BYTES * entries)
    listed = [blob[at : at + ENTRY_BYTES] for at in range(0, len(blob), ENTRY_BYTES)]
    root: list[bytes] = []
    into.joined.append(entries / _timed(lambda: root.append(tree_root(listed))))
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        into.written.append(entries / _bare(Path(folder), blob))
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        signer = Signer.generate(ORIGIN, ED25519)
        log = Log(Path(folder), ORIGIN, signer.vkey)
        into.appended.append(entries / _timed(lambda: log.append_fixed(blob, ENTRY_BYTES)))
        log.checkpoint(signer, 0)
        into.verified.append(entries / _timed(lambda: _holds(Path(folder), signer.vkey, entries)))
        into.right = _proven(log, blob, into.proofs) and log.root == root[0] and into.right


def _proven(log: Log, blob: bytes, proofs: list[float]) -> bool:
    size, root, right = log.size, log.root, True
    for turn in range(PROOFS):
        index = turn * 7_919 % size
        begun = time.thread_time_ns()
        proof = log.inclusion(index, size)
        proofs.append((time.thread_time_ns() - begun) / 1e9)
        leaf = leaf_hash(blob[index * ENTRY_BYTES : (index + 1) * ENTRY_BYTES])
        right = right and inclusion_fault(index, size, leaf, proof, root) is None
    return right


def _holds(folder: Path, vkey: str, entries: int) -> None:
    found = verify_log(folder, VerifierKey.parse(vkey))
    assert (found.findings, found.entries) == ((), entries), "a log just written holds"


def _bare(folder: Path, blob: bytes) -> float:
    """Seconds of the processor that files as many and as large as those of the log take, without any hashing."""
    width = 256 * ENTRY_BYTES

    def write() -> None:
        for at in range(0, len(blob), width):
            for name, raw in (("entries", blob[at : at + width]), ("hashes", bytes(8_192))):
                with (folder / f"{name}{at}").open("wb") as file:
                    file.write(raw)

    return _timed(write)


def _pymerkle(entries: int) -> list[tuple[str, float]]:
    command = [sys.executable, "-c", PYMERKLE, str(entries), str(ENTRY_BYTES)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return []
    version, rate = ran.stdout.split()
    return [(version, float(rate))]


def _fingerprinted(rows: int, rounds: int) -> tuple[list[float], list[float]]:
    values = [tuple(str(row * number) if number % 4 else None for number in range(FIELDS)) for row in range(rows)]
    seeds = [hashlib.sha256(b"%d" % row).digest() for row in range(rows)]
    few = min(rows, PEER_ROWS)
    ours, plain = [], []
    for _ in range(rounds):
        ours.append(rows / _timed(lambda: fingerprints(seeds, values)))
        plain.append(few / _timed(partial(_plain_rows, seeds[:few], values[:few])))
    assert fingerprints(seeds[:1], values[:1]) == [plain_fingerprint(seeds[0], values[0])], "both hash the same"
    return ours, plain


def _plain_rows(seeds: list[bytes], values: list[tuple[str | None, ...]]) -> None:
    for seed, row in zip(seeds, values, strict=True):
        plain_fingerprint(seed, row)


def plain_fingerprint(seed: bytes, row: tuple[str | None, ...]) -> bytes:
    """The same by hashlib: what a plain program in Python takes."""
    sha = hashlib.sha256
    salts = b"".join(sha(seed + bytes([block])).digest() for block in range(FIELDS // 2))
    hashes = []
    for number, value in enumerate(row):
        known = b"\0" if value is None else b"\1" + value.encode()
        hashes.append(sha(bytes([0, number]) + salts[16 * number : 16 * number + 16] + known).digest())
    while len(hashes) > 1:
        pairs = [sha(b"\1" + hashes[at] + hashes[at + 1]).digest() for at in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[2 * len(pairs) :]
    return hashes[0]


def _timed(act: Callable[[], object]) -> float:
    begun = time.process_time()
    act()
    return max(time.process_time() - begun, 1e-9)


def _row(name: str, unit: str, value: float, goal: float, right: bool) -> Row:
    reached = value <= goal if unit == "us" else value >= goal
    return Row(name=name, unit=unit, value=round(value, 3), clock="cpu", goal=goal, ok=right and reached)


def _peer(name: str, ours: Row, theirs: list[tuple[str, float]]) -> Peer:
    if not theirs:
        return Peer(name=name, row=ours.name, reason="is not installed")
    value = statistics.median(rate for _, rate in theirs)
    ratio = round(ours.value / value, 2) if ours.value else None
    return Peer(name=name, version=theirs[0][0], row=ours.name, value=round(value, 1), ratio=ratio, status="ok")
