"""`isthmus route --explain --data DIR --order ord-N`: an order's decisions made again from journal and tape.

Exit 0 when every child is found again, 1 when one is not, 2 when the order is none of a path or the tape is damaged, 4
when the tape does not go back so far.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, progress
from isthmus.app.rerun import Child, Remade, Rerun
from isthmus.engine.archive import records
from isthmus.engine.engine import JournalDamaged, Record
from isthmus.execution.notes import ParentNote, read_note
from isthmus.execution.policy import PPM
from isthmus.execution.taxonomy import PATHS
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.ids import number_of, order_id
from isthmus.kernel.messages import BUY, ORDER_TYPES, SELL, SIDES, TIMES_IN_FORCE, PlaceChild, PlaceParent
from isthmus.kernel.values import short_text, text, time_text
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument

PPM_DECIMALS = len(str(PPM)) - 1
_TIF = {number: name for name, number in TIMES_IN_FORCE.items()}
_KIND = {number: name for name, number in ORDER_TYPES.items()}
_SIDE = {number: name for name, number in SIDES.items()}


class Asked(msgspec.Struct, frozen=True):
    """A parent, and the records of those of its children that are to be made again."""

    parent: Record
    children: list[Record]
    note: ParentNote


def explain_kept(data: Path, order: str, depth: int) -> tuple[dict[str, Any], int]:
    """The answer and the exit code."""
    asked = _asked(data, order)
    untaped = sum(not record.command.tape for record in asked.children)
    wanted: dict[int, list[Record]] = {}
    for record in asked.children:
        if record.command.tape:
            wanted.setdefault(record.command.tape, []).append(record)
    if not wanted:
        what = "no tape was kept when it was placed" if untaped else f"{order} has no children"
        raise BadInput("order", what)
    rerun = Rerun(data, {path.number: path for path in PATHS}, depth)
    with progress("making decisions again", len(wanted)) as advance:
        remade = []
        for row in rerun.remake(wanted):
            remade.append(row)
            advance(1)
    answer = _answer(asked, remade, rerun.directory) | {"not_on_tape": untaped}
    return answer, EXIT_OK if answer["same"] else EXIT_FOUND


def _asked(data: Path, order: str) -> Asked:
    """Raises BadInput for an id that is no parent's and no child's."""
    number = number_of("ord", order)
    if number is None:
        raise BadInput("order", f"{order} is no id of an order (ord-4711)")
    parents: dict[int, Record] = {}
    children: list[Record] = []
    try:
        for record in records(data):
            if type(record.command) is PlaceParent and record.reason is None:
                parents[record.sequence] = record
            elif type(record.command) is PlaceChild:
                children.append(record)
    except JournalDamaged as error:
        raise Damaged(f"{data}: {error}") from error
    child = next((record for record in children if record.sequence == number), None)
    parent = parents.get(number if child is None else child.command.parent)
    if parent is None:
        raise BadInput("order", f"{order} is neither a parent that was worked nor a child of one")
    own = [record for record in children if record.command.parent == parent.sequence]
    if child is not None:
        together = child.command.tape
        own = [record for record in own if record.command.tape == together] if together else [child]
    return Asked(parent, own, read_note(parent.origin.note) or ParentNote(path=""))


def _answer(asked: Asked, remade: list[Remade], directory: Directory) -> dict[str, Any]:
    """Book and reasons are those of the first decision that differs, else of the last."""
    instrument = directory.instruments[asked.parent.command.instrument]
    shown = next((row for row in remade if not row.same), remade[-1])
    side = _SIDE[asked.parent.command.side]
    book = [
        {
            "venue": directory.venue_name(level.venue),
            "side": _SIDE[of],
            "price": text(level.price, instrument.price_decimals),
            "quantity": short_text(level.quantity, instrument.quantity_decimals),
            "all_in": short_text(level.all_in, instrument.price_decimals + PPM_DECIMALS),
        }
        for of in (SELL, BUY)
        for level in shown.book[of]
    ]

    def rows(children: Iterable[Child]) -> list[dict[str, Any]]:
        return [_row(child, side, instrument, directory) for child in children]

    return {
        "path": asked.note.path,
        "parameters": asked.note.parameters,
        "why": [why for why in (asked.note.why, shown.why) if why],
        "book": book,
        "children": rows(child for row in remade for child in row.made),
        "recorded": rows(child for row in remade for child in row.recorded),
        "same": all(row.same for row in remade),
        "tape": shown.tape,
        "at": time_text(shown.at),
        "decisions": len(remade),
        "different": [row.tape for row in remade if not row.same],
        "parent": order_id(asked.parent.sequence),
        "instrument": instrument.symbol,
    }


def _row(child: Child, side: str, instrument: Instrument, directory: Directory) -> dict[str, Any]:
    command = child.command
    return {
        "venue": directory.venue_name(command.venue),
        "side": side,
        "price": text(command.price, instrument.price_decimals),
        "quantity": short_text(command.quantity, instrument.quantity_decimals),
        "tif": _TIF.get(command.tif, str(command.tif)),
        "kind": _KIND.get(command.kind, str(command.kind)),
        "why": child.why,
        "order": order_id(child.order) if child.order else None,
    }
