"""The form of an order: which words exist, and which go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import links
from .messages import commands
from .state import State
from .values import (
    ALL_OR_NONE,
    BUY,
    DAY,
    FOK,
    FOR_AUCTION,
    FRESH,
    GOOD_FOR_AUCTION,
    GTC,
    GTD,
    HIDDEN,
    IOC,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    PEG,
    POST_ONLY,
    PRICE_MAX,
    QUANTITY_MAX,
    QUOTE,
    REDUCE_ONLY,
    REQUEST,
    RESPONSE,
    SELL,
    SHORT,
    SLIDE,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
    Instrument,
)

PEAKS_MAX = 1_000
"""An iceberg has at most so many peaks."""
STAYS = (GTC, DAY, GTD)
STOPS = (STOP, STOP_LIMIT, TRAILING_STOP)
TERMS = commands.PlaceSpecial._fields[len(commands.PlaceOrder._fields) :]
"""What PlaceSpecial has beyond PlaceOrder; all zero for a PlaceOrder."""


def term(command: Any, name: str) -> int:
    return int(getattr(command, name, 0))


def words(state: State, command: Any) -> Iterator[str]:
    """Sides, kinds, times in force, flags; for PlaceOrder and PlaceSpecial."""
    special = hasattr(command, "stop")
    if command.side not in (BUY, SELL):
        yield "unknown_side"
    if not LIMIT <= command.kind <= (RESPONSE if special else MARKET_TO_LIMIT):
        yield "unknown_kind"
    if not GTC <= command.tif <= GOOD_FOR_AUCTION or (command.tif == GTD and not special):
        yield "unknown_tif"
    if command.flags & POST_ONLY and not (command.kind == LIMIT and command.tif in STAYS):
        yield "post_only_conflict"
    if _odd(command):
        yield "bad_terms"
    if command.venue:
        yield from _routed(state, command)


def _odd(command: Any) -> bool:
    """Flags, kind and time in force that do not go together."""
    flags, kind, tif = command.flags, command.kind, command.tif
    return any(
        (
            flags & FRESH and not flags & QUOTE,
            flags & SLIDE and not flags & POST_ONLY,
            flags & SHORT and command.side == BUY,
            flags & QUOTE and not (kind == LIMIT and tif in STAYS),
            flags & ALL_OR_NONE and flags & POST_ONLY,
            tif in FOR_AUCTION and (kind not in (LIMIT, MARKET) or flags & ALL_OR_NONE),
            kind in (REQUEST, RESPONSE) and (tif not in STAYS or flags & ~SHORT),
        )
    )


def _routed(state: State, command: Any) -> Iterator[str]:
    """An outside venue takes limit and market orders without our own books' terms."""
    if not state.is_venue(command.venue):
        yield "unknown_venue"
    ours = command.kind > MARKET or command.flags & ~(POST_ONLY | REDUCE_ONLY | SHORT)
    if ours or any(term(command, name) for name in TERMS if name != "expire"):
        yield "bad_terms"


def quantity(instrument: Instrument | None, lots: int) -> Iterator[str]:
    """An outside venue's quantities need not be whole lots: no instrument is given then."""
    if lots <= 0:
        yield "quantity_not_positive"
    if lots > QUANTITY_MAX:
        yield "quantity_too_large"
    if instrument and lots % instrument.terms.lot:
        yield "off_lot"


def price(instrument: Instrument | None, steps: int) -> Iterator[str]:
    if steps <= 0:
        yield "price_not_positive"
    if steps > PRICE_MAX:
        yield "price_too_large"
    if instrument and steps % instrument.tick_at(steps):
        yield "off_tick"


def limit(instrument: Instrument, command: Any) -> Iterator[str]:
    """The limit price: needed, possible, or forbidden by the kind."""
    if command.kind in (MARKET, MARKET_TO_LIMIT, STOP):
        if command.price:
            yield "price_on_market"
    elif command.price or command.kind in (LIMIT, STOP_LIMIT, RESPONSE):
        yield from price(instrument, command.price)


def terms(state: State, instrument: Instrument, command: Any) -> Iterator[str]:
    """What PlaceSpecial alone can say."""
    if not hasattr(command, "stop"):
        return
    checks = (
        (_stop, "bad_stop"),
        (_offset, "bad_offset"),
        (display, "bad_display"),
        (minimum, "bad_minimum"),
    )
    yield from (reason for well, reason in checks if not well(instrument, command))
    if (command.tif == GTD) != bool(command.expire) or 0 < command.expire <= state.stamp:
        yield "bad_expire"
    if command.peg not in (range(1, 4) if command.kind == PEG else (0,)):
        yield "bad_peg"
    if (command.one_cancels or command.parent) and not links.linkable(state, command):
        yield "bad_link"
    if command.parent and links.is_full(state, command.parent):
        yield "limit_reached"


def _stop(instrument: Instrument, command: Any) -> bool:
    if command.trigger not in (range(4) if command.kind in STOPS else (0,)):
        return False
    if not command.stop:
        return command.kind not in (STOP, STOP_LIMIT)
    return command.kind in STOPS and not list(price(instrument, command.stop))


def _offset(instrument: Instrument, command: Any) -> bool:
    if command.offset % instrument.terms.tick:
        return False
    if command.kind == TRAILING_STOP:
        return 1 <= command.offset <= PRICE_MAX
    return -PRICE_MAX <= command.offset <= PRICE_MAX if command.kind == PEG else command.offset == 0


def display(instrument: Instrument, command: Any) -> bool:
    """May it show so much? Also asked of a replacement."""
    if not command.display and not command.display_high:
        return not command.seed
    low, high, lot = command.display, command.display_high or command.display, instrument.terms.lot
    whole = 0 < low <= high <= command.quantity and low % lot == 0 and high % lot == 0
    stays = command.tif not in (IOC, FOK) and command.kind in (LIMIT, STOP_LIMIT)
    few = command.quantity <= low * PEAKS_MAX and not command.min_quantity
    return whole and stays and few and not command.flags & (HIDDEN | ALL_OR_NONE)


def minimum(instrument: Instrument, command: Any) -> bool:
    """May it have this minimum quantity? Also asked of a replacement."""
    least = command.min_quantity
    if not 0 <= least <= command.quantity or least % instrument.terms.lot:
        return False
    return not (least and command.flags & (ALL_OR_NONE | POST_ONLY))


def _few_peaks(instrument: Instrument, order: Any) -> bool:
    """Does an iceberg come to its end with so many peaks as one may have?"""
    return not order.display or order.quantity <= order.display * PEAKS_MAX


def _minimum_beside(instrument: Instrument, order: Any) -> bool:
    return minimum(instrument, order) and not (order.min_quantity and order.display)


TESTS = (
    (4, _stop, "bad_stop"),
    (8, _offset, "bad_offset"),
    (16, display, "bad_display"),
    (2, _few_peaks, "bad_display"),
    (32, _minimum_beside, "bad_minimum"),
)
"""What a replaced term must pass, by its bit in `given`."""
