"""`isthmus bench wire`: what reading, checking and writing messages takes on this machine. Exit 0 when it ran.

`SECTIONS` is the list of what is measured: each is a function that takes a folder of its own and gives rows, peers and
probes. FIX is the first (`bench_wire_fix`).
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isthmus.app import bench_wire_fix
from isthmus.app.bench_report import Peer, Probe, Row, machine, print_table
from isthmus.app.output import EXIT_OK, print_json

Section = Callable[[Path], tuple[list[Row], list[Peer], list[Probe]]]
SECTIONS: list[Section] = [bench_wire_fix.measure]
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
