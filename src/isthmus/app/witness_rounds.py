"""Asks witnesses to cosign the newest heads of the logs, beside the log and never in its way.

`DATA/audit/witnesses.json` is the board that others read, `witnesses/memory.json` what witnesses cosigned as far as
this side knows; what they cosigned goes into the files of `isthmus.audit.cosigned`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from isthmus.app.venue_http import HttpAnswer, Lost, NotSent
from isthmus.app.witness_board import BOARD, Board, Seen, WitnessRow, board_row, seen_row
from isthmus.app.witness_host import Reports
from isthmus.audit.cosigned import COSIGNED, NEWEST, PEERS, VKEYS
from isthmus.audit.jurisdictions import Jurisdiction
from isthmus.audit.quorum import merged
from isthmus.audit.standing import REFUSED, SIGNED, Asked, Outcome, Standing, answered, refused, silent
from isthmus.audit.told import write_whole
from isthmus.engine.proofs import Checkpoint, LogRefused, Note, VerifierKey
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import Damaged
from isthmus.kernel.values import NS_PER_S

TURN_S = 1.0
"""A turn waits so long for its witnesses; who needs longer is heard in a later one."""
ANSWER_BYTES_MAX = 1 << 16
REPORTS_BYTES_MAX = 8 << 20
REPORTS_EVERY_S = 60
SEEN_MAX = 256
TRIES = 2
"""Of a head at a witness: the second with the size that it told."""


class LogFiles(Protocol):
    """A log as its files tell it. Raises LogRefused, OSError."""

    def note(self) -> str | None:
        """The newest signed head; None before the first."""

    def consistency(self, old: int, new: int, /) -> list[bytes]:
        """That the head of `new` entries extends the one of `old`."""


class Http(Protocol):
    """To one witness (HttpClient)."""

    async def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> HttpAnswer:
        """Raises NotSent or Lost."""

    def close(self) -> None:
        """What is open."""


class Line(msgspec.Struct, frozen=True):
    """To one witness: `key` is what its cosignatures must be signed by."""

    name: str
    url: str
    key: VerifierKey
    http: Http


class Memory(msgspec.Struct):
    """What outlives a restart: keys by witness, standings by witness and log, what was seen."""

    keys: dict[str, str] = {}
    standings: dict[str, dict[str, Standing]] = {}
    seen: list[Seen] = []


Failed = Callable[[Standing, str, int], Standing]


class _Head(msgspec.Struct):
    """The newest head of a log, and what was cosigned of it, by witness."""

    asked: Asked
    lines: dict[str, str]


class Rounds:
    """`needed` of the witnesses make a quorum."""

    def __init__(self, audit: Path, needed: int, jurisdictions: Mapping[str, Jurisdiction], clock: Clock) -> None:
        self.lines: dict[str, Line] = {}
        self._faults: dict[str, tuple[Failed, str]] = {}
        self._audit = audit
        self._folder = audit / "witnesses"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._needed = needed
        self._jurisdictions = jurisdictions
        self._clock = clock
        self._memory = self._read()
        self._heads: dict[str, _Head] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._told: dict[str, int] = {}

    def put(self, line: Line) -> None:
        """A witness from now on, asked at once; its key must be the one that it had before."""
        self._drop(line.name)
        known = self._memory.keys.setdefault(line.name, line.key.text())
        if known != line.key.text():
            line.http.close()
            self._faults[line.name] = (refused, f"other_key: it signed as {known} before")
            return
        for log, standing in self._memory.standings.get(line.name, {}).items():
            self._memory.standings[line.name][log] = msgspec.structs.replace(standing, tries=0)
        self._faults.pop(line.name, None)
        self.lines[line.name] = line

    def without(self, name: str, reason: str) -> None:
        """A witness that cannot be asked, and why."""
        self._drop(name)
        self._faults[name] = (silent, reason)

    def _drop(self, name: str) -> None:
        before = self.lines.pop(name, None)
        if before is not None:
            before.http.close()

    async def turn(self, logs: Mapping[str, LogFiles]) -> None:
        """Asks whoever has not cosigned the newest heads and is not being asked yet. Raises OSError, Damaged."""
        for log, files in logs.items():
            self._look(log, files)
        for name, (failed, reason) in self._faults.items():
            for log in self._heads:
                self._stands(name, log, failed(self._standing(name, log), reason, self._now()))
        for line in self.lines.values():
            if line.name not in self._busy:
                self._busy[line.name] = asyncio.create_task(self._ask(line))
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=TURN_S)
        for name, task in list(self._busy.items()):
            if task.done():
                del self._busy[name]
                task.result()
        self._write()

    async def close(self) -> None:
        """Nobody is asked any more."""
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        for line in self.lines.values():
            line.http.close()

    def _look(self, log: str, files: LogFiles) -> None:
        note = files.note()
        if note is None:
            return
        text = Note.parse(note.encode()).text
        head = self._heads.get(log)
        if head is not None and Note.parse(head.asked.note.encode()).text == text:
            return
        signed = note.split("\n\n", 1)[1].splitlines()[0]
        size = Checkpoint.parse(text).size
        asked = Asked(f"{text}\n{signed}\n", size, lambda old: files.consistency(old, size))
        self._heads[log] = _Head(asked, {})

    async def _ask(self, line: Line) -> None:
        for log, head in list(self._heads.items()):
            before = self._standing(line.name, log)
            stands = line.name in head.lines and before.state == SIGNED
            if not stands and before.is_due(self._now()):
                outcome = await self._outcome(line, before, head.asked)
                if outcome.line is not None:
                    head.lines[line.name] = outcome.line
                self._stands(line.name, log, outcome.standing)
        told = self._told.get(line.name, 0)
        if self._now() >= told + REPORTS_EVERY_S:
            await self._hear(line)

    async def _outcome(self, line: Line, before: Standing, asked: Asked) -> Outcome:
        old, now = min(before.size, asked.size), self._now
        for _ in range(TRIES):
            try:
                answer = await self._posted(line, asked.body(old))
            except (NotSent, Lost) as fault:
                return Outcome(silent(before, str(fault), now()))
            except LogRefused as fault:
                return Outcome(refused(before, f"no_proof: {fault.args[1]}", now()))
            outcome = answered(before, (asked, old), line.key, answer, now())
            if outcome.again is None:
                return outcome
            old = outcome.again
        return Outcome(refused(before, "unsteady: it tells another size each time", now()))

    async def _posted(self, line: Line, body: bytes) -> tuple[int, str]:
        answer = await line.http.request("POST", "/add-checkpoint", {"Content-Type": "text/plain"}, body)
        return answer.status, _text(answer)

    async def _hear(self, line: Line) -> None:
        """What it reports by itself, also of what others sent to it."""
        self._told[line.name] = self._now()
        try:
            answer = await line.http.request("GET", "/reports", {})
            if answer.status != 200 or len(answer.body) > REPORTS_BYTES_MAX:
                return
            told = msgspec.json.decode(answer.body, type=Reports)
        except (NotSent, Lost, msgspec.DecodeError, UnicodeDecodeError):
            return
        for report in told.reports[-SEEN_MAX:]:
            self._see(seen_row(line.name, report))

    def _stands(self, name: str, log: str, now: Standing) -> None:
        before = self._standing(name, log)
        self._memory.standings.setdefault(name, {})[log] = now
        if now.state == REFUSED and now.reason != before.reason:
            kind, _, what = (now.reason or "").partition(": ")
            self._see(Seen(self._clock() // NS_PER_S, name, kind, f"{log}: {what}"))
            self._told.pop(name, None)

    def _see(self, row: Seen) -> None:
        if row not in self._memory.seen:
            self._memory.seen = [*self._memory.seen, row][-SEEN_MAX:]

    def _standing(self, name: str, log: str) -> Standing:
        return self._memory.standings.get(name, {}).get(log, Standing())

    def _now(self) -> int:
        return self._clock() // NS_PER_S

    def _write(self) -> None:
        keys = {line.name: line.key for line in self.lines.values()}
        for log, head in self._heads.items():
            note, names = merged(head.asked.note, list(head.lines.values()), list(keys.values()))
            if write_whole(self._folder / f"{log}.{NEWEST}", note.encode()) and len(names) >= max(self._needed, 1):
                write_whole(self._folder / f"{log}.{COSIGNED}", note.encode())
        write_whole(self._folder / VKEYS, "".join(f"{key.text()}\n" for key in keys.values()).encode())
        write_whole(self._folder / PEERS, "".join(f"{line.url}\n" for line in self.lines.values()).encode())
        write_whole(self._audit / BOARD, msgspec.json.encode(self.board()))
        write_whole(self._folder / "memory.json", msgspec.json.encode(self._memory))

    def board(self) -> Board:
        """Everybody who is asked, as the last turn left them."""
        urls = dict.fromkeys(self._faults, "") | {line.name: line.url for line in self.lines.values()}
        rows = [self._row(name, url) for name, url in sorted(urls.items())]
        have = sum(1 for row in rows if row.state == SIGNED)
        return Board.of((self._needed, have, len(rows)), rows, self._memory.seen)

    def _row(self, name: str, url: str) -> WitnessRow:
        stands = [(log, self._standing(name, log), head.asked.size) for log, head in self._heads.items()]
        return board_row(name, self._jurisdictions[name], url, stands)

    def _read(self) -> Memory:
        path = self._folder / "memory.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Memory)
        except FileNotFoundError:
            return Memory()
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise Damaged(f"{path}: {fault}") from fault


def _text(answer: HttpAnswer) -> str:
    return answer.body[:ANSWER_BYTES_MAX].decode("utf-8", "replace")
