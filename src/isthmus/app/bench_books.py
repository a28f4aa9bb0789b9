"""`isthmus bench books`: speed of the ledger and of the books of record, beside other stores and bare writes. Exit 0
when it ran.

Each part measures in a folder of its own and answers {"workload", "rows", "peers", "probes", "ratios"}.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isthmus.app import bench_books_ledger
from isthmus.app.bench_report import file_system, machine, print_table
from isthmus.app.output import EXIT_OK, note, print_json, say

PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {"ledger": bench_books_ledger.measured}
"""In the order in which they are measured."""
IN_MEMORY = ("tmpfs", "ramfs")


def books(arguments: argparse.Namespace) -> int:
    """Measures and prints all rows."""
    usual = Path(tempfile.gettempdir())
    place = str(Path.cwd()) if file_system(usual) in IN_MEMORY else None
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-", dir=place) as name:
        report = measured(Path(name))
    if arguments.json:
        print_json(report)
        return EXIT_OK
    print_table(report)
    for found in report["ratios"]:
        say(f"{found['row']} / {found['over']}: {found['ratio']} (goal {found['goal']})")
    return EXIT_OK


def measured(folder: Path) -> dict[str, Any]:
    """The report: all parts together, `workload` by part."""
    report: dict[str, Any] = {"machine": machine(folder), "workload": {}}
    report |= {key: [] for key in ("rows", "peers", "probes", "ratios")}
    for name, measure in PARTS.items():
        note(f"isthmus: {name}")
        place = folder / name
        place.mkdir()
        part = measure(place)
        report["workload"][name] = part["workload"]
        for key in ("rows", "peers", "probes", "ratios"):
            report[key] += part[key]
    return report
