"""Busting and adjusting trades: what the trade moved goes back, or as much more as the new price asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import contracts
from .messages import effects
from .money import FEES, ROUNDING
from .perpetual import too_large
from .state import State
from .values import AMOUNT_MAX, BUY, PPM, PRICE_MAX, QUANTITY_MAX, SELL, Carry, Instrument, fee_of

Leg = tuple[int, int, int]
"""Account, rate, fee paid."""


def _legs(state: State, command: Any) -> tuple[Leg, Leg]:
    """Buyer and seller, at the instrument's fees or at those that the trade's venue charges now."""
    terms = state.instruments[command.instrument].terms
    own = _legs_at(state, command, (terms.maker_fee_ppm, terms.taker_fee_ppm))
    venue = command.maker if state.is_venue(command.maker) else command.taker
    fees = state.venue_fees.get((venue, command.instrument))
    instrument = state.instruments[command.instrument]
    if fees is None or _can_have_been(state, instrument, command, own):
        return own
    return _legs_at(state, command, fees)


def _legs_at(state: State, command: Any, fees_ppm: tuple[int, int]) -> tuple[Leg, Leg]:
    """An outside venue pays no fees."""

    def leg(account: int, rate: int, fee: int) -> Leg:
        return account, 0 if state.is_venue(account) else rate, fee

    maker = leg(command.maker, fees_ppm[0], command.maker_fee)
    taker = leg(command.taker, fees_ppm[1], command.taker_fee)
    return (taker, maker) if command.taker_side == BUY else (maker, taker)


def check_correct_trade(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    for account in (command.maker, command.taker):
        if not (state.ledger.trades(account) or state.is_venue(account)):
            yield "unknown_account"
    if command.taker_side not in (BUY, SELL):
        yield "unknown_side"
    yield from _numbers(instrument, command)
    if not _can_have_been(state, instrument, command, _legs(state, command)):
        yield "unknown_trade"
    if (command.sequence, command.index) in state.corrected:
        yield "already_corrected"
    yield from contracts.trades(instrument)
    if _overflows(state, instrument, command):
        yield "notional_too_large"


def _numbers(instrument: Instrument, command: Any) -> Iterator[str]:
    if command.price <= 0:
        yield "price_not_positive"
    if command.price > PRICE_MAX:
        yield "price_too_large"
    if command.quantity <= 0:
        yield "quantity_not_positive"
    if command.quantity > QUANTITY_MAX:
        yield "quantity_too_large"
    if command.new_price < 0:
        yield "price_not_positive"
    if command.new_price > PRICE_MAX:
        yield "price_too_large"
    exact = command.price * command.quantity * instrument.num
    if not instrument.inverse and instrument.perpetual and exact > AMOUNT_MAX:
        yield "notional_too_large"


def _can_have_been(state: State, instrument: Instrument, command: Any, sides: tuple[Leg, Leg]) -> bool:
    """Remainders carried from fill to fill move an amount by less than one unit."""
    if instrument.inverse:  # what it moved hangs on the mark and the positions of then
        return False
    if not 0 < command.sequence < state.sequence or command.new_price == command.price:
        return False
    exact = command.price * command.quantity * instrument.num
    pays, gets = command.buyer_pays, command.seller_gets
    if instrument.perpetual:
        whole = command.quantity * instrument.num
        amounts = pays == gets and pays % whole == 0
        values = (exact, exact)
    else:
        amounts = all(abs(amount * instrument.den - exact) <= instrument.den for amount in (pays, gets))
        values = (pays, gets)
    legs = zip(sides, values, strict=True)
    return amounts and all(abs(fee * PPM - value * rate) <= PPM for (_, rate, fee), value in legs)


def _overflows(state: State, instrument: Instrument, command: Any) -> bool:
    lots = command.quantity * instrument.num
    if not instrument.perpetual:
        if command.new_price:
            return instrument.value_up(command.new_price * command.quantity) > AMOUNT_MAX
        return bool(command.quantity * instrument.base_units > AMOUNT_MAX)
    if command.new_price:
        return max(abs(command.new_price - command.price), command.new_price) * lots > AMOUNT_MAX
    (buyer, _, _), (seller, _, _) = _legs(state, command)
    changes = ((buyer, -command.quantity), (seller, command.quantity))
    fits = all(_fits(state, instrument, account, change) for account, change in changes)
    way = (instrument.settled_at - command.price) * lots
    return not fits or not -AMOUNT_MAX - 1 <= way <= AMOUNT_MAX


def _fits(state: State, instrument: Instrument, account: int, change: int) -> bool:
    pair = (account, instrument.number)
    return not too_large(instrument, state.positions.get(pair, 0) + change, state.live(*pair), 0)


def correct_trade(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    state.corrected.add((command.sequence, command.index))
    yield effects.TradeCorrected(command.sequence, command.index, command.new_price)
    buyer, seller = _legs(state, command)
    moves = _perpetual if instrument.perpetual else _spot
    for source, target, asset, amount in moves(instrument, command, buyer, seller):
        posted = state.ledger.post("correction", source, target, asset, amount)
        if instrument.perpetual and not instrument.is_option:
            state.ledger.earn(source, asset, -amount)
            state.ledger.earn(target, asset, amount)
        if amount:
            yield posted
    if instrument.perpetual and not command.new_price:
        for (account, _, _), change in ((buyer, -command.quantity), (seller, command.quantity)):
            yield _move_back(state, instrument, account, change, command.price)


def _move_back(state: State, instrument: Instrument, account: int, change: int, price: int) -> Any:
    pair = (account, instrument.number)
    state.ledger.margin(account, instrument.margin_asset)
    state.move_position(account, instrument, change, price)
    hold = state.rehold(account, instrument)
    return effects.Settled(account, instrument.number, state.positions[pair], 0, hold)


def _spot(instrument: Instrument, command: Any, buyer: Leg, seller: Leg) -> Iterator[tuple[int, int, int, int]]:
    terms, new = instrument.terms, command.new_price
    pays = instrument.pays(new, command.quantity, Carry()) if new else 0
    gets = instrument.gets(new, command.quantity, Carry()) if new else 0
    yield buyer[0], seller[0], terms.quote, gets - command.seller_gets
    yield buyer[0], ROUNDING, terms.quote, (pays - gets) - (command.buyer_pays - command.seller_gets)
    if not new:
        yield buyer[0], seller[0], terms.base, command.quantity * instrument.base_units
    yield from _fees(terms.quote, ((buyer, pays), (seller, gets)), bool(new))


def _perpetual(instrument: Instrument, command: Any, buyer: Leg, seller: Leg) -> Iterator[tuple[int, int, int, int]]:
    lots, new = command.quantity * instrument.num, command.new_price
    flow = (new - command.price if new else instrument.settled_at - command.price) * lots
    yield buyer[0], seller[0], instrument.terms.quote, flow
    yield from _fees(instrument.terms.quote, ((buyer, new * lots), (seller, new * lots)), bool(new))


def _fees(quote: int, legs: tuple[tuple[Leg, int], ...], stands: bool) -> Iterator[tuple[int, int, int, int]]:
    for (account, rate, fee), value in legs:
        yield account, FEES, quote, (fee_of(value, rate, Carry()) if stands else 0) - fee
