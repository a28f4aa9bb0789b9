"""A log's files where a witness finds them: in a folder, or at a URL that serves such a folder (C2SP tlog-tiles)."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from isthmus.app.venue_http import HttpClient, Lost, NotSent
from isthmus.audit.log_tiles import consistency_tiles, whole
from isthmus.audit.split_view import Given, head_of
from isthmus.engine.proofs import LogReader, LogRefused
from isthmus.kernel.errors import BadInput

ANSWER_S = 5.0
FILE_BYTES_MAX = 1 << 20
"""More than a note or a tile of hashes has."""


class NothingGiven(Exception):
    """Why no proof came."""


class LogPlace:
    """`place`: what has a folder of every log by the last word of its origin, as DATA/audit/log."""

    def __init__(self, place: str) -> None:
        """Raises BadInput."""
        self._folder = None if place.startswith(("http:", "https:")) else Path(place)
        self._http = HttpClient(place, "logs", ANSWER_S) if self._folder is None else None

    async def given(self, origin: str, old: int, new: int) -> Given:
        """What the files say of two sizes. Raises NothingGiven."""
        log = origin.rpartition("/")[2]
        if not log or not all(letter.isalnum() or letter in "-_" for letter in log):
            raise NothingGiven(f"{origin[:80]} names no folder")
        try:
            if self._folder is not None:
                return await asyncio.to_thread(_given, self._folder / log, old, new)
            with tempfile.TemporaryDirectory(prefix="isthmus-witness-") as folder:
                await self._fetch(log, Path(folder), (old, new))
                return await asyncio.to_thread(_given, Path(folder), old, new)
        except LogRefused as fault:
            raise NothingGiven(": ".join(fault.args)) from fault
        except (NotSent, Lost, OSError, ValueError) as fault:
            raise NothingGiven(str(fault)) from fault

    async def _fetch(self, log: str, folder: Path, sizes: tuple[int, int]) -> None:
        note = await self._file(f"/{log}/checkpoint")
        (folder / "checkpoint").write_bytes(note)
        size = head_of(note.decode()).size
        if sizes[1] > size:
            raise NothingGiven(f"the log shows {size} entries, and signed a head of {sizes[1]}")
        for path in consistency_tiles(*sizes, size):
            try:
                content = await self._file(f"/{log}/{path}")
            except NothingGiven:
                if whole(path) == path:
                    raise
                path, content = whole(path), await self._file(f"/{log}/{whole(path)}")  # it grew since the checkpoint
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)

    async def _file(self, target: str) -> bytes:
        assert self._http is not None, "a folder is read as it is"
        answer = await self._http.request("GET", target, {"Accept": "*/*"})
        if answer.status != 200 or len(answer.body) > FILE_BYTES_MAX:
            raise NothingGiven(f"{target}: status {answer.status}, {len(answer.body)} bytes")
        return answer.body

    def close(self) -> None:
        """What is open."""
        if self._http is not None:
            self._http.close()


def place_of(text: str | None) -> LogPlace | None:
    """Raises BadInput: logs."""
    if text is None:
        return None
    if not text.startswith(("http:", "https:")) and not Path(text).is_dir():
        raise BadInput("logs", f"{text} is neither a folder nor a URL")
    return LogPlace(text)


def _given(folder: Path, old: int, new: int) -> Given:
    reader = LogReader(folder)
    return Given(reader.root_at(old), reader.consistency(old, new))
