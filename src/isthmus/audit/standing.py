"""Where each witness stands with a log, as the log's side sees and remembers it: pure, whoever asks hands in time and
answers.

What is remembered is what a witness cannot take back: how large a head it cosigned, and when it said so. A witness
whose folder was put back to an older day holds less than that, and is refused by name until the newer state is back.
That is not noticed where the memory of the log's side was put back with it: then only who kept a newer cosigned head
notices.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

import msgspec

from isthmus.audit.quorum import cosigned_at
from isthmus.engine.proofs import Note, VerifierKey

SIGNED, BEHIND, REFUSED, SILENT = "signed", "behind", "refused", "silent"
REASON_LETTERS = 200
BACK_OFF_MAX_S = 60
TIME_AHEAD_S = 3_600
"""How far a cosignature's time may lie ahead of ours: a far one would make all that follow look old."""


class Standing(msgspec.Struct, frozen=True):
    """`size` and `time` (Unix seconds): the newest head that it cosigned, `since` when it came into its state. `tries`:
    how often in a row that did not go well, the last time at `asked`.
    """

    state: str = SILENT
    size: int = 0
    time: int = 0
    since: int = 0
    asked: int = 0
    tries: int = 0
    reason: str | None = None

    def is_due(self, now: int) -> bool:
        """Whoever did not answer well is left alone for a while, twice as long each time."""
        return self.tries == 0 or now >= self.asked + min(2 ** min(self.tries, 16), BACK_OFF_MAX_S)

    def at(self, size: int) -> str:
        """The state, where the log's newest head is of this size."""
        return BEHIND if self.state == SIGNED and self.size < size else self.state


class Asked(msgspec.Struct, frozen=True):
    """A head that a witness is asked to cosign. `proof` makes the proof that it extends the head of an older size."""

    note: str
    size: int
    proof: Callable[[int], Sequence[bytes]]

    def body(self, old: int) -> bytes:
        """The request, to a witness that holds a head of `old` entries."""
        hashes = self.proof(old) if 0 < old < self.size else ()
        lines = "".join(base64.b64encode(one).decode() + "\n" for one in hashes)
        return f"old {old}\n{lines}\n{self.note}".encode()


class Outcome(msgspec.Struct, frozen=True):
    """`line`: the cosignature that holds. `again`: ask once more, the witness holds a head of so many entries."""

    standing: Standing
    line: str | None = None
    again: int | None = None


def answered(
    before: Standing, asked: tuple[Asked, int], key: VerifierKey, answer: tuple[int, str], now: int
) -> Outcome:
    """What an answer (status and body) means to a request that said so many entries are held."""
    head, old = asked
    status, body = answer
    if status == 200:
        return _cosigned(before, head, key, body, now)
    if status != 409:
        return Outcome(refused(before, f"status_{status}: {body}", now))
    told = _size(body)
    if told is None:
        return Outcome(refused(before, "bad_answer: status 409 without a size", now))
    if told < before.size:
        why = f"rolled_back: it cosigned a head of {before.size} entries, and holds one of {told} now"
        return Outcome(refused(before, why, now))
    if told > head.size:
        why = f"log_shrank: it holds a head of {told} entries, the log shows one of {head.size}"
        return Outcome(refused(before, why, now))
    if told == old:
        return Outcome(refused(before, f"forked: it holds another head, of {told} entries", now))
    return Outcome(before, again=told)


def refused(before: Standing, reason: str, now: int) -> Standing:
    """It answered, and not with a cosignature that holds."""
    return _failed(before, REFUSED, reason, now)


def silent(before: Standing, reason: str, now: int) -> Standing:
    """No answer came."""
    return _failed(before, SILENT, reason, now)


def _failed(before: Standing, state: str, reason: str, now: int) -> Standing:
    since = before.since if before.state == state and before.since else now
    words = " ".join(reason.split())[:REASON_LETTERS]
    return Standing(state, before.size, before.time, since, now, before.tries + 1, words)


def _cosigned(before: Standing, head: Asked, key: VerifierKey, body: str, now: int) -> Outcome:
    text = Note.parse(head.note.encode()).text
    for line in body.splitlines():
        time = cosigned_at(text, line, key)
        if time is None:
            continue
        if time < before.time:
            why = f"old_cosignature: its time is {time}, it signed at {before.time} already"
            return Outcome(refused(before, why, now))
        if time > now + TIME_AHEAD_S:
            return Outcome(refused(before, f"time_ahead: its time is {time}, ours is {now}", now))
        since = before.since if before.state == SIGNED else now
        return Outcome(Standing(SIGNED, head.size, time, since, now), line=line)
    return Outcome(refused(before, "bad_cosignature: nothing in its answer is signed by its key", now))


def _size(body: str) -> int | None:
    text = body.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else None
