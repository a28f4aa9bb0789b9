"""An account's trades and positions up to a record, read from the journal: the same views that the server shows.

The books say what was paid, not which trade it was for, and a perpetual's trade may move no money at all; so whoever
wants trades and positions as of an earlier record reads the records again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from isthmus.engine import archive
from isthmus.engine.engine import Record
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.ids import record_id
from isthmus.kernel.messages import FILLED_OUTSIDE, MAKER, TAKER
from isthmus.kernel.values import text
from isthmus.refdata.directory import Directory
from isthmus.views.holdings import Holdings, PositionRow
from isthmus.views.orders import FillRow, fill_of

TRADES_MAX = 50_000
"""Of one account in one period."""
STEP = 10_000
"""Records between two calls of `advance`."""


class Dealt(msgspec.Struct, frozen=True):
    """A trade of the account. `parent`: the order that it was worked for, if any; `corrected`: what became of it."""

    fill: FillRow
    parent: int = 0
    corrected: str = ""


class AccountHistory:
    """Feed it every record from the first on. Keeps the account's trades behind record `after`; raises BadInput where
    there are more than TRADES_MAX.
    """

    def __init__(self, account: int, after: int) -> None:
        self.directory = Directory()
        self.began = 0
        """Stamp (ns) of record `after`, or of the one that opened the account where that came later."""
        self.ended = 0
        """Stamp (ns) of the last record."""
        self._account = account
        self._after = after
        self._holdings = Holdings(self.directory, _none)
        self._dealt: dict[tuple[int, int, int], Dealt] = {}
        self._parents: set[int] = set()
        self._children: dict[int, int] = {}

    @classmethod
    def read(
        cls, data: Path, account: int, span: tuple[int, int], advance: Callable[[int], None] = lambda _: None
    ) -> AccountHistory:
        """Of the journal of a folder, behind the span's first record up to its second. Raises BadInput, Damaged,
        JournalDamaged, PartMissing.
        """
        after, upto = span
        made, reached = cls(account, after), 0
        if upto > 0:
            for record in archive.records(data):
                made.take(record)
                reached = record.sequence
                if reached % STEP == 0:
                    advance(STEP)
                if reached >= upto:
                    break
        if reached != upto:
            raise Damaged(f"{data}: the journal ends at record {reached}, the books do not")
        return made

    @property
    def trades(self) -> list[Dealt]:
        """In their order."""
        return list(self._dealt.values())

    def positions(self) -> list[PositionRow]:
        """That are open, by instrument."""
        return [row for row in self._holdings.positions(self._account) if row.quantity]

    def mark(self, instrument: int) -> int:
        """The last mark, or the last trade while there is none; 0 without either."""
        return self._holdings.reference(instrument)

    def take(self, record: Record) -> None:
        """The next record."""
        self.directory.on_record(record)
        if record.sequence == self._after:
            self.began = record.stamp
        self.ended = record.stamp
        effects = record.effects
        if not effects:
            return
        self._follow(record)
        self._holdings.on_record(record, effects)
        ordinal = 0
        for effect in effects:
            kind = type(effect).__name__
            if kind == "Traded":
                ordinal += 1
                self._traded(record, effect, ordinal)
            elif kind == "TradeCorrected":
                self._corrected(record, effect)
            elif kind == "AccountOpened" and effect.account == self._account:
                self.began = max(self.began, record.stamp)

    def _follow(self, record: Record) -> None:
        """Children are worked for their parent, which is what the client knows."""
        command = record.command
        kind = type(command).__name__
        if kind == "PlaceParent" and command.account == self._account:
            self._parents.add(record.sequence)
        elif kind == "PlaceChild" and command.parent in self._parents:
            self._children[record.sequence] = command.parent

    def _traded(self, record: Record, traded: Any, ordinal: int) -> None:
        if not traded.flags & FILLED_OUTSIDE:
            self._holdings.note_trade(traded.instrument, traded.price)
        if record.sequence <= self._after:
            return
        for liquidity, account in ((MAKER, traded.maker), (TAKER, traded.taker)):
            if account == self._account:
                fill = fill_of(record, traded, ordinal, liquidity)
                self._dealt[record.sequence, ordinal, liquidity] = Dealt(fill, self._children.get(fill.order, 0))
        if len(self._dealt) > TRADES_MAX:
            raise BadInput("period", f"has more than {TRADES_MAX} trades: ask for a shorter one")

    def _corrected(self, record: Record, effect: Any) -> None:
        for liquidity in (MAKER, TAKER):
            key = (effect.sequence, effect.index + 1, liquidity)
            if (dealt := self._dealt.get(key)) is None:
                continue
            decimals = self.directory.instruments[dealt.fill.instrument].price_decimals
            stands = f"stands at {text(effect.price, decimals)}" if effect.price else "busted"
            corrected = f"{stands} ({record_id(record.sequence)})"
            self._dealt[key] = msgspec.structs.replace(dealt, corrected=corrected)


def _none(_: Record) -> list[Any]:
    """Balances are the books'."""
    return []
