"""A holder's secrets on disk: one file, sealed under his passphrase, for its owner alone, or it is not read."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.files import flush

Chance = Callable[[int], bytes]
"""So many bytes that nobody can foretell."""

MAGIC = b"isthmus-vault/1\n"
COST = 1 << 15
"""scrypt's N (RFC 7914), with r = 8 and p = 1: 32 MiB and a tenth of a second a guess."""
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
LEAST = 8
LOOSE = 0o077


class Code(msgspec.Struct, frozen=True):
    """A code as it is kept: what scrypt makes of it."""

    salt: bytes
    digest: bytes

    def __repr__(self) -> str:
        return "Code()"

    @staticmethod
    def of(code: str, chance: Chance) -> Code:
        """Raises BadInput where it is too short."""
        long_enough("code", code)
        salt = chance(SALT_BYTES)
        return Code(salt, stretched(code, salt))

    def fits(self, code: str) -> bool:
        """In the same time whether it does or not."""
        return hmac.compare_digest(self.digest, stretched(code, self.salt))


class Vault:
    """One sealed file. Shows nothing of its key; every write is whole, and on the disk when it returns."""

    def __init__(self, path: Path, passphrase: str, chance: Chance) -> None:
        """Raises BadInput (loose_permissions, bad_passphrase), Damaged, OSError."""
        long_enough("passphrase", passphrase)
        self.path = path
        self._chance = chance
        raw = read_private(path) if path.exists() else b""
        if raw and not raw.startswith(MAGIC):
            raise Damaged(f"{path}: is no vault")
        self._salt = raw[len(MAGIC) :][:SALT_BYTES] if raw else chance(SALT_BYTES)
        self._cipher = AESGCM(stretched(passphrase, self._salt))

    def read(self) -> bytes:
        """What was written last. Raises BadInput, Damaged, OSError."""
        raw = read_private(self.path)
        head = len(MAGIC) + SALT_BYTES
        if len(raw) < head + NONCE_BYTES:
            raise Damaged(f"{self.path}: is cut")
        try:
            return self._cipher.decrypt(raw[head:][:NONCE_BYTES], raw[head + NONCE_BYTES :], raw[:head])
        except InvalidTag:
            raise BadInput(
                "passphrase", f"bad_passphrase: it does not open {self.path}, or the file was changed"
            ) from None

    def write(self, content: bytes) -> None:
        """In the place of what was there."""
        nonce, head = self._chance(NONCE_BYTES), MAGIC + self._salt
        write_private(self.path, head + nonce + self._cipher.encrypt(nonce, content, head))


def stretched(secret: str, salt: bytes) -> bytes:
    """32 bytes by scrypt."""
    return hashlib.scrypt(secret.encode(), salt=salt, n=COST, r=8, p=1, dklen=KEY_BYTES, maxmem=1 << 26)


def long_enough(field: str, secret: str) -> None:
    """Raises BadInput."""
    if len(secret) < LEAST:
        raise BadInput(field, f"has less than {LEAST} characters")


def read_private(path: Path) -> bytes:
    """Raises BadInput loose_permissions where others than its owner may use the file; OSError."""
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & LOOSE:
            raise BadInput(path.name, f"loose_permissions: {path} is for others too: chmod 600")
        return file.read()


def write_private(path: Path, content: bytes) -> None:
    """Mode 0600, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    flush(path.parent)
