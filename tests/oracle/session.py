"""Trading states and the tick table: what a state takes, what its change does, and when it ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import auction, deadlines, makers, matching, operations, resting, special
from .books import Order
from .messages import CAUSES, STATES, effects
from .state import State
from .values import (
    ALL_OR_NONE,
    AT_CLOSE,
    AT_OPEN,
    CALL,
    FOK,
    FOR_AUCTION,
    IOC,
    MARKET,
    MARKET_TO_LIMIT,
    PEG,
    POST_ONLY,
    PRICE_MAX,
    Instrument,
)

STATE, EXPIRY = 10, 11
"""Kinds of deadlines."""
ROWS_MAX = 64
NEVER = 2**64 - 1
NAMES = {number: name for name, number in STATES.items()}


def check_set_tick(state: State, command: Any) -> Iterator[str]:
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    above = max((lowest for lowest, _ in instrument.ticks), default=0)
    if not 1 <= command.tick <= PRICE_MAX or not above < command.lowest <= PRICE_MAX or command.lowest % command.tick:
        yield "bad_tick"
    if len(instrument.ticks) >= ROWS_MAX:
        yield "limit_reached"
    if any(order.instrument == instrument.number for order in state.orders.values()):
        yield "book_not_empty"


def set_tick(state: State, command: Any) -> Iterator[Any]:
    state.instruments[command.instrument].ticks.append((command.lowest, command.tick))
    yield effects.TickSet(command.instrument, command.lowest, command.tick)


def expired(state: State, instrument: Instrument) -> bool:
    return 0 < instrument.rules["expiry"] <= state.stamp


def halted(state: State, instrument: Instrument) -> bool:
    return state.halted or instrument.halted


def check_set_session(state: State, command: Any) -> Iterator[str]:
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    if command.state not in NAMES:
        yield "unknown_state"
        return
    if expired(state, instrument):
        yield "expired"
    if NAMES[command.state] == "continuous" and halted(state, instrument):
        yield "instrument_halted"


def set_session(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    opens = NAMES[command.state] == "continuous" and instrument.state != "continuous"
    if opens and instrument.has_auctions and instrument.rules["book"] != CALL:
        yield from auction.auction(state, instrument, always=False)
        yield from _end(state, _for_the_call(state, instrument), "session")
    yield from enter(state, instrument, NAMES[command.state], "command")


def check_uncross(state: State, command: Any) -> Iterator[str]:
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    if expired(state, instrument):
        yield "expired"
    if not instrument.has_auctions:
        yield "wrong_book"
    if not instrument.in_call:
        yield "wrong_session"
    if halted(state, instrument):
        yield "instrument_halted"


def uncross(state: State, command: Any) -> Iterator[Any]:
    yield from end_call(state, state.instruments[command.instrument], "uncross")


def end_call(state: State, instrument: Instrument, cause: str) -> Iterator[Any]:
    """The auction, then continuous trading; a book that is always in a call stays in its state."""
    state.touched.add(instrument.number)
    yield from auction.auction(state, instrument, always=True)
    yield from _end(state, _for_the_call(state, instrument), "session")
    if instrument.state != "continuous":
        yield from enter(state, instrument, "continuous", cause)


def takes_orders(state: State, instrument: Instrument) -> Iterator[str]:
    """Does the state take orders and replacements at all?"""
    if halted(state, instrument) or instrument.state == "halted":
        yield "instrument_halted"
    if instrument.state == "closed":
        yield "expired" if expired(state, instrument) else "wrong_session"


def takes(state: State, instrument: Instrument, command: Any) -> Iterator[str]:
    """Does the state take this order? A call takes only what can wait for its price."""
    yield from takes_orders(state, instrument)
    immediate = command.tif in (IOC, FOK) or command.kind in (MARKET_TO_LIMIT, PEG)
    conditions = command.flags & (POST_ONLY | ALL_OR_NONE) or getattr(command, "min_quantity", 0)
    if not command.venue and instrument.in_call and (immediate or conditions):
        yield "wrong_session"


def in_its_call(instrument: Instrument, tif: int) -> bool:
    """Does an order for auctions with this time in force stand in the book now?"""
    if tif == AT_OPEN:
        return instrument.state in ("pre_open", "opening_auction")
    return instrument.state == "closing_auction" if tif == AT_CLOSE else instrument.in_call


def waits_for_call(instrument: Instrument, kind: int, tif: int) -> bool:
    """Is a new order one whose price an auction will find?"""
    return kind in (MARKET, MARKET_TO_LIMIT) and (instrument.in_call or tif in FOR_AUCTION)


def must_gather(instrument: Instrument, order: Order) -> bool:
    """Is it an order that must not match now, or not yet?"""
    early = order.tif in FOR_AUCTION and not in_its_call(instrument, order.tif)
    return instrument.has_auctions and (early or not instrument.matches)


def gather(state: State, order: Order) -> Iterator[Any]:
    """What becomes of such an order."""
    instrument = state.instruments[order.instrument]
    if order.tif in FOR_AUCTION and not in_its_call(instrument, order.tif):
        yield _hold_back(state, order)
    elif order.kind == MARKET and instrument.in_call and order.price > 0:
        order.unpriced = True
        state.books[order.instrument].add(order)
    elif order.immediate or order.kind == MARKET_TO_LIMIT:
        yield state.cancel(order, "session")
    else:
        resting.rest(state, order)


def _hold_back(state: State, order: Order) -> Any:
    parked = special.park(state, order, special.HELD)
    order.unpriced, order.held = False, True
    return parked


def enter(state: State, instrument: Instrument, name: str, cause: str) -> Iterator[Any]:
    """The instrument is in this state from now on; its orders go, wait or come as the state asks."""
    yield from _change(state, instrument, name, cause)
    if name == "closed":
        yield from _end_day(state, instrument)
    elif name != "halted":
        yield from _hold_and_release(state, instrument)


def _change(state: State, instrument: Instrument, name: str, cause: str) -> Iterator[Any]:
    set_timer(state, instrument, 0)
    instrument.edge = None
    before, instrument.state = instrument.state, name
    state.touched.add(instrument.number)
    yield effects.SessionChanged(instrument.number, STATES[name], CAUSES[cause])
    if name == "closed" != before:
        yield from makers.score(state, instrument.number)


def _end_day(state: State, instrument: Instrument) -> Iterator[Any]:
    yield from deadlines.expire_day(state, instrument.number)
    waiting = [o for o in _live(state, instrument) if o.held]
    yield from _end(state, waiting + _for_the_call(state, instrument), "session")


def _hold_and_release(state: State, instrument: Instrument) -> Iterator[Any]:
    """Orders of another auction leave the book; then those whose auction it is come."""
    only = [order for order in _live(state, instrument) if order.tif in FOR_AUCTION]
    for order in only:
        if not order.parked and not in_its_call(instrument, order.tif):
            yield _hold_back(state, order)
    for order in only:
        # a release may change the state
        if order.held and order.id in state.orders and in_its_call(instrument, order.tif):
            special.unpark(order)
            order.held = False
            yield effects.Triggered(order.id, 0)
            yield from matching.match(state, order)


def _live(state: State, instrument: Instrument) -> list[Order]:
    """Live orders of the instrument that are not at a venue, by number."""
    return [o for _, o in sorted(state.orders.items()) if o.instrument == instrument.number and not o.venue]


def _for_the_call(state: State, instrument: Instrument) -> list[Order]:
    """Orders in the books that are there for the call only."""
    only = [order for order in _live(state, instrument) if order.unpriced or order.tif in FOR_AUCTION]
    return [order for order in only if not order.parked]


def _end(state: State, orders: list[Order], reason: str) -> Iterator[Any]:
    for number in sorted(order.id for order in orders):
        if number in state.orders:
            yield from operations.request_cancel(state, state.orders[number], reason)


def set_timer(state: State, instrument: Instrument, after_ns: int) -> None:
    """The present state ends after so many ns; 0: not by itself."""
    state.deadlines.discard((instrument.timer, STATE, instrument.number))
    instrument.timer = 0
    if after_ns:
        instrument.timer = min(NEVER, state.stamp + after_ns)
        state.deadlines.add((instrument.timer, STATE, instrument.number))


def state_ends(state: State, instrument: Instrument) -> Iterator[Any]:
    """A limit state becomes a pause, a pause an auction, an auction continuous trading."""
    instrument.timer = 0
    pause = instrument.rules["pause_ns"]
    if instrument.state in ("continuous", "halted"):
        after = "halted" if instrument.state == "continuous" else "volatility_auction"
        yield from enter(state, instrument, after, "timer")
    elif not halted(state, instrument):
        yield from end_call(state, instrument, "timer")
        return
    set_timer(state, instrument, pause)


def expire(state: State, instrument: Instrument) -> Iterator[Any]:
    """The instrument is at its end: everything goes, also what stands at venues, and nothing comes any more."""
    yield from _change(state, instrument, "closed", "expiry")
    everything = [o for o in state.orders.values() if o.instrument == instrument.number and not o.child_of]
    yield from _end(state, everything, "expired")


def set_expiry(state: State, instrument: Instrument, value: int) -> None:
    state.deadlines.discard((instrument.rules["expiry"], EXPIRY, instrument.number))
    if value:
        state.deadlines.add((value, EXPIRY, instrument.number))
