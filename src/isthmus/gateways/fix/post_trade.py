"""After the trade: TradeCaptureReportRequest(AD), RequestForPositions(AN), UserRequest(BE), for who is logged on."""

from __future__ import annotations

from isthmus.gateways.fix.reports import SIDE_CODES
from isthmus.gateways.fix.shapes import FIX42, FIX50, Body, Message, Outgoing, Peer, needed, said
from isthmus.gateways.fix.times import date, timestamp
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.kernel.ids import account_id, order_id, trade_id
from isthmus.kernel.messages import MAKER
from isthmus.kernel.values import text
from isthmus.views.orders import FillRow

REPORTS_MAX = 10_000
"""Trades in one answer, the newest of them."""
ALL_TRADES = "0"
"""TradeRequestType(569)."""
SUBSCRIBE, UNSUBSCRIBE = "1", "2"
LOGGED_ON, OTHER_STATUS = "1", "6"
"""UserStatus(926)."""
STATUS_ASKED = "4"
"""UserRequestType(924)."""


class PostTrade:
    """Hears of fills for those who subscribed."""

    def __init__(self, reads: Reads, out: Outgoing) -> None:
        self._reads = reads
        self._out = out
        self._following: dict[int, dict[str, tuple[Peer, int]]] = {}

    def trades(self, peer: Peer, message: Message) -> None:
        """TradeCaptureReportRequest(AD): the account's trades, and those to come where it is subscribed."""
        asked = needed(message, 568, "TradeRequestID")
        kind = needed(message, 569, "TradeRequestType")
        subscription = message.get(263) or "0"
        if subscription == UNSUBSCRIBE:
            self._following.get(peer.place, {}).pop(asked, None)
            return
        try:
            account = self._reads.account(peer.identity, message.get(1))
            instrument = self._reads.instrument(symbol).number if (symbol := message.get(55)) else None
        except Refusal as refusal:
            self._acknowledge(peer, (asked, kind), ("2", 0), said(refusal))
            return
        if kind != ALL_TRADES:
            self._acknowledge(peer, (asked, kind), ("8", 0), "TradeRequestType(569) is 0: all trades")
            return
        rows, _ = self._reads.fills(account, instrument, None, REPORTS_MAX)
        self._acknowledge(peer, (asked, kind), ("0", len(rows)), None)
        for at, row in enumerate(reversed(rows), 1):
            self._report(peer, row, [(568, asked), (748, str(len(rows))), (912, "Y" if at == len(rows) else "N")])
        if subscription == SUBSCRIBE:
            self._following.setdefault(peer.place, {})[asked] = (peer, account)

    def fill(self, row: FillRow) -> None:
        """For those who subscribed."""
        for requests in self._following.values():
            for asked, (peer, account) in requests.items():
                if account == row.account:
                    self._report(peer, row, [(568, asked)])

    def forget(self, place: int) -> None:
        """The session is gone, and what it subscribed to."""
        self._following.pop(place, None)

    def positions(self, peer: Peer, message: Message) -> None:
        """RequestForPositions(AN)."""
        asked = needed(message, 710, "PosReqID")
        day = message.get(715) or date(self._reads.now())
        try:
            account = self._reads.account(peer.identity, message.get(1))
        except Refusal as refusal:
            body: Body = [(721, f"{asked}-0"), (710, asked), (728, "99"), (729, "2")]
            self._out.send(peer.place, "AO", [*body, *_holder(message.get(1) or "NONE"), (58, said(refusal))])
            return
        rows = [row for row in self._reads.positions(account) if row.quantity]
        holder = _holder(account_id(account))
        result = "0" if rows else "2"
        body = [(721, f"{asked}-0"), (710, asked), (727, str(len(rows))), (728, result), (729, "0"), *holder]
        self._out.send(peer.place, "AO", body)
        for at, row in enumerate(rows, 1):
            instrument = self._reads.directory.instruments[row.instrument]
            mark = self._reads.views.holdings.reference(row.instrument) or 0
            side, size = (704, row.quantity) if row.quantity > 0 else (705, -row.quantity)
            value = instrument.value(mark * row.quantity - row.cost)
            body = [(721, f"{asked}-{at}"), (710, asked), (727, str(len(rows))), (728, "0"), (715, day), *holder]
            body += [(55, instrument.symbol), (730, text(mark, instrument.price_decimals)), (731, "2"), (734, "0")]
            body += [(702, "1"), (703, "TOT"), (side, text(size, instrument.quantity_decimals)), (706, "0")]
            body += [(753, "1"), (707, "IMTM" if peer.version == FIX50 else "FMTM")]
            self._out.send(peer.place, "AP", [*body, (708, text(value, instrument.quote.decimals))])

    def user(self, peer: Peer, message: Message) -> None:
        """UserRequest(BE): the status of the user. Keys are changed by an operator and never on the wire."""
        asked, name = needed(message, 923, "UserRequestID"), needed(message, 553, "Username")
        body: Body = [(923, asked), (553, name)]
        if message.get(924) == STATUS_ASKED and name == peer.identity.name:
            self._out.send(peer.place, "BF", [*body, (926, LOGGED_ON)])
            return
        why = "only the status (UserRequestType 4) of the session's own user is told"
        self._out.send(peer.place, "BF", [*body, (926, OTHER_STATUS), (927, why)])

    def _acknowledge(self, peer: Peer, asked: tuple[str, str], result: tuple[str, int], why: str | None) -> None:
        """TradeCaptureReportRequestAck(AQ)."""
        code, count = result
        body: Body = [(568, asked[0]), (569, asked[1])]
        body += [(748, str(count))] if code == "0" else []
        body += [(749, code if code in ("0", "8") else "99"), (750, "0" if code == "0" else "2"), (55, "[N/A]")]
        self._out.send(peer.place, "AQ", [*body, *([(58, why)] if why is not None else [])])

    def _report(self, peer: Peer, row: FillRow, facts: Body) -> None:
        """TradeCaptureReport(AE) of one side."""
        instrument = self._reads.directory.instruments[row.instrument]
        prices, lots = instrument.price_decimals, instrument.quantity_decimals
        trade = trade_id(row.record, row.ordinal)
        body: Body = [(571, f"{trade}-{row.liquidity}"), (487, "0"), *facts, (150, "F"), (17, trade), (570, "N")]
        body += [(55, instrument.symbol), (32, text(row.quantity, lots)), (31, text(row.price, prices))]
        body += [(75, date(row.time)), (60, timestamp(row.time)), (552, "1"), (54, SIDE_CODES[row.side])]
        body += [(37, order_id(row.order))]
        order = self._reads.views.orders.order(row.order)
        if order is not None and order.client_order_id and peer.version != FIX42:
            body.append((11, order.client_order_id))
        body.append((1, account_id(row.account)))
        if row.fee:
            body += [(12, text(row.fee, instrument.quote.decimals)), (13, "3"), (479, instrument.quote.code)]
        if peer.version == FIX50:
            body.append((1444, "1" if row.liquidity == MAKER else "2"))
        self._out.send(peer.place, "AE", body, row.record)


def _holder(account: str) -> Body:
    """The account and its type: carried on the customer's side of the books."""
    return [(1, account), (581, "1")]
