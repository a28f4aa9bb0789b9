"""Why a document was stopped."""

from __future__ import annotations

from isthmus.kernel.errors import IsthmusError


class Stopped(IsthmusError):
    """`rule` is a stable name of docs/reference/xmlguard.md; `place` is a path, or line:column in the text."""

    def __init__(self, rule: str, place: str, reason: str) -> None:
        super().__init__(f"{rule} at {place}: {reason}")
        self.rule = rule
        self.place = place
        self.reason = reason


def line_and_column(text: str, position: int) -> str:
    """ "line:column" of a position in the text, both from 1."""
    before = text.rfind("\n", 0, position)
    return f"{text.count(chr(10), 0, position) + 1}:{position - before}"
