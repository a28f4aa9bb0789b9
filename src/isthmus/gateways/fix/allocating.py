"""AllocationInstruction(J): a block's filled orders to sub-accounts, answered by AllocationInstructionAck(P)."""

from __future__ import annotations

from isthmus.gateways.allocations import Allocated, AllocationWish, Allocator
from isthmus.gateways.amounts import account_number, quantity_of
from isthmus.gateways.fix.reports import SIDE_CODES
from isthmus.gateways.fix.shapes import FIX50, Body, Fields, Message, Outgoing, Peer, bad, needed, said
from isthmus.gateways.fix.times import date, timestamp
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.kernel.ids import number_of
from isthmus.kernel.values import quotient_text
from isthmus.refdata.instruments import Instrument

NEW = "0"
"""AllocTransType(71): what was allocated is not changed or taken back."""
ACCEPTED, REJECTED = "0", "1"
"""AllocStatus(87)."""
CODES = {"unknown_account": "0", "quantity": "1", "AvgPx(6)": "2", "unknown_order": "5"}
"""AllocRejCode(88) by reason, or by field."""
OTHER, OTHER_50 = "7", "99"
PRICE_DECIMALS_MAX = 18


class Allocating:
    """One instruction after the other of a session; all of a block or nothing."""

    def __init__(self, allocator: Allocator, reads: Reads, out: Outgoing) -> None:
        self._allocator = allocator
        self._reads = reads
        self._out = out

    async def instruct(self, peer: Peer, message: Message) -> None:
        """AllocationInstruction(J)."""
        asked = needed(message, 70, "AllocID")
        if (kind := message.get(71) or NEW) != NEW:
            self._answer(
                peer, message, asked, Refusal(422, "bad_terms", "is 0, new", field="AllocTransType(71)", value=kind)
            )
            return
        try:
            made = await self._allocator.allocate(self._wish(peer, message, asked), peer.asks(message))
            refusal = None
        except Refusal as why:
            made, refusal = None, why
        self._answer(peer, message, asked, refusal, made)

    def _wish(self, peer: Peer, message: Message, asked: str) -> AllocationWish:
        block = self._reads.account(peer.identity, message.get(1))
        instrument = self._reads.instrument(needed(message, 55, "Symbol"))
        orders = tuple(self._order(block, row) for row in message.group(73))
        if not orders:
            raise bad(73, "NoOrders", "names the orders of the block, at least one")
        rows = [self._reads.views.orders.order(number) for number in orders]
        for row in rows:
            if row is not None and (row.instrument != instrument.number or SIDE_CODES[row.side] != message.get(54)):
                raise bad(54, "Side", "or Symbol(55) is not that of the orders")
        parts = tuple(
            (account_number(needed(row, 79, "AllocAccount")), _lots(row, 80, instrument)) for row in message.group(78)
        )
        self._require_average(message, rows, instrument)
        return AllocationWish(
            name=asked, block=block, orders=orders, parts=parts, quantity=_lots(message, 53, instrument)
        )

    def _order(self, block: int, row: Fields) -> int:
        """By OrderID(37), or by the client's own id."""
        if (written := row.get(37)) is not None and (number := number_of("ord", written)) is not None:
            return number
        own = row.get(11)
        known = self._reads.views.orders.by_client_id(block, own) if own is not None else None
        if known is None:
            raise Refusal(422, "unknown_order", "an order of the block is not known", field="ClOrdID(11)", value=own)
        return known.number

    def _require_average(self, message: Message, rows: list, instrument: Instrument) -> None:  # type: ignore[type-arg]
        """AvgPx(6), if it is given, is the orders' average to as many decimals as it has."""
        written = message.get(6)
        lots = sum(row.filled for row in rows if row is not None)
        if written is None or not lots:
            return
        decimals = len(written.partition(".")[2])
        turnover = sum(row.turnover for row in rows if row is not None)
        average = quotient_text(turnover, lots * 10**instrument.price_decimals, decimals)
        if written != average:
            raise bad(6, "AvgPx", f"is {average} to so many decimals", written)

    def _answer(
        self, peer: Peer, message: Message, asked: str, refusal: Refusal | None, made: Allocated | None = None
    ) -> None:
        now = self._reads.now()
        body: Body = [(70, asked), (75, message.get(75) or date(now)), (60, timestamp(now))]
        if refusal is None:
            self._out.send(peer.place, "P", [*body, (87, ACCEPTED)], made.records[-1] if made and made.records else 0)
            return
        other = OTHER_50 if peer.version == FIX50 else OTHER
        code = CODES.get(refusal.reason) or CODES.get(refusal.field or "") or other
        self._out.send(peer.place, "P", [*body, (87, REJECTED), (88, code), (58, said(refusal))])


def _lots(fields: Fields, tag: int, instrument: Instrument) -> int:
    return quantity_of(needed(fields, tag, "Quantity" if tag == 53 else "AllocQty"), instrument)
