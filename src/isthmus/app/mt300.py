"""`isthmus mt300 build | parse | validate | trade | match`: rows or FIN files in, a row for each message out."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.confirmations_desk import files_in, kept
from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json
from isthmus.gateways.rest.confirmations import row_of
from isthmus.gateways.swift import mt300
from isthmus.gateways.swift.confirmations import ALLEGED, MISMATCHED, REFUSED
from isthmus.gateways.swift.fin import messages_of
from isthmus.gateways.swift.matching import mismatches, partner
from isthmus.gateways.swift.verdict import KNOWN_TYPES, Mistake, Verdict
from isthmus.gateways.swift.verdict import validate as judge
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input

INPUT_BYTES_MAX = 256 << 20
"""The longest input, unpacked."""
NAMES = ("id", "case", "name")
ROWS = re.compile(r'\s*\{\s*["}]')
"""What rows of JSON begin with; a FIN message begins with `{1:`."""

Row = dict[str, Any]


def build(arguments: argparse.Namespace) -> int:
    """Rows {"id","fix","sender_bic","receiver_bic"} -> {"id","ok","fin","fields","errors"}. Exit 1 if one is not ok."""
    return _each(rows_of(read_text(arguments.file)), built)


def parse(arguments: argparse.Namespace) -> int:
    """FIN messages or rows {"id","fin"} -> {"id","valid","fields","errors"}. Exit 1 if one is not valid."""
    return _each(_messages(read_text(arguments.file)), judged)


def validate(arguments: argparse.Namespace) -> int:
    """As parse: both tell fields and verdict."""
    return parse(arguments)


def trade(arguments: argparse.Namespace) -> int:
    """FIN messages or rows {"id","fin"} -> {"id","fix","errors"}. Exit 1 where a message tells no deal."""
    return _each(_messages(read_text(arguments.file)), _traded)


def match(arguments: argparse.Namespace) -> int:
    """Rows {"ours","theirs","state","mismatches"}: the references of a pair, or of a message that has no partner."""
    ours, theirs = (_deals(source) for source in (arguments.ours, arguments.theirs))
    clean = True
    for row in pairs(ours, theirs):
        clean = clean and row["state"] == "matched"
        print_json(row)
    return EXIT_OK if clean else EXIT_FOUND


def listed(arguments: argparse.Namespace) -> int:
    """Rows of the confirmations in a broker's folders, newest first. Exit 1 if one is mismatched, alleged, refused."""
    folder = Path(arguments.folder) if arguments.folder else Path(arguments.data) / "confirmations"
    if not folder.is_dir():
        raise BadInput("folder", f"{folder} is no folder")
    clean = True
    for found in kept(folder, arguments.own or _own_bic(folder)).rows():
        clean = clean and found.state not in (MISMATCHED, ALLEGED, REFUSED)
        print_json(row_of(found))
    return EXIT_OK if clean else EXIT_FOUND


def _own_bic(folder: Path) -> str:
    for path in files_in(folder / "out"):
        deal = mt300.read(read_text(str(path)))
        if deal is not None:
            return deal.party_a
    raise BadInput("own", "nothing was sent: say whose folder it is by --own BIC")


def _each(rows: Iterator[tuple[Any, Row]], answer: Callable[[Row], tuple[bool, Row]]) -> int:
    clean = True
    for name, row in rows:
        well, told = answer(row)
        clean = clean and well
        print_json({"id": name} | told)
    return EXIT_OK if clean else EXIT_FOUND


def built(row: Row) -> tuple[bool, Row]:
    """The confirmation of a row: of `fix`, or of `fields`, [[tag, value]] of block 4."""
    answer = _build(row)
    ok = answer.fin is not None
    return ok, {"ok": ok, "fin": answer.fin, "fields": by_tag(answer.fields), "errors": answer.errors}


def _build(row: Row) -> mt300.Built:
    sender, receiver = row.get("sender_bic"), row.get("receiver_bic")
    for key, value in (("sender_bic", sender), ("receiver_bic", receiver)):
        if not isinstance(value, str) or len(value) not in (8, 11):
            return _refused(key, "must be a business identifier code of 8 or 11 characters")
    fields, report, agents = row.get("fields"), row.get("fix"), row.get("agents") or {}
    if isinstance(fields, list):
        try:
            return mt300.of_fields(msgspec.convert(fields, list[tuple[str, str]]), str(sender), str(receiver))
        except msgspec.ValidationError as error:
            return _refused("fields", str(error))
    if not isinstance(report, str):
        return _refused("fix", "must be a FIX report, fields parted by | or SOH")
    try:
        receiving = msgspec.convert(agents, dict[str, str])
    except msgspec.ValidationError as error:
        return _refused("agents", str(error))
    return mt300.of_fix(report, str(sender), str(receiver), receiving)


def _refused(field: str, reason: str) -> mt300.Built:
    return mt300.Built(None, (), (Mistake(None, "row", "", field, 1, reason),), None)


def by_tag(fields: tuple[tuple[str, str], ...]) -> dict[str, str | list[str]]:
    """Values by tag; a tag that stands there more than once has a list."""
    found: dict[str, list[str]] = {}
    for tag, value in fields:
        found.setdefault(tag, []).append(value)
    return {tag: values[0] if len(values) == 1 else values for tag, values in found.items()}


def judged(row: Row) -> tuple[bool, Row]:
    """Fields and verdict of a row's message. `valid` is null where the type has no table and the form is right."""
    text = row.get("fin")
    if not isinstance(text, str):
        mistake = Mistake(None, "row", "", "fin", 1, "must be the text of a message")
        return False, {"valid": False, "message_type": None, "fields": [], "errors": [mistake]}
    found = judge(text)
    valid = verdict_of(found)
    fields = [(one.tag, one.value) for one in found.fields]
    return valid is True, {"valid": valid, "message_type": found.message_type, "fields": fields, "errors": found.errors}


def verdict_of(found: Verdict) -> bool | None:
    """None: nobody here knows the message type, and nothing else is wrong."""
    unknown = found.message_type is not None and found.message_type not in KNOWN_TYPES
    return None if unknown and len(found.errors) == 1 else found.valid


def _traded(row: Row) -> tuple[bool, Row]:
    deal = mt300.read(str(row.get("fin") or ""))
    report = mt300.to_fix(deal) if deal is not None else None
    errors = [] if report else [Mistake(None, "deal", "", "fin", 1, "is no MT300 that tells a deal")]
    return report is not None, {"fix": report, "errors": errors}


def pairs(ours: list[mt300.Deal], theirs: list[mt300.Deal]) -> Iterator[Row]:
    """Each message of the counterparty with the one of ours that is most like it, then ours that are left."""
    left = list(ours)
    for deal in theirs:
        place = partner(deal, left)
        if place is None:
            yield {"ours": None, "theirs": deal.reference, "state": "unmatched", "mismatches": []}
            continue
        own = left.pop(place)
        found = mismatches(own, deal)
        state = "mismatched" if found else "matched"
        yield {"ours": own.reference, "theirs": deal.reference, "state": state, "mismatches": found}
    for deal in left:
        yield {"ours": deal.reference, "theirs": None, "state": "unmatched", "mismatches": []}


def _deals(source: str) -> list[mt300.Deal]:
    deals = []
    for name, row in _messages(read_text(source)):
        found = judge(str(row.get("fin") or ""))
        deal = mt300.read(str(row.get("fin") or "")) if found.valid else None
        if deal is None:
            reason = found.errors[0].message if found.errors else "tells no deal"
            raise BadInput(source, f"message {name} is no valid MT300: {reason}")
        deals.append(deal)
    return deals


def read_text(source: str) -> str:
    """The whole input; bytes that are no UTF-8 are read as Latin-1, and the verdict names them."""
    try:
        with open_input(source) as stream:
            raw = stream.read(INPUT_BYTES_MAX + 1)
    except UNPACKING_ERRORS as error:
        raise BadInput(source, str(error)) from error
    if len(raw) > INPUT_BYTES_MAX:
        raise BadInput(source, f"is longer than {INPUT_BYTES_MAX} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _messages(text: str) -> Iterator[tuple[Any, Row]]:
    """(id, {"fin"}) of rows, or of the messages of a FIN file, numbered from 1."""
    if ROWS.match(text):
        yield from rows_of(text)
        return
    found = messages_of(text)
    if not found:
        raise BadInput("file", "holds no message")
    for number, message in enumerate(found, 1):
        yield number, {"fin": message}


def rows_of(text: str) -> Iterator[tuple[Any, Row]]:
    """(id, row) of NDJSON; a row without id, case or name is called by its line. Raises BadInput by the line that is no
    object.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadInput("file", f"is no JSON object: {error}", number) from error
        yield next((row[name] for name in NAMES if name in row), number), row
