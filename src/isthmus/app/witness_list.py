"""`isthmus audit witness list`: whose witnesses there are, and what each may see."""

from __future__ import annotations

import argparse

import msgspec

from isthmus.app.output import EXIT_OK, print_json, say
from isthmus.audit.jurisdictions import shipped


def run(arguments: argparse.Namespace) -> int:
    """All rows, in the order of the file."""
    rows = shipped()
    if arguments.json:
        listed = [{"name": name, **msgspec.to_builtins(row), "may_see": row.may_see} for name, row in rows.items()]
        print_json({"jurisdictions": listed})
        return EXIT_OK
    for name, row in rows.items():
        checked = "verified" if row.verified else "not verified"
        say(f"{name:10} {row.retention_years:3} years, {len(row.may_see)} fields in clear: {row.authority} ({checked})")
    return EXIT_OK
