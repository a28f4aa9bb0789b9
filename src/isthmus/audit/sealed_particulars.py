"""Particulars of account holders at rest: each version sealed under its client's own key, every act on record.

Owns: DATA/audit/particulars. A sealed version is a line of ACCOUNT.ndjson. Every writing and reading is a line of
record.ndjson, and its SHA-256 an entry of the signed log "particulars", so that a line that is gone or another one is
found. The sealing key is made (HKDF-SHA256, RFC 5869) from the client's key in DATA/audit/keys/clients: destroying that
one key takes every version away, and the salts of the client's fingerprints with it. AES-256-GCM (NIST SP 800-38D),
account and version as associated data.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from isthmus.audit.client_keys import NoClientKey, client_key, made_key
from isthmus.audit.entry_log import PARTICULARS, EntryLog
from isthmus.audit.exports_rts22 import UNKNOWN, Lacking
from isthmus.audit.keys.vault import KEY_BYTES, NONCE_BYTES, Chance
from isthmus.audit.lines import Lines
from isthmus.audit.logged_lines import LoggedLine, LoggedLines
from isthmus.audit.particulars import Particulars
from isthmus.audit.retention import Asked, checked, erasures
from isthmus.kernel.errors import BadInput, Damaged

FOLDER = Path("audit") / "particulars"
RECORD = FOLDER / "record.ndjson"
SEALING, NAMING = b"isthmus/particulars/seal/1", b"isthmus/particulars/name/1"
"""Labels of HKDF: the key that seals, and eight bytes that name the client's key without telling anything of it."""
NAME_BYTES, SALT_BYTES = 8, 16
SET, SHOW, EXPORT = "set", "show", "export"
ERASED = "erased"
MAKER = "particulars"


class Sealed(msgspec.Struct, frozen=True):
    """A line of an account's file; bytes in base64. `key` names the client's key that it was sealed under."""

    account: str
    version: int
    key: bytes
    nonce: bytes
    sealed: bytes


class Access(LoggedLine, frozen=True, kw_only=True):
    """A line of the record. `versions`: by account, that were written or read; `digest`: SHA-256 of the sealed line
    that was written, empty of a reading.
    """

    act: str
    versions: dict[str, int]
    by: str
    reason: str
    time: str
    digest: str


class Erased(msgspec.Struct, frozen=True):
    """The key of that version was destroyed."""

    account: str
    version: int
    erased_on: str


class Opened(msgspec.Struct, frozen=True):
    """What the newest version says, since when, and by whom it was written."""

    account: str
    version: int
    set_on: str
    by: str
    particulars: Particulars


def accesses(data: Path) -> list[Access]:
    """The record, oldest first. Raises as `LoggedLines.read`."""
    return _record(data).read()


def written(record: list[Access]) -> dict[str, Access]:
    """The last writing of each account."""
    return {account: line for line in record if line.act == SET for account in line.versions}


class ParticularsWriter:
    """Writes versions, and puts every act on record. `chance` gives bytes that nobody foretells."""

    def __init__(self, data: Path, log: EntryLog, chance: Chance) -> None:
        self._data = data
        self._log = log
        self._chance = chance

    def put(self, account: str, particulars: Particulars, asked: Asked, now: int) -> Access:
        """A new version, on record and on the medium when it returns. `now` in ns. Raises as `accesses`, and BadInput
        for an account or a key that cannot be used.
        """
        checked(account)

        def made(place: int) -> Access:
            before = written(accesses(self._data)).get(account)
            version = 1 + (before.versions[account] if before is not None else 0)
            key = made_key(self._data, account, MAKER)
            line = seal((account, version), key, particulars, self._chance(NONCE_BYTES))
            Lines(self._data / FOLDER / f"{account}.ndjson", Sealed, private=True).add(line)
            return self._access(place, (SET, {account: version}), asked, digest_of(line))

        return _record(self._data).add(self._log, made, now)

    def read(self, act: str, versions: dict[str, int], asked: Asked, now: int) -> Access:
        """Puts a reading on record, which comes before anything is shown. Raises as `put`."""
        return _record(self._data).add(self._log, lambda place: self._access(place, (act, versions), asked, ""), now)

    def _access(self, place: int, what: tuple[str, dict[str, int]], asked: Asked, digest: str) -> Access:
        act, versions = what
        salt = self._chance(SALT_BYTES).hex()
        said = {"by": asked.by, "reason": asked.reason, "time": asked.time}
        return Access(place, salt, act=act, versions=versions, digest=digest, **said)


def opened(data: Path, account: str, record: list[Access]) -> Opened | Erased | None:
    """The newest version; None where there is none. Raises Damaged (cut_file, changed_record, swapped_record), BadInput
    (wrong_key, no_key, loose_permissions), OSError.
    """
    last = written(record).get(checked(account))
    if last is None:
        return None
    line = _line(data, account, last)
    gone = erased_on(data, account, last)
    try:
        key = client_key(data, account)
    except NoClientKey:
        key = b""
    if not key or _derived(key, NAMING, account, NAME_BYTES) != line.key:
        if gone is not None:
            return Erased(account, line.version, gone)
        name = "wrong_key" if key else "no_key"
        raise BadInput(f"{account}.key", f"{name}: version {line.version} was sealed under another key, which is gone")
    return Opened(account, line.version, last.time, last.by, unseal(line, account, key))


class Holders:
    """Who holds accounts, for reports. `read`: the versions that were, which go on record before anybody sees them."""

    def __init__(self, data: Path) -> None:
        """Raises as `accesses`."""
        self.read: dict[str, int] = {}
        self._data = data
        self._record = accesses(data)
        self._found: dict[str, Particulars | Lacking] = {}

    def __call__(self, account: str) -> Particulars | Lacking:
        """Lacking "unknown" where nothing is kept, "erased" where the key was destroyed. Raises as `opened`."""
        if account not in self._found:
            found = opened(self._data, account, self._record)
            if isinstance(found, Opened):
                self.read[account] = found.version
                self._found[account] = found.particulars
            else:
                self._found[account] = Lacking(UNKNOWN if found is None else ERASED)
        return self._found[account]


def erased_on(data: Path, account: str, last: Access) -> str | None:
    """When the key of a writing was destroyed; None where it was not."""
    erasure = erasures(data).get(account)
    return erasure.time if erasure is not None and erasure.time >= last.time else None


def seal(version: tuple[str, int], key: bytes, particulars: Particulars, nonce: bytes) -> Sealed:
    """Of an account and a version, under the client's key (32 bytes), by a nonce (12 bytes) that was never used."""
    account, number = version
    sealed = _cipher(key, account).encrypt(nonce, msgspec.json.encode(particulars), _bound(account, number))
    return Sealed(account, number, _derived(key, NAMING, account, NAME_BYTES), nonce, sealed)


def unseal(line: Sealed, account: str, key: bytes) -> Particulars:
    """Of that account. Raises Damaged (swapped_record, changed_record)."""
    if line.account != account:
        raise Damaged(f"swapped_record: a version of {line.account} stands in the place of one of {account}")
    try:
        content = _cipher(key, account).decrypt(line.nonce, line.sealed, _bound(account, line.version))
    except (InvalidTag, ValueError):
        raise Damaged(f"changed_record: version {line.version} of {account} is not what was sealed") from None
    return msgspec.json.decode(content, type=Particulars)


def digest_of(line: Sealed) -> str:
    """SHA-256 of the line as it is written, hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(line)).hexdigest()


def _line(data: Path, account: str, last: Access) -> Sealed:
    path = data / FOLDER / f"{account}.ndjson"
    lines = Lines(path, Sealed, private=True).read()
    other = next((line.account for line in lines if line.account != account), None)
    if other is not None:
        raise Damaged(f"swapped_record: {path} has a version of {other}")
    found = [line for line in lines if line.version == last.versions[account]]
    if not found:
        raise Damaged(f"cut_file: {path} lacks version {last.versions[account]}, which is on record")
    line = next((line for line in found if digest_of(line) == last.digest), None)
    if line is None:
        raise Damaged(f"changed_record: version {last.versions[account]} in {path} is not the one on record")
    return line


def _record(data: Path) -> LoggedLines[Access]:
    return LoggedLines(data, RECORD, Access, PARTICULARS, private=True)


def _cipher(key: bytes, account: str) -> AESGCM:
    return AESGCM(_derived(key, SEALING, account, KEY_BYTES))


def _derived(key: bytes, label: bytes, account: str, size: int) -> bytes:
    return HKDF(SHA256(), size, None, label + b"\n" + account.encode()).derive(key)


def _bound(account: str, version: int) -> bytes:
    return SEALING + b"\n" + account.encode() + b"\n" + version.to_bytes(8, "big")
