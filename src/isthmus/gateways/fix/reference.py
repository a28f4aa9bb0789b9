"""SecurityListRequest(x) and SecurityDefinitionRequest(c): what can be traded, and in which steps."""

from __future__ import annotations

from isthmus.gateways.fix.shapes import FIX42, FIX50, Body, Message, Outgoing, Peer, needed
from isthmus.gateways.reads import Reads
from isthmus.kernel.values import short_text
from isthmus.refdata.instruments import Instrument

LIST_SYMBOL, LIST_ALL = "0", "4"
"""SecurityListRequestType(559)."""
LIST_MOST = 100
"""Instruments in one SecurityList(y)."""
VALID, UNSUPPORTED, NOT_FOUND = "0", "1", "2"
"""SecurityRequestResult(560)."""
SECURITY_TYPES = {
    "equity": "CS",
    "fx_spot": "FOR",
    "crypto_spot": "FOR",
    "linear_perpetual": "FUT",
    "inverse_perpetual": "FUT",
}
SECURITY_TYPES |= {"future": "FUT", "option": "OPT"}
"""SecurityType(167): common stock, foreign exchange contract, future."""
IDENTITY, BY_NAME, LISTED = "0", "1", "3"
"""SecurityRequestType(321): identity and specifications, identity for the specifications, list of securities."""


class Reference:
    """Reads the directory."""

    def __init__(self, reads: Reads, out: Outgoing) -> None:
        self._reads = reads
        self._out = out

    def listing(self, peer: Peer, message: Message) -> None:
        """SecurityListRequest(x)."""
        asked = needed(message, 320, "SecurityReqID")
        kind = message.get(559)
        if kind not in (LIST_SYMBOL, LIST_ALL):
            self._answer(peer, asked, UNSUPPORTED, [])
            return
        rows = list(self._reads.directory.instruments.values())
        if kind == LIST_SYMBOL:
            rows = [row for row in rows if row.symbol == message.get(55)]
        self._answer(peer, asked, VALID if rows else NOT_FOUND, rows)

    def definition(self, peer: Peer, message: Message) -> None:
        """SecurityDefinitionRequest(c): one security by its symbol, or one message for each."""
        asked, kind = needed(message, 320, "SecurityReqID"), message.get(321)
        symbol = message.get(55)
        rows = [row for row in self._reads.directory.instruments.values() if symbol in (None, row.symbol)]
        refused = kind not in (IDENTITY, BY_NAME, LISTED) or (kind != LISTED and symbol is None)
        if refused or not rows:
            why = "SecurityRequestType(321) is 0 or 1 with a Symbol(55), or 3" if refused else "no such security"
            named: Body = [(320, asked), (322, f"{asked}-0"), (323, "5")]
            self._out.send(peer.place, "d", [*named, *_counted(peer, 0), (58, why)])
            return
        for at, row in enumerate(rows, 1):
            body: Body = [(320, asked), (322, f"{asked}-{at}"), (323, "4" if kind == LISTED else "1")]
            self._out.send(peer.place, "d", [*body, *_counted(peer, len(rows)), *_facts(row, peer.version)])

    def _answer(self, peer: Peer, asked: str, result: str, rows: list[Instrument]) -> None:
        pages = [rows[at : at + LIST_MOST] for at in range(0, len(rows), LIST_MOST)] or [[]]
        for at, page in enumerate(pages, 1):
            body: Body = [(320, asked), (322, f"{asked}-{at}"), (560, result)]
            if rows:
                last = "Y" if at == len(pages) else "N"
                body += [(393, str(len(rows))), (893, last), (146, str(len(page)))]
            entries = [_facts(row, peer.version) for row in page]
            self._out.send(peer.place, "y", body + [field for entry in entries for field in entry])


def _counted(peer: Peer, count: int) -> Body:
    """TotalNumSecurities(393), which 4.2 wants in every SecurityDefinition."""
    return [(393, str(count))] if peer.version == FIX42 else []


def _facts(row: Instrument, version: int) -> Body:
    """Symbol, type, currency and, where the version has fields for them, tick, lot and multiplier."""
    facts: Body = [(55, row.symbol), (167, SECURITY_TYPES[row.kind_name])]
    if row.multiplier != 1:
        facts.append((231, str(row.multiplier)))
    if version == FIX50:
        facts.append((969, short_text(row.tick, row.price_decimals)))
    text = f"{row.kind_name} tick {short_text(row.tick, row.price_decimals)} " + (
        f"lot {short_text(row.lot, row.quantity_decimals)}"
    )
    return [*facts, (15, row.quote.code), (58, text)]
