"""A key an account, from which the salts of its orders' rows are made, and what its particulars are sealed under.
Destroying it leaves the log whole and nothing that could be tested against it or read (crypto-shredding).
"""

from __future__ import annotations

import contextlib
import hmac
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from isthmus.audit.places import CLIENTS, keys_folder
from isthmus.engine.proofs import LogRefused, Salts, read_secret
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import flush
from isthmus.kernel.ids import account_id

KEY_BYTES = 32
NOBODY = "none"
"""Of rows that name no account."""
TRAIL = "trail"
"""Makes keys as accounts are first seen in rows."""


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


def made_key(data: Path, account: str | None, maker: str) -> bytes:
    """The key, made where there is none. Makers of two names never take each other's place: the first key stays."""
    path = key_path(data, account)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{maker}")
        fresh.unlink(missing_ok=True)
        Salts.create(fresh)
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
        flush(path.parent)
    return client_key(data, account)


class _Read(NamedTuple):
    """A key, and the name and the number (inode) of the file that it was read from."""

    key: bytes
    file: str
    inode: int


class ClientKeys:
    """The keys of those who trade, each made when its account is first seen."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._keys: dict[int | None, _Read] = {}

    def of(self, accounts: Iterable[int | None]) -> dict[int | None, bytes]:
        """The keys of accounts by number, None: of rows that name none. What was destroyed meanwhile is not used any
        more. Raises as `client_key`.
        """
        there = self._there()
        return {account: self._key(account, there) for account in accounts}

    def _key(self, account: int | None, there: dict[str, int]) -> bytes:
        known = self._keys.get(account)
        if known is not None and there.get(known.file) == known.inode:
            return known.key
        name = None if account is None else account_id(account)
        path = key_path(self._data, name)
        found = self._keys[account] = _Read(made_key(self._data, name, TRAIL), path.name, path.stat().st_ino)
        return found.key

    def _there(self) -> dict[str, int]:
        try:
            with os.scandir(keys_folder(self._data) / CLIENTS) as found:
                return {entry.name: entry.inode() for entry in found}
        except FileNotFoundError:
            return {}
