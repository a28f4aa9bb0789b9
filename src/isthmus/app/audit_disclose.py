"""`isthmus audit disclose`: chosen fields of an order's event, for whoever may see these and no more."""

from __future__ import annotations

import argparse
from pathlib import Path

from isthmus.app.audit_prove import written
from isthmus.app.output import EXIT_OK, fail
from isthmus.audit.disclosing import chosen, order_proof
from isthmus.audit.jurisdictions import shipped
from isthmus.engine.proofs import LogRefused
from isthmus.kernel.errors import Damaged

PLACE_MAX = 65_535


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 with the proof, 2 where it cannot be made, by name (not_covered, no_event, unknown_field, blinded, erased,
    no_log), 1 damage.
    """
    if arguments.sequence < 1:
        fail("sequence", "is a record's number, from 1")
    if not 0 <= arguments.place <= PLACE_MAX:
        fail("place", f"is an event's place among those of its record, from 0 to {PLACE_MAX}")
    rows = shipped()
    if arguments.view is not None and arguments.view not in rows:
        fail("view", f"unknown_jurisdiction: is none of {', '.join(rows)}")
    view = rows[arguments.view] if arguments.view is not None else None
    if arguments.fields is None and view is None:
        fail("fields", "say which fields are shown, or whose view it is")
    asked = [field.strip() for field in (arguments.fields or "").split(",") if field.strip()]
    fields = chosen(asked, view)
    try:
        made = order_proof(Path(arguments.data), (arguments.sequence, arguments.place), fields, view)
    except FileNotFoundError as error:
        fail("data", f"no_log: {error.filename} is not there")
    except LogRefused as error:
        raise Damaged(": ".join(error.args)) from error
    written(made, arguments.to, arguments.json)
    return EXIT_OK
