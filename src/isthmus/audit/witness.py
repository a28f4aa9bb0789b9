"""A witness of a log: cosigns a head only if it extends the head cosigned before.

C2SP tlog-witness (requests and answers), tlog-cosignature (cosignature/v1), signed-note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from isthmus.audit.proof_file import Refused
from isthmus.audit.split_view import Given, SplitView, check, decode, split_view
from isthmus.engine.proofs import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    LogRefused,
    Note,
    Signer,
    VerifierKey,
    consistency_fault,
    note_signed,
)
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.files import flush

Row = TypeVar("Row")
MOST_BYTES = 64 * 1024
MOST_HASHES = 63
HEADS_BYTES_MAX = 4 << 20
"""Of `heads`; then it becomes `heads.old`, and what was that is gone: no fork of a head in neither is noticed."""
REPORTS_MAX = 256
"""Of a kind, so that old heads, which anybody can send, never keep a fork from being reported."""
SPLIT_VIEWS_MAX = 16
"""Files of split views: one is enough against a log."""


class Answer(msgspec.Struct, frozen=True):
    """An answer of HTTP: 200 with cosignature lines, 409 with the size held, else why not."""

    status: int
    body: str


class Head(msgspec.Struct, frozen=True):
    """A head that was cosigned. `counter` grows by one with each; `note` is the log's signed note."""

    counter: int
    size: int
    root: str
    note: str


class Report(msgspec.Struct, frozen=True):
    """What a log was seen to do: fork (two histories), shrink (a smaller head put as the next), unproven (a larger one
    whose proof fails) or withheld (no proof between two heads that it signed).

    A fork is proven by a file (split_view.py). The others are not: anyone can send an old head again, or a bad proof,
    and a log that cannot be reached gives none.
    """

    kind: str
    time: int
    held: str
    given: str


def log_key(text: str) -> VerifierKey:
    """Key `name+hash+base64` of a log (type 0x01); raises `BadInput`."""
    try:
        key = VerifierKey.parse(text.strip())
    except LogRefused as fault:
        raise BadInput("log_vkey", fault.args[1]) from fault
    if key.kind != ED25519:
        raise BadInput("log_vkey", "is a witness's key and no log's")
    return key


def origin_of(body: bytes) -> str | None:
    """Which log a request is about; None where it has not the form."""
    parts = body[:MOST_BYTES].split(b"\n\n", 1)
    try:
        return parts[1].split(b"\n", 1)[0].decode()
    except (IndexError, UnicodeDecodeError):
        return None


class Witness:
    """One witness of one log; its folder holds `state` (signed), `heads`, `reports` (NDJSON) and `split-views`.

    `left_out`: reports that were not kept since this start, there being REPORTS_MAX of their kind. `views`: what
    proves to anybody that the log forked.
    """

    def __init__(self, name: str, secret: Ed25519PrivateKey, log: VerifierKey, folder: Path) -> None:
        self._secret, self._log, self._folder = secret, log, folder
        self._signer = Signer.of(name, COSIGNATURE, secret.private_bytes_raw())
        folder.mkdir(parents=True, exist_ok=True)
        self._heads: dict[int, Head] = {}
        self.head = self._load()
        self.reports = _rows(folder / "reports", Report)
        self.left_out = 0
        self.views = [self._view(path) for path in sorted((folder / "split-views").glob("*.json"))]

    def known(self, size: int) -> Head | None:
        """What it cosigned of that size, and remembers."""
        return self._heads.get(size)

    def accuse(self, held: str, note: str, given: Given | None, now: int) -> bool:
        """Whether the two notes, with what the log gave, prove a fork, which is then reported with its file."""
        view = split_view(self._log, (held, note), given)
        if view is None:
            return False
        self.keep(view)
        self.report("fork", held, note, now)
        return True

    def keep(self, view: SplitView) -> None:
        """What proves a fork of this log, whoever found it. Raises Refused, OSError."""
        check(view, self._log)
        if len(self.views) >= SPLIT_VIEWS_MAX or view.name in (one.name for one in self.views):
            return
        folder = self._folder / "split-views"
        folder.mkdir(exist_ok=True)
        _write(folder / view.name, msgspec.json.format(msgspec.json.encode(view), indent=1) + b"\n")
        self.views.append(view)

    def _view(self, path: Path) -> SplitView:
        try:
            view = decode(path.read_bytes())
            check(view, self._log)
        except Refused as fault:
            raise Damaged(f"{path}: {fault}") from fault
        return view

    def add_checkpoint(self, body: bytes, now: int) -> Answer:
        """The answer to a request at `now` (Unix seconds); the state is on disk before it is given."""
        if len(body) > MOST_BYTES:
            return Answer(400, "request is too long\n")
        try:
            before, note = body.decode().split("\n\n", 1)
            old, proof = _asked(before)
            signed = Note.parse(note.encode())
            head = Checkpoint.parse(signed.text)
        except (ValueError, binascii.Error, LogRefused):
            return Answer(400, "request is not of the form of tlog-witness\n")
        if head.origin != self._log.name:
            return Answer(404, "origin is not known here\n")
        try:
            note_signed(note.encode(), self._log)
        except LogRefused:
            return Answer(403, "no signature by the log's key\n")
        return self._judge((old, head.size, head.root), proof, note, now)

    def _judge(self, asked: tuple[int, int, bytes], proof: list[bytes], note: str, now: int) -> Answer:
        old, size, root = asked
        held = self.head
        before = self._heads.get(size)
        if before is not None and before.root != root.hex():
            self.accuse(before.note, note, None, now)
            return Answer(409, f"{held.size}\n")
        if size < old:
            if old == held.size:
                self.report("shrink", held.note, note, now)
            return Answer(400, "checkpoint is smaller than the old size\n")
        if old != held.size:
            return Answer(409, f"{held.size}\n")
        if not self._extends(size, root, proof):
            if held.size:
                self.report("unproven", held.note, note, now)
            return Answer(422, "consistency proof fails\n")
        if size > held.size:
            self._keep(Head(held.counter + 1, size, root.hex(), note))
        return Answer(200, self._signer.sign(Note.parse(note.encode()).text, now) + "\n")

    def _extends(self, size: int, root: bytes, proof: list[bytes]) -> bool:
        if size == 0 and root != hashlib.sha256().digest():
            return False
        if self.head.size in (0, size):
            return not proof
        return consistency_fault((self.head.size, bytes.fromhex(self.head.root)), (size, root), proof) is None

    def report(self, kind: str, held: str, note: str, now: int) -> None:
        """Once of each head that was given."""
        same = [report for report in self.reports if report.kind == kind]
        text = note.split("\n\n", 1)[0]
        if any(report.given.split("\n\n", 1)[0] == text for report in same):
            return
        if len(same) >= REPORTS_MAX:
            self.left_out += 1
            return
        self.reports.append(Report(kind, now, held, note))
        _append(self._folder / "reports", msgspec.json.encode(self.reports[-1]))

    def _keep(self, head: Head) -> None:
        raw = msgspec.json.encode(head)
        _write(self._folder / "state", self._secret.sign(raw) + raw)
        heads = self._folder / "heads"
        if heads.exists() and heads.stat().st_size > HEADS_BYTES_MAX:
            heads.rename(self._folder / "heads.old")
        flush(self._folder)
        _append(heads, raw)
        self.head = self._heads[head.size] = head

    def _load(self) -> Head:
        kept = [head for name in ("heads.old", "heads") for head in _rows(self._folder / name, Head)]
        self._heads = {head.size: head for head in kept}
        last = kept[-1].counter if kept else 0
        path = self._folder / "state"
        if not path.exists():
            if last:
                raise Damaged(f"{path}: is gone, while head {last} was cosigned")
            return Head(0, 0, "", "")
        raw = path.read_bytes()
        try:
            self._secret.public_key().verify(raw[:64], raw[64:])
            head = msgspec.json.decode(raw[64:], type=Head)
        except (InvalidSignature, msgspec.DecodeError) as fault:
            raise Damaged(f"{path}: is not signed by this witness") from fault
        if head.counter < last:
            raise Damaged(f"{path}: is rolled back to head {head.counter}, while head {last} was cosigned")
        if head.counter == last + 1:  # a crash came between the state and its line
            _append(self._folder / "heads", raw[64:])
        if head.size:
            self._heads[head.size] = head
        return head


def _asked(text: str) -> tuple[int, list[bytes]]:
    first, *rest = text.split("\n")
    word, number = first.split(" ")
    proof = [base64.b64decode(line, validate=True) for line in rest]
    if word != "old" or len(proof) > MOST_HASHES or any(len(node) != 32 for node in proof):
        raise ValueError
    return _decimal(number), proof


def _decimal(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19 or str(int(text)) != text:
        raise ValueError
    return int(text)


def _rows(path: Path, kind: type[Row]) -> list[Row]:
    """The rows of a file; what a crash left behind the last whole line is cut off, since nobody was answered for it."""
    if not path.exists():
        return []
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if len(whole) < len(raw):
        os.truncate(path, len(whole))
    try:
        return [msgspec.json.decode(line, type=kind) for line in whole.splitlines()]
    except msgspec.DecodeError as fault:
        raise Damaged(f"{path}: has a line that cannot be read") from fault


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; its folder is not flushed."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def _append(path: Path, row: bytes) -> None:
    with path.open("ab") as file:
        file.write(row + b"\n")
        file.flush()
        os.fsync(file.fileno())
