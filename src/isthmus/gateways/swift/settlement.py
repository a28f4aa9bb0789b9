"""Settlement of securities: MT540 to 543 (instructions) and MT544 to 547 (confirmations), made of figures and read.

Source: SWIFT User Handbook, MT 540 to 547: sequences A (general), B (trade), C (account), E (settlement).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

import msgspec

from isthmus.gateways.swift.fin import Header, Row, build_fin
from isthmus.gateways.swift.statements import Made, amount_text
from isthmus.gateways.swift.verdict import Placed, Verdict, validate

NEW, CANCEL = "NEWM", "CANC"
UNITS, FACE_AMOUNT = "UNIT", "FAMT"
NUMBERS = {
    (False, False, True): "540",
    (False, True, True): "541",
    (False, False, False): "542",
    (False, True, False): "543",
    (True, False, True): "544",
    (True, True, True): "545",
    (True, False, False): "546",
    (True, True, False): "547",
}
"""(confirms, against payment, receives) -> message type."""
TERMS = {number: terms for terms, number in NUMBERS.items()}


class Settlement(msgspec.Struct, frozen=True):
    """One delivery of one security. `agent` and `party` are the other side's: who delivers or receives, sells or buys.

    `amount`, (currency, figure), is there where it settles against payment. `related`: the instruction that is
    cancelled or confirmed. A confirmation's `settled_on` is the day on which it happened.
    """

    reference: str
    receives: bool
    isin: str
    quantity: Decimal
    account: str
    agent: str
    party: str
    place: str
    settles_on: date
    traded_on: date | None = None
    amount: tuple[str, Decimal] | None = None
    price: tuple[str, Decimal] | None = None
    quantity_kind: str = UNITS
    function: str = NEW
    related: str | None = None
    settled_on: date | None = None
    description: str = ""

    @property
    def message_type(self) -> str:
        """Three digits."""
        return NUMBERS[self.settled_on is not None, self.amount is not None, self.receives]


def build_settlement(settlement: Settlement, sender: str, receiver: str) -> Made:
    """The message of a settlement, or the errors of its fields."""
    rows = [
        *_general(settlement),
        *_trade(settlement),
        *_account(settlement),
        *_details(settlement),
    ]
    fin = build_fin(Header(settlement.message_type, sender, receiver), rows)
    errors = validate(fin).errors
    return Made(None if errors else fin, errors)


def _block(name: str, *rows: Row | None) -> Iterator[Row]:
    yield "16R", name
    yield from (row for row in rows if row is not None)
    yield "16S", name


def _general(of: Settlement) -> Iterator[Row]:
    word = "RELA" if of.settled_on else "PREV"
    link = () if of.related is None else _block("LINK", ("20C", f":{word}//{of.related}"))
    return _block("GENL", ("20C", f":SEME//{of.reference}"), ("23G", of.function), *link)


def _trade(of: Settlement) -> Iterator[Row]:
    price = f":DEAL//ACTU/{of.price[0]}{amount_text(of.price[1])}" if of.price else None
    isin = f"ISIN {of.isin}" + (f"\n{of.description}" if of.description else "")
    return _block(
        "TRADDET",
        ("98A", f":ESET//{of.settled_on:%Y%m%d}") if of.settled_on else None,
        ("98A", f":SETT//{of.settles_on:%Y%m%d}"),
        ("98A", f":TRAD//{of.traded_on:%Y%m%d}") if of.traded_on else None,
        ("90B", price) if price else None,
        ("35B", isin),
    )


def _account(of: Settlement) -> Iterator[Row]:
    word = "ESTT" if of.settled_on else "SETT"
    quantity = f":{word}//{of.quantity_kind}/{amount_text(of.quantity)}"
    return _block("FIAC", ("36B", quantity), ("97A", f":SAFE//{of.account}"))


def _details(of: Settlement) -> Iterator[Row]:
    agent, party = ("DEAG", "SELL") if of.receives else ("REAG", "BUYR")
    parties = ((agent, of.agent), (party, of.party), ("PSET", of.place))
    inner = [row for word, bic in parties for row in _block("SETPRTY", ("95P", f":{word}//{bic}"))]
    if of.amount is not None:
        word = "ESTT" if of.settled_on else "SETT"
        inner.extend(_block("AMT", ("19A", f":{word}//{of.amount[0]}{amount_text(of.amount[1])}")))
    return _block("SETDET", ("22F", ":SETR//TRAD"), *inner)


class NotASettlement(ValueError):
    """A message tells no settlement: the field that it lacks, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def read_settlement(text: str) -> Settlement:
    """The settlement of an MT540 to MT547. Raises NotASettlement by the field that is missing or wrong."""
    found = validate(text)
    terms = TERMS.get(found.message_type or "")
    if terms is None:
        raise NotASettlement("2", f"MT {found.message_type} is none of 540 to 547")
    if found.errors:
        first = found.errors[0]
        raise NotASettlement(first.field, f"line {first.line}: {first.message}")
    return _settlement(found, *terms)


def _settlement(found: Verdict, confirms: bool, against: bool, receives: bool) -> Settlement:
    done = "ESTT" if confirms else "SETT"
    security = _one(found, "B", "35B")
    if not security.startswith("ISIN "):
        raise NotASettlement("35B", "names its security by no ISIN")
    kind, _, quantity = _after(found, "C", "36", done).partition("/")
    agent, party = ("DEAG", "SELL") if receives else ("REAG", "BUYR")
    price = _maybe(found, "B", "90B", "DEAL")
    settled = _maybe(found, "B", "98", "ESET")
    traded = _maybe(found, "B", "98", "TRAD")
    return Settlement(
        reference=_after(found, "A", "20C", "SEME"),
        receives=receives,
        isin=security[5:17],
        description=security[18:],
        quantity=_figure(quantity),
        quantity_kind=kind,
        account=_after(found, "C", "97", "SAFE"),
        agent=_after(found, "E1", "95", agent),
        party=_after(found, "E1", "95", party),
        place=_after(found, "E1", "95", "PSET"),
        settles_on=_day(_after(found, "B", "98", "SETT")),
        traded_on=_day(traded) if traded else None,
        settled_on=_day(settled) if settled and confirms else None,
        amount=_money(_after(found, "E3", "19A", done)) if against else None,
        price=_money(price.partition("/")[2]) if price else None,
        function=_one(found, "A", "23G").partition("/")[0],
        related=_maybe(found, "A1", "20C", "RELA" if confirms else "PREV"),
    )


def _one(found: Verdict, sequence: str, tag: str) -> str:
    value = found.first(tag, sequence)
    if value is None:
        raise NotASettlement(tag, f"is missing in sequence {sequence}")
    return value


def _maybe(found: Verdict, sequence: str, tag: str, qualifier: str) -> str | None:
    """What stands behind `:QUAL//` (or `:QUAL/SCHEME/`) in the first such field; `tag` may lack its option."""

    def fits(one: Placed) -> bool:
        return one.sequence == sequence and one.tag.startswith(tag) and one.value[1:5] == qualifier

    value = next((one.value for one in found.fields if fits(one)), None)
    return None if value is None else value[6:].split("/", 1)[1] if "/" in value[6:] else value[6:]


def _after(found: Verdict, sequence: str, tag: str, qualifier: str) -> str:
    value = _maybe(found, sequence, tag, qualifier)
    if value is None:
        raise NotASettlement(tag, f"{qualifier} is missing in sequence {sequence}")
    return value


def _day(written: str) -> date:
    try:
        return date(int(written[:4]), int(written[4:6]), int(written[6:8]))
    except ValueError as error:
        raise NotASettlement("98", f"{written} is no day") from error


def _figure(written: str) -> Decimal:
    try:
        return Decimal(written.replace(",", "."))
    except InvalidOperation as error:
        raise NotASettlement("36", f"{written} is no figure") from error


def _money(written: str) -> tuple[str, Decimal]:
    """Of `EUR1,` or `NEUR1,`, which is negative; NOK is a currency."""
    negative = written[:4].isalpha()
    rest = written[1:] if negative else written
    return rest[:3], -_figure(rest[3:]) if negative else _figure(rest[3:])
