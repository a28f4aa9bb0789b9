"""The trading side of clearing's door: forced closes that clearing decided come in through the inbox like any command.

Trading reads clearing's journal of decisions as clearing reads the trading journal: each writes its own and reads the
other's. An id made of the decision makes it count once, however often it is read; one that is too old is left.
"""

from __future__ import annotations

from pathlib import Path

from isthmus.app.clearing_book import PREFIX, text_of
from isthmus.app.clearing_charge import CLEARING, DECISIONS
from isthmus.app.clearing_governing import commands_of
from isthmus.app.desk import Desk
from isthmus.app.output import note
from isthmus.clearing.decisions import DecisionReader, Row
from isthmus.kernel.errors import Damaged
from isthmus.kernel.messages import HOUSE_BOOK

LOOK_NS, ALONE_NS = 10_000_000, 1_000_000_000
"""Between two looks; where clearing never ran, now and then."""


class ClearingDoor:
    """A `Stepping` of the server."""

    def __init__(self, desk: Desk, data: Path) -> None:
        self._desk = desk
        self._reader: DecisionReader | None = DecisionReader(data / CLEARING / DECISIONS)
        self._waiting: list[Row] = []
        self._carried: set[str] | None = None
        """Decisions that a former run of trading carried out; looked for once, where there is one to carry out."""

    def step(self, at: int) -> int:
        """Take in what clearing decided; a journal of decisions that was changed is read no further, which is said."""
        if self._reader is not None:
            try:
                self._take(self._reader.new(), at)
            except Damaged as fault:
                note(f"nothing more is taken from clearing: {fault}")
                self._reader = None
        while self._waiting and self._taken(self._waiting[0], at):
            self._waiting.pop(0)
        return at + (LOOK_NS if self._reader is not None and self._reader.begun else ALONE_NS)

    def close(self) -> None:
        """Let the file go."""
        if self._reader is not None:
            self._reader.close()

    def _take(self, rows: list[Row], at: int) -> None:
        """Closes for us that are still valid; a void one is none any more."""
        void = {row["close"] for row in rows if row["kind"] == "void"}
        ours = [row for row in rows if row["kind"] == "close" and row["by"] == "trading" and row["until"] > at]
        if ours and self._carried is None:
            self._carried = {text for record in self._desk.past() if (text := record.origin.text).startswith(PREFIX)}
        done = self._carried or ()
        rows = [row for row in ours if text_of(row) not in done]
        self._waiting = [row for row in (*self._waiting, *rows) if row["n"] not in void]

    def _taken(self, row: Row, at: int) -> bool:
        """False while the server takes no commands: it is tried again until it is void."""
        if row["until"] <= at:
            return True
        why = f"clearing decision {row['n']}: equity {row['equity']} below {row['kept']}, {row['votes']} votes"
        made = [self._desk.submit(one, text_of(row), why) for one in commands_of(row, HOUSE_BOOK)]
        return None not in made
