"""Orders on the house book: acceptance, matching, replacement; and the trade itself, wherever it happened."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from . import (
    bands,
    dark,
    families,
    firming,
    fitting,
    gate,
    limits,
    links,
    makers,
    pegs,
    planning,
    resting,
    session,
    special,
    triggers,
)
from .books import Order
from .messages import effects
from .money import FEES, ROUNDING
from .perpetual import flow
from .state import ORDER, State
from .values import (
    BUY,
    FOK,
    LIMIT,
    LIQUIDATION,
    MARKET_TO_LIMIT,
    PEG,
    POST_ONLY,
    PRICE_MAX,
    REQUEST,
    RESPONSE,
    SELL,
    SLIDE,
    TRAILING_STOP,
    Carry,
    Instrument,
    ceil_div,
    fee_of,
)


@dataclass(slots=True)
class Leg:
    """One side of a trade. `order` is None for what the engine does not know; `rate_ppm` None for an outside venue."""

    account: int
    order_id: int
    side: int
    order: Order | None
    rate_ppm: int | None
    carry: Carry = field(default_factory=Carry)


def place(state: State, command: Any) -> Iterator[Any]:
    """An order that passed the gate."""
    order = gate.newcomer(state, command)
    assert order is not None, "the gate refuses an order without a price"
    yield from makers.requote(state, command)
    order.key = (order.account, command.client_id)
    state.orders[order.id] = order
    limits.remember(state, order, command.price, new=True)
    if order.expire:
        state.deadlines.add((order.expire, ORDER, order.id))
    links.pair_up(state, order)
    if order.aside:
        yield effects.Accepted(order.id, state.position_holds.get((order.account, order.instrument), 0), order.price)
        yield special.park(state, order, special.HELD)
        return
    if order.walk is not None and not order.walk.units:
        yield effects.Accepted(order.id, 0, 0)
        yield state.cancel(order, "fok" if order.tif == FOK else "ioc")
        return
    hold = take_hold(state, order)
    yield effects.Accepted(order.id, hold, order.price)
    if order.kind == TRAILING_STOP and not command.stop:
        yield effects.Trailed(order.id, order.stop, order.limit, hold)
    yield from enter(state, order)


def enter(state: State, order: Order) -> Iterator[Any]:
    """Where an accepted order goes."""
    if order.kind == RESPONSE and gate.is_dark(state, order):
        yield from firming.firm_up(state, order)
    elif order.kind in (REQUEST, RESPONSE):
        order.parked = special.ASKED
    elif not order.venue:
        yield from triggers.start(state, order)


def take_hold(state: State, order: Order) -> int:
    """The order holds what it needs from now on; returns it (a perpetual's: of the position)."""
    instrument = state.instruments[order.instrument]
    if instrument.perpetual:
        if order.kind != REQUEST:
            state.ledger.margin(order.account, instrument.margin_asset)
        return state.rehold(order.account, instrument)
    state.set_hold(order, gate.initial_hold(state, order))
    return order.hold


def match(state: State, order: Order) -> Iterator[Any]:
    """Through the book by plan; then the rest stays or goes."""
    book, instrument = state.books[order.instrument], state.instruments[order.instrument]
    state.touched.add(order.instrument)
    if gate.is_dark(state, order):
        yield from dark.work(state, order)
        return
    if order.kind == PEG and not (yield from pegs.follow(state, order)):
        return
    if session.must_gather(instrument, order):
        yield from session.gather(state, order)
        return
    if order.flags & POST_ONLY and book.crosses(order):
        yield from _step_back(state, order)
        return
    within = bands.bounds(instrument)
    last, end = yield from _carry_out(state, order, within)
    if order.id not in state.orders:
        return
    if not end and within:
        end = yield from bands.meet(state, order, within)
    if not end and fitting.spent(state, order):
        end = "reduce_only"
    if not end and order.immediate:
        end = "fok" if order.tif == FOK else "ioc"
    if not end and order.kind == MARKET_TO_LIMIT:
        order.kind = LIMIT
        end = (yield from reprice(state, order, last)) if last else "ioc"
    if end:
        yield state.cancel(order, end)
    else:
        resting.rest(state, order)


def work_resting(state: State, order: Order) -> Iterator[Any]:
    """A resting order as an incoming one; what is left of it stays where it stands."""
    _, end = yield from _carry_out(state, order, bands.bounds(state.instruments[order.instrument]))
    if order.id not in state.orders:
        return
    if end or fitting.spent(state, order):
        yield state.cancel(order, end or "reduce_only")
    elif order.display:
        yield from resting.refresh(state, order)


def _step_back(state: State, order: Order) -> Iterator[Any]:
    """A post-only order that would trade goes, or slides to one tick behind the other side."""
    best, instrument = state.books[order.instrument].opposite(order)[0].price, state.instruments[order.instrument]
    price = instrument.floor_tick(best - 1) if order.side == BUY else instrument.ceil_tick(best + 1)
    end = "post_only"
    if order.flags & SLIDE and 1 <= price <= PRICE_MAX:
        end = yield from reprice(state, order, price)
    if end:
        yield state.cancel(order, end)
    else:
        resting.rest(state, order)


def reprice(state: State, order: Order, price: int) -> Generator[Any, None, str]:
    """The order, which is in no book, gets another price; the answer is why it must go, if it must."""
    if any(gate.affords(state, gate.repriced(order, price), order)):
        return "funds"
    order.price = price
    yield effects.Repriced(order.id, price, rehold(state, order))
    return ""


def rehold(state: State, order: Order) -> int:
    """Holds what the order's terms need; returns it (a perpetual's: of the position)."""
    return state.hold_terms(order)


def _carry_out(state: State, order: Order, within: bands.Bounds | None) -> Generator[Any, None, tuple[int, str | None]]:
    """Plans and trades, again if something else was set off on the way; returns the last price, why the rest goes."""
    last = 0
    while True:
        plan = bands.plan(state, order, within)
        if order.walk and (plan.traded > order.walk.units or plan.value > order.walk.value):
            return last, None
        for step in plan.steps:
            before = state.cancels
            yield from STEPS[step.act](state, order, step)
            if makers.at_once(order):
                yield from makers.guard(state)
            last = step.order.price if step.act == "fill" else last
            if state.cancels != before:
                break
        else:
            return last, plan.end
        if order.id not in state.orders:
            return last, None


def _planned(state: State, order: Order, reason: str) -> Any:
    """An order goes as the plan says, so that the plan stays good."""
    cancelled = state.cancel(order, reason)
    state.cancels -= 1
    return cancelled


def exchange(state: State, maker: Order, taker: Order, price: int, quantity: int, flags: int = 0) -> Iterator[Any]:
    """A trade between two orders of ours."""
    instrument = state.instruments[taker.instrument]
    instrument.last_trade = instrument.latest = price
    yield from between(state, (maker, taker), price, quantity, flags)


def between(state: State, orders: tuple[Order, Order], price: int, quantity: int, flags: int = 0) -> Iterator[Any]:
    """Maker and taker trade; a child's trade is booked on its parent, which is told what it holds then."""
    terms = state.instruments[orders[0].instrument].terms
    payers = [families.payer(state, order) for order in orders]
    taker_ppm = 0 if orders[1].kind == LIQUIDATION else terms.taker_fee_ppm
    rates = (terms.maker_fee_ppm, taker_ppm)
    legs = [
        Leg(order.account, order.id, order.side, payer, rate, payer.carry)
        for order, payer, rate in zip(orders, payers, rates, strict=True)
    ]
    yield trade(state, legs, orders[0].instrument, price, quantity, flags)
    for order, payer in zip(orders, payers, strict=True):
        if order.child_of:
            families.fill(state, order, quantity)
            yield families.reheld(state, payer)


def _fill(state: State, taker: Order, step: planning.Step) -> Iterator[Any]:
    maker, quantity = step.order, step.quantity
    for order in (maker, taker):
        yield from links.alone(state, order)
    if maker.id not in state.orders or taker.id not in state.orders:
        return
    yield from exchange(state, maker, taker, maker.price, quantity)
    for order in (maker, taker):
        order.done += quantity
    taker.shown -= min(taker.shown, quantity)
    if maker.left and fitting.falls_below(state, maker, maker.left):
        yield _planned(state, maker, "minimum")
    elif maker.left and fitting.spent(state, maker):
        yield _planned(state, maker, "reduce_only")
    else:
        yield from resting.after_fill(state, maker, quantity)


def _drop(state: State, taker: Order, step: planning.Step) -> Iterator[Any]:
    yield _planned(state, step.order, step.reason)


def _cut(state: State, taker: Order, step: planning.Step) -> Iterator[Any]:
    """Both shrink without a trade; the one that is used up goes (the incoming one at the end of the plan)."""
    if step.quantity == step.order.left:
        yield _planned(state, step.order, "self_trade")
    else:
        yield resting.cut(state, step.order, step.quantity)
    if step.quantity != taker.left:
        yield resting.cut(state, taker, step.quantity)


STEPS = {"fill": _fill, "drop": _drop, "cut": _cut}


def trade(state: State, legs: list[Leg], number: int, price: int, quantity: int, flags: int = 0) -> Any:
    """Posts a trade between maker and taker and lowers what they hold."""
    instrument = state.instruments[number]
    buyer, seller = sorted(legs, key=lambda leg: leg.side)
    value = price * quantity * instrument.num
    if instrument.perpetual:
        pays, gets = settlement(state, instrument, (buyer.account, seller.account), price, quantity)
        values = {leg.side: _fee_value(instrument, value, price, quantity, leg.rate_ppm) for leg in (buyer, seller)}
        _post_settlement(state, instrument, buyer, seller, (pays, gets))
    else:
        pays = instrument.pays(price, quantity, buyer.carry)
        gets = instrument.gets(price, quantity, seller.carry)
        values = {BUY: pays, SELL: gets}
        _post_delivery(state, instrument, buyer, seller, (pays, gets, quantity))
    fees = {leg.side: _post_fee(state, instrument, leg, values[leg.side]) for leg in (buyer, seller)}
    if instrument.perpetual:
        for leg in (buyer, seller):
            state.move_position(leg.account, instrument, quantity if leg.side == BUY else -quantity, price)
    spent = {side: values[side] + max(0, fees[side]) for side in (BUY, SELL)}
    holds = [_lower(state, instrument, leg, (price, quantity), spent[leg.side]) for leg in legs]
    if instrument.perpetual:
        holds = [state.rehold(leg.account, instrument) for leg in legs]
    maker, taker = legs
    who = (maker.order_id, taker.order_id, maker.account, taker.account, number, taker.side)
    amounts = (price, quantity, pays, gets, fees[maker.side], fees[taker.side], *holds)
    return effects.Traded(*who, flags, *amounts)


def settlement(
    state: State, instrument: Instrument, accounts: tuple[int, int], price: int, quantity: int
) -> tuple[int, int]:
    """What a perpetual trade moves against the mark: the buyer pays, the seller gets."""
    buyer, seller = accounts
    bought = state.positions.get((buyer, instrument.number), 0)
    sold = bought + quantity if buyer == seller else state.positions.get((seller, instrument.number), 0)
    return -flow(instrument, bought, quantity, price), flow(instrument, sold, -quantity, price)


def _fee_value(instrument: Instrument, value: int, price: int, quantity: int, rate_ppm: int | None) -> int:
    """The value that a fee is on, rounded against the trader."""
    if not instrument.inverse:
        return value
    lots = quantity * instrument.num
    return lots // price if rate_ppm is not None and rate_ppm < 0 else ceil_div(lots, price)


def _post_settlement(state: State, instrument: Instrument, buyer: Leg, seller: Leg, amounts: tuple[int, int]) -> None:
    (pays, gets), asset = amounts, instrument.margin_asset
    for leg in (buyer, seller):
        state.ledger.margin(leg.account, asset)
    state.ledger.post("settlement", buyer.account, seller.account, asset, gets)
    state.ledger.post("rounding", buyer.account, ROUNDING, asset, pays - gets)
    if instrument.is_option:
        return  # a premium is what an option is worth, no loss of its buyer
    state.ledger.earn(buyer.account, asset, -pays)
    state.ledger.earn(seller.account, asset, gets)


def _post_delivery(
    state: State, instrument: Instrument, buyer: Leg, seller: Leg, amounts: tuple[int, int, int]
) -> None:
    pays, gets, quantity = amounts
    terms, post = instrument.terms, state.ledger.post
    post("payment", buyer.account, seller.account, terms.quote, gets)
    post("rounding", buyer.account, ROUNDING, terms.quote, pays - gets)
    post("delivery", seller.account, buyer.account, terms.base, quantity * instrument.base_units)


def _post_fee(state: State, instrument: Instrument, leg: Leg, value: int) -> int:
    if leg.rate_ppm is None:
        return 0
    fee = fee_of(value, leg.rate_ppm, leg.carry)
    asset = instrument.margin_asset if instrument.perpetual else instrument.terms.quote
    state.ledger.post("fee", leg.account, FEES, asset, fee)
    if instrument.perpetual:
        state.ledger.earn(leg.account, asset, -fee)
    return fee


def _lower(state: State, instrument: Instrument, leg: Leg, fill: tuple[int, int], spent: int) -> int:
    """The order after the fill; returns what a spot order still holds."""
    order, (price, quantity) = leg.order, fill
    if order is None:
        return 0
    order.filled += quantity
    makers.note(state, order, instrument.number, quantity)
    if order.walk:
        order.walk.units -= quantity
        order.walk.value -= price * quantity
    if not instrument.perpetual:
        exact = order.walk is not None and order.side == BUY
        hold = max(0, order.hold - spent) if exact else state.spot_hold(order)
        state.set_hold(order, hold if order.left else 0)
    if order.id in state.families:
        order.quantity = max(order.quantity, order.filled)
    elif not order.left:
        state.finish(order)
    return 0 if leg.order_id != order.id and not instrument.perpetual else order.hold


def replace_order(state: State, command: Any) -> Iterator[Any]:
    """A replacement that passed the gate."""
    yield from special.replacement(state, command, special.PRICE | special.QUANTITY)


def apply_terms(state: State, order: Order, command: Any, kept: bool) -> Any:
    """The order gets the new price and total that its venue tells, and holds what these need."""
    order.price, order.quantity = command.price, command.quantity
    return effects.Replaced(order.id, order.price, order.quantity, rehold(state, order), int(kept))


def ask_venue(state: State, order: Order, price: int, quantity: int) -> Any:
    """The venue is asked to replace; meanwhile the order holds for both."""
    if state.instruments[order.instrument].perpetual:
        hold = state.position_holds[order.account, order.instrument]
    else:
        asked = replace(gate.repriced(order, price), quantity=quantity)
        state.set_hold(order, max(order.hold, state.spot_hold(asked)))
        hold = order.hold
    return effects.ReplaceRequested(order.id, order.venue, price, quantity, hold)
