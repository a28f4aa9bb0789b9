"""Faults. A refusal is a value and a bug is an assert; what is left, the outside failing us, is raised as one of these.

Caught only at the edges (gateways) and in `isthmus.app`, which turns each into an exit code.
"""


class IsthmusError(Exception):
    """Something outside failed: a disk, a peer, an input."""


class BadInput(IsthmusError):
    """What was handed in cannot be used. `field` names the argument, key or column; `line` counts from 1."""

    def __init__(self, field: str | None, reason: str, line: int | None = None) -> None:
        place = f"line {line}: " if line is not None else ""
        super().__init__(f"{place}{field}: {reason}" if field else f"{place}{reason}")
        self.field = field
        self.reason = reason
        self.line = line


class Damaged(IsthmusError):
    """Stored data is not what was written."""


class JournalUnavailable(IsthmusError):
    """The journal cannot be written (disk full, read-only, failed): nothing may be acknowledged any more."""


class PartMissing(IsthmusError):
    """An optional part is not installed. `part` names it, `remedy` says how to get it."""

    def __init__(self, part: str, remedy: str) -> None:
        super().__init__(f"{part} is missing: {remedy}")
        self.part = part
        self.remedy = remedy
