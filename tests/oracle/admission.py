"""Which orders the book of an instrument takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .form import FOR_AUCTION, term
from .state import State
from .values import (
    ALL_OR_NONE,
    BUY,
    DARK,
    HIDDEN,
    LIMIT,
    MARKET,
    NEGOTIATED,
    PEG,
    REQUEST,
    RESPONSE,
    RFQ,
    SEALED,
    SHORT,
    Instrument,
)

ASKING = (REQUEST, RESPONSE)
ONE_SELLER = (NEGOTIATED, SEALED)
MID = 2


def admit(state: State, instrument: Instrument, command: Any, child_of: int = 0) -> Iterator[str]:
    """For an order that names the house book; `child_of`: the parent of a child."""
    book, kind = instrument.rules["book"], command.kind
    if term(command, "request") and kind != RESPONSE:
        yield "bad_terms"
    asked = state.orders.get(term(command, "request"))
    if book == DARK and kind in ASKING and asked and asked.child_of != child_of:
        yield "child_of_parent"
    if book == DARK and kind in ASKING and instrument.rules["firm_up_ns"]:
        yield from _conditional(state, instrument, command)
        return
    if (kind in ASKING) != (book in (RFQ, *ONE_SELLER)):
        yield "wrong_book"
    elif kind in ASKING:
        yield from _asking(state, instrument, command)
    if book == DARK and not _suits_dark(command):
        yield "wrong_book"


def _asking(state: State, instrument: Instrument, command: Any) -> Iterator[str]:
    """A request stands alone; a response answers a live one of somebody else from the other side."""
    if term(command, "min_quantity"):
        yield "bad_terms"
    if command.kind == REQUEST:
        if command.side == BUY and instrument.rules["book"] in ONE_SELLER:
            yield "wrong_book"
        return
    request = state.orders.get(command.request)
    if request is None or request.kind != REQUEST or request.instrument != instrument.number:
        yield "unknown_request"
        return
    if command.side == request.side:
        yield "unknown_side"
    if command.account == request.account:
        yield "same_account"


def _conditional(state: State, instrument: Instrument, command: Any) -> Iterator[str]:
    """A conditional order, or the firm one of the same account and side that takes its place when it is invited."""
    if command.kind == REQUEST:
        return
    asked = state.orders.get(command.request)
    if asked is None or asked.kind != REQUEST or asked.instrument != instrument.number or not asked.invited:
        yield "unknown_request"
        return
    if command.account != asked.account:
        yield "not_your_order"
    if command.side != asked.side:
        yield "unknown_side"
    if command.quantity > asked.left:
        yield "quantity_too_large"


def _suits_dark(command: Any) -> bool:
    plain = command.tif not in FOR_AUCTION and not command.flags & ~(HIDDEN | ALL_OR_NONE | SHORT)
    kinds = command.kind in (LIMIT, MARKET) or (command.kind == PEG and command.peg == MID)
    return plain and kinds and not term(command, "display")
