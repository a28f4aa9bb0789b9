"""Rows of settlements, for `isthmus settlement`: in one form or all of them, read back, confirmed by a chain.

Nothing is raised for what a row holds: `error` says what was refused, and names the field.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from isthmus.gateways.evm import contract
from isthmus.gateways.evm.contract import Delivery, Event, Log
from isthmus.gateways.evm.types import Refused
from isthmus.gateways.evm.words import octets
from isthmus.gateways.iso20022 import settlements as mx
from isthmus.gateways.iso20022.elements import local
from isthmus.gateways.iso20022.reading import read
from isthmus.gateways.iso20022.settlements import Settlement
from isthmus.gateways.settlement import fin
from isthmus.gateways.settlement.chain import Chain, day, delivery_of
from isthmus.gateways.settlement.confirming import answer
from isthmus.gateways.xmlguard import Stopped
from isthmus.kernel.errors import BadInput

Row = dict[str, Any]
FORMS = ("mx", "mt", "evm")
DIGITS_MAX = 40
"""Before and after the point."""
CHARS_MAX = 140
"""Of any text of a settlement."""


def render_row(row: Row, forms: tuple[str, ...], chain: Chain | None) -> Row:
    """The settlement in each of `forms`; MT needs sender_bic and receiver_bic beside it."""
    made: Row = {"id": row.get("id"), "mx": None, "mt": None, "evm": None, "error": None}
    try:
        settlement = settlement_of(row)
        if "mx" in forms:
            made["mx"] = mx.instruction(settlement)
        if "mt" in forms:
            made["mt"] = fin.instruction(settlement, *_between(row))
        if "evm" in forms:
            made["evm"] = _on_chain(settlement, _required(chain))
    except (BadInput, Refused) as fault:
        made["error"] = _told(fault)
    return made


def read_row(row: Row, chain: Chain | None) -> Row:
    """What `xml`, `fin`, `call` (0x) or `log` says."""
    made: Row = {"id": row.get("id"), "form": None, "settlement": None, "event": None, "confirmed": None, "lost": []}
    made["error"] = None
    try:
        form = next((one for one in ("xml", "fin", "call", "log") if one in row), None)
        if form is None:
            raise BadInput("row", "has none of xml, fin, call, log")
        made["form"] = form
        if form == "log":
            made["event"] = _event(contract.read_log(_log(row), _required(chain).place))
        elif form == "call":
            name, found = contract.read_call(octets(row["call"], "call"))
            made["event"] = {"call": name, **_plain(found)}
        else:
            found = read_message(form, row[form])
            made |= {"confirmed": found.confirmed, "lost": found.lost}
            made["settlement"] = msgspec.to_builtins(found.settlement)
    except (BadInput, Refused) as fault:
        made["error"] = _told(fault)
    return made


def confirm_row(row: Row, chain: Chain) -> Row:
    """A settlement and a `log`: status, differences, and the confirmation in both messages where it settled."""
    made: Row = {"id": row.get("id"), "status": None, "differences": [], "reason": None, "mx": None, "mt": None}
    made["error"] = None
    try:
        settlement = settlement_of(row)
        event = contract.read_log(_log(row), chain.place)
        found = answer(settlement, event, chain, _date(row))
        made |= {"status": found.status, "differences": list(found.differences), "reason": found.reason}
        if found.confirmation is not None:
            made["mx"] = mx.confirmation(found.confirmation)
            if "sender_bic" in row:
                made["mt"] = fin.confirmation(found.confirmation, *_between(row), settlement.settlement_date)
    except (BadInput, Refused) as fault:
        made["error"] = _told(fault)
    return made


def log_row(row: Row, chain: Chain) -> Row:
    """The `log` of an `event` ({"name", "values", "block", "transaction", "index"}), as the contract would leave it."""
    made: Row = {"id": row.get("id"), "log": None, "error": None}
    try:
        try:
            event = msgspec.convert(row.get("event"), Event)
        except msgspec.ValidationError as fault:
            raise BadInput("event", str(fault)) from None
        made["log"] = contract.write_log(event, chain.place)
        contract.read_log(made["log"], chain.place)
    except (BadInput, Refused) as fault:
        made |= {"log": None, "error": _told(fault)}
    return made


def settlement_of(row: Row) -> Settlement:
    """The `settlement` of a row. Raises BadInput that names the field."""
    found = row.get("settlement")
    if isinstance(found, dict):
        for name in found:
            if name not in Settlement.__struct_fields__:
                raise BadInput(f"settlement.{name}"[:100], "is no field of a settlement")
    try:
        settlement = msgspec.convert(found, Settlement)
    except msgspec.ValidationError as fault:
        raise BadInput("settlement", str(fault)) from None
    for name, value in (("quantity", settlement.quantity), ("amount", settlement.amount)):
        _require_written_out(name, value)
    for name in settlement.__struct_fields__:
        _require_printable(name, getattr(settlement, name))
    if settlement.amount is not None and settlement.currency is None:
        raise BadInput("currency", "is missing beside the amount")
    for name in ("settlement_date", "trade_date"):
        if (written := getattr(settlement, name)) is not None:
            day(name, written)
    return settlement


def _date(row: Row) -> str | None:
    written = row.get("date")
    if written is None:
        return None
    if not isinstance(written, str):
        raise BadInput("date", "is no text")
    return day("date", written).isoformat()


def _require_printable(name: str, value: Any) -> None:
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and not (text.isascii() and text.isprintable() and 0 < len(text) <= CHARS_MAX):
            raise BadInput(name, f"{text[:40]!r} is not 1 to {CHARS_MAX} printable ASCII characters")


def _require_written_out(name: str, value: Decimal | None) -> None:
    """A number of few characters may stand for one of millions: 1e999999."""
    if value is not None and (not value.is_finite() or abs(value.adjusted()) > DIGITS_MAX):
        raise BadInput(name, f"{str(value)[:40]} is no figure of a settlement")


def _between(row: Row) -> tuple[str, str]:
    found = []
    for name in ("sender_bic", "receiver_bic"):
        if not isinstance(row.get(name), str):
            raise BadInput(name, "is missing: a FIN message goes from one to another")
        found.append(row[name])
    return found[0], found[1]


def _on_chain(settlement: Settlement, chain: Chain) -> Row:
    delivery = delivery_of(settlement, chain)
    typed, hashed = contract.signed_data(delivery, chain.place)
    return {
        "call": contract.instruct(delivery, chain.place),
        "matching": "0x" + contract.matching(delivery).hex(),
        "typed_data": typed,
        "hash": "0x" + hashed.hash.hex(),
    }


def read_message(form: str, text: Any) -> fin.Read:
    """`form`: fin or mx (XML). Raises BadInput."""
    if not isinstance(text, str):
        raise BadInput(form, "is no text")
    if form == "fin":
        return fin.read_settlement(text)
    try:
        root = read(text)
    except Stopped as stop:
        raise BadInput("xml", f"{stop.rule} at {stop.place}: {stop.reason}") from None
    body = next((child for child in root if local(root) == "Document"), root)
    return fin.Read(mx.read_settlement(body), local(body) == "SctiesSttlmTxConf", ())


def _log(row: Row) -> Log:
    try:
        return msgspec.convert(row.get("log"), Log)
    except msgspec.ValidationError as fault:
        raise BadInput("log", str(fault)) from None


def _event(event: Event) -> Row:
    return msgspec.structs.asdict(event) | {"values": _plain(event.values)}


def _plain(found: Any) -> Row:
    """Numbers as decimal text, bytes as 0x text."""
    if isinstance(found, bytes):
        return {"reference": "0x" + found.hex()}
    values = msgspec.structs.asdict(found) if isinstance(found, Delivery) else found
    return {name: "0x" + value.hex() if isinstance(value, bytes) else str(value) for name, value in values.items()}


def _required(chain: Chain | None) -> Chain:
    if chain is None:
        raise BadInput("chain", "is missing: name the file of the chain")
    return chain


def _told(fault: BadInput | Refused) -> str:
    return f"{fault.field}: {fault.reason}"
