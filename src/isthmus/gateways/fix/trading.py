"""Orders, their changes and questions about them, from sessions."""

from __future__ import annotations

import msgspec

from isthmus.gateways.algorithms import Algorithms
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.entry import Which as Many
from isthmus.gateways.fix.instructions import SIDES, Which, new_order, order_change, which
from isthmus.gateways.fix.reports import Reports
from isthmus.gateways.fix.shapes import FIX42, FIX50, Body, Message, Outgoing, Peer, bad, needed, said
from isthmus.gateways.fix.times import timestamp
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.kernel.ids import number_of
from isthmus.kernel.messages import SIDES as SIDE_NUMBERS
from isthmus.refdata.instruments import Instrument
from isthmus.views.orders import OrderRow

STATUSES_MAX = 10_000
"""Orders in one answer to a mass status request."""
OF_SYMBOL, OF_ALL = "1", "7"
"""MassCancelRequestType(530) and MassStatusReqType(585)."""


class Known(msgspec.Struct, frozen=True):
    """What the front knows of the order that a message names: its number (0: none), so that its reports come from the
    front, too.
    """

    order: int = 0


class Trading:
    """Answers NewOrderSingle(D), Cancel(F), Replace(G), MassCancel(q), Status(H) and MassStatus(AF)."""

    def __init__(self, entry: OrderEntry, reads: Reads, algorithms: Algorithms, out: Outgoing) -> None:
        self._entry = entry
        self._reads = reads
        self._algorithms = algorithms
        self._out = out
        self._reports = Reports(reads.directory)

    async def new(self, peer: Peer, message: Message, known: Known) -> None:
        """The reports of what becomes a record are the front's."""
        try:
            wanted = new_order(message, self._algorithms.paths)
            wanted = msgspec.structs.replace(wanted, session=peer.identity.session)
            await self._entry.place(wanted, peer.asks(message))
        except Refusal as refusal:
            if refusal.record is None:
                body = self._reports.refused(message, refusal, peer.version, self._reads.now())
                self._out.send(peer.place, "8", body)

    async def cancel(self, peer: Peer, message: Message, known: Known) -> None:
        """OrderCancelRequest(F)."""
        row: OrderRow | None = None
        try:
            row = self._order(peer, which(message), known)
            text = needed(message, 11, "ClOrdID")
            after = await self._entry.cancel(row, peer.asks(message), text)
        except Refusal as refusal:
            self._refuse_change(peer, message, refusal, (row, known))
            return
        self._tell_foreign(peer, after, known, (text, message.get(41)))

    async def replace(self, peer: Peer, message: Message, known: Known) -> None:
        """OrderCancelReplaceRequest(G)."""
        row: OrderRow | None = None
        try:
            row = self._order(peer, which(message), known)
            change = order_change(message)
            self._require_same(message, row)
            after = await self._entry.replace(row, change, peer.asks(message))
        except Refusal as refusal:
            self._refuse_change(peer, message, refusal, (row, known))
            return
        self._tell_foreign(peer, after, known, (change.client_order_id or "", message.get(41)))

    async def mass_cancel(self, peer: Peer, message: Message, known: Known) -> None:
        """OrderMassCancelRequest(q): of one instrument or all, on one side or both."""
        kind = needed(message, 530, "MassCancelRequestType")
        body: Body = [(11, needed(message, 11, "ClOrdID")), (37, NO_ORDER), (530, kind)]
        if peer.version == FIX50:
            body.append((1369, f"cancel-{message.seq_num}"))
        try:
            many = self._many(peer, message, (530, "MassCancelRequestType"))
            gone = await self._entry.cancel_all(many, peer.asks(message))
        except Refusal as refusal:
            reason = {"unknown_instrument": "1"}.get(refusal.reason, "99" if peer.version == FIX50 else "0")
            self._out.send(peer.place, "r", [*body, (531, "0"), (532, reason), (58, said(refusal))])
            return
        self._out.send(peer.place, "r", [*body, (531, kind), (533, str(len(gone)))])

    async def status(self, peer: Peer, message: Message, known: Known) -> None:
        """OrderStatusRequest(H)."""
        asked: Body = [(790, value)] if (value := message.get(790)) and peer.version != FIX42 else []
        try:
            row = self._order(peer, Which(message.get(11), message.get(37)), known)
        except Refusal as refusal:
            body = self._reports.refused(message, refusal, peer.version, self._reads.now())
            self._out.send(peer.place, "8", [*body, *asked])
            return
        self._out.send(peer.place, "8", self._reports.status(row, peer.version, asked))

    async def mass_status(self, peer: Peer, message: Message, known: Known) -> None:
        """OrderMassStatusRequest(AF): each open order, the last marked."""
        asked = needed(message, 584, "MassStatusReqID")
        try:
            many = self._many(peer, message, (585, "MassStatusReqType"))
        except Refusal as refusal:
            body = self._reports.refused(message, refusal, peer.version, self._reads.now())
            self._out.send(peer.place, "8", [*body, (584, asked)])
            return
        rows = [row for row in self._open_of(many) if not row.of][:STATUSES_MAX]
        for at, row in enumerate(rows, 1):
            last = "Y" if at == len(rows) else "N"
            facts: Body = [(584, asked), (911, str(len(rows))), (912, last)]
            self._out.send(peer.place, "8", self._reports.status(row, peer.version, facts))
        if not rows:
            self._out.send(peer.place, "8", _nothing(asked, self._reads.now()))

    def _open_of(self, many: Many) -> list[OrderRow]:
        return [
            row
            for row in self._reads.views.orders.newest_first(many.account, open_only=True)
            if (many.instrument is None or row.instrument == many.instrument.number) and many.side in (0, row.side)
        ]

    def _order(self, peer: Peer, named: Which, known: Known) -> OrderRow:
        """Raises Refusal for what is not there or is another's."""
        number = known.order or None
        if number is None and named.client is not None and peer.identity.account is not None:
            row = self._reads.views.orders.by_client_id(peer.identity.account, named.client)
            number = row.number if row is not None else None
        if number is None and named.order is not None:
            number = number_of("ord", named.order)
        return self._entry.visible(number, peer.identity)

    def _require_same(self, message: Message, row: OrderRow) -> None:
        """A replacement names the order's own instrument and side."""
        instrument = self._reads.directory.instruments[row.instrument]
        if (symbol := message.get(55)) is not None and symbol != instrument.symbol:
            raise bad(55, "Symbol", f"the order's is {instrument.symbol}", symbol)
        side = message.get(54)
        if side is not None and (side not in SIDES or SIDE_NUMBERS[SIDES[side][0]] != row.side):
            raise bad(54, "Side", "the order's is the other one", side)

    def _many(self, peer: Peer, message: Message, named: tuple[int, str]) -> Many:
        tag, name = named
        kind = message.get(tag)
        if kind not in (OF_SYMBOL, OF_ALL):
            raise bad(tag, name, f"{name} is 1 (of a security) or 7 (all)", kind)
        instrument: Instrument | None = None
        if kind == OF_SYMBOL:
            instrument = self._reads.instrument(message.get(55) or "")
        side = 0
        if (code := message.get(54)) is not None:
            if code not in SIDES:
                raise bad(54, "Side", f"Side is one of {', '.join(SIDES)}", code)
            side = SIDE_NUMBERS[SIDES[code][0]]
        return Many(self._reads.account(peer.identity, message.get(1)), instrument, side)

    def _refuse_change(self, peer: Peer, message: Message, refusal: Refusal, of: tuple[OrderRow | None, Known]) -> None:
        """What became a record of an order that the front knows is told by the front."""
        row, known = of
        if refusal.record is None or not known.order:
            body = self._reports.refused_change(message, refusal, row, self._reads.now())
            self._out.send(peer.place, "9", body)

    def _tell_foreign(self, peer: Peer, row: OrderRow, known: Known, named: tuple[str, str | None]) -> None:
        """An order that came another way: the front does not know it."""
        if known.order:
            return
        pending = {"pending_cancel": "6", "pending_replace": "E", "cancelled": "4"}
        client, original = named
        body: Body = [(11, client)] + ([(41, original)] if original else [])
        kind = pending.get(row.status, "5")
        self._out.send(peer.place, "8", self._reports.change(row, kind, peer.version, body), row.record)


NO_ORDER = "NONE"
UNDISCLOSED = "7"
"""Side(54)."""


def _nothing(asked: str, at: int) -> Body:
    """The answer to a mass status request that found no order (FIX 4.4 volume 4, OrderMassStatusRequest)."""
    body: Body = [(37, NO_ORDER), (17, "0"), (584, asked), (911, "0"), (912, "Y"), (150, "I"), (39, "8")]
    body += [(55, "[N/A]"), (54, UNDISCLOSED), (151, "0"), (14, "0"), (6, "0"), (58, "there is no open order")]
    return [*body, (60, timestamp(at))]
