"""Where the trail lies in a data folder, and what its logs are called."""

from __future__ import annotations

from pathlib import Path

JOURNAL = "journal"
ORDERS = "orders"
LOGS = (JOURNAL, ORDERS)
FIRST = "first"
"""Holds the sequence of entry 0 of the journal's log."""
STATUS = "status.json"
CLIENTS = "clients"
LOG_KEYS = {JOURNAL: "log", ORDERS: "orders"}
"""Stems of the key files: NAME.key signs, NAME.vkey is for everybody."""


def audit_folder(data: Path) -> Path:
    """DATA/audit."""
    return data / "audit"


def log_folder(data: Path, log: str) -> Path:
    """A folder that any static web server could serve."""
    return audit_folder(data) / "log" / log


def keys_folder(data: Path) -> Path:
    """Secrets, 0600 each, and public keys."""
    return audit_folder(data) / "keys"


def origin(name: str, log: str) -> str:
    """What the log's heads and keys are named."""
    return f"isthmus.local/{name}/{log}"
