"""`isthmus audit document`: a document under a signed head, shown field by field, with the trade behind it."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.audit_key import read_key
from isthmus.app.output import EXIT_FOUND, EXIT_OK, note, print_json, say
from isthmus.app.whole_file import json_of, read_json
from isthmus.audit.documents import FORMAT, NOT_PROVEN, OPENING, Document, Opening, checked, entry, opened, shown
from isthmus.audit.entry_log import DOCUMENTS, EntryLog
from isthmus.audit.proof_file import ProofFile, Refused, Trust
from isthmus.audit.proving import entry_proof, head_over
from isthmus.engine.proofs import LogRefused, create_secret, read_secret
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import BadInput, Damaged


def add(arguments: argparse.Namespace) -> int:
    """Exit 0 with the opening written (0600) and the root in the log; 2 for what is no document, or no place for it."""
    document = read_json(arguments.file, "document", object)
    to = Path(arguments.opening)
    made: list[Opening] = []

    def appended(place: int) -> bytes:
        opening = opened(document, place + 1, secrets.token_bytes)
        raw = entry(opening)
        create_secret(str(to), msgspec.json.format(msgspec.json.encode(opening), indent=1) + b"\n")
        made.append(opening)
        return raw

    try:
        EntryLog(Path(arguments.data), arguments.name, DOCUMENTS).append(appended, system_clock())
    except FileExistsError:
        raise BadInput("opening", f"{to} is there: an opening is not written over") from None
    except LogRefused as error:
        raise Damaged(": ".join(map(str, error.args))) from None
    except OSError as error:
        raise BadInput("opening", f"{error.filename}: {error.strerror}") from None
    (opening,) = made
    if arguments.json:
        print_json({"number": opening.number, "fields": len(opening.fields), "opening": str(to)})
    else:
        say(f"document {opening.number}: {len(opening.fields)} fields under a signed head; its opening is {to}")
    return EXIT_OK


def show(arguments: argparse.Namespace) -> int:
    """Exit 0 with the chosen fields proven; 2 for a field that is not there, or an opening that is not the log's."""
    data = Path(arguments.data)
    opening = _opening(Path(arguments.opening))
    fields = [path.strip() for path in arguments.fields.split(",") if path.strip()]
    background = read_json(arguments.background, "background", ProofFile) if arguments.background else None
    try:
        place = (DOCUMENTS, opening.number, opening.number - 1)
        proof = entry_proof(data, place, head_over(data, DOCUMENTS, opening.number - 1))
        made = Document(format=FORMAT, proof=proof, shown=shown(opening, fields), background=background)
        checked(made, Trust())
    except FileNotFoundError as error:
        raise BadInput("data", f"no_log: {error.filename} is not there") from None
    except LogRefused as error:
        raise BadInput("opening", ": ".join(map(str, error.args))) from None
    except Refused as refused:
        field = "background" if refused.name == "no_background" else "opening"
        raise BadInput(field, f"{refused.name}: {refused.reason}") from None
    raw = msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"
    try:
        Path(arguments.to).write_bytes(raw)
    except OSError as error:
        raise BadInput("to", f"{arguments.to}: {error.strerror}") from None
    if arguments.json:
        print_json({"number": opening.number, "shown": [one.field.path for one in made.shown], "to": arguments.to})
    else:
        say(f"document {opening.number}: {len(made.shown)} of {len(opening.fields)} fields shown in {arguments.to}")
    return EXIT_OK


def verify(arguments: argparse.Namespace) -> int:
    """Exit 0 where the shown fields are under the head, and the trade's where there is one; else 1 by name."""
    document = read_json(arguments.file, "file", Document)
    if document.format != FORMAT:
        raise BadInput("format", f"{document.format[:40]!r} is not {FORMAT}")
    key = read_key(arguments.vkey) if arguments.vkey else None
    if key is None:
        note("no key was given: the one in the file is believed, which proves only that the file agrees with itself")
    try:
        found = checked(document, Trust(log=key))
    except Refused as refused:
        return _told({"ok": False, "refused": refused.name, "reason": refused.reason}, arguments.json)
    answer = {
        "ok": True,
        "number": found.number,
        "signed_by": found.document.signed_by,
        "tree_size": found.document.head.size,
        "fields": found.fields,
        "hidden": found.hidden,
        "background": found.background,
        "not_proven": NOT_PROVEN,
    }
    return _told(answer, arguments.json)


def _told(answer: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print_json(answer)
    elif not answer["ok"]:
        say(f"REFUSED  {answer['refused']}: {answer['reason']}")
    else:
        for path, value in answer["fields"].items():
            say(f"{path}  {value}")
        for one in answer["background"]:
            say(f"trade behind it: {one.path} is {one.order_field} of the order's event: {one.value}")
        say(f"{answer['hidden']} fields hidden; document {answer['number']} of {answer['signed_by']}: holds")
        for unproven in NOT_PROVEN:
            say(f"not proven: {unproven}")
    return EXIT_OK if answer["ok"] else EXIT_FOUND


def _opening(path: Path) -> Opening:
    try:
        raw = read_secret(str(path))
    except LogRefused as error:
        raise BadInput("opening", ": ".join(map(str, error.args))) from None
    except OSError as error:
        raise BadInput("opening", f"{path}: {error.strerror}") from None
    found = json_of(raw, "opening", Opening)
    if found.format != OPENING or found.number < 1:
        raise BadInput("opening", f"is no {OPENING}")
    return found
