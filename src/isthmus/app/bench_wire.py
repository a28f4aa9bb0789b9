"""`isthmus bench wire`: what reading, checking and writing messages takes on this machine. Exit 0 when it ran.

`SECTIONS` is the list of what is measured: each is a function that takes a folder of its own and gives rows, peers and
probes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from isthmus.app import bench_fix_orders, bench_iso20022, bench_port, bench_rest_entry, bench_swift, bench_wire_fix
from isthmus.app.bench_report import Peer, Probe, Row, machine, print_table
from isthmus.app.output import EXIT_OK, print_json

Section = Callable[[Path], tuple[list[Row], list[Peer], list[Probe]]]
Found = tuple[list[Row], list[Peer], list[Probe]]


def _told(found: Iterable[Row | Peer | Probe]) -> Found:
    rows: list[Row] = []
    peers: list[Peer] = []
    probes: list[Probe] = []
    for one in found:
        if isinstance(one, Row):
            rows.append(one)
        elif isinstance(one, Peer):
            peers.append(one)
        else:
            probes.append(one)
    return rows, peers, probes


def _swift(_folder: Path) -> Found:
    rows = list(bench_swift.rows())
    read = next(row for row in rows if row.name == "mt940_read")
    return rows, list(bench_swift.peers(read)), []


def _iso20022(_folder: Path) -> Found:
    named = os.environ.get("ISTHMUS_XSD_DIR")
    pairs = list(bench_iso20022.rows(Path(named) if named else None))
    return [row for row, _ in pairs], [peer for _, peer in pairs], []


SECTIONS: list[Section] = [
    bench_wire_fix.measure,
    bench_fix_orders.measure,
    _swift,
    _iso20022,
    lambda _folder: _told(bench_port.rows()),
    lambda _folder: _told(bench_rest_entry.rows()),
]
"""What is measured, one after the other; the sections' rows stand in this order."""


def wire(arguments: argparse.Namespace) -> int:
    """Measures and prints all rows."""
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        report = measured(Path(folder))
    if arguments.json:
        print_json(report)
    else:
        print_table(report)
    return EXIT_OK


def measured(folder: Path) -> dict[str, Any]:
    """The report."""
    facts = machine(folder)
    rows: list[Row] = []
    peers: list[Peer] = []
    probes: list[Probe] = []
    for number, section in enumerate(SECTIONS):
        own = folder / str(number)
        own.mkdir()
        found = section(own)
        for into, more in zip((rows, peers, probes), found, strict=True):
            into.extend(more)  # type: ignore[attr-defined]
    facts["load_after"] = round(os.getloadavg()[0], 2)
    return {
        "machine": facts,
        "workload": {"messages": len(bench_wire_fix.orders()), "order_bytes": 238, "report_bytes": 417},
        "rows": rows,
        "peers": peers,
        "probes": probes,
    }
