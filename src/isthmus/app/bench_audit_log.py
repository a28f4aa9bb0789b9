"""Rows of `isthmus bench audit` about the log: entries appended and read again, proofs made, fingerprints of rows.

Processor time of one core, medians of rounds that take turns with the peers. pymerkle, where it is installed, runs in a
process of its own.
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
    verify_log,
)

ENTRIES, ENTRY_BYTES, ROWS, PROOFS, ROUNDS = 1_000_000, 42, 5_000, 2_000, 3
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
    appended: list[float] = []
    verified: list[float] = []
    written: list[float] = []
    proofs: list[float] = []
    theirs: list[tuple[str, float]] = []
    right = True
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
            right = _round(Path(folder), entries, (appended, verified, proofs, written)) and right
        theirs += _pymerkle(min(entries, PEER_ENTRIES))
    ours, plain = _fingerprinted(rows, rounds)
    found = [
        _row("log_append", "records/s", statistics.median(appended), APPEND_GOAL, right),
        _row("log_verified", "records/s", statistics.median(verified), VERIFY_GOAL, right),
        _row("inclusion_made", "us", statistics.median(proofs) * 1e6, PROOF_GOAL_US, right),
        _row("fingerprints", "rows/s", statistics.median(ours), FINGERPRINT_GOAL, True),
    ]
    peers = [_peer("pymerkle", "log_append", found[0], theirs)]
    peers.append(_peer("hashlib", "fingerprints", found[3], [(sys.version.split()[0], rate) for rate in plain]))
    return found, peers, [Probe("log_write_fdatasync", round(statistics.median(written), 1), "records/s")]


def _round(folder: Path, entries: int, into: tuple[list[float], list[float], list[float], list[float]]) -> bool:
    appended, verified, proofs, written = into
    signer = Signer.generate(ORIGIN, ED25519)
    log = Log(folder / "log", ORIGIN, signer.vkey)
    blob = os.urandom(ENTRY_BYTES * entries)
    took = _timed(lambda: log.append_fixed(blob, ENTRY_BYTES))
    appended.append(entries / took)
    log.checkpoint(signer, 0)
    written.append(entries / _bare(folder / "bare", blob))
    took = _timed(lambda: _holds(folder / "log", signer.vkey, entries))
    verified.append(entries / took)
    return _proven(log, blob, proofs)


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


def _bare(path: Path, blob: bytes) -> float:
    """Seconds on the wall that the same bytes take to be written at once and flushed."""
    begun = time.perf_counter()
    with path.open("wb") as file:
        file.write(blob)
        os.fdatasync(file.fileno())
    return time.perf_counter() - begun


def _pymerkle(entries: int) -> list[tuple[str, float]]:
    command = [sys.executable, "-c", PYMERKLE, str(entries), str(ENTRY_BYTES)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return []
    version, rate = ran.stdout.split()
    return [(version, float(rate))]


def _fingerprinted(rows: int, rounds: int) -> tuple[list[float], list[float]]:
    values = [tuple(str(row * field) if field % 4 else None for field in range(FIELDS)) for row in range(rows)]
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
    for field, value in enumerate(row):
        known = b"\0" if value is None else b"\1" + value.encode()
        hashes.append(sha(bytes([0, field]) + salts[16 * field : 16 * field + 16] + known).digest())
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


def _peer(name: str, row: str, ours: Row, theirs: list[tuple[str, float]]) -> Peer:
    if not theirs:
        return Peer(name=name, row=row, reason="is not installed")
    value = statistics.median(rate for _, rate in theirs)
    ratio = round(ours.value / value, 2) if ours.value else None
    return Peer(name=name, version=theirs[0][0], row=row, value=round(value, 1), ratio=ratio, status="ok")
