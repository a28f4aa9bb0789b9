"""The clearing book: every trade that is not settled, folded in the order of the records that tell of it.

One owner, no clock, no file: the same records give the same book, so that it is rebuilt from the journal at any time.
What is booked for a participant is at every moment what has settled and what is open, to the unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date

import msgspec

from isthmus.clearing.calendars import ORDINARY, Closed, all_open
from isthmus.clearing.corporate_actions import Exchange, Split, converted_trade, rest_of
from isthmus.clearing.fails import Fail, open_part
from isthmus.clearing.netting import Net, Proof, net, prove
from isthmus.clearing.settling import LACK_SECURITIES, Item, Outcome, settle
from isthmus.clearing.terms import Settles
from isthmus.clearing.trades import HOUSE, Obligation, Trade, novate, portion
from isthmus.kernel.errors import BadInput

PENDING, PARTIAL, FAILING, SETTLED, BUSTED, BOUGHT_IN, CONVERTED = (
    "pending", "partial", "failing", "settled", "busted", "bought_in", "converted",
)  # fmt: skip


class Open(msgspec.Struct):
    """A trade in the book. `reported`: the reason for which a depository says that it fails, empty for none.
    `lacks`: who lacked what in the last cycle: (reason, participant).
    """

    trade: Trade
    due: date
    how: str
    calendars: tuple[str, ...]
    settled: int = 0
    reported: str = ""
    lacks: tuple[str, int] | None = None
    state: str = PENDING

    @property
    def reference(self) -> str:
        """Of the trade."""
        return self.trade.reference


class Options(msgspec.Struct, frozen=True):
    """How a cycle settles: a model of delivery versus payment, and whether parts are taken."""

    model: int = 3
    partial: bool = True


class Cycle(msgspec.Struct, frozen=True):
    """What one day's cycle came to. `nets` are of the obligations that were due, `done` left the book with it."""

    day: date
    due: int
    nets: list[Net]
    proof: Proof
    outcome: Outcome
    done: list[Open]


class ClearingBook:
    """Open trades by reference, in the order in which they came."""

    def __init__(self, closed: Closed = ORDINARY) -> None:
        self.closed = closed
        self._open: dict[str, Open] = {}
        self._unsettled: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.last_cycle: date | None = None

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Open]:
        return iter(self._open.values())

    def get(self, reference: str) -> Open | None:
        """An open trade; None for one that never came or that is done."""
        return self._open.get(reference)

    def unsettled(self, participant: int, asset: int) -> int:
        """What is open of an asset: positive where the participant is owed it. Booked less this is settled."""
        return self._unsettled.get((participant, asset), 0)

    def add(self, trade: Trade, settles: Settles) -> Open:
        """A trade that was made; it is novated here. A trade comes once."""
        assert trade.reference not in self._open, f"{trade.reference} came twice"
        row = Open(trade, settles.due, settles.how, settles.calendars)
        self._open[trade.reference] = row
        self._owe(row, 1)
        return row

    def _owe(self, row: Open, sign: int) -> None:
        for key, amount in portion(row.trade, row.settled, row.trade.quantity).items():
            left = self._unsettled[key] + sign * amount
            if left:
                self._unsettled[key] = left
            else:
                del self._unsettled[key]

    def bust(self, reference: str) -> Open | None:
        """The trade was taken back: what was open is owed no more. None where nothing is open, as when all settled."""
        row = self._take(reference)
        if row is not None:
            row.state = BUSTED
        return row

    def _take(self, reference: str) -> Open | None:
        row = self._open.pop(reference, None)
        if row is not None:
            self._owe(row, -1)
        return row

    def adjust(self, reference: str, pays: int, gets: int) -> Open | None:
        """The trade was moved to another price: the buyer pays so much more, the seller gets so much more (negative:
        less), all of it with what is open. None where nothing is.
        """
        row = self._open.get(reference)
        if row is None:
            return None
        self._owe(row, -1)
        rest = rest_of(row.trade, row.settled)
        row.trade = msgspec.structs.replace(
            rest, buyer_pays=rest.buyer_pays + pays, seller_gets=rest.seller_gets + gets
        )
        row.settled = 0
        self._owe(row, 1)
        return row

    def report(self, reference: str, reason: str) -> Open:
        """A depository says that the delivery fails, and why; it stays out of cycles until `lift`. Raises BadInput."""
        row = self._known(reference)
        row.reported = reason
        return row

    def lift(self, reference: str) -> Open:
        """The delivery may settle again. Raises BadInput."""
        row = self._known(reference)
        row.reported = ""
        return row

    def _known(self, reference: str) -> Open:
        row = self._open.get(reference)
        if row is None:
            raise BadInput("trade", f"{reference} is not open here")
        return row

    def close_out(self, reference: str) -> Open:
        """The trade was bought in elsewhere: it settles here no more. Raises BadInput."""
        self._known(reference)
        row = self._take(reference)
        assert row is not None
        row.state = BOUGHT_IN
        return row

    def convert(self, action: Split | Exchange) -> list[Open]:
        """What is open in the action's asset, in new shares for the same money; what is less than a unit leaves."""
        changed = []
        for row in [row for row in self if row.trade.base == action.asset]:
            after = converted_trade(row.trade, row.settled, action)
            if after is None:
                self._take(row.reference)
                row.state = CONVERTED
            else:
                self._owe(row, -1)
                row.trade, row.settled = after, 0
                self._owe(row, 1)
            changed.append(row)
        return changed

    def due(self, day: date) -> list[Open]:
        """What can settle on a day: due by then, its calendars open, not reported as failing; the oldest first."""
        rows = [row for row in self if row.due <= day and not row.reported]
        found = [row for row in rows if all_open(row.calendars, day, self.closed)]
        return sorted(found, key=lambda row: row.due)

    def waits(self, day: date) -> bool:
        """Whether something is due by that day, failing or not, whose calendars are open on it."""
        return any(row.due <= day and all_open(row.calendars, day, self.closed) for row in self)

    def settle(self, day: date, have: Callable[[int, int], int | None], options: Options) -> Cycle:
        """The cycle of a day. `have`: what a (participant, asset) has that is settled, None without end."""
        rows = self.due(day)
        owed = list(obligations(rows))
        nets = net(owed)
        items = [Item(row.trade, row.settled) for row in rows]
        outcome = settle(items, have, model=options.model, partial=options.partial)
        done = []
        for row in rows:
            self._owe(row, -1)
            row.settled = outcome.settled[row.reference]
            row.lacks = outcome.lacking.get(row.reference)
            if row.settled == row.trade.quantity:
                row.state = SETTLED
                del self._open[row.reference]
                done.append(row)
            else:
                row.state = PARTIAL if row.settled else FAILING
                self._owe(row, 1)
        for row in self:
            if row.reported and row.due <= day:
                row.state = FAILING
        self.last_cycle = day
        return Cycle(day, len(rows), nets, prove(owed, nets), outcome, done)

    def fails(self, day: date) -> list[Fail]:
        """What was due before the end of that day and did not settle, the oldest first."""
        rows = [row for row in self if row.due <= day and (row.lacks is not None or row.reported)]
        return [fail_of(row) for row in sorted(rows, key=lambda row: row.due)]


def fail_of(row: Open) -> Fail:
    """Who lacks what: of a reported fail the seller, whose delivery a depository misses."""
    reason, failing = row.lacks or (LACK_SECURITIES, row.trade.seller)
    if row.reported:
        reason, failing = row.reported, row.trade.buyer if row.reported in ("MONY", "CMON") else row.trade.seller
    quantity, cash = open_part(row.trade, row.settled)
    return Fail(trade=row.reference, failing=failing, reason=reason, since=row.due, quantity=quantity, cash=cash)


def obligations(rows: Iterable[Open]) -> Iterator[Obligation]:
    """Both obligations of what is open of each trade; the house's own trades are owed by it to itself."""
    for row in rows:
        yield from (one for one in novate(rest_of(row.trade, row.settled), row.due) if one.participant != HOUSE)
