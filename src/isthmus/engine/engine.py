"""The engine and what it hands out, re-exported from the extension: the only other place that imports it is
kernel.messages.

`Engine.submit(command)` is for people (one command, one record), `Engine.submit_batch(rows)` for machines (numpy
records of
dtype INSTRUCTION in, OUTCOME and FILL rows out), `stage`, `hand_over` and `flusher` for a driver that groups commits.
"""

from isthmus._core import (
    FILL,
    INSTRUCTION,
    OUTCOME,
    RULES,
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
    Record,
    content_id,
    epoch_of,
    verify,
)

__all__ = [
    "FILL",
    "INSTRUCTION",
    "OUTCOME",
    "RULES",
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
    "Record",
    "content_id",
    "epoch_of",
    "verify",
]
