"""Chosen fields of an order's event, proven against the log of orders: of the others nothing is shown but hashes.

What it does not prove: that a value is true, or that the event was shown to the client. Whoever holds the file learns
that the order has an event at this record, and how many events the log has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc

from isthmus.audit import heads
from isthmus.audit.client_keys import NOBODY, NoClientKey, client_key, seed_of
from isthmus.audit.dimensions import shipped as dimensions
from isthmus.audit.dropping import drops
from isthmus.audit.jurisdictions import FIELDS, Jurisdiction
from isthmus.audit.orders_log import OrderEntries, OrderEntry
from isthmus.audit.orders_trail import ACCOUNT
from isthmus.audit.parts import FOLDER, parts_in, read_part
from isthmus.audit.places import ORDERS, log_folder
from isthmus.audit.proof_file import FieldFacts, OrderFacts, ProofFile
from isthmus.audit.proving import NotCovered, entry_proof, head_over, published
from isthmus.audit.retention import erasures
from isthmus.engine.proofs import field_proof, fingerprints
from isthmus.kernel.errors import BadInput, Damaged

Values = tuple[str | None, ...]


class NoEvent(BadInput):
    """The record caused no such event of an order."""


class RowDropped(BadInput):
    """The event's day was dropped from the store, on record: what is in the log of it can be opened no more."""


def chosen(asked: Sequence[str], view: Jurisdiction | None) -> tuple[str, ...]:
    """The fields that are asked for, in their order; without any, all that the view may see. Raises BadInput
    (unknown_field, blinded).
    """
    for field in asked:
        if field not in FIELDS:
            raise BadInput("fields", f"unknown_field: {field} is none of {FIELDS[0]} to {FIELDS[-1]}")
    if view is None:
        return tuple(field for field in FIELDS if field in asked) if asked else FIELDS
    hidden = [field for field in asked if field not in view.may_see]
    if hidden:
        raise BadInput("fields", f"blinded: {', '.join(hidden)} may not be shown to {view.authority}")
    return tuple(field for field in view.may_see if not asked or field in asked)


def order_proof(data: Path, at: tuple[int, int], fields: Sequence[str], view: Jurisdiction | None = None) -> ProofFile:
    """Of the event at (sequence, place), with these fields in clear; `view`: for whom, as `chosen` chose them.

    Raises NoLog, NotCovered, NoEvent, RowDropped, NoClientKey, BadInput (of keys), Damaged, LogRefused, OSError.
    """
    sequence, place = at
    published(log_folder(data, ORDERS))
    entries = OrderEntries(data)
    index = entries.index_of(sequence, place, entries.size)
    if index is None:
        raise _absent(data, sequence, place)
    entry, values = entries.entry(index), _values(data, sequence, place)
    seed = _seed(data, entry, values)
    if fingerprints([seed], [values]) != [entry.fingerprint]:
        raise Damaged(f"fingerprint_differs: the store's row {sequence}-{place} is not the one that is in the log")
    names = dimensions()
    shown = [_field(names[field].name, field, seed, values) for field in fields]
    facts = OrderFacts(entry.order, entry.fingerprint.hex(), shown, list(view.blinded) if view is not None else [])
    return entry_proof(data, (ORDERS, sequence, index), head_over(data, ORDERS, index), order=facts)


def event_of(data: Path, order: int, sequence: int | None, wanted: int | None = None) -> tuple[int, int]:
    """(sequence, place) of an order's event at that record (at place `wanted`, or its first there), or of its last one
    under a head. Raises NoEvent, NoLog, LogRefused, OSError.
    """
    published(log_folder(data, ORDERS))
    entries = OrderEntries(data)
    size = entries.size
    if sequence is None:
        last = entries.last_of(order, size)
        if last is None:
            raise NoEvent("order", f"no_event: no event of order {order} is under a head")
        return last.sequence, last.place
    index, place = entries.index_of(sequence, 0, size), 0
    if index is None:
        raise _absent(data, sequence, 0)
    while index < size and (entry := entries.entry(index)).sequence == sequence:
        if entry.order == order and wanted in (None, entry.place):
            return sequence, entry.place
        index, place = index + 1, place + 1
    raise NoEvent("sequence", f"no_event: record {sequence} has {place} events, none of order {order}")


def _field(name: str, field: str, seed: bytes, values: Values) -> FieldFacts:
    at = FIELDS.index(field)
    salt, proof = field_proof(seed, values, at)
    return FieldFacts(field, name, values[at], salt.hex(), [one.hex() for one in proof])


def _seed(data: Path, entry: OrderEntry, values: Values) -> bytes:
    account = values[ACCOUNT]
    gone = erasures(data).get(account or NOBODY)
    if gone is not None and entry.sequence <= gone.sequence:
        raise NoClientKey(
            "account", f"erased: the key of {account} was destroyed at {gone.time}, and its salts with it"
        )
    return seed_of(client_key(data, account), entry.sequence, entry.place)


def _values(data: Path, sequence: int, place: int) -> Values:
    for part in parts_in(data / FOLDER)[0]:
        if part.first <= sequence <= part.last:
            table = read_part(part)
            of = pc.and_(pc.equal(table["sequence"], sequence), pc.equal(table["place"], place))
            for row in table.filter(of).select(list(FIELDS)).to_pylist():
                return tuple(row[field] for field in FIELDS)
    for drop in drops(data).values():
        if drop.first <= sequence <= drop.last:
            raise RowDropped("sequence", f"dropped: the rows of {drop.day} were dropped on {drop.time} by {drop.by}")
    raise Damaged(f"no_row: event {sequence}-{place} is in the log of orders and not in the store")


def _absent(data: Path, sequence: int, place: int) -> BadInput:
    head = heads.newest(log_folder(data, ORDERS))
    if head is None or sequence > head.sequence:
        reach = 0 if head is None else head.sequence
        return NotCovered("sequence", f"not_covered: the newest head of the log of orders reaches to record {reach}")
    return NoEvent("sequence", f"no_event: record {sequence} caused no event {place} of an order")
