"""Asks the holders of a key to sign the newest heads of the logs, beside the logs and never in their way.

`DATA/audit/threshold.json` is the board that others read; what was signed goes into the files of
`isthmus.audit.cosigned`, from where the log's own writer takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from isthmus.app.keys_ceremonies import Coordinator, Tried, holding, lasting
from isthmus.app.keys_heads import head_key, signed_note, signed_sizes
from isthmus.app.keys_link import Lines
from isthmus.app.keys_member import ROSTER, read_roster
from isthmus.app.keys_patient import PatientLines
from isthmus.app.threshold_board import (
    BOARD,
    FAILING,
    LOST,
    PRESENT,
    SIGNED,
    SILENT,
    Board,
    HolderRow,
    LogRow,
    read_board,
)
from isthmus.app.threshold_settings import ThresholdSettings
from isthmus.audit.cosigned import COSIGNED, NEWEST, agreed_note, cosigned_note, group_folder, group_note, lines_of
from isthmus.audit.keys.asks import COORDINATOR, Reply, Roster
from isthmus.audit.keys.record import verdicts
from isthmus.audit.keys.requests import Head
from isthmus.audit.places import LOGS, audit_folder, log_folder
from isthmus.audit.signed_log import size_and_root
from isthmus.audit.told import write_whole
from isthmus.engine.proofs import Checkpoint, LogReader, Note
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import time_text

GOOD = ("done", "approved")
RESTING_S = 1.5
"""A head that stands for so long will stand until it is signed."""
WORDS = {"silent": SILENT, "unknown_key": LOST}


class Rounds:
    """`clocks`: that of the day (ns UTC), and one that never goes back (s). `name`: of the logs."""

    def __init__(
        self, data: Path, name: str, settings: ThresholdSettings, clocks: tuple[Clock, Callable[[], float]]
    ) -> None:
        self._data = data
        self._name = name
        self._settings = settings
        self._folder = group_folder(data)
        self._now, self._steady = clocks
        self._roster: Roster | None = None
        self._lines: PatientLines | None = None
        self._coordinator: Coordinator | None = None
        self._asked_at: dict[str, float] = {}
        self._found: dict[str, tuple[str, float]] = {}
        """The published head of a log as it was found last, and when it was first."""
        self._refused: dict[str, dict[str, str]] = {}
        """By log and holder, of the last head that they were asked to sign."""
        self._told: dict[str, tuple[str, dict[str, str]]] = {}
        self._logs: dict[str, LogRow] = {}
        self._holders: dict[int, HolderRow] = {}
        self._needed = (0, 0)
        board = read_board(data)
        if board is not None and board.key == settings.key:
            self._logs = {row.log: row for row in board.logs}
            self._holders = {row.holder: row for row in board.holders}
            self._needed = board.needed, board.of

    def turn(self, is_last: bool = False) -> None:
        """Asks for the newest heads where that is due; the last turn is always. Raises BadInput, Damaged, LogRefused,
        OSError.
        """
        logs = {log: note for log in LOGS if (note := _published(self._data, log)) is not None}
        due = [log for log, note in logs.items() if self._is_due(log, note) or is_last]
        if due:
            self._asked_at |= dict.fromkeys(due, self._steady())
            coordinator = self._led()
            looked = coordinator.look()
            said = self._presence(looked)
            for log in due:
                chosen = self._chosen(log, logs[log], looked)
                if chosen is not None:
                    words = self._sign(coordinator, looked, log, chosen)
                    self._refused[log] = {me: word for me, word in words.items() if word not in (*GOOD, *WORDS)}
                    said.update(lasting(said, words))
            for refused in self._refused.values():
                said.update(lasting(said, refused))
            self._see(said)
            self.write(None)
        for log in logs:
            self._agree(log)

    def _is_due(self, log: str, note: str) -> bool:
        """Of a log that grows, a head that was published just now: it is still the published one when it is signed."""
        text, now = note.partition("\n\n")[0], self._steady()
        known, since = self._found.get(log, ("", now))
        is_fresh = text != known
        self._found[log] = (text, now if is_fresh else since)
        if now < self._asked_at.get(log, float("-inf")) + self._settings.every_s:
            return False
        return is_fresh or now >= since + RESTING_S

    def _presence(self, looked: Mapping[int, Reply]) -> dict[str, str]:
        having = holding(looked, self._settings.key)
        words = verdicts(looked)
        return {me: "unknown_key" if word in GOOD and int(me) not in having else word for me, word in words.items()}

    def close(self) -> None:
        """Lets the holders go; the next turn calls them anew, by the roster as it is then."""
        if self._lines is not None:
            self._lines.close()
        self._lines = self._coordinator = self._roster = None

    def write(self, fault: str | None) -> None:
        """The board as it is now; `fault` keeps all of it from going on."""
        needed, of = self._needed
        have = sum(1 for row in self._holders.values() if row.state == PRESENT)
        holders = [self._holders[holder] for holder in sorted(self._holders)]
        at = time_text(self._now())
        board = Board(self._settings.key, at, needed, have, of, list(self._logs.values()), holders, fault)
        write_whole(audit_folder(self._data) / BOARD, msgspec.json.encode(board))

    def _led(self) -> Coordinator:
        """By the roster as it is now: holders come and go while a server runs."""
        folder = self._settings.folder(self._data)
        roster = read_roster(folder / ROSTER)
        if self._coordinator is None or roster != self._roster:
            self.close()
            holders = [card.number for card in roster.cards if card.number != COORDINATOR]
            timeout_s = self._settings.timeout_s
            self._lines = PatientLines(lambda: Lines(folder, roster, None, timeout_s), holders, timeout_s)
            self._coordinator = Coordinator(self._data, self._name, self._lines, holders)
            self._roster = roster
            self._holders = {holder: row for holder, row in self._holders.items() if holder in holders}
        return self._coordinator

    def _chosen(self, log: str, published: str, looked: Mapping[int, Reply]) -> str | None:
        """The note whose head is signed next; None where the newest is signed. Where witnesses did not cosign the one
        that was signed last, one that they did goes before the newest: proofs are under a head that has both.
        """
        row, cosigned = self._logs.get(log), cosigned_note(self._data, log)
        done = (row.size, row.root) if row is not None and row.root is not None else (-1, None)
        agreed = agreed_note(self._data, log)
        if cosigned is not None and done[0] > (size_and_root(agreed)[0] if agreed is not None else -1):
            size = size_and_root(cosigned)[0]
            reached = signed_sizes(looked, self._settings.key, published.partition("\n")[0])
            able = sum(1 for one in reached.values() if one <= size)
            if size > done[0] and able >= max(self._needed[0], 1):
                return cosigned
        # A head that is older than the one that was signed is shown too: that the holders refuse it must be told.
        return published if size_and_root(published) != done else None

    def _sign(self, coordinator: Coordinator, looked: Mapping[int, Reply], log: str, note: str) -> dict[str, str]:
        head = Head(Note.parse(note.encode()).text)
        reader = LogReader(log_folder(self._data, log))
        tried = coordinator.sign_head(looked, self._settings.key, head, reader)
        if tried.held is not None:
            self._needed = tried.held.terms.threshold, tried.held.terms.of
        if tried.signed is not None and tried.held is not None:
            own, vkey = _own_line(note), head_key(note.partition("\n")[0], tried.held).text()
            whole = signed_note(own, head, tried.held, tried.signed.signature)
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / f"{log}.vkey", f"{vkey}\n".encode())
            write_whole(self._folder / f"{log}.{NEWEST}", whole.encode())
        self._tell(coordinator, log, head, tried)
        return tried.said

    def _agree(self, log: str) -> None:
        """Of a head that both signed the note with all their lines: proofs are under it."""
        note, quorum = group_note(self._data, log), cosigned_note(self._data, log)
        if note is not None and quorum is not None and (lines := lines_of(note, quorum)):
            whole = quorum + "".join(f"{line}\n" for line in lines)
            write_whole(self._folder / f"{log}.{COSIGNED}", whole.encode())

    def _tell(self, coordinator: Coordinator, log: str, head: Head, tried: Tried) -> None:
        """On the board; in the log of ceremonies only where somebody did otherwise than before."""
        now, before = time_text(self._now()), self._logs.get(log)
        state = SIGNED if tried.signed is not None else FAILING
        reason = f"{tried.name}: {tried.reason}" if tried.name else tried.reason or None
        since = before.since if before is not None and before.state == state else now
        if tried.signed is not None and tried.held is not None:
            signed = Checkpoint.parse(head.text)
            vkey = head_key(signed.origin, tried.held).text()
            self._logs[log] = LogRow(log, vkey, signed.size, signed.root.hex(), now, state, since, reason)
        else:
            row = before or LogRow(log, None, 0, None, None, state, since, reason)
            self._logs[log] = msgspec.structs.replace(row, state=state, since=since, reason=reason)
        said = tried.name, tried.said
        if self._told.get(log) != said:
            self._told[log] = said
            coordinator.tell_head(self._settings.key, head, tried)

    def _see(self, said: Mapping[str, str]) -> None:
        now = time_text(self._now())
        for holder, word in said.items():
            state = PRESENT if word in GOOD else WORDS.get(word, word)
            before = self._holders.get(int(holder))
            since = before.since if before is not None and before.state == state else now
            self._holders[int(holder)] = HolderRow(int(holder), state, since)


def _published(data: Path, log: str) -> str | None:
    """The log's newest head; None before its first."""
    folder = log_folder(data, log)
    return LogReader(folder).note() if (folder / "checkpoint").exists() else None


def _own_line(note: str) -> str:
    """The note with the log's own signature alone, which is its first."""
    text, _, lines = note.partition("\n\n")
    return f"{text}\n\n{lines.splitlines()[0]}\n"
