"""Verdicts over MT messages: fields in their sequences, and errors that name code, rule, field and line."""

from __future__ import annotations

import msgspec

from isthmus.engine.fin import fin_known, fin_validate

KNOWN_TYPES = frozenset(fin_known())
"""Message types whose fields and rules are known; of others the form alone is read."""

ErrorRow = tuple[str | None, str, str, str, int, str]


class Mistake(msgspec.Struct, frozen=True):
    """One error. `code` is that of the network rule and None for errors of form, whose code is `network_code`."""

    code: str | None
    rule: str
    network_code: str
    field: str
    line: int
    message: str


class Placed(msgspec.Struct, frozen=True):
    """A field where it stands: `sequence` is "" outside of any, `run` tells runs through the same sequence apart."""

    tag: str
    value: str
    line: int
    sequence: str | None
    run: int | None


class Verdict(msgspec.Struct, frozen=True):
    """Errors stand in message order; a message is valid without any."""

    message_type: str | None
    fields: tuple[Placed, ...]
    errors: tuple[Mistake, ...]

    @property
    def valid(self) -> bool:
        """Whether form, fields and network rules are as the standard has them."""
        return not self.errors

    def first(self, tag: str, sequence: str | None = None) -> str | None:
        """The value of the first field with this tag, of this sequence if one is named."""
        found = (one for one in self.fields if one.tag == tag and sequence in (None, one.sequence))
        return next((one.value for one in found), None)


def mistakes_of(rows: list[ErrorRow]) -> tuple[Mistake, ...]:
    """Errors as the extension tells them."""
    return tuple(Mistake(*row) for row in rows)


def validate(text: str) -> Verdict:
    """The verdict over one message, from its block 1 on."""
    number, rows, places, errors = fin_validate(text)
    where = {field: (sequence, run) for field, sequence, run in places}
    fields = (Placed(*row, *where.get(place, (None, None))) for place, row in enumerate(rows))
    return Verdict(number, tuple(fields), mistakes_of(errors))
