"""`isthmus lorawan`: frames decoded, and rules of hedging as sentences with the hashes that an operator approves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, say
from isthmus.app.rows import rows_of
from isthmus.gateways.lorawan.decode import decoded
from isthmus.gateways.lorawan.rules import content_hash, read_rules, told


def decode(arguments: argparse.Namespace) -> int:
    """One answer a row. Exit 1 if a frame cannot be read or its code is wrong."""
    clean = True
    for row in rows_of(arguments.file):
        answer = decoded(row) if isinstance(row, dict) else decoded({}) | {"error": row}
        clean = clean and answer["error"] is None and answer["mic_ok"] is not False
        print_json(answer)
    return EXIT_OK if clean else EXIT_FOUND


def rules(arguments: argparse.Namespace) -> int:
    """What there is to approve."""
    found: list[dict[str, Any]] = [
        {"name": name, "hash": content_hash(name, rule), "text": told(name, rule), "rule": msgspec.to_builtins(rule)}
        for name, rule in read_rules(Path(arguments.file)).items()
    ]
    if arguments.json:
        print_json({"rules": found})
        return EXIT_OK
    for row in found:
        say(f"{row['text']}\n    {row['hash']}")
    return EXIT_OK
