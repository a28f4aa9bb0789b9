"""Proof files (isthmus-proof/1): that an entry is in a log whose head is signed. Made from files, beside a server or
without one.
"""

from __future__ import annotations

import base64
from pathlib import Path

from isthmus.audit import heads
from isthmus.audit.cosigned import agreed_note, cosigned_note, group_note, witness_vkeys
from isthmus.audit.journal_log import read_first
from isthmus.audit.places import JOURNAL, LOGS, log_folder
from isthmus.audit.proof_file import FORMAT, OrderFacts, ProofFile, RecordFacts
from isthmus.audit.trail_keys import open_salts, public_key
from isthmus.engine import archive
from isthmus.engine.proofs import Checkpoint, LogReader, Note, leaf_hash
from isthmus.kernel.errors import BadInput


class NoLog(BadInput):
    """No log was ever begun here."""


class NotCovered(BadInput):
    """No signed head covers the record yet."""


def record_proof(data: Path, sequence: int) -> ProofFile:
    """That record `sequence` is in the journal's log, under the head that is published now.

    Raises NoLog, NotCovered, BadInput (before_first, and of keys), Damaged, JournalDamaged, LogRefused, OSError.
    """
    published(log_folder(data, JOURNAL))
    first = read_first(data)
    index = sequence - first
    note = head_over(data, JOURNAL, index)
    if index < 0:
        raise BadInput("sequence", f"before_first: the log begins with record {first}")
    if index >= Checkpoint.parse(Note.parse(note.encode()).text).size:
        raise NotCovered("sequence", f"not_covered: no signed head covers record {sequence} yet: {_reach(data)}")
    record = next(archive.records(data, sequence), None)
    if record is None:
        raise BadInput("sequence", f"no_record: record {sequence} is in the log and not in the journal")
    facts = RecordFacts(record.hash.hex(), open_salts(data).salt(sequence).hex())
    return entry_proof(data, (JOURNAL, sequence, index), note, facts)


def entry_proof(
    data: Path,
    place: tuple[str, int, int],
    note: str,
    record: RecordFacts | None = None,
    order: OrderFacts | None = None,
) -> ProofFile:
    """Of the entry at `place` (log, sequence, index) under the head of `note`. Raises LogRefused, OSError."""
    log, sequence, index = place
    reader, head = LogReader(log_folder(data, log)), Checkpoint.parse(Note.parse(note.encode()).text)
    entry = reader.entry(index)
    return ProofFile(
        format=FORMAT,
        log=log,
        sequence=sequence,
        index=index,
        entry=base64.b64encode(entry).decode(),
        leaf_hash=leaf_hash(entry).hex(),
        tree_size=head.size,
        root=head.root.hex(),
        proof=[hash_.hex() for hash_ in reader.inclusion(index, head.size)],
        checkpoint=note,
        log_vkey=public_key(data, log),
        witness_vkeys=[key for key in witness_vkeys(data) if log in LOGS or _has_signed(key, note)],
        record=record,
        order=order,
    )


def _has_signed(key: str, note: str) -> bool:
    """Logs that commands write are shown to witnesses only while a server runs."""
    return f"\n\u2014 {key.partition('+')[0]} " in note


def head_over(data: Path, log: str, index: int) -> str:
    """The newest head that both a quorum of witnesses and the holders' key signed, if it covers that entry; else one
    that the quorum signed (without witnesses: the key); else the published one, which may not cover it.

    Raises NoLog, LogRefused, OSError.
    """
    others = cosigned_note(data, log) if witness_vkeys(data) else group_note(data, log)
    for note in (agreed_note(data, log), others):
        if note is not None and index < Checkpoint.parse(Note.parse(note.encode()).text).size:
            return note
    return published(log_folder(data, log))


def published(folder: Path) -> str:
    """The head that the world sees. Raises NoLog, LogRefused, OSError."""
    note = LogReader(folder).note()
    if note is None:
        raise NoLog("data", f"no_log: {folder} has no signed head")
    return note


def _reach(data: Path) -> str:
    head = heads.newest(log_folder(data, JOURNAL))
    return "there is no head" if head is None else f"the newest, of {head.time}, reaches to record {head.sequence}"
