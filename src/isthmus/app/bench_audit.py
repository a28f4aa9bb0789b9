"""`isthmus bench audit`: the trail that proves itself. Logs written, verified and proven, threshold signatures, sums.

Timed by the processor on one core, without any network. Exit 0 when it ran.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from isthmus.app import bench_audit_log, bench_audit_orders, bench_zero
from isthmus.app.bench_report import Row, machine, percentiles, print_table
from isthmus.app.output import EXIT_OK, note, print_json
from isthmus.engine import frost
from isthmus.engine.proofs import inclusion_fault, leaf_hash

HOLDERS, NEEDED = 7, 4
SIGNATURES, PROOFS = 50, 20_000
DEPTH = 24
"""Hashes of the way to the root of a log of 16 million records."""
SIGN_GOAL_MS, VERIFY_GOAL_US = 5.0, 10.0


def audit(arguments: argparse.Namespace) -> int:
    """Measures and prints all rows."""
    report = measured(entries=arguments.entries, orders=min(bench_audit_orders.ORDERS, arguments.entries // 5))
    if arguments.json:
        print_json(report)
    else:
        print_table(report)
    return EXIT_OK


def measured(
    signatures: int = SIGNATURES,
    proofs: int = PROOFS,
    ranges: int = bench_zero.COUNT,
    entries: int = bench_audit_log.ENTRIES,
    orders: int = bench_audit_orders.ORDERS,
) -> dict[str, Any]:
    """The report."""
    note("isthmus: the log")
    rows, peers, probes = bench_audit_log.measured(entries, max(1, entries // 200))
    rows.append(_inclusion(proofs))
    note("isthmus: the log of orders")
    followed, shares = bench_audit_orders.measured(orders)
    rows, probes = [*rows, *followed], [*probes, *shares]
    for suite in frost.SUITES:
        note(f"isthmus: {suite}")
        rows.append(_signing(suite, signatures))
    note("isthmus: zero knowledge")
    rows += bench_zero.rows(ranges)
    workload = {"holders": HOLDERS, "needed": NEEDED, "signatures": signatures, "proofs": proofs, "depth": DEPTH}
    workload |= {"range_proofs": ranges, "entries": entries, "orders": orders}
    return {"machine": machine(Path()), "workload": workload, "rows": rows, "peers": peers, "probes": probes}


def make_key(suite: str, of: int, needed: int) -> tuple[dict[int, bytes], bytes]:
    """A key made by all its holders in this process: their shares, and what all know of it."""
    opened = {me: frost.frost_dkg_part1(suite, me, of, needed) for me in range(1, of + 1)}
    packages = {me: package for me, (_, package) in opened.items()}
    others = {me: {k: v for k, v in packages.items() if k != me} for me in packages}
    turned = {me: frost.frost_dkg_part2(secret, others[me]) for me, (secret, _) in opened.items()}
    shares, public = {}, b""
    for me, (secret, _) in turned.items():
        received = {of: sent[me] for of, (_, sent) in turned.items() if of != me}
        shares[me], public = frost.frost_dkg_part3(secret, others[me], received)
    return shares, public


def sign_together(shares: dict[int, bytes], public: bytes, message: bytes) -> bytes:
    """Both rounds of the holders of these shares, and the aggregate."""
    nonces = {me: frost.frost_commit(share) for me, share in shares.items()}
    commitments = {me: public for me, (_, public) in nonces.items()}
    signed = {me: frost.frost_sign(share, nonces[me][0], message, commitments) for me, share in shares.items()}
    return frost.frost_aggregate(public, message, commitments, signed)


def _signing(suite: str, times: int) -> Row:
    """Both rounds of all four signers and the aggregate; every signature is verified outside the clock."""
    shares, public = make_key(suite, HOLDERS, NEEDED)
    signers = {me: shares[me] for me in sorted(shares)[:NEEDED]}
    took, right = [], True
    for turn in range(times):
        message = f"tree head {turn}".encode()
        seconds, signature = _timed(partial(sign_together, signers, public, message))
        took.append(seconds)
        right = right and frost.frost_verify(suite, frost.frost_known(public)[1], message, signature)
    return _row(f"frost_{suite.replace('-', '_')}", "ms", took, SIGN_GOAL_MS, right)


def _inclusion(times: int) -> Row:
    """The first record of a log of 2^24, by single calls from Python."""
    leaf = hashed = leaf_hash(b"a record")
    proof = [hashlib.sha256(bytes([level])).digest() for level in range(DEPTH)]
    for beside in proof:
        hashed = hashlib.sha256(b"\1" + hashed + beside).digest()
    took, right = [], True
    for _ in range(times):
        seconds, fault = _timed(partial(inclusion_fault, 0, 1 << DEPTH, leaf, proof, hashed))
        took.append(seconds)
        right = right and fault is None
    return _row("inclusion_verified", "us", took, VERIFY_GOAL_US, right)


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time_ns()
    answer = act()
    return (time.process_time_ns() - begun) / 1e9, answer


def _row(name: str, unit: str, took: list[float], goal: float, right: bool) -> Row:
    value = statistics.median(took) * {"ms": 1e3, "us": 1e6}[unit]
    times = percentiles([round(seconds * 1e9) for seconds in took])
    ok = right and value <= goal
    return Row(name=name, unit=unit, value=round(value, 3), clock="cpu", rounds=len(took), goal=goal, ok=ok, **times)
