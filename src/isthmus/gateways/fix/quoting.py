"""Quotes: QuoteRequest(R), Quote(S) and QuoteResponse(AJ).

On a book that trades by requests, a QuoteRequest is a request that stands at the broker and goes to the market makers'
sessions; their Quotes are firm responses, of which the asker takes one by a QuoteResponse. On any other book it is
answered by an indicative Quote of the best prices; a market maker's Quote without a request takes the place of his
quotes there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from isthmus.engine.engine import Record
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.fix.shapes import FIX42, Body, Fields, Message, Outgoing, Peer, Unsupported, bad, needed, said
from isthmus.gateways.fix.times import nanoseconds, timestamp
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.shapes import Acceptance, MassQuote, NewOrder, Quote
from isthmus.kernel.ids import number_of, order_id
from isthmus.kernel.messages import BOOK_NAMES, BUY, REQUEST, RESPONSE, SELL, PlaceSpecial
from isthmus.kernel.values import text, time_text
from isthmus.refdata.instruments import Instrument

ASKED_BOOKS = ("rfq", "negotiated", "dark", "sealed")
"""Books that take requests."""
LIFT = "1"
"""QuoteRespType(694): hit or lift."""
UNKNOWN_SYMBOL, NO_MARKET, OTHER_REASON = "1", "8", "99"
"""QuoteRequestRejectReason(658)."""
ACCEPTED, REJECTED = "0", "5"
"""QuoteStatus(297)."""


class Quoting:
    """Hears records for the responses; is told of sessions by the application."""

    def __init__(self, entry: OrderEntry, reads: Reads, out: Outgoing) -> None:
        self._entry = entry
        self._reads = reads
        self._out = out
        self._peers: dict[int, Peer] = {}
        self._responses: dict[int, int] = {}
        self._shown = 0

    def enter(self, peer: Peer) -> None:
        """The session is logged on."""
        self._peers[peer.place] = peer

    def leave(self, place: int) -> None:
        """It is no more."""
        self._peers.pop(place, None)

    async def request(self, peer: Peer, message: Message) -> None:
        """QuoteRequest(R) of one instrument."""
        asked = needed(message, 131, "QuoteReqID")
        entries = message.group(146)
        if len(entries) != 1:
            self._reject(peer, asked, OTHER_REASON, "one instrument a request: NoRelatedSym(146) is 1")
            return
        entry = entries[0]
        instrument = self._reads.directory.instrument(entry.get(55) or "")
        if instrument is None:
            self._reject(peer, asked, UNKNOWN_SYMBOL, "there is no such instrument")
        elif self._book(instrument) in ASKED_BOOKS:
            try:
                await self._entry.place(_request(entry, instrument, asked), peer.asks(message))
            except Refusal as refusal:
                self._reject(peer, asked, OTHER_REASON, said(refusal))
        else:
            self._indicate(peer, asked, instrument)

    async def quote(self, peer: Peer, message: Message) -> None:
        """Quote(S): a response to a request, or a maker's two sides."""
        try:
            instrument = self._reads.instrument(message.get(55) or "")
            if message.get(131) is not None:
                row = await self._entry.place(_response(message), peer.asks(message))
                self._acknowledge(peer, message, (ACCEPTED, order_id(row.number)))
                return
            quotes = _sides(message)
            wanted = MassQuote(instrument.symbol, quotes, message.get(1), peer.identity.session)
            answers = await self._entry.quote(wanted, peer.asks(message))
        except Refusal as refusal:
            self._acknowledge(peer, message, (REJECTED, said(refusal)))
            return
        refused = [
            f"{quote.side}: {answer.reason}" for quote, answer in zip(quotes, answers, strict=True) if answer.reason
        ]
        self._acknowledge(peer, message, (REJECTED, "; ".join(refused)) if refused else (ACCEPTED, ""))

    async def accept(self, peer: Peer, message: Message) -> None:
        """QuoteResponse(AJ): takes a quote, whole or in part; the trade is reported of the request."""
        response = needed(message, 693, "QuoteRespID")
        kind = needed(message, 694, "QuoteRespType")
        if kind != LIFT:
            raise Unsupported(0, "QuoteRespType(694) is 1: hit or lift")
        try:
            number = number_of("ord", needed(message, 117, "QuoteID"))
            if number is None:
                raise bad(117, "QuoteID", "a quote's id looks like ord-4711", message.get(117))
            account = self._reads.account(peer.identity, message.get(1))
            await self._entry.accept_quote(number, Acceptance(message.get(38)), account, peer.asks(message))
        except Refusal as refusal:
            body: Body = [(693, response), (117, message.get(117) or ""), (297, REJECTED), (58, said(refusal))]
            self._out.send(peer.place, "AI", [*body[:2], (55, message.get(55) or "[N/A]"), *body[2:]])

    def record(self, record: Record) -> None:
        """Requests go to the makers, responses to their asker, and what ends a response ends its quote."""
        if not self._peers:
            return
        command = record.command
        if type(command) is PlaceSpecial and record.reason is None and command.kind in (REQUEST, RESPONSE):
            if command.kind == REQUEST:
                self._ask_makers(record, command)
            else:
                self._tell_asker(record, command)
        elif self._responses:
            for effect in record.effects:
                if type(effect).__name__ == "Cancelled" and effect.order in self._responses:
                    self._withdraw(effect.order)

    def _ask_makers(self, record: Record, command: Any) -> None:
        instrument = self._reads.directory.instruments[command.instrument]
        makers = {account for account, number in self._reads.views.sessions.makers if number == command.instrument}
        side = "1" if command.side == BUY else "2"
        for peer in self._of(makers - {command.account}):
            body: Body = [(131, order_id(record.sequence)), (146, "1"), (55, instrument.symbol), (54, side)]
            quantity = text(command.quantity, instrument.quantity_decimals)
            self._out.send(peer.place, "R", [*body, (38, quantity)], record.sequence)

    def _tell_asker(self, record: Record, command: Any) -> None:
        request = self._reads.views.orders.order(command.request)
        if request is None:
            return
        instrument = self._reads.directory.instruments[command.instrument]
        self._responses[record.sequence] = request.number
        price = text(command.price, instrument.price_decimals)
        size = text(command.quantity, instrument.quantity_decimals)
        sells = command.side == SELL
        for peer in self._of({request.account}):
            body: Body = [(131, request.client_order_id or order_id(request.number)), (117, order_id(record.sequence))]
            body += [(537, "1")] if peer.version != FIX42 else []
            body += [(55, instrument.symbol), (133 if sells else 132, price), (135 if sells else 134, size)]
            if command.expire:
                body.append((62, timestamp(command.expire)))
            self._out.send(peer.place, "S", [*body, (60, timestamp(record.stamp))], record.sequence)

    def _withdraw(self, response: int) -> None:
        request = self._reads.views.orders.order(self._responses.pop(response))
        if request is None:
            return
        named = request.client_order_id or order_id(request.number)
        symbol = self._reads.directory.instruments[request.instrument].symbol
        for peer in self._of({request.account}):
            body: Body = [(131, named), (117, order_id(response)), (298, "1"), (295, "1"), (55, symbol)]
            self._out.send(peer.place, "Z", body)

    def _of(self, accounts: Iterable[int]) -> list[Peer]:
        wanted = set(accounts)
        return [peer for peer in self._peers.values() if peer.identity.account in wanted]

    def _book(self, instrument: Instrument) -> str:
        return BOOK_NAMES[self._reads.views.sessions.rules(instrument.number).get("book", 1)]

    def _indicate(self, peer: Peer, asked: str, instrument: Instrument) -> None:
        bid, ask = self._reads.views.books.best(instrument.number)
        if bid is None and ask is None:
            self._reject(peer, asked, NO_MARKET, "nobody quotes now")
            return
        self._shown += 1
        body: Body = [(131, asked), (117, f"ind-{self._shown}")]
        body += [(537, "0")] if peer.version != FIX42 else []
        body.append((55, instrument.symbol))
        prices, lots = instrument.price_decimals, instrument.quantity_decimals
        body += [(tag, text(level[0], prices)) for tag, level in ((132, bid), (133, ask)) if level is not None]
        body += [(tag, text(level[1], lots)) for tag, level in ((134, bid), (135, ask)) if level is not None]
        self._out.send(peer.place, "S", [*body, (60, timestamp(self._reads.now()))])

    def _reject(self, peer: Peer, asked: str, reason: str, why: str) -> None:
        """QuoteRequestReject(AG); 4.2 has none."""
        if peer.version == FIX42:
            raise Unsupported(2 if reason == UNKNOWN_SYMBOL else 0, why)
        body: Body = [(131, asked), (658, reason), (146, "1"), (55, "[N/A]"), (58, why)]
        self._out.send(peer.place, "AG", body)

    def _acknowledge(self, peer: Peer, message: Message, said_of: tuple[str, str]) -> None:
        """QuoteStatusReport(AI), in 4.2 QuoteAcknowledgement(b): of refusals, and if QuoteResponseLevel(301) asks."""
        status, why = said_of
        if status == ACCEPTED and message.get(301) in (None, "0"):
            return
        body: Body = [(117, needed(message, 117, "QuoteID"))]
        if peer.version == FIX42:
            self._out.send(peer.place, "b", [*body, (297, status), *([(58, why)] if why else [])])
            return
        body += [(55, message.get(55) or "[N/A]"), (297, status)]
        self._out.send(peer.place, "AI", [*body, *([(58, why)] if why else [])])


def _request(entry: Fields, instrument: Instrument, asked: str) -> NewOrder:
    ends = entry.get(126)
    return NewOrder(
        instrument=instrument.symbol,
        side=_side(entry),
        quantity=needed(entry, 38, "OrderQty"),
        type="request",
        time_in_force="gtd" if ends else "gtc",
        expires_at=_time(126, "ExpireTime", ends) if ends else None,
        price=entry.get(44),
        client_order_id=asked,
    )


def _side(entry: Fields) -> Literal["buy", "sell"]:
    code = entry.get(54)
    if code not in ("1", "2"):
        raise bad(54, "Side", "a request names its side: 1 or 2", code)
    return "buy" if code == "1" else "sell"


def _response(message: Message) -> NewOrder:
    """One side with a price is the response's."""
    offered = message.get(133)
    price, size = (offered, message.get(135)) if offered is not None else (message.get(132), message.get(134))
    if price is None or (offered is not None and message.get(132) is not None):
        raise bad(132, "BidPx", "a response has one of BidPx(132) and OfferPx(133)")
    ends = message.get(62)
    return NewOrder(
        instrument=message.get(55) or "",
        side="sell" if offered is not None else "buy",
        quantity=size or "",
        type="response",
        time_in_force="gtd" if ends else "gtc",
        expires_at=_time(62, "ValidUntilTime", ends) if ends else None,
        price=price,
        client_order_id=message.get(117),
        request=message.get(131),
        account=message.get(1),
    )


def _time(tag: int, name: str, written: str) -> str:
    try:
        return time_text(nanoseconds(written))
    except ValueError as error:
        raise bad(tag, name, str(error), written) from None


def _sides(message: Message) -> list[Quote]:
    """The sides of a maker's quote; none takes his quotes back and is not taken here."""
    pairs = (("buy", 132, 134, "Bid"), ("sell", 133, 135, "Offer"))
    found = []
    for side, price, size, name in pairs:
        if (value := message.get(price)) is not None:
            quantity = message.get(size)
            if quantity is None:
                raise bad(size, f"{name}Size", f"{name}Px({price}) without {name}Size")
            found.append(Quote("buy" if side == "buy" else "sell", value, quantity))
    if not found:
        raise bad(132, "BidPx", "a quote has BidPx(132), OfferPx(133) or both")
    return found
