"""Fingerprints of rows: as the log of orders has them, and as a row's values and its client's key make them again."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from pathlib import Path

import msgspec

from isthmus.audit.places import CLIENTS, ORDERS, keys_folder, log_folder
from isthmus.audit.retention import erasures
from isthmus.audit.rows import Row
from isthmus.engine.proofs import Checkpoint, LogReader, LogRefused, Note, fingerprints, read_secret
from isthmus.kernel.errors import BadInput, Damaged

ENTRY_BYTES = 83
KIND = 2
ACCOUNT = 2
"""Where a row has its account (O03)."""
NOBODY = "none"
"""Whose key rows without an account have."""
PROVEN, ERASED, KEYLESS, DIFFERS = "proven", "erased", "keyless", "differs"


class Mark(msgspec.Struct, frozen=True):
    """An entry of the log of orders: 0x02, sequence (8 bytes), place (2), order (8), fingerprint (32), and the one
    before of the same order (32).
    """

    sequence: int
    place: int
    order: int
    fingerprint: bytes
    previous: bytes


def logged(data: Path) -> Iterator[Mark]:
    """Entries under the published head, oldest first; none where there is no log. Raises Damaged."""
    reader = LogReader(log_folder(data, ORDERS))
    try:
        note = reader.note()
        size = 0 if note is None else Checkpoint.parse(Note.parse(note.encode()).text).size
        for index in range(size):
            entry = reader.entry(index)
            if len(entry) != ENTRY_BYTES or entry[0] != KIND:
                raise Damaged(f"{log_folder(data, ORDERS)}: entry {index} is none of orders")
            sequence, place, order = (int.from_bytes(entry[at:to], "big") for at, to in ((1, 9), (9, 11), (11, 19)))
            yield Mark(sequence, place, order, entry[19:51], entry[51:])
    except LogRefused as error:
        raise Damaged(f"{log_folder(data, ORDERS)}: {': '.join(error.args)}") from error


class Prints:
    """Makes fingerprints again, where the client's key still is."""

    def __init__(self, data: Path) -> None:
        self._folder = keys_folder(data) / CLIENTS
        self._erased = erasures(data)
        self._keys: dict[str, bytes | None] = {}

    def verdict(self, row: Row, fingerprint: bytes) -> str:
        """PROVEN or DIFFERS; ERASED where the key was destroyed and that is on record, KEYLESS where it is not."""
        account = row.values[ACCOUNT] or NOBODY
        gone = self._erased.get(account)
        if gone is not None and row.sequence <= gone.sequence:
            return ERASED
        if account not in self._keys:
            self._keys[account] = self._key(account)
        key = self._keys[account]
        if key is None:
            return KEYLESS
        seed = hmac.digest(key, row.sequence.to_bytes(8, "big") + row.place.to_bytes(2, "big"), "sha256")
        return PROVEN if fingerprints([seed], [row.values]) == [fingerprint] else DIFFERS

    def _key(self, account: str) -> bytes | None:
        path = self._folder / f"{account}.key"
        try:
            return read_secret(str(path))
        except FileNotFoundError:
            return None
        except LogRefused as error:
            raise BadInput(path.name, ": ".join(error.args)) from None
