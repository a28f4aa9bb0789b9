"""API keys of venues: files of our own that nobody else can read, never shown and never logged."""

from __future__ import annotations

import os
import stat
import tomllib

from isthmus.kernel.errors import BadInput

FILE_BYTES_MAX = 4_096
TEXT_MAX = 512


class VenueKeys:
    """What signs requests. Its text shows nothing of it."""

    __slots__ = ("key", "secret")

    def __init__(self, key: str, secret: str) -> None:
        self.key = key
        self.secret = secret

    def __repr__(self) -> str:
        return "VenueKeys(hidden)"


def read_keys(path: str, place: str) -> VenueKeys:
    """A TOML file with `key` and `secret`, ours alone (mode 600, no link). Raises BadInput at `place`; what is in the
    file is never in the reason.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BadInput(place, f"{path}: {error.strerror or error}") from error
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        os.close(number)
        raise BadInput(place, f"{path} is no file")
    with os.fdopen(number, "rb") as file:
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise BadInput(place, f"{path} must be ours and closed to others: chmod 600")
        raw = file.read(FILE_BYTES_MAX + 1)
    if len(raw) > FILE_BYTES_MAX:
        raise BadInput(place, f"{path} is larger than {FILE_BYTES_MAX} bytes")
    try:
        table = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise BadInput(place, f"{path} is no TOML") from None
    if set(table) != {"key", "secret"} or not all(_is_text(value) for value in table.values()):
        raise BadInput(place, f"{path} must say key and secret, each as text, and nothing else")
    return VenueKeys(table["key"], table["secret"])


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TEXT_MAX and value.isascii() and value.isprintable()
