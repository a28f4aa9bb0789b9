"""The keys that the trail is made with: made at its first start, for their owner alone, else refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from isthmus.audit.places import CLIENTS, LOG_KEYS, LOGS, keys_folder, log_folder, origin
from isthmus.engine.proofs import ED25519, LogRefused, Salts, Signer
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import flush

SALTS = "salts.key"
FOLDER_MODE = 0o700
PUBLIC_MODE = 0o644


class TrailKeys(msgspec.Struct, frozen=True):
    """A signer for each log, and what the salts of the journal's entries are made with. Neither shows its secret."""

    signers: dict[str, Signer]
    salts: Salts


def open_keys(data: Path, name: str) -> TrailKeys:
    """The keys of the logs of that name. Missing ones are made, unless a log is there that was begun with them.

    Raises BadInput (loose_permissions, bad_key, no_key, other_name), OSError.
    """
    folder = keys_folder(data)
    for made in (folder.parent, folder, folder / CLIENTS):
        made.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    signers = {log: _signer(data, folder / f"{LOG_KEYS[log]}.key", origin(name, log)) for log in LOGS}
    path = folder / SALTS
    if not path.exists():
        _make(data, path, lambda fresh: Salts.create(fresh))
    return TrailKeys(signers, open_salts(data))


def open_salts(data: Path) -> Salts:
    """Raises BadInput (loose_permissions, bad_key, no_key), OSError."""
    path = keys_folder(data) / SALTS
    try:
        return Salts.read(path)
    except LogRefused as error:
        raise _named(path, error) from None
    except FileNotFoundError:
        raise BadInput(SALTS, f"no_key: {path} is not there") from None


def public_key(data: Path, log: str) -> str:
    """The key (name+id+base64) by which heads of that log are checked. Raises OSError."""
    return (keys_folder(data) / f"{LOG_KEYS.get(log, log)}.vkey").read_text().strip()


def _signer(data: Path, path: Path, name: str) -> Signer:
    if not path.exists():
        _make(data, path, lambda fresh: Signer.generate(name, ED25519).write(fresh))
    try:
        signer = Signer.read(path)
    except LogRefused as error:
        raise _named(path, error) from None
    if signer.name != name:
        raise BadInput("audit.name", f"other_name: {path} is the key of {signer.name}, not of {name}")
    public = path.with_suffix(".vkey")
    if not public.exists():
        public.write_text(f"{signer.vkey}\n")
        public.chmod(PUBLIC_MODE)
    return signer


def _make(data: Path, path: Path, write: Callable[[Path], object]) -> None:
    """A new key under its name whole or not at all, never in the place of one that a log was begun with."""
    if any((log_folder(data, log) / "checkpoint").exists() for log in LOGS):
        raise BadInput(path.name, f"no_key: {path} is gone, while the logs were begun with it")
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    write(fresh)
    fresh.rename(path)
    flush(path.parent)


def _named(path: Path, error: LogRefused) -> BadInput:
    name, reason = error.args
    return BadInput(path.name, f"{name}: {reason}")
