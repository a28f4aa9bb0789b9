"""Fingerprints of rows: as the log of orders has them, and as a row's values and its client's key make them again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from isthmus.audit.client_keys import NOBODY, NoClientKey, client_key, seed_of
from isthmus.audit.orders_log import OrderEntries, OrderEntry
from isthmus.audit.places import ORDERS, log_folder
from isthmus.audit.retention import erasures
from isthmus.audit.rows import Row
from isthmus.engine.proofs import LogRefused, fingerprints
from isthmus.kernel.errors import Damaged

ACCOUNT = 2
"""Where a row has its account (O03)."""
PROVEN, ERASED, KEYLESS, DIFFERS = "proven", "erased", "keyless", "differs"


def logged(data: Path) -> Iterator[OrderEntry]:
    """Entries under the published head, oldest first; none where there is no log. Raises Damaged."""
    entries = OrderEntries(data)
    try:
        for index in range(entries.size):
            yield entries.entry(index)
    except (LogRefused, ValueError) as error:
        raise Damaged(f"{log_folder(data, ORDERS)}: {': '.join(map(str, error.args))}") from error


class Prints:
    """Makes fingerprints again, where the client's key still is."""

    def __init__(self, data: Path) -> None:
        self._data = data
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
        seed = seed_of(key, row.sequence, row.place)
        return PROVEN if fingerprints([seed], [row.values]) == [fingerprint] else DIFFERS

    def _key(self, account: str) -> bytes | None:
        try:
            return client_key(self._data, account)
        except NoClientKey:
            return None
