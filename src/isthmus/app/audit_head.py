"""The head of the audit log as client statements print it."""

from __future__ import annotations

from pathlib import Path

from isthmus.audit import heads, places
from isthmus.ledger.client_statement import PrintedHead

CHECK = (
    "Keep this paper. Every later head of the log must contain this one, entry by entry: ask for the consistency proof "
    "from this size to the newest head, or fetch the log's files, and check with 'isthmus audit verify', with "
    "the verifier page, or with any tool for C2SP tlog-tiles. Two roots of one size, or a newer head with fewer "
    "entries, prove that the log was changed."
)
LATER = " This statement reaches beyond the head: the records behind it are in the next one."


def printed_head(data: Path, upto: int) -> PrintedHead | None:
    """The newest head of the journal's log; None where no log is kept. Raises Damaged."""
    head = heads.newest(places.log_folder(data, places.JOURNAL))
    if head is None:
        return None
    check = CHECK if head.sequence >= upto else CHECK + LATER
    return PrintedHead(head.note.split("\n", 1)[0], head.size, head.sequence, head.root, head.time, check)
