"""The engine and what it hands out, re-exported from the extension: the only other place that imports it is
kernel.messages.

`Engine.submit(command)` is for people (one command, one record); `place`, `cancel` and `replace` are the same for
programs that are in a hurry (integers by position in, an Answer out); `Engine.submit_batch(rows)` is for machines
(numpy records of dtype INSTRUCTION in, OUTCOME and FILL rows out), `submit_moves` for money (MOVE rows in, reasons
out); `stage`, `hand_over` and `flusher` are for a driver that groups commits.
"""

from isthmus._core import (
    FILL,
    INSTRUCTION,
    MOVE,
    OUTCOME,
    RULES,
    Answer,
    Archived,
    Batch,
    Engine,
    Flusher,
    FolderLocked,
    Follower,
    FrameReader,
    JournalDamaged,
    JournalFenced,
    JournalReader,
    Origin,
    OtherRelease,
    Record,
    content_id,
    epoch_of,
    journal_end,
    segment_header,
    verify,
)

__all__ = [
    "FILL",
    "INSTRUCTION",
    "MOVE",
    "OUTCOME",
    "RULES",
    "Answer",
    "Archived",
    "Batch",
    "Engine",
    "Flusher",
    "FolderLocked",
    "Follower",
    "FrameReader",
    "JournalDamaged",
    "JournalFenced",
    "JournalReader",
    "Origin",
    "OtherRelease",
    "Record",
    "content_id",
    "epoch_of",
    "journal_end",
    "segment_header",
    "verify",
]
