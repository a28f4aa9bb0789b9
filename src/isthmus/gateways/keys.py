"""Who may come in: users, their keys, one-time login links and browser sessions, in one SQLite file of mode 0600.

Secrets are 256 random bits; only their SHA-256 is stored, so a copy of the file opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec

from isthmus.kernel.clock import Clock
from isthmus.kernel.values import NS_PER_S

SECRET_BYTES = 32
KEY_ID_BYTES = 10
KEYS_MAX = 100_000
"""Keys in one file."""
BUSY_TIMEOUT_S = 5

Entropy = Callable[[int], bytes]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
  number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, role TEXT NOT NULL, account INTEGER);
CREATE TABLE IF NOT EXISTS keys (number INTEGER PRIMARY KEY, key_id TEXT UNIQUE NOT NULL, user INTEGER NOT NULL
  REFERENCES users(number), secret_sha256 BLOB, public_key BLOB, created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS login_tokens (
  token_sha256 BLOB PRIMARY KEY, user INTEGER NOT NULL, expires_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
  number INTEGER PRIMARY KEY, cookie_sha256 BLOB UNIQUE NOT NULL, user INTEGER NOT NULL,
  expires_at INTEGER NOT NULL);
"""


class Identity(msgspec.Struct, frozen=True):
    """Who is asking. `account` is the one used when none is named; `session` numbers the key or browser session."""

    user: int
    name: str
    role: str
    account: int | None
    session: int
    browser: bool = False

    @property
    def sees_all(self) -> bool:
        """Whether other accounts than the own may be read."""
        return self.role != "client"


class Key(msgspec.Struct, frozen=True):
    """One of `secret_sha256` and `public_key` (Ed25519, 32 bytes) is there."""

    key_id: str
    identity: Identity
    secret_sha256: bytes | None
    public_key: bytes | None

    def opens(self, secret: str) -> bool:
        """Whether this is the key's secret; takes the same time for every wrong one."""
        return self.secret_sha256 is not None and hmac.compare_digest(digest(secret), self.secret_sha256)


class KeyStore:
    """The file. One connection, used on one thread; other processes may write to the same file."""

    def __init__(self, path: Path, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        self._base = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._base.executescript(_SCHEMA)
        self._keys: dict[str, Key] = {}
        self._sessions: dict[bytes, tuple[Identity, int]] = {}
        self._others = 0

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def user(self, name: str, role: str, account: int | None) -> int:
        """The user's number; made when absent, brought up to date otherwise."""
        self._base.execute(
            "INSERT INTO users (name, role, account) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET role = excluded.role, account = excluded.account",
            (name, role, account),
        )
        self._keys.clear()
        self._sessions.clear()
        row = self._base.execute("SELECT number FROM users WHERE name = ?", (name,)).fetchone()
        return int(row[0])

    def standing(self, name: str) -> tuple[str, int | None] | None:
        """Role and account of the user; None when there is none of this name."""
        row = self._base.execute("SELECT role, account FROM users WHERE name = ?", (name,)).fetchone()
        return None if row is None else (str(row[0]), row[1])

    def user_name(self, number: int) -> str | None:
        """The name of a user."""
        row = self._base.execute("SELECT name FROM users WHERE number = ?", (number,)).fetchone()
        return None if row is None else str(row[0])

    def user_number(self, name: str) -> int | None:
        """The number of a user."""
        row = self._base.execute("SELECT number FROM users WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def create_key(self, user: int, public_key: bytes | None = None) -> tuple[str, str | None]:
        """A new key of the user: its id, and its secret (None with a public key), which is never shown again."""
        key_id = "IK" + base64.b32encode(self._entropy(KEY_ID_BYTES)).decode().rstrip("=")
        secret = None if public_key is not None else self._secret()
        self._base.execute(
            "INSERT INTO keys (key_id, user, secret_sha256, public_key, created_at) VALUES (?, ?, ?, ?, ?)",
            (key_id, user, digest(secret) if secret else None, public_key, self._clock()),
        )
        return key_id, secret

    def key(self, key_id: str) -> Key | None:
        """By its id; remembered after the first look."""
        if (known := self._keys.get(key_id)) is not None:
            return known
        row = self._base.execute(
            "SELECT k.number, k.secret_sha256, k.public_key, u.number, u.name, u.role, u.account"
            " FROM keys k JOIN users u ON u.number = k.user WHERE k.key_id = ?",
            (key_id,),
        ).fetchone()
        if row is None:
            return None
        identity = Identity(user=row[3], name=row[4], role=row[5], account=row[6], session=row[0])
        key = Key(key_id, identity, row[1], row[2])
        if len(self._keys) < KEYS_MAX:
            self._keys[key_id] = key
        return key

    def all_keys(self) -> list[Key]:
        """Every key of every user, by number."""
        rows = self._base.execute("SELECT key_id FROM keys ORDER BY number LIMIT ?", (KEYS_MAX,)).fetchall()
        return [key for (key_id,) in rows if (key := self.key(key_id)) is not None]

    def changes(self) -> tuple[int, int]:
        """Differs when the file was changed since, here or by another process; then keys are looked up anew."""
        other = int(self._base.execute("PRAGMA data_version").fetchone()[0])
        if other != self._others:
            self._others = other
            self._keys.clear()
            self._sessions.clear()
        return other, self._base.total_changes

    def create_login(self, user: int, life_s: int) -> str:
        """A token that logs the user in once."""
        token = self._secret()
        now = self._clock()
        self._base.execute("DELETE FROM login_tokens WHERE expires_at < ?", (now,))
        self._base.execute("INSERT INTO login_tokens VALUES (?, ?, ?)", (digest(token), user, now + life_s * NS_PER_S))
        return token

    def redeem_login(self, token: str, life_s: int, sessions_max: int) -> str | None:
        """The cookie of a new session; None if the token is unknown, used or too old. The oldest session goes at the
        limit.
        """
        now = self._clock()
        row = self._base.execute(
            "DELETE FROM login_tokens WHERE token_sha256 = ? AND expires_at >= ? RETURNING user", (digest(token), now)
        ).fetchone()
        if row is None:
            return None
        cookie = self._secret()
        self._base.execute("DELETE FROM sessions WHERE expires_at < ?", (now,))
        self._base.execute(
            "DELETE FROM sessions WHERE number NOT IN (SELECT number FROM sessions ORDER BY number DESC LIMIT ?)",
            (sessions_max - 1,),
        )
        self._base.execute(
            "INSERT INTO sessions (cookie_sha256, user, expires_at) VALUES (?, ?, ?)",
            (digest(cookie), row[0], now + life_s * NS_PER_S),
        )
        self._sessions.clear()
        return cookie

    def session(self, cookie: str) -> Identity | None:
        """The identity of a browser session that is still alive."""
        hashed = digest(cookie)
        known = self._sessions.get(hashed) or self._read_session(hashed)
        return known[0] if known is not None and known[1] >= self._clock() else None

    def end_session(self, cookie: str) -> None:
        """Log out."""
        self._base.execute("DELETE FROM sessions WHERE cookie_sha256 = ?", (digest(cookie),))
        self._sessions.pop(digest(cookie), None)

    def _read_session(self, hashed: bytes) -> tuple[Identity, int] | None:
        row = self._base.execute(
            "SELECT s.number, s.expires_at, u.number, u.name, u.role, u.account"
            " FROM sessions s JOIN users u ON u.number = s.user WHERE s.cookie_sha256 = ?",
            (hashed,),
        ).fetchone()
        if row is None:
            return None
        identity = Identity(user=row[2], name=row[3], role=row[4], account=row[5], session=row[0], browser=True)
        self._sessions[hashed] = (identity, row[1])
        return identity, row[1]

    def _secret(self) -> str:
        return base64.urlsafe_b64encode(self._entropy(SECRET_BYTES)).decode().rstrip("=")


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()
