"""A key an account, from which the salts of its orders' rows are made. Destroying it leaves the log whole and nothing
that could be tested against it (crypto-shredding).
"""

from __future__ import annotations

import hmac
from pathlib import Path

from isthmus.audit.places import CLIENTS, keys_folder
from isthmus.engine.proofs import LogRefused, Salts, read_secret
from isthmus.kernel.errors import BadInput

KEY_BYTES = 32
NOBODY = "none"
"""Of rows that name no account."""


class NoClientKey(BadInput):
    """The key was destroyed, or never made."""


def key_path(data: Path, account: str | None) -> Path:
    """By the account's id (acc-16)."""
    return keys_folder(data) / CLIENTS / f"{account or NOBODY}.key"


def seed_of(key: bytes, sequence: int, place: int) -> bytes:
    """Of a row: HMAC-SHA256(key, sequence as 8 bytes || place as 2 bytes, big-endian)."""
    return hmac.digest(key, sequence.to_bytes(8, "big") + place.to_bytes(2, "big"), "sha256")


def client_key(data: Path, account: str | None) -> bytes:
    """Raises NoClientKey, BadInput (loose_permissions, bad_key), OSError."""
    path = key_path(data, account)
    try:
        key = read_secret(str(path))
    except LogRefused as error:
        raise BadInput(path.name, ": ".join(error.args)) from None
    except FileNotFoundError:
        raise NoClientKey("account", f"erased: the key of {account or NOBODY} is gone, and its salts with it") from None
    if len(key) != KEY_BYTES:
        raise BadInput(path.name, f"bad_key: {path} has {len(key)} bytes, a key has {KEY_BYTES}")
    return key


class ClientKeys:
    """The keys of those who trade, each made when its account is first seen."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._keys: dict[str | None, bytes] = {}

    def seed(self, account: str | None, sequence: int, place: int) -> bytes:
        """Of a row. Raises as `client_key`."""
        key = self._keys.get(account)
        if key is None:
            key = self._keys[account] = self._opened(account)
        return seed_of(key, sequence, place)

    def forget(self) -> None:
        """What was destroyed meanwhile is not used any more."""
        self._keys.clear()

    def _opened(self, account: str | None) -> bytes:
        path = key_path(self._data, account)
        if not path.exists():
            fresh = path.with_name(f"{path.name}.new")
            fresh.unlink(missing_ok=True)
            Salts.create(fresh)
            fresh.rename(path)
        return client_key(self._data, account)
