"""The clearing process without its loop: follows the journal, sees that trading is dead, takes charge, hands back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from itertools import islice
from pathlib import Path
from typing import Any

from isthmus.app import clearing_fence
from isthmus.app.clearing_book import ClearingBook, Other, Terms
from isthmus.app.clearing_charge import (
    CLEARING,
    DECISIONS,
    RETURN_REQUEST,
    charges,
    fork,
    same_at,
    unfinished,
)
from isthmus.app.clearing_governing import Governing, queue_of, terms_of
from isthmus.app.clearing_prices import PriceFile
from isthmus.app.settings import Settings
from isthmus.clearing.deciders.books import BooksDecider
from isthmus.clearing.deciders.core import CoreDecider
from isthmus.clearing.deciders.naive import NaiveDecider
from isthmus.clearing.decisions import Decisions, Row
from isthmus.engine.archive import records
from isthmus.engine.engine import Engine, Record, journal_end
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import Damaged
from isthmus.kernel.values import NS_PER_S
from isthmus.refdata.directory import Directory

STRETCH = 2_048
"""Records taken in at a time."""
LOOK_NS = NS_PER_S // 20
"""Between two votes while nothing happens but time."""


class ClearingProcess:
    """`say` is told of every row of its journal as an event. Step it; it owns no loop and no clock."""

    def __init__(self, settings: Settings, clock: Clock, say: Callable[[Any], None]) -> None:
        self._settings = settings
        self._data = Path(settings.data)
        self._clock = clock
        self._say = say
        self._engine = Engine.stand_by(settings.data)
        self._directory = Directory()
        self._core = CoreDecider(self._engine)
        self._naive = NaiveDecider()
        self._books = BooksDecider(self._engine.postings)
        self._prices = PriceFile(Path(settings.clearing.prices)) if settings.clearing.prices else None
        decisions = Decisions(self._data / CLEARING / DECISIONS)
        self._book = ClearingBook(settings.clearing, decisions, [self._core, self._naive, self._books], self._tell)
        self._governing: Governing | None = None
        self._fence: clearing_fence.Fence | None = None
        self._seen = 0
        self._alive_at = 0
        self._decide_at = 0
        self._changed = False
        self._owed = True
        """Whether there may be a charge that trading has not applied."""

    @property
    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside the steps while it is in charge."""
        return self._governing.loops if self._governing is not None else []

    def start(self) -> None:
        """Read the journal to its end; what the engine begins with thanks to a snapshot is heard too."""
        for record in islice(records(self._data), self._engine.sequence):
            self._hear([record])
        while news := self._engine.catch_up(STRETCH):
            self._hear(news)
        if (folder := unfinished(self._data)) is not None:
            self._hear(list(records(folder, self._engine.sequence + 1)))
        self._alive_at = self._clock()
        self._file_away()

    def standing(self) -> dict[str, Any]:
        """Where it stands, for people."""
        return {
            "mode": "in_charge" if self._governing is not None else "following",
            "sequence": self._seen,
            "calls": len(self._book.calls),
        }

    def step(self, at: int) -> None:
        """Whatever is due. Raises Damaged, OSError."""
        if self._prices is not None:
            self._prices.look(at)
            if self._prices.refused:
                told = {"refused": self._prices.refused, "last": self._prices.last_refusal}
                self._book.once("prices", self._prices.refused, "bad_price", at, **told)
        if self._governing is None:
            self._follow(at)
        else:
            self._govern(self._governing, at)

    def stop(self, at: int) -> None:
        """Lets go of everything; in charge it hands back."""
        if self._governing is not None:
            self._hand_back(self._governing, at)
        self._book.decisions.close()
        self._books.close()
        if self._prices is not None:
            self._prices.close()

    def _tell(self, row: Row) -> None:
        self._say({"event": row["kind"], **{key: row[key] for key in row if key not in ("kind", "before", "hash")}})

    def _hear(self, news: list[Record]) -> None:
        """Everybody hears a record once: those of a charge come a second time, through the trading journal."""
        for record in news:
            if record.sequence <= self._seen:
                continue
            self._seen = record.sequence
            self._directory.on_record(record)
            for decider in self._book.deciders:
                decider.on_record(record)
            self._book.on_record(record)
            self._changed = True

    def _follow(self, at: int) -> None:
        news = self._engine.catch_up(STRETCH)
        self._hear(news)
        held = clearing_fence.is_held(self._data)
        if news or held:
            self._alive_at = at
        if news:
            self._file_away()
        silent = at - self._alive_at
        if len(news) == STRETCH or not self._engine.sequence:
            return
        if not held:
            if silent >= self._settings.clearing.take_over_s * NS_PER_S:
                self._take_over(at)
        elif self._engine.sequence >= self._seen and (self._changed or at >= self._decide_at):
            self._changed, self._decide_at = False, at + LOOK_NS
            self._book.look(self._engine, at, self._queue)
            self._book.decide(self._terms, _by_trading, at, self._seen)

    def _terms(self, account: int, instrument: int) -> Terms:
        return terms_of(self._engine, account, instrument)

    def _queue(self, account: int, instrument: int, quantity: int) -> Other | None:
        return queue_of(self._engine, account, instrument, quantity)

    def _take_over(self, at: int) -> None:
        fence = clearing_fence.take(self._data)
        if fence is None:
            self._alive_at = at
            return
        while news := self._engine.catch_up(STRETCH):
            self._hear(news)
        (self._data / CLEARING / RETURN_REQUEST).unlink(missing_ok=True)
        self._book.void_all(at)
        silent = round((at - self._alive_at) / NS_PER_S, 3)
        resumed = unfinished(self._data)
        folder = resumed or fork(self._data, fence.epoch)
        told = {"epoch": fence.epoch, "sequence": self._engine.sequence, "silent_s": silent}
        self._book.write("took_over", at, **told, folder=folder.name, resumed=resumed is not None)
        self._fence, self._owed = fence, True
        self._governing = Governing(folder, self._settings, self._clock, (self._directory, self._prices), self._hear)
        self._core.engine = self._governing.engine
        self._books.postings = self._governing.engine.postings
        self._governing.open()
        self._alive_at, self._book.by = at, "clearing"

    def _govern(self, governing: Governing, at: int) -> None:
        if (self._data / CLEARING / RETURN_REQUEST).exists():
            self._hand_back(governing, at)
            return
        governing.step(at)
        self._book.look(governing.engine, at)
        if self._changed or at >= self._decide_at:
            self._changed, self._decide_at = False, at + LOOK_NS
            self._book.decide(governing.terms, governing.close_position, at, self._seen)
            governing.step(at)
            self._book.look(governing.engine, at)

    def _hand_back(self, governing: Governing, at: int) -> None:
        """No new closes; what is at venues is cancelled and waited for; then trading may have the folder."""
        left = governing.end(self._settings.clearing.hand_back_s)
        self._book.look(governing.engine, self._clock())
        told = {"sequence": governing.engine.sequence, "closed": self._book.closed, "left_at_venues": left}
        self._book.write("handed_back", self._clock(), **told, head=governing.engine.head.hex())
        governing.engine.close()
        self._governing = None
        self._core.engine, self._books.postings = self._engine, self._engine.postings
        (self._data / CLEARING / RETURN_REQUEST).unlink(missing_ok=True)
        assert self._fence is not None, "who is in charge holds the folder"
        self._fence.release()
        self._fence, self._alive_at, self._book.by = None, self._clock(), "trading"

    def _file_away(self) -> None:
        """Charges that the trading journal has whole are done with. Raises Damaged when it went another way."""
        for folder in charges(self._data) if self._owed else ():
            end = journal_end(str(folder))[2]
            if self._engine.sequence < end:
                return
            if not same_at(self._data, folder, end):
                raise Damaged(f"{folder}: trading went on without what clearing did")
            folder.rename(folder.with_name(f"done-{folder.name}"))
            self._book.write("applied", self._clock(), folder=folder.name, sequence=end)
        self._owed = False


def _by_trading(_: Row) -> bool:
    """While trading lives its own inbox carries a close out: it reads the row that was just written."""
    return True
