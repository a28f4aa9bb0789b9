"""`isthmus evm`: values and data to sign as chains of the Ethereum kind read them, row by row."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json
from isthmus.app.rows import named_rows_of
from isthmus.gateways.evm.rows import abi_row, typed_data_row


def abi(arguments: argparse.Namespace) -> int:
    """One answer a row. Exit 1 if one is refused."""
    return _answered(arguments.file, abi_row)


def typed_data(arguments: argparse.Namespace) -> int:
    """One answer a row. Exit 1 if one is refused."""
    return _answered(arguments.file, typed_data_row)


def _answered(source: str, answer_of: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    clean = True
    for row in named_rows_of(source):
        answer = answer_of(row) if isinstance(row, dict) else answer_of({}) | {"error": row}
        clean = clean and answer["error"] is None
        print_json(answer)
    return EXIT_OK if clean else EXIT_FOUND
