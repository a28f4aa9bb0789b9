"""What the books are kept in: the values that a store takes and gives, and what every store can do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec

from isthmus.engine.postings import Batch, Place
from isthmus.kernel.errors import BadInput, IsthmusError
from isthmus.ledger import schema
from isthmus.ledger.chart import LedgerAccount

Key = tuple[int, int]
"""Account and asset."""


class NoBooks(BadInput):
    """There are no books where they were looked for."""


class BooksAway(BadInput):
    """The database of the books cannot be reached."""


class NotRecorded(BadInput):
    """The books do not reach so far: an answer would be empty, or would change."""


class BooksMoved(IsthmusError):
    """Somebody else wrote to the books meanwhile, or made them anew."""


class BooksDiffer(IsthmusError):
    """The books are of another journal than the one that is read."""


class LedgerAsset(msgspec.Struct, frozen=True):
    """One unit is 10^decimals minor units. `listed`: the record that made it known."""

    number: int
    code: str
    decimals: int
    listed: int


class Progress(msgspec.Struct, frozen=True):
    """How far the books reach, and how many postings they hold."""

    place: Place
    postings: int


class Stretch(msgspec.Struct, frozen=True):
    """What one transaction adds: the postings of some records, what they listed, and every balance they touched, as it
    is behind them.
    """

    batch: Batch
    accounts: list[LedgerAccount]
    assets: list[LedgerAsset]
    balances: dict[Key, int]


class Kept(msgspec.Struct, frozen=True):
    """What a projection must know to go on."""

    progress: Progress
    noted: list[bytes]
    accounts: list[LedgerAccount]
    balances: dict[Key, int]


class Rows(Protocol):
    """Asks one question of the books; `$1`, `$2` stand for the values."""

    async def __call__(self, question: str, *values: Any) -> Sequence[Sequence[Any]]:
        """The rows."""


class Store(Protocol):
    """Books in SQLite or in PostgreSQL. Who writes and finds that somebody else did meanwhile gets BooksMoved."""

    async def begin_anew(self) -> None:
        """Empty books, whatever was there."""

    async def kept(self) -> Kept | None:
        """None where there are no books yet."""

    async def write(self, stretch: Stretch, before: Progress) -> Progress:
        """Adds a stretch to books that reach to `before`, with its progress, or nothing of it. Raises BooksMoved."""

    def reading(self) -> AbstractAsyncContextManager[Rows]:
        """Questions that are all answered from the same state. Raises NoBooks."""

    async def close(self) -> None:
        """Lets go of the connection."""


def progress_of(rows: Sequence[Sequence[Any]]) -> Progress | None:
    """What a row of the table says; None for books of another version, which are made anew."""
    if not rows or rows[0][0] != schema.VERSION:
        return None
    _, sequence, stamp, head, postings = rows[0]
    return Progress(Place(sequence, stamp, bytes(head)), postings)


def account_row(account: LedgerAccount) -> tuple[Any, ...]:
    """As `schema.ADD_ACCOUNT` takes it."""
    return (
        account.number, account.path, account.class_name, account.kind, account.side, account.normal_side,
        account.opened,
    )  # fmt: skip
