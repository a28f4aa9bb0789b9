"""The arguments of `isthmus bench`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

BENCH = "Measures on this machine, with peers and probes beside."


def add_bench(bench: Any, add: Callable[..., ArgumentParser]) -> None:
    """The commands of the group `bench`; `add` makes one (arguments.py)."""
    engine = add(
        bench,
        "engine",
        "isthmus.app.bench:engine",
        "Speed of matching, journal, recovery and the Python face, beside the naive twin and PyPI peers.",
        "isthmus bench engine --json",
    )
    add(
        bench,
        "journal",
        "isthmus.app.bench_journal:journal",
        "Durable 300-byte records, hash chain and checksum included, beside RocksDB, LMDB and bare writes.",
        "isthmus bench journal --json",
    )
    add(
        bench,
        "books",
        "isthmus.app.bench_books:books",
        "Durable moves of money in batches, beside SQLite, bare writes and what others tell of themselves.",
        "isthmus bench books --json",
    )
    add(
        bench,
        "route",
        "isthmus.app.bench_route:route",
        "Speed of decisions about routes: sweep, dark pools, split, breaker, arbitrage to the venue's adapter.",
        "isthmus bench route --json",
    )
    add(
        bench,
        "wire",
        "isthmus.app.bench_wire:wire",
        "Speed of reading, checking and writing messages of other systems (FIX first), beside other parsers.",
        "isthmus bench wire --json",
    )
    audit = add(
        bench,
        "audit",
        "isthmus.app.bench_audit:audit",
        "Speed of the audit log, its proofs and fingerprints, of threshold signatures and of range proofs.",
        "isthmus bench audit --json",
    )
    audit.add_argument("--entries", metavar="N", type=int, default=1_000_000, help="entries of the log (1000000)")
    engine.add_argument("--workload", metavar="F", help="16-byte commands, packed or plain (a generated workload)")
