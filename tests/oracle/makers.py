"""Market makers: obligations, scores, protections."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from .books import Order
from .messages import effects
from .operations import request_cancel
from .state import State
from .values import ALL_OR_NONE, BPS, BUY, FOK, FRESH, PRICE_MAX, QUANTITY_MAX, QUOTE, SELL

WINDOW_MIN_NS = 10**6
WINDOW_MAX_NS = 60 * 10**9
SHARE_MAX_BPS = 10**6
FILLS_MAX = 65_536


@dataclass(slots=True)
class Fill:
    """A fill of a quote: when, whose, how many lots (sold: negative), its share of what was left of the quote."""

    stamp: int
    account: int
    instrument: int
    lots: int
    share_bps: int


@dataclass(slots=True)
class Maker:
    """Obligations (RegisterMaker) and what became of them; a protection (SetProtection) and the fills it counts."""

    terms: Any
    quoted_ns: int = 0
    open_ns: int = 0
    protection: Any = None
    pulled: bool = False
    fills: list[Fill] = field(default_factory=list)


def check_register_maker(state: State, command: Any) -> Iterator[str]:
    yield from _check_pair(state, command)
    if not command.quantity:
        if (command.account, command.instrument) not in state.makers:
            yield "not_a_maker"
        return
    fits = 0 < command.quantity <= QUANTITY_MAX and 0 < command.spread <= PRICE_MAX
    if not fits or command.presence_bps > BPS:
        yield "bad_maker"


def _check_pair(state: State, command: Any) -> Iterator[str]:
    if not state.ledger.trades(command.account):
        yield "unknown_account"
    if command.instrument not in state.instruments:
        yield "unknown_instrument"


def register_maker(state: State, command: Any) -> Iterator[Any]:
    key = (command.account, command.instrument)
    if command.quantity:
        state.makers.setdefault(key, Maker(command)).terms = command
    else:
        yield _score(*key, state.makers.pop(key))
    yield effects.MakerRegistered(*command)


def check_set_protection(state: State, command: Any) -> Iterator[str]:
    yield from _check_pair(state, command)
    if (command.account, command.instrument) not in state.makers:
        yield "not_a_maker"
    amounts = (command.quantity, command.delta, command.percent_bps)
    watched = any(amounts)
    if min(amounts) < 0 or command.percent_bps > SHARE_MAX_BPS:
        yield "bad_maker"
    if watched and not WINDOW_MIN_NS <= command.window_ns <= WINDOW_MAX_NS:
        yield "bad_maker"
    if not watched and command.window_ns:
        yield "bad_maker"


def set_protection(state: State, command: Any) -> Iterator[Any]:
    """It begins anew; quotes are taken again."""
    maker = state.makers[command.account, command.instrument]
    maker.protection = command if command.window_ns else None
    maker.pulled, maker.fills = False, []
    yield effects.ProtectionSet(*command)


def is_maker(state: State, account: int, number: int) -> bool:
    """Is the account a registered market maker of the instrument?"""
    return (account, number) in state.makers


def quotes(state: State, account: int, number: int) -> list[Order]:
    """Its live quotes, by id."""
    live = [order for _, order in sorted(state.orders.items()) if order.flags & QUOTE]
    return [order for order in live if (order.account, order.instrument) == (account, number)]


def check(state: State, command: Any) -> Iterator[str]:
    """What the gate asks of a quote."""
    if not command.flags & QUOTE:
        return
    if not is_maker(state, command.account, command.instrument):
        yield "not_a_maker"
    if state.makers[command.account, command.instrument].pulled:
        yield "maker_protected"
    if command.flags & FRESH and (getattr(command, "one_cancels", 0) or getattr(command, "parent", 0)):
        yield "bad_link"


def judged(state: State, command: Any) -> State:
    """Where limits and funds judge the order: the first of a mass quote as if the earlier quotes were gone."""
    earlier = quotes(state, command.account, command.instrument)
    if not (command.flags & FRESH and earlier):
        return state
    copy = deepcopy(state)
    instrument = copy.instruments[command.instrument]
    for order in quotes(copy, command.account, command.instrument):
        del copy.orders[order.id]
        if not instrument.perpetual:
            copy.set_hold(order, 0)
    if instrument.perpetual:
        copy.rehold(command.account, instrument)
    return copy


def requote(state: State, command: Any) -> Iterator[Any]:
    """The earlier quotes go before the first of a mass quote comes."""
    if command.flags & FRESH:
        for order in quotes(state, command.account, command.instrument):
            yield from end(state, order, "requoted")


def end(state: State, order: Order, reason: str) -> Iterator[Any]:
    """Takes a quote away, unless it went with one before it."""
    if order.id in state.orders:
        yield from request_cancel(state, order, reason)


def note(state: State, order: Order, number: int, quantity: int) -> None:
    """A trade filled the order, which has what is left after it."""
    if order.flags & QUOTE:
        lots = quantity if order.side == BUY else -quantity
        share = quantity * BPS // (order.left + quantity)
        state.quote_fills.append(Fill(state.stamp, order.account, number, lots, share))


def at_once(taker: Order) -> bool:
    """Do quotes go between two fills of this order? Not where its fills were promised to it together."""
    together = taker.flags & (QUOTE | ALL_OR_NONE) or taker.tif == FOK or taker.min_quantity or taker.walk
    return not together


def guard(state: State) -> Iterator[Any]:
    """Counts the fills of quotes, and pulls the quotes of makers to whom too much happened."""
    while state.quote_fills:
        fill = state.quote_fills.pop(0)
        maker = state.makers.get((fill.account, fill.instrument))
        if maker is None or maker.protection is None or maker.pulled:
            continue
        maker.fills.append(fill)
        cause = _cause(state, maker)
        if cause:
            maker.pulled = True
            yield effects.Protected(fill.account, fill.instrument, cause)
            for order in quotes(state, fill.account, fill.instrument):
                yield from end(state, order, "protection")


def _cause(state: State, maker: Maker) -> int:
    """1 lots, 2 net lots, 3 share; 0 while nothing is too much."""
    limits = maker.protection
    counted = [fill for fill in maker.fills if state.stamp - fill.stamp < limits.window_ns][-FILLS_MAX:]
    measures = (
        (limits.quantity, sum(abs(fill.lots) for fill in counted)),
        (limits.delta, abs(sum(fill.lots for fill in counted))),
        (limits.percent_bps, sum(fill.share_bps for fill in counted)),
    )
    return next((cause for cause, (limit, sum_) in enumerate(measures, 1) if limit and sum_ > limit), 0)


def clock(state: State, elapsed: int) -> None:
    """So much time passed in which nothing changed."""
    for (account, number), maker in state.makers.items():
        instrument = state.instruments[number]
        if instrument.state == "continuous" and not instrument.halted and not state.halted:
            maker.open_ns += elapsed
            maker.quoted_ns += elapsed if meets(state, account, number) else 0


def meets(state: State, account: int, number: int) -> bool:
    """Do the maker's best quotes stand within the spread of each other, each with enough lots at its price?

    Only what stands in the book and is shown whole counts.
    """
    terms = state.makers[account, number].terms
    shown = [o for o in quotes(state, account, number) if not (o.hidden or o.display or o.parked)]
    best = {}
    for side, pick in ((BUY, max), (SELL, min)):
        prices = [order.price for order in shown if order.side == side]
        if not prices:
            return False
        best[side] = pick(prices)
        if sum(order.left for order in shown if (order.side, order.price) == (side, best[side])) < terms.quantity:
            return False
    return best[SELL] - best[BUY] <= int(terms.spread)


def score(state: State, number: int) -> Iterator[Any]:
    """A trading session ended: every maker of the instrument is told, and counts from zero."""
    for (account, other), maker in sorted(state.makers.items()):
        if other == number:
            yield _score(account, number, maker)
            maker.quoted_ns = maker.open_ns = 0


def _score(account: int, number: int, maker: Maker) -> Any:
    met = maker.quoted_ns * BPS >= maker.terms.presence_bps * maker.open_ns
    return effects.MakerScored(account, number, maker.quoted_ns, maker.open_ns, int(met))
