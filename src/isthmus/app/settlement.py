"""`isthmus settlement`: one settlement as ISO 20022, as FIN and as a contract's call, read back and confirmed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json
from isthmus.app.rows import rows_of
from isthmus.gateways.settlement.chain import Chain, read_chain
from isthmus.gateways.settlement.rows import FORMS, confirm_row, log_row, read_row, render_row


def render(arguments: argparse.Namespace) -> int:
    """Each settlement in the forms that were asked for. Exit 1 if one is refused."""
    chain = _chain(arguments)
    forms = tuple(arguments.form or (FORMS if chain is not None else FORMS[:2]))
    return _answered(arguments.file, lambda row: render_row(row, forms, chain))


def read(arguments: argparse.Namespace) -> int:
    """What messages, calls and logs say. Exit 1 if one is refused."""
    chain = _chain(arguments)
    return _answered(arguments.file, lambda row: read_row(row, chain))


def confirm(arguments: argparse.Namespace) -> int:
    """Settlements against what the contract said of them. Exit 1 if one is refused or differs."""
    chain = read_chain(Path(arguments.chain))
    return _answered(arguments.file, lambda row: confirm_row(row, chain))


def log(arguments: argparse.Namespace) -> int:
    """Logs as the contract leaves them. Exit 1 if one is refused."""
    chain = read_chain(Path(arguments.chain))
    return _answered(arguments.file, lambda row: log_row(row, chain))


def _chain(arguments: argparse.Namespace) -> Chain | None:
    return read_chain(Path(arguments.chain)) if arguments.chain else None


def _answered(source: str, answer_of: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    clean = True
    for row in rows_of(source):
        answer = answer_of(row) if isinstance(row, dict) else answer_of({}) | {"error": row}
        clean = clean and answer["error"] is None and not answer.get("differences")
        print_json(answer)
    return EXIT_OK if clean else EXIT_FOUND
