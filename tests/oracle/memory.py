"""Idempotency: what was asked under a client's id, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .messages import NO_ID, REASONS, effects
from .values import REMEMBER_COMMANDS, REMEMBER_NS

Key = tuple[int, bytes]


@dataclass(slots=True)
class Answer:
    """`ended` is (sequence, stamp) of the record in which the id's order died; None while it lives."""

    content: Any
    first: int
    reason: int
    ended: tuple[int, int] | None


class Memory:
    """Answers by (account, client id). `asked` is the key that this pass looked up without finding it."""

    def __init__(self) -> None:
        self.answers: dict[Key, Answer] = {}
        self.asked: Key | None = None

    def forget(self, sequence: int, stamp: int) -> None:
        """Begins a pass: drops what ended long enough ago."""
        self.asked = None
        for key, answer in list(self.answers.items()):
            if answer.ended is None:
                continue
            if answer.ended[0] + REMEMBER_COMMANDS <= sequence or answer.ended[1] + REMEMBER_NS <= stamp:
                del self.answers[key]

    def ask(self, account: int, client_id: bytes, content: Any) -> Any:
        """None for a new (or no) id, else `Repeated` or the reason duplicate_client_id."""
        if client_id == NO_ID:
            return None
        known = self.answers.get((account, client_id))
        if known is None:
            self.asked = (account, client_id)
            return None
        same = known.content == content and type(known.content) is type(content)
        return effects.Repeated(known.first, known.reason) if same else "duplicate_client_id"

    def remember(self, content: Any, reason: str | None, sequence: int, ended: tuple[int, int] | None) -> None:
        """Ends a pass: keeps the answer to the key that was asked."""
        if self.asked:
            self.answers[self.asked] = Answer(content, sequence, REASONS[reason] if reason else 0, ended)

    def end(self, key: Key | None, sequence: int, stamp: int) -> None:
        """The order of this key died in this record."""
        if key in self.answers:
            self.answers[key].ended = (sequence, stamp)
