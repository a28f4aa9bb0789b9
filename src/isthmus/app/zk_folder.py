"""Where a day's proof lies: DATA/audit/zk/DAY/public for anybody, private/ for the broker and, a file each, clients."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import msgspec

from isthmus.audit.zero.proof import FILE, encoded
from isthmus.audit.zero.proving import Made
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import flush

PLACE = Path("audit/zk")
PUBLIC, PRIVATE, CLIENTS = "public", "private", "clients"
SECRET_MODE, SECRET_FOLDER_MODE = 0o600, 0o700
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def folder_of(data: Path, day: str) -> Path:
    """Of one day."""
    return data / PLACE / day


def write(data: Path, day: str, made: Made) -> Path:
    """The whole folder gets its name at once; an earlier proof of the day is replaced. Raises OSError."""
    folder = folder_of(data, day)
    unfinished, former = folder.with_name(f"{day}.new"), folder.with_name(f"{day}.old")
    for left in (unfinished, former):
        shutil.rmtree(left, ignore_errors=True)
    (unfinished / PUBLIC).mkdir(parents=True)
    _write(unfinished / PUBLIC / FILE, encoded(made.proof))
    clients = unfinished / PRIVATE / CLIENTS
    clients.mkdir(mode=SECRET_FOLDER_MODE, parents=True)
    (unfinished / PRIVATE).chmod(SECRET_FOLDER_MODE)
    _write(unfinished / PRIVATE / "outside.json", msgspec.json.encode(made.broker), SECRET_MODE)
    for account, own in sorted(made.clients.items()):
        _write(clients / f"{name_of(account)}.json", msgspec.json.encode(own), SECRET_MODE)
    if folder.exists():
        folder.rename(former)
    unfinished.rename(folder)
    flush(folder.parent)
    shutil.rmtree(former, ignore_errors=True)
    return folder


def name_of(account: str) -> str:
    """A file's name: what is no letter, digit or one of .-_ is written by its UTF-8 bytes in hexadecimal, behind %."""
    kept = (char if char.isascii() and (char.isalnum() or char in "-_") else _escaped(char) for char in account)
    return "".join(kept)


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_secret(path: Path, field: str) -> bytes:
    """Raises BadInput where it cannot be read, or where others than its owner may read it."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                raise BadInput(field, f"loose_permissions: {path} may be read by others than its owner (chmod 600)")
            return file.read()
    except OSError as error:
        raise BadInput(field, error.strerror or str(error)) from error
